package ui

import (
	"bytes"
	"context"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/PuerkitoBio/goquery"
	"github.com/a-h/templ"
	"go.yaml.in/yaml/v3"

	"passerelle/internal/platform/i18n"
	"passerelle/internal/platform/i18n/i18ntest"
)

func TestTextsAreCompleteInFiveLanguages(t *testing.T) { i18ntest.Complete(t, Locales) }

// t(ctx, "x.y") asks for "ui.x.y"; i18ntest.UsedKeys cannot see through it.
func TestEveryTextIsUsed(t *testing.T) {
	var source strings.Builder
	entries, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if name := e.Name(); strings.HasSuffix(name, ".templ") || strings.HasSuffix(name, ".go") && !strings.HasSuffix(name, "_templ.go") && !strings.HasSuffix(name, "_test.go") {
			b, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			source.Write(b)
		}
	}
	l := i18ntest.Locale(t, i18n.EN, Locales)
	for _, key := range ownKeys(t) {
		short := strings.TrimPrefix(key, "ui.")
		if script, ok := strings.CutPrefix(short, "script."); ok {
			short = regexp.MustCompile(`-(one|other)$`).ReplaceAllString(script, ".$1")
		}
		if part, ok := strings.CutPrefix(short, "pagination."); ok && (part == "prev" || part == "next") {
			continue // t(ctx, "pagination."+kind)
		}
		if part, ok := strings.CutPrefix(short, "date."); ok {
			short = part // t(ctx, "date."+name)
		}
		if !strings.Contains(source.String(), `"`+short+`"`) {
			t.Errorf("%s is used nowhere", key)
		}
	}
	for _, m := range regexp.MustCompile(`\bt\(ctx, "([^"]+)"[,)]`).FindAllStringSubmatch(source.String(), -1) {
		if !l.Has("ui." + m[1]) {
			t.Errorf("ui.%s is asked for and not there", m[1])
		}
	}
}

// ownKeys lists the keys of our English texts, dotted.
func ownKeys(t *testing.T) (keys []string) {
	t.Helper()
	b, err := Locales.ReadFile("locales/en.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var tree map[string]any
	if err := yaml.Unmarshal(b, &tree); err != nil {
		t.Fatal(err)
	}
	var walk func(prefix string, node map[string]any)
	walk = func(prefix string, node map[string]any) {
		for k, v := range node {
			if sub, ok := v.(map[string]any); ok {
				walk(prefix+k+".", sub)
			} else {
				keys = append(keys, prefix+k)
			}
		}
	}
	walk("", tree)
	return keys
}

func page(t *testing.T, v View, p Page) *goquery.Document {
	t.Helper()
	ctx := WithView(t.Context(), v)
	ctx = templ.WithChildren(ctx, templ.Raw(`<h1>Inhalt</h1>`))
	var b bytes.Buffer
	if err := Layout(p).Render(ctx, &b); err != nil {
		t.Fatal(err)
	}
	doc, err := goquery.NewDocumentFromReader(&b)
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

func TestTitleSaysErrorFirst(t *testing.T) {
	v := View{Locale: i18ntest.Locale(t, i18n.DE, Locales), Path: "/"}
	if got := page(t, v, Page{Title: "Ihr Haushalt", Errors: true}).Find("title").Text(); got != "Fehler: Ihr Haushalt – Passerelle" {
		t.Errorf("title is %q", got)
	}
}

func TestEveryPageHasItsAddressInEachLanguage(t *testing.T) {
	v := View{Locale: i18ntest.Locale(t, i18n.LB, Locales), Origin: "https://passerelle.example", Path: "/services?q=loyer"}
	doc := page(t, v, Page{Title: "Demarchen"})
	for _, lang := range i18n.Langs {
		alternate := doc.Find(`link[rel=alternate][hreflang="`+string(lang)+`"]`).AttrOr("href", "")
		if want := "https://passerelle.example/" + string(lang) + "/services"; alternate != want {
			t.Errorf("hreflang %s is %q, want %q", lang, alternate, want)
		}
		link := doc.Find(`.pa-langs a[hreflang="` + string(lang) + `"]`)
		if want := "/" + string(lang) + "/services?q=loyer"; link.AttrOr("href", "") != want {
			t.Errorf("switch to %s is %q, want %q", lang, link.AttrOr("href", ""), want)
		}
		if _, current := link.Attr("aria-current"); current != (lang == i18n.LB) {
			t.Errorf("aria-current of %s is %v", lang, current)
		}
	}
}

func TestNavigationFollowsThePerson(t *testing.T) {
	l := i18ntest.Locale(t, i18n.EN, Locales)
	for _, c := range []struct {
		name string
		view View
		want string
	}{
		{"nobody", View{}, "Services"},
		{"citizen", View{User: "Ana"}, "Services My cases"},
		{"worker", View{User: "Tom", Workbench: true}, "Services My cases Workbench"},
		{"with links", View{Links: []NavLink{{Key: "data", Text: "Data", Path: "/data"}}}, "Services Data"},
	} {
		c.view.Locale, c.view.Path = l, "/"
		doc := page(t, c.view, Page{})
		if got := strings.Join(doc.Find(".pa-nav a").Map(func(_ int, s *goquery.Selection) string { return s.Text() }), " "); got != c.want {
			t.Errorf("%s: navigation is %q, want %q", c.name, got, c.want)
		}
		signOut := doc.Find(`form[method=post][action="/en/sign-out"] button`).Length()
		if (signOut == 1) != (c.view.User != "") {
			t.Errorf("%s: %d sign-out buttons", c.name, signOut)
		}
	}
}

func TestSignInComesBackToThePage(t *testing.T) {
	v := View{Locale: i18ntest.Locale(t, i18n.FR, Locales), Path: "/services?q=a b"}
	got := page(t, v, Page{}).Find(".pa-account a").AttrOr("href", "")
	if want := "/fr/sign-in?then=%2Ffr%2Fservices%3Fq%3Da+b"; got != want {
		t.Errorf("sign-in is %q, want %q", got, want)
	}
}

func TestTextIsEscapedAndScriptAddressesAreRefused(t *testing.T) {
	var b bytes.Buffer
	ctx := english(t)
	if err := Button(ButtonOptions{Text: `<b onclick="x">`, Href: "javascript:alert(1)"}).Render(ctx, &b); err != nil {
		t.Fatal(err)
	}
	if s := b.String(); strings.Contains(s, "<b ") || strings.Contains(s, "javascript:") {
		t.Errorf("unsafe markup: %s", s)
	}
}

func TestScriptsSpeakThePagesLanguage(t *testing.T) {
	var b bytes.Buffer
	ctx := i18n.Into(context.Background(), i18ntest.Locale(t, i18n.FR, Locales))
	if err := CharacterCount(CharacterCountOptions{Name: "why", Maxlength: 500}).Render(ctx, &b); err != nil {
		t.Fatal(err)
	}
	if want := `data-i18n.characters-under-limit.other="Il vous reste %{count} caractères"`; !strings.Contains(b.String(), want) {
		t.Errorf("no %s in %s", want, b.String())
	}
}
