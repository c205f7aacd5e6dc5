package cases

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
	"time"

	"passerelle/engine/form"
	"passerelle/internal/module/exchange"
	"passerelle/internal/module/services"
	"passerelle/internal/platform/errs"
	"passerelle/internal/platform/mail"
	"passerelle/internal/platform/work"
)

// The payloads of the module's jobs.
type (
	caseJob     struct{ Case string }
	requestJob  struct{ Case, Request string }
	noticeJob   struct{ Case, Message string }
	timerJob    struct{ Case, Timer string }
	evidenceJob struct {
		Case, Token string
		Want        []string
	}
	inviteJob struct {
		Case, Task string
		Sent       int64
		Reminder   bool
		Next       time.Time // a reminder: when the next one, or the end, is due
	}
	feeJob struct {
		Case, Task string
		Remind     bool
	}
	payoutJob struct {
		Case, Payment, Token string
		Cents                int64
	}
)

// handleJobs registers what the queue does for the module. Each handler may
// run more than once for one job; its effect happens once.
func (s *Service) handleJobs() {
	handle(s, "cases.deadline", func(ctx context.Context, j caseJob) error {
		return s.bySystem(ctx, j.Case, (*change).expire)
	})
	handleJob(s, "cases.request", func(ctx context.Context, job work.Job, j requestJob) error {
		return s.bySystem(ctx, j.Case, func(ch *change) error {
			ch.completes = &job // so that it can be put off
			ch.recount()
			ch.lapse(j.Request)
			return nil
		})
	})
	handleJob(s, "cases.timer", func(ctx context.Context, job work.Job, j timerJob) error {
		return s.bySystem(ctx, j.Case, func(ch *change) error {
			ch.completes = &job
			return ch.fireTimer(j.Timer)
		})
	})
	handle(s, "cases.evidence", s.fetchEvidence)
	handle(s, "cases.notice", s.sendNotice)
	handle(s, "cases.payout", s.payOut)
	handle(s, "cases.fee", s.checkFee)
	handleJob(s, "cases.run", s.goOn)
	handle(s, "cases.invite", s.sendInvitation)
	handle(s, "cases.remind", s.remind)
}

func handle[T any](s *Service, kind string, do func(context.Context, T) error) {
	handleJob(s, kind, func(ctx context.Context, _ work.Job, payload T) error { return do(ctx, payload) })
}

// handleJob is handle for work that completes its job itself.
func handleJob[T any](s *Service, kind string, do func(context.Context, work.Job, T) error) {
	s.Queue.Handle(kind, func(ctx context.Context, j work.Job) error {
		var payload T
		if err := json.Unmarshal(j.Payload, &payload); err != nil {
			return errs.New(errs.Internal, "").Because("job %s: %w", j.ID, err)
		}
		return do(ctx, j, payload)
	})
}

// bySystem changes a case in the name of nobody.
func (s *Service) bySystem(ctx context.Context, caseID string, fn func(*change) error) error {
	return s.change(ctx, Actor{}, caseID, func(*Case) error { return nil }, fn)
}

// fetchEvidence asks the registers outside any transaction, then stores the
// answers and runs the process on. A step that was completed meanwhile is left
// alone.
func (s *Service) fetchEvidence(ctx context.Context, j evidenceJob) error {
	c, err := s.store.byID(ctx, s.DB.Read(), j.Case)
	if err != nil {
		return err
	}
	p, err := s.Package(c)
	if err != nil {
		return err
	}
	got, missing, err := services.Gather(ctx, s.Evidence, p, factsOf(c), c.File.Evidence, j.Want,
		services.Asker{Actor: "system:" + c.Service, Case: c.ID})
	if err != nil {
		return err
	}
	return s.bySystem(ctx, j.Case, func(ch *change) error {
		if !ch.waitsAt(j.Token) {
			return nil
		}
		ch.keepEvidence(got, missing)
		ch.enter("fetched", true, nil)
		if err := ch.completeToken(j.Token, Result{}); err != nil {
			return err
		}
		ch.settle()
		return nil
	})
}

// keepEvidence adds what registers said, or do not have, to the case's file.
func (ch *change) keepEvidence(got map[string]exchange.Evidence, missing []string) {
	f := &ch.c.File
	if f.Evidence == nil {
		f.Evidence = map[string]exchange.Evidence{}
	}
	maps.Copy(f.Evidence, got)
	f.Missing = slices.DeleteFunc(append(f.Missing, missing...), func(id string) bool { _, known := f.Evidence[id]; return known })
	slices.Sort(f.Missing)
	f.Missing = slices.Compact(f.Missing)
}

// sendNotice mails that there is news; what the news is stays behind the
// sign-in.
func (s *Service) sendNotice(ctx context.Context, j noticeJob) error {
	c, err := s.store.byID(ctx, s.DB.Read(), j.Case)
	if err != nil || s.Mail == nil {
		return err
	}
	to := c.Email
	if s.Address != nil { // what the person chose since
		if to, err = s.Address(ctx, c.Account); err != nil {
			return err
		}
	}
	if to == "" {
		return nil
	}
	loc := s.Texts.For(c.Lang)
	return s.Mail.Send(ctx, mail.Message{
		ID: j.Message, To: to, Subject: loc.T("cases.mail.subject"),
		Text: loc.T("cases.mail.text", "link", s.URL+"/"+string(c.Lang)+"/inbox"),
	})
}

// payOut sends the money; the provider knows the payment by its id, so that a
// second run moves nothing.
func (s *Service) payOut(ctx context.Context, j payoutJob) error {
	c, err := s.store.byID(ctx, s.DB.Read(), j.Case)
	if err != nil {
		return err
	}
	p, err := s.Package(c)
	if err != nil {
		return err
	}
	reference, err := s.Payments.PayOut(ctx, Transfer{ID: j.Payment, Cents: j.Cents, IBAN: ibanOf(p.Form, c.Application), Reference: c.Number})
	if err != nil {
		return err
	}
	return s.change(ctx, Actor{}, j.Case, func(*Case) error { return nil }, func(ch *change) error {
		if !ch.waitsAt(j.Token) {
			return nil
		}
		ch.settled = append(ch.settled, Payment{ID: j.Payment, Status: "done", Reference: reference, DoneAt: ch.now})
		ch.enter("paid", true, map[string]string{"amount": formatCents(j.Cents)})
		if err := ch.completeToken(j.Token, Result{}); err != nil {
			return err
		}
		ch.settle()
		return nil
	})
}

// checkFee asks the bank about a fee that nobody has shown a receipt for. When it
// is not paid, the applicant is reminded once the time for it is over; they can
// still pay, and the case goes on then.
func (s *Service) checkFee(ctx context.Context, j feeJob) error {
	if s.Payments == nil {
		return errs.New(errs.Unavailable, "").Because("no payment provider is configured")
	}
	reference, paid, err := s.Payments.Status(ctx, j.Task)
	if err != nil || !paid && !j.Remind {
		return err
	}
	return s.bySystem(ctx, j.Case, func(ch *change) error {
		if paid {
			return ch.feePaid(j.Task, reference)
		}
		if t := ch.task(j.Task); t != nil && t.Status == TaskOpen {
			ch.notify("task." + string(TaskPay))
		}
		return nil
	})
}

// ibanOf returns the account named in the application, "" when there is none.
func ibanOf(f *form.Form, a form.Answers) string { return text(a[ibanField(f)]) }

func ibanField(f *form.Form) string {
	for _, page := range f.Pages {
		for _, field := range page.Fields {
			if field.Type == form.IBAN {
				return field.ID
			}
		}
	}
	return ""
}
