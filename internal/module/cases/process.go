package cases

import (
	"bytes"
	_ "embed"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"passerelle/engine/bpmn"
	"passerelle/engine/feel"
	"passerelle/internal/platform/errs"
)

// appealModel is the platform's own process of a non-contentious appeal.
//
//go:embed appeal.bpmn
var appealModel []byte

var appealProcess = func() *bpmn.Process {
	defs, err := bpmn.Parse(bytes.NewReader(appealModel))
	if err != nil {
		panic(err) // compiled in and tested
	}
	p, err := bpmn.Compile(defs, "appeal")
	if err != nil {
		panic(err)
	}
	return p
}()

// Process returns the process that the case follows.
func (d *Dossier) Process() *bpmn.Process {
	if d.Kind == Appeal {
		return appealProcess
	}
	return d.Package.Process
}

func (ch *change) process() *bpmn.Process {
	if ch.c.Kind == Appeal {
		return appealProcess
	}
	return ch.p.Process
}

// start begins the process and, with it, the legal clock: what the form lets
// through is a complete file, once a fee that is due before all else is paid.
func (ch *change) start() error {
	if err := ch.drive(bpmn.Start()); err != nil {
		return err
	}
	ch.settle()
	return nil
}

// tokenOf returns the process token of a task.
func (ch *change) tokenOf(taskID string) string { return strings.TrimPrefix(taskID, ch.c.ID+"/") }

// waitsAt reports whether the process still waits at the token.
func (ch *change) waitsAt(token string) bool {
	return slices.ContainsFunc(ch.c.File.Process.Waits(), func(w bpmn.Wait) bool { return w.ID == token })
}

// elementWaiting is the element that waits under an id: after a migration the id
// names the one of the earlier version.
func (ch *change) elementWaiting(id string) string {
	for _, w := range ch.c.File.Process.Waits() {
		if w.ID == id {
			return w.Element
		}
	}
	return ""
}

// completeToken completes the task or service step id and runs the process on.
func (ch *change) completeToken(id string, r Result) error {
	return ch.drive(bpmn.TaskCompleted(ch.tokenOf(id), r.value()))
}

// signal tells the process a signal and reports whether anything waited for it.
func (ch *change) signal(name string) (caught bool, err error) {
	caught = slices.ContainsFunc(ch.c.File.Process.Waits(), func(w bpmn.Wait) bool {
		return w.Kind == bpmn.WaitSignal && w.Name == name
	})
	if !caught {
		return false, nil
	}
	return true, ch.drive(bpmn.SignalReceived(name))
}

// cancelProcess drops everything the process waits for.
func (ch *change) cancelProcess() {
	next, cmds, err := ch.process().Advance(ch.c.File.Process, bpmn.Cancel(), feel.Null())
	if err != nil {
		return // it has ended, or never began
	}
	ch.c.File.Process, ch.c.File.Incident = next, ""
	for _, cmd := range cmds {
		switch cmd.Type {
		case bpmn.CancelTimer:
			ch.stopTimer(cmd.ID)
		case bpmn.CancelTask:
			ch.cancelCall(cmd)
		}
	}
}

// drive carries the process from event to event until it waits for a person, a
// register or a date. What a service step does happens here, in the same
// transaction, or becomes a job of it.
func (ch *change) drive(ev bpmn.Event) error {
	for events := []bpmn.Event{ev}; len(events) > 0; events = events[1:] {
		next, cmds, err := ch.process().Advance(ch.c.File.Process, events[0], ch.scope())
		if errors.Is(err, bpmn.ErrNotWaiting) {
			return errs.Wrap(errs.Conflict, "cases.task.done", err)
		}
		if err != nil {
			return errs.New(errs.Internal, "").Because("case %s: %w", ch.c.ID, err)
		}
		ch.c.File.Process = next
		for _, cmd := range cmds {
			more, err := ch.carryOut(cmd)
			if err != nil {
				// The step failed, not the case: it stands until an operator
				// has mended the cause and resumes it.
				ch.s.Log.Error("process step failed", "case", ch.c.ID, "element", cmd.Element, "err", err)
				more = []bpmn.Event{bpmn.TaskFailed(cmd.Token, err.Error())}
			}
			events = append(events, more...)
		}
	}
	return nil
}

// carryOut does what one command asks for. The events it returns go back into
// the process.
func (ch *change) carryOut(cmd bpmn.Command) ([]bpmn.Event, error) {
	switch cmd.Type {
	case bpmn.CreateUserTask:
		if r := ch.c.File.Results[cmd.Element]; r.Paid || r.Status != "" { // before the case was reopened: a fee is due once, and nobody is asked twice
			return []bpmn.Event{bpmn.TaskCompleted(cmd.Token, r.value())}, nil
		}
		ch.addTask(cmd)
	case bpmn.CallDecision:
		d, err := ch.decideByRule()
		if err != nil {
			return nil, err
		}
		return []bpmn.Event{bpmn.TaskCompleted(cmd.Token, d.Value)}, nil
	case bpmn.CallService:
		done, err := ch.callService(cmd)
		if err != nil || !done {
			return nil, err
		}
		return []bpmn.Event{bpmn.TaskCompleted(cmd.Token, feel.Null())}, nil
	case bpmn.CancelTask:
		if t := ch.task(ch.c.ID + "/" + cmd.ID); t != nil && t.Status != TaskDone {
			t.Status, t.DoneAt = TaskCancelled, ch.now
			ch.touch(t.ID)
		}
		ch.cancelCall(cmd)
	case bpmn.StartTimer:
		return nil, ch.startTimer(cmd)
	case bpmn.CancelTimer:
		ch.stopTimer(cmd.ID)
	case bpmn.SetVariable:
		ch.setVariable(cmd.Name, cmd.Value)
	case bpmn.RaiseIncident:
		ch.c.File.Incident = cmd.Message
		ch.enter("incident", false, map[string]string{"task": cmd.Element, "text": cmd.Message})
	case bpmn.ClearIncident:
		if !slices.ContainsFunc(ch.c.File.Process.Waits(), func(w bpmn.Wait) bool { return w.Kind == bpmn.WaitIncident }) {
			ch.c.File.Incident = "" // no other step stands still
		}
	case bpmn.EndProcess:
		ch.close()
	}
	return nil, nil
}

// cancelCall takes back the jobs of a service step that is no longer wanted:
// nobody is asked about a person without need.
func (ch *change) cancelCall(cmd bpmn.Command) {
	ch.cancelJob("evidence/" + cmd.ID)
	ch.cancelJob("payout/" + cmd.Token)
	ch.endInvitation(ch.c.ID + "/" + cmd.ID)
}

// callService performs a service task and reports whether it is done already.
func (ch *change) callService(cmd bpmn.Command) (done bool, err error) {
	switch topic := cmd.Attrs["topic"]; topic {
	case "evidence.fetch":
		want := strings.Fields(cmd.Attrs["evidence"])
		if ch.hasEvidence(want) {
			return true, nil
		}
		ch.job("cases.evidence", "evidence/"+cmd.ID, ch.now, evidenceJob{Case: ch.c.ID, Token: cmd.Token, Want: want})
		return false, nil
	case "decision.issue":
		return true, ch.issue()
	case "payment.order":
		return ch.orderPayment(cmd.Token)
	case "certificate.issue":
		return true, ch.issueCertificate(cmd.Attrs["output"])
	default:
		return false, fmt.Errorf("service task %s: unknown topic %q", cmd.Element, topic)
	}
}

// hasEvidence reports whether everything that a step fetches was fetched while
// the form was filled in, or is known to be missing.
func (ch *change) hasEvidence(want []string) bool {
	for _, spec := range ch.p.Service.Evidence {
		if spec.By != "state" || (len(want) > 0 && !slices.Contains(want, spec.ID)) {
			continue
		}
		if _, ok := ch.c.File.Evidence[spec.ID]; !ok && !slices.Contains(ch.c.File.Missing, spec.ID) {
			return false
		}
	}
	return true
}

func (ch *change) addTask(cmd bpmn.Command) {
	t := Task{ID: ch.c.ID + "/" + cmd.ID, Case: ch.c.ID, Element: cmd.Element, Kind: TaskKind(cmd.Attrs["kind"]), Role: cmd.Attrs["role"],
		Authority: ch.c.Authority, Service: ch.c.Service, Status: TaskOpen, CreatedAt: ch.now}
	switch t.Role {
	case roleParty:
		t.DueAt = ch.ends[cmd.Element]
		ch.invite(t, cmd)
	case roleApplicant:
		t.Assignee = ch.c.Account
		if limit := ch.p.Service.Deadlines.Pay; t.Kind == TaskPay && !limit.IsZero() {
			t.DueAt = endOf(ch.s.calendar.lastDay(limit, ch.now, ofPerson))
			ch.keepSpan(t.ID, limit)
			ch.job("cases.fee", "fee/"+cmd.ID, t.DueAt.Add(time.Microsecond), feeJob{Case: ch.c.ID, Task: t.ID, Remind: true})
		}
		ch.notify("task." + string(t.Kind))
	default:
		t.DueAt = ch.c.deadline()
		if ch.asking() {
			t.Status = TaskWaiting
		}
	}
	ch.tasks = append(ch.tasks, t)
	ch.touched[t.ID] = taskNew
}

// fourEyes returns the element whose worker may not complete the task, or "".
func (ch *change) fourEyes(t *Task) string {
	e, ok := ch.process().Element(t.Element)
	if !ok {
		return ""
	}
	return e.Attrs["fourEyes"]
}

// setVariable keeps a variable of the process (a script's result) as a FEEL
// literal. What the rule and the tasks of people result in is kept in Proposal
// and Results already: a copy here would hide what was decided later.
func (ch *change) setVariable(name string, v feel.Value) {
	if _, isTask := ch.c.File.Results[name]; isTask || name == "decision" {
		return
	}
	if ch.c.File.Vars == nil {
		ch.c.File.Vars = map[string]string{}
	}
	ch.c.File.Vars[name] = v.String()
}
