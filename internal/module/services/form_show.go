package services

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/text/language"
	"golang.org/x/text/language/display"

	"passerelle/engine/form"
	"passerelle/internal/module/services/pack"
	"passerelle/internal/platform/i18n"
)

// Words speaks of a package's form in one language.
type Words struct {
	*i18n.Locale
	Pack *pack.Package
}

func (w Words) pack(key string, args ...any) string { return w.Pack.T(w.Lang(), key, args...) }

// fieldKey is the key of a field's texts.
func fieldKey(f *form.Field) string { return "form." + f.Path() }

// Label returns the question of a field.
func (w Words) Label(f *form.Field) string { return w.pack(fieldKey(f) + ".label") }

// Hint returns the help of a field, "" when it has none.
func (w Words) Hint(f *form.Field) string {
	if k := fieldKey(f) + ".hint"; w.Pack.Has(k) {
		return w.pack(k)
	}
	return ""
}

// Option returns the words of one answer to choose.
func (w Words) Option(f *form.Field, option string) string {
	return w.pack(fieldKey(f) + ".options." + option)
}

// PageTitle returns the title of a page.
func (w Words) PageTitle(p *form.Page) string { return w.pack("form." + p.ID + ".title") }

// Intro returns the text above a page's questions, "" when there is none.
func (w Words) Intro(p *form.Page) string {
	if k := "form." + p.ID + ".intro"; w.Pack.Has(k) {
		return w.pack(k)
	}
	return ""
}

// Error says what is wrong with an answer: in the package's own words where it
// has some, else in general ones that name the question.
func (w Words) Error(e form.FieldError) string {
	f := w.Pack.Field(e.Field)
	if f == nil {
		return w.T("services.form.error.unknown", "field", e.Field)
	}
	code := strings.TrimPrefix(e.Code, "check.")
	args := []any{"label", w.Label(f)}
	for name, v := range e.Args {
		args = append(args, name, w.arg(f, name, v))
	}
	if k := fieldKey(f) + ".error." + code; w.Pack.Has(k) {
		return w.pack(k, args...)
	}
	return w.T("services.form.error."+code, args...)
}

func (w Words) arg(f *form.Field, name string, v any) string {
	switch x := v.(type) {
	case []string:
		upper := make([]string, len(x))
		for i, s := range x {
			upper[i] = strings.ToUpper(s)
		}
		return w.ListOr(upper)
	case int64:
		return size(w.Locale, x)
	}
	s := fmt.Sprint(v)
	switch {
	case f.Type == form.File && name == "max" && len(s) > 3:
		if n, err := strconv.ParseInt(s, 10, 64); err == nil {
			return size(w.Locale, n)
		}
	case f.Type == form.Date:
		return w.DateISO(s)
	case f.Type == form.Money && (name == "min" || name == "max"):
		return w.MoneyDecimal(s)
	}
	return s
}

// size writes a number of bytes as people read it.
func size(l *i18n.Locale, bytes int64) string {
	if bytes >= 1<<20 {
		return l.T("services.form.mb", "n", l.Number(strconv.FormatFloat(float64(bytes)/(1<<20), 'f', 1, 64)))
	}
	return l.T("services.form.kb", "n", l.Int(int(max(1, bytes>>10))))
}

// Answer writes an answer as people read it, "" for none.
func (w Words) Answer(f *form.Field, v any) string {
	switch x := v.(type) {
	case nil:
		return ""
	case bool:
		if x {
			return w.T("services.form.yes")
		}
		return w.T("services.form.no")
	case json.Number:
		if f.Type == form.Money {
			return w.MoneyDecimal(x.String())
		}
		return w.Number(x.String())
	case []any:
		var items []string
		for _, item := range x {
			switch y := item.(type) {
			case string:
				items = append(items, w.Option(f, y))
			case map[string]any:
				if name, ok := y["name"].(string); ok {
					items = append(items, name)
				}
			}
		}
		return w.List(items)
	case string:
		switch f.Type {
		case form.Choice, form.Select:
			for _, o := range f.Options {
				if o == x {
					return w.Option(f, x)
				}
			}
		case form.Date, form.Fact:
			if len(x) == 10 && x[4] == '-' && x[7] == '-' {
				return w.DateISO(x)
			}
		case form.IBAN:
			return groups(withoutSpaces(x), 4)
		case form.Country:
			return Country(w.Locale, x)
		}
		return x
	}
	return fmt.Sprint(v)
}

// groups sets a space after every n characters.
func groups(s string, n int) string {
	var b strings.Builder
	for i, r := range s {
		if i > 0 && i%n == 0 {
			b.WriteByte(' ')
		}
		b.WriteRune(r)
	}
	return b.String()
}

// Country returns the name of an ISO 3166 country in the language.
func Country(l *i18n.Locale, code string) string {
	region, err := language.ParseRegion(code)
	if err != nil {
		return code
	}
	tag := language.Make(string(l.Lang()))
	if namer := display.Regions(tag); namer != nil {
		if name := namer.Name(region); name != "" {
			return name
		}
	}
	return display.Regions(language.German).Name(region) // Luxembourgish names are the German ones
}

// Source says which register a prefilled value comes from, and as of when.
func (w Words) Source(d *Draft, evidence string) string {
	e, ok := d.Evidence[evidence]
	if !ok {
		return ""
	}
	return w.T("services.source", "register", w.T("services.register."+e.Source), "date", w.Date(e.AsOf))
}
