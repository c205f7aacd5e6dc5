package pack

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"passerelle/engine/dmn"
	"passerelle/engine/feel"
	"passerelle/engine/form"
	"passerelle/internal/platform/errs"
)

// Decide makes the service's decision on the facts, with the legal values in
// force on the reference date. It fails when a value that should be in force is
// not, and when the decision's result is not what the format asks for; it never
// assumes anything instead.
func (p *Package) Decide(f Facts) (Decision, error) {
	d, _, err := p.decide(f, dmn.WithRules())
	return d, err
}

// decide also returns the result of the decision model. how asks for its
// record: dmn.WithRules, without which the decision has no values and rules, and
// what else is wanted.
func (p *Package) decide(f Facts, how ...dmn.Option) (Decision, dmn.Result, error) {
	in, err := p.inputs(f)
	if err != nil {
		return Decision{}, dmn.Result{}, err
	}
	return p.decideOn(in, f, how...)
}

// decisionInputs is what the decision model is given.
type decisionInputs struct {
	context  feel.Value // application, evidence, parameters, date, applicant, party, calendar
	ref      time.Time  // the reference date
	inForce  *epoch
	calendar []CalendarFact
}

// inputs prepares the facts for the decision model.
func (p *Package) inputs(f Facts) (decisionInputs, error) {
	application := p.application(f)
	ref, err := p.referenceDate(application, f.Date)
	if err != nil {
		return decisionInputs{}, err
	}
	inForce, err := p.Parameters.at(ref)
	if err != nil {
		return decisionInputs{}, p.fault("%w", err)
	}
	evidence, err := p.evidenceContext(f)
	if err != nil {
		return decisionInputs{}, p.fault("%w", err)
	}
	days := f.Calendar
	if days == nil {
		days = p.calendar
	}
	calendar, err := calendarContext(days)
	if err != nil {
		return decisionInputs{}, p.fault("%w", err)
	}
	return decisionInputs{ref: ref, inForce: inForce, calendar: days, context: feel.Context(
		feel.Entry{Name: "application", Value: application},
		feel.Entry{Name: "evidence", Value: evidence},
		feel.Entry{Name: "parameters", Value: inForce.context},
		feel.Entry{Name: "date", Value: feel.DateOf(ref)},
		feel.Entry{Name: "applicant", Value: f.Applicant},
		feel.Entry{Name: "party", Value: p.partyContext(f)},
		feel.Entry{Name: "calendar", Value: calendar})}, nil
}

// at returns what stands at a path of the inputs.
func (in decisionInputs) at(path []string) (v feel.Value, ok bool) {
	v = in.context
	for _, name := range path {
		if v, ok = v.Get(name); !ok {
			return feel.Null(), false
		}
	}
	return v, true
}

// decideOn runs the decision model. What is missing of the evidence without
// which the service may not decide (onMissing in service.yaml) leaves the
// decision to a person.
func (p *Package) decideOn(in decisionInputs, f Facts, how ...dmn.Option) (Decision, dmn.Result, error) {
	r, err := p.Decision.Decide(p.Service.Decision.Name, in.context, how...)
	if err != nil {
		return Decision{}, dmn.Result{}, p.fault("%w", err)
	}
	for _, w := range r.Warnings {
		if w.Limit || w.Unsupported {
			return Decision{}, dmn.Result{}, p.fault("%s", valueless(w))
		}
	}
	d := Decision{Value: r.Value, ReferenceDate: in.ref, Package: p.ID + "/" + p.Version, Hash: p.Hash, Parameters: p.used(in.inForce)}
	if p.readsCalendar {
		d.Calendar = in.calendar
	}
	if err := d.read(r.Value); err != nil {
		return Decision{}, dmn.Result{}, p.fault("decision %q: %w%s", p.Service.Decision.Name, err, because(r.Warnings, valueless))
	}
	d.record(r.Decided)
	p.uphold(&d, in.context, how...)
	if p.lacksEvidence(f) {
		d.Outcome, d.Amount = Judgement, ""
		d.Value = d.Value.Put("outcome", feel.String(string(Judgement))).Put("amount", feel.Null())
	}
	return d, r, nil
}

// lacksEvidence reports whether a register does not know what the service may
// not decide without.
func (p *Package) lacksEvidence(f Facts) bool {
	return slices.ContainsFunc(p.Service.Evidence, func(e EvidenceSpec) bool {
		return e.By == "state" && e.OnMissing != "null" && e.OnMissing != "" && slices.Contains(f.Missing, e.ID)
	})
}

// metAt is the place in front of what FEEL says within a decision model.
var metAt = regexp.MustCompile(`^\d+:\d+: `)

// valueless is what a warning says without the values, which may come from a
// register: an operator reads the fault before they have given a purpose, and
// compares it with that of other cases. Which rules fit is no value.
func valueless(w dmn.Warning) string {
	if at := metAt.FindString(w.Msg); !strings.HasPrefix(w.Msg, "hit policy ") {
		w.Msg = at + feel.Valueless(w.Msg[len(at):])
	}
	return w.String()
}

// because adds the warnings that may tell why a decision has no usable result.
func because(ws []dmn.Warning, tell func(dmn.Warning) string) string {
	var parts []string
	for _, w := range ws {
		if said := tell(w); len(parts) < 3 && !slices.Contains(parts, said) {
			parts = append(parts, said)
		}
	}
	if len(parts) == 0 {
		return ""
	}
	return " (" + strings.Join(parts, "; ") + ")"
}

func (p *Package) fault(format string, args ...any) error {
	return errs.New(errs.Internal, "").Because("%s/%s: "+format, append([]any{p.ID, p.Version}, args...)...)
}

// ReferenceDate returns the day whose law counts for an application made on the
// day of date, at midnight UTC.
func (p *Package) ReferenceDate(a form.Answers, date time.Time) (time.Time, error) {
	return p.dateOf(Facts{Application: a, Date: date})
}

func (p *Package) dateOf(f Facts) (time.Time, error) {
	if p.plainDate() {
		return day(f.Date), nil
	}
	return p.referenceDate(p.application(f), f.Date)
}

// plainDate reports whether the day of submission is the reference date.
func (p *Package) plainDate() bool {
	return p.Service.ReferenceDate == "" || p.Service.ReferenceDate == "date"
}

func (p *Package) referenceDate(application feel.Value, date time.Time) (time.Time, error) {
	if p.plainDate() {
		return day(date), nil
	}
	v, _ := p.refDate.EvalContext(feel.Context(
		feel.Entry{Name: "application", Value: application}, feel.Entry{Name: "date", Value: feel.DateOf(date)}))
	t, ok := v.AsTime(time.UTC)
	if !ok || v.Kind() != feel.KindDate {
		return time.Time{}, p.fault("the reference date %s is no date but a %s", p.Service.ReferenceDate, v.Kind())
	}
	return t, nil
}

// evidenceContext has an entry for every piece of evidence of the service, null
// for what was not fetched.
func (p *Package) evidenceContext(f Facts) (feel.Value, error) {
	entries := make([]feel.Entry, len(p.Service.Evidence))
	for i, spec := range p.Service.Evidence {
		entries[i].Name = spec.ID
		raw, ok := f.Evidence[spec.ID]
		if !ok || len(raw) == 0 {
			continue
		}
		v, err := f.Reading.read(spec.ID, raw)
		if err != nil {
			return feel.Null(), fmt.Errorf("evidence %s: %w", spec.ID, err)
		}
		entries[i].Value = v
	}
	return feel.Context(entries...), nil
}

// used are the legal values in force that the rules name, be they reached for
// these facts or not.
func (p *Package) used(e *epoch) []ParameterUse {
	var out []ParameterUse
	for _, u := range e.uses {
		if p.uses[u.ID] {
			out = append(out, u)
		}
	}
	return out
}

// read takes the result of the main decision, which must be as the format says.
func (d *Decision) read(v feel.Value) error {
	if v.Kind() != feel.KindContext {
		return fmt.Errorf("the result is %s, not a context", v.Kind())
	}
	outcome, _ := v.Get("outcome")
	o, _ := outcome.AsString()
	d.Outcome = Outcome(o)
	if !slices.Contains([]Outcome{Granted, Refused, Judgement}, d.Outcome) {
		return fmt.Errorf("the outcome is %s, not \"granted\", \"refused\" or \"judgement\"", outcome)
	}
	amount, _ := v.Get("amount")
	if !amount.IsNull() {
		n, ok := amount.AsNumber()
		text := string(n.Append(nil, ".2f"))
		if !ok || n.Sign() < 0 {
			return errors.New("the amount is negative, or no number")
		}
		if len(decimals(plain(n))) > 2 {
			return errors.New("the amount is not in whole cents: the rule must say how it is rounded")
		}
		d.Amount = text
	}
	reasons, _ := v.Get("reasons")
	if s, ok := reasons.AsString(); ok {
		d.Reasons = []string{s}
	}
	for _, r := range reasons.Items() {
		s, ok := r.AsString()
		if !ok {
			return fmt.Errorf("a reason is a %s, no text key", r.Kind())
		}
		d.Reasons = append(d.Reasons, s)
	}
	return nil
}

func decimals(number string) string {
	_, fraction, _ := strings.Cut(number, ".")
	return strings.TrimRight(fraction, "0")
}

// record keeps what an explanation needs.
func (d *Decision) record(decided []dmn.Decided) {
	d.Values = make(map[string]feel.Value, len(decided))
	for _, x := range decided {
		d.Values[x.Name] = x.Value
		if len(x.Rules) == 0 {
			continue
		}
		if d.Rules == nil {
			d.Rules = map[string][]string{}
		}
		d.Rules[x.Name] = append(d.Rules[x.Name], x.Rules...)
	}
}

// Subjects returns about whom evidence is asked. list says that the evidence is
// a list in the order of the subjects. Nobody (null) is an empty result.
func (p *Package) Subjects(spec EvidenceSpec, f Facts) (subjects []string, list bool, err error) {
	i := slices.IndexFunc(p.evidence, func(e evidenceExpr) bool { return e.id == spec.ID })
	if i < 0 || p.evidence[i].subject == nil {
		return nil, false, nil
	}
	v, _ := p.evidence[i].subject.EvalContext(p.Scope(f))
	if s, ok := v.AsString(); ok {
		return []string{s}, false, nil
	}
	if v.IsNull() {
		return nil, false, nil
	}
	if v.Kind() != feel.KindList {
		return nil, false, fmt.Errorf("the subject %s is neither an id nor a list of ids", v)
	}
	for _, item := range v.Items() {
		s, ok := item.AsString()
		if !ok {
			return nil, true, fmt.Errorf("the subject %s is no id", item)
		}
		subjects = append(subjects, s)
	}
	return subjects, true, nil
}

// Scope returns what FEEL can read of the facts, and more. What cannot be had
// (parameters of a day without law, unreadable evidence) is null.
func (p *Package) Scope(f Facts, more ...feel.Entry) feel.Value {
	env := p.FormEnv(f)
	entries := append(make([]feel.Entry, 0, 6+len(more)),
		feel.Entry{Name: "application", Value: p.application(f)},
		feel.Entry{Name: "evidence", Value: env.Evidence},
		feel.Entry{Name: "parameters", Value: env.Parameters},
		feel.Entry{Name: "date", Value: feel.DateOf(env.Date)},
		feel.Entry{Name: "applicant", Value: f.Applicant},
		feel.Entry{Name: "party", Value: p.partyContext(f)})
	return feel.Context(append(entries, more...)...)
}

// FormEnv returns what the form's conditions see of the facts. Its date is the
// reference date, or the day of submission while that cannot be computed yet.
func (p *Package) FormEnv(f Facts) form.Env {
	ref, err := p.dateOf(f)
	if err != nil {
		ref = day(f.Date)
	}
	params, _ := p.Parameters.Context(ref)
	evidence, _ := p.evidenceContext(f)
	return form.Env{Answers: f.Application, Evidence: evidence, Parameters: params, Applicant: f.Applicant, Date: ref}
}

// Stated is one line of what a certificate states.
type Stated struct{ ID, Value string }

// States returns what an output (a certificate or permit) states, from a scope
// as Scope makes it; dates are ISO texts, null is the empty text. The text of
// each line is outputs.<output>.states.<id>.
func (p *Package) States(output string, scope feel.Value) ([]Stated, error) {
	for _, o := range p.outputs {
		if o.id != output {
			continue
		}
		out := make([]Stated, len(o.states))
		for i, s := range o.states {
			v, _ := s.expr.EvalContext(scope)
			text, err := stateText(v)
			if err != nil {
				return nil, p.fault("output %s states %s: %w", output, s.name, err)
			}
			out[i] = Stated{ID: s.name, Value: text}
		}
		return out, nil
	}
	return nil, p.fault("there is no output %q", output)
}

// StatesRead are the names that the statements of an output read.
func (p *Package) StatesRead(output string) []string {
	var names []string
	for _, o := range p.outputs {
		if o.id != output {
			continue
		}
		for _, s := range o.states {
			names = append(names, s.expr.Names()...)
		}
	}
	return names
}

func stateText(v feel.Value) (string, error) {
	switch v.Kind() {
	case feel.KindNull:
		return "", nil
	case feel.KindString:
		s, _ := v.AsString()
		return s, nil
	case feel.KindNumber:
		n, _ := v.AsNumber()
		return plain(n), nil
	case feel.KindBoolean:
		return v.String(), nil
	case feel.KindDate, feel.KindDateTime:
		t, _ := v.AsTime(time.UTC)
		return t.Format(time.DateOnly), nil
	}
	return "", fmt.Errorf("a %s is not a text, number or date", v.Kind())
}
