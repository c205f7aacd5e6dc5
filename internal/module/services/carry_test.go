package services

import (
	"maps"
	"os"
	"slices"
	"testing"

	"passerelle/engine/form"
	"passerelle/internal/module/services/pack"
)

// A draft that goes over to another version keeps what is still asked in the
// same way, and says what is new, gone, and to be answered again.
func TestCarry(t *testing.T) {
	set, _ := pack.LoadSet(os.DirFS("pack/testdata/set"))
	from, ok := set.Version("allotment-garden", "2025")
	if !ok {
		t.Fatal("the package of the tests is gone")
	}
	next, problems := form.Parse([]byte(`
pages:
  - id: plot
    fields:
      - {id: ares, type: integer}
      - {id: shed, type: choice, options: ["none", "small"]}
      - {id: water, type: yesNo}
  - id: helpers
    fields:
      - id: helpers
        type: group
        max: 4
        fields:
          - {id: name, type: text, maxLength: 60}
          - {id: kin, type: choice, options: [family, friend, neighbour]}
`), "form.yaml", nil)
	if next == nil {
		t.Fatal(problems)
	}
	to := *from
	to.Form, to.Version = next, "2027"
	answers := form.Answers{"ares": "4", "shed": true, "shedSize": "3", "helpers": []any{map[string]any{"name": "A", "kin": "family"}}}
	d := &Draft{Version: "2025", Answers: maps.Clone(answers)}
	before := d.Answers
	d.carry(from, &to)
	ids := func(fields []*form.Field) []string {
		var all []string
		for _, f := range fields {
			all = append(all, f.ID)
		}
		return all
	}
	if d.Version != "2027" || len(d.Answers) != 1 || d.Answers["ares"] != "4" {
		t.Errorf("%s %v", d.Version, d.Answers)
	}
	if len(before) != len(answers) {
		t.Error("what was read from the store was changed in place")
	}
	for _, c := range []struct {
		what string
		got  []*form.Field
		want []string
	}{{"new", d.Moved.New, []string{"water"}}, {"gone", d.Moved.Gone, []string{"shedSize"}}, {"again", d.Moved.Again, []string{"shed", "helpers"}}} {
		if !slices.Equal(ids(c.got), c.want) {
			t.Errorf("%s: %v, want %v", c.what, ids(c.got), c.want)
		}
	}

	same := &Draft{Version: "2025", Answers: maps.Clone(answers)}
	other := *from
	same.carry(from, &other)
	if len(same.Answers) != len(answers) || !same.Moved.unchanged() {
		t.Errorf("the same questions: %v %+v", same.Answers, same.Moved)
	}

	lost := &Draft{Version: "2024", Answers: maps.Clone(answers)}
	lost.carry(nil, &to)
	if _, kept := lost.Answers["shedSize"]; kept || lost.Answers["ares"] != "4" || lost.Moved.unchanged() {
		t.Errorf("from a version that nobody has: %v", lost.Answers)
	}

	odd := &Draft{Version: "2025", Answers: form.Answers{"ares": "4", "left over": "x", "contested": map[string]any{"address": map[string]any{"claimed": "y"}, "ares": map[string]any{}}}}
	odd.carry(from, &to)
	if _, kept := odd.Answers["left over"]; kept {
		t.Error("what neither version asks is kept, and cannot be sent")
	}
	if claims := odd.Answers["contested"].(map[string]any); len(claims) != 1 || claims["ares"] == nil {
		t.Errorf("claims about what is not shown any more are kept: %v", claims)
	}
}
