package form_test

import (
	"fmt"
	"net/url"
	"testing"

	"github.com/google/go-cmp/cmp"

	"passerelle/engine/feel"
	"passerelle/engine/form"
)

// The members of a household come from a register; what each earns is asked.
const household = `
pages:
  - id: household
    fields:
      - id: members
        type: group
        prefill: {evidence: household, editable: false, value: "for m in evidence.members return {id: m.id, born: date(m.born)}"}
        fields:
          - {id: id, type: text}
          - {id: born, type: date}
          - {id: wage, type: money, when: "item.born < date - duration(\"P16Y\")"}
      - {id: phone, type: phone, prefill: {evidence: person, value: evidence.phone}}
`

func member(id, born string) feel.Value {
	return feel.Context(feel.Entry{Name: "id", Value: feel.String(id)}, feel.Entry{Name: "born", Value: feel.String(born)})
}

func registers(members ...feel.Value) feel.Value {
	return feel.Context(feel.Entry{Name: "members", Value: feel.List(members...)}, feel.Entry{Name: "phone", Value: feel.String("621 12 34 56")})
}

func TestRowsOfARegisterAreFixedAndWhatItDoesNotKnowIsAsked(t *testing.T) {
	f := parse(t, household)
	page := f.Page("household")
	e := env(nil)
	e.Evidence = registers(member("a", "1980-01-01"), member("b", "2015-01-01"))
	e.Answers, _ = f.Read(page, url.Values{"members.0.id": {"forged"}, "members.0.wage": {"1 200"}, "phone": {"621123456"}}, e)
	clean, errs := f.Validate(e)
	if len(errs) > 0 {
		t.Error(errs)
	}
	want := `[map[born:1980-01-01 id:a wage:1200.00] map[born:2015-01-01 id:b]]`
	if got := sprint(clean["members"]); got != want {
		t.Error(got)
	}

	// The household changes before the submission: the wage stays with its person.
	e.Evidence = registers(member("c", "1990-01-01"), member("a", "1980-01-01"))
	clean, errs = f.Validate(e)
	if d := cmp.Diff(map[string]string{"members.0.wage": "required"}, codes(errs)); d != "" {
		t.Error(d)
	}
	if got, want := sprint(clean["members"]), `[map[born:1990-01-01 id:c] map[born:1980-01-01 id:a wage:1200.00]]`; got != want {
		t.Error(got)
	}
}

func TestPrefillNamesTheSourceOfEachValue(t *testing.T) {
	f := parse(t, household)
	e := env(nil)
	e.Evidence = registers(member("a", "1980-01-01"))
	answers, list := f.Prefill(e)
	if d := cmp.Diff([]form.Prefilled{
		{Field: "members", Evidence: "household", Value: []any{map[string]any{"id": "a", "born": "1980-01-01"}}},
		{Field: "phone", Evidence: "person", Value: "621123456", Editable: true},
	}, list); d != "" {
		t.Error(d)
	}
	if answers["phone"] != "621123456" {
		t.Error(answers)
	}
	e.Evidence = feel.Null()
	if answers, list := f.Prefill(e); len(answers)+len(list) > 0 {
		t.Error("a register that knows nothing gives nothing:", answers)
	}
}

func TestShowGivesAllThatAPageNeeds(t *testing.T) {
	f := parse(t, household)
	e := env(form.Answers{"phone": "call me"})
	e.Evidence = registers(member("a", "1980-01-01"))
	shown := f.Show(f.Page("household"), e)
	if len(shown) != 2 || !shown[0].Fixed || len(shown[0].Rows) != 1 {
		t.Fatalf("%+v", shown)
	}
	row := shown[0].Rows[0]
	if len(row) != 3 || row[0].Path != "members.0.id" || !row[0].Fixed || row[2].Fixed || !row[2].Required || row[2].Answer != nil {
		t.Errorf("%+v", row)
	}
	if shown[1].Answer != "call me" || shown[1].Fixed {
		t.Errorf("%+v", shown[1])
	}
}

func sprint(v any) string { return fmt.Sprint(v) }
