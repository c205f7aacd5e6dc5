package services

import (
	"io"
	"io/fs"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"strings"
	"testing"
	"testing/fstest"

	"passerelle/internal/module/exchange"
	"passerelle/internal/module/services/pack"
	"passerelle/internal/platform/blob"
	"passerelle/internal/platform/clock"
	"passerelle/internal/platform/config"
	"passerelle/internal/platform/db/dbtest"
	"passerelle/internal/platform/i18n"
	"passerelle/internal/platform/i18n/i18ntest"
	"passerelle/internal/platform/ui"
	"passerelle/internal/platform/web"
	"passerelle/internal/platform/web/webtest"
	"passerelle/internal/platform/web/webtest/htmlcheck"
	packages "passerelle/services"
	assets "passerelle/web"
)

// withPhoto is the garden of the package's tests, with a photograph of the
// plot asked for.
func withPhoto(t *testing.T) fs.FS {
	t.Helper()
	all := fstest.MapFS{}
	root := os.DirFS("pack/testdata/set")
	err := fs.WalkDir(root, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := fs.ReadFile(root, name)
		if strings.HasSuffix(name, "/form.yaml") {
			b = []byte(strings.Replace(string(b), "  - id: helpers\n", "      - {id: photo, type: file, required: false, max: 2, maxSize: 1MB, accept: [pdf]}\n  - id: helpers\n", 1))
		}
		if strings.Contains(name, "/texts/") {
			b = append(b, "\nform.photo.label: \"Photograph\"\nform.helpers.kin.optionHints.family: \"Also by marriage\"\n"...)
		}
		all[name] = &fstest.MapFile{Data: b}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// site is the office with its pages and a visitor who is signed in.
func site(t *testing.T) (*office, *webtest.Client) {
	t.Helper()
	d := dbtest.SQLite(t)
	o := newOffice(t, d)
	if err := web.Migrate(t.Context(), d); err != nil {
		t.Fatal(err)
	}
	set, findings := pack.LoadSet(withPhoto(t))
	for _, f := range findings {
		t.Errorf("%s:%d: %s", f.File, f.Line, f.Msg)
	}
	o.Packages = set
	var err error
	if o.Blobs, err = blob.Open(t.TempDir()); err != nil {
		t.Fatal(err)
	}
	cfg := config.Demo(t.TempDir(), "127.0.0.1:0")
	cfg.Limits.RequestsPerMin = 0
	server, err := web.New(web.Deps{Config: cfg, DB: d, Clock: clock.System{}, Log: slog.New(slog.NewTextHandler(io.Discard, nil)),
		Texts: i18ntest.Bundle(t, web.Locales, ui.Locales, Locales, pack.Locales(), exchange.Locales), Assets: assets.FS()})
	if err != nil {
		t.Fatal(err)
	}
	rt := server.Router()
	NewWeb(o.Service, WebOptions{}).Routes(rt)
	for name, who := range map[string]web.Identity{"anna": anna, "boris": boris} {
		rt.Page("GET /be/"+name, func(w http.ResponseWriter, r *http.Request) error {
			web.Session(r).SignIn(who)
			return web.SeeOther(w, r, "/services/allotment-garden")
		})
	}
	rt.Page("GET /cases", func(w http.ResponseWriter, _ *http.Request) error {
		_, err := io.WriteString(w, "<main>my cases</main>")
		return err
	})
	c := webtest.New(t, server)
	c.Get("/en/be/anna").WantStatus(200)
	return o, c
}

const main = "main form[method=post]"

// begun is on the first page of a new draft, at its address.
func begun(c *webtest.Client) string {
	c.Get("/en/services/allotment-garden/apply").WantStatus(200)
	return c.Submit(main, nil).WantStatus(200).URL.Path
}

// TestAWholeApplication goes from the service's page to the receipt.
func TestAWholeApplication(t *testing.T) {
	o, c := site(t)
	begun(c)
	c.Page.Want(htmlcheck.In("main", htmlcheck.Contains("rue du Lac")))
	c.Submit(main, webtest.Values{"ares": "2", "shed": "no"}).WantStatus(200).Want(htmlcheck.In("main", htmlcheck.Contains("Declaration")))
	c.Submit(main, webtest.Values{"rules": "yes"}).WantStatus(200).Want(htmlcheck.In("main", htmlcheck.Contains("rue du Lac")))
	check := c.Page.URL.Path
	c.Submit(main, nil).WantStatus(200).Want(htmlcheck.In("main", htmlcheck.Contains("GAR-2025-1")))
	receipt := c.Page.URL.Path

	// back button, and sent again: the receipt, and one application
	if c.Get(check); c.Page.URL.Path != receipt {
		t.Errorf("after it was sent, %s shows %s", check, c.Page.URL.Path)
	}
	c.Post(check, nil).WantStatus(200)
	if c.Page.URL.Path != receipt || len(o.received) != 1 {
		t.Errorf("sent again: %s, %d applications", c.Page.URL.Path, len(o.received))
	}
	for _, s := range o.received {
		if s.Application["address"] != "rue du Lac" || s.Lang != "en" || s.Actor.Account != anna.Account {
			t.Errorf("%+v", s)
		}
	}
}

// TestWrongAnswersAreKept and shown with what is wrong.
func TestWrongAnswersAreKept(t *testing.T) {
	_, c := site(t)
	first := begun(c)
	c.Submit(main, webtest.Values{"ares": "a lot", "shed": "no"}).WantStatus(422).
		Want(htmlcheck.In(".govuk-error-summary", htmlcheck.Count(1)), htmlcheck.In("input[name=ares]", htmlcheck.Attr("value", "a lot")))
	c.Get(first).Want(htmlcheck.In("input[name=ares]", htmlcheck.Attr("value", "a lot")))
	c.Submit(main, webtest.Values{"ares": "7", "shed": "no"}).WantStatus(422) // the law gives six at most
	c.Submit(main, webtest.Values{"ares": "6", "shed": "no"}).WantStatus(200)
}

// TestTwoWindows: the page that was shown before is refused, with what was
// typed in it.
func TestTwoWindows(t *testing.T) {
	o, c := site(t)
	first := begun(c)
	stale := c.Page.Doc.Find(main+" [name=rev]").AttrOr("value", "")
	c.Submit(main, webtest.Values{"ares": "3", "shed": "no"}).WantStatus(200)
	c.Post(first, url.Values{"rev": {stale}, "ares": {"5"}, "shed": {"no"}}).WantStatus(http.StatusConflict).
		Want(htmlcheck.In("input[name=ares]", htmlcheck.Attr("value", "5")))
	c.Get(first).Want(htmlcheck.In("input[name=ares]", htmlcheck.Attr("value", "3")))
	for _, rev := range []string{"", "x", "-1", "99999999999999999999"} {
		c.Post(first, url.Values{"rev": {rev}, "ares": {"6"}, "shed": {"no"}}).WantStatus(http.StatusConflict)
	}
	d := begin(t, o)
	if d.Answers["ares"] == nil || d.Answers["ares"] == "5" {
		t.Errorf("stored %v", d.Answers)
	}
}

// TestAnothersDraft does not exist, page by page.
func TestAnothersDraft(t *testing.T) {
	o, c := site(t)
	first := begun(c)
	draft := first[:strings.LastIndex(first, "/")]
	c.Get("/en/be/boris")
	for _, path := range []string{draft, first, draft + "/check", draft + "/receipt"} {
		c.Get(path).WantStatus(404)
	}
	c.Post(first, url.Values{"rev": {"1"}, "ares": {"6"}}).WantStatus(404)
	c.Post(draft+"/check", nil).WantStatus(404)
	c.Post(draft+"/discard", nil)
	if d := begin(t, o); !strings.HasSuffix(draft, d.ID) {
		t.Error("another person threw it away")
	}
}

const pdf = "%PDF-1.7\n1 0 obj\n<<>>\nendobj\n"

// TestFiles are taken for what they are, not for what they are called.
func TestFiles(t *testing.T) {
	o, c := site(t)
	first := begun(c)
	page := func(name, content string) *webtest.Page {
		c.Get(first)
		return c.Submit(main, webtest.Values{"ares": "2", "shed": "no", "photo": webtest.File{Name: name, Content: []byte(content)}})
	}
	files := func() []any {
		list, _ := begin(t, o).Answers["photo"].([]any)
		return list
	}
	for name, content := range map[string]string{
		"page.pdf": "<html><script>alert(1)</script>", "program.pdf": "MZ\x90\x00", "empty.pdf": "", "large.pdf": pdf + strings.Repeat("x", 1<<20),
	} {
		if page(name, content).WantStatus(422); len(files()) != 0 {
			t.Errorf("%s was taken: %v", name, files())
		}
	}
	page(`..\..\<etc>/pass"wd.exe`, pdf).WantStatus(200)
	if len(files()) != 1 {
		t.Fatalf("a PDF by whatever name: %v", files())
	}
	f, _ := files()[0].(map[string]any)
	hash, _ := f["hash"].(string)
	if name, _ := f["name"].(string); strings.ContainsAny(name, `<>"/\`) || f["type"] != "application/pdf" {
		t.Errorf("%+v", f)
	}
	if ok, err := o.Blobs.Has(hash); err != nil || !ok {
		t.Errorf("content %s: %v %v", hash, ok, err)
	}
	page("two.pdf", pdf+"2").WantStatus(200)
	page("three.pdf", pdf+"3").WantStatus(422) // two at most
	c.Get(first)
	c.Submit(main, webtest.Values{"action": "removeFile:photo:0"}).WantStatus(200)
	if list := files(); len(list) != 2 {
		t.Errorf("%d files are left", len(list))
	}
	// a file that was named, but never sent
	rev := c.Page.Doc.Find(main+" [name=rev]").AttrOr("value", "")
	c.Post(first, url.Values{"rev": {rev}, "ares": {"2"}, "shed": {"no"}, "photo": {`[{"name":"x","hash":"y"}]`}})
	for _, x := range files() {
		if m, _ := x.(map[string]any); m["hash"] == "y" {
			t.Error("a file was invented")
		}
	}
}

func TestHostilePosts(t *testing.T) {
	o, c := site(t)
	first := begun(c)
	c.Post(first, url.Values{"rev": {"1"}, "ares": {"\xff\xfe"}}).WantStatus(422)
	c.Post(first, url.Values{"rev": {"1"}, "ares": {"\x00"}, "shed": {"maybe"}, "nonsense": {"x"}, "helpers.9999999.name": {"x"}, "action": {"add:nothing"}})
	if c.Page.Status >= 500 {
		t.Errorf("%d", c.Page.Status)
	}
	for _, path := range []string{"/en/applications/nothing", "/en/applications/nothing/plot", "/en/services/nothing/apply", "/en/services/nothing"} {
		c.Get(path).WantStatus(404)
	}
	if d := begin(t, o); d.Answers["nonsense"] != nil {
		t.Errorf("%v", d.Answers)
	}
}

// A text of law that nobody verified says why, in the reader's language; of a
// verified one only the date is told.
func TestTheServicePageSaysWhyALawIsNotVerified(t *testing.T) {
	o, c := site(t)
	set, findings := pack.LoadSet(packages.Luxembourg())
	if len(findings) > 0 {
		t.Fatal(findings)
	}
	o.Packages = set
	p, ok := set.InForce("klimabonus-heat-pump", spring)
	if !ok {
		t.Fatal("the service is not in force")
	}
	for _, lang := range i18n.Langs {
		c.Get("/" + string(lang) + "/services/" + p.ID).WantStatus(200).Want(
			htmlcheck.In("main .govuk-summary-list", htmlcheck.Contains(p.T(lang, "legal.klimabonus-2022"))))
		for _, r := range p.Service.Legal {
			if strings.Contains(c.Page.Body, r.Note) {
				t.Errorf("%s: the page shows the maintainers' note on %s", lang, r.ID)
			}
		}
	}
}

// An option has its hint below it; one without has none.
func TestAnOptionHasItsHint(t *testing.T) {
	set, _ := pack.LoadSet(withPhoto(t))
	p := set.All()[0]
	w := Words{Locale: i18ntest.Locale(t, i18n.EN, Locales), Pack: p}
	items := w.choices(p.Field("helpers.kin"))
	if len(items) != 2 || items[0].Value != "family" || items[0].Hint.Text != "Also by marriage" || items[1].Hint.Text != "" {
		t.Errorf("%+v", items)
	}
}
