package mycases

import (
	"slices"
	"strings"
	"time"

	"passerelle/engine/form"
	"passerelle/internal/module/cases"
	"passerelle/internal/module/services"
	"passerelle/internal/module/services/pack"
	"passerelle/internal/platform/ui"
)

// conditions are the decisive conditions: met, failed or not assessed.
func (v *view) conditions() []ui.Fact {
	var rows []ui.Fact
	for _, c := range v.told.Conditions {
		f := ui.Fact{Label: c.Text, Source: v.register(c.Source, c.Date), Value: v.T("mycases.state." + string(c.State))}
		f.Source, f.SourceHref = v.with(f.Source, c.Legal)
		rows = append(rows, f)
	}
	return rows
}

// facts are the arithmetic, with the source of each figure.
func (v *view) facts() []ui.Fact {
	var rows []ui.Fact
	for _, r := range v.told.Rows {
		rows = append(rows, v.fact(r, false))
	}
	if r := v.told.Result; r != nil {
		p, d := v.d.File.Proposal, v.d.File.Decision
		if p != nil && d != nil && !d.ByRule && p.Amount != "" && p.Amount != d.Amount {
			// A person decided otherwise: the rows add up to this, not to the total.
			rows = append(rows, ui.Fact{Label: v.T("mycases.why.byRule"), Value: v.MoneyDecimal(p.Amount)})
		}
		rows = append(rows, v.fact(*r, true))
	}
	return rows
}

func (v *view) fact(r pack.Row, total bool) ui.Fact {
	f := ui.Fact{Label: r.Label, Value: r.Value, Total: total}
	if r.Minus {
		f.Value = "\u2212\u00a0" + f.Value
	}
	switch s := r.Source; {
	case s.Evidence != "":
		if f.Source = v.register(s.Register, s.Date); f.Source == "" {
			f.Source = s.Label
		}
	case s.Parameter != "":
		parts := []string{}
		if s.Legal != nil {
			parts, f.SourceHref = append(parts, short(s.Legal)), s.Legal.URL
		}
		if !s.From.IsZero() {
			parts = append(parts, v.T("mycases.why.since", "date", s.From))
		}
		if mark := v.mark(s.Status); mark != "" {
			parts = append(parts, mark)
		}
		f.Source = strings.Join(parts, ", ")
	case s.Legal != nil:
		f.Source, f.SourceHref = v.with("", s.Legal)
	}
	return f
}

// with adds a citation to a source.
func (v *view) with(source string, l *pack.LegalRef) (string, string) {
	if l == nil {
		return source, ""
	}
	if source == "" {
		return short(l), l.URL
	}
	return source + " · " + short(l), l.URL
}

// short cites the article, or the title where there is none.
func short(l *pack.LegalRef) string {
	if l.Article != "" {
		return l.Article
	}
	return l.Title
}

// register names a register and the day it stood at.
func (v *view) register(source string, at time.Time) string {
	if source == "" {
		return ""
	}
	name := v.T("exchange.register." + source)
	if at.IsZero() {
		return name
	}
	return v.T("mycases.why.register", "register", name, "date", at)
}

// mark says of a figure that it is not verified, "" when it is.
func (v *view) mark(s pack.Status) string {
	switch s {
	case pack.Derived, pack.Unverified, pack.NotFound:
		return v.T("mycases.mark." + string(s))
	}
	return ""
}

// unverified lists the legal values behind the decision that nobody has
// verified.
func (v *view) unverified() []string {
	p := v.d.File.Proposal
	if p == nil || len(v.told.Rows) == 0 {
		return nil
	}
	var all []string
	for _, u := range p.Parameters {
		if mark := v.mark(u.Status); mark != "" {
			all = append(all, v.T("mycases.why.marked", "name", v.pack("parameters."+u.ID), "mark", mark))
		}
	}
	return all
}

// cited is one entry of the legal basis.
type cited struct{ Text, Href, Mark string }

func (v *view) legal() []cited {
	refs := v.told.Legal
	if len(refs) == 0 {
		for _, l := range v.p.Service.Legal {
			if ref, ok := v.p.Legal(v.Lang(), l.ID); ok {
				refs = append(refs, ref)
			}
		}
	}
	var all []cited
	for _, l := range refs {
		text := l.Title
		if l.Article != "" {
			text = l.Article + ", " + text
		}
		all = append(all, cited{Text: text, Href: l.URL, Mark: v.mark(l.Status)})
	}
	return all
}

// deviates reports whether a person decided otherwise than the rule proposed.
func (v *view) deviates() bool {
	d, p := v.d.File.Decision, v.d.File.Proposal
	return d != nil && p != nil && !d.ByRule && d.DecidedBy != "" && p.Outcome != pack.Judgement
}

// proposed is the rule's own result in words.
func (v *view) proposed() string {
	if a := v.d.File.Proposal.Amount; a != "" {
		return v.MoneyDecimal(a)
	}
	return v.T("mycases.status." + string(v.d.File.Proposal.Outcome))
}

// judgement is the reason that a person gave for an open norm on the way.
type judgement struct {
	Title, Text, By string
	at              time.Time
}

func (v *view) judgements() []judgement {
	var all []judgement
	for element, r := range v.d.File.Results {
		if r.Met == nil || r.Reasons == "" {
			continue
		}
		all = append(all, judgement{Title: v.d.StepTitle(v.Locale, element), Text: r.Reasons, By: v.T("mycases.why.said", "name", r.Name, "date", r.At), at: r.At})
	}
	slices.SortFunc(all, func(a, b judgement) int { return a.at.Compare(b.at) })
	return all
}

// appealTo names who hears the appeal, and how to make it.
func (v *view) appealTo() (name, how string) {
	issued := v.d.Issued()
	key := "appeal." + issued.Appeal.To
	if v.p.Has(key+".name") && v.d.Kind == cases.Application {
		if v.p.Has(key + ".how") {
			how = v.pack(key+".how", "until", v.Date(issued.Appeal.Until))
		}
		return v.pack(key + ".name"), how
	}
	return v.T("mycases.appealTo.court"), v.T("mycases.appealTo.courtHow")
}

// court is the instance that comes after us; before it, the person can ask us
// to look again.
const court = "tribunal"

// appealButton leads to the appeal that can be made here.
func (v *view) appealButton() string {
	issued := v.d.Issued()
	if issued.Appeal.To == court {
		return v.T("mycases.do.again", "date", issued.Appeal.Until)
	}
	return v.T("mycases.do.appeal", "date", issued.Appeal.Until)
}

// appealSentence says how, where and until when the decision can be contested.
func (v *view) appealSentence() string {
	issued := v.d.Issued()
	to, how := v.appealTo()
	switch {
	case !issued.Appeal.Open(v.now):
		return v.T("mycases.do.appealOver", "date", issued.Appeal.Until)
	case issued.Appeal.To == court && v.d.Kind == cases.Application:
		return sentences(v.T("mycases.do.appealCourt", "date", issued.Appeal.Until, "to", to), how)
	}
	return sentences(v.T("mycases.do.appealTo", "date", issued.Appeal.Until, "to", to), how)
}

// canAppeal reports whether the person can contest the decision here and now.
// What silence granted leaves them nothing to contest.
func (v *view) canAppeal() bool {
	issued := v.d.Issued()
	return issued != nil && issued.Outcome != pack.TacitGrant && v.d.Kind == cases.Application && len(v.d.Linked) == 0 && issued.Appeal.Open(v.now) && v.phase() != withdrawn
}

// canWithdraw reports whether the case can still be withdrawn.
func (v *view) canWithdraw() bool {
	return v.d.File.Decision == nil && v.d.Status != cases.Closed && v.d.Status != cases.Withdrawn
}

// sent is one page of the application as it was sent.
type sent struct {
	Title string
	Rows  []ui.SummaryListRow
}

func (v *view) sent() []sent {
	if v.d.Kind == cases.Appeal {
		return nil
	}
	w := services.Words{Locale: v.Locale, Pack: v.p}
	env := v.d.FormEnv()
	var all []sent
	for _, page := range v.p.Form.Reachable(env) {
		var rows []ui.SummaryListRow
		for _, s := range v.p.Form.Show(page, env) {
			rows = append(rows, v.answerRows(w, s)...)
		}
		if len(rows) > 0 {
			all = append(all, sent{Title: w.PageTitle(page), Rows: rows})
		}
	}
	return all
}

func (v words) answerRows(w services.Words, s form.Shown) []ui.SummaryListRow {
	row := func(key, value string) ui.SummaryListRow {
		return ui.SummaryListRow{Key: ui.ContentOptions{Text: key}, Value: ui.ContentOptions{Text: value}}
	}
	if s.Field.Type == form.Group {
		var rows []ui.SummaryListRow
		for i, fields := range s.Rows {
			var parts []string
			for _, f := range fields {
				if a := w.Answer(f.Field, f.Answer); a != "" {
					parts = append(parts, w.Label(f.Field)+": "+a)
				}
			}
			rows = append(rows, row(v.pack("form."+s.Field.ID+".item", "n", i+1), strings.Join(parts, "; ")))
		}
		return rows
	}
	value := w.Answer(s.Field, s.Answer)
	if claim, ok := s.Claim.(map[string]any); ok {
		if claimed, _ := claim["claimed"].(string); claimed != "" {
			value = v.T("mycases.sent.contested", "value", value, "claimed", claimed)
		}
	}
	if value == "" {
		return nil
	}
	return []ui.SummaryListRow{row(w.Label(s.Field), value)}
}
