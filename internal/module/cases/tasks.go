package cases

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"passerelle/internal/module/services/pack"
	"passerelle/internal/platform/db"
	"passerelle/internal/platform/errs"
	"passerelle/internal/platform/work"
)

// roleApplicant marks a task of the person the case is about.
const roleApplicant = "applicant"

// Reasons and answers are texts of a person; both ends are checked.
const (
	minReasons = 10
	maxText    = 10_000 // characters
)

// officer lets only people of the case's authority act; a head of unit may do
// what a case worker may.
func officer(a Actor) func(*Case) error {
	return func(c *Case) error {
		if !worksFor(a, c.Authority) {
			return errs.New(errs.NotFound, "cases.notFound").Because("account %s does not work for %s", a.Account, c.Authority)
		}
		if isApplicant(a, c) || isParty(a, c) {
			return errs.New(errs.Forbidden, "cases.ownCase") // nobody decides in their own cause
		}
		return nil
	}
}

func applicant(a Actor) func(*Case) error {
	return func(c *Case) error {
		if !isApplicant(a, c) {
			return errs.New(errs.NotFound, "cases.notFound").Because("account %s is not the applicant of %s", a.Account, c.ID)
		}
		return nil
	}
}

// openTask returns the task if the actor may work on it now.
func (ch *change) openTask(id string) (*Task, error) {
	t := ch.task(id)
	if t == nil || t.Outside() {
		return nil, errs.New(errs.NotFound, "cases.task.notFound")
	}
	if t.Status == TaskDone || t.Status == TaskCancelled {
		return nil, errs.New(errs.Conflict, "cases.task.done")
	}
	if t.Role == RoleHeadOfUnit && !ch.actor.HasIn(ch.c.Authority, RoleHeadOfUnit) {
		return nil, errs.New(errs.Forbidden, "cases.task.headOfUnit")
	}
	return t, nil
}

// Claim takes a task of the queue for the actor. A task that somebody else has
// is errs.Conflict.
func (s *Service) Claim(ctx context.Context, a Actor, caseID, taskID string) error {
	return s.change(ctx, a, caseID, officer(a), func(ch *change) error {
		t, err := ch.openTask(taskID)
		if err != nil {
			return err
		}
		if t.Assignee == a.Account {
			return nil
		}
		if t.Assignee != "" {
			return errs.New(errs.Conflict, "cases.task.taken").With("name", t.Assigned)
		}
		if err := ch.barred(t, a.Account); err != nil {
			return err
		}
		return ch.assign(t, a.Account, a.Name, "claimed")
	})
}

// Release gives a task back to the queue.
func (s *Service) Release(ctx context.Context, a Actor, caseID, taskID string) error {
	return s.change(ctx, a, caseID, officer(a), func(ch *change) error {
		t, err := ch.openTask(taskID)
		if err != nil || t.Assignee == "" {
			return err
		}
		if t.Assignee != a.Account && !a.HasIn(ch.c.Authority, RoleHeadOfUnit) {
			return errs.New(errs.Forbidden, "cases.task.taken").With("name", t.Assigned)
		}
		return ch.assign(t, "", "", "released")
	})
}

// Reassign gives a task to a colleague; only a head of unit may.
func (s *Service) Reassign(ctx context.Context, a Actor, caseID, taskID, account, name string) error {
	return s.change(ctx, a, caseID, officer(a), func(ch *change) error {
		if !a.HasIn(ch.c.Authority, RoleHeadOfUnit) {
			return errs.New(errs.Forbidden, "cases.task.headOfUnit")
		}
		t, err := ch.openTask(taskID)
		if err != nil {
			return err
		}
		if account == "" || account == ch.c.Account {
			return errs.New(errs.Invalid, "cases.task.assignee")
		}
		if err := ch.barred(t, account); err != nil {
			return err
		}
		return ch.assign(t, account, name, "reassigned")
	})
}

func (ch *change) assign(t *Task, account, name, entry string) error {
	t.Assignee, t.Assigned = account, name
	ch.touch(t.ID)
	ch.enter(entry, false, map[string]string{"task": t.Element, "to": name})
	return nil
}

// Decide completes a task of kind decide: the officer confirms what the rule
// proposes, or decides otherwise with reasons. amount is in euro ("1817.00"),
// "" for the rule's.
func (s *Service) Decide(ctx context.Context, a Actor, caseID, taskID string, outcome pack.Outcome, amount, reasons string) error {
	return s.complete(ctx, a, caseID, taskID, TaskDecide, func(ch *change, r *Result) error {
		if outcome != pack.Granted && outcome != pack.Refused {
			return errs.New(errs.Invalid, "cases.decide.outcome")
		}
		proposal := ch.c.File.Proposal
		ruleAmount := ""
		if proposal != nil {
			ruleAmount = proposal.Amount
		}
		if amount == "" && outcome == pack.Granted {
			amount = ruleAmount
		}
		if outcome == pack.Refused {
			amount = ""
		} else if amount != "" {
			cents, err := parseCents(amount)
			if err != nil {
				return errs.New(errs.Invalid, "cases.decide.amount")
			}
			amount = formatCents(cents)
		}
		if ch.paysOut() && outcome == pack.Granted && amount == "" {
			return errs.New(errs.Invalid, "cases.decide.amount")
		}
		if err := checkReasons(reasons, proposal == nil || !follows(proposal, outcome, amount)); err != nil {
			return err
		}
		r.Outcome, r.Amount, r.Reasons = outcome, amount, strings.TrimSpace(reasons)
		return nil
	})
}

// paysOut reports whether a granted decision of the service is money.
func (ch *change) paysOut() bool {
	for _, o := range ch.p.Service.Outputs {
		if o.Type == "payment" && ch.c.Kind == Application {
			return true
		}
	}
	return false
}

// Judge completes a task of kind judge: an open norm is met or not, with
// reasons.
func (s *Service) Judge(ctx context.Context, a Actor, caseID, taskID string, met bool, reasons string) error {
	return s.complete(ctx, a, caseID, taskID, TaskJudge, func(ch *change, r *Result) error {
		if err := checkReasons(reasons, true); err != nil {
			return err
		}
		r.Met, r.Reasons = &met, strings.TrimSpace(reasons)
		return nil
	})
}

// Approve completes a task of kind approve. Who did the work that is to be
// approved cannot approve it (four eyes).
func (s *Service) Approve(ctx context.Context, a Actor, caseID, taskID string, approved bool, reasons string) error {
	return s.complete(ctx, a, caseID, taskID, TaskApprove, func(ch *change, r *Result) error {
		if err := checkReasons(reasons, !approved); err != nil {
			return err
		}
		r.Approved, r.Reasons = &approved, strings.TrimSpace(reasons)
		return nil
	})
}

func checkReasons(reasons string, needed bool) error {
	n := utf8.RuneCountInString(strings.TrimSpace(reasons))
	switch {
	case needed && n < minReasons:
		return errs.New(errs.Invalid, "cases.reasons.needed")
	case n > maxText:
		return errs.New(errs.Invalid, "cases.reasons.long").With("max", maxText)
	}
	return nil
}

// complete checks that the task is the actor's to complete, lets fill say with
// what result, and runs the process on.
func (s *Service) complete(ctx context.Context, a Actor, caseID, taskID string, kind TaskKind, fill func(*change, *Result) error) error {
	return s.change(ctx, a, caseID, officer(a), func(ch *change) error {
		t, err := ch.openTask(taskID)
		if err != nil {
			return err
		}
		if t.Kind != kind {
			return errs.New(errs.Invalid, "cases.task.kind")
		}
		if t.Status == TaskWaiting {
			return errs.New(errs.Conflict, "cases.task.waiting")
		}
		if t.Assignee != "" && t.Assignee != a.Account {
			return errs.New(errs.Conflict, "cases.task.taken").With("name", t.Assigned)
		}
		if err := ch.barred(t, a.Account); err != nil {
			return err
		}
		r := Result{By: a.Account, Name: a.Name, At: ch.now}
		if err := fill(ch, &r); err != nil {
			return err
		}
		return ch.finishTask(t, r)
	})
}

// barred reports why an account may neither take nor complete a task: it took
// part in the contested decision, or did the work that is to be approved.
func (ch *change) barred(t *Task, account string) error {
	if err := ch.excluded(account); err != nil {
		return err
	}
	if slices.Contains(ch.c.File.Involved, account) { // to whom a task is handed
		return errs.New(errs.Forbidden, "cases.ownCase")
	}
	if other := ch.fourEyes(t); other != "" {
		if before, done := ch.c.File.Results[other]; done && before.By == account {
			return errs.New(errs.Forbidden, "cases.task.fourEyes")
		}
	}
	return nil
}

// excluded refuses an account that took part in the contested decision: it
// acts on nothing of the appeal that moves its clock or its outcome.
func (ch *change) excluded(account string) error {
	if slices.Contains(ch.c.File.Excluded, account) {
		return errs.New(errs.Forbidden, "cases.appeal.sameOfficer")
	}
	return nil
}

// finishTask stores the result and runs the process to its next wait state.
func (ch *change) finishTask(t *Task, r Result) error {
	t.Status, t.DoneAt, t.DoneBy = TaskDone, ch.now, ch.actor.Account
	if t.Assignee == "" {
		t.Assignee, t.Assigned = ch.actor.Account, ch.actor.Name
	}
	ch.touch(t.ID)
	if ch.c.File.Results == nil {
		ch.c.File.Results = map[string]Result{}
	}
	ch.c.File.Results[t.Element] = r
	told := map[string]string{"task": t.Element}
	if r.Status != "" {
		told["status"], told["party"] = r.Status, ch.invitation(t.ID).Party
	}
	ch.enter("done."+string(t.Kind), t.Outside(), told)
	if err := ch.completeToken(t.ID, r); err != nil {
		return err
	}
	ch.settle()
	return nil
}

// Ask asks the applicant for evidence. The legal clock stands still until they
// answer, or until the service's time for it has passed.
func (s *Service) Ask(ctx context.Context, a Actor, caseID, text string) error {
	text = strings.TrimSpace(text)
	return s.change(ctx, a, caseID, officer(a), func(ch *change) error {
		if err := ch.excluded(a.Account); err != nil {
			return err
		}
		if utf8.RuneCountInString(text) < minReasons {
			return errs.New(errs.Invalid, "cases.ask.text")
		}
		if err := checkReasons(text, true); err != nil {
			return err
		}
		if ch.c.File.Decision != nil || ch.c.Status == Closed || ch.c.Status == Withdrawn {
			return errs.New(errs.Conflict, "cases.decidedAlready")
		}
		for _, r := range ch.requests {
			if r.Status == RequestOpen {
				return errs.New(errs.Conflict, "cases.ask.open")
			}
		}
		r := Request{ID: db.NewID(s.Clock), Case: caseID, AskedBy: a.Account, AskedName: a.Name, AskedAt: ch.now,
			DueAt: s.AnswerLimit(ch.p, ch.now), Text: text, Status: RequestOpen}
		ch.requests = append(ch.requests, r)
		ch.touched[r.ID] = taskNew
		ch.keepSpan(r.ID, answerSpan(ch.p))
		ch.enter("asked", true, map[string]string{"until": r.DueAt.Format(time.RFC3339), "text": text})
		ch.job("cases.request", "request/"+r.ID, r.DueAt.Add(time.Microsecond), requestJob{Case: caseID, Request: r.ID})
		ch.holdTasks(true)
		ch.setClock(ch.c.File.Clock.Start(ch.now).Pause(ch.now))
		ch.notify("asked")
		ch.settle()
		return nil
	})
}

// AnswerLimit returns until when the applicant may answer a request for
// evidence that is made at the given time: 30 days where the service says
// nothing else.
func (s *Service) AnswerLimit(p *pack.Package, at time.Time) time.Time {
	return endOf(s.calendar.lastDay(answerSpan(p), at, ofPerson))
}

func answerSpan(p *pack.Package) pack.Span {
	if limit := p.Service.Deadlines.Complete; !limit.IsZero() {
		return limit
	}
	return pack.Span{Days: 30}
}

// holdTasks takes the authority's tasks out of the queue while it waits for
// the applicant, and puts them back.
func (ch *change) holdTasks(hold bool) {
	from, to := TaskWaiting, TaskOpen
	if hold {
		from, to = TaskOpen, TaskWaiting
	}
	for i := range ch.tasks {
		if t := &ch.tasks[i]; t.Status == from && !t.Outside() {
			t.Status = to
			ch.touch(t.ID)
		}
	}
}

// Answer is the applicant's answer to a request for evidence: a text, files,
// or both. The clock runs again.
func (s *Service) Answer(ctx context.Context, a Actor, caseID, requestID, text string, files []Document) error {
	text = strings.TrimSpace(text)
	return s.change(ctx, a, caseID, applicant(a), func(ch *change) error {
		r := ch.request(requestID)
		if r == nil {
			return errs.New(errs.NotFound, "cases.request.notFound")
		}
		if r.Status != RequestOpen {
			return errs.New(errs.Conflict, "cases.request.closed")
		}
		if text == "" && len(files) == 0 {
			return errs.New(errs.Invalid, "cases.answer.empty")
		}
		if utf8.RuneCountInString(text) > maxText {
			return errs.New(errs.Invalid, "cases.reasons.long").With("max", maxText)
		}
		r.Status, r.AnsweredAt, r.Answer = RequestAnswered, ch.now, text
		ch.touch(r.ID)
		for _, f := range files {
			f.Request = r.ID
			ch.addDocument(f)
		}
		ch.cancelJob("request/" + r.ID)
		ch.enter("answered", true, nil)
		ch.holdTasks(false)
		ch.settle()
		return nil
	})
}

func (ch *change) request(id string) *Request {
	for i := range ch.requests {
		if ch.requests[i].ID == id {
			return &ch.requests[i]
		}
	}
	return nil
}

// Extend prolongs the legal clock once, by what the service allows, with
// reasons that the applicant reads. The time to answer an appeal is the law's
// (appealLimit), so no service can prolong it.
func (s *Service) Extend(ctx context.Context, a Actor, caseID, reasons string) error {
	return s.change(ctx, a, caseID, officer(a), func(ch *change) error {
		if err := ch.excluded(a.Account); err != nil {
			return err
		}
		if err := checkReasons(reasons, true); err != nil {
			return err
		}
		by := ch.p.Service.Deadlines.Extension
		clock := ch.c.File.Clock
		if ch.c.Kind == Appeal || by.IsZero() || !clock.Extended.IsZero() || !clock.Running() {
			return errs.New(errs.Conflict, "cases.extend.no")
		}
		ch.setClock(clock.Extend(by))
		until, _ := ch.c.File.Clock.Deadline()
		ch.enter("extended", true, map[string]string{"until": until.Format(time.RFC3339), "text": strings.TrimSpace(reasons)})
		ch.notify("extended")
		return nil
	})
}

// Note writes a note into the file that only the authority reads.
func (s *Service) Note(ctx context.Context, a Actor, caseID, text string) error {
	return s.change(ctx, a, caseID, officer(a), func(ch *change) error {
		text = strings.TrimSpace(text)
		if text == "" || utf8.RuneCountInString(text) > maxText {
			return errs.New(errs.Invalid, "cases.note.text")
		}
		ch.enter("note", false, map[string]string{"text": text})
		return nil
	})
}

// Withdraw ends an undecided case at the applicant's wish.
func (s *Service) Withdraw(ctx context.Context, a Actor, caseID string) error {
	return s.change(ctx, a, caseID, applicant(a), func(ch *change) error {
		if ch.c.File.Decision != nil || ch.c.Status == Closed || ch.c.Status == Withdrawn {
			return errs.New(errs.Conflict, "cases.decidedAlready")
		}
		ch.enter("withdrawn", true, nil)
		ch.setClock(ch.c.File.Clock.Stop(ch.now, EndWithdrawn))
		ch.endProcess()
		ch.c.Status = Withdrawn
		ch.publish("case.closed")
		return nil
	})
}

// endProcess cancels everything that still waits in the case.
func (ch *change) endProcess() {
	ch.cancelProcess()
	for i := range ch.tasks {
		if t := &ch.tasks[i]; t.Status == TaskOpen || t.Status == TaskWaiting {
			t.Status, t.DoneAt = TaskCancelled, ch.now
			ch.touch(t.ID)
		}
	}
	ch.endRequests()
}

// endRequests takes back what the applicant was asked for and has not answered.
func (ch *change) endRequests() {
	for i := range ch.requests {
		if r := &ch.requests[i]; r.Status == RequestOpen {
			r.Status = RequestEnded
			ch.touch(r.ID)
			ch.cancelJob("request/" + r.ID)
		}
	}
}

// payTime is what somebody needs to pay, once they are at the bank.
const payTime = 15 * time.Minute

// PayURL returns the address of the page on which the applicant pays the fee
// of a task.
func (s *Service) PayURL(ctx context.Context, a Actor, caseID, taskID, returnURL, purpose string) (string, error) {
	d, err := s.Open(ctx, a, caseID, "pay", false)
	if err != nil {
		return "", err
	}
	i := slices.IndexFunc(d.Tasks, func(t Task) bool { return t.ID == taskID && t.Kind == TaskPay })
	if i < 0 {
		return "", errs.New(errs.NotFound, "cases.task.notFound")
	}
	if d.Tasks[i].Status != TaskOpen {
		return "", errs.New(errs.Conflict, "cases.task.done") // nobody pays twice
	}
	cents, err := feeOf(d.Package)
	if err != nil {
		return "", err
	}
	if s.Payments == nil {
		return "", errs.New(errs.Unavailable, "").Because("no payment provider is configured")
	}
	// Whoever pays and never comes back has paid all the same: the bank is asked.
	due := s.now().Add(payTime)
	payload, err := json.Marshal(feeJob{Case: caseID, Task: taskID})
	if err != nil {
		return "", err
	}
	err = s.DB.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
		return work.Enqueue(ctx, tx, work.Job{ID: taskID + "/asked/" + db.NewID(s.Clock), Kind: "cases.fee", Key: caseID, Due: due, Payload: payload})
	})
	if err != nil {
		return "", err
	}
	return s.Payments.Collect(ctx, Charge{ID: taskID, Cents: cents, Purpose: purpose, ReturnURL: returnURL})
}

// Paid completes the payment task with the provider's receipt. Showing the
// same receipt again changes nothing.
func (s *Service) Paid(ctx context.Context, a Actor, caseID, taskID, receipt string) error {
	if s.Payments == nil {
		return errs.New(errs.Unavailable, "").Because("no payment provider is configured")
	}
	reference, err := s.Payments.Confirm(ctx, taskID, receipt)
	if err != nil {
		return err
	}
	return s.change(ctx, a, caseID, applicant(a), func(ch *change) error { return ch.feePaid(taskID, reference) })
}

// feePaid completes the task of a fee, once. What was paid for a case that had
// ended meanwhile is on record, to be given back.
func (ch *change) feePaid(taskID, reference string) error {
	t := ch.task(taskID)
	if t == nil || t.Kind != TaskPay {
		return errs.New(errs.NotFound, "cases.task.notFound")
	}
	if t.Status == TaskDone {
		return nil
	}
	cents, err := feeOf(ch.p)
	if err != nil {
		return err
	}
	ch.payments = append(ch.payments, Payment{ID: taskID, Case: ch.c.ID, Direction: "in", Cents: cents, Status: "done",
		Provider: ch.s.Payments.Name(), Reference: reference, OrderedAt: ch.now, DoneAt: ch.now})
	if t.Status == TaskCancelled {
		return nil
	}
	ch.cancelJob("fee/" + ch.tokenOf(taskID))
	return ch.finishTask(t, Result{Paid: true, By: ch.c.Account, Name: ch.c.Name, At: ch.now})
}

func feeOf(p *pack.Package) (int64, error) {
	if p.Service.Fee == nil {
		return 0, errs.New(errs.Conflict, "cases.pay.free")
	}
	return parseCents(p.Service.Fee.Amount)
}
