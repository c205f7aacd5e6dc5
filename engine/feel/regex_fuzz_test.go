package feel

import (
	"testing"
	"time"
)

// No pattern makes the compiler or one of the matchers panic or run on.
func FuzzRegex(f *testing.F) {
	for _, c := range [][3]string{{"^(a+)+$", "aaaaab", ""}, {`(a*)*\1b`, "aaaaaaaaaaaaaaaaaaaaaaaa", ""}, {`[\i-[:]][\c-[:]]*`, "a:b", ""}, {`\p{IsGreek}|\P{Lu}`, "αβ", "i"},
		{"((((((((((a{10}){10}){10}){10}){10}){10}){10}){10}){10}){10})", "a", ""}, {"a b # c", "ab", "x"}, {"(.)*?$", "a\nb", "ms"}, {"[a-z-[aeiou]]+", "xyz", ""}, {"a|*", "a", ""}, {"$1", "$1", "q"}, {"(", "(", "q"},
		{`(?:(a)|b)*\1`, "ab", ""}, {"[^]", "", ""}, {"\xff", "\xff", ""}, {"x{0}", "", ""}, {"x{2,1}", "", ""}, {`\u0041`, "A", ""}} {
		f.Add(c[0], c[1], c[2])
	}
	f.Fuzz(func(t *testing.T, src, text, flags string) {
		if len(text) > 1000 {
			return
		}
		late := time.AfterFunc(5*time.Second, func() { panic("takes too long") })
		defer late.Stop()
		p, err := compileRegex(src, flags)
		if err != nil {
			return
		}
		if _, _, err := p.all(text, -1); err == nil {
			p.template(text, false)
		}
		if p.linear != nil {
			slow := &pattern{tree: p.tree, groups: p.groups}
			slow.all(text, 1)
		}
	})
}
