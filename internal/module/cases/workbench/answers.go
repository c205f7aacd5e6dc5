package workbench

import (
	"slices"
	"strings"

	"passerelle/engine/form"
	"passerelle/internal/module/cases"
	"passerelle/internal/module/cases/grounds"
	"passerelle/internal/module/services/pack"
	"passerelle/internal/platform/i18n"
	"passerelle/internal/platform/ui"
)

// claim is a registered fact that the applicant says is wrong.
type claim struct{ label, registered, claimed, comment string }

// section is one page of the application.
type section struct {
	title string
	rows  []answer
}

// answer is one question with its answer and where that comes from.
type answer struct {
	label, value, source string
	differs              bool // from what a register says
	contested            *claim
}

// application returns the answers page by page, as submitted.
func (p *casePage) application() []section {
	var all []section
	env := p.Package.FormEnv(p.Dossier.Facts())
	registered := map[string]form.Prefilled{}
	_, prefilled := p.Package.Form.Prefill(env)
	for _, x := range prefilled {
		registered[x.Field] = x
	}
	for _, page := range p.Package.Form.Reachable(env) {
		s := section{title: p.words.PageTitle(page)}
		if name := p.File.Helpers[page.ID]; name != "" {
			s.title = p.l.T("workbench.file.helped", "page", s.title, "name", name)
		}
		for _, q := range p.Package.Form.Show(page, env) {
			s.rows = append(s.rows, p.answers(q, "", registered)...)
		}
		if len(s.rows) > 0 {
			all = append(all, s)
		}
	}
	return all
}

// answers returns a question's answer, or those of each row of a group.
// registered is what the form was filled with from registers: where the
// applicant wrote something else, the officer sees both.
func (p *casePage) answers(q form.Shown, before string, registered map[string]form.Prefilled) []answer {
	if q.Field.Type == form.Group {
		var all []answer
		for i, row := range q.Rows {
			item := p.Package.T(p.l.Lang(), "form."+q.Field.ID+".item", "n", i+1)
			for _, inner := range row {
				all = append(all, p.answers(inner, item+": ", registered)...)
			}
		}
		return all
	}
	a := answer{label: before + p.words.Label(q.Field), value: p.words.Answer(q.Field, q.Answer)}
	if a.value == "" {
		a.value = p.l.T("workbench.file.noAnswer")
	}
	if q.Field.Prefill != nil {
		if e, ok := p.File.Evidence[q.Field.Prefill.Evidence]; ok && q.Fixed {
			a.source = p.l.T("workbench.file.source", "register", p.l.T("exchange.register."+e.Source), "date", p.l.Date(e.AsOf))
		}
	}
	if a.source == "" {
		a.source = p.l.T("workbench.file.declared")
		if x, ok := registered[q.Path]; ok && !q.Fixed {
			known := p.words.Answer(q.Field, x.Value)
			e, ok := p.File.Evidence[x.Evidence]
			switch {
			case known != "" && known != a.value:
				a.source = p.l.T("workbench.file.differs", "registered", known)
				a.differs = true
			case known != "" && ok: // filled in from the register, and left so
				a.source = p.l.T("workbench.file.source", "register", p.l.T("exchange.register."+e.Source), "date", p.l.Date(e.AsOf))
			}
		}
	}
	if c, ok := q.Claim.(map[string]any); ok {
		said, _ := c["comment"].(string)
		a.contested = &claim{label: a.label, registered: p.words.Answer(q.Field, c["registered"]), claimed: p.words.Answer(q.Field, c["claimed"]), comment: said}
	}
	return []answer{a}
}

// claims are the contested facts of the whole application.
func (p *casePage) claims() []claim {
	var all []claim
	if p.Kind == cases.Appeal {
		return nil
	}
	for _, s := range p.application() {
		for _, a := range s.rows {
			if a.contested != nil {
				all = append(all, *a.contested)
			}
		}
	}
	return all
}

// arithmetic are the rows of the explanation, each with its source.
func (p *casePage) arithmetic() []ui.Fact {
	var rows []ui.Fact
	for _, r := range p.explained.Rows {
		value := r.Value
		if r.Minus {
			value = "− " + value
		}
		rows = append(rows, ui.Fact{Label: r.Label, Source: p.sourceOf(r.Source), Value: value})
	}
	if r := p.explained.Result; r != nil {
		rows = append(rows, ui.Fact{Label: r.Label, Value: r.Value, Total: true})
	}
	return rows
}

// sourceOf says where a row's value comes from, and how sure that is.
func (p *casePage) sourceOf(s pack.RowSource) string {
	var parts []string
	switch {
	case s.Register != "":
		parts = append(parts, p.l.T("workbench.file.source", "register", p.l.T("exchange.register."+s.Register), "date", p.l.DateShort(s.Date)))
	case s.Legal != nil:
		parts = append(parts, grounds.Cite(*s.Legal))
	case s.Label != "":
		parts = append(parts, s.Label)
	}
	if s.Status == pack.Unverified || s.Status == pack.NotFound {
		parts = append(parts, p.l.T("workbench.file.unverified"))
	}
	return strings.Join(parts, ", ")
}

// unsure names the legal values of the proposal that nobody has verified.
func (p *casePage) unsure() []string {
	about := p.Dossier
	if p.contested != nil {
		about = p.contested
	}
	var names []string
	if about.File.Proposal == nil {
		return nil
	}
	for _, u := range about.File.Proposal.Parameters {
		name := p.Package.T(p.l.Lang(), "parameters."+u.ID)
		if (u.Status == pack.Unverified || u.Status == pack.NotFound) && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}

// conditionStatus is the shape and word of a condition's state.
func (p *casePage) conditionStatus(c pack.Condition) ui.StatusOptions {
	kind := ui.Neutral
	switch c.State {
	case pack.Met:
		kind = ui.Decided
	case pack.Failed:
		kind = ui.Refused
	}
	return ui.StatusOptions{Kind: kind, Text: p.l.T("workbench.condition." + string(c.State))}
}

// conditionSource cites register and article of a condition.
func (p *casePage) conditionSource(c pack.Condition) string {
	var parts []string
	if c.Source != "" {
		parts = append(parts, p.l.T("workbench.file.source", "register", p.l.T("exchange.register."+c.Source), "date", p.l.DateShort(c.Date)))
	}
	if c.Legal != nil && c.Legal.Article != "" {
		parts = append(parts, grounds.Cite(*c.Legal))
	}
	return strings.Join(parts, ", ")
}

// statusOf is the case's status as a pill.
func (p *casePage) statusOf() ui.StatusOptions {
	return statusPill(p.l, p.Status, p.Outcome, amountOf(p.Dossier))
}

// statusPill is a status as a pill: what was decided, once something is.
func statusPill(l *i18n.Locale, s cases.Status, o pack.Outcome, amount string) ui.StatusOptions {
	pill := ui.StatusOptions{Text: l.T("workbench.status." + string(s))}
	switch s {
	case cases.Examined:
		pill.Kind = ui.Examined
	case cases.Waiting, cases.Asking:
		pill.Kind = ui.Waiting
	case cases.Decided, cases.Closed:
		pill.Kind = ui.Decided
		if o == pack.Refused || o == pack.ImpliedRefusal {
			pill.Kind = ui.Refused
		}
		if o != "" {
			pill.Text = outcome(l, o, amount)
		}
	}
	return pill
}

func amountOf(d *cases.Dossier) string {
	if d.File.Decision != nil {
		return d.File.Decision.Amount
	}
	return ""
}
