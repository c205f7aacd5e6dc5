package feel_test

import (
	"strings"
	"testing"

	"passerelle/engine/feel"
)

// No text makes the parser or an evaluation panic or run on, and what is printed
// compiles to the same tree.
func FuzzCompile(f *testing.F) {
	for _, c := range table(f, "testdata/expressions.txt") {
		f.Add(c[0])
	}
	for _, s := range []string{"-", "not(1, < 2)", "[1..2[", "]1..2]", `"\uD83D\uDCA9"`, "a.b.c d[1]", "f(a b: 1)", "{", "((((", "1e99999", "x instance of list<context<a: function<> -> Any>>"} {
		f.Add(s)
	}
	for _, h := range hostile {
		f.Add(h.src)
	}
	f.Fuzz(func(t *testing.T, src string) {
		opts := []feel.Option{feel.Names("a b", "pre-tax", "x")}
		if e, err := feel.CompileUnaryTests(src, opts...); err == nil {
			e.Test(feel.Int(1), nil, feel.WithMaxSteps(10_000))
		}
		e, err := feel.Compile(src, opts...)
		if err != nil {
			if _, ok := err.(*feel.SyntaxError); !ok {
				t.Fatalf("%T is no SyntaxError", err)
			}
			return
		}
		e.Eval(nil, feel.WithMaxSteps(10_000), feel.WithMaxList(10_000))
		printed := e.AST().String()
		again, err := feel.Compile(printed, append(opts, feel.MaxDepth(5000))...)
		if err != nil {
			if strings.Contains(err.Error(), "too deep") || strings.Contains(err.Error(), "too long") {
				return
			}
			t.Fatalf("%q is printed as %q: %v", src, printed, err)
		}
		if text := again.AST().String(); text != printed {
			t.Fatalf("%q is printed as %q, then as %q", src, printed, text)
		}
	})
}
