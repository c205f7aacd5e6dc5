package workbench

import (
	"context"
	"slices"
	"strconv"

	"github.com/a-h/templ"

	"passerelle/internal/module/cases"
	"passerelle/internal/module/services/pack"
	"passerelle/internal/platform/ui"
)

// label and legend are the small headings of the panel's fields.
func label(text string) ui.LabelOptions {
	return ui.LabelOptions{Text: text, Classes: "govuk-label--s"}
}

func legend(text string) ui.FieldsetOptions {
	return ui.FieldsetOptions{Legend: ui.LegendOptions{Text: text, Classes: "govuk-fieldset__legend--s"}}
}

func orDash(s string) string {
	if s == "" {
		return "–"
	}
	return s
}

// address is where the forms of the page lead: the case in its view, without
// the fragment or the report of the action before.
func (p *casePage) address(ctx context.Context) templ.SafeURL {
	return templ.SafeURL(ui.Href(ctx, p.filter.casePath(p.ID)))
}

// hotkey is a key of the page and what it does.
type hotkey struct{ key, text string }

// hotkeys are the keys that do something on this case now.
func (p *casePage) hotkeys() []hotkey {
	var keys []hotkey
	add := func(does bool, key, text string) {
		if does {
			keys = append(keys, hotkey{key, text})
		}
	}
	decidable := func(t cases.Task) bool { return obstacle(p.Dossier, t, p.who) == "" }
	add(slices.ContainsFunc(p.todo(), decidable), "d", p.l.T("workbench.keys.decide"))
	add(p.askable(), "a", p.l.T("workbench.keys.ask"))
	add(p.next != "", "n", p.l.T("workbench.keys.next"))
	add(true, "u", p.l.T("workbench.keys.queue"))
	return keys
}

// contents are the parts of the page that a person jumps to, in the order in
// which they stand below one another on a small screen.
func (p *casePage) contents() []ui.Link {
	var links []ui.Link
	for _, t := range p.todo() {
		links = append(links, ui.Link{Text: step(p.l, p.Package, p.Kind, t.Element), Href: "#task-" + t.Element})
	}
	links = append(links, ui.Link{Text: p.l.T("workbench.clock.title"), Href: "#clock"})
	if p.explained != nil && len(p.explained.Conditions) > 0 {
		links = append(links, ui.Link{Text: p.l.T("workbench.file.conditions"), Href: "#grounds"})
	}
	for _, tab := range p.tabs() {
		links = append(links, ui.Link{Text: tab.Label, Href: "#" + tab.ID})
	}
	return links
}

// proposes reports whether the rules propose an outcome that can be confirmed.
func (p *casePage) proposes() bool {
	return p.File.Proposal != nil && p.File.Proposal.Outcome != pack.Judgement
}

// focusKey gives the key "d" to the first answer of the decision, where there
// is nothing to confirm.
func (p *casePage) focusKey() ui.Attributes {
	if p.proposes() {
		return nil
	}
	return ui.Attributes{"data-key-focus": "d"}
}

// confirmText is the proposal as an order: what one click does.
func (p *casePage) confirmText() string {
	proposal := p.File.Proposal
	if proposal.Outcome == pack.Refused {
		return p.l.T("workbench.decide.confirmRefusal")
	}
	if proposal.Amount != "" {
		return p.l.T("workbench.decide.confirmAmount", "amount", p.l.MoneyDecimal(proposal.Amount))
	}
	return p.l.T("workbench.decide.confirm")
}

// valueOf returns what was typed into a field of an action that was refused.
func (p *casePage) valueOf(action, field string) string {
	if !p.isOpen(action) {
		return ""
	}
	return p.value(field)
}

// amountTyped is the amount as typed, else the rule's.
func (p *casePage) amountTyped() string {
	if p.isOpen("decide") {
		return p.value("amount")
	}
	if proposal := p.File.Proposal; proposal != nil && proposal.Amount != "" {
		return p.l.Number(proposal.Amount)
	}
	return ""
}

// pays reports whether a granted decision is money.
func (p *casePage) pays() bool {
	return p.Kind == cases.Application && slices.ContainsFunc(p.Package.Service.Outputs, func(o pack.Output) bool { return o.Type == "payment" })
}

// before is the result that a task of kind approve is about.
func (p *casePage) before(t cases.Task) (cases.Result, bool) {
	e, ok := p.Process().Element(t.Element)
	if !ok {
		return cases.Result{}, false
	}
	r, ok := p.File.Results[e.Attrs["fourEyes"]]
	return r, ok
}

// resultText says what a colleague decided or judged.
func (p *casePage) resultText(r cases.Result) string {
	switch {
	case r.Outcome != "":
		return outcome(p.l, r.Outcome, r.Amount)
	case r.Met != nil && *r.Met:
		return p.l.T("workbench.judge.met")
	case r.Met != nil:
		return p.l.T("workbench.judge.notMet")
	}
	return ""
}

// colleagues are those to whom a task can be handed.
func (p *casePage) colleagues(t cases.Task) []ui.SelectItem {
	items := []ui.SelectItem{{Text: p.l.T("workbench.task.choose")}}
	for _, o := range p.officials {
		if o.Account != t.Assignee && o.Account != p.Account {
			items = append(items, ui.SelectItem{Value: o.Account, Text: o.Name})
		}
	}
	return items
}

// contestedText says what the contested decision was.
func (p *casePage) contestedText() string {
	if d := p.contested.File.Decision; d != nil {
		text := p.l.T("workbench.appeal.decided", "outcome", outcome(p.l, d.Outcome, d.Amount), "date", p.l.Date(d.At))
		if d.Statement != "" {
			text += " " + d.Statement
		}
		return text
	}
	return p.l.T("workbench.appeal.silence")
}

// decidedKind is the colour of a decision's panel.
func decidedKind(o pack.Outcome) string {
	if o == pack.Granted || o == pack.TacitGrant {
		return "granted"
	}
	return "stone"
}

// newestFirst is the timeline with the last entry on top.
func (p *casePage) newestFirst() []cases.Entry {
	entries := slices.Clone(p.Timeline)
	slices.Reverse(entries)
	return entries
}

// aboutDocument says which question or request a file answers.
func (p *casePage) aboutDocument(d cases.Document) string {
	if f := p.Package.Field(d.Field); d.Field != "" && f != nil {
		return p.words.Label(f)
	}
	if d.Request != "" {
		return p.l.T("workbench.document.request")
	}
	return ""
}

// size writes a number of bytes as people read it.
func (p *casePage) size(bytes int64) string {
	if bytes >= 1<<20 {
		return p.l.T("workbench.document.mb", "n", p.l.Number(strconv.FormatFloat(float64(bytes)/(1<<20), 'f', 1, 64)))
	}
	return p.l.T("workbench.document.kb", "n", p.l.Int(int(max(1, bytes>>10))))
}
