package services

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"passerelle/engine/feel"
	"passerelle/engine/form"
	"passerelle/internal/module/exchange"
	"passerelle/internal/module/services/pack"
	"passerelle/internal/platform/blob"
	"passerelle/internal/platform/clock"
	"passerelle/internal/platform/db"
	"passerelle/internal/platform/errs"
	"passerelle/internal/platform/event"
	"passerelle/internal/platform/i18n"
	"passerelle/internal/platform/mail"
	"passerelle/internal/platform/web"
	"passerelle/internal/platform/work"
)

// Deps is what the module stands on; all but Mail is needed.
type Deps struct {
	DB       *db.DB
	Clock    clock.Clock
	Packages *pack.Set
	Evidence exchange.Source
	Events   *event.Log
	Blobs    *blob.Store
	// Submit makes a case of a finished application: the module of cases.
	Submit func(context.Context, Submission) (Receipt, error)
	// PartFacts and Contribute are the module of cases for the parts of others:
	// what the form of a party's task rests on, for the account that took it, and
	// the hand-in.
	PartFacts  func(ctx context.Context, who web.Identity, task string) (pack.Facts, error)
	Contribute func(context.Context, Part) (Receipt, error)
	Queue      *work.Queue // for mails about pages that are given to others
	Mail       mail.Sender // nil: none is sent
	Texts      *i18n.Bundle
	URL        string // public address of the installation, for links
	Log        *slog.Logger
}

// Service offers the use cases of the module. It is safe for concurrent use.
type Service struct {
	Deps
	store    store
	index    atomic.Pointer[index]
	measures sync.Map // service → cachedMeasure
}

// New returns the service, its search index built, and listens for decisions.
func New(d Deps) *Service {
	s := &Service{Deps: d}
	s.find() // now rather than when the first visitor waits for it
	d.Queue.Handle("services.delegation", s.sendMail)
	d.Events.Subscribe("services.measure", []string{"case.decided"}, s.measureDecision)
	return s
}

// Today is the legal day: the calendar date in Luxembourg.
func (s *Service) Today() time.Time { return s.Clock.Now().In(luxembourg) }

var luxembourg = func() *time.Location {
	l, err := time.LoadLocation("Europe/Luxembourg")
	if err != nil {
		panic(err) // the zone database is compiled in (time/tzdata)
	}
	return l
}()

// Applicant is the signed-in person as the conditions of a package see them,
// null for nobody.
func Applicant(who web.Identity) feel.Value {
	if who.Person == "" {
		return feel.Null()
	}
	birth, _ := feel.ParseTemporal(who.BirthDate) // null when it is not known
	return feel.Context(
		feel.Entry{Name: "id", Value: feel.String(who.Person)},
		feel.Entry{Name: "givenName", Value: feel.String(who.GivenName)},
		feel.Entry{Name: "familyName", Value: feel.String(who.FamilyName)},
		feel.Entry{Name: "birthDate", Value: birth},
	)
}

// Begin returns the account's unsent draft of a service, or makes one and
// fills in what the State already knows. A register that cannot answer does
// not stop anybody: its facts stay empty, and are fetched later. One that does
// not know the person stops the application where the service says so
// (errs.Invalid).
func (s *Service) Begin(ctx context.Context, who web.Identity, service string) (*Draft, error) {
	p, ok := s.Packages.InForce(service, s.Today())
	if !ok || !p.Service.Takes(s.Today()) {
		return nil, errs.New(errs.NotFound, "services.notInForce")
	}
	d, err := s.store.open(ctx, s.DB.Read(), who.Account, service)
	switch {
	case err == nil:
		return d, nil
	case errs.KindOf(err) != errs.NotFound:
		return nil, err
	}
	now := s.Clock.Now()
	d = &Draft{ID: db.NewID(s.Clock), Account: who.Account, Service: p.ID, Version: p.Version, Answers: form.Answers{},
		Rev: 1, CreatedAt: now, UpdatedAt: now}
	d.Evidence, d.Missing, err = Gather(ctx, s.Evidence, p, d.facts(who, s.Today()), nil, nil, Asker{Actor: who.Account})
	if err != nil {
		if errs.KindOf(err) != errs.Unavailable {
			return nil, err
		}
		s.Log.Warn("a register did not answer; the form starts without it", "service", service, "err", err)
	}
	for _, e := range p.Service.Evidence {
		if e.OnMissing == "refuse-application" && slices.Contains(d.Missing, e.ID) {
			return nil, errs.New(errs.Invalid, "services.evidenceMissing").With("evidence", p.T(i18n.FromContext(ctx).Lang(), "evidence."+e.ID+".label"))
		}
	}
	d.Answers, _ = p.Form.Prefill(p.FormEnv(d.facts(who, s.Today())))
	fresh := true
	err = s.DB.Write(ctx, func(ctx context.Context, tx *db.Tx) (err error) {
		fresh, err = s.store.insert(ctx, tx, d)
		return err
	})
	if err == nil && !fresh { // a double click: the first one stands
		return s.store.open(ctx, s.DB.Read(), who.Account, service)
	}
	return d, err
}

// Draft returns the account's draft and the package it is written for. When
// the version it began with takes no applications any more, the draft goes
// over to the one in force; see Draft.Moved. Facts of another day are asked for
// again; see Draft.Refreshed.
func (s *Service) Draft(ctx context.Context, who web.Identity, id string) (*Draft, *pack.Package, error) {
	d, err := s.store.draft(ctx, s.DB.Read(), who.Account, id)
	if err != nil {
		return nil, nil, err
	}
	if d.Party != "" {
		p, err := s.part(ctx, who, d)
		return d, p, err
	}
	p, ok := s.Packages.Version(d.Service, d.Version)
	if d.Receipt != nil && ok {
		return d, p, nil
	}
	if !ok || !p.Service.InForce.Contains(s.Today()) {
		before := p
		if p, ok = s.Packages.InForce(d.Service, s.Today()); !ok {
			return nil, nil, errs.New(errs.Gone, "services.notInForce")
		}
		d.carry(before, p)
	}
	s.refresh(ctx, who, d, p)
	return d, p, nil
}

// refresh asks the registers again when the draft is of another day or lacks an
// answer, so that nobody sends in spring's facts in autumn. A register that
// does not answer leaves what is known.
func (s *Service) refresh(ctx context.Context, who web.Identity, d *Draft, p *pack.Package) {
	lacks := slices.ContainsFunc(p.Service.Evidence, func(e pack.EvidenceSpec) bool {
		_, known := d.Evidence[e.ID]
		return e.By == "state" && !known && !slices.Contains(d.Missing, e.ID)
	})
	sameDay := d.UpdatedAt.In(luxembourg).Format(time.DateOnly) == s.Today().Format(time.DateOnly)
	if sameDay && !lacks {
		return
	}
	got, missing, err := Gather(ctx, s.Evidence, p, d.facts(who, s.Today()), nil, nil, Asker{Actor: who.Account})
	if err != nil {
		s.Log.Warn("a register did not answer; the draft keeps what it had", "service", d.Service, "err", err)
		return
	}
	before := Values(d.Evidence)
	d.Refreshed = !maps.EqualFunc(before, Values(got), func(a, b json.RawMessage) bool { return bytes.Equal(a, b) })
	d.Evidence, d.Missing = got, missing
	known, _ := p.Form.Prefill(p.FormEnv(d.facts(who, s.Today())))
	for id, v := range known {
		if d.Answers[id] == nil || !p.Form.Field(id).Editable() {
			d.Answers[id] = v
		}
	}
}

// Drafts lists the account's unsent applications. Parts in those of others are
// listed with their invitations, by the module of cases.
func (s *Service) Drafts(ctx context.Context, who web.Identity) ([]*Draft, error) {
	return s.store.drafts(ctx, s.DB.Read(), who.Account)
}

// Save stores a draft as changed. A draft that was changed elsewhere since it
// was read is errs.Conflict; nothing of it is lost.
func (s *Service) Save(ctx context.Context, d *Draft) error {
	d.UpdatedAt = s.Clock.Now()
	return s.DB.Write(ctx, func(ctx context.Context, tx *db.Tx) error { return s.store.update(ctx, tx, d) })
}

// Discard deletes an unsent draft.
func (s *Service) Discard(ctx context.Context, who web.Identity, id string) error {
	return s.DB.Write(ctx, func(ctx context.Context, tx *db.Tx) error { return s.store.remove(ctx, tx, who.Account, id) })
}

// Env is what the form's conditions see for the draft.
func (s *Service) Env(p *pack.Package, d *Draft, who web.Identity) form.Env {
	if d.Party != "" {
		var asked pack.Facts
		if d.asked != nil {
			asked = *d.asked
		}
		return p.PartyEnv(asked, d.Answers, Applicant(who))
	}
	return p.FormEnv(d.facts(who, s.Today()))
}

// Send submits the draft as it was at revision rev and returns the receipt; a
// draft that has changed since is errs.Conflict. Sending again returns the same
// receipt. What is wrong comes back as field errors with a nil error.
func (s *Service) Send(ctx context.Context, who web.Identity, id string, rev int64, lang i18n.Lang) (*Receipt, []form.FieldError, error) {
	d, p, err := s.Draft(ctx, who, id)
	if err != nil {
		return nil, nil, err
	}
	if d.Receipt != nil {
		return d.Receipt, nil, nil
	}
	if d.Rev != rev {
		return nil, nil, errs.New(errs.Conflict, "services.draft.changed")
	}
	clean, wrong := d.Form(p).Validate(s.Env(p, d, who))
	if len(wrong) > 0 {
		return nil, wrong, nil
	}
	if d.Party != "" {
		r, err := s.Contribute(ctx, Part{Task: d.Task, Actor: who, Answers: clean})
		if err != nil {
			return nil, nil, err
		}
		return &r, nil, s.DB.Write(ctx, func(ctx context.Context, tx *db.Tx) error { return s.store.sent(ctx, tx, d.ID, r) })
	}
	given, err := s.Delegations(ctx, who, d.ID)
	if err != nil {
		return nil, nil, err
	}
	r, err := s.Submit(ctx, Submission{Service: p.ID, Version: p.Version, Key: "draft/" + d.ID, Actor: who, Lang: lang,
		Application: clean, Evidence: d.Evidence, StartedAt: d.CreatedAt, Helpers: helpers(given)})
	if err != nil {
		return nil, nil, err
	}
	// If we die before this is stored, sending again finds the same case.
	err = s.DB.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
		if err := s.store.endDelegations(ctx, tx, d.ID, db.Micros(s.Clock.Now())); err != nil {
			return err
		}
		return s.store.sent(ctx, tx, d.ID, r)
	})
	return &r, nil, err
}

// Measured is what the last decisions of a service took. Zero Decisions: there
// is no figure yet.
type Measured struct {
	Decisions int
	Filling   time.Duration // median time to fill in the form; zero: unknown
	Deciding  time.Duration // median time from submission to decision
}

type cachedMeasure struct {
	at time.Time
	m  Measured
}

const (
	measureOver  = 500             // decisions
	measureFresh = 5 * time.Minute // how old a shown figure may be
)

// Measure returns the medians over the service's last decisions.
func (s *Service) Measure(ctx context.Context, service string) (Measured, error) {
	now := clock.System{}.Now()
	if v, ok := s.measures.Load(service); ok && now.Sub(v.(cachedMeasure).at) < measureFresh {
		return v.(cachedMeasure).m, nil
	}
	filling, deciding, err := s.store.measured(ctx, s.DB.Read(), service, measureOver)
	if err != nil {
		return Measured{}, err
	}
	m := Measured{Decisions: len(deciding), Filling: median(filling), Deciding: median(deciding)}
	s.measures.Store(service, cachedMeasure{at: now, m: m})
	return m, nil
}

func median(seconds []int64) time.Duration {
	if len(seconds) == 0 {
		return 0
	}
	slices.Sort(seconds)
	return time.Duration(seconds[len(seconds)/2]) * time.Second
}

// measureDecision keeps the times of a decided application.
func (s *Service) measureDecision(ctx context.Context, tx *db.Tx, e event.Event) error {
	var c struct {
		Case, Service, Version, Kind      string
		StartedAt, SubmittedAt, DecidedAt int64
	}
	if err := json.Unmarshal(e.Payload, &c); err != nil {
		return errors.Join(errs.New(errs.Internal, "").Because("event %s", e.ID), err)
	}
	if c.Kind != "application" || c.DecidedAt == 0 {
		return nil
	}
	m := measure{Case: c.Case, Service: c.Service, Version: c.Version, Submitted: db.Time(c.SubmittedAt), Decided: db.Time(c.DecidedAt)}
	if c.StartedAt > 0 {
		m.Filling = m.Submitted.Sub(db.Time(c.StartedAt))
	}
	return s.store.addMeasure(ctx, tx, m)
}
