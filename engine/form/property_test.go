package form_test

import (
	"bytes"
	"encoding/json"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"pgregory.net/rapid"

	"passerelle/engine/form"
)

// texts draws what somebody may type, sensible or not.
func texts(sensible ...string) *rapid.Generator[string] {
	return rapid.OneOf(rapid.SampledFrom(append(sensible, "")), rapid.StringN(0, 8, 40))
}

// draft draws answers as they pile up in a draft, on reachable pages and not.
func draft(t *rapid.T, f *form.Form) form.Answers {
	post := url.Values{
		"name": {texts("Ada", "Bob").Draw(t, "name")}, "born": {texts("1/2/1990", "2030-01-01").Draw(t, "born")},
		"shed": {texts("yes", "no").Draw(t, "shed")}, "shedSize": {texts("7,5", "1.817,00", "0").Draw(t, "shedSize")},
		"tools": rapid.SliceOfN(rapid.SampledFrom([]string{"spade", "rake", "hoe", "axe"}), 0, 3).Draw(t, "tools"),
		"size":  {texts("small", "large").Draw(t, "size")}, "budget": {texts("100", "1 817,50", "-3").Draw(t, "budget")},
		"start": {texts("2025-04-01", "24.12.2025").Draw(t, "start")}, "truth": {texts("yes").Draw(t, "truth")},
		"helpers.0.name": {texts("Eve").Draw(t, "helper")}, "helpers.0.born": {texts("1.1.2000").Draw(t, "helper born")},
		"helpers.0.paid": {texts("yes", "no").Draw(t, "paid")}, "helpers.0.wage": {texts("12,50").Draw(t, "wage")},
	}
	e := env(nil)
	for _, p := range f.Pages {
		if rapid.Bool().Draw(t, "visits "+p.ID) || p.ID != "helpers" {
			e.Answers, _ = f.Read(p, post, e)
		}
	}
	return e.Answers
}

// reload writes the answers as JSON and reads them again.
func reload(t *rapid.T, a form.Answers) form.Answers {
	doc, err := json.Marshal(a)
	if err != nil {
		t.Fatal(err)
	}
	back, err := form.Decode(doc)
	if err != nil {
		t.Fatal(err)
	}
	return back
}

func TestPropertySubmissions(t *testing.T) {
	f := parse(t, garden)
	schema := compileSchema(t, f)
	rapid.Check(t, func(t *rapid.T) {
		a := draft(t, f)
		clean, errs := f.Validate(env(a))

		// What is not asked is not submitted.
		asked := map[string]bool{"contested": true}
		for _, p := range f.Reachable(env(a)) {
			for _, fd := range f.Visible(p, env(a)) {
				asked[fd.ID] = true
			}
		}
		for id := range clean {
			if !asked[id] {
				t.Fatalf("%s was submitted but not asked", id)
			}
		}

		// Validating is idempotent, through storage too.
		again, errs2 := f.Validate(env(reload(t, clean)))
		if d := cmp.Diff(clean, again); d != "" {
			t.Fatal(d)
		}
		if d := cmp.Diff(errs, errs2); d != "" {
			t.Fatal(d)
		}

		// What is valid also fits the schema.
		if len(errs) == 0 {
			doc, err := json.Marshal(clean)
			if err != nil {
				t.Fatal(err)
			}
			v, err := jsonschema.UnmarshalJSON(bytes.NewReader(doc))
			if err != nil {
				t.Fatal(err)
			}
			if err := schema.Validate(v); err != nil {
				t.Fatalf("%v\n%s", err, doc)
			}
		}
	})
}

func TestPropertyReadingTwiceChangesNothing(t *testing.T) {
	f := parse(t, garden)
	rapid.Check(t, func(t *rapid.T) {
		post := url.Values{"budget": {texts("1.817,00").Draw(t, "budget")}, "start": {texts("9/3/2025").Draw(t, "start")}, "shedSize": {texts("7,5").Draw(t, "size")}, "shed": {"yes"}}
		a, errs := f.Read(f.Page("wishes"), post, env(nil))
		b, errs2 := f.Read(f.Page("wishes"), post, env(reload(t, a)))
		if d := cmp.Diff(a, b) + cmp.Diff(errs, errs2); d != "" {
			t.Fatal(d)
		}
	})
}

func compileSchema(t testing.TB, f *form.Form) *jsonschema.Schema {
	t.Helper()
	const id = "https://example.test/garden.json"
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(f.Schema(id)))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource(id, doc); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile(id)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestTheSchemaRefusesWhatIsUnknown(t *testing.T) {
	s := compileSchema(t, parse(t, garden))
	for doc, fault := range map[string]string{
		`{}`: "missing properties",
		`{"name":"Ada","born":"1990-01-01","shed":true,"size":"small","budget":1.005,"start":"2025-04-01","truth":true}`:            "multipleOf",
		`{"name":"Ada","born":"1990-01-01","shed":true,"size":"huge","budget":1,"start":"2025-04-01","truth":true}`:                 "small",
		`{"name":"Ada","born":"1990-01-01","shed":true,"size":"small","budget":1,"start":"2025-04-01","truth":false}`:               "true",
		`{"name":"Ada","born":"1990-01-01","shed":true,"size":"small","budget":1,"start":"2025-04-01","truth":true,"colour":"red"}`: "colour",
	} {
		v, err := jsonschema.UnmarshalJSON(strings.NewReader(doc))
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Validate(v); err == nil || !strings.Contains(err.Error(), fault) {
			t.Errorf("%s: %v", doc, err)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(garden))
	f.Add([]byte("pages:\n  - {id: a, fields: [{id: b, type: group, fields: [{id: c, type: text, when: item.c}]}]}"))
	f.Add([]byte("pages: [{id: a, when: '((', fields: []}]"))
	f.Add([]byte("pages: {a: &x [*x]}"))
	f.Fuzz(func(t *testing.T, src []byte) {
		parsed, problems := form.Parse(src, "form.yaml", nil)
		if (parsed == nil) != (len(problems) > 0) {
			t.Fatalf("%v %v", parsed, problems)
		}
		if parsed == nil {
			return
		}
		// Whatever parses can be shown, read and validated.
		e := env(nil)
		for _, p := range parsed.Pages {
			parsed.Show(p, e)
			e.Answers, _ = parsed.Read(p, url.Values{"a": {"1"}, "b.0.c": {"x"}}, e)
		}
		parsed.Validate(e)
		if !json.Valid(parsed.Schema("")) {
			t.Fatal("the schema is no JSON")
		}
	})
}

func FuzzParseNumber(f *testing.F) {
	for _, s := range []string{"1.817,00", "1 817", "-0,5", "1'000", "€3", "1e5", "..", "٣"} {
		f.Add(s, 2)
	}
	f.Fuzz(func(t *testing.T, s string, decimals int) {
		n, ok := form.ParseNumber(s, decimals)
		if !ok {
			return
		}
		again, ok := form.ParseNumber(n, -1)
		if !ok || again != n {
			t.Fatalf("%q gave %q, which gives %q", s, n, again)
		}
	})
}
