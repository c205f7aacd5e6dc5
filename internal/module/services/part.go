package services

import (
	"context"

	"passerelle/engine/form"
	"passerelle/internal/module/services/pack"
	"passerelle/internal/platform/db"
	"passerelle/internal/platform/errs"
	"passerelle/internal/platform/web"
)

// Part is the finished part of somebody whom an application names, handed to
// the module of cases.
type Part struct {
	Task    string
	Actor   web.Identity
	Answers form.Answers
}

// PartOf says which part is to be written: that of a party in a task of a case.
type PartOf struct{ Service, Version, Task, Party string }

// BeginPart returns the account's draft of a part, or makes one. Nothing is
// fetched or filled in: what the State knows of the applicant is no party's
// business.
func (s *Service) BeginPart(ctx context.Context, who web.Identity, of PartOf) (*Draft, error) {
	d, err := s.store.openPart(ctx, s.DB.Read(), who.Account, of.Task)
	if errs.KindOf(err) != errs.NotFound || err == nil {
		return d, err
	}
	now := s.Clock.Now()
	d = &Draft{ID: db.NewID(s.Clock), Account: who.Account, Service: of.Service, Version: of.Version, Task: of.Task, Party: of.Party,
		Answers: form.Answers{}, Rev: 1, CreatedAt: now, UpdatedAt: now}
	fresh := true
	err = s.DB.Write(ctx, func(ctx context.Context, tx *db.Tx) (err error) {
		fresh, err = s.store.insert(ctx, tx, d)
		return err
	})
	if err == nil && !fresh { // a double click: the first one stands
		return s.store.openPart(ctx, s.DB.Read(), who.Account, of.Task)
	}
	return d, err
}

// part completes a party's draft that was read: with the form of the party, and
// the facts of the case, which stay where they are. A part stays on the version
// of its case.
func (s *Service) part(ctx context.Context, who web.Identity, d *Draft) (*pack.Package, error) {
	p, ok := s.Packages.Version(d.Service, d.Version)
	if !ok || p.Party(d.Party) == nil {
		return nil, errs.New(errs.Unavailable, "services.part.unavailable").Because("draft %s: %s/%s has no party %s", d.ID, d.Service, d.Version, d.Party)
	}
	if d.Receipt != nil {
		return p, nil
	}
	facts, err := s.PartFacts(ctx, who, d.Task)
	if err != nil {
		return nil, err
	}
	d.asked = &facts
	return p, nil
}

// Form is the form that the draft answers: the service's, or that of a party.
func (d *Draft) Form(p *pack.Package) *form.Form {
	if d.Party != "" {
		return p.Party(d.Party).Form
	}
	return p.Form
}
