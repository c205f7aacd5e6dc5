package cases

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"time"

	"passerelle/engine/form"
	"passerelle/internal/module/services"
	"passerelle/internal/module/services/pack"
	"passerelle/internal/platform/db"
	"passerelle/internal/platform/event"
	"passerelle/internal/platform/work"
)

// change is one command's work on one case: the case as it will be, and all
// rows and effects that go with it. It does no I/O; Service.write stores it.
type change struct {
	s     *Service
	c     *Case
	p     *pack.Package
	actor Actor // the zero Actor is the system
	now   time.Time

	tasks        []Task
	requests     []Request
	invitations  []Invitation
	ends         map[string]time.Time // when the timer at a task's boundary takes it away, by the task's element
	touched      map[string]touch     // tasks, requests and invitations to store, by id
	entries      []Entry
	documents    []Document
	messages     []Message
	certificates []Certificate
	receipt      *pack.Receipt // of the decision that is issued
	payments     []Payment
	settled      []Payment // payments ordered before, with their outcome
	jobs         []work.Job
	cancelJobs   []string
	completes    *work.Job                           // the job that this change is, or nil
	also         func(context.Context, *db.Tx) error // what is stored with the change besides, or nil
	events       []event.Event
	opened       []*change  // linked cases that this change opens
	since        time.Time  // since when the authority could act, if that is not now
	fired        firedTimer // the timer that this change is, if it is one
	reopens      string     // id of the contested case that a granted appeal opens again
}

type touch int

const (
	taskChanged touch = iota + 1
	taskNew
	taskMoved // changed, and at another element or with another role
)

func (s *Service) begin(c *Case, p *pack.Package, a Actor, now time.Time) *change {
	return &change{s: s, c: c, p: p, actor: a, now: now, touched: map[string]touch{}, ends: map[string]time.Time{}}
}

// enter adds a line to the timeline. data are placeholders of its sentence.
func (ch *change) enter(kind string, public bool, data map[string]string) {
	ch.c.entries++
	e := Entry{Seq: ch.c.entries, At: ch.now, Kind: kind, Actor: ch.actor.Account, Name: ch.actor.Name, Public: public, Data: data}
	if e.Actor == "" {
		e.Actor = "system"
	}
	ch.entries = append(ch.entries, e)
}

// notify puts a message into the applicant's inbox and sends the notice that
// there is one: the mail itself says nothing about the case.
func (ch *change) notify(kind string) {
	id := db.NewID(ch.s.Clock)
	ch.messages = append(ch.messages, Message{ID: id, Account: ch.c.Account, Case: ch.c.ID, Kind: kind, At: ch.now})
	if ch.c.Email != "" || ch.s.Address != nil {
		ch.job("cases.notice", "notice/"+id, ch.now, noticeJob{Case: ch.c.ID, Message: id})
	}
}

// cancelJob takes back work for the cause, scheduled before or by this very
// change.
func (ch *change) cancelJob(cause string) {
	id := ch.c.ID + "/" + cause
	ch.jobs = slices.DeleteFunc(ch.jobs, func(j work.Job) bool { return j.ID == id })
	ch.cancelJobs = append(ch.cancelJobs, id)
}

// job schedules work for the case with an id that follows from its cause.
func (ch *change) job(kind, cause string, due time.Time, payload any) {
	b, err := json.Marshal(payload)
	if err != nil {
		panic(fmt.Sprintf("cases: payload of %s: %v", kind, err)) // only plain structs of ours
	}
	ch.jobs = append(ch.jobs, work.Job{ID: ch.c.ID + "/" + cause, Kind: kind, Key: ch.c.ID, Due: due, Payload: b})
}

func (ch *change) publish(kind string) {
	payload, _ := json.Marshal(map[string]any{
		"case": ch.c.ID, "service": ch.c.Service, "version": ch.c.Version, "authority": ch.c.Authority, "kind": ch.c.Kind,
		"outcome": ch.c.Outcome, "startedAt": db.Micros(ch.c.File.StartedAt), "submittedAt": db.Micros(ch.c.SubmittedAt), "decidedAt": db.Micros(ch.c.DecidedAt),
	})
	ch.events = append(ch.events, event.Event{ID: ch.c.ID + "/" + kind + "/" + strconv.FormatInt(ch.c.entries, 10), Type: kind, Subject: ch.c.ID, At: ch.now, Payload: payload})
}

// takeDocuments lists the files named in the answers as documents of the case.
func (ch *change) takeDocuments(of *form.Form, a form.Answers) {
	for _, page := range of.Pages {
		for _, f := range page.Fields {
			if f.Type != form.File {
				continue
			}
			files, _ := a[f.ID].([]any)
			for _, x := range files {
				m, _ := x.(map[string]any)
				size, _ := strconv.ParseInt(fmt.Sprint(m["size"]), 10, 64)
				ch.addDocument(Document{Field: f.ID, Name: text(m["name"]), MediaType: text(m["type"]), Size: size, Hash: text(m["hash"])})
			}
		}
	}
}

func (ch *change) addDocument(d Document) {
	d.ID, d.Case, d.AddedBy, d.AddedAt = db.NewID(ch.s.Clock), ch.c.ID, ch.actor.Account, ch.now
	ch.documents = append(ch.documents, d)
}

func text(v any) string { s, _ := v.(string); return s }

// task returns the task with the id, or nil.
func (ch *change) task(id string) *Task {
	for i := range ch.tasks {
		if ch.tasks[i].ID == id {
			return &ch.tasks[i]
		}
	}
	return nil
}

// touch marks a task or request as changed, so that it is stored.
func (ch *change) touch(id string) {
	if ch.touched[id] == 0 {
		ch.touched[id] = taskChanged
	}
}

// setClock replaces the legal clock and keeps what depends on it in step: the
// deadlines of the authority's tasks, and the job that waits for its end.
func (ch *change) setClock(clock LegalClock) {
	before := ch.c.File.Clock
	old, hadOld := before.Deadline()
	counted := clock.By(ch.s.calendar)
	deadline, ok := counted.Deadline()
	switch same := hadOld && ok && clock.counted(nil).Equal(before.counted(nil)); {
	case !same, !deadline.After(old):
		clock = counted
	case deadline.Before(ch.now): // it was over before the calendar changed
		deadline = old
	default:
		clock = counted
		ch.moved(OfDecision, "", old, deadline)
	}
	ch.c.File.Clock = clock
	if hadOld && !(ok && deadline.Equal(old)) {
		ch.cancelJob(deadlineCause(old))
	}
	if ok && !(hadOld && deadline.Equal(old)) {
		ch.job("cases.deadline", deadlineCause(deadline), deadline.Add(time.Microsecond), caseJob{Case: ch.c.ID})
	}
	due := ch.c.deadline() // after an implied refusal the one that was missed: the task stays late
	for i := range ch.tasks {
		t := &ch.tasks[i]
		if (t.Status == TaskOpen || t.Status == TaskWaiting) && !t.Outside() && !t.DueAt.Equal(due) {
			t.DueAt = due
			ch.touch(t.ID)
		}
	}
}

func deadlineCause(t time.Time) string { return "deadline/" + strconv.FormatInt(db.Micros(t), 10) }

// asking reports whether the applicant was asked for evidence.
func (ch *change) asking() bool {
	return slices.ContainsFunc(ch.requests, func(r Request) bool { return r.Status == RequestOpen })
}

// owing reports whether a task of the applicant is open: a fee.
func (ch *change) owing() bool {
	return slices.ContainsFunc(ch.tasks, func(t Task) bool { return t.Status == TaskOpen && t.Role == roleApplicant })
}

// settle sets the status of an undecided or running case from what it waits
// for, and lets the legal clock run only while the authority could act: not
// before the fee is paid, what was asked for is answered, and everybody whom the
// application names has had their say.
func (ch *change) settle() {
	c := ch.c
	if c.Status == Withdrawn || c.Status == Closed {
		return
	}
	switch {
	case ch.owing(), ch.partying():
		ch.setClock(c.File.Clock.Pause(ch.now))
	case !ch.asking():
		since := ch.now
		if !ch.since.IsZero() && ch.since.After(c.File.Clock.Paused) {
			since = ch.since
		}
		ch.setClock(c.File.Clock.Start(since).Resume(since))
	}
	status := Received
	if c.File.Decision != nil {
		status = Decided
	}
	for _, t := range ch.tasks {
		if t.Status == TaskOpen && !t.Outside() && c.File.Decision == nil {
			status = Examined
		}
	}
	if ch.partying() {
		status = Asking
	}
	if ch.owing() {
		status = Waiting
	}
	if ch.asking() {
		status = Waiting
	}
	c.Status = status
}

// facts are what the package decides on.
func (ch *change) facts() pack.Facts { return factsOf(ch.c) }

func factsOf(c *Case) pack.Facts {
	return pack.Facts{
		Reading:     &c.reading,
		Application: c.Application, Evidence: services.Values(c.File.Evidence),
		Applicant: c.File.Applicant.Value(), Date: c.SubmittedAt.In(luxembourg), Missing: c.File.Missing,
		Parties: c.File.Parties,
	}
}

// formEnv is what the form's conditions see when an application is validated.
func (s *Service) formEnv(p *pack.Package, c *Case, answers form.Answers) form.Env {
	return p.FormEnv(pack.Facts{Reading: &c.reading, Application: answers, Evidence: services.Values(c.File.Evidence), Applicant: c.File.Applicant.Value(), Date: c.SubmittedAt.In(luxembourg)})
}

// applicantOf is the signed-in person as service packages see them.
func applicantOf(a Actor) Applicant {
	return Applicant{ID: a.Person, GivenName: a.GivenName, FamilyName: a.FamilyName, BirthDate: a.BirthDate}
}
