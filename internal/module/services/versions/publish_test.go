package versions_test

import (
	"bytes"
	"context"
	"log/slog"
	"maps"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"passerelle/internal/module/services/pack"
	"passerelle/internal/module/services/simulation"
	"passerelle/internal/module/services/versions"
	"passerelle/internal/platform/clock"
	"passerelle/internal/platform/config"
	"passerelle/internal/platform/db"
	"passerelle/internal/platform/db/dbtest"
	"passerelle/internal/platform/errs"
	"passerelle/internal/platform/i18n/i18ntest"
	"passerelle/internal/platform/ui"
	"passerelle/internal/platform/web"
	"passerelle/internal/platform/web/webtest"
	"passerelle/internal/platform/web/webtest/htmlcheck"
	assets "passerelle/web"
)

const garden = "allotment-garden"

var (
	claire = web.Identity{Account: "a-claire", Name: "Claire Wagener", Roles: []web.Role{{Name: simulation.RoleDesigner}}}
	rui    = web.Identity{Account: "a-rui", Name: "Rui Marques", Roles: []web.Role{{Name: simulation.RoleDesigner}}}
	fritz  = web.Identity{Account: "a-fritz", Name: "Fritz", Roles: []web.Role{{Authority: "gardens", Name: "case-worker"}}}
	today  = time.Date(2026, 11, 2, 9, 0, 0, 0, time.UTC)
)

// shipped is the folder of an installation: one service with one version.
func shipped(t *testing.T) fstest.MapFS {
	t.Helper()
	all := fstest.MapFS{}
	for name, text := range folder(t, "../pack/testdata/set/"+garden+"/2025").Files {
		all[garden+"/2025/"+name] = &fstest.MapFile{Data: text}
	}
	for _, name := range []string{"authorities.yaml", "life-events.yaml"} {
		text, err := os.ReadFile("../pack/testdata/set/" + name)
		must(t, err)
		all[name] = &fstest.MapFile{Data: text}
	}
	return all
}

func folder(t *testing.T, dir string) pack.Folder {
	t.Helper()
	f, err := pack.ReadDir(os.DirFS(dir))
	must(t, err)
	return f
}

// next is the version after it, in force from 2027 on, with texts replaced.
func next(t *testing.T, replace ...string) pack.Folder {
	t.Helper()
	f := folder(t, "../pack/testdata/set/"+garden+"/2025")
	r := strings.NewReplacer(append([]string{`version: "2025"`, `version: "2027"`, "{from: 2025-01-01, to: 2026-12-31}", "{from: 2027-01-01}"}, replace...)...)
	for name, text := range f.Files {
		f.Files[name] = []byte(r.Replace(string(text)))
	}
	f.Version = "2027"
	return f
}

// node is a node of an installation that has started.
func node(t *testing.T, d *db.DB, files fstest.MapFS, loose bool) *versions.Service {
	t.Helper()
	must(t, versions.Migrate(t.Context(), d))
	set, findings := pack.LoadSet(files)
	for _, f := range findings {
		t.Errorf("%s: %s", f.File, f.Msg)
	}
	s := versions.New(versions.Deps{DB: d, Clock: clock.Fixed(today), Packages: set, Loose: loose, InUse: unused, Migrating: unused, Log: slog.New(slog.NewTextHandler(t.Output(), nil))})
	must(t, s.Start(t.Context()))
	return s
}

// unused is an installation in which nothing uses any version.
func unused(context.Context, db.Querier, string, string) (bool, error) { return false, nil }

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// proposed hands in what must be sound.
func proposed(t *testing.T, s *versions.Service, f pack.Folder) string {
	t.Helper()
	id, v, err := s.Propose(t.Context(), claire, f, "The rents of 2027")
	if err != nil || id == "" {
		t.Fatalf("%q, %v, %v %v", id, err, v.Findings, v.Tests.Failures)
	}
	return id
}

func served(s *versions.Service, day string) string {
	d, err := time.Parse(time.DateOnly, day)
	if err != nil {
		panic(err)
	}
	if p, ok := s.Packages.InForce(garden, d); ok {
		return p.Version
	}
	return ""
}

func TestTwoPeoplePublishAVersion(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx := t.Context()
		here, there := node(t, d, shipped(t), false), node(t, d, shipped(t), false)
		id := proposed(t, here, next(t))
		if got := served(here, "2027-02-01"); got != "" {
			t.Fatalf("a proposal is served as %s", got)
		}
		for name, try := range map[string]struct {
			err  error
			kind errs.Kind
		}{
			"who proposed it":  {here.Approve(ctx, claire, id, ""), errs.Forbidden},
			"no designer":      {here.Approve(ctx, fritz, id, ""), errs.Forbidden},
			"another proposer": {second(here.Propose(ctx, rui, next(t), "again")), errs.Conflict},
			"no such proposal": {here.Approve(ctx, rui, "nothing", ""), errs.NotFound},
		} {
			if errs.KindOf(try.err) != try.kind || try.err == nil {
				t.Errorf("%s: %v", name, try.err)
			}
		}
		must(t, there.Approve(ctx, rui, id, "Read with the council")) // another node than the one that took it

		must(t, here.Refresh(ctx))
		restarted := node(t, d, shipped(t), false)
		for name, s := range map[string]*versions.Service{"here": here, "there": there, "restarted": restarted} {
			if before, from := served(s, "2026-12-31"), served(s, "2027-01-01"); before != "2025" || from != "2027" {
				t.Errorf("%s serves %q until the last day and %q from the first", name, before, from)
			}
			if len(s.Drifts()) != 0 {
				t.Errorf("%s: %v", name, s.Drifts())
			}
		}
		v, p, err := here.Record(ctx, claire, garden, "2027")
		must(t, err)
		now, _ := here.Packages.Version(garden, "2027")
		if p.Proposer.Name != claire.Name || p.Reviewer.Name != rui.Name || p.Reason != "Read with the council" || !v.At.Equal(today) || v.Hash != now.Hash {
			t.Errorf("on record: %+v %+v", v, p)
		}
		if v, p, err := here.Record(ctx, claire, garden, "2025"); err != nil || p != nil || v.Proposal != "" {
			t.Errorf("the folder's version is on record as %+v %+v %v", v, p, err)
		}
		for name, err := range map[string]error{
			"approved again":     here.Approve(ctx, rui, id, ""),
			"sent back after":    here.Return(ctx, rui, id, "no"),
			"withdrawn after":    here.Withdraw(ctx, claire, id),
			"the same again":     second(here.Propose(ctx, claire, next(t), "again")),
			"with other content": second(here.Propose(ctx, claire, next(t, "25.50", "26.50"), "again")),
		} {
			if errs.KindOf(err) != errs.Conflict {
				t.Errorf("%s: %v", name, err)
			}
		}
	})
}

func second(_ string, _ versions.Verdict, err error) error { return err }

// Of several who decide at once, one does.
func TestOneDecides(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := node(t, d, shipped(t), false)
		id := proposed(t, s, next(t))
		var wg sync.WaitGroup
		results := make([]error, 4)
		for i := range results {
			wg.Go(func() {
				if i%2 == 0 {
					results[i] = s.Approve(context.Background(), rui, id, "")
				} else {
					results[i] = s.Return(context.Background(), rui, id, "not yet")
				}
			})
		}
		wg.Wait()
		done := 0
		for _, err := range results {
			if err == nil {
				done++
			} else if errs.KindOf(err) != errs.Conflict {
				t.Error(err)
			}
		}
		p, err := s.Find(t.Context(), rui, id)
		must(t, err)
		if done != 1 || (p.State == versions.Approved) != (served(s, "2027-02-01") == "2027") {
			t.Errorf("%d decided; it is %s, and %q is served", done, p.State, served(s, "2027-02-01"))
		}
	})
}

func TestWhatIsNotSoundIsNotProposed(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := node(t, d, shipped(t), false)
		untested := next(t)
		maps.DeleteFunc(untested.Files, func(name string, _ []byte) bool { return strings.HasPrefix(name, "scenarios/") })
		for name, f := range map[string]pack.Folder{
			"a rent that no scenario expects": next(t, "value: 25.50", "value: 26.50"),
			"an unknown authority":            next(t, "authority: gardens", "authority: nobody"),
			"no scenario":                     untested,
		} {
			id, v, err := s.Propose(t.Context(), claire, f, "try")
			if err != nil || id != "" || v.Sound() {
				t.Errorf("%s: %q %v %v", name, id, err, v.Findings)
			}
		}
		if list, _, err := s.Proposals(t.Context(), claire, true, nil); err != nil || len(list) != 0 {
			t.Errorf("%v %v", list, err)
		}
		if err := second(s.Propose(t.Context(), claire, next(t), " ")); errs.KindOf(err) != errs.Invalid {
			t.Errorf("without a word why: %v", err)
		}
	})
}

func TestWhatIsSentBackOrWithdrawnCanBeProposedAgain(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx, s := t.Context(), node(t, d, shipped(t), false)
		id := proposed(t, s, next(t))
		if err := s.Return(ctx, rui, id, ""); errs.KindOf(err) != errs.Invalid {
			t.Errorf("sent back without a reason: %v", err)
		}
		if err := s.Return(ctx, claire, id, "mine"); errs.KindOf(err) != errs.Forbidden {
			t.Errorf("sent back by who proposed it: %v", err)
		}
		must(t, s.Return(ctx, rui, id, "The council has not voted"))
		id = proposed(t, s, next(t))
		if err := s.Withdraw(ctx, rui, id); errs.KindOf(err) != errs.Forbidden {
			t.Errorf("withdrawn by another: %v", err)
		}
		must(t, s.Withdraw(ctx, claire, id))
		proposed(t, s, next(t))
		list, more, err := s.Proposals(ctx, claire, false, nil)
		if err != nil || more || len(list) != 2 || list[1].State != versions.Returned || list[1].Reason != "The council has not voted" {
			t.Errorf("%v %v %v", list, more, err)
		}
	})
}

// What a node remembers of a proposal ends with it, whichever node decides.
func TestVerdictsAreForgottenOnEveryNode(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		here, there := node(t, d, shipped(t), false), node(t, d, shipped(t), false)
		p, err := there.Find(t.Context(), claire, proposed(t, here, next(t)))
		must(t, err)
		_, err = there.Verdict(t.Context(), p)
		must(t, err)
		must(t, there.Refresh(t.Context()))
		if there.Kept() != 1 {
			t.Error("the verdict of an open proposal is not remembered")
		}
		must(t, here.Return(t.Context(), rui, p.ID, "not yet"))
		must(t, there.Refresh(t.Context()))
		if there.Kept() != 0 {
			t.Error("a verdict stays on the node that did not decide")
		}
	})
}

// What the folder held when it was first seen is served, whatever becomes of the
// folder.
func TestAPublishedVersionOutlivesItsFolder(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		first := node(t, d, shipped(t), false)
		was, _ := first.Packages.Version(garden, "2025")

		changed := shipped(t)
		text := changed[garden+"/2025/texts/en.yaml"]
		text.Data = bytes.Replace(text.Data, []byte("lets gardens"), []byte("sells gardens"), 1)
		again := node(t, d, changed, false)
		now, _ := again.Packages.Version(garden, "2025")
		if now.Hash != was.Hash || len(again.Drifts()) != 1 || again.Drifts()[0].Kind != versions.Changed {
			t.Errorf("a folder that changed: %s is served for %s, found %v", now.Hash, was.Hash, again.Drifts())
		}

		gone := shipped(t)
		maps.DeleteFunc(gone, func(name string, _ *fstest.MapFile) bool { return strings.HasPrefix(name, garden) })
		without := node(t, d, gone, false)
		if now, ok := without.Packages.Version(garden, "2025"); !ok || now.Hash != was.Hash {
			t.Error("a folder that is gone takes its cases along")
		}

		loose := node(t, d, changed, true) // a demonstration
		now, _ = loose.Packages.Version(garden, "2025")
		if now.Hash == was.Hash || len(loose.Drifts()) != 1 || loose.Drifts()[0].Kind != versions.Loose {
			t.Errorf("a demonstration: found %v", loose.Drifts())
		}

		must(t, d.Write(t.Context(), func(ctx context.Context, tx *db.Tx) error {
			_, err := tx.ExecContext(ctx, `UPDATE services_folder SET files = $1`, []byte("PK damaged"))
			return err
		}))
		damaged := node(t, d, changed, false)
		if _, ok := damaged.Packages.Version(garden, "2025"); ok || len(damaged.Drifts()) != 1 || damaged.Drifts()[0].Kind != versions.Unreadable {
			t.Errorf("what was published is damaged: the folder's other content is served, found %v", damaged.Drifts())
		}
		if same := node(t, d, shipped(t), false); len(same.Drifts()) != 0 {
			t.Errorf("the folder has the very content: %v", same.Drifts())
		}
	})
}

// In a demonstration the folder is not recorded: designers edit it and start again.
func TestADemonstrationRecordsNoFolder(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := node(t, d, shipped(t), true)
		if _, _, err := s.Record(t.Context(), claire, garden, "2025"); errs.KindOf(err) != errs.NotFound {
			t.Errorf("on record: %v", err)
		}
		must(t, s.Approve(t.Context(), rui, proposed(t, s, next(t)), ""))
		if got := served(node(t, d, shipped(t), true), "2027-02-01"); got != "2027" {
			t.Errorf("after a restart %q is served", got)
		}
	})
}

// site is the designers' pages.
func site(t *testing.T) (*versions.Service, func(web.Identity) *webtest.Client) {
	t.Helper()
	d := dbtest.SQLite(t)
	must(t, web.Migrate(t.Context(), d))
	s := node(t, d, shipped(t), false)
	c := config.Defaults()
	c.Limits.RequestsPerMin, c.Limits.AccountPerMin = 0, 0
	server, err := web.New(web.Deps{Config: c, DB: d, Clock: clock.System{}, Log: slog.New(slog.DiscardHandler),
		Texts: i18ntest.Bundle(t, ui.Locales, web.Locales, pack.Locales(), versions.Locales), Assets: assets.FS()})
	must(t, err)
	(&versions.Web{Service: s}).Routes(server.Router())
	known := map[string]web.Identity{claire.Account: claire, rui.Account: rui, fritz.Account: fritz}
	server.Router().Raw("POST /sign-in/{account}", func(_ http.ResponseWriter, r *http.Request) error {
		web.Session(r).SignIn(known[r.PathValue("account")])
		return nil
	})
	return s, func(who web.Identity) *webtest.Client {
		c := webtest.New(t, server)
		c.Post("/sign-in/"+who.Account, nil).WantStatus(200)
		return c
	}
}

func zipped(t *testing.T, f pack.Folder) webtest.File {
	t.Helper()
	var b bytes.Buffer
	must(t, f.WriteZip(&b))
	return webtest.File{Name: "garden.zip", Content: b.Bytes()}
}

const form = "main form[method=post]"

func TestPublishingOnThePages(t *testing.T) {
	_, as := site(t)
	proposer, reviewer := as(claire), as(rui)

	proposer.Get("/en/versions").WantStatus(200).Want(htmlcheck.In("main", htmlcheck.Contains("No version waits.")))
	proposer.Get("/en/versions/proposals/new").WantStatus(200)
	proposer.Submit(form, webtest.Values{"remark": "The rents of 2027"}).WantStatus(422).Want(
		htmlcheck.In(".govuk-error-summary", htmlcheck.Contains("Choose the zip file")), htmlcheck.In("textarea", htmlcheck.Contains("The rents of 2027")))
	proposer.Submit(form, webtest.Values{"remark": "x", "package": webtest.File{Name: "x.zip", Content: []byte("no zip")}}).WantStatus(422).Want(
		htmlcheck.In(".govuk-error-summary", htmlcheck.Contains("no zip file")))
	proposer.Submit(form, webtest.Values{"remark": "x", "package": zipped(t, next(t, "value: 25.50", "value: 26.50"))}).WantStatus(422).Want(
		htmlcheck.In(".govuk-error-summary", htmlcheck.Contains("scenario")), htmlcheck.In("main", htmlcheck.Contains("amount: expected 51, got 53.00")))
	german := as(claire)
	german.Get("/de/versions/proposals/new").WantStatus(200)
	german.Submit(form, webtest.Values{"remark": "x", "package": zipped(t, next(t, "prefix: GAR", "prefix: G"))}).WantStatus(422).Want(
		htmlcheck.In("main", htmlcheck.Contains("prefix „G“: zwei bis fünf Großbuchstaben"), htmlcheck.Contains("Zeile")))
	proposer.Submit(form, webtest.Values{"remark": "The law of <2026>", "package": zipped(t, next(t, "The commune lets gardens", "The commune lends gardens"))}).WantStatus(200).Want(
		htmlcheck.In("main", htmlcheck.Contains("Another person decides"), htmlcheck.Contains("The law of <2026>"), htmlcheck.Contains("The commune added: lends (end) gardens")))
	place := proposer.Page.URL.Path
	if proposer.Page.Doc.Find("[name=decision]").Length() != 0 {
		t.Error("who proposed it is asked to decide")
	}
	proposer.Post(place, map[string][]string{"decision": {"approve"}}).WantStatus(403)
	if f, err := pack.ReadZip([]byte(reviewer.Get(place + "/package.zip").WantStatus(200).Body)); err != nil || !bytes.Contains(f.Files["texts/en.yaml"], []byte("lends")) {
		t.Errorf("the package of the proposal: %v", err)
	}
	as(fritz).Get(place + "/package.zip").WantStatus(403)

	reviewer.Get("/en/versions").Want(htmlcheck.In("main", htmlcheck.Contains("waits for a second person")))
	reviewer.Click("main li a[href*='/proposals/']").WantStatus(200)
	reviewer.Submit(form, nil).WantStatus(422)
	reviewer.Submit(form, webtest.Values{"decision": "return"}).WantStatus(422).Want(htmlcheck.In(".govuk-error-summary", htmlcheck.Contains("Write why")))
	reviewer.Submit(form, webtest.Values{"decision": "approve", "reason": "Read"}).WantStatus(200).Want(
		htmlcheck.In("main", htmlcheck.Contains("Rui Marques"), htmlcheck.Contains("published")))
	reviewer.Post(place, map[string][]string{"decision": {"approve"}}).WantStatus(409)
	reviewer.Get("/en/versions/" + garden + "/2027").WantStatus(200).Want(
		htmlcheck.In("main", htmlcheck.Contains("Claire Wagener"), htmlcheck.Contains("Rui Marques"), htmlcheck.Contains("Fingerprint")))
	reviewer.Get("/en/versions/" + garden + "/2025").WantStatus(200).Want(htmlcheck.In("main", htmlcheck.Contains("first seen, on 2 November 2026")))
	reviewer.Get("/en/versions/proposals").WantStatus(200).Want(htmlcheck.In("main", htmlcheck.Contains("Claire Wagener")))

	f, err := pack.ReadZip([]byte(reviewer.Get("/en/versions/" + garden + "/2027/package.zip").WantStatus(200).Body))
	if err != nil || f.Version != "2027" || !bytes.Contains(f.Files["texts/en.yaml"], []byte("lends")) {
		t.Errorf("the package that is downloaded: %v", err)
	}
	for _, path := range []string{"/en/versions", "/en/versions/proposals", "/en/versions/proposals/new", place} {
		as(fritz).Get(path).WantStatus(403)
	}
}
