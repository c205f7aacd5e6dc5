package feel

import (
	"testing"

	"pgregory.net/rapid"
)

// The two matchers, the linear one and the backtracking one, find the same
// first match with the same groups.
func TestMatchersAgree(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		src := rapid.StringOfN(rapid.SampledFrom([]rune("ab.|()?[]^$-c\\d")), 1, 12, -1).Draw(t, "pattern")
		flags := rapid.SampledFrom([]string{"", "i", "m", "s", "x"}).Draw(t, "flags")
		p, err := compileRegex(src, flags)
		if err != nil || p.linear == nil {
			return
		}
		s := rapid.StringOfN(rapid.SampledFrom([]rune("abcA1\n")), 0, 8, -1).Draw(t, "text")
		if s == "" || s[len(s)-1] == '\n' {
			return // at the very end Go's ^ differs
		}
		slow := &pattern{tree: p.tree, groups: p.groups}
		want, _, err1 := p.all(s, 1)
		got, _, err2 := slow.all(s, 1)
		if err1 != nil || err2 != nil || len(want) != len(got) {
			t.Fatalf("%q on %q: %v %v, %v %v", src, s, want, err1, got, err2)
		}
		if len(want) > 0 && (want[0][0] != got[0][0] || want[0][1] != got[0][1]) {
			t.Fatalf("%q on %q: %v, %v", src, s, want, got)
		}
	})
}

func TestPatternsThatAreWrong(t *testing.T) {
	for _, src := range []string{"(", ")", "[", "[]", "a**", "*", "{1}", "a{2,1}", "[b-a]", `\q`, `\p{Nothing}`, `(a)\2`, `[\1]`, "(?=a)", `\`} {
		if _, err := compileRegex(src, ""); err == nil {
			t.Errorf("%q is taken as a pattern", src)
		}
	}
	if _, err := compileRegex("a", "z"); err == nil {
		t.Error("there is a flag z")
	}
}

func TestReplacementTemplates(t *testing.T) {
	p, err := compileRegex("(a)(b)", "")
	if err != nil {
		t.Fatal(err)
	}
	parts, err := p.template(`$2\$$1$9`, false)
	if err != nil || len(parts) != 4 || parts[0].group != 2 || parts[1].text != "$" || parts[1].group != 1 || parts[2].group != -1 {
		t.Errorf("%v %v", parts, err)
	}
	for _, bad := range []string{"$", "$x", `\`, `\n`} {
		if _, err := p.template(bad, false); err == nil {
			t.Errorf("%q is taken as a replacement", bad)
		}
	}
}
