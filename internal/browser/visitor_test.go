package browser

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// patience is the longest that one step of a visitor may take.
const patience = 60 * time.Second

// The widths of the task: a small phone, a desktop.
const (
	phone   = 320
	desktop = 1280
)

// how is the way a visitor looks at the site.
type how struct {
	width    int
	noScript bool
	dark     bool
}

func (h how) String() string {
	s := fmt.Sprintf("%d px", h.width)
	if h.noScript {
		return s + ", no script"
	}
	return s
}

// visitor is one person at one browser, with cookies of their own.
type visitor struct {
	t      testing.TB
	site   *site
	how    how
	ctx    context.Context
	status int  // of the page that is open
	quiet  bool // a failure says enough by itself

	mu      sync.Mutex
	trouble []string // console errors, exceptions
}

// visitor opens a browser for somebody who was never here.
func (s *site) visitor(t testing.TB, h how) *visitor {
	t.Helper()
	return newVisitor(t, s, h, chromedp.WithNewBrowserContext(), everything.chromium)
}

// secondTab is another tab of the same browser.
func (v *visitor) secondTab() *visitor {
	v.t.Helper()
	c := chromedp.FromContext(v.ctx)
	return newVisitor(v.t, v.site, v.how, chromedp.WithExistingBrowserContext(c.BrowserContextID), everything.chromium)
}

func newVisitor(t testing.TB, s *site, h how, where chromedp.ContextOption, parent context.Context) *visitor {
	t.Helper()
	ctx, cancel := chromedp.NewContext(parent, where)
	v := &visitor{t: t, site: s, how: h, ctx: ctx}
	t.Cleanup(func() {
		if t.Failed() && !v.quiet {
			v.describe()
		}
		cancel()
		v.mu.Lock()
		defer v.mu.Unlock()
		for _, s := range v.trouble {
			t.Error("console: " + s)
		}
	})
	if err := chromedp.Listen(ctx, v.hear); err != nil {
		t.Fatal(err)
	}
	v.resize(h.width)
	v.do(chromedp.Func(func(ctx context.Context, tab *chromedp.Target) error {
		if _, err := cdp.Call(ctx, tab, log.Enable, cdp.Empty{}); err != nil {
			return err
		}
		scheme := "light"
		if h.dark {
			scheme = "dark"
		}
		if _, err := cdp.Call(ctx, tab, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{
			{Name: "prefers-color-scheme", Value: scheme}, {Name: "prefers-reduced-motion", Value: "reduce"},
		}}); err != nil {
			return err
		}
		_, err := cdp.Call(ctx, tab, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: h.noScript})
		return err
	}))
	return v
}

// hear notes what the browser complains about.
func (v *visitor) hear(ev any) {
	complaint := ""
	switch ev := ev.(type) {
	case *log.EventEntryAdded:
		if v.site.fails && strings.HasPrefix(ev.Entry.Text, "Failed to load resource: the server responded with a status of 5") {
			return
		}
		// That a page answers 404 or 422 is asserted where it matters.
		if ev.Entry.Level == log.EntryLevelError && !strings.HasPrefix(ev.Entry.Text, "Failed to load resource: the server responded with a status of 4") {
			complaint = ev.Entry.Text + " " + ev.Entry.URL
		}
		if strings.HasPrefix(ev.Entry.Text, "Failed to load") && strings.Contains(ev.Entry.URL, "/assets/") {
			complaint = ev.Entry.Text + " " + ev.Entry.URL
		}
	case *runtime.EventExceptionThrown:
		complaint = ev.ExceptionDetails.Text
		if e := ev.ExceptionDetails.Exception; e != nil {
			complaint += " " + e.Description
		}
	case *runtime.EventConsoleAPICalled:
		if ev.Type == runtime.ConsoleAPICalledTypeError {
			complaint = "console.error"
			for _, a := range ev.Args {
				complaint += " " + string(a.Value)
			}
		}
	}
	if complaint == "" {
		return
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	v.trouble = append(v.trouble, complaint)
}

// describe says where the visitor stands, for whoever reads a failure.
func (v *visitor) describe() {
	ctx, cancel := context.WithTimeout(v.ctx, 5*time.Second)
	defer cancel()
	text, err := chromedp.Run(ctx, chromedp.Evaluate[string](`location.href + " · " + document.title + "\n" + (document.querySelector("main")?.innerText ?? document.body?.innerText ?? "").slice(0, 1800)`))
	if err != nil {
		v.t.Logf("the page cannot be read: %v", err)
		return
	}
	v.t.Logf("the visitor (%s, status %d) sees %s", v.how, v.status, text)
	if dir := os.Getenv("BROWSER_FAILURES"); dir != "" {
		if png, err := chromedp.Run(ctx, chromedp.FullScreenshot(100)); err == nil {
			name := strings.Map(func(r rune) rune {
				if strings.ContainsRune("/ ,", r) {
					return '_'
				}
				return r
			}, v.t.Name())
			_ = os.WriteFile(filepath.Join(dir, name+".png"), png, 0o600)
		}
	}
}

func (v *visitor) do(steps ...chromedp.Action[chromedp.Void]) {
	v.t.Helper()
	// The first step binds the tab to its context: it must not end with this call.
	if chromedp.FromContext(v.ctx).Target == nil {
		if err := chromedp.Do(v.ctx); err != nil {
			v.t.Fatal(err)
		}
	}
	ctx, cancel := context.WithTimeout(v.ctx, patience)
	defer cancel()
	if err := chromedp.Do(ctx, steps...); err != nil {
		v.t.Fatal(err)
	}
}

// loads runs steps that lead to another page, and waits until it is there.
func (v *visitor) loads(what string, steps ...chromedp.Action[chromedp.Void]) {
	v.t.Helper()
	ctx, cancel := context.WithTimeout(v.ctx, patience)
	defer cancel()
	response, err := chromedp.RunResponse(ctx, steps...)
	if err != nil {
		v.t.Fatalf("%s: %v", what, err)
	}
	if response != nil {
		v.status = int(response.Status)
	}
}

// eval calls a JavaScript function with arguments. It works without scripts
// too: only the page's own are off then.
func eval[T any](v *visitor, function string, args ...any) T {
	v.t.Helper()
	call := make([]string, len(args))
	for i, a := range args {
		b, err := json.Marshal(a)
		if err != nil {
			v.t.Fatal(err)
		}
		call[i] = string(b)
	}
	ctx, cancel := context.WithTimeout(v.ctx, patience)
	defer cancel()
	for {
		value, err := chromedp.Run(ctx, chromedp.Evaluate[T]("("+function+")("+strings.Join(call, ",")+")"))
		if err == nil {
			return value
		}
		// A page that is just being replaced is asked again.
		if !strings.Contains(err.Error(), "navigated or closed") && !strings.Contains(err.Error(), "context was destroyed") || ctx.Err() != nil {
			v.t.Fatalf("%s: %v", function, err)
		}
	}
}

// resize changes the width of the window.
func (v *visitor) resize(width int) {
	v.t.Helper()
	height := 900
	if width < 600 {
		height = 740
	}
	v.do(chromedp.EmulateViewport(int64(width), int64(height)))
}

// open goes to an address of the site, such as /en/services, which must answer
// with 200.
func (v *visitor) open(path string) {
	v.t.Helper()
	v.visit(path)
	if v.status != 200 {
		v.t.Fatalf("%s answered %d", path, v.status)
	}
}

// visit goes to an address, whatever it answers.
func (v *visitor) visit(path string) {
	v.t.Helper()
	v.loads(path, chromedp.Navigate(v.site.url+path))
}

// path is the address that is open, without the host.
func (v *visitor) path() string {
	v.t.Helper()
	u, err := url.Parse(eval[string](v, "() => location.href"))
	if err != nil {
		v.t.Fatal(err)
	}
	return u.RequestURI()
}

// point finds where to click on what a selector finds: the middle of the first
// visible match, which nothing else may cover.
const point = `(selector) => {
	const all = [...document.querySelectorAll(selector)];
	const e = all.find(e => e.getClientRects().length && getComputedStyle(e).visibility !== "hidden" && !e.closest("[aria-hidden=true]"));
	if (!e) return {problem: all.length ? "is not visible" : "is not there"};
	e.scrollIntoView({block: "center", inline: "center", behavior: "instant"});
	const box = e.getClientRects()[0], x = box.left + box.width / 2, y = box.top + box.height / 2;
	const top = document.elementFromPoint(x, y);
	if (!top || !(e.contains(top) || top.contains(e) || top.closest("label")?.control === e)) return {problem: "is covered by " + (top ? top.outerHTML.slice(0, 160) : "nothing")};
	return {x, y};
}`

func (v *visitor) point(selector string) (x, y float64) {
	v.t.Helper()
	p := eval[struct {
		Problem string
		X, Y    float64
	}](v, point, selector)
	if p.Problem != "" {
		v.t.Fatalf("%s %s", selector, p.Problem)
	}
	return p.X, p.Y
}

// press clicks without going to another page.
func (v *visitor) press(selector string) {
	v.t.Helper()
	x, y := v.point(selector)
	v.do(chromedp.MouseClickXY(x, y))
}

// click clicks on what leads to another page, and waits for it.
func (v *visitor) click(selector string) {
	v.t.Helper()
	x, y := v.point(selector)
	v.loads("click on "+selector, chromedp.MouseClickXY(x, y))
}

// follow clicks on the link or button with the text.
func (v *visitor) follow(text string) {
	v.t.Helper()
	v.click(v.named(text))
}

// named gives the visible link or button with the text a selector.
func (v *visitor) named(text string) string {
	v.t.Helper()
	found := eval[bool](v, `(text) => {
		document.querySelectorAll("[data-found]").forEach(e => e.removeAttribute("data-found"));
		const words = e => e.innerText.replace(/\s+/g, " ").trim();
		const all = [...document.querySelectorAll("a, button, summary")].filter(e => e.getClientRects().length && !e.closest("[aria-hidden=true]"));
		const e = all.find(e => words(e) === text) ?? all.find(e => words(e).startsWith(text));
		e?.setAttribute("data-found", "");
		return !!e;
	}`, text)
	if !found {
		v.t.Fatalf("no link or button %q", text)
	}
	return "[data-found]"
}

// goOn presses the main button of the page's form.
func (v *visitor) goOn() {
	v.t.Helper()
	v.click(mainButton)
}

// mainButton is the first button in the text that is no secondary one.
const mainButton = `main form .govuk-button:not(.govuk-button--secondary):not(.govuk-button--warning)`

// choose selects a radio button or ticks a box, by its label.
func (v *visitor) choose(name, value string) {
	v.t.Helper()
	id := eval[string](v, `(name, value) => [...document.getElementsByName(name)].find(e => e.value === value)?.id ?? ""`, name, value)
	if id == "" {
		v.t.Fatalf("no choice %s=%s", name, value)
	}
	if !v.chosen(name, value) {
		v.press(`label[for="` + id + `"]`)
	}
	if !v.chosen(name, value) {
		v.t.Fatalf("%s=%s is not chosen after a click on its label", name, value)
	}
}

func (v *visitor) chosen(name, value string) bool {
	v.t.Helper()
	return eval[bool](v, `(name, value) => [...document.getElementsByName(name)].some(e => e.value === value && e.checked)`, name, value)
}

// fill types a text into a field, in place of what is there.
func (v *visitor) fill(name, text string) {
	v.t.Helper()
	found := eval[bool](v, `(name) => { const e = [...document.getElementsByName(name)].find(e => e.type !== "hidden"); e?.focus(); e?.select(); return !!e && document.activeElement === e; }`, name)
	if !found {
		v.t.Fatalf("no field %s that can be typed into", name)
	}
	v.do(chromedp.Func(func(ctx context.Context, tab *chromedp.Target) error {
		_, err := cdp.Call(ctx, tab, input.InsertText, input.InsertTextParams{Text: text})
		return err
	}))
	if got := v.value(name); got != strings.ReplaceAll(text, "\r\n", "\n") {
		v.t.Fatalf("%s holds %q after typing %q", name, got, text)
	}
}

// value is what a field holds.
func (v *visitor) value(name string) string {
	v.t.Helper()
	return eval[string](v, `(name) => [...document.getElementsByName(name)].find(e => e.type !== "hidden")?.value ?? ""`, name)
}

// attach chooses a file from the disk.
func (v *visitor) attach(name string, files ...string) {
	v.t.Helper()
	v.do(chromedp.SetUploadFiles(chromedp.Search(`input[type=file][name="`+name+`"]`), files))
}

// has tells whether something matches the selector.
func (v *visitor) has(selector string) bool {
	v.t.Helper()
	return eval[bool](v, "s => !!document.querySelector(s)", selector)
}

// text is the text of the first match as it is read on the screen.
func (v *visitor) text(selector string) string {
	v.t.Helper()
	return eval[string](v, `s => (document.querySelector(s)?.innerText ?? "").replace(/\s+/g, " ").trim()`, selector)
}

// sees fails unless all texts are on the page.
func (v *visitor) sees(texts ...string) {
	v.t.Helper()
	page := v.text("body")
	for _, want := range texts {
		if !strings.Contains(page, want) {
			v.t.Errorf("the page does not say %q", want)
		}
	}
	if v.t.Failed() {
		v.t.FailNow()
	}
}

// until reopens the page until something matches the selector: work behind the
// scenes, such as a decision by rule, is done within seconds.
func (v *visitor) until(selector string) {
	v.t.Helper()
	end := time.Now().Add(patience)
	for !v.has(selector) {
		if time.Now().After(end) {
			v.t.Fatalf("%s did not appear on %s", selector, v.path())
		}
		v.loads("reload", chromedp.Reload())
	}
}

// await waits for a condition.
func (v *visitor) await(what string, is func() bool) {
	v.t.Helper()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for end := time.Now().Add(patience); !is(); <-tick.C {
		if time.Now().After(end) {
			v.t.Fatalf("still not: %s", what)
		}
	}
}

// back goes back in the browser's history.
func (v *visitor) back() {
	v.t.Helper()
	before := v.path()
	// chromedp.NavigateBack waits for a load, which a page that the browser kept
	// whole does not do again.
	v.do(chromedp.Func(func(ctx context.Context, tab *chromedp.Target) error {
		h, err := cdp.Call(ctx, tab, page.GetNavigationHistory, cdp.Empty{})
		if err != nil {
			return err
		}
		_, err = cdp.Call(ctx, tab, page.NavigateToHistoryEntry, page.NavigateToHistoryEntryParams{EntryID: h.Entries[h.CurrentIndex-1].ID})
		return err
	}))
	v.await("another page after going back", func() bool {
		return v.path() != before && eval[string](v, "() => document.readyState") == "complete"
	})
}

// forget drops all cookies: what a person sees whose session has expired.
func (v *visitor) forget() {
	v.t.Helper()
	v.do(chromedp.Func(func(ctx context.Context, tab *chromedp.Target) error {
		_, err := cdp.Call(ctx, tab, network.ClearBrowserCookies, cdp.Empty{})
		return err
	}))
}

// signIn signs in as a persona of the demonstration and lands on the address.
func (v *visitor) signIn(name, then string) {
	v.t.Helper()
	v.open("/en/sign-in?then=" + url.QueryEscape(then))
	v.be(name)
	if v.status != 200 {
		v.t.Fatalf("after signing in, %s answered %d", then, v.status)
	}
}

// be chooses a persona on the page of the demonstration's provider.
func (v *visitor) be(name string) {
	v.t.Helper()
	v.follow("Be " + name)
}
