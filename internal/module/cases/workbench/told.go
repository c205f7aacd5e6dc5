package workbench

import (
	"net/http"

	"passerelle/internal/module/cases"
	"passerelle/internal/platform/i18n"
	"passerelle/internal/platform/web"
)

// told is the sentence after an action, with the way back to its case.
type told struct {
	kind, title, text string // kind as of ui.PanelInfo
	number, path      string
}

// tell says what the person last did in the case that the address names as
// done; nil when it names none. It reads the case, so that no link can claim
// something that did not happen.
func (b *Bench) tell(r *http.Request, who web.Identity) *told {
	id := r.URL.Query().Get("done")
	if id == "" {
		return nil
	}
	d, err := b.Service.Open(r.Context(), who, id, "workbench.done", true)
	if err != nil {
		return nil
	}
	for i := len(d.Timeline) - 1; i >= 0; i-- {
		if e := d.Timeline[i]; e.Actor == who.Account {
			if text, ok := deed(locale(r), d, e, who); ok {
				f := readFilter(r, who)
				return &told{kind: "granted", title: locale(r).T("workbench.told.title", "number", d.Number, "name", d.Name), text: text,
					number: locale(r).T("workbench.told.open"), path: f.casePath(d.ID)}
			}
		}
	}
	return nil
}

// deed says what an entry of the person's own hand did; false for entries that
// only accompany others.
func deed(l *i18n.Locale, d *cases.Dossier, e cases.Entry, who web.Identity) (string, bool) {
	switch e.Kind {
	case "done.decide", "done.judge", "done.approve":
		if d.File.Decision != nil {
			return l.T("workbench.told.decided", "outcome", outcome(l, d.File.Decision.Outcome, d.File.Decision.Amount)), true
		}
		return l.T("workbench.told.passed", "step", step(l, d.Package, d.Kind, e.Data["task"])), true
	case "asked":
		return l.T("workbench.told.asked", "until", entryDate(l, e.Data["until"])), true
	case "extended":
		return l.T("workbench.told.extended", "until", entryDate(l, e.Data["until"])), true
	case "claimed":
		return l.T("workbench.told.claimed"), true
	case "released":
		return l.T("workbench.told.released"), true
	case "reassigned":
		return l.T("workbench.told.reassigned", "name", e.Data["to"]), true
	case "note":
		return l.T("workbench.told.note"), true
	}
	return "", false
}
