package versions

import (
	"context"
	"time"

	"passerelle/internal/platform/db"
	"passerelle/internal/platform/errs"
	"passerelle/internal/platform/i18n"
	"passerelle/internal/platform/web"
)

// ProposeWithdrawal asks a second person to take back a version that is published
// and not in force yet, with the reason. It is errs.Conflict from its first day
// on, and as soon as a case, a draft or a running migration uses it.
func (s *Service) ProposeWithdrawal(ctx context.Context, who web.Identity, service, version, reason string) (id string, err error) {
	if err := may(who); err != nil {
		return "", err
	}
	if reason, err = words(reason, true); err != nil {
		return "", err
	}
	p := Proposal{ID: db.NewID(s.Clock), Kind: Withdrawal, Service: service, Version: version, Proposer: Person{who.Account, who.Name}, Remark: reason, ProposedAt: s.Clock.Now()}
	if err := s.free(ctx, service, version); err != nil {
		return "", err
	}
	err = s.DB.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
		v, err := s.withdrawable(ctx, tx, service, version)
		if err != nil {
			return err
		}
		p.Hash, p.digest = v.Hash, v.digest
		stored, err := s.store.propose(ctx, tx, p)
		if err == nil && !stored {
			err = errs.New(errs.Conflict, "versions.withdrawal.waits").Because("it is proposed already to withdraw %s/%s", service, version)
		}
		return err
	})
	return p.ID, err
}

var errInUse = errs.New(errs.Conflict, "versions.withdrawal.inUse")

// free asks before the transaction what would hold up all other writes in it:
// whether a version can still be taken back, with all that may use it.
func (s *Service) free(ctx context.Context, service, version string) error {
	if _, err := s.withdrawable(ctx, s.DB.Read(), service, version); err != nil {
		return err
	}
	used, err := s.InUse(ctx, s.DB.Read(), service, version)
	if err == nil && used {
		err = errInUse.Because("a case, a draft or a running migration uses %s/%s", service, version)
	}
	return err
}

// withdrawable returns what was published under a name, if it can still be taken
// back as far as is known at once: before its day the only way to a version is a
// migration.
func (s *Service) withdrawable(ctx context.Context, q db.Querier, service, version string) (Published, error) {
	v, ok, err := s.store.one(ctx, q, service, version)
	if err != nil {
		return v, err
	}
	p, served := s.Packages.Version(service, version)
	if !ok || !served || v.Withdrawal != "" || p.Hash != v.Hash {
		return v, errs.New(errs.NotFound, "versions.notFound").Because("%s/%s is not published here", service, version)
	}
	if !s.before(p.Service.InForce.From) {
		return v, errs.New(errs.Conflict, "versions.withdrawal.inForce").Because("%s/%s is in force from %s", service, version, p.Service.InForce.From.Format(time.DateOnly))
	}
	taken, err := s.Migrating(ctx, q, service, version)
	if err == nil && taken {
		err = errInUse.Because("a running migration takes cases to %s/%s", service, version)
	}
	return v, err
}

// before reports whether the first day of a version is still to come.
func (s *Service) before(first time.Time) bool {
	return s.Clock.Now().In(i18n.Luxembourg).Format(time.DateOnly) < first.Format(time.DateOnly)
}

// approveWithdrawal takes a version back. What was published stays on record, and
// its name is not used again.
func (s *Service) approveWithdrawal(ctx context.Context, who web.Identity, p Proposal, remark string) error {
	if err := s.free(ctx, p.Service, p.Version); err != nil {
		return err
	}
	err := s.DB.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
		if _, err := s.withdrawable(ctx, tx, p.Service, p.Version); err != nil {
			return err
		}
		ok, err := s.store.review(ctx, tx, p.ID, Approved, Person{who.Account, who.Name}, remark, s.Clock.Now())
		if err != nil || !ok {
			return reviewed(err)
		}
		return nil
	})
	if err != nil {
		return err
	}
	if err := s.Refresh(ctx); err != nil { // it is withdrawn; Watch leaves it out
		s.Log.WarnContext(ctx, "a withdrawn version is still served", "proposal", p.ID, "cause", err)
	}
	return nil
}
