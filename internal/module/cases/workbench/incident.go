package workbench

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"passerelle/engine/bpmn"
	"passerelle/internal/module/cases"
	"passerelle/internal/module/services/pack"
	"passerelle/internal/platform/errs"
	"passerelle/internal/platform/i18n"
	"passerelle/internal/platform/ui"
	"passerelle/internal/platform/web"
)

// incidentPage is what the page of one case that stands still is drawn from.
type incidentPage struct {
	*cases.Halted
	bench   *Bench
	l       *i18n.Locale
	now     time.Time
	facts   []cases.Fact // after a purpose was given; nil before
	done    string       // what came of a correction: doneText
	problem string
	key     string // of the problem
	typed   url.Values
}

func (b *Bench) showIncident(w http.ResponseWriter, r *http.Request) error {
	return b.renderIncident(w, r, http.StatusOK, incidentPage{done: r.URL.Query().Get("done")})
}

func (b *Bench) renderIncident(w http.ResponseWriter, r *http.Request, status int, p incidentPage) error {
	who, _ := web.IdentityFrom(r.Context())
	p.bench, p.l, p.now = b, locale(r), b.Service.Clock.Now()
	var err error
	if p.Halted, err = b.Service.Halted(r.Context(), who, r.PathValue("case")); err != nil {
		return err
	}
	return render(w, r, status, "operations", p.page())
}

// correct shows values, corrects, or gives up a step, as the person asks.
func (b *Bench) correct(w http.ResponseWriter, r *http.Request) error {
	if err := r.ParseForm(); err != nil {
		return errs.Wrap(errs.Invalid, "", err)
	}
	who, _ := web.IdentityFrom(r.Context())
	id, form := r.PathValue("case"), r.PostForm
	if form.Get("action") == "inspect" {
		facts, err := b.Service.Inspect(r.Context(), who, id, form.Get("purpose"))
		if shown(err) {
			return b.renderIncident(w, r, status(err), incidentPage{problem: sentence(locale(r), err), key: keyOf(err), typed: form})
		}
		if err != nil {
			return err
		}
		return b.renderIncident(w, r, http.StatusOK, incidentPage{facts: facts})
	}
	h, err := b.Service.Halted(r.Context(), who, id)
	if err != nil {
		return err
	}
	before := failureAt(h, form.Get("element"))
	err = b.correctAs(r, who, id, form)
	if shown(err) {
		return b.renderIncident(w, r, status(err), incidentPage{problem: sentence(locale(r), err), key: keyOf(err), typed: form})
	}
	if err != nil {
		return err
	}
	if form.Get("all") != "" {
		return web.SeeOther(w, r, "/operations?done=correctAll")
	}
	done, err := b.outcome(r, who, id, form.Get("element"), before)
	if err != nil {
		return err
	}
	return web.SeeOther(w, r, "/operations/cases/"+id+"?done="+done)
}

// What came of a correction.
const (
	goesOn      = "corrected" // the step was done, or was given up
	failedAgain = "again"     // with the same error
	failedAnew  = "anew"      // with another error
)

// outcome says what came of a correction at an element: a step that is repeated
// can fail again.
func (b *Bench) outcome(r *http.Request, who web.Identity, id, element, before string) (string, error) {
	h, err := b.Service.Halted(r.Context(), who, id)
	if err != nil {
		return "", err
	}
	switch now := failureAt(h, element); now {
	case "":
		return goesOn, nil
	case before:
		return failedAgain, nil
	}
	return failedAnew, nil
}

// failureAt is the error of the step at an element, "" when it does not stand still.
func failureAt(h *cases.Halted, element string) string {
	for _, s := range h.Steps {
		if s.Element.ID == element && failed(s) {
			return s.Failure.Message
		}
	}
	return ""
}

// doneText is the sentence on what came of a correction and its kind, "" for
// none: an address can be opened long after.
func (p incidentPage) doneText() (text, kind string) {
	stands := slices.ContainsFunc(p.Steps, failed)
	switch {
	case p.done == goesOn:
		return p.l.T("workbench.incident.done"), "granted"
	case stands && p.done == failedAgain:
		return p.l.T("workbench.incident.again"), "waiting"
	case stands && p.done == failedAnew:
		return p.l.T("workbench.incident.anew"), "waiting"
	}
	return "", ""
}

// correctAs does the correction that was typed, in one case or in all that stand
// still for the same reason.
func (b *Bench) correctAs(r *http.Request, who web.Identity, id string, form url.Values) error {
	c := cases.Correction{Kind: cases.CorrectionKind(form.Get("action")), Name: form.Get("name"), Value: form.Get("value"), Reasons: form.Get("reasons")}
	if c.Kind == cases.CorrectGiveUp && form.Get("sure") == "" {
		return errs.New(errs.Invalid, "workbench.incident.sureNeeded")
	}
	element := form.Get("element")
	if form.Get("all") == "" {
		return b.Service.Correct(r.Context(), who, id, element, c)
	}
	h, err := b.Service.Halted(r.Context(), who, id)
	if err != nil {
		return err
	}
	_, err = b.Service.CorrectAll(r.Context(), who, h.Cause(element), c)
	return err
}

// value is what was typed into a field of a refused form, "" for another form.
func (p incidentPage) value(form, name string) string {
	if p.isOpen(form) {
		return p.typed.Get(name)
	}
	return ""
}

// wrong is the kind of field that the refusal is about, "" for none.
func (p incidentPage) wrong() string {
	switch p.key {
	case "cases.reasons.needed", "cases.reasons.long":
		return "reasons"
	case "cases.correct.value", "cases.correct.reference":
		return "value"
	case "cases.correct.name", "cases.correct.evidence":
		return "name"
	case "workbench.incident.sureNeeded":
		return "sure"
	}
	return ""
}

// fault is the message at a field of a refused form.
func (p incidentPage) fault(form, field string) ui.ErrorMessageOptions {
	if p.problem != "" && p.isOpen(form) && p.wrong() == field {
		return ui.ErrorMessageOptions{Text: p.problem}
	}
	return ui.ErrorMessageOptions{}
}

// summary is the refusal above the page, with a link to its field.
func (p incidentPage) summary() ui.ErrorItem {
	item, action, field := ui.ErrorItem{Text: p.problem}, p.typed.Get("action"), p.wrong()
	if field == "" {
		return item
	}
	if action == "inspect" {
		item.Href = "#purpose"
		return item
	}
	for _, s := range p.Steps {
		if s.Element.ID == p.typed.Get("element") {
			item.Href = "#" + fieldID(action, field, s.Token)
			break
		}
	}
	return item
}

// fieldID is the id of a field in the form of an action at a step. A token's
// colon would make a link to it look like one to another scheme.
func fieldID(action, field, token string) string {
	return field + "-" + action + "-" + strings.ReplaceAll(token, ":", "-")
}

// isOpen reports whether a form is unfolded: what was typed there was refused.
func (p incidentPage) isOpen(form string) bool {
	return p.typed.Get("element")+"/"+p.typed.Get("action") == form
}

// name is the step's name in the words of the service.
func (p incidentPage) name(s cases.HaltedStep) string {
	return step(p.l, p.Package, p.Kind, s.Element.ID)
}

// failed reports whether a step failed, rather than waits for its service.
func failed(s cases.HaltedStep) bool { return s.Failure != nil }

// readsEvidence reports whether another answer of a register could mend the step.
func readsEvidence(s cases.HaltedStep) bool {
	return s.GiveUp == cases.GiveUpRule || slices.ContainsFunc(s.Reads, func(u bpmn.Use) bool { return slices.Contains(u.Names, "evidence") })
}

// items are the choices of a field that names something.
func items(names []string, text func(string) string) []ui.SelectItem {
	out := make([]ui.SelectItem, len(names))
	for i, n := range names {
		out[i] = ui.SelectItem{Value: n, Text: text(n)}
	}
	return out
}

// evidence are the pieces that a register can be asked for again.
func (p incidentPage) evidence() []ui.SelectItem {
	var names []string
	for _, e := range p.Package.Service.Evidence {
		if e.By == "state" {
			names = append(names, e.ID)
		}
	}
	return items(names, func(id string) string { return p.Package.T(p.l.Lang(), "evidence."+id+".label") })
}

// why says in the reader's language what stopped a failed step, and what can be
// done. The engine's own words are for an engineer.
func (p incidentPage) why(s cases.HaltedStep) (cause, todo string) {
	args := []any{"step", p.name(s), "service", p.bench.serviceTitle(p.l, p.Service, p.Version)}
	if s.GiveUp != cases.GiveUpRule {
		return p.l.T("workbench.incident.why.step", args...), p.l.T("workbench.incident.todo.step")
	}
	if p.Fault == nil {
		return p.l.T("workbench.incident.why.now", args...), p.l.T("workbench.incident.todo.now")
	}
	names := make([]string, len(p.Fault.Evidence))
	for i, id := range p.Fault.Evidence {
		names[i] = p.Package.T(p.l.Lang(), "evidence."+id+".label")
	}
	decision := p.Fault.Decision
	if p.Package.Has("decisions." + decision) {
		decision = p.Package.T(p.l.Lang(), "decisions."+decision)
	}
	args = append(args, "decision", decision, "evidence", p.l.List(names))
	switch p.Fault.Kind {
	case pack.FaultUnreadable:
		return p.l.T("workbench.incident.why.unreadable", args...), p.l.T("workbench.incident.todo.evidence")
	case pack.FaultLaw:
		return p.l.T("workbench.incident.why.law", args...), p.l.T("workbench.incident.todo.rule")
	case pack.FaultValue:
		if len(names) > 0 {
			return p.l.T("workbench.incident.why.evidence", args...), p.l.T("workbench.incident.todo.evidence")
		}
		return p.l.T("workbench.incident.why.value", args...), p.l.T("workbench.incident.todo.rule")
	}
	return p.l.T("workbench.incident.why.result", args...), p.l.T("workbench.incident.todo.rule")
}

// suspected are the values that the failing decision reads, and the others; where
// it is not known which, all are in the first list.
func (p incidentPage) suspected() (first, others []cases.Fact) {
	for _, f := range p.facts {
		if id, ok := strings.CutPrefix(f.Name, "evidence."); ok && p.Fault != nil && slices.Contains(p.Fault.Evidence, id) {
			first = append(first, f)
		} else {
			others = append(others, f)
		}
	}
	if len(first) == 0 {
		return others, nil
	}
	return first, others
}

// suspect is the piece of evidence that the failing rule reads, "" when that is
// not known.
func (p incidentPage) suspect(list []ui.SelectItem) string {
	if p.Fault == nil {
		return ""
	}
	for _, id := range p.Fault.Evidence {
		if slices.ContainsFunc(list, func(i ui.SelectItem) bool { return i.Value == id }) {
			return id
		}
	}
	return ""
}

// factRows are values that the person asked to see.
func (p incidentPage) factRows(facts []cases.Fact) []ui.SummaryListRow {
	rows := make([]ui.SummaryListRow, len(facts))
	for i, f := range facts {
		value := f.Value
		if value == "" {
			value = p.l.T("workbench.incident.noValue")
		}
		if f.From != "" {
			value += " (" + p.l.T("workbench.file.source", "register", p.l.T("exchange.register."+f.From), "date", p.l.Date(f.AsOf)) + ")"
		}
		rows[i] = ui.SummaryListRow{Key: ui.ContentOptions{Text: f.Name}, Value: ui.ContentOptions{Text: value}}
	}
	return rows
}

// runText says how far a run is.
func (p operationsPage) runText(r cases.Run) string {
	l := p.l
	text := l.T("workbench.run.done", "done", l.Int(int(r.Done)), "total", l.Int(int(max(r.Total, r.Done))))
	if r.Kind == cases.RunCalendar {
		text += " " + l.N("workbench.run.moved", int(r.Changed))
	} else {
		text += " " + l.N("workbench.run.goOn", int(r.Changed))
	}
	if r.Failed > 0 {
		text += " " + l.N("workbench.run.failed", int(r.Failed))
	}
	return text
}

// caseOf is the case that a failed job belongs to, "" for none.
func caseOf(kind, key string) string {
	if strings.HasPrefix(kind, "cases.") && kind != "cases.run" {
		return key
	}
	return ""
}
