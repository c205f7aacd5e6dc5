package cases

import (
	"context"
	"errors"
	"strings"
	"time"
	"unicode/utf8"

	"passerelle/engine/bpmn"
	"passerelle/engine/form"
	"passerelle/internal/module/services/pack"
	"passerelle/internal/platform/db"
	"passerelle/internal/platform/errs"
	"passerelle/internal/platform/i18n"
)

// appealLimit is the authority's time to answer a non-contentious appeal:
// three months' silence is refusal (law of 1.12.1978, règlement grand-ducal of
// 8.6.1979).
var appealLimit = pack.Span{Months: 3}

// Appeal makes a non-contentious appeal against a decision, or against silence
// that counts as refusal: a linked case of its own, decided by somebody who had
// no part in the contested decision. One appeal is possible for a case; asking
// again returns the same receipt.
func (s *Service) Appeal(ctx context.Context, a Actor, caseID, text string, lang i18n.Lang) (Receipt, error) {
	text = strings.TrimSpace(text)
	if n := utf8.RuneCountInString(text); n < minReasons {
		return Receipt{}, errs.New(errs.Invalid, "cases.reasons.needed")
	} else if n > maxText {
		return Receipt{}, errs.New(errs.Invalid, "cases.reasons.long").With("max", maxText)
	}
	var receipt Receipt
	before, err := s.store.byKey(ctx, s.DB.Read(), a.Account, appealKey(caseID))
	if err == nil {
		return before.receipt(), nil
	}
	if errs.KindOf(err) != errs.NotFound {
		return receipt, err
	}
	err = s.change(ctx, a, caseID, applicant(a), func(ch *change) error {
		contested := ch.c.contested()
		if contested == nil || ch.c.Kind == Appeal {
			return errs.New(errs.Conflict, "cases.appeal.nothing")
		}
		if !contested.Appeal.Open(ch.now) {
			return errs.New(errs.Gone, "cases.appeal.late").With("until", contested.Appeal.Until)
		}
		appeal, err := ch.openAppeal(a, text, lang)
		if err != nil {
			return err
		}
		ch.opened = append(ch.opened, appeal)
		ch.enter("appealed", true, map[string]string{"number": appeal.c.Number})
		receipt = appeal.c.receipt()
		return nil
	})
	if errors.Is(err, errs.New(errs.Conflict, "cases.changed")) { // two at once: the first one stands
		if before, err := s.store.byKey(ctx, s.DB.Read(), a.Account, appealKey(caseID)); err == nil {
			return before.receipt(), nil
		}
	}
	return receipt, err
}

func appealKey(caseID string) string { return "appeal/" + caseID }

// contested is what an appeal would be against, or nil.
func (c *Case) contested() *Decision {
	if c.Status == Withdrawn {
		return nil
	}
	if c.File.Decision != nil {
		return c.File.Decision
	}
	return c.File.Silence
}

// openAppeal prepares the linked case.
func (ch *change) openAppeal(a Actor, text string, lang i18n.Lang) (*change, error) {
	of := ch.c
	answers := form.Answers{"appeal": text}
	_, hash, err := hashOf(answers)
	if err != nil {
		return nil, err
	}
	c := &Case{
		ID: db.NewID(ch.s.Clock), Number: newNumber(ch.p.Service.Prefix+"-R", ch.now.In(luxembourg).Year()), Kind: Appeal,
		Service: of.Service, Version: of.Version, Authority: of.Authority, Account: a.Account, Person: of.Person, Name: of.Name,
		Email: of.Email, Lang: lang, Idempotency: appealKey(of.ID), Linked: of.ID, Status: Received, SubmittedAt: ch.now,
		ContentHash: hash, Application: answers,
		File: File{
			Applicant: of.File.Applicant, Involved: of.File.Involved, Evidence: of.File.Evidence, AppealText: text,
			Clock: LegalClock{Limit: appealLimit, Silence: "refusal"},
		},
	}
	for _, r := range of.File.Results {
		if r.Outcome != "" || r.Approved != nil || r.Met != nil {
			c.File.Excluded = append(c.File.Excluded, r.By)
		}
	}
	appeal := ch.s.begin(c, ch.p, a, ch.now)
	appeal.enter("appealSubmitted", true, map[string]string{"number": of.Number, "text": text})
	if err := appeal.start(); err != nil {
		return nil, err
	}
	appeal.publish("case.submitted")
	return appeal, nil
}

// reopen opens the contested case again because the appeal against it was
// granted: in the same transaction, so that a success is never without effect.
func (s *Service) reopen(ctx context.Context, tx *db.Tx, appeal *change) error {
	c, tasks, requests, err := s.store.whole(ctx, tx, appeal.reopens)
	if err != nil {
		return err
	}
	p, err := s.Package(c)
	if err != nil {
		return err
	}
	ch := s.begin(c, p, appeal.actor, appeal.now)
	ch.tasks, ch.requests = tasks, requests
	if ch.invitations, err = s.store.invitations(ctx, tx, c.ID); err != nil {
		return err
	}
	if err := s.store.revokeCertificates(ctx, tx, c.ID, ch.now); err != nil {
		return err
	}
	if err := ch.startAgain(appeal.c.Number); err != nil {
		return err
	}
	if err := s.store.update(ctx, tx, c); err != nil {
		return err
	}
	return s.write(ctx, tx, ch)
}

// startAgain lifts the decision and runs the process anew: the authority
// examines and decides once more, within its whole time. What others contributed
// stays, what was paid stays paid, in both directions; what was certified is revoked; steps keep counting, so that no effect of the
// first run is taken for one of the second.
func (ch *change) startAgain(appealNumber string) error {
	ch.endProcess()
	f := &ch.c.File
	if f.Decision != nil {
		f.Superseded = append(f.Superseded, *f.Decision)
	}
	f.Decision, f.Silence, f.Proposal, f.Vars = nil, nil, nil, nil
	for element, r := range f.Results {
		if !r.Paid && r.Status == "" {
			delete(f.Results, element)
		}
	}
	f.Process = bpmn.State{Count: f.Process.Count}
	ch.setClock(LegalClock{Limit: ch.p.Service.Deadlines.Decide, Silence: ch.p.Service.Deadlines.Silence})
	ch.c.Status, ch.c.Outcome, ch.c.DecidedAt = Received, "", time.Time{}
	ch.enter("reopened", true, map[string]string{"number": appealNumber})
	ch.notify("reopened")
	return ch.start()
}
