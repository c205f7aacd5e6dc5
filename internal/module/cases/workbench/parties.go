package workbench

import (
	"passerelle/engine/feel"
	"passerelle/internal/module/cases"
	"passerelle/internal/module/services/pack"
	"passerelle/internal/platform/ui"
)

// partyTitle names a party as the service calls it, and as the applicant did.
func (p *casePage) partyTitle(i cases.Invitation) string {
	name := p.Package.T(p.l.Lang(), "party."+i.Party+".name")
	if i.Name == "" {
		return name
	}
	return name + ": " + i.Name
}

func (p *casePage) partyStatus(i cases.Invitation) ui.StatusOptions {
	switch i.Status {
	case cases.InvitationAnswered:
		return ui.StatusOptions{Kind: ui.Decided, Text: p.l.T("workbench.party.answered", "name", i.AnsweredBy, "date", i.EndedAt)}
	case cases.InvitationDeclined:
		return ui.StatusOptions{Kind: ui.Refused, Text: p.l.T("workbench.party.declined", "name", i.AnsweredBy, "date", i.EndedAt)}
	case cases.InvitationEnded:
		if p.File.Parties[i.Party].Status != pack.Silent {
			return ui.StatusOptions{Kind: ui.Neutral, Text: p.l.T("workbench.party.notNeeded", "date", i.EndedAt)}
		}
		return ui.StatusOptions{Kind: ui.Neutral, Text: p.l.T("workbench.party.ended", "date", i.EndedAt)}
	}
	text := p.l.T("workbench.party.asked", "date", i.AskedAt, "until", i.DueAt)
	if i.Status == cases.InvitationTaken {
		text += " · " + p.l.T("workbench.party.taken", "name", i.AnsweredBy)
	}
	return ui.StatusOptions{Kind: ui.Waiting, Text: text}
}

// partResult is how the task of a party ended.
func (p *casePage) partResult(i cases.Invitation) cases.Result {
	for _, t := range p.Tasks {
		if t.ID == i.Task && t.Status == cases.TaskDone {
			return p.File.Results[t.Element]
		}
	}
	return cases.Result{}
}

// partyAnswers is what a party answered, page by page.
func (p *casePage) partyAnswers(i cases.Invitation) []section {
	given := p.File.Parties[i.Party].Answers
	x := p.Package.Party(i.Party)
	if i.Status != cases.InvitationAnswered || given == nil || x == nil {
		return nil
	}
	of := x.Form
	env := p.Package.PartyEnv(p.Dossier.Facts(), given, feel.Null())
	var all []section
	for _, page := range of.Reachable(env) {
		s := section{title: p.words.PageTitle(page)}
		for _, q := range of.Show(page, env) {
			s.rows = append(s.rows, p.answers(q, "", nil)...)
		}
		if len(s.rows) > 0 {
			all = append(all, s)
		}
	}
	return all
}
