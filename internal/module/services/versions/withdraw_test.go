package versions_test

import (
	"context"
	"log/slog"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"passerelle/internal/module/services/pack"
	"passerelle/internal/module/services/versions"
	"passerelle/internal/platform/clock"
	"passerelle/internal/platform/db"
	"passerelle/internal/platform/db/dbtest"
	"passerelle/internal/platform/errs"
	"passerelle/internal/platform/web/webtest"
	"passerelle/internal/platform/web/webtest/htmlcheck"
)

// published is version 2027, which two people have published before its day.
func published(t *testing.T, s *versions.Service) {
	t.Helper()
	must(t, s.Approve(t.Context(), rui, proposed(t, s, next(t)), ""))
}

func kind(t *testing.T, what string, err error, want errs.Kind) {
	t.Helper()
	if err == nil || errs.KindOf(err) != want {
		t.Errorf("%s: %v", what, err)
	}
}

func TestTwoPeopleWithdrawAVersionBeforeItsDay(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx := t.Context()
		here, there := node(t, d, shipped(t), false), node(t, d, shipped(t), false)
		published(t, here)
		must(t, there.Refresh(ctx))
		if served(there, "2027-02-01") != "2027" {
			t.Fatal("it is not served")
		}
		_, err := here.ProposeWithdrawal(ctx, fritz, garden, "2027", "wrong rents")
		kind(t, "no designer", err, errs.Forbidden)
		_, err = here.ProposeWithdrawal(ctx, rui, garden, "2027", " ")
		kind(t, "no reason", err, errs.Invalid)
		_, err = here.ProposeWithdrawal(ctx, rui, garden, "2031", "wrong rents")
		kind(t, "never published", err, errs.NotFound)
		_, err = here.ProposeWithdrawal(ctx, rui, garden, "2025", "wrong rents")
		kind(t, "in force", err, errs.Conflict)
		id, err := here.ProposeWithdrawal(ctx, rui, garden, "2027", "wrong rents")
		must(t, err)
		_, err = here.ProposeWithdrawal(ctx, claire, garden, "2027", "me too")
		kind(t, "twice", err, errs.Conflict)
		if served(here, "2027-02-01") != "2027" {
			t.Error("one person has withdrawn it")
		}
		kind(t, "who proposed it approves it", here.Approve(ctx, rui, id, ""), errs.Forbidden)
		must(t, here.Return(ctx, claire, id, "The rents are right."))
		if id, err = here.ProposeWithdrawal(ctx, rui, garden, "2027", "The rents of 2026 stand in it."); err != nil {
			t.Fatal(err)
		}
		must(t, there.Approve(ctx, claire, id, "Seen."))
		must(t, here.Refresh(ctx))
		for name, s := range map[string]*versions.Service{"here": here, "there": there, "after a restart with it in the folder": node(t, d, withNext(t), false)} {
			if got := served(s, "2027-02-01"); got != "" {
				t.Errorf("%s: %s is still served", name, got)
			}
		}
		kind(t, "approved twice", here.Approve(ctx, claire, id, ""), errs.Conflict)
		_, err = here.ProposeWithdrawal(ctx, rui, garden, "2027", "again")
		kind(t, "withdrawn twice", err, errs.NotFound)
		_, _, err = here.Propose(ctx, claire, next(t), "The same name")
		if kind(t, "its name again", err, errs.Conflict); err == nil || !strings.Contains(err.Error(), "wasWithdrawn") {
			t.Errorf("%v", err)
		}
		record, first, err := here.Record(ctx, claire, garden, "2027")
		if err != nil || record.Withdrawal != id || first == nil || first.State != versions.Approved {
			t.Errorf("what was published is not on record: %+v %+v %v", record, first, err)
		}
		p, err := here.Find(ctx, claire, id)
		if err != nil || p.Kind != versions.Withdrawal || p.State != versions.Approved || p.Proposer.Name != rui.Name || p.Reviewer.Name != claire.Name || p.Reason != "Seen." {
			t.Errorf("%+v %v", p, err)
		}
	})
}

// withNext is a folder that has the version too.
func withNext(t *testing.T) fstest.MapFS {
	t.Helper()
	all := shipped(t)
	for name, text := range next(t).Files {
		all[garden+"/2027/"+name] = &fstest.MapFile{Data: text}
	}
	return all
}

// TestAVersionInUseIsNotWithdrawn: not when a case has gone to it meanwhile, and not
// from its first day in Luxembourg on.
func TestAVersionInUseIsNotWithdrawn(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx := t.Context()
		s := node(t, d, shipped(t), false)
		published(t, s)
		id, err := s.ProposeWithdrawal(ctx, rui, garden, "2027", "wrong rents")
		must(t, err)
		s.InUse = func(_ context.Context, _ db.Querier, service, version string) (bool, error) {
			return service == garden && version == "2027", nil
		}
		kind(t, "in use", s.Approve(ctx, claire, id, ""), errs.Conflict)
		began := false
		s.InUse = func(_ context.Context, q db.Querier, _, _ string) (bool, error) {
			if _, writes := q.(*db.Tx); writes {
				t.Error("all cases are walked while everybody waits to write")
			}
			began = true // by somebody, while it looked
			return false, nil
		}
		s.Migrating = func(_ context.Context, q db.Querier, _, _ string) (bool, error) { return began, nil }
		kind(t, "a migration has begun", s.Approve(ctx, claire, id, ""), errs.Conflict)
		s.InUse, s.Migrating = unused, unused
		at := func(text string) {
			now, err := time.Parse(time.RFC3339, text)
			must(t, err)
			s.Clock = clock.Fixed(now)
		}
		at("2026-12-31T23:30:00Z") // half past midnight in Luxembourg
		kind(t, "on its first day", s.Approve(ctx, claire, id, ""), errs.Conflict)
		if p, err := s.Find(ctx, claire, id); err != nil || p.State != versions.Open || served(s, "2027-02-01") != "2027" {
			t.Errorf("%+v %v", p, err)
		}
		at("2026-12-31T22:30:00Z")
		must(t, s.Approve(ctx, claire, id, ""))
	})
}

// TestACaseThatCameToAWithdrawnVersionIsNotLost: a node that has not heard of the
// withdrawal for two seconds may begin a migration, or take an application at
// midnight. The case keeps its package on every node, after a restart too; nobody
// else comes to it.
func TestACaseThatCameToAWithdrawnVersionIsNotLost(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		here, there := node(t, d, shipped(t), false), node(t, d, shipped(t), false)
		published(t, here)
		must(t, there.Refresh(t.Context()))
		id, err := here.ProposeWithdrawal(t.Context(), rui, garden, "2027", "wrong rents")
		must(t, err)
		must(t, here.Approve(t.Context(), claire, id, ""))
		used := func(_ context.Context, _ db.Querier, service, version string) (bool, error) { // through there
			return service == garden && version == "2027", nil
		}
		must(t, there.Refresh(t.Context()))
		for name, files := range map[string]fstest.MapFS{"restarted": shipped(t), "restarted with it in the folder": withNext(t)} {
			set, _ := pack.LoadSet(files)
			s := versions.New(versions.Deps{DB: d, Clock: clock.Fixed(today), Packages: set, InUse: used, Migrating: used, Log: slog.New(slog.NewTextHandler(t.Output(), nil))})
			must(t, s.Start(t.Context()))
			for name, s := range map[string]*versions.Service{"here": here, "there": there, name: s} {
				if p, ok := s.Packages.Kept(garden, "2027"); !ok || p.Version != "2027" {
					t.Errorf("%s: the case has no package", name)
				}
				if _, ok := s.Packages.Version(garden, "2027"); ok || served(s, "2027-02-01") != "" {
					t.Errorf("%s: it is offered", name)
				}
			}
		}
	})
}

// TestTheFolderOfADemonstrationCounts: what was published on the pages is withdrawn,
// and a version of that name in the folder is another.
func TestTheFolderOfADemonstrationCounts(t *testing.T) {
	ctx, d := t.Context(), dbtest.SQLite(t)
	s := node(t, d, shipped(t), true)
	published(t, s)
	id, err := s.ProposeWithdrawal(ctx, rui, garden, "2027", "wrong rents")
	must(t, err)
	must(t, s.Approve(ctx, claire, id, ""))
	if got := served(s, "2027-02-01"); got != "" {
		t.Errorf("%s is still served", got)
	}
	set, _ := pack.LoadSet(withNext(t))
	again := versions.New(versions.Deps{DB: d, Clock: clock.Fixed(today), Packages: set, Loose: true, InUse: unused, Migrating: unused, Log: slog.New(slog.NewTextHandler(t.Output(), nil))})
	must(t, again.Start(ctx))
	if got := served(again, "2027-02-01"); got != "2027" {
		t.Errorf("the folder does not count: %q", got)
	}
}

func TestAVersionIsWithdrawnOnThePages(t *testing.T) {
	s, as := site(t)
	published(t, s)
	const page = "/en/versions/" + garden + "/2027"
	proposer, reviewer := as(rui), as(claire)
	proposer.Get("/en/versions/" + garden + "/2025").WantStatus(200).Want(htmlcheck.NotIn("#reason"))
	proposer.Get(page+"/changes").WantStatus(200).Want(htmlcheck.In(`nav[aria-label="Contents"] a[href="#section-service"]`, htmlcheck.Contains("difference")), htmlcheck.In("h2#section-service", htmlcheck.Contains("Service")))
	proposer.Get(page).WantStatus(200).Want(htmlcheck.In("details", htmlcheck.Contains("Withdraw this version"), htmlcheck.Contains("1 January 2027")))
	proposer.Submit(form, webtest.Values{}).WantStatus(422).Want(htmlcheck.In(".govuk-error-summary", htmlcheck.Contains("Write why")))
	proposal := proposer.Submit(form, webtest.Values{"reason": "The rents of <2026> stand in it."}).WantStatus(200).Want(
		htmlcheck.In("main", htmlcheck.Contains("You proposed to withdraw this version."), htmlcheck.Contains("The rents of <2026> stand in it."))).URL.Path
	proposer.Get(page)
	proposer.Submit(form, webtest.Values{"reason": "again"}).WantStatus(422).Want(htmlcheck.In(".govuk-error-summary", htmlcheck.Contains("proposed already")))
	reviewer.Get("/en/versions").WantStatus(200).Want(htmlcheck.In("main", htmlcheck.Contains("Withdraw ")))
	reviewer.Get(proposal).WantStatus(200).Want(htmlcheck.In("main", htmlcheck.Contains("Is this version withdrawn?"), htmlcheck.Contains("its name is not used again"), htmlcheck.Contains("Needed when it stays published")))
	reviewer.Submit(`form:has([name="decision"])`, webtest.Values{}).WantStatus(422).Want(htmlcheck.In(".govuk-error-summary", htmlcheck.Contains("Choose whether")))
	reviewer.Submit(`form:has([name="decision"])`, webtest.Values{"decision": "approve"}).WantStatus(200).Want(
		htmlcheck.In("main", htmlcheck.Contains("withdrawn"), htmlcheck.Contains(rui.Name), htmlcheck.Contains(claire.Name)))
	for _, address := range []string{page, page + "/changes", page + "/package.zip"} { // tells who withdrew it, when and why
		if at := reviewer.Get(address).WantStatus(200).URL.Path; at != proposal {
			t.Errorf("%s leads to %s", address, at)
		}
	}
	reviewer.Get("/en/versions/" + garden + "/2031").WantStatus(404)
	reviewer.Get("/en/versions/proposals").WantStatus(200).Want(htmlcheck.In("main", htmlcheck.Contains("published, then withdrawn")))
	record, _, err := s.Record(t.Context(), claire, garden, "2027")
	must(t, err)
	reviewer.Get("/en/versions/proposals/" + record.Proposal).WantStatus(200).Want(htmlcheck.In("main", htmlcheck.Contains("withdrawn")))
}
