package pack

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"passerelle/internal/platform/i18n"
)

// settings are the keys of service.yaml in the order in which it is read, but for
// the names of service and version.
var settings = func() []string {
	var keys []string
	for _, f := range reflect.VisibleFields(reflect.TypeFor[Service]()) {
		if key := f.Tag.Get("yaml"); key != "service" && key != "version" {
			keys = append(keys, key)
		}
	}
	return keys
}()

// outlineService tells service.yaml as people read it: settings by name, dates,
// spans, money and authorities as they are written in the language.
func (p *Package) outlineService(loc *i18n.Locale) []Part {
	var service map[string]any
	if yaml.Unmarshal(p.files["service.yaml"], &service) != nil {
		return nil
	}
	t := settingTeller{p, loc}
	var all []Part
	for _, key := range settings {
		if x, ok := service[key]; ok {
			all = append(all, Part{Section: SectionService, ID: key, Label: t.label(key), Lines: says(t.lines(key, "", x)), file: "service.yaml"})
		}
	}
	return all
}

// settingTeller writes settings in a language.
type settingTeller struct {
	p   *Package
	loc *i18n.Locale
}

// label is the name of a setting.
func (t settingTeller) label(key string) string { return t.loc.T("pack.setting." + key) }

// lines writes a setting line by line, with what it belongs to before each.
func (t settingTeller) lines(key, path string, x any) []string {
	under := func(name string) string {
		if path == "" {
			return name
		}
		return path + ", " + name
	}
	if text, ok := t.value(key, x); ok {
		if path != "" {
			text = path + ": " + text
		}
		return []string{text}
	}
	var out []string
	switch x := x.(type) {
	case map[string]any:
		for _, k := range slices.Sorted(maps.Keys(x)) {
			name := k // the designer's own key
			if key != "articles" && key != "params" {
				if name = t.label(k); key == "appeal" && k == "to" {
					name = t.label("appealTo")
				}
			}
			out = append(out, t.lines(k, under(name), x[k])...)
		}
	case []any:
		for i, item := range x {
			name := t.loc.Int(i + 1)
			if m, ok := item.(map[string]any); ok && m["id"] != nil {
				m = maps.Clone(m)
				name = t.item(key, scalar(m["id"]))
				delete(m, "id")
				item = m
			}
			out = append(out, t.lines("", under(name), item)...)
		}
	}
	return out
}

// item is what one of a list is called: by its text where the package has one.
func (t settingTeller) item(key, id string) string {
	for _, text := range map[string][]string{
		"evidence": {"evidence." + id + ".label"}, "outputs": {"outputs." + id}, "parties": {"party." + id + ".name"},
	}[key] {
		if t.p.Has(text) {
			return t.p.T(t.loc.Lang(), text)
		}
	}
	return id
}

// value writes what fits on one line; ok is false for what does not.
func (t settingTeller) value(key string, x any) (text string, ok bool) {
	switch x := x.(type) {
	case time.Time:
		return t.loc.Date(x), true
	case map[string]any:
		if key == "title" { // official titles stay in their language
			return t.official(x), true
		}
		return t.span(x)
	case []any:
		parts := make([]string, len(x))
		for i, item := range x {
			if parts[i], ok = t.value(key, item); !ok {
				return "", false
			}
		}
		if len(parts) == 0 {
			return t.loc.T("pack.setting.none"), true
		}
		return strings.Join(parts, ", "), true
	case nil:
		return t.loc.T("pack.setting.none"), true
	}
	return t.word(key, strings.TrimSpace(scalar(x))), true
}

// word writes one value: a name, a choice in words, money, a figure with its
// unit; what is FEEL or a name of the designer's stays as it is.
func (t settingTeller) word(key, text string) string {
	if is := "pack.setting.is." + key + "." + text; t.loc.Has(is) {
		return t.loc.T(is)
	}
	lang := t.loc.Lang()
	switch key {
	case "authority":
		if name := t.p.authorities[text]; name != nil {
			return name.In(lang)
		}
	case "lifeEvents":
		if name := t.p.lifeEvents[text]; name != nil {
			return name.In(lang)
		}
	case "legal":
		if ref, ok := t.p.Legal(lang, text); ok {
			return strings.TrimPrefix(ref.Article+", ", ", ") + ref.Title
		}
	case "delegable":
		if title := "form." + text + ".title"; t.p.Has(title) {
			return t.p.T(lang, title)
		}
	case "to":
		if name := "appeal." + text + ".name"; t.p.Has(name) {
			return t.p.T(lang, name)
		}
	case "amount":
		return t.loc.MoneyDecimal(text)
	case "until":
		if day, err := time.Parse("01-02", text); err == nil {
			return t.loc.DayMonth(day)
		}
	case "minutes", "validDays":
		var n int
		if _, err := fmt.Sscan(text, &n); err == nil {
			return t.loc.N(map[string]string{"minutes": "pack.setting.minutesOf", "validDays": "pack.days"}[key], n)
		}
	}
	return text
}

// span writes a span of time: {months: 3} is "3 months".
func (t settingTeller) span(x map[string]any) (string, bool) {
	var parts []string
	for _, unit := range []string{"years", "months", "days"} {
		n, ok := x[unit].(int)
		if _, given := x[unit]; given != ok {
			return "", false
		}
		if ok {
			parts = append(parts, t.loc.N("pack."+unit, n))
		}
	}
	if len(parts) == 0 || len(parts) != len(x) {
		return "", false
	}
	return t.loc.List(parts), true
}

func (t settingTeller) official(x map[string]any) string {
	for _, lang := range []string{string(t.loc.Lang()), "fr", "de", "en"} {
		if title, ok := x[lang].(string); ok {
			return title
		}
	}
	return ""
}
