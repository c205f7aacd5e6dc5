package cases

import (
	"cmp"
	"encoding/json"
	"errors"
	"reflect"
	"slices"
	"time"

	"passerelle/engine/bpmn"
	"passerelle/engine/form"
	"passerelle/internal/module/services/pack"
)

// MigrationPlan says how the running cases of one version of a service go on
// under another.
type MigrationPlan struct {
	Service  string       `json:"service"`
	From     string       `json:"from"` // version
	To       string       `json:"to"`
	FromHash string       `json:"fromHash"` // of the packages that were looked at
	ToHash   string       `json:"toHash"`
	Mapping  bpmn.Mapping `json:"mapping"`
}

// Migrated is the record in a case that it went over to another version.
type Migrated struct {
	Plan    string       `json:"plan"` // id of the migration
	From    string       `json:"from"`
	To      string       `json:"to"`
	Mapping bpmn.Mapping `json:"mapping,omitzero"`
	At      time.Time    `json:"at"`
	By      string       `json:"by"`                // account that started the run
	Planner string       `json:"planner,omitempty"` // account that made the plan; "", as Reasons: from before two were needed
	Reasons string       `json:"reasons,omitempty"`
}

// MigrationEffect is what a migration changes in one case: what a dry run shows,
// and what a run has done.
type MigrationEffect struct {
	Steps       []StepMove         `json:"steps,omitempty"` // at which the case waits
	Deadline    time.Time          `json:"deadline,omitzero"`
	NewDeadline time.Time          `json:"newDeadline,omitzero"` // zero, as Deadline: none can be named now
	Paused      bool               `json:"paused,omitempty"`     // the clock stands still: the deadlines are what they would be, did it run from now on
	Outcome     pack.Outcome       `json:"outcome,omitempty"`    // that the rules propose; "": they have not been asked yet
	Amount      string             `json:"amount,omitempty"`
	NewOutcome  pack.Outcome       `json:"newOutcome,omitempty"`
	NewAmount   string             `json:"newAmount,omitempty"`
	Timers      []TimerMove        `json:"timers,omitempty"`
	Dropped     []string           `json:"dropped,omitempty"` // answers to questions that the new form does not ask
	Problems    []MigrationProblem `json:"problems,omitempty"`
}

// StepMove is a step at which a case waits, and where it does afterwards.
type StepMove struct {
	From string `json:"from"` // element
	To   string `json:"to,omitempty"`
}

// TimerMove is what becomes of a timer.
type TimerMove struct {
	Element string    `json:"element"` // of the new version
	How     TimerHow  `json:"how"`
	Due     time.Time `json:"due,omitzero"` // zero: not on record, for timers from before they were
	NewDue  time.Time `json:"newDue,omitzero"`
}

// TimerHow says what becomes of a timer.
type TimerHow string

// What becomes of timers.
const (
	TimerKept      TimerHow = "kept"
	TimerRestarted TimerHow = "restarted"
	TimerNew       TimerHow = "new" // only the new version has it
)

// MigrationProblem is a reason why a case stays on its version.
type MigrationProblem struct {
	Kind    MigrationProblemKind `json:"kind"`
	Element string               `json:"element,omitempty"` // process element, form field, piece of evidence
	Detail  string               `json:"detail,omitempty"`
}

// MigrationProblemKind names a reason; the reasons of bpmn.Misfit are such
// names too.
type MigrationProblemKind string

// The reasons besides those of the process.
const (
	ProblemEnded    MigrationProblemKind = "ended"    // the case is closed or withdrawn
	ProblemMoved    MigrationProblemKind = "moved"    // it is on another version by now
	ProblemDecided  MigrationProblemKind = "decided"  // it was decided, by somebody or by silence: that stands, under its law
	ProblemTask     MigrationProblemKind = "task"     // an open task would be of another kind, or somebody else's altogether
	ProblemFourEyes MigrationProblemKind = "fourEyes" // who did what is to be approved would not be known any more
	ProblemFee      MigrationProblemKind = "fee"      // a fee is due, and would be another
	ProblemParty    MigrationProblemKind = "party"    // somebody was invited, and their time or form would change, or they would have no part any more
	ProblemForm     MigrationProblemKind = "form"     // an answer that the new form does not accept, or a new one that it needs
	ProblemEvidence MigrationProblemKind = "evidence" // facts are being fetched, and the new version asks for others
	ProblemRules    MigrationProblemKind = "rules"    // the new rules cannot be applied; Detail says why
	ProblemDeadline MigrationProblemKind = "deadline" // the new deadline is over already
	ProblemTimer    MigrationProblemKind = "timer"    // a timer cannot be set; Detail says why
	ProblemFault    MigrationProblemKind = "fault"    // the run failed on this case; the log says why
)

// Changes reports whether anything is otherwise afterwards than the version.
func (e MigrationEffect) Changes() bool {
	return e.DeadlineMoves() || e.OutcomeMoves() || len(e.Dropped) > 0 ||
		slices.ContainsFunc(e.Timers, func(t TimerMove) bool { return t.How != TimerKept }) ||
		slices.ContainsFunc(e.Steps, func(s StepMove) bool { return s.From != s.To })
}

// DeadlineMoves reports whether the legal deadline is another.
func (e MigrationEffect) DeadlineMoves() bool { return !e.Deadline.Equal(e.NewDeadline) }

// OutcomeMoves reports whether the rules propose something else.
func (e MigrationEffect) OutcomeMoves() bool {
	return e.Outcome != e.NewOutcome || e.Outcome == pack.Granted && e.Amount != e.NewAmount // an amount that nobody is granted counts for nothing
}

// setAside stands between an id and the version that it is of, when the new
// version gives the id to something else.
const setAside = "@"

// migrate takes the case over to another version, as far as that goes. With
// problems the change is not to be stored. A dry run is this very change, thrown
// away.
func (ch *change) migrate(m *Migration, to *pack.Package) (e MigrationEffect) {
	c, plan := ch.c, m.Plan
	defer func() {
		slices.SortFunc(e.Problems, func(a, b MigrationProblem) int {
			return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Element, b.Element), cmp.Compare(a.Detail, b.Detail))
		})
	}()
	problem := func(kind MigrationProblemKind, element, detail string) {
		p := MigrationProblem{Kind: kind, Element: element, Detail: detail}
		if !slices.Contains(e.Problems, p) {
			e.Problems = append(e.Problems, p)
		}
	}
	switch {
	case c.Status == Closed || c.Status == Withdrawn || c.Kind != Application:
		problem(ProblemEnded, "", "")
		return e
	case c.Service != plan.Service || c.Version != plan.From:
		problem(ProblemMoved, "", c.Version)
		return e
	}
	from := ch.p
	target := func(element string) string { return from.Process.Counterpart(to.Process, plan.Mapping, element) }
	for _, w := range c.File.Process.Waits() {
		at, _ := from.Process.Element(w.Element)
		beside := at.Kind == "boundaryEvent" || at.Kind == "startEvent" // what may happen, not where it stands
		if s := (StepMove{w.Element, target(w.Element)}); !beside && !slices.Contains(e.Steps, s) {
			e.Steps = append(e.Steps, s)
		}
	}
	e.Paused = !c.File.Clock.Paused.IsZero()
	e.Deadline, _ = ch.deadlineFromNow(c.File.Clock)
	e.NewDeadline = e.Deadline
	if p := c.File.Proposal; p != nil {
		e.Outcome, e.Amount = p.Outcome, p.Amount
		e.NewOutcome, e.NewAmount = e.Outcome, e.Amount
	}
	if c.File.Decision != nil || c.File.Silence != nil {
		problem(ProblemDecided, "", "")
		return e
	}

	ch.migrateParties(from, to, problem)
	before := c.File.Process
	for _, old := range from.Process.Elements() {
		if _, done := c.File.Results[old.Attrs["fourEyes"]]; done && !keepsFourEyes(to, old, target) {
			problem(ProblemFourEyes, old.ID, "")
		}
	}
	// An id that the new version gives to something else inherits nothing.
	reused := func(id string, known bool) bool {
		_, now := to.Process.Element(id)
		return now && (!known || target(id) == "")
	}
	name := func(id string) string {
		if _, known := from.Process.Element(id); reused(id, known) {
			return id + setAside + plan.From
		}
		return target(id)
	}
	rename(c.File.Results, name)
	rename(c.File.Vars, func(id string) string {
		if _, known := from.Process.Element(id); !known { // a name of a script's, no element
			return id
		}
		return name(id)
	})
	next, cmds, misfits := from.Process.Migrate(before, to.Process, plan.Mapping, scopeOf(to, c))
	for _, x := range misfits {
		problem(MigrationProblemKind(x.Reason), cmp.Or(x.Element, x.To), x.Detail)
	}
	ch.migrateTasks(from, to, target, cmds, problem)
	ch.migrateAnswers(from, to, &e, problem)
	for _, w := range before.Waits() {
		was, _ := from.Process.Element(w.Element)
		is, _ := to.Process.Element(target(w.Element))
		if w.Kind == bpmn.WaitService && was.Attrs["topic"] == "evidence.fetch" && (was.Attrs["evidence"] != is.Attrs["evidence"] || !sameEvidence(from, to)) {
			problem(ProblemEvidence, w.Element, "")
		}
	}
	if len(misfits) > 0 {
		return e
	}

	timers := ch.timersOf(before)
	ch.p, c.Version, c.File.Process = to, to.Version, next
	for _, cmd := range cmds {
		if _, err := ch.carryOut(cmd); err != nil {
			problem(ProblemTimer, cmd.Element, err.Error())
		}
	}
	e.Timers = ch.timersMoved(before, timers, target)
	ch.migrateClock(&e, problem)
	if c.File.Proposal != nil && len(e.Problems) == 0 {
		ch.ruleAgain(&e, problem)
	}
	c.File.Migrations = append(c.File.Migrations, Migrated{Plan: m.ID, From: plan.From, To: plan.To, Mapping: plan.Mapping, At: ch.now, By: ch.actor.Account, Planner: m.Account, Reasons: m.Reasons})
	data := map[string]string{"from": plan.From, "version": plan.To, "plan": m.ID, "planner": m.Name, "text": m.Reasons}
	switch {
	case e.DeadlineMoves() && e.Paused: // the day itself is not known before the clock runs again
		ch.enter("migratedLimit", true, data)
		ch.notify("migrated")
	case e.DeadlineMoves():
		data["until"] = e.NewDeadline.Format(time.RFC3339)
		ch.enter("migratedDeadline", true, data)
		ch.notify("migrated")
	default:
		ch.enter("migrated", true, data)
	}
	if e.OutcomeMoves() {
		ch.enter("ruled", false, map[string]string{"outcome": string(e.NewOutcome), "amount": e.NewAmount})
	}
	return e
}

// rename gives what is kept by element its name in the new version.
func rename[T any](kept map[string]T, target func(string) string) {
	moved := map[string]T{}
	for id, v := range kept {
		if to := target(id); to != "" && to != id {
			moved[to] = v
			delete(kept, id)
		}
	}
	for id, v := range moved {
		kept[id] = v
	}
}

// keepsFourEyes reports whether in the new version the result that an old step
// names for its four eyes is still the one that is looked at.
func keepsFourEyes(to *pack.Package, old bpmn.Element, target func(string) string) bool {
	step, work := target(old.ID), target(old.Attrs["fourEyes"])
	return work != "" && slices.ContainsFunc(to.Process.Elements(), func(e bpmn.Element) bool {
		return e.Attrs["fourEyes"] == work && (step == "" || e.ID == step)
	})
}

// migrateTasks puts the tasks at the elements of the new version. What is asked
// of a person stays what it was; within the authority it may be somebody else's.
func (ch *change) migrateTasks(from, to *pack.Package, target func(string) string, cmds []bpmn.Command, problem func(MigrationProblemKind, string, string)) {
	for i := range ch.tasks {
		t := &ch.tasks[i]
		was := t.Element
		id := target(was)
		if id == "" {
			continue // done, or a misfit
		}
		if id != was {
			t.Element = id
			ch.touched[t.ID] = taskMoved
		}
		if t.Status != TaskOpen && t.Status != TaskWaiting {
			continue
		}
		old, _ := from.Process.Element(was)
		now, _ := to.Process.Element(id)
		role := now.Attrs["role"]
		outside := Task{Role: role}.Outside()
		if now.Attrs["kind"] != string(t.Kind) || (t.Outside() || outside) && role != t.Role || old.Attrs["party"] != now.Attrs["party"] {
			problem(ProblemTask, was, "")
			continue
		}
		if t.Kind == TaskPay && !reflect.DeepEqual(from.Service.Fee, to.Service.Fee) {
			problem(ProblemFee, was, "")
		}
		for _, cmd := range cmds {
			if e, _ := to.Process.Element(cmd.Element); t.Role == roleParty && cmd.Type == bpmn.StartTimer && e.Attached == id && !e.Stays {
				problem(ProblemParty, was, "")
			}
		}
		if role != t.Role {
			t.Role, t.Assignee, t.Assigned = role, "", ""
			ch.touched[t.ID] = taskMoved
		}
	}
}

// migrateParties looks whether those whom the application names are still asked the
// same. A part that somebody is writing stays on the form it was begun with, and
// what somebody has said stays in words only where their form is.
func (ch *change) migrateParties(from, to *pack.Package, problem func(MigrationProblemKind, string, string)) {
	for _, inv := range ch.invitations {
		if to.Party(inv.Party) == nil || inv.Open() && !from.SamePartyForm(to, inv.Party) {
			problem(ProblemParty, ch.elementOf(inv.Task), "")
		}
	}
}

// migrateAnswers looks whether the new form would take the application, beyond
// what the old one would not take today either. The application itself stays as it
// was submitted.
func (ch *change) migrateAnswers(from, to *pack.Package, e *MigrationEffect, problem func(MigrationProblemKind, string, string)) {
	c := ch.c
	asked, before := from.Form.Validate(ch.s.formEnv(from, c, c.Application))
	clean, after := to.Form.Validate(ch.s.formEnv(to, c, c.Application))
	same := func(x form.FieldError) func(form.FieldError) bool {
		return func(y form.FieldError) bool { return x.Field == y.Field && x.Code == y.Code }
	}
	for _, x := range after {
		switch {
		case slices.ContainsFunc(before, same(x)):
		case x.Code == "unknown":
			e.Dropped = append(e.Dropped, x.Field)
		default:
			problem(ProblemForm, x.Field, x.Code)
		}
	}
	for id := range clean {
		_, known := c.Application[id]
		if _, would := asked[id]; !known && !would { // facts that came with the case would be in both
			problem(ProblemForm, id, "new")
		}
	}
	slices.Sort(e.Dropped)
}

// sameEvidence reports whether two versions ask the registers for the same.
func sameEvidence(a, b *pack.Package) bool {
	fetched := func(p *pack.Package) (all []string) {
		for _, e := range p.Service.Evidence {
			if e.By == "state" {
				text, _ := json.Marshal([]string{e.ID, e.Type, e.Subject})
				all = append(all, string(text))
			}
		}
		slices.Sort(all)
		return all
	}
	return slices.Equal(fetched(a), fetched(b))
}

// timersOf is when the timers of a state are due, as far as that is on record.
func (ch *change) timersOf(s bpmn.State) map[string]time.Time {
	all := map[string]time.Time{}
	for _, b := range s.Subs {
		if b.Kind == bpmn.WaitTimer {
			all[b.ID] = ch.c.File.Timers[b.ID].Due
		}
	}
	return all
}

// timersMoved compares the timers with those from before.
func (ch *change) timersMoved(before bpmn.State, due map[string]time.Time, target func(string) string) []TimerMove {
	var all []TimerMove
	gone := map[string]string{} // element of the new version and owner → timer that began again there
	now := ch.timersOf(ch.c.File.Process)
	for _, b := range before.Subs {
		if _, still := now[b.ID]; b.Kind == bpmn.WaitTimer && !still {
			gone[target(b.El)+" "+b.Own] = b.ID
		}
	}
	for _, b := range ch.c.File.Process.Subs {
		if b.Kind != bpmn.WaitTimer {
			continue
		}
		m := TimerMove{Element: b.El, How: TimerKept, NewDue: now[b.ID]}
		if at, kept := due[b.ID]; kept {
			m.Due = at
		} else if id, again := gone[b.El+" "+b.Own]; again {
			m.How, m.Due = TimerRestarted, due[id]
		} else {
			m.How = TimerNew
		}
		all = append(all, m)
	}
	return all
}

// migrateClock gives the authority the time that the new version has, from when
// the clock began; what silence means follows too. A time that would be over
// already is refused: it would decide by itself.
func (ch *change) migrateClock(e *MigrationEffect, problem func(MigrationProblemKind, string, string)) {
	clock, own := ch.c.File.Clock, ch.p.Service.Deadlines
	silence := clock.Silence
	clock.Silence = own.Silence
	if clock.Limit == own.Decide {
		ch.c.File.Clock = clock
	} else {
		clock.Limit, clock.Told = own.Decide, time.Time{} // it may become earlier: the law is another
		ch.setClock(clock)
		e.NewDeadline, _ = ch.deadlineFromNow(ch.c.File.Clock)
	}
	over := func(t time.Time) bool { return !t.IsZero() && ch.now.After(t) }
	if over(e.NewDeadline) && (!over(e.Deadline) || silence != own.Silence) {
		problem(ProblemDeadline, "", "")
	}
}

// deadlineFromNow is the deadline; of a clock that stands still the one that it
// would have, did it run from now on. It cannot become earlier than that.
func (ch *change) deadlineFromNow(c LegalClock) (time.Time, bool) {
	if c.Paused.IsZero() {
		return c.Deadline()
	}
	return c.Resume(ch.now).By(ch.s.calendar).Deadline()
}

// ruleAgain applies the new rules to the same facts, where the old ones had been.
func (ch *change) ruleAgain(e *MigrationEffect, problem func(MigrationProblemKind, string, string)) {
	d, err := ch.p.Decide(ch.facts())
	if err != nil {
		text := err.Error()
		if cause := errors.Unwrap(err); cause != nil {
			text = cause.Error()
		}
		problem(ProblemRules, "", text)
		return
	}
	ch.c.File.Proposal = &d
	e.NewOutcome, e.NewAmount = d.Outcome, d.Amount
}

// submittedUnder is the version under which the case was submitted.
func (c *Case) submittedUnder() string {
	if len(c.File.Migrations) > 0 {
		return c.File.Migrations[0].From
	}
	return c.Version
}
