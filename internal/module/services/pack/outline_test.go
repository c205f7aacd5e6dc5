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
		if len(d.Was) != 1 || len(d.Is) != 1 || d.New || d.Gone {
			t.Errorf("%+v", d)
			continue
		}
		got = append(got, line{d.Section, d.ID, d.Was[0], d.Is[0]})
	}
	want := []line{
		{SectionService, "deadlines", "Time to decide: 1 month", "Time to decide: 2 months"},
		{SectionForm, "helpers", "max: 4", "max: 5"},
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
			got[part.Label] = strings.Join(part.Lines, "\n")
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
	for label, part := range map[string]string{"Fee": "€5.00", "Time limits": "Appeal, To: Council", "Evidence": "Your address, Obtained by: the administration", "Legal basis": "Date: 5 November 2024"} {
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
