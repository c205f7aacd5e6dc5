package form_test

import (
	"encoding/json"
	"net/url"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"passerelle/engine/feel"
	"passerelle/engine/form"
)

// The form of an invented allotment garden: all that the engine offers.
const garden = `
pages:
  - id: person
    fields:
      - {id: name, type: text, maxLength: 40, autocomplete: name}
      - {id: born, type: date, max: date}
      - {id: home, type: fact, prefill: {evidence: person, value: "evidence.person.address"}}
      - {id: iban, type: iban, required: false, prefill: {evidence: bank, value: "evidence.bank.iban", editable: false}}
  - id: wishes
    fields:
      - {id: shed, type: yesNo}
      - {id: shedSize, type: number, when: "application.shed", min: 1, max: "parameters.maxShed"}
      - {id: tools, type: choices, options: [spade, rake, hoe], required: false}
      - {id: size, type: choice, options: [small, large]}
      - {id: budget, type: money, min: 0}
      - id: start
        type: date
        checks:
          - {id: notWinter, that: "value.month >= 3 and value.month <= 10"}
  - id: helpers
    when: 'application.size = "large"'
    fields:
      - id: helpers
        type: group
        min: 1
        max: 3
        fields:
          - {id: name, type: text}
          - {id: born, type: date, required: "item.name != null"}
          - {id: paid, type: yesNo}
          - {id: wage, type: money, when: "item.paid"}
  - id: declare
    fields:
      - {id: truth, type: declaration}
`

func parse(t testing.TB, src string) *form.Form {
	t.Helper()
	f, problems := form.Parse([]byte(src), "form.yaml", nil)
	for _, p := range problems {
		t.Error(p)
	}
	if f == nil {
		t.FailNow()
	}
	return f
}

func env(a form.Answers) form.Env {
	return form.Env{
		Answers:    a,
		Evidence:   feel.Context(feel.Entry{Name: "person", Value: feel.Context(feel.Entry{Name: "address", Value: feel.String("1, rue du Lac")})}),
		Parameters: feel.Context(feel.Entry{Name: "maxShed", Value: feel.Int(12)}),
		Date:       time.Date(2025, 3, 15, 0, 0, 0, 0, time.UTC),
	}
}

func ids[T any](list []T, id func(T) string) []string {
	var out []string
	for _, x := range list {
		out = append(out, id(x))
	}
	return out
}

func pageIDs(ps []*form.Page) []string  { return ids(ps, func(p *form.Page) string { return p.ID }) }
func fieldIDs(f []*form.Field) []string { return ids(f, func(f *form.Field) string { return f.ID }) }

func codes(errs []form.FieldError) map[string]string {
	out := map[string]string{}
	for _, e := range errs {
		out[e.Field] = e.Code
	}
	return out
}

func TestPagesAndFieldsFollowTheAnswers(t *testing.T) {
	f := parse(t, garden)
	small := env(form.Answers{"size": "small", "shed": false})
	if got := pageIDs(f.Reachable(small)); !cmp.Equal(got, []string{"person", "wishes", "declare"}) {
		t.Error(got)
	}
	large := env(form.Answers{"size": "large", "shed": true})
	if got := pageIDs(f.Reachable(large)); !cmp.Equal(got, []string{"person", "wishes", "helpers", "declare"}) {
		t.Error(got)
	}
	if got := fieldIDs(f.Visible(f.Page("wishes"), large)); !cmp.Equal(got, []string{"shed", "shedSize", "tools", "size", "budget", "start"}) {
		t.Error(got)
	}
	if got := fieldIDs(f.Visible(f.Page("wishes"), small)); !cmp.Equal(got, []string{"shed", "tools", "size", "budget", "start"}) {
		t.Error(got)
	}
}

func TestAPostedPageIsReadAsPeopleWrite(t *testing.T) {
	f := parse(t, garden)
	got, errs := f.Read(f.Page("wishes"), url.Values{
		"shed": {"yes"}, "shedSize": {"7,5"}, "tools": {"", "rake", "spade"}, "size": {"large"},
		"budget": {"1.817,5"}, "start-day": {"3"}, "start-month": {"9"}, "start-year": {"2025"},
	}, env(form.Answers{"name": "Ada"}))
	if len(errs) > 0 {
		t.Error(errs)
	}
	want := form.Answers{"name": "Ada", "shed": true, "shedSize": json.Number("7.5"), "tools": []any{"spade", "rake"},
		"size": "large", "budget": json.Number("1817.50"), "start": "2025-09-03"}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

func TestWhatCannotBeReadIsKeptAndReported(t *testing.T) {
	f := parse(t, garden)
	got, errs := f.Read(f.Page("wishes"), url.Values{
		"shed": {"yes"}, "shedSize": {"about ten"}, "size": {"huge"}, "budget": {"12,345,6"},
		"start-day": {"31"}, "start-month": {"2"}, "start-year": {""},
	}, env(nil))
	want := map[string]string{"shedSize": "number", "size": "option", "budget": "money", "start": "date"}
	if d := cmp.Diff(want, codes(errs)); d != "" {
		t.Error(d)
	}
	if got["shedSize"] != "about ten" || got["size"] != "huge" {
		t.Error(got)
	}
	if y, m, d := form.DateParts(got["start"]); y != "" || m != "2" || d != "31" {
		t.Errorf("the boxes show %q %q %q again", y, m, d)
	}
	if v, _ := f.Values(got).Get("shedSize"); !v.IsNull() {
		t.Errorf("FEEL sees %v", v)
	}
}

func TestLimitsAndChecks(t *testing.T) {
	f := parse(t, garden)
	_, errs := f.Read(f.Page("wishes"), url.Values{
		"shed": {"yes"}, "shedSize": {"13"}, "size": {"small"}, "budget": {"-1"}, "start": {"24.12.2025"},
	}, env(nil))
	want := []form.FieldError{
		{Page: "wishes", Field: "shedSize", Code: "max", Args: map[string]any{"max": "12"}},
		{Page: "wishes", Field: "budget", Code: "min", Args: map[string]any{"min": "0"}},
		{Page: "wishes", Field: "start", Code: "check.notWinter"},
	}
	if d := cmp.Diff(want, errs); d != "" {
		t.Error(d)
	}
	_, errs = f.Read(f.Page("person"), url.Values{"name": {""}, "born": {"2025-03-16"}}, env(nil))
	if d := cmp.Diff(map[string]string{"name": "required", "born": "dateMax"}, codes(errs)); d != "" {
		t.Error(d)
	}
}

func TestUnreachableAnswersStayInTheDraftAndAreNotSubmitted(t *testing.T) {
	f := parse(t, garden)
	draft := form.Answers{
		"name": "Ada", "born": "1980-01-01", "shed": false, "shedSize": json.Number("5"), "size": "small",
		"budget": json.Number("100.00"), "start": "2025-04-01", "truth": true,
		"helpers": []any{map[string]any{"name": "Bob", "born": "nonsense"}},
	}
	clean, errs := f.Validate(env(draft))
	if len(errs) > 0 {
		t.Error(errs)
	}
	for _, gone := range []string{"helpers", "shedSize"} {
		if _, ok := clean[gone]; ok {
			t.Errorf("%s was submitted", gone)
		}
		if _, ok := draft[gone]; !ok {
			t.Errorf("%s was lost from the draft", gone)
		}
	}
	draft["size"] = "large"
	_, errs = f.Validate(env(draft))
	want := map[string]string{"helpers.0.born": "date", "helpers.0.paid": "required"}
	if d := cmp.Diff(want, codes(errs)); d != "" {
		t.Error(d)
	}
}

func TestRowsAreAddedAndRemovedByPosts(t *testing.T) {
	f := parse(t, garden)
	page := f.Page("helpers")
	e := env(form.Answers{"size": "large"})
	post := func(values url.Values) []form.FieldError {
		var errs []form.FieldError
		e.Answers, errs = f.Read(page, values, e)
		if a, ok := form.ParseAction(values); ok {
			e.Answers = f.Apply(page, a, e.Answers)
		}
		return errs
	}
	if d := cmp.Diff(map[string]string{"helpers": "rowsMin"}, codes(post(url.Values{"action": {"add:helpers"}}))); d != "" {
		t.Error(d)
	}
	post(url.Values{"helpers.0.name": {"Bob"}, "action": {"add:helpers"}})
	errs := post(url.Values{"helpers.0.name": {"Bob"}, "helpers.0.paid": {"yes"}, "helpers.1.name": {"Eve"}, "helpers.1.born": {"1/2/1990"}, "helpers.1.paid": {"no"}})
	if d := cmp.Diff(map[string]string{"helpers.0.born": "required", "helpers.0.wage": "required"}, codes(errs)); d != "" {
		t.Error(d)
	}
	post(url.Values{"helpers.1.paid": {"no"}, "action": {"remove:helpers:0"}})
	want := []any{map[string]any{"name": "Eve", "born": "1990-02-01", "paid": false}}
	if d := cmp.Diff(want, e.Answers["helpers"]); d != "" {
		t.Error(d)
	}
	if got := fieldIDs(f.VisibleIn(f.Field("helpers"), 0, e)); !cmp.Equal(got, []string{"name", "born", "paid"}) {
		t.Error(got)
	}
}

func TestRegisteredValuesCanBeContestedNotChanged(t *testing.T) {
	f := parse(t, garden)
	e := env(form.Answers{})
	e.Evidence = e.Evidence.Put("bank", feel.Context(feel.Entry{Name: "iban", Value: feel.String("LU28 0019 4006 4475 0000")}))
	a, errs := f.Read(f.Page("person"), url.Values{
		"name": {"Ada"}, "born": {"1980-01-01"}, "iban": {"DE89370400440532013000"},
		"contest.iban": {"yes"}, "contest.iban.claimed": {"DE89 3704"}, "contest.iban.comment": {"I moved."},
	}, e)
	if len(errs) > 0 || a["iban"] != "LU280019400644750000" || a["home"] != "1, rue du Lac" {
		t.Error(a, errs)
	}
	e.Answers = a
	clean, _ := f.Validate(e)
	want := map[string]any{"iban": map[string]any{"registered": "LU280019400644750000", "claimed": "DE89 3704", "comment": "I moved."}}
	if d := cmp.Diff(want, clean["contested"]); d != "" {
		t.Error(d)
	}

	// Without a tick, new words still contest; the same words do not any more.
	words := url.Values{"name": {"Ada"}, "born": {"1980-01-01"}, "contest.iban.claimed": {"DE89 3704"}, "contest.iban.comment": {"I moved in May."}}
	if a, _ = f.Read(f.Page("person"), words, e); a["contested"] == nil {
		t.Error("words without a tick are lost")
	}
	e.Answers = a
	if a, _ = f.Read(f.Page("person"), words, e); a["contested"] != nil {
		t.Error("the tick was taken away, and the value is contested still:", a["contested"])
	}

	// What the register does not know, the applicant may say.
	a, errs = f.Read(f.Page("person"), url.Values{"name": {"Ada"}, "born": {"1980-01-01"}, "iban": {"DE89 3704 0044 0532 0130 00"}}, env(nil))
	if len(errs) > 0 || a["iban"] != "DE89370400440532013000" {
		t.Error(a, errs)
	}
}

func TestUnknownAnswersAreRefused(t *testing.T) {
	f := parse(t, garden)
	_, errs := f.Validate(env(form.Answers{"salary": json.Number("1"), "size": "large", "helpers": []any{map[string]any{"age": "3"}}, "contested": map[string]any{"x": nil}}))
	got := codes(errs)
	for _, field := range []string{"salary", "helpers.0.age", "contested.x"} {
		if got[field] != "unknown" {
			t.Errorf("%s: %q", field, got[field])
		}
	}
}
