package source_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"passerelle/engine/form/source"
)

type plot struct {
	Name  source.Text `yaml:"name"`
	Size  int         `yaml:"size"`
	Tools []string    `yaml:"tools"`
	Rule  source.Text `yaml:"rule"`
}

func TestDecodeSaysWhatIsWrongAndWhere(t *testing.T) {
	for name, c := range map[string]struct {
		src  string
		want []string
	}{
		"sound":       {"name: a\nsize: 3\ntools: [spade]\n", nil},
		"empty":       {"", []string{"f.yaml: the file is empty"}},
		"unknown key": {"name: a\ncolour: red\n", []string{`f.yaml:2: unknown key "colour"`}},
		"wrong types": {"size: big\ntools: {a: b}\n", []string{"f.yaml:1: expected integer, found the text `big`", "f.yaml:2: expected list of text, found a mapping"}},
		"not a text":  {"name: [a]\n", []string{"f.yaml:1: expected a text"}},
		"twice":       {"name: a\nname: b\n", []string{`f.yaml:2: key "name" stands already at line 1`}},
		"two":         {"name: a\n---\nname: b\n", []string{"f.yaml:2: only one YAML document is expected"}},
		"no YAML":     {"name: [a\n", []string{"f.yaml:1: did not find expected ',' or ']'"}},
	} {
		var p plot
		var got []string
		for _, problem := range source.Decode([]byte(c.src), "f.yaml", &p) {
			got = append(got, problem.String())
		}
		if d := cmp.Diff(c.want, got); d != "" {
			t.Errorf("%s: %s", name, d)
		}
	}
}

func TestFEELIsReportedAtItsLineInTheFile(t *testing.T) {
	var p plot
	if problems := source.Decode([]byte("name: a\nrule: |\n  1 +\n  2 *\n"), "f.yaml", &p); problems != nil {
		t.Fatal(problems)
	}
	_, problem := p.Rule.Compile("f.yaml")
	if problem == nil || problem.Line < 4 || problem.Line > 5 {
		t.Errorf("%v", problem)
	}
}

func TestPaths(t *testing.T) {
	for text, want := range map[string][][]string{
		`application.a`: {{"a"}},
		`application.members.age > application.b`: {{"members", "age"}, {"b"}},
		`"application.a" // application.b`:        nil,
		`case.application.a`:                      nil,
		`myapplication.a`:                         nil,
		`application . a`:                         {{"a"}},
		`count(application)`:                      nil,
		`application.members[age > 3].name`:       {{"members"}},
	} {
		if d := cmp.Diff(want, source.Paths(text, "application")); d != "" {
			t.Errorf("%s: %s", text, d)
		}
	}
}
