package pack

import (
	"bytes"
	"reflect"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"pgregory.net/rapid"

	"passerelle/engine/form"
)

// Two versions are told apart part by part, as people read them.
func TestCompare(t *testing.T) {
	loc := english(t)
	before := garden(t)
	if same := Compare(loc, before, before); len(same) != 0 {
		t.Fatalf("a version differs from itself: %+v", same)
	}
	m := files(t)
	edit := func(file, from, to string) {
		t.Helper()
		name := "allotment-garden/2025/" + file
		changed := bytes.Replace(m[name].Data, []byte(from), []byte(to), 1)
		if bytes.Equal(changed, m[name].Data) {
			t.Fatalf("%s has no %q", file, from)
		}
		m[name] = &fstest.MapFile{Data: changed}
	}
	edit("parameters.yaml", "value: 25.50", "value: 27.00")
	edit("form.yaml", "max: 4\n", "max: 5\n")
	edit("service.yaml", "decide: {months: 1}", "decide: {months: 2}")
	after, findings := Load(m, "allotment-garden/2025")
	if after == nil {
		t.Fatal(findings)
	}
	type line struct {
		section Section
		id      string
		was, is string
	}
	var got []line
	for _, d := range Compare(loc, before, after) {
		if was, is := told(d.Was), told(d.Is); len(was) != 1 || len(is) != 1 || d.New || d.Gone {
			t.Errorf("%+v", d)
		} else {
			got = append(got, line{d.Section, d.ID, was[0], is[0]})
		}
	}
	want := []line{
		{SectionService, "deadlines", "Time to decide: 1 month", "Time to decide: 2 months"},
		{SectionForm, "helpers", "How often at most: 4", "How often at most: 5"},
	}
	if len(got) != 3 || !slices.Equal(got[:2], want) || got[2].section != SectionParameters || got[2].id != "rentPerAre" {
		t.Errorf("got %q", got)
	}
	if d := Compare(loc, before, after)[2]; d.Label == d.ID {
		t.Errorf("a legal value is told by its text, not by %q", d.Label)
	}

	// What only one of them has is new, and gone the other way round.
	delete(m, "allotment-garden/2025/norms.yaml")
	fresh := *after
	fresh.Parameters = &Parameters{List: slices.Concat(after.Parameters.List, []Parameter{{ID: "extra", Unit: "count"}})}
	if d := Compare(loc, after, &fresh); len(d) != 1 || !d[0].New || d[0].ID != "extra" {
		t.Errorf("%+v", d)
	}
	if d := Compare(loc, &fresh, after); len(d) != 1 || !d[0].Gone || d[0].ID != "extra" {
		t.Errorf("%+v", d)
	}
}

// told are the lines that a person reads, with what has no words in backquotes.
func told(lines []Line) (out []string) {
	for _, x := range lines {
		if text := x.Text; !x.Raw {
			if x.Code != "" {
				text += " `" + x.Code + "`"
			}
			out = append(out, text)
		}
	}
	return out
}

// What differs and what is common make up both texts again.
func TestUnlike(t *testing.T) {
	word := rapid.SliceOfN(rapid.SampledFrom([]string{"a", "b", "c"}), 0, 12)
	rapid.Check(t, func(t *rapid.T) {
		a, b := word.Draw(t, "a"), word.Draw(t, "b")
		was, is := unlike(a, b)
		if len(a)-len(was) != len(b)-len(is) {
			t.Fatalf("%v %v: common %d and %d", a, b, len(a)-len(was), len(b)-len(is))
		}
		if slices.Equal(a, b) != (len(was)+len(is) == 0) {
			t.Fatalf("%v %v: %v %v", a, b, was, is)
		}
		if !within(was, a) || !within(is, b) {
			t.Fatalf("%v %v: %v %v", a, b, was, is)
		}
	})
}

// within reports whether part stands in whole, in its order.
func within(part, whole []string) bool {
	for _, w := range whole {
		if len(part) > 0 && part[0] == w {
			part = part[1:]
		}
	}
	return len(part) == 0
}

// Every setting of service.yaml has a name in the reader's language.
func TestSettingsAreNamed(t *testing.T) {
	loc := english(t)
	var walk func(x reflect.Type)
	walk = func(x reflect.Type) {
		for x.Kind() == reflect.Pointer || x.Kind() == reflect.Slice {
			x = x.Elem()
		}
		if x.Kind() != reflect.Struct || x == reflect.TypeFor[time.Time]() {
			return
		}
		for _, f := range reflect.VisibleFields(x) {
			key := f.Tag.Get("yaml")
			if !slices.Contains([]string{"", "-", "id", "service", "version"}, key) && !loc.Has("pack.setting."+key) {
				t.Errorf("%s.%s has no pack.setting.%s", x.Name(), f.Name, key)
			}
			walk(f.Type)
		}
	}
	walk(reflect.TypeFor[Service]())
}

// A service is told with dates, spans, money and names as people read them.
func TestSettingsAreTold(t *testing.T) {
	got := map[string]string{}
	for _, part := range garden(t).Outline(english(t)) {
		if part.Section == SectionService {
			got[part.Label] = strings.Join(told(part.Lines), "\n")
		}
	}
	for label, want := range map[string]string{
		"Competent authority":           "Garden Office",
		"For whom":                      "citizens",
		"In force":                      "From: 1 January 2025\nTo: 31 December 2026",
		"Time to apply in the year":     "Until: 31 October",
		"Without the internet":          "Kind: on paper",
		"Last checked":                  "10 January 2025",
		"Time on paper":                 "Minutes: 15 minutes\nSource: the office's own count, 2024\nHow sure: not verified",
		"Public verification":           "Validity of the public verification: 365 days",
		"Pages that others may fill in": "Your helpers",
	} {
		if got[label] != want {
			t.Errorf("%s: %q, want %q", label, got[label], want)
		}
	}
	for label, part := range map[string]string{"Fee": "€5.00", "Time limits": "Appeal, Addressed to: Council", "Evidence": "Your address, Obtained by: the administration", "Legal basis": "Date: 5 November 2024"} {
		if !strings.Contains(got[label], part) {
			t.Errorf("%s: %q lacks %q", label, got[label], part)
		}
	}
	for label, lines := range got {
		if strings.Contains(lines, "pack.") || strings.Contains(label, "pack.") {
			t.Errorf("%s: %s", label, lines)
		}
	}
}

// Whatever changes the hash of a version is told, down to a byte.
func TestEveryChangedByteIsTold(t *testing.T) {
	loc, before := english(t), garden(t)
	m := files(t)
	changed := 0
	for file := range before.files {
		name := "allotment-garden/2025/" + file
		was := m[name].Data
		try := func(text []byte) {
			m[name] = &fstest.MapFile{Data: text}
			after, _ := Load(m, "allotment-garden/2025")
			if after == nil || after.Hash == before.Hash {
				return
			}
			changed++
			if list := Compare(loc, before, after); len(list) == 0 || len(list[0].Was)+len(list[0].Is) == 0 {
				t.Errorf("%s: %.200q is told as %+v", file, text, list)
			}
		}
		for i := 0; i < len(was); i += 1 + len(was)/10 {
			text := bytes.Clone(was)
			text[i] ^= 1
			try(text)
		}
		try(append(bytes.Clone(was), '\n'))
		m[name] = &fstest.MapFile{Data: was}
	}
	if changed < len(before.files) {
		t.Errorf("only %d changes could be tried", changed)
	}
}

// What a second designer must see stands in the part it belongs to, whatever
// language they read.
func TestEveryPartIsTold(t *testing.T) {
	loc := english(t)
	for _, x := range []struct {
		file, from, to string
		section        Section
	}{
		{"process.bpmn", `decision.outcome = "judgement"`, `decision.outcome != "judgement"`, SectionProcess},
		{"process.bpmn", `name="`, `name="Not `, SectionProcess},
		{"parties/friend.yaml", "maxLength: 100", "maxLength: 10", SectionParties},
		{"norms.yaml", `when: "false"`, `when: "true"`, SectionRules},
		{"explanation.yaml", "met: ", "met: false and ", SectionExplanation},
		{"decision.dmn", `typeRef="boolean"`, `typeRef="Any"`, SectionRules},
		{"texts/lb.yaml", "Schreift dem", "Rufft den", SectionTexts},
		{"letters/granted.pt.md", "o", "oo", SectionLetters},
	} {
		before := garden(t)
		before.parties = []*Party{{PartySpec: PartySpec{ID: "friend"}, Form: &form.Form{}}}
		before.files["parties/friend.yaml"] = []byte("pages:\n  - id: p\n    fields:\n      - {id: f, type: text, maxLength: 100}\n")
		before.files["norms.yaml"] = []byte("norms:\n  - {id: n, when: \"false\", reason: r, legal: l}\n")
		after := *before
		after.files = map[string][]byte{}
		for name, text := range before.files {
			after.files[name] = text
		}
		after.files[x.file] = bytes.Replace(before.files[x.file], []byte(x.from), []byte(x.to), 1)
		if bytes.Equal(after.files[x.file], before.files[x.file]) {
			t.Errorf("%s has no %q", x.file, x.from)
		}
		l := &loader{files: after.files}
		after.texts = l.loadTexts()
		list := Compare(loc, before, &after)
		if len(list) != 1 || list[0].Section != x.section || x.section == SectionTexts && list[0].Lang != "lb" || x.section == SectionLetters && list[0].Lang != "pt" {
			t.Errorf("%s, %q: told as %+v", x.file, x.from, list)
		}
	}
	before := garden(t)
	before.files["norms.yaml"] = []byte("norms:\n  - {id: n, when: \"false\", reason: r, legal: l}\n")
	if list := Compare(loc, before, garden(t)); len(list) != 1 || !list[0].Gone || list[0].Section != SectionRules {
		t.Errorf("a norm that is gone: %+v", list)
	}
}

// In which order people are asked, and in which they read the lines of an
// explanation, is told also when something else in the file differs.
func TestAnotherOrderIsTold(t *testing.T) {
	for _, x := range []struct {
		file, from, to string
		section        Section
		was, is        string
	}{
		{"form.yaml", "      - {id: ares, type: integer, min: 1, max: \"parameters.maxAres\", width: 3}\n      - {id: shed, type: yesNo}\n",
			"      - {id: shed, type: yesNo, required: false}\n      - {id: ares, type: integer, min: 1, max: \"parameters.maxAres\", width: 3}\n", SectionForm,
			"“How many ares do you want?” stands after “Address on record”", "“How many ares do you want?” stands after “Do you want a shed?”"},
		{"form.yaml", "          - {id: name, type: text, maxLength: 60}\n          - {id: born, type: date, max: date}\n",
			"          - {id: born, type: date, max: date}\n          - {id: name, type: text, maxLength: 61}\n", SectionForm, "“Name” stands after “Your helpers”", "“Name” stands after “Date of birth”"},
		{"explanation.yaml", "  - {id: ares, value: \"application.ares\", unit: count}\n  - {id: rent, value: \"parameters.rentPerAre\", unit: EUR/year, source: {parameter: rentPerAre}}\n",
			"  - {id: rent, value: \"parameters.rentPerAre\", unit: EUR, source: {parameter: rentPerAre}}\n  - {id: ares, value: \"application.ares\", unit: count}\n", SectionExplanation, "“Area” stands first", "“Area” stands after “Rent per are”"},
	} {
		m := files(t)
		name := "allotment-garden/2025/" + x.file
		changed := bytes.Replace(m[name].Data, []byte(x.from), []byte(x.to), 1)
		if bytes.Equal(changed, m[name].Data) {
			t.Errorf("%s has no %q", x.file, x.from)
			continue
		}
		m[name] = &fstest.MapFile{Data: changed}
		after, findings := Load(m, "allotment-garden/2025")
		if after == nil {
			t.Errorf("%s: %v", x.to, findings)
			continue
		}
		list := Compare(english(t), garden(t), after)
		if len(list) != 2 {
			t.Errorf("%s: %d differences: %+v", x.file, len(list), list)
			continue
		}
		if d := list[1]; d.Section != x.section || d.Label != "Order" || !slices.Equal(told(d.Was), []string{x.was}) || !slices.Equal(told(d.Is), []string{x.is}) {
			t.Errorf("%+v", d)
		}
	}
}
