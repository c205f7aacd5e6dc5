package browser

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/chromedp/chromedp"
)

// axeSource is the checker, from the design's development dependencies.
var axeSource = sync.OnceValues(func() (string, error) {
	b, err := os.ReadFile(filepath.Join("..", "..", "web", "node_modules", "axe-core", "axe.min.js"))
	return string(b), err
})

// axe returns what the checker finds wrong with the open page.
func (v *visitor) axe() []string {
	v.t.Helper()
	source, err := axeSource()
	if err != nil {
		v.t.Skip("SKIP: accessibility of the pages: axe-core is not installed (make assets)")
	}
	ctx, cancel := context.WithTimeout(v.ctx, patience)
	defer cancel()
	// The checker is given to the page by the browser itself: the page's content
	// security policy would not let it load.
	if err := chromedp.Do(ctx, chromedp.Evaluate[chromedp.Void](source+";0")); err != nil {
		v.t.Fatal(err)
	}
	found, err := chromedp.Run(ctx, chromedp.Evaluate[[]string](`axe.run(document, {
		runOnly: {type: "tag", values: ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa", "best-practice"]},
		resultTypes: ["violations"],
	}).then(r => r.violations.map(x => x.id + " (" + x.impact + "): " + x.help + "\n" + x.nodes.slice(0, 3).map(n =>
		"      " + n.target.join(" ") + "  " + n.html.slice(0, 200) + "\n        " + [...n.any, ...n.all, ...n.none].map(c => c.message).join("; ")).join("\n")))`,
		chromedp.EvalAwaitPromise))
	if err != nil {
		v.t.Fatal(err)
	}
	return found
}

// overflow names what is wider than the window, "" when nothing is.
func (v *visitor) overflow() string {
	v.t.Helper()
	return eval[string](v, `() => {
		const width = document.documentElement.clientWidth;
		if (document.documentElement.scrollWidth <= width) return "";
		const wide = [...document.body.querySelectorAll("*")].filter(e => e.getBoundingClientRect().right > width + 1 && !e.closest(".pa-scroll"));
		return "the page is " + document.documentElement.scrollWidth + " px wide in a window of " + width + ": " +
			wide.slice(-3).map(e => e.outerHTML.slice(0, 140)).join(" … ");
	}`)
}

// inspect fails for everything that is wrong with the open page.
func (v *visitor) inspect(lang string) {
	v.t.Helper()
	if got := eval[string](v, "() => document.documentElement.lang"); got != lang {
		v.t.Errorf("%s: lang is %q, want %q", v.path(), got, lang)
	}
	if n := eval[int](v, `() => document.querySelectorAll("h1").length`); n != 1 {
		v.t.Errorf("%s: %d first headings, want one", v.path(), n)
	}
	remember(v.path())
	for _, width := range []int{v.how.width, phone} {
		v.resize(width)
		for _, x := range v.axe() {
			v.t.Errorf("%s (%d px): %s", v.path(), width, x)
		}
	}
	if x := v.overflow(); x != "" {
		v.t.Errorf("%s: %s", v.path(), x)
	}
	v.resize(v.how.width)
}

// langs are the languages in which every page is read.
var langs = []string{"fr", "de", "lb", "en", "pt"}

// place is one page that is inspected.
type place struct {
	name   string
	who    string // "" for nobody
	path   string // without the language
	status int    // 0 is 200
	// press is a button whose form is sent as it is, which the server must
	// refuse: the errors are inspected.
	press string
}

// inspectAll walks all places in all languages, and returns when they are seen:
// what the test does next to the installation comes after.
func inspectAll(t *testing.T, s *site, places []place) {
	t.Helper()
	t.Run("all", func(t *testing.T) { inLanguages(t, s, places) })
}

func inLanguages(t *testing.T, s *site, places []place) {
	t.Helper()
	people := map[string][]place{}
	var order []string
	for _, p := range places {
		if people[p.who] == nil {
			order = append(order, p.who)
		}
		people[p.who] = append(people[p.who], p)
	}
	for _, lang := range langs {
		t.Run(lang, func(t *testing.T) {
			t.Parallel()
			for _, who := range order {
				v := s.visitor(t, how{width: desktop})
				v.quiet = true
				if who != "" {
					v.signIn(who, "/en/account")
				}
				for _, p := range people[who] {
					t.Run(p.name, func(t *testing.T) {
						v.t = t
						v.see(lang, p)
					})
				}
				v.t = t
			}
		})
	}
}

// see opens a place and inspects it.
func (v *visitor) see(lang string, p place) {
	v.t.Helper()
	want := max(p.status, 200)
	v.visit("/" + lang + p.path)
	if p.press != "" {
		want = 422
		// Somebody else's mistake on the same draft a moment ago makes this one
		// stale: sent again it counts.
		for v.unfold(p.press); v.status != want && (v.status == 200 || v.status == 409); {
			v.click(p.press)
			if v.status == 200 {
				break
			}
		}
	}
	if v.status != want {
		v.t.Errorf("%s answered %d, want %d", p.path, v.status, want)
		return
	}
	if p.press == "" && strings.HasPrefix(p.path, "/applications/") && !strings.HasPrefix(v.path(), "/"+lang+p.path) {
		v.t.Errorf("%s leads to %s", p.path, v.path())
		return
	}
	v.inspect(lang)
}

// publicPlaces are the pages that anybody may read.
func publicPlaces() []place {
	return []place{
		{name: "home", path: ""},
		{name: "catalogue", path: "/services"},
		{name: "catalogue of a moment", path: "/services?event=moving-house"},
		{name: "search", path: "/services?q=pension"},
		{name: "empty search", path: "/services?q=zzzzzz"},
		{name: "allowance", path: "/services/" + allowance},
		{name: "certificate", path: "/services/" + certificate},
		{name: "permit", path: "/services/" + permit},
		{name: "signed out", path: "/signed-out"},
		{name: "accessibility", path: "/accessibility"},
		{name: "contact", path: "/contact"},
		{name: "data", path: "/data"},
		{name: "legal", path: "/legal"},
		{name: "verify", path: "/verify"},
		{name: "programs", path: "/api"},
		{name: "mailbox", path: "/demo/mail"},
		{name: "no such page", path: "/nowhere", status: 404},
		{name: "no such service", path: "/services/nothing", status: 404},
		{name: "personas", path: "/sign-in?then=/en/account"},
	}
}

func TestAccessibilityPublic(t *testing.T) {
	inspectAll(t, shared(t), publicPlaces())
	inspected.tests.Add(1)
}

// formPlaces starts a draft of each service and returns every page of it.
func formPlaces(t *testing.T, s *site) []place {
	t.Helper()
	var places []place
	collect := func(v *visitor, who, name string) {
		places = append(places, place{name: "before " + name, who: who, path: "/services/" + name + "/apply"})
		pages := eval[[]string](v, `() => [...document.querySelectorAll("a[href*='return=check']")].map(a => a.pathname.replace(/^\/[a-z]+/, ""))`)
		if len(pages) == 0 {
			t.Fatal("the page of all answers links to no page")
		}
		for _, p := range pages {
			places = append(places, place{name: name + " " + last(p), who: who, path: p})
		}
		check := strings.TrimPrefix(v.path(), "/en")
		places = append(places, place{name: name + " check", who: who, path: check},
			place{name: name + " discard", who: who, path: strings.TrimSuffix(check, "check") + "discard"})
	}
	v := s.visitor(t, how{width: desktop})
	v.signIn(highIncome, "/en/account")
	v.begin(allowance)
	draft := strings.TrimSuffix(v.path(), "/household")
	v.fillAllowance()
	v.open(draft + "/income")
	v.choose("otherIncome", "yes")
	v.goOn() // the page now asks for the incomes
	v.open(draft + "/check")
	collect(v, highIncome, allowance)
	places = append(places, place{name: allowance + " with errors", who: highIncome, path: strings.TrimPrefix(draft, "/en") + "/income", press: mainButton})

	v = s.visitor(t, how{width: desktop})
	v.signIn(student, "/en/account")
	v.begin(certificate)
	v.fillCertificate()
	collect(v, student, certificate)

	v = s.visitor(t, how{width: desktop})
	v.signIn(student, "/en/account")
	v.begin(permit)
	v.fillPermit("Boulangerie Lang", pdf(t))
	collect(v, student, permit)

	v = s.visitor(t, how{width: desktop})
	v.signIn(newcomer, "/en/account")
	v.begin(permit)
	return append(places, place{name: permit + " with errors", who: newcomer, path: strings.TrimPrefix(v.path(), "/en"), press: mainButton})
}

func TestAccessibilityForms(t *testing.T) {
	s := shared(t)
	inspectAll(t, s, formPlaces(t, s))
	inspected.tests.Add(1)
}

// casePlaces are a citizen's pages about their cases, in every state that the
// seeded past holds, and one that waits for its fee.
func casePlaces(t *testing.T, s *site) []place {
	t.Helper()
	unpaid := s.visitor(t, how{width: desktop})
	unpaid.signIn(crossBorder, "/en/account")
	unpaid.begin(permit)
	unpaid.fillPermit("Neumann Consulting", pdf(t))
	r := unpaid.send()
	unpaid.open("/en/cases/" + r.id)
	unpaid.until(`main form[action$="/pay"]`)

	places := []place{
		{name: "no cases", who: newcomer, path: "/cases"},
		{name: "no messages", who: newcomer, path: "/inbox"},
		{name: "account", who: newcomer, path: "/account"},
		{name: "home signed in", who: pensioner, path: ""},
		{name: "cases", who: pensioner, path: "/cases"},
		{name: "inbox", who: pensioner, path: "/inbox"},
		{name: "somebody else's case", who: newcomer, path: "/cases/" + r.id, status: 404},
		{name: "after a payment", who: crossBorder, path: "/cases/" + r.id + "/paid"},
	}
	kinds := map[string]bool{} // pages below a case: one for each service is enough
	for _, who := range []string{pensioner, singleParent, family, founder, founderWithRecord, highIncome, crossBorder} {
		v := s.visitor(t, how{width: desktop})
		v.signIn(who, "/en/cases")
		seen := map[string]bool{} // headlines: one case of each state is enough
		for _, id := range v.caseIDs() {
			v.open("/en/cases/" + id)
			headline := v.text("h1")
			if seen[headline] {
				continue
			}
			seen[headline] = true
			name := fmt.Sprintf("%s %d", who, len(seen))
			places = append(places, place{name: name, who: who, path: "/cases/" + id})
			service, _, _ := strings.Cut(v.text(".pa-heading__over"), " · ")
			for _, path := range eval[[]string](v, `id => [...document.querySelectorAll("main a[href*='/cases/" + id + "/']")]
				.filter(a => !a.hasAttribute("download")).map(a => a.pathname.replace(/^\/[a-z]+/, ""))`, id) {
				kind := strings.Split(path, "/")[3] + " of " + service // letter, certificate, appeal, withdraw
				if seen[kind] = seen[kind] || kinds[kind]; seen[kind] {
					continue
				}
				kinds[kind] = true
				places = append(places, place{name: kind, who: who, path: path})
				switch {
				case strings.HasPrefix(kind, "certificate"):
					places = append(places, place{name: kind + " verified", path: "/verify/" + last(path)})
				case strings.HasPrefix(kind, "appeal"):
					places = append(places, place{name: kind + " with errors", who: who, path: path, press: mainButton})
				}
			}
		}
	}
	return places
}

// caseIDs are the cases on the page that is open.
func (v *visitor) caseIDs() []string {
	v.t.Helper()
	return eval[[]string](v, `() => [...new Set([...document.querySelectorAll("main a[href*='/cases/']")].map(a => a.pathname.split("/cases/")[1].split("/")[0]))]`)
}

func TestAccessibilityCases(t *testing.T) {
	s := shared(t)
	inspectAll(t, s, casePlaces(t, s))
	inspected.tests.Add(1)
}

// deskPlaces are the pages of officials and of the operator.
func deskPlaces(t *testing.T, s *site) []place {
	t.Helper()
	places := []place{
		{name: "queue", who: fnsWorker, path: "/workbench"},
		{name: "queue waiting", who: fnsWorker, path: "/workbench?view=waiting"},
		{name: "queue late", who: fnsWorker, path: "/workbench?view=late"},
		{name: "queue nothing found", who: fnsWorker, path: "/workbench?q=zzzz"},
		{name: "queue of permits", who: permitHead, path: "/workbench"},
		{name: "not for citizens", who: newcomer, path: "/workbench", status: 403},
		{name: "operations", who: operator, path: "/operations"},
		{name: "versions", who: designer, path: "/versions"},
		{name: "a version", who: designer, path: "/versions/klimabonus-heat-pump/2025"},
		{name: "changes of a version", who: designer, path: "/versions/klimabonus-heat-pump/2026/changes"},
		{name: "propose a version", who: designer, path: "/versions/proposals/new"},
		{name: "propose nothing", who: designer, path: "/versions/proposals/new", press: mainButton},
		{name: "proposals decided", who: designer, path: "/versions/proposals"},
		{name: "no such proposal", who: designer, path: "/versions/proposals/nothing", status: 404},
		{name: "no such version", who: designer, path: "/versions/klimabonus-heat-pump/1999", status: 404},
		{name: "simulations", who: designer, path: "/simulations"},
		{name: "simulate the allowance", who: designer, path: "/simulations/services/" + allowance},
		{name: "no such simulation", who: designer, path: "/simulations/runs/nothing", status: 404},
		{name: "migrations", who: designer, path: "/migrations"},
		{name: "plan of a migration", who: designer, path: "/migrations/new/klimabonus-heat-pump?from=2025&to=2026"},
		{name: "no such migration", who: designer, path: "/migrations/plans/nothing", status: 404},
		{name: "clock", who: operator, path: "/demo/clock"},
	}
	v := s.visitor(t, how{width: desktop})
	v.signIn(designer, "/en/simulations/services/"+allowance)
	v.fill("percent.monthlyLimit", "5")
	v.goOn()
	v.until(".pa-figures")
	places = append(places, place{name: "simulation", who: designer, path: strings.TrimPrefix(v.path(), "/en")},
		place{name: "simulations done", who: designer, path: "/simulations"})
	plan := strings.TrimPrefix(v.dryRun(), "/en")
	places = append(places, place{name: "dry run of a migration", who: designer, path: plan},
		place{name: "start of a migration", who: secondDesigner, path: plan},
		place{name: "start of a migration without reasons", who: secondDesigner, path: plan, press: mainButton},
		place{name: "migrations made", who: designer, path: "/migrations"})
	v = s.visitor(t, how{width: desktop})
	v.signIn(family, "/en/cases")
	for _, id := range v.caseIDs()[:1] {
		places = append(places, place{name: "file decided", who: fnsWorker, path: "/workbench/cases/" + id})
	}
	for _, q := range []struct{ who, view, name string }{
		{fnsWorker, "", "file to confirm"}, {fnsWorker, "waiting", "file waiting"}, {fnsHead, "", "file to hand over"},
		{permitWorker, "", "file to judge"}, {permitHead, "", "file to approve"},
	} {
		v := s.desk(t, q.who, how{width: desktop})
		v.open("/en/workbench?view=" + q.view)
		for _, id := range v.caseIDs()[:min(2, len(v.caseIDs()))] {
			places = append(places, place{name: q.name, who: q.who, path: "/workbench/cases/" + id})
			if q.who == permitWorker {
				v.open("/en/workbench/cases/" + id)
				if refused := `main button[name=action][value=decide]`; v.has(refused) {
					places = append(places, place{name: q.name + " with errors", who: q.who, path: "/workbench/cases/" + id, press: refused})
				}
				places = append(places, place{name: q.name + " asking", who: q.who, path: "/workbench/cases/" + id + "?template=qualification"})
			}
		}
	}
	return places
}

func TestAccessibilityDesk(t *testing.T) {
	s := shared(t)
	inspectAll(t, s, deskPlaces(t, s))
	inspected.tests.Add(1)
}

// The dark colours keep their contrast: a sample of pages with much colour.
func TestDark(t *testing.T) {
	s := shared(t)
	h := how{width: desktop, dark: true}
	v := s.visitor(t, h)
	for _, p := range []string{"", "/services", "/services/" + allowance, "/nowhere"} {
		v.visit("/en" + p)
		v.inspect("en")
	}
	v.signIn(pensioner, "/en/cases")
	v.inspect("en")
	for _, id := range v.caseIDs() {
		v.open("/en/cases/" + id)
		v.inspect("en")
	}
	v.begin(permit)
	v.goOn()
	v.inspect("en")
	v = s.desk(t, fnsWorker, h)
	v.inspect("en")
	v.open("/en/workbench/cases/" + v.caseIDs()[0])
	v.inspect("en")
}
