package webtest_test

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"passerelle/internal/platform/web/webtest"
	"passerelle/internal/platform/web/webtest/htmlcheck"
)

// shop is a site with a form of every kind of field, which shows what it got.
func shop() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /", func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, `<main><h1>Order</h1><a href="list?x=1">List</a>
		<form method="post" action="/order" enctype="multipart/form-data">
		<input type="hidden" name="id" value="7"><input name="name" value="old"><textarea name="note">n</textarea>
		<input type="radio" name="size" value="s" checked><input type="radio" name="size" value="m">
		<input type="checkbox" name="extra" value="a" checked><input type="checkbox" name="extra" value="b">
		<select name="lang"><option value="fr">f</option><option selected>de</option></select>
		<input name="off" value="x" disabled><input type="file" name="file">
		<button name="action" value="send">Send</button><button name="action" value="save">Save</button></form>
		<form id="search" action="/list"><input name="q"></form></main>`)
	})
	mux.HandleFunc("POST /order", func(w http.ResponseWriter, r *http.Request) {
		if err := r.ParseMultipartForm(1 << 20); err != nil {
			http.Error(w, err.Error(), 400)
			return
		}
		f := r.MultipartForm
		file := ""
		if hs := f.File["file"]; len(hs) == 1 {
			content, _ := hs[0].Open()
			data, _ := io.ReadAll(content)
			file = hs[0].Filename + "=" + string(data)
		}
		http.SetCookie(w, &http.Cookie{Name: "seen", Value: "yes", Path: "/"})
		http.Redirect(w, r, "/list?"+strings.ReplaceAll(fmt.Sprint(f.Value, file), " ", "%20"), http.StatusSeeOther)
	})
	mux.HandleFunc("GET /list", func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, `<main><p>%s</p></main>`, strings.ReplaceAll(r.URL.RawQuery, "%20", " "))
	})
	return mux
}

func TestAFormIsSentAsABrowserDoes(t *testing.T) {
	c := webtest.New(t, shop())
	c.Get("/").WantStatus(200).Want(htmlcheck.In("main h1", htmlcheck.Count(1), htmlcheck.Text("Order")))
	p := c.Submit("form", webtest.Values{
		"name": "new", "size": "m", "extra": []string{"a", "b"}, "action": "save", "note": nil,
		"file": webtest.File{Name: "f.txt", Content: []byte("hello")},
	})
	p.Want(htmlcheck.In("p", htmlcheck.Text("map[action:[save] extra:[a b] id:[7] lang:[de] name:[new] size:[m]]f.txt=hello")))
	if p.URL.Path != "/list" || c.Cookies()["seen"] != "yes" || c.Another().Cookies()["seen"] != "" {
		t.Errorf("%s, cookies %v", p.URL, c.Cookies())
	}
}

func TestLinksAndSearchForms(t *testing.T) {
	c := webtest.New(t, shop())
	c.Get("/")
	c.Click("main a").Want(htmlcheck.In("p", htmlcheck.Text("x=1")))
	c.Get("/")
	c.Submit("#search", webtest.Values{"q": "été"}).Want(htmlcheck.In("p", htmlcheck.Matches(`^q=%C3%A9t%C3%A9$`)), htmlcheck.NotIn("h1"))
}

func TestChecksSayWhatIsWrong(t *testing.T) {
	p := webtest.New(t, shop()).Get("/")
	for want, check := range map[string]htmlcheck.Check{
		"no h2":                                 htmlcheck.In("h2"),
		`there is h1: "Order"`:                  htmlcheck.NotIn("h1"),
		`h1: text "Order", want "Orders"`:       htmlcheck.In("h1", htmlcheck.Text("Orders")),
		"button: 2 elements, want 1":            htmlcheck.In("button", htmlcheck.Count(1)),
		`main: a: href="list?x=1", want "list"`: htmlcheck.In("main", htmlcheck.In("a", htmlcheck.Attr("href", "list"))),
		"a: no attribute rel":                   htmlcheck.In("a", htmlcheck.Attr("rel", "x")),
		`h1: text "Order" does not contain "x"`: htmlcheck.In("h1", htmlcheck.Contains("x")),
	} {
		if err := check(p.Doc.Selection); err == nil || err.Error() != want {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}
