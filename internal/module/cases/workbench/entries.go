package workbench

import (
	"time"

	"passerelle/internal/module/cases"
	"passerelle/internal/module/services/pack"
	"passerelle/internal/platform/i18n"
)

// entryText is the sentence of a line of the timeline.
func entryText(l *i18n.Locale, d *cases.Dossier, e cases.Entry) string {
	args := []any{"task", step(l, d.Package, d.Kind, e.Data["task"]), "number", e.Data["number"], "code", e.Data["code"], "from", e.Data["from"], "version", e.Data["version"]}
	if to := e.Data["to"]; to != "" {
		args = append(args, "to", to)
	}
	if until := e.Data["until"]; until != "" {
		args = append(args, "until", entryDate(l, until))
	}
	if o := e.Data["outcome"]; o != "" {
		args = append(args, "outcome", outcome(l, pack.Outcome(o), e.Data["amount"]))
	}
	if amount := e.Data["amount"]; amount != "" {
		args = append(args, "amount", l.MoneyDecimal(amount))
	}
	if party := e.Data["party"]; party != "" {
		args = append(args, "party", d.Package.T(l.Lang(), "party."+party+".name"))
	}
	if output := e.Data["output"]; output != "" {
		args = append(args, "output", d.Package.T(l.Lang(), "outputs."+output))
	}
	if e.Kind == "recounted" {
		args = append(args, "moved", cases.TellMoved(l, e, func(element string) string { return step(l, d.Package, d.Kind, element) }))
	}
	if evidence := e.Data["evidence"]; evidence != "" {
		args = append(args, "evidence", d.Package.T(l.Lang(), "evidence."+evidence+".label"))
	} else if name := e.Data["name"]; name != "" {
		args = append(args, "name", name, "old", e.Data["old"], "new", e.Data["new"])
	}
	text := l.T("workbench.entry."+e.Kind, args...)
	if planner := e.Data["planner"]; planner != "" {
		text += ". " + l.T("workbench.file.planner", "name", planner)
	}
	return text
}

// automatic are the kinds of entries that follow by themselves from what
// somebody did: the rules or the process wrote them, not the person.
var automatic = map[string]bool{"ruled": true, "fetched": true, "paymentOrdered": true, "paid": true, "certificate": true, "incident": true, "closed": true, "invited": true, "reminded": true, "silent": true, "recounted": true}

// entryActor is who did what a line of the timeline says; nobody does what is
// automatic.
func entryActor(l *i18n.Locale, e cases.Entry) string {
	if e.Actor == "system" || e.Name == "" || automatic[e.Kind] {
		return l.T("workbench.file.system")
	}
	return e.Name
}

// entryDate writes the day of an instant as entries keep it.
func entryDate(l *i18n.Locale, rfc3339 string) string {
	t, err := time.Parse(time.RFC3339, rfc3339)
	if err != nil {
		return rfc3339
	}
	return l.Date(t)
}
