package versions

import (
	"context"
	"log/slog"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"passerelle/internal/module/services/pack"
	"passerelle/internal/module/services/simulation"
	"passerelle/internal/platform/clock"
	"passerelle/internal/platform/db"
	"passerelle/internal/platform/errs"
	"passerelle/internal/platform/web"
)

// State of a proposal.
type State string

// The states. A proposal is reviewed once; the last three are for good.
const (
	Open      State = "open"
	Approved  State = "approved"
	Returned  State = "returned"
	Withdrawn State = "withdrawn"
)

// Kind says what a proposal is about.
type Kind string

// The kinds.
const (
	Publish    Kind = "publish"
	Withdrawal Kind = "withdraw" // of a published version, before its first day
)

// Person is somebody who proposed or reviewed, as named at that moment.
type Person struct{ Account, Name string }

// Proposal is a version that somebody wants to publish. A second person approves
// it or sends it back.
type Proposal struct {
	ID               string
	Kind             Kind
	Service, Version string
	Hash             string // of what counts for a case, as decisions name it
	State            State
	Proposer         Person
	Remark           string
	ProposedAt       time.Time
	Reviewer         Person // of one withdrawn: the proposer
	Reason           string
	ReviewedAt       time.Time
	TakenBack        string // proposal that withdrew what this one published

	digest string
}

// Published is a version that was published. What it says does not change; before
// its first day it can be withdrawn.
type Published struct {
	Service, Version string
	Hash             string
	Proposal         string // "": it stood in the installation's folder when it was first seen
	At               time.Time
	Withdrawal       string // proposal that took it back, "" when it stands

	digest string
}

// Drift is a published version that is not served as it was published, or would
// not be if the folder had its way.
type Drift struct {
	Service, Version string
	Kind             DriftKind
}

// DriftKind says what is wrong.
type DriftKind string

// The kinds of drift.
const (
	Changed    DriftKind = "changed"    // the folder has other content: what was published is served
	Loose      DriftKind = "loose"      // the same in a demonstration: the folder's is served
	Unreadable DriftKind = "unreadable" // this program cannot read what was published: it is not served
)

// Verdict is what check and the scenarios say of a version.
type Verdict struct {
	Package  *pack.Package // nil when a finding is an error
	Findings []pack.Finding
	Tests    pack.TestReport
	Coverage pack.Coverage
}

// Sound reports whether the version may be proposed: no finding is an error, and
// there are scenarios, which all pass.
func (v Verdict) Sound() bool {
	return v.Package != nil && v.Tests.Failed == 0 && v.Tests.Passed > 0 &&
		!slices.ContainsFunc(v.Findings, func(f pack.Finding) bool { return f.Severity == pack.Error })
}

// Deps is what publishing stands on; all are needed.
type Deps struct {
	DB       *db.DB
	Clock    clock.Clock
	Packages *pack.Set // as the folder has it; Start completes it, and Refresh keeps it up to date
	// Loose is a demonstration, in which designers edit the folder and start
	// again: its versions are not recorded, and its content counts.
	Loose bool
	// InUse reports whether a case, a draft or a running migration uses a version.
	// It may take seconds; Migrating, the last of them, is quick.
	InUse, Migrating func(ctx context.Context, q db.Querier, service, version string) (bool, error)

	Log *slog.Logger
}

// Service is the use cases of publishing. It is safe for concurrent use.
type Service struct {
	Deps
	store store

	refreshing sync.Mutex
	known      map[string]bool // service/version of what has been taken in
	left       map[string]bool // and of what was left out, as it was withdrawn
	drifts     []Drift

	judging  chan struct{} // one at a time: what somebody hands in must not keep all processors busy
	verdicts sync.Map      // digest → Verdict, of open proposals
}

// New returns the service; Start makes it complete.
func New(d Deps) *Service {
	return &Service{Deps: d, known: map[string]bool{}, left: map[string]bool{}, judging: make(chan struct{}, 1)}
}

// Start records the versions of the folder that are seen for the first time, and
// takes in all that is published.
func (s *Service) Start(ctx context.Context) error {
	if s.Loose {
		s.Log.WarnContext(ctx, "a demonstration: the service versions in its folder are not held fast; what is published on the pages is")
	} else if err := s.record(ctx); err != nil {
		return err
	}
	return s.Refresh(ctx)
}

// record publishes what stands in the folder and was never seen, by whoever
// operates the installation.
func (s *Service) record(ctx context.Context) error {
	have, err := s.store.published(ctx, s.DB.Read())
	if err != nil {
		return err
	}
	for _, p := range s.Packages.All() {
		if slices.ContainsFunc(have, func(x Published) bool { return x.Service == p.ID && x.Version == p.Version }) {
			continue
		}
		f := p.Folder()
		err := s.DB.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
			if err := s.store.keep(ctx, tx, f); err != nil {
				return err
			}
			_, err := s.store.publish(ctx, tx, Published{Service: p.ID, Version: p.Version, Hash: p.Hash, digest: f.Digest(), At: s.Clock.Now()})
			return err
		})
		if err != nil {
			return err
		}
		s.Log.InfoContext(ctx, "service version recorded as published", "service", p.ID, "version", p.Version, "hash", p.Hash)
	}
	return nil
}

// Refresh takes in what was published since it was last called, here or by
// another node.
func (s *Service) Refresh(ctx context.Context) error {
	s.refreshing.Lock()
	defer s.refreshing.Unlock()
	all, err := s.store.published(ctx, s.DB.Read())
	if err != nil {
		return err
	}
	for _, v := range all {
		key := v.Service + "/" + v.Version
		if v.Withdrawal != "" {
			if err := s.leaveOut(ctx, v, s.known[key]); err != nil {
				return err
			}
			continue
		}
		if s.known[key] {
			continue
		}
		if err := s.takeIn(ctx, v); err != nil {
			return err
		}
		s.known[key] = true
	}
	return s.forget(ctx)
}

// leaveOut makes the set no longer serve a version that was withdrawn. In a
// demonstration the one that stands in its folder is another: the folder counts.
// A node that had not heard of it may have let a case come to it meanwhile: for
// such cases it is kept.
func (s *Service) leaveOut(ctx context.Context, v Published, taken bool) error {
	key := v.Service + "/" + v.Version
	here, there := s.Packages.Version(v.Service, v.Version)
	if s.left[key] || s.Loose && there && !taken {
		return nil
	}
	log := s.Log.With("service", v.Service, "version", v.Version, "hash", v.Hash, "proposal", v.Withdrawal)
	if there && here.Hash == v.Hash {
		s.Packages.Shelve(here)
		log.InfoContext(ctx, "service version withdrawn")
	} else {
		s.Packages.Drop(v.Service, v.Version)
		used, err := s.InUse(ctx, s.DB.Read(), v.Service, v.Version)
		if err != nil {
			return err
		}
		if used {
			p, err := s.kept(ctx, v)
			if err != nil {
				return err
			}
			if p != nil {
				s.Packages.Shelve(p)
			}
			log.WarnContext(ctx, "a withdrawn service version is kept for what uses it", "readable", p != nil)
		}
	}
	s.left[key] = true
	return nil
}

// forget drops the verdicts of proposals that were decided, here or by another
// node: each holds a whole package.
func (s *Service) forget(ctx context.Context) error {
	kept := map[any]bool{}
	s.verdicts.Range(func(digest, _ any) bool {
		kept[digest] = true
		return true
	})
	if len(kept) == 0 {
		return nil
	}
	open, err := s.store.waiting(ctx, s.DB.Read())
	if err != nil {
		return err
	}
	for digest := range kept {
		if !slices.Contains(open, digest.(string)) {
			s.verdicts.Delete(digest)
		}
	}
	return nil
}

// takeIn makes the set serve a version as it was published.
func (s *Service) takeIn(ctx context.Context, v Published) error {
	here, ok := s.Packages.Version(v.Service, v.Version)
	if ok && here.Hash == v.Hash {
		return nil
	}
	log := s.Log.With("service", v.Service, "version", v.Version, "published", v.Hash)
	if ok {
		log = log.With("folder", here.Hash)
	}
	if ok && s.Loose {
		log.WarnContext(ctx, "the folder has another content than was published; in a demonstration the folder's is served")
		s.drifts = append(s.drifts, Drift{v.Service, v.Version, Loose})
		return nil
	}
	p, err := s.kept(ctx, v)
	if err != nil {
		return err
	}
	if p == nil {
		s.Packages.Drop(v.Service, v.Version)
		s.drifts = append(s.drifts, Drift{v.Service, v.Version, Unreadable})
		return nil
	}
	if ok {
		s.drifts = append(s.drifts, Drift{v.Service, v.Version, Changed})
		log.ErrorContext(ctx, "the folder has another content than was published; what was published is served. Give the change a version of its own")
	}
	s.Packages.Put(p)
	return nil
}

// kept reads a version as it was published; nil when this program cannot.
func (s *Service) kept(ctx context.Context, v Published) (*pack.Package, error) {
	files, err := s.store.files(ctx, s.DB.Read(), v.digest)
	if err != nil {
		return nil, err
	}
	var p *pack.Package
	var findings []pack.Finding
	f, damaged := pack.ReadKept(v.Service, v.Version, files, v.digest)
	if damaged == nil {
		p, findings = s.Packages.Open(f)
	}
	if p == nil || p.Hash != v.Hash {
		s.Log.ErrorContext(ctx, "a published service version cannot be read by this program and is not served; its cases wait",
			"service", v.Service, "version", v.Version, "published", v.Hash, "cause", damaged, "findings", findings)
		return nil, nil
	}
	return p, nil
}

// Drifts lists what is not as it was published, since the start.
func (s *Service) Drifts() []Drift {
	s.refreshing.Lock()
	defer s.refreshing.Unlock()
	return slices.Clone(s.drifts)
}

// Watch takes in what other nodes publish, until ctx is done.
func (s *Service) Watch(ctx context.Context, every time.Duration) {
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			if err := s.Refresh(ctx); err != nil && ctx.Err() == nil {
				s.Log.WarnContext(ctx, "what other nodes published is not known", "cause", err)
			}
		}
	}
}

func may(who web.Identity) error {
	if !who.Has(simulation.RoleDesigner) {
		return errs.New(errs.Forbidden, "")
	}
	return nil
}

// judgeTime is how long checking and trying a version may take.
const judgeTime = 25 * time.Second

// judge checks a version and runs its scenarios. Every expression in it has
// limits of its own; the whole has one too (errs.Invalid).
func (s *Service) judge(ctx context.Context, f pack.Folder) (Verdict, error) {
	ctx, cancel := context.WithTimeout(ctx, judgeTime)
	defer cancel()
	late := errs.New(errs.Unavailable, "versions.publish.late").Because("%s/%s is not checked within %s", f.Service, f.Version, judgeTime)
	select {
	case s.judging <- struct{}{}:
	case <-ctx.Done():
		return Verdict{}, late
	}
	done := make(chan Verdict, 1)
	go func() {
		defer func() { <-s.judging }()
		var v Verdict
		defer func() { // a stranger's file must not end the program
			if fault := recover(); fault != nil {
				s.Log.Error("a service version cannot be checked", "service", f.Service, "version", f.Version, "fault", fault, "stack", string(debug.Stack()))
				v = Verdict{Findings: append(v.Findings, pack.ProgramFault(f.Service+"/"+f.Version))}
			}
			done <- v
		}()
		if v.Package, v.Findings = s.Packages.Open(f); v.Package != nil {
			for _, x := range pack.Check(v.Package) { // and what only the scenarios show
				if !slices.Contains(v.Findings, x) {
					v.Findings = append(v.Findings, x)
				}
			}
			v.Tests, v.Coverage = pack.TestAndCover(v.Package)
		}
	}()
	select {
	case v := <-done:
		return v, nil
	case <-ctx.Done():
		return Verdict{}, late
	}
}

// Verdict says what check and the scenarios come to for an open proposal.
func (s *Service) Verdict(ctx context.Context, p Proposal) (Verdict, error) {
	if v, ok := s.verdicts.Load(p.digest); ok {
		return v.(Verdict), nil
	}
	files, err := s.store.files(ctx, s.DB.Read(), p.digest)
	if err != nil {
		return Verdict{}, err
	}
	f, err := pack.ReadKept(p.Service, p.Version, files, p.digest)
	if err != nil {
		return Verdict{}, err
	}
	v, err := s.judge(ctx, f)
	if err == nil && p.State == Open {
		s.verdicts.Store(p.digest, v)
	}
	return v, err
}

// maxWords is how long a remark or a reason may be.
const maxWords = 2000

// words trims a remark; one that is too long, or that must be given and is not,
// is errs.Invalid.
func words(text string, needed bool) (string, error) {
	text = strings.TrimSpace(text)
	switch {
	case text == "" && needed:
		return "", errs.New(errs.Invalid, "versions.publish.noWords")
	case utf8.RuneCountInString(text) > maxWords || !utf8.ValidString(text):
		return "", errs.New(errs.Invalid, "versions.publish.tooManyWords").With("max", maxWords)
	}
	return text, nil
}

// Propose hands in a version for a second person. When the verdict is not sound
// nothing is proposed, and the id is "". A version that is published already, or
// waits for its second person, is errs.Conflict.
func (s *Service) Propose(ctx context.Context, who web.Identity, f pack.Folder, remark string) (id string, v Verdict, err error) {
	if err := may(who); err != nil {
		return "", v, err
	}
	if remark, err = words(remark, true); err != nil {
		return "", v, err
	}
	published := errs.New(errs.Conflict, "versions.publish.exists").With("version", f.Service+" "+f.Version).Because("%s/%s is published", f.Service, f.Version)
	if _, ok := s.Packages.Version(f.Service, f.Version); ok {
		return "", v, published
	}
	if v, err = s.judge(ctx, f); err != nil || !v.Sound() {
		return "", v, err
	}
	p := Proposal{ID: db.NewID(s.Clock), Kind: Publish, Service: f.Service, Version: f.Version, Hash: v.Package.Hash, Proposer: Person{who.Account, who.Name},
		Remark: remark, ProposedAt: s.Clock.Now(), digest: f.Digest()}
	err = s.DB.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
		switch was, ok, err := s.store.one(ctx, tx, p.Service, p.Version); {
		case err != nil:
			return err
		case ok && was.Withdrawal != "":
			return errs.New(errs.Conflict, "versions.publish.wasWithdrawn").With("version", f.Service+" "+f.Version)
		case ok:
			return published
		}
		if err := s.store.keep(ctx, tx, f); err != nil {
			return err
		}
		stored, err := s.store.propose(ctx, tx, p)
		if err == nil && !stored {
			err = errs.New(errs.Conflict, "versions.publish.waits").With("version", f.Service+" "+f.Version).Because("%s/%s waits for its second person", f.Service, f.Version)
		}
		return err
	})
	if err != nil {
		return "", v, err
	}
	s.verdicts.Store(p.digest, v)
	return p.ID, v, nil
}

// Find returns one proposal.
func (s *Service) Find(ctx context.Context, who web.Identity, id string) (Proposal, error) {
	if err := may(who); err != nil {
		return Proposal{}, err
	}
	return s.store.proposal(ctx, s.DB.Read(), id)
}

// Zip returns the files of a proposal, as they were handed in.
func (s *Service) Zip(ctx context.Context, who web.Identity, id string) (Proposal, []byte, error) {
	p, err := s.Find(ctx, who, id)
	if err != nil {
		return p, nil, err
	}
	files, err := s.store.files(ctx, s.DB.Read(), p.digest)
	if err == nil {
		_, err = pack.ReadKept(p.Service, p.Version, files, p.digest)
	}
	return p, files, err
}

// Record returns how a version was published, and the proposal it came from, if
// it came from one. It is errs.NotFound when nothing is recorded.
func (s *Service) Record(ctx context.Context, who web.Identity, service, version string) (Published, *Proposal, error) {
	if err := may(who); err != nil {
		return Published{}, nil, err
	}
	v, ok, err := s.store.one(ctx, s.DB.Read(), service, version)
	if err != nil {
		return v, nil, err
	}
	if !ok {
		return v, nil, errs.New(errs.NotFound, "versions.notFound")
	}
	if v.Proposal == "" {
		return v, nil, nil
	}
	p, err := s.store.proposal(ctx, s.DB.Read(), v.Proposal)
	return v, &p, err
}

// pageSize is how many proposals a list shows.
const pageSize = 20

// Proposals lists those that are open, or those that are not, the newest first,
// before one that Find returned (nil: from the newest), and whether there are
// older ones.
func (s *Service) Proposals(ctx context.Context, who web.Identity, open bool, before *Proposal) (list []Proposal, more bool, err error) {
	if err := may(who); err != nil {
		return nil, false, err
	}
	at, id := time.UnixMicro(1<<62), ""
	if before != nil {
		at, id = before.ProposedAt, before.ID
	}
	list, err = s.store.proposals(ctx, s.DB.Read(), open, at, id, pageSize+1)
	if len(list) > pageSize {
		return list[:pageSize], true, err
	}
	return list, false, err
}

var errReviewed = errs.New(errs.Conflict, "versions.proposal.reviewed")

// Approve does what a proposal says. One to publish: from now on the version cannot
// change, and it takes applications from its day on. One to withdraw: it is served
// no more. It takes another person than the one who proposed it (errs.Forbidden).
func (s *Service) Approve(ctx context.Context, who web.Identity, id, remark string) error {
	p, err := s.second(ctx, who, id)
	if err != nil {
		return err
	}
	if remark, err = words(remark, false); err != nil {
		return err
	}
	if p.Kind == Withdrawal {
		return s.approveWithdrawal(ctx, who, p, remark)
	}
	v, err := s.Verdict(ctx, p)
	if err != nil {
		return err
	}
	if !v.Sound() || v.Package.Hash != p.Hash { // it was sound: this program is another, or an authority has gone
		return errs.New(errs.Conflict, "versions.proposal.unsound")
	}
	err = s.DB.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
		now := s.Clock.Now()
		if ok, err := s.store.review(ctx, tx, id, Approved, Person{who.Account, who.Name}, remark, now); err != nil || !ok {
			return reviewed(err)
		}
		ok, err := s.store.publish(ctx, tx, Published{Service: p.Service, Version: p.Version, Hash: p.Hash, digest: p.digest, Proposal: p.ID, At: now})
		if err == nil && !ok {
			err = errs.New(errs.Conflict, "versions.publish.exists").With("version", p.Service+" "+p.Version)
		}
		return err
	})
	if err != nil {
		return err
	}
	s.verdicts.Delete(p.digest)
	s.Log.InfoContext(ctx, "service version published", "service", p.Service, "version", p.Version, "hash", p.Hash, "proposal", p.ID)
	if err := s.Refresh(ctx); err != nil { // it is published; Watch takes it in
		s.Log.WarnContext(ctx, "a published version is not served yet", "proposal", p.ID, "cause", err)
	}
	return nil
}

func reviewed(err error) error {
	if err == nil {
		return errReviewed
	}
	return err
}

// second finds an open proposal for somebody who may review it.
func (s *Service) second(ctx context.Context, who web.Identity, id string) (Proposal, error) {
	p, err := s.Find(ctx, who, id)
	switch {
	case err != nil:
		return p, err
	case p.State != Open:
		return p, errReviewed
	case p.Proposer.Account == who.Account:
		return p, errs.New(errs.Forbidden, "versions.proposal.own")
	}
	return p, nil
}

// Return sends a proposal back, with the reason.
func (s *Service) Return(ctx context.Context, who web.Identity, id, reason string) error {
	p, err := s.second(ctx, who, id)
	if err != nil {
		return err
	}
	if reason, err = words(reason, true); err != nil {
		return err
	}
	return s.end(ctx, p, Returned, who, reason)
}

// Withdraw takes a proposal back; only who proposed it can.
func (s *Service) Withdraw(ctx context.Context, who web.Identity, id string) error {
	p, err := s.Find(ctx, who, id)
	switch {
	case err != nil:
		return err
	case p.State != Open:
		return errReviewed
	case p.Proposer.Account != who.Account:
		return errs.New(errs.Forbidden, "")
	}
	return s.end(ctx, p, Withdrawn, who, "")
}

func (s *Service) end(ctx context.Context, p Proposal, state State, who web.Identity, reason string) error {
	err := s.DB.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
		ok, err := s.store.review(ctx, tx, p.ID, state, Person{who.Account, who.Name}, reason, s.Clock.Now())
		if err == nil && !ok {
			err = errReviewed
		}
		return err
	})
	if err == nil {
		s.verdicts.Delete(p.digest)
	}
	return err
}
