package cases

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"passerelle/engine/bpmn"
	"passerelle/engine/feel"
	"passerelle/internal/module/exchange"
	"passerelle/internal/module/services"
	"passerelle/internal/module/services/pack"
	"passerelle/internal/platform/db"
	"passerelle/internal/platform/errs"
)

// Cause is what cases that stand still have in common. The zero Cause is any.
type Cause struct {
	Service string `json:"service,omitempty"`
	Version string `json:"version,omitempty"`
	Kind    Kind   `json:"kind,omitempty"`
	Text    string `json:"text,omitempty"`    // the error
	Element string `json:"element,omitempty"` // where; corrections touch only steps there
}

// Group is how many cases stand still for one cause.
type Group struct {
	Cause
	Cases   int64
	Example string    // id of a case
	DueAt   time.Time // the nearest legal deadline among them
}

// Causes groups the cases that stand still by what they have in common, the
// largest group first. Only an operator may.
func (s *Service) Causes(ctx context.Context, a Actor, limit int) ([]Group, error) {
	if !a.Has("operator") {
		return nil, errs.New(errs.Forbidden, "cases.operatorOnly")
	}
	return s.store.causes(ctx, s.DB.Read(), limit)
}

// Halted is a case as an operator sees it: what stands still, and the names of
// what it read. Values are personal data and come with Inspect.
type Halted struct {
	*Case
	Package *pack.Package
	Steps   []HaltedStep
	Alike   int64       // cases that stand still with the same error, this one among them
	Fault   *pack.Fault // what keeps the rules from deciding; nil when no rule failed, or it would now decide
}

// HaltedStep is a step of a process that waits for an operator, or for a service
// whose job failed for good.
type HaltedStep struct {
	Token   string
	Element bpmn.Element
	Failure *bpmn.Failure // nil: the service has not answered
	Tries   int
	Reads   []bpmn.Use // the expressions that it computes
	GiveUp  string     // what giving it up means: one of the GiveUp… below, "" where it cannot be
}

// What giving up a step means.
const (
	GiveUpEvidence  = "evidence"  // what was to be fetched counts as not known to the register
	GiveUpRule      = "rule"      // a person judges instead of the rule
	GiveUpPayment   = "payment"   // it was paid in another way
	GiveUpDocuments = "documents" // the document is made in another way
)

var giveUps = map[string]string{"evidence.fetch": GiveUpEvidence, "payment.order": GiveUpPayment, "certificate.issue": GiveUpDocuments}

// giveUpOf says what giving up an element means, "" where that would hide a
// decision from the person it is about.
func giveUpOf(e bpmn.Element) string {
	if e.Kind == "businessRuleTask" {
		return GiveUpRule
	}
	if e.Kind == "serviceTask" {
		return giveUps[e.Attrs["topic"]]
	}
	return ""
}

// standing lists what stands still in a case: not what a service is still doing.
func (s *Service) standing(ctx context.Context, d *Dossier) ([]HaltedStep, error) {
	gone, err := s.jobsGone(ctx, d)
	return slices.DeleteFunc(haltedSteps(d.Process(), d.File.Process), func(st HaltedStep) bool { return !st.stands(gone) }), err
}

// jobsGone are the causes of the jobs of a case's steps that failed for good.
func (s *Service) jobsGone(ctx context.Context, d *Dossier) ([]string, error) {
	var causes []string
	for _, step := range haltedSteps(d.Process(), d.File.Process) {
		for _, job := range step.jobs() {
			gone, err := s.Queue.Failed(ctx, d.ID+"/"+job)
			if err != nil {
				return nil, err
			}
			if gone {
				causes = append(causes, job)
			}
		}
	}
	return causes, nil
}

// stands reports whether a step failed, or its job did for good.
func (st HaltedStep) stands(gone []string) bool {
	return st.Failure != nil || slices.ContainsFunc(st.jobs(), func(job string) bool { return slices.Contains(gone, job) })
}

// ruleFailed reports whether the step is a rule that could not decide.
func (st HaltedStep) ruleFailed() bool { return st.Failure != nil && st.GiveUp == GiveUpRule }

func haltedSteps(p *bpmn.Process, state bpmn.State) []HaltedStep {
	var all []HaltedStep
	for _, t := range state.Tokens {
		e, ok := p.Element(t.El)
		if !ok || t.Wait != bpmn.WaitIncident && t.Wait != bpmn.WaitService {
			continue
		}
		step := HaltedStep{Token: t.ID, Element: e, Failure: t.Fail, Tries: t.Tries, GiveUp: giveUpOf(e)}
		for _, u := range p.Uses() {
			if at, _ := p.Element(u.Element); u.Element == t.El || u.From == t.El || at.Attached == t.El {
				step.Reads = append(step.Reads, u)
			}
		}
		all = append(all, step)
	}
	return all
}

// halted reads a case for an operator who may see it: one that is not their own.
func (s *Service) halted(ctx context.Context, a Actor, id string) (*Dossier, error) {
	if !a.Has("operator") {
		return nil, errs.New(errs.Forbidden, "cases.operatorOnly")
	}
	c, err := s.store.byID(ctx, s.DB.Read(), id)
	if err != nil {
		return nil, err
	}
	if err := operator(a)(c); err != nil {
		return nil, err
	}
	p, err := s.Package(c)
	if err != nil {
		return nil, err
	}
	return &Dossier{Case: c, Package: p, calendar: s.calendar}, nil
}

// operator lets only operators act, and nobody in a case in which they have a
// part.
func operator(a Actor) func(*Case) error {
	return func(c *Case) error {
		if !a.Has("operator") {
			return errs.New(errs.Forbidden, "cases.operatorOnly")
		}
		if isApplicant(a, c) || isParty(a, c) {
			return errs.New(errs.Forbidden, "cases.ownCase")
		}
		return nil
	}
}

// Halted opens a case for an operator: which steps stand still, why, and what
// they read, by name. Nobody sees their own case this way.
func (s *Service) Halted(ctx context.Context, a Actor, id string) (*Halted, error) {
	d, err := s.halted(ctx, a, id)
	if err != nil {
		return nil, err
	}
	steps, err := s.standing(ctx, d)
	if err != nil {
		return nil, err
	}
	h := &Halted{Case: d.Case, Package: d.Package, Steps: steps}
	if slices.ContainsFunc(steps, HaltedStep.ruleFailed) {
		if fault, ok := d.Package.Failing(factsOf(d.Case)); ok {
			h.Fault = &fault
		}
	}
	h.Alike, err = s.store.countStuck(ctx, s.DB.Read(), h.Cause(""))
	return h, err
}

// Cause is what the case has in common with others that stand still.
func (h *Halted) Cause(element string) Cause {
	return Cause{Service: h.Service, Version: h.Version, Kind: h.Kind, Text: h.File.Incident, Element: element}
}

// Variables are the names of the process's own variables that an operator can
// correct: those it has, and those that an expression asks for.
func (h *Halted) Variables() []string {
	d := Dossier{Case: h.Case, Package: h.Package}
	return correctable(d.Process(), h.Case)
}

func correctable(p *bpmn.Process, c *Case) []string {
	var names []string
	add := func(name string) { // what people answer and rules decide is corrected by people and rules
		e, _ := p.Element(name)
		if !slices.Contains(reserved, name) && e.Kind != "userTask" && e.Kind != "businessRuleTask" && e.Kind != "serviceTask" {
			names = append(names, name)
		}
	}
	for name := range c.File.Vars {
		add(name)
	}
	for _, u := range p.Uses() {
		for _, name := range u.Names {
			add(name)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// reserved are the names that the case itself fills: facts and decisions are no
// variables.
var reserved = append(pack.FactNames(), "decision", "case")

// Fact is a value that a halted step may have read.
type Fact struct {
	Name  string // as expressions call it
	Value string // FEEL or JSON, "" when it is not known
	From  string // evidence: the register
	AsOf  time.Time
}

// Inspect shows an operator the values behind the names of a halted case. The
// purpose goes on record first, where the person it is about reads it. A case in
// which nothing stands still is errs.Conflict.
func (s *Service) Inspect(ctx context.Context, a Actor, id, purpose string) ([]Fact, error) {
	if err := checkReasons(purpose, true); err != nil {
		return nil, err
	}
	read, err := s.halted(ctx, a, id)
	if err != nil {
		return nil, err
	}
	gone, err := s.jobsGone(ctx, read)
	if err != nil {
		return nil, err
	}
	var facts []Fact
	err = s.change(ctx, a, id, operator(a), func(ch *change) error {
		d := &Dossier{Case: ch.c, Package: ch.p}
		steps := slices.DeleteFunc(haltedSteps(ch.process(), ch.c.File.Process), func(st HaltedStep) bool { return !st.stands(gone) })
		if len(steps) == 0 {
			return errs.New(errs.Conflict, "cases.correct.gone")
		}
		facts = factsRead(d, steps)
		ch.enter("inspected", true, map[string]string{"text": strings.TrimSpace(purpose)})
		return nil
	})
	return facts, err
}

// factsRead are the variables, evidence and answers that the steps read, no others.
func factsRead(d *Dossier, steps []HaltedStep) []Fact {
	names := map[string]bool{} // whole, or one piece of it
	for _, st := range steps {
		for _, u := range st.Reads {
			for _, name := range u.Names {
				names[name] = true
			}
		}
		switch st.GiveUp {
		case GiveUpRule:
			names["application"], names["evidence"] = true, true
		case GiveUpEvidence:
			want := strings.Fields(st.Element.Attrs["evidence"])
			names["evidence"] = names["evidence"] || len(want) == 0
			for _, id := range want {
				names["evidence."+id] = true
			}
		case GiveUpPayment:
			names["application."+ibanField(d.Package.Form)] = true
		case GiveUpDocuments:
			for _, name := range d.Package.StatesRead(st.Element.Attrs["output"]) {
				names[name] = true
			}
		}
	}
	var all []Fact
	for _, name := range correctable(d.Process(), d.Case) {
		if names[name] {
			all = append(all, Fact{Name: name, Value: d.File.Vars[name]})
		}
	}
	for _, spec := range d.Package.Service.Evidence {
		name := "evidence." + spec.ID
		if !names["evidence"] && !names[name] {
			continue
		}
		if e, ok := d.File.Evidence[spec.ID]; ok {
			all = append(all, Fact{Name: name, Value: string(e.Value), From: e.Source, AsOf: e.AsOf})
		} else if spec.By == "state" {
			all = append(all, Fact{Name: name})
		}
	}
	for _, id := range sortedKeys(d.Application) {
		if name := "application." + id; names["application"] || names[name] {
			if b, err := json.Marshal(d.Application[id]); err == nil {
				all = append(all, Fact{Name: name, Value: string(b)})
			}
		}
	}
	return all
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// Correction is what an operator puts right so that a failed step can go on.
type Correction struct {
	Kind    CorrectionKind `json:"kind,omitempty"`
	Name    string         `json:"name,omitempty"`    // the variable, or the evidence
	Value   string         `json:"value,omitempty"`   // variable: a FEEL literal; payment given up: its reference
	Reasons string         `json:"reasons,omitempty"` // on record in the case
}

// CorrectionKind says what is put right.
type CorrectionKind string

// The kinds of corrections.
const (
	CorrectVariable CorrectionKind = "variable" // a variable of the process gets another value
	CorrectEvidence CorrectionKind = "evidence" // a register is asked again
	CorrectGiveUp   CorrectionKind = "giveUp"   // the step is given up, with what that means
)

// check reports what is wrong with a correction by itself.
func (c Correction) check() error {
	if err := checkReasons(c.Reasons, true); err != nil {
		return err
	}
	switch c.Kind {
	case CorrectVariable:
		e, err := feel.Compile(c.Value)
		if err != nil || len(e.Names()) > 0 {
			return errs.New(errs.Invalid, "cases.correct.value")
		}
		if v, _ := e.Eval(nil); v.IsNull() && strings.TrimSpace(c.Value) != "null" {
			return errs.New(errs.Invalid, "cases.correct.value")
		}
		return nil
	case CorrectEvidence, CorrectGiveUp:
		return nil
	}
	return errs.New(errs.Invalid, "cases.correct.kind")
}

// Correct puts right what made the steps at an element of a case fail, and
// repeats them. Old and new are on record in the case, with the reasons. A case
// in which nothing stands still there is errs.Conflict.
func (s *Service) Correct(ctx context.Context, a Actor, id, element string, c Correction) error {
	if !a.Has("operator") {
		return errs.New(errs.Forbidden, "cases.operatorOnly")
	}
	if err := c.check(); err != nil {
		return err
	}
	return s.correct(ctx, a, id, element, c)
}

// CorrectAll does the same in every case that stands still for the cause. A
// payment that was made by hand has its own reference: it is given up case by
// case.
func (s *Service) CorrectAll(ctx context.Context, a Actor, cause Cause, c Correction) (Run, error) {
	if cause.Text == "" || cause.Element == "" {
		return Run{}, errs.New(errs.Invalid, "cases.correct.kind")
	}
	if err := c.check(); err != nil {
		return Run{}, err
	}
	if p, ok := s.Packages.Kept(cause.Service, cause.Version); ok && c.Kind == CorrectGiveUp {
		if e, _ := p.Process.Element(cause.Element); giveUpOf(e) == GiveUpPayment {
			return Run{}, errs.New(errs.Invalid, "cases.correct.kind")
		}
	}
	return s.startRun(ctx, a, RunCorrect, RunDetail{Cause: cause, Correction: c})
}

// ResumeAll repeats the failed steps of every case that stands still now, in the
// background.
func (s *Service) ResumeAll(ctx context.Context, a Actor) (Run, error) {
	return s.startRun(ctx, a, RunResume, RunDetail{})
}

// startRun begins a run in an operator's name.
func (s *Service) startRun(ctx context.Context, a Actor, kind RunKind, detail RunDetail) (Run, error) {
	if !a.Has("operator") {
		return Run{}, errs.New(errs.Forbidden, "cases.operatorOnly")
	}
	detail.Person = a.Person
	total, err := s.store.countStuck(ctx, s.DB.Read(), detail.Cause)
	if err != nil {
		return Run{}, err
	}
	r := Run{ID: db.NewID(s.Clock), Kind: kind, At: s.now(), Actor: a.Account, Name: a.Name, Detail: detail, Total: total}
	_, err = s.start(ctx, r)
	return r, err
}

// inRun lets a run act where the operator who began it may: not in a case in
// which they have a part.
func inRun(a Actor) func(*Case) error {
	return func(c *Case) error {
		if isApplicant(a, c) || isParty(a, c) {
			return errs.New(errs.Forbidden, "cases.ownCase")
		}
		return nil
	}
}

// Resume repeats the failed steps of a case after their cause has been mended.
// Only an operator may, and not in their own case.
func (s *Service) Resume(ctx context.Context, a Actor, caseID string) error {
	if !a.Has("operator") {
		return errs.New(errs.Forbidden, "cases.operatorOnly")
	}
	return s.resume(ctx, a, caseID)
}

func (s *Service) resume(ctx context.Context, a Actor, caseID string) error {
	return s.change(ctx, a, caseID, inRun(a), func(ch *change) error { return ch.resumeAt("") })
}

// resumeAt repeats the failed steps at an element; "" means all.
func (ch *change) resumeAt(element string) error {
	for _, w := range ch.c.File.Process.Waits() {
		if w.Kind != bpmn.WaitIncident || element != "" && w.Element != element {
			continue
		}
		if err := ch.drive(bpmn.Resume(w.ID)); err != nil {
			return err
		}
	}
	ch.settle()
	return nil
}

// correct does what Correct says, for an actor whose right was checked.
func (s *Service) correct(ctx context.Context, a Actor, id, element string, c Correction) error {
	if c.Kind == CorrectEvidence {
		return s.fetchAnew(ctx, a, id, element, c)
	}
	var gone []string
	if c.Kind == CorrectGiveUp {
		read, err := s.store.byID(ctx, s.DB.Read(), id)
		if err != nil {
			return err
		}
		p, err := s.Package(read)
		if err != nil {
			return err
		}
		if gone, err = s.jobsGone(ctx, &Dossier{Case: read, Package: p}); err != nil {
			return err
		}
	}
	var given []HaltedStep
	err := s.change(ctx, a, id, inRun(a), func(ch *change) error {
		steps, err := ch.haltedAt(element, gone)
		if err != nil {
			return err
		}
		if c.Kind == CorrectGiveUp {
			given = steps
			return ch.giveUp(steps, c)
		}
		if !slices.Contains(correctable(ch.process(), ch.c), c.Name) {
			return errs.New(errs.Invalid, "cases.correct.name")
		}
		old := ch.c.File.Vars[c.Name]
		if old == "" {
			old = "null"
		}
		if ch.c.File.Vars == nil {
			ch.c.File.Vars = map[string]string{}
		}
		ch.c.File.Vars[c.Name] = strings.TrimSpace(c.Value)
		ch.enter("corrected", true, map[string]string{"task": element, "name": c.Name, "old": old, "new": strings.TrimSpace(c.Value), "text": strings.TrimSpace(c.Reasons)})
		return ch.resumeAt(element)
	})
	if err != nil {
		return err
	}
	for _, step := range given { // a job that failed for good is not wanted any more
		for _, job := range step.jobs() {
			if err := s.Queue.Discard(ctx, id+"/"+job, c.Reasons+" ("+a.Name+")"); err != nil && errs.KindOf(err) != errs.NotFound {
				return err
			}
		}
	}
	return nil
}

// jobs are the causes of the jobs that do a service step.
func (st HaltedStep) jobs() []string {
	effect := st.Token
	if st.Tries > 0 {
		effect += "!" + strconv.Itoa(st.Tries)
	}
	return []string{"evidence/" + effect, "payout/" + st.Token}
}

// haltedAt are the steps that stand still at an element: those that failed, and
// those whose job is gone.
func (ch *change) haltedAt(element string, gone []string) ([]HaltedStep, error) {
	steps := slices.DeleteFunc(haltedSteps(ch.process(), ch.c.File.Process), func(st HaltedStep) bool { return st.Element.ID != element || !st.stands(gone) })
	if len(steps) == 0 {
		return nil, errs.New(errs.Conflict, "cases.correct.gone")
	}
	return steps, nil
}

// fetchAnew asks the register of one piece of evidence again, outside any
// transaction, and repeats what failed. What the register does not have any more
// counts as missing; while it does not answer, nothing changes.
func (s *Service) fetchAnew(ctx context.Context, a Actor, id, element string, c Correction) error {
	d, err := s.store.byID(ctx, s.DB.Read(), id)
	if err != nil {
		return err
	}
	if err := inRun(a)(d); err != nil {
		return err
	}
	p, err := s.Package(d)
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(p.Service.Evidence, func(e pack.EvidenceSpec) bool { return e.ID == c.Name && e.By == "state" }) {
		return errs.New(errs.Invalid, "cases.correct.evidence")
	}
	have := make(map[string]exchange.Evidence, len(d.File.Evidence))
	for k, v := range d.File.Evidence {
		if k != c.Name {
			have[k] = v
		}
	}
	got, missing, err := services.Gather(ctx, s.Evidence, p, factsOf(d), have, []string{c.Name}, services.Asker{Actor: a.Account, Case: id})
	if err != nil {
		return errs.Wrap(errs.Conflict, "cases.correct.noAnswer", err)
	}
	return s.change(ctx, a, id, inRun(a), func(ch *change) error {
		if _, err := ch.haltedAt(element, nil); err != nil {
			return err
		}
		old := ch.c.File.Evidence[c.Name]
		delete(ch.c.File.Evidence, c.Name)
		ch.c.reading = pack.Reading{}
		ch.keepEvidence(map[string]exchange.Evidence{}, missing)
		if e, ok := got[c.Name]; ok {
			ch.keepEvidence(map[string]exchange.Evidence{c.Name: e}, nil)
		}
		ch.enter("refetched", true, map[string]string{"task": element, "evidence": c.Name, "text": strings.TrimSpace(c.Reasons),
			"old": string(old.Value), "new": string(got[c.Name].Value)})
		return ch.resumeAt(element)
	})
}

// giveUp ends steps by hand, with what that means for the case.
func (ch *change) giveUp(steps []HaltedStep, c Correction) error {
	for _, step := range steps {
		if step.GiveUp == "" {
			return errs.New(errs.Conflict, "cases.correct.cannot")
		}
		ch.enter("givenUp", true, map[string]string{"task": step.Element.ID, "means": step.GiveUp, "new": strings.TrimSpace(c.Value), "text": strings.TrimSpace(c.Reasons)})
		for _, job := range step.jobs() {
			ch.cancelJob(job)
		}
		result := feel.Null()
		switch step.GiveUp {
		case GiveUpEvidence:
			ch.giveUpEvidence(strings.Fields(step.Element.Attrs["evidence"]))
		case GiveUpRule:
			result = ch.judgeInstead()
		case GiveUpPayment:
			if err := ch.paidOtherwise(step, strings.TrimSpace(c.Value)); err != nil {
				return err
			}
		}
		if err := ch.drive(bpmn.TaskCompleted(step.Token, result)); err != nil {
			return err
		}
	}
	ch.settle()
	return nil
}

// giveUpEvidence counts what a step was to fetch as not known to its register:
// what the service says about that (onMissing) decides.
func (ch *change) giveUpEvidence(want []string) {
	var missing []string
	for _, spec := range ch.p.Service.Evidence {
		if _, ok := ch.c.File.Evidence[spec.ID]; !ok && spec.By == "state" && (len(want) == 0 || slices.Contains(want, spec.ID)) {
			missing = append(missing, spec.ID)
		}
	}
	ch.keepEvidence(nil, missing)
}

// judgeInstead leaves to a person what the rule could not compute.
func (ch *change) judgeInstead() feel.Value {
	value := feel.Context(feel.Entry{Name: "outcome", Value: feel.String(string(pack.Judgement))}, feel.Entry{Name: "amount", Value: feel.Null()},
		feel.Entry{Name: "reasons", Value: feel.List()})
	ch.c.File.Proposal = &pack.Decision{Outcome: pack.Judgement, Value: value, ReferenceDate: ch.c.SubmittedAt.In(luxembourg)}
	return value
}

// paidOtherwise records a payment that was made by hand.
func (ch *change) paidOtherwise(step HaltedStep, reference string) error {
	if reference == "" {
		return errs.New(errs.Invalid, "cases.correct.reference")
	}
	d := ch.c.File.Decision
	if d == nil || d.Amount == "" {
		return fmt.Errorf("case %s: nothing to pay", ch.c.ID)
	}
	id := ch.c.ID + "/payout/" + step.Token
	if step.Failure == nil { // ordered, and not confirmed
		ch.settled = append(ch.settled, Payment{ID: id, Status: "done", Reference: reference, DoneAt: ch.now})
		return nil
	}
	cents, err := parseCents(d.Amount)
	if err != nil {
		return err
	}
	cents -= ch.c.File.PaidOut
	ch.c.File.PaidOut += cents
	ch.payments = append(ch.payments, Payment{ID: id, Case: ch.c.ID, Direction: "out", Cents: cents, Status: "done", Provider: "by hand", Reference: reference, OrderedAt: ch.now, DoneAt: ch.now})
	return nil
}
