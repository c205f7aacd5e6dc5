package cases

import (
	"context"
	"encoding/json"
	"errors"
	"strings"

	"passerelle/internal/platform/db"
	"passerelle/internal/platform/errs"
	"passerelle/internal/platform/work"
)

// changeTries is how often a change is tried again when somebody else changed
// the case between its reading and its writing.
const changeTries = 5

// change reads the case, lets fn change it, and writes everything that follows
// in one transaction. may decides on the fresh case whether the actor is
// allowed to; whom the case must not be known to is recorded. Both may run more
// than once.
func (s *Service) change(ctx context.Context, a Actor, caseID string, may func(*Case) error, fn func(*change) error) error {
	if s.changeAhead(ctx, a, caseID, may, fn) == nil {
		return nil
	}
	var err error
	refused := false
	for range changeTries {
		err = s.DB.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
			ch, err := s.read(ctx, tx, a, caseID, func(c *Case) error {
				err := may(c)
				refused = errs.KindOf(err) == errs.NotFound
				return err
			})
			if err != nil {
				return err
			}
			if err := fn(ch); err != nil {
				return err
			}
			return s.save(ctx, tx, ch)
		})
		if refused {
			s.recordRefusal(ctx, a, caseID, "change")
		}
		if !errors.Is(err, errs.New(errs.Conflict, "cases.changed")) {
			return err
		}
	}
	return err
}

// changeAhead is the usual way: it reads and thinks before the transaction, for
// which others wait. What was read is then still true if the case has the same
// revision: every change of its tasks and requests counts it up. On any error
// nothing has happened, and the change is to be made, or refused, inside a
// transaction.
func (s *Service) changeAhead(ctx context.Context, a Actor, caseID string, may func(*Case) error, fn func(*change) error) error {
	ch, err := s.read(ctx, s.DB.Read(), a, caseID, may)
	if err != nil {
		return err
	}
	if err := fn(ch); err != nil {
		return err
	}
	return s.DB.WriteGuarded(ctx, func(ctx context.Context, tx *db.Tx) error { return s.save(ctx, tx, ch) })
}

// read reads a case and what belongs to it, if the actor may change it. The
// case comes no later than the rest: whatever changed after it is noticed by its
// revision.
func (s *Service) read(ctx context.Context, q db.Querier, a Actor, caseID string, may func(*Case) error) (*change, error) {
	c, tasks, requests, err := s.store.whole(ctx, q, caseID)
	if err != nil {
		return nil, err
	}
	if err := may(c); err != nil {
		return nil, err
	}
	p, err := s.Package(c)
	if err != nil {
		return nil, err
	}
	ch := s.begin(c, p, a, s.now())
	ch.tasks, ch.requests = tasks, requests
	if len(p.Parties()) == 0 {
		return ch, nil
	}
	ch.invitations, err = s.store.invitations(ctx, q, caseID)
	return ch, err
}

// save writes a changed case and everything that follows.
func (s *Service) save(ctx context.Context, tx *db.Tx, ch *change) error {
	if err := s.store.update(ctx, tx, ch.c); err != nil {
		return err
	}
	if ch.completes != nil {
		if err := ch.completes.Complete(ctx, tx); err != nil {
			return err
		}
	}
	if ch.also != nil {
		if err := ch.also(ctx, tx); err != nil {
			return err
		}
	}
	if err := s.write(ctx, tx, ch); err != nil || ch.reopens == "" {
		return err
	}
	return s.reopen(ctx, tx, ch)
}

// write stores what a change gathered, beside the case itself.
func (s *Service) write(ctx context.Context, tx *db.Tx, ch *change) error {
	c := ch.c
	if err := s.store.addEntries(ctx, tx, c.ID, ch.entries); err != nil {
		return err
	}
	for i, t := range ch.tasks {
		var err error
		switch ch.touched[t.ID] {
		case taskNew:
			err = s.store.addTask(ctx, tx, ch.tasks[i])
		case taskChanged:
			err = s.store.saveTask(ctx, tx, ch.tasks[i])
		case taskMoved:
			if err = s.store.saveTask(ctx, tx, ch.tasks[i]); err == nil {
				err = s.store.moveTask(ctx, tx, ch.tasks[i])
			}
		}
		if err != nil {
			return err
		}
	}
	for i := range ch.requests {
		r := ch.requests[i]
		var err error
		switch ch.touched[r.ID] {
		case taskNew:
			err = s.store.addRequest(ctx, tx, r)
		case taskChanged:
			err = s.store.saveRequest(ctx, tx, r)
		}
		if err != nil {
			return err
		}
	}
	for _, i := range ch.invitations {
		var err error
		switch ch.touched[invitationKey(i.Task)] {
		case taskNew:
			err = s.store.addInvitation(ctx, tx, i)
		case taskChanged:
			err = s.store.saveInvitation(ctx, tx, i)
		}
		if err != nil {
			return err
		}
	}
	for _, d := range ch.documents {
		if err := s.store.addDocument(ctx, tx, d); err != nil {
			return err
		}
	}
	for _, m := range ch.messages {
		if err := s.store.addMessage(ctx, tx, m); err != nil {
			return err
		}
	}
	for _, x := range ch.certificates {
		if err := s.store.addCertificate(ctx, tx, x); err != nil {
			return err
		}
	}
	if ch.receipt != nil {
		if err := s.store.addReceipt(ctx, tx, c.ID, ch.receipt); err != nil {
			return err
		}
	}
	for _, x := range ch.payments {
		if err := s.store.addPayment(ctx, tx, x); err != nil {
			return err
		}
	}
	for _, x := range ch.settled {
		if err := s.store.settlePayment(ctx, tx, x.ID, x.Status, x.Reference, x.DoneAt); err != nil {
			return err
		}
	}
	for _, id := range ch.cancelJobs {
		if err := work.Cancel(ctx, tx, id); err != nil {
			return err
		}
	}
	for _, j := range ch.jobs {
		if err := work.Enqueue(ctx, tx, j); err != nil {
			return err
		}
	}
	for _, e := range ch.events {
		if err := s.Events.Publish(ctx, tx, e); err != nil {
			return err
		}
	}
	for _, o := range ch.opened {
		canonical, _, err := hashOf(o.c.Application)
		if err != nil {
			return err
		}
		file, err := o.c.File.json()
		if err != nil {
			return err
		}
		// Two appeals at once: the first one stands.
		if err := s.store.insert(ctx, tx, o.c, canonical, file, errs.New(errs.Conflict, "cases.changed")); err != nil {
			return err
		}
		if err := s.write(ctx, tx, o); err != nil {
			return err
		}
	}
	return nil
}

// decodeNumbers reads JSON whose numbers keep their written form.
func decodeNumbers(text string, into any) error {
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	return d.Decode(into)
}
