package services

import (
	"context"
	"crypto/rand"
	"encoding/base32"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"passerelle/engine/form"
	"passerelle/internal/module/services/pack"
	"passerelle/internal/platform/db"
	"passerelle/internal/platform/errs"
	"passerelle/internal/platform/i18n"
	"passerelle/internal/platform/mail"
	"passerelle/internal/platform/web"
	"passerelle/internal/platform/work"
)

// Delegation is a page of a draft that its author gives to somebody who knows
// the answers. It comes back into the draft; only the author sends the
// application. The other person sees that page and nothing else.
type Delegation struct {
	ID, Draft, Page              string
	Code                         string       // in the link; worth nothing without signing in
	Version                      string       // of the service, that Answers are written for
	Name, Email                  string       // as the author named the person; Email "": the author passes the link on
	Owner, OwnerName, OwnerEmail string       // the author
	Applicant                    web.Identity // what conditions read of the author; never shown, gone when the page is back
	Lang, HelperLang             i18n.Lang    // of the author; in which the person is written to
	Account, AnsweredBy          string       // who took it
	Status                       DelegationStatus
	Answers                      form.Answers // of the page
	Rev                          int64
	AskedAt, EndedAt             time.Time
}

// DelegationStatus is the state of a delegation.
type DelegationStatus string

// The states of a delegation.
const (
	DelegationOpen     DelegationStatus = "open"
	DelegationTaken    DelegationStatus = "taken"
	DelegationReturned DelegationStatus = "returned" // the answers are in the draft
	DelegationEnded    DelegationStatus = "ended"    // taken back, or the application was sent
)

// Open reports whether the page is still with the other person.
func (d *Delegation) Open() bool { return d.Status == DelegationOpen || d.Status == DelegationTaken }

const (
	maxName        = 100 // characters
	maxDelegations = 12  // of one draft; each may send a mail to somebody who did not ask for it
)

// delegable reports whether a page of the service may be given away.
func delegable(p *pack.Package, page string) bool {
	return slices.Contains(p.Service.Delegable, page)
}

// Helper is whom a page is given to.
type Helper struct {
	Name, Email string    // Email "": the author passes the link on
	Lang        i18n.Lang // in which they are written to
}

// Delegate gives a page of the author's draft to somebody, by a link. lang is
// the author's language.
func (s *Service) Delegate(ctx context.Context, who web.Identity, draft, page string, to Helper, lang i18n.Lang) error {
	d, p, err := s.Draft(ctx, who, draft)
	if err != nil {
		return err
	}
	name := strings.TrimSpace(to.Name)
	switch {
	case d.Receipt != nil:
		return errs.New(errs.Gone, "services.delegate.sent")
	case d.Party != "" || !delegable(p, page):
		return errs.New(errs.NotFound, "services.delegate.page")
	case name == "" || utf8.RuneCountInString(name) > maxName:
		return errs.New(errs.Invalid, "services.delegate.name")
	}
	x := &Delegation{ID: db.NewID(s.Clock), Draft: d.ID, Page: page, Version: d.Version, Code: newCode(), Name: name, Email: to.Email, Owner: who.Account, OwnerName: who.Name,
		Applicant:  web.Identity{Person: who.Person, GivenName: who.GivenName, FamilyName: who.FamilyName, BirthDate: who.BirthDate},
		OwnerEmail: who.Email, Lang: lang, HelperLang: to.Lang, Status: DelegationOpen, Answers: onPage(p.Form.Page(page), d.Answers), Rev: 1, AskedAt: s.Clock.Now()}
	return s.DB.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
		before, err := s.store.delegations(ctx, tx, d.ID)
		if err != nil {
			return err
		}
		fresh, err := s.store.addDelegation(ctx, tx, x)
		if err == nil && !fresh {
			return errs.New(errs.Conflict, "services.delegate.given")
		}
		if err == nil && len(before) >= maxDelegations {
			return errs.New(errs.TooMany, "services.delegate.tooMany").With("max", maxDelegations)
		}
		if err != nil || to.Email == "" {
			return err
		}
		return s.enqueueMail(ctx, tx, x, "ask")
	})
}

func newCode() string {
	b := make([]byte, 15)
	if _, err := rand.Read(b); err != nil {
		panic(err) // crypto/rand never fails on a supported system
	}
	return base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(b)
}

// onPage are the answers to the questions of a page.
func onPage(p *form.Page, a form.Answers) form.Answers {
	out := form.Answers{}
	for _, f := range p.Fields {
		if v, ok := a[f.ID]; ok {
			out[f.ID] = v
		}
	}
	return out
}

// Delegations lists what the author has given away of a draft.
func (s *Service) Delegations(ctx context.Context, who web.Identity, draft string) ([]*Delegation, error) {
	all, err := s.store.delegations(ctx, s.DB.Read(), draft)
	return slices.DeleteFunc(all, func(d *Delegation) bool { return d.Owner != who.Account }), err
}

// TakeBack ends a delegation that has not come back.
func (s *Service) TakeBack(ctx context.Context, who web.Identity, draft, page string) error {
	all, err := s.Delegations(ctx, who, draft)
	if err != nil {
		return err
	}
	for _, x := range all {
		if x.Page == page && x.Open() {
			x.Status, x.EndedAt = DelegationEnded, s.Clock.Now()
			return s.DB.Write(ctx, func(ctx context.Context, tx *db.Tx) error { return s.store.saveDelegation(ctx, tx, x) })
		}
	}
	return nil // it came back meanwhile
}

// delegated is a page before the person who is to answer it.
type delegated struct {
	*Delegation
	draft *Draft // of the author; not to be shown but for the page
	pack  *pack.Package
}

// Delegated returns the page behind a link. The author gets errs.Forbidden, and
// so does whoever comes after the first who took it.
func (s *Service) delegated(ctx context.Context, who web.Identity, code string) (*delegated, error) {
	x, err := s.store.delegation(ctx, s.DB.Read(), code)
	if err != nil {
		return nil, err
	}
	switch {
	case x.Owner == who.Account:
		return nil, errs.New(errs.Forbidden, "services.delegate.own")
	case x.Account != "" && x.Account != who.Account:
		return nil, errs.New(errs.Forbidden, "services.delegate.taken")
	case !x.Open() && x.Account != who.Account:
		return nil, errs.New(errs.Gone, "services.delegate.over")
	}
	d, err := s.store.draft(ctx, s.DB.Read(), x.Owner, x.Draft)
	if errs.KindOf(err) == errs.NotFound {
		return nil, errs.New(errs.Gone, "services.delegate.over")
	}
	if err != nil {
		return nil, err
	}
	p, ok := s.Packages.Version(d.Service, d.Version)
	if !ok || p.Form.Page(x.Page) == nil {
		return nil, errs.New(errs.Gone, "services.delegate.over")
	}
	if x.Version != p.Version {
		was, _ := s.Packages.Version(d.Service, x.Version)
		x.carry(was, p)
	}
	return &delegated{Delegation: x, draft: d, pack: p}, nil
}

// carry takes the answers over to the version that the draft is written for
// now: what its page does not ask in the same way is dropped.
func (x *Delegation) carry(from, to *pack.Package) {
	x.Version = to.Version
	x.Answers = onPage(to.Form.Page(x.Page), x.Answers)
	maps.DeleteFunc(x.Answers, func(id string, _ any) bool {
		return from == nil || from.Form.Field(id) == nil || !sameAnswer(from.Form.Field(id), to.Form.Field(id))
	})
}

// take binds a delegation to the person who signed in with its link.
func (s *Service) take(ctx context.Context, who web.Identity, x *delegated) error {
	if x.Status != DelegationOpen {
		return nil
	}
	x.Account, x.AnsweredBy, x.Status = who.Account, who.Name, DelegationTaken
	return s.DB.Write(ctx, func(ctx context.Context, tx *db.Tx) error { return s.store.saveDelegation(ctx, tx, x.Delegation) })
}

// answers are the author's answers with those of the page, as far as the other
// person has given them: the page's conditions may read both.
func (x *delegated) answers() form.Answers {
	a := maps.Clone(x.draft.Answers)
	if a == nil {
		a = form.Answers{}
	}
	for _, f := range x.pack.Form.Page(x.Page).Fields {
		delete(a, f.ID)
	}
	maps.Copy(a, x.Delegation.Answers)
	return a
}

// delegatedEnv is what the page's conditions see: the same as before the author,
// so that the questions are the same. No value of it is shown: packages whose
// page would are refused (ADR 0019).
func (s *Service) delegatedEnv(x *delegated, a form.Answers) form.Env {
	return x.pack.FormEnv(pack.Facts{Application: a, Evidence: Values(x.draft.Evidence), Applicant: Applicant(x.Applicant), Date: s.Today()})
}

// keep stores what the person has answered so far.
func (s *Service) keep(ctx context.Context, x *delegated, a form.Answers) error {
	if !x.Open() {
		return errs.New(errs.Gone, "services.delegate.over")
	}
	x.Delegation.Answers = onPage(x.pack.Form.Page(x.Page), a)
	return s.DB.Write(ctx, func(ctx context.Context, tx *db.Tx) error { return s.store.saveDelegation(ctx, tx, x.Delegation) })
}

// handBack puts the answers into the author's draft. What is wrong on the page
// comes back as field errors with a nil error, and nothing has happened.
// Handing back twice changes nothing.
func (s *Service) handBack(ctx context.Context, x *delegated) ([]form.FieldError, error) {
	if x.Status == DelegationReturned {
		return nil, nil
	}
	_, wrong := x.pack.Form.Validate(s.delegatedEnv(x, x.answers()))
	wrong = slices.DeleteFunc(wrong, func(e form.FieldError) bool { return e.Page != x.Page })
	if len(wrong) > 0 {
		return wrong, nil
	}
	x.Status, x.EndedAt = DelegationReturned, s.Clock.Now()
	return nil, s.DB.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
		d, err := s.store.draft(ctx, tx, x.Owner, x.Draft)
		if err != nil || d.Receipt != nil {
			return errs.New(errs.Gone, "services.delegate.over")
		}
		if d.Version != x.draft.Version {
			return errs.New(errs.Conflict, "services.draft.changed") // it went over meanwhile: the page is to be looked at again
		}
		given := *x
		given.draft = d
		d.Answers = given.answers() // UpdatedAt stays: it says how old the facts are, and nobody asked for them now
		if err := s.store.update(ctx, tx, d); err != nil {
			return err
		}
		if err := s.store.saveDelegation(ctx, tx, x.Delegation); err != nil || x.OwnerEmail == "" {
			return err
		}
		return s.enqueueMail(ctx, tx, x.Delegation, "back")
	})
}

// helpers are who answered which page for the author, by page.
func helpers(all []*Delegation) map[string]string {
	var by map[string]string
	for _, x := range all {
		if x.Status == DelegationReturned {
			if by == nil {
				by = map[string]string{}
			}
			by[x.Page] = x.AnsweredBy
		}
	}
	return by
}

// mailJob is a mail about a delegation: "ask" goes to the other person, "back" to
// the author.
type mailJob struct{ Code, What string }

func (s *Service) enqueueMail(ctx context.Context, tx db.Querier, x *Delegation, what string) error {
	payload, err := json.Marshal(mailJob{x.Code, what})
	if err != nil {
		return err
	}
	return work.Enqueue(ctx, tx, work.Job{ID: "services.delegation/" + x.ID + "/" + what, Kind: "services.delegation", Key: x.Draft, Due: s.Clock.Now(), Payload: payload})
}

// sendMail writes to the other person, or to the author. The mail names the
// service and nobody.
func (s *Service) sendMail(ctx context.Context, j work.Job) error {
	var m mailJob
	if err := json.Unmarshal(j.Payload, &m); err != nil {
		return errs.New(errs.Internal, "").Because("job %s: %w", j.ID, err)
	}
	x, err := s.store.delegation(ctx, s.DB.Read(), m.Code)
	if err != nil || s.Mail == nil {
		return err
	}
	d, err := s.store.draft(ctx, s.DB.Read(), x.Owner, x.Draft)
	if errs.KindOf(err) == errs.NotFound {
		return nil // discarded meanwhile
	}
	if err != nil {
		return err
	}
	p, ok := s.Packages.Version(d.Service, d.Version)
	if !ok {
		return nil
	}
	loc := s.Texts.For(x.HelperLang)
	out := mail.Message{ID: j.ID, To: x.Email, Subject: loc.T("services.delegate.mail.subject"),
		Text: loc.T("services.delegate.mail.text", "service", p.T(x.HelperLang, "service.title"), "link", s.Link(x))}
	if m.What == "back" {
		loc = s.Texts.For(x.Lang)
		out.To, out.Subject = x.OwnerEmail, loc.T("services.delegate.back.subject")
		out.Text = loc.T("services.delegate.back.text", "service", p.T(x.Lang, "service.title"), "link", s.URL+"/"+string(x.Lang)+"/applications/"+x.Draft)
	} else if !x.Open() {
		return nil
	}
	return s.Mail.Send(ctx, out)
}

// Link is the address that the other person opens, in their language.
func (s *Service) Link(x *Delegation) string {
	return s.URL + "/" + string(x.HelperLang) + "/parts/" + x.Code
}
