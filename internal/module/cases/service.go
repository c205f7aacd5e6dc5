package cases

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"time"

	"passerelle/engine/form"
	"passerelle/internal/module/exchange"
	"passerelle/internal/module/services"
	"passerelle/internal/module/services/pack"
	"passerelle/internal/platform/clock"
	"passerelle/internal/platform/db"
	"passerelle/internal/platform/errs"
	"passerelle/internal/platform/event"
	"passerelle/internal/platform/i18n"
	"passerelle/internal/platform/mail"
	"passerelle/internal/platform/web"
	"passerelle/internal/platform/work"
)

// Deps is what the module stands on; all but Mail and Payments is needed.
type Deps struct {
	DB       *db.DB
	Clock    clock.Clock
	Queue    *work.Queue
	Events   *event.Log
	Packages *pack.Set
	Evidence exchange.Source
	Payments PaymentProvider // nil: services with fees or payouts stop there, as an incident
	Mail     mail.Sender     // nil: notices stay in the inbox
	// Address returns where an account wants its notices now, "" for nowhere;
	// nil: where it wanted them when it applied.
	Address func(ctx context.Context, account string) (string, error)
	Texts   *i18n.Bundle
	URL     string // public address of the installation, for links in mail
	Log     *slog.Logger
}

// Service offers the use cases of the module. It is safe for concurrent use.
type Service struct {
	Deps
	store    store
	calendar *Calendar
}

// New returns the service and registers its jobs with the queue.
func New(d Deps) *Service {
	s := &Service{Deps: d, calendar: NewCalendar(d.Packages.Calendar)}
	s.handleJobs()
	s.handleMigrations()
	return s
}

// Calendar is the calendar with which time limits are counted.
func (s *Service) Calendar() *Calendar { return s.calendar }

// Actor is the person who uses the service.
type Actor = web.Identity

// The names of roles, as they stand after the authority in a claim.
const (
	RoleCaseWorker = "case-worker"
	RoleHeadOfUnit = "head-of-unit"
)

// worksFor reports whether the actor works on cases of the authority.
func worksFor(a Actor, authority string) bool {
	return a.HasIn(authority, RoleCaseWorker) || a.HasIn(authority, RoleHeadOfUnit)
}

// Authorities returns the authorities the actor works for, sorted.
func Authorities(a Actor) []string {
	all := append(a.Authorities(RoleCaseWorker), a.Authorities(RoleHeadOfUnit)...)
	slices.Sort(all)
	return slices.Compact(all)
}

// isApplicant reports whether the case is the actor's own.
func isApplicant(a Actor, c *Case) bool {
	return c.Account == a.Account || (a.Person != "" && c.Person == a.Person)
}

// Submission is an application as the form runner or the API hands it in.
type Submission = services.Submission

// Receipt proves what was received, and when.
type Receipt = services.Receipt

// InvalidApplication is the cause inside the errs.Invalid error of Submit: what
// is wrong, field by field.
type InvalidApplication struct{ Fields []form.FieldError }

func (e InvalidApplication) Error() string {
	var names []string
	for _, f := range e.Fields {
		names = append(names, f.Field+" ("+f.Code+")")
	}
	return "application: " + strings.Join(names, ", ")
}

// Submit stores an application and runs its process to the first wait state in
// one transaction. When it returns a receipt, the application is durable. The
// same account and key return the same receipt again; with another content
// they are errs.Conflict. A wrong application is errs.Invalid with an
// InvalidApplication inside.
func (s *Service) Submit(ctx context.Context, sub Submission) (Receipt, error) {
	for {
		r, err := s.submit(ctx, sub)
		if !errors.Is(err, errTaken) {
			return r, err
		}
	}
}

// errTaken: the key, or the random number, is another case's.
var errTaken = errors.New("cases: the key or the number is taken")

func (s *Service) submit(ctx context.Context, sub Submission) (Receipt, error) {
	if sub.Actor.Account == "" {
		return Receipt{}, errs.New(errs.Unauthenticated, "")
	}
	if sub.Key == "" || len(sub.Key) > 200 {
		return Receipt{}, errs.New(errs.Invalid, "cases.key")
	}
	now := s.now()
	p, err := s.packageFor(sub, now)
	if err != nil {
		return s.again(ctx, s.DB.Read(), sub, err)
	}
	c := &Case{
		ID: db.NewID(s.Clock), Number: newNumber(p.Service.Prefix, now.In(luxembourg).Year()), Kind: Application,
		Service: p.ID, Version: p.Version, Authority: p.Service.Authority,
		Account: sub.Actor.Account, Person: sub.Actor.Person, Name: sub.Actor.Name, Email: sub.Actor.Email, Lang: sub.Lang,
		Idempotency: sub.Key, Status: Received, SubmittedAt: now,
		File: File{Applicant: applicantOf(sub.Actor), StartedAt: sub.StartedAt, Helpers: sub.Helpers, Evidence: sub.Evidence},
	}
	clean, fields := p.Form.Validate(s.formEnv(p, c, sub.Application))
	if len(fields) > 0 {
		return s.again(ctx, s.DB.Read(), sub, errs.Wrap(errs.Invalid, "cases.invalid", InvalidApplication{fields}))
	}
	c.Application = clean
	canonical, hash, err := hashOf(clean)
	if err != nil {
		return Receipt{}, err
	}
	c.ContentHash = hash

	// All thinking is done before the transaction: on SQLite one writer serves
	// everybody, and a transaction that is run again finds it done.
	ch := s.begin(c, p, sub.Actor, now)
	ch.enter("submitted", true, nil)
	ch.takeDocuments(p.Form, clean)
	c.File.Clock = LegalClock{Limit: p.Service.Deadlines.Decide, Silence: p.Service.Deadlines.Silence}
	if err := ch.start(); err != nil {
		return Receipt{}, err
	}
	ch.publish("case.submitted")
	file, err := c.File.json()
	if err != nil {
		return Receipt{}, err
	}
	err = s.DB.WriteGuarded(ctx, func(ctx context.Context, tx *db.Tx) error { // by the unique keys of the case
		if err := s.store.insert(ctx, tx, c, canonical, file, errTaken); err != nil {
			return err
		}
		return s.write(ctx, tx, ch)
	})
	switch {
	case err == nil:
		return c.receipt(), nil
	case !errors.Is(err, errTaken):
		return Receipt{}, err
	}
	var receipt Receipt
	err = s.DB.Write(ctx, func(ctx context.Context, tx *db.Tx) (err error) { // the other may be about to be committed
		receipt, err = s.again(ctx, tx, sub, errTaken)
		return err
	})
	return receipt, err
}

// again answers a submission whose key the account has used before: with the
// receipt of that case if it has the same content, else with errs.Conflict.
// The content is read as it was on the first day, with that day's version,
// date and (if the registers say something else by now) evidence, so that a
// repetition after midnight is still one. Without such a case the answer is
// otherwise.
func (s *Service) again(ctx context.Context, q db.Querier, sub Submission, otherwise error) (Receipt, error) {
	before, err := s.store.byKey(ctx, q, sub.Actor.Account, sub.Key)
	if errs.KindOf(err) == errs.NotFound {
		return Receipt{}, otherwise
	}
	if err != nil {
		return Receipt{}, err
	}
	conflict := errs.New(errs.Conflict, "cases.sameKey").With("number", before.Number)
	if before.Kind != Application || before.Service != sub.Service || (sub.Version != "" && before.submittedUnder() != sub.Version) {
		return Receipt{}, conflict
	}
	then := *before
	then.Version = before.submittedUnder()
	p, err := s.Package(&then)
	if err != nil {
		return Receipt{}, err
	}
	then.File.Evidence = sub.Evidence
	for _, c := range []*Case{&then, before} {
		clean, fields := p.Form.Validate(s.formEnv(p, c, sub.Application))
		if _, hash, err := hashOf(clean); err == nil && len(fields) == 0 && hash == before.ContentHash {
			return before.receipt(), nil
		}
	}
	return Receipt{}, conflict
}

// now is the present moment, as exact as the database keeps it: what is said
// at once and what is read later are the same.
func (s *Service) now() time.Time { return s.Clock.Now().Truncate(time.Microsecond) }

func (c *Case) receipt() Receipt {
	return Receipt{Case: c.ID, Number: c.Number, ReceivedAt: c.SubmittedAt, ContentHash: c.ContentHash}
}

func (s *Service) packageFor(sub Submission, now time.Time) (*pack.Package, error) {
	day := now.In(luxembourg)
	p, ok := s.Packages.Version(sub.Service, sub.Version)
	if sub.Version == "" {
		p, ok = s.Packages.InForce(sub.Service, day)
	}
	if !ok {
		return nil, errs.New(errs.NotFound, "cases.service")
	}
	if !p.Service.Takes(day) {
		return nil, errs.New(errs.Gone, "cases.notInForce").With("version", p.Version)
	}
	return p, nil
}

var errNoPackage = errs.New(errs.Unavailable, "cases.packageMissing")

// Package returns the service version the case was submitted to. It fails with
// errs.Unavailable while that package is not loaded.
func (s *Service) Package(c *Case) (*pack.Package, error) {
	p, ok := s.Packages.Kept(c.Service, c.Version)
	if !ok {
		return nil, errNoPackage.Because("case %s: package %s/%s is not loaded", c.ID, c.Service, c.Version)
	}
	return p, nil
}

// Find returns a case the actor may see: their own, or one of their
// authority's. To anybody else it does not exist (errs.NotFound), and the
// attempt is on record under route.
func (s *Service) Find(ctx context.Context, a Actor, id, route string) (*Case, error) {
	c, err := s.store.byID(ctx, s.DB.Read(), id)
	if err != nil {
		return nil, err
	}
	if !isApplicant(a, c) && !worksFor(a, c.Authority) {
		s.recordRefusal(ctx, a, id, route)
		return nil, errs.New(errs.NotFound, "cases.notFound").Because("account %s has no right to case %s", a.Account, id)
	}
	return c, nil
}

func (s *Service) recordRefusal(ctx context.Context, a Actor, id, route string) {
	err := s.DB.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
		return s.store.addRefusedAccess(ctx, tx, db.NewID(s.Clock), a.Account, id, route, s.Clock.Now())
	})
	if err != nil {
		s.Log.Error("refused access could not be recorded", "case", id, "err", err)
	}
}

// Dossier is everything about one case that its reader may see.
type Dossier struct {
	*Case
	Package      *pack.Package
	Timeline     []Entry
	Tasks        []Task
	Requests     []Request
	Documents    []Document
	Payments     []Payment
	Certificates []Certificate
	Invitations  []Invitation // of those whom the application names
	Linked       []Row        // appeals against this case
	Same         []Row        // for an officer: other applications of the person to the service, the newest first
	Officer      bool         // read with the eyes of the authority

	calendar *Calendar
	packages *pack.Set // for steps of an earlier version
}

// Open returns the dossier of a case. officer asks for the authority's view,
// which needs a role there and is closed to the applicant; otherwise the
// applicant's view is given, without what is internal to the authority.
func (s *Service) Open(ctx context.Context, a Actor, id, route string, officer bool) (*Dossier, error) {
	c, err := s.Find(ctx, a, id, route)
	if err != nil {
		return nil, err
	}
	if officer && !worksFor(a, c.Authority) || !officer && !isApplicant(a, c) {
		s.recordRefusal(ctx, a, id, route)
		return nil, errs.New(errs.NotFound, "cases.notFound").Because("account %s has no right to this view of case %s", a.Account, id)
	}
	if officer && (isApplicant(a, c) || isParty(a, c)) {
		return nil, errs.New(errs.Forbidden, "cases.ownCase")
	}
	d := &Dossier{Case: c, Officer: officer, calendar: s.calendar, packages: s.Packages}
	q := s.DB.Read()
	if d.Package, err = s.Package(c); err != nil {
		return nil, err
	}
	d.Timeline, err = s.store.timeline(ctx, q, id, !officer)
	if err == nil {
		d.Tasks, err = s.store.tasks(ctx, q, id)
	}
	if err == nil {
		d.Requests, err = s.store.requests(ctx, q, id)
	}
	if err == nil && len(d.Package.Parties()) > 0 {
		d.Invitations, err = s.store.invitations(ctx, q, id)
	}
	if err == nil {
		d.Documents, err = s.store.documents(ctx, q, id)
	}
	if err == nil {
		d.Payments, err = s.store.payments(ctx, q, id)
	}
	if err == nil {
		d.Certificates, err = s.store.certificates(ctx, q, id)
	}
	if err == nil {
		d.Linked, err = s.store.linked(ctx, q, id)
	}
	if err == nil && officer {
		d.Same, err = s.store.same(ctx, q, c)
	}
	return d, err
}

// MarkRead notes that the applicant has seen the news of a case.
func (s *Service) MarkRead(ctx context.Context, a Actor, id string) error {
	return s.DB.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
		return s.store.markRead(ctx, tx, a.Account, id, s.Clock.Now())
	})
}

// Mine lists the actor's own cases, newest first; before is the id of the last
// case of the page before, or "".
func (s *Service) Mine(ctx context.Context, a Actor, before string, limit int) ([]Row, error) {
	return s.store.ofPerson(ctx, s.DB.Read(), a.Account, a.Person, before, limit)
}

// Inbox lists the actor's messages, newest first.
func (s *Service) Inbox(ctx context.Context, a Actor, before string, limit int) ([]Notice, error) {
	return s.store.inbox(ctx, s.DB.Read(), a.Account, before, limit)
}

// Unread counts the actor's unread messages.
func (s *Service) Unread(ctx context.Context, a Actor) (int, error) {
	return s.store.unread(ctx, s.DB.Read(), a.Account)
}

// Tasks lists the queue of an authority the actor works for.
func (s *Service) Tasks(ctx context.Context, a Actor, f QueueFilter) ([]QueueRow, Counts, error) {
	if !worksFor(a, f.Authority) {
		return nil, Counts{}, errs.New(errs.Forbidden, "cases.notYourAuthority")
	}
	now := s.Clock.Now()
	rows, err := s.store.queue(ctx, s.DB.Read(), f)
	if err != nil {
		return nil, Counts{}, err
	}
	counts, err := s.store.counts(ctx, s.DB.Read(), f.Authority, a.Account, now, now.AddDate(0, 0, 7))
	return rows, counts, err
}

// Stuck lists the first cases in which a step of the process failed, those whose
// legal deadline is nearest first: it runs on (ADR 0018). Only an operator may;
// Resume repeats the step.
func (s *Service) Stuck(ctx context.Context, a Actor, limit int) ([]Stuck, error) {
	if !a.Has("operator") {
		return nil, errs.New(errs.Forbidden, "cases.operatorOnly")
	}
	return s.store.stuck(ctx, s.DB.Read(), limit)
}

// Verify returns the certificate with the code. Anybody may ask; the code is
// the right to.
func (s *Service) Verify(ctx context.Context, code string) (Certificate, error) {
	return s.store.certificate(ctx, s.DB.Read(), normaliseCode(code))
}

// normaliseCode forgives what happens to a code that is read out or typed:
// case, spaces, hyphens, and the letters that Crockford's alphabet leaves out.
func normaliseCode(s string) string {
	s = strings.NewReplacer("-", "", " ", "", "O", "0", "I", "1", "L", "1").Replace(strings.ToUpper(s))
	if len(s) != 12 {
		return s
	}
	return s[:4] + "-" + s[4:8] + "-" + s[8:]
}
