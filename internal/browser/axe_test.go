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
	for _, x := range v.axe() {
		v.t.Errorf("%s (%d px): %s", v.path(), v.how.width, x)
	}
	v.resize(phone)
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
	// wrong sends the page's form as it is: its errors are inspected.
	wrong bool
}

// inspectAll walks all places in all languages.
func inspectAll(t *testing.T, s *site, places []place) {
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
	if p.wrong {
		v.goOn()
		want = 422
	}
	if v.status != want {
		v.t.Errorf("%s answered %d, want %d", p.path, v.status, want)
		return
	}
	if !p.wrong && strings.HasPrefix(p.path, "/applications/") && !strings.HasPrefix(v.path(), "/"+lang+p.path) {
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
		{name: "personas found", path: "/sign-in?then=/en/account"},
	}
}

func TestAccessibilityPublic(t *testing.T) {
	inspectAll(t, shared(t), publicPlaces())
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
		places = append(places, place{name: name + " check", who: who, path: strings.TrimPrefix(v.path(), "/en")})
	}
	v := s.visitor(t, how{width: desktop})
	v.signIn(highIncome, "/en/account")
	v.begin(allowance)
	draft := strings.TrimSuffix(v.path(), "/household")
	v.fillAllowance()
	v.open(draft + "/income")
	v.choose("otherIncome", "yes")
	v.goOn() // the page now asks for the incomes
	collectAfter := fmt.Sprintf("%s/check", draft)
	v.open(collectAfter)
	collect(v, highIncome, allowance)
	places = append(places, place{name: allowance + " with errors", who: highIncome, path: strings.TrimPrefix(draft, "/en") + "/income", wrong: true})

	v = s.visitor(t, how{width: desktop})
	v.signIn(student, "/en/account")
	v.begin(certificate)
	v.fillCertificate()
	collect(v, student, certificate)

	v = s.visitor(t, how{width: desktop})
	v.signIn(student, "/en/account")
	v.begin(permit)
	draft = strings.TrimSuffix(v.path(), "/business")
	places = append(places, place{name: permit + " with errors", who: student, path: strings.TrimPrefix(draft, "/en") + "/business", wrong: true})
	v.fillPermit("Boulangerie Lang", pdf(t))
	collect(v, student, permit)
	return places
}

func TestAccessibilityForms(t *testing.T) {
	s := shared(t)
	inspectAll(t, s, formPlaces(t, s))
}
