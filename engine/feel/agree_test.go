package feel_test

import (
	"strings"
	"testing"

	"pgregory.net/rapid"

	"passerelle/engine/feel"
	"passerelle/engine/internal/reference"
)

// thousands checks thirty times as often as rapid is told to: 3,000 times unless
// a flag says otherwise.
func thousands(t *testing.T, check func(t *rapid.T)) {
	for range 30 {
		if rapid.Check(t, check); t.Failed() {
			return
		}
	}
}

// limited reports whether a value was too much for the engine: the reference has
// other limits.
func limited(warnings []feel.Warning) bool {
	for _, w := range warnings {
		if w.Limit || strings.HasSuffix(w.Msg, "too long") || strings.HasSuffix(w.Msg, "too deep") {
			return true
		}
	}
	return false
}

// The compiled form of an expression and the reference, which walks the tree,
// give the same value. A failure says how to run it again; more cases:
// -rapid.checks=100000.
func TestCompiledExpressionsAgreeWithTheReference(t *testing.T) {
	vars, opts := generatedVars()
	scope := feel.NewScope(vars)
	compared, skipped, nulls := 0, map[string]int{}, 0
	check := func(t *rapid.T) {
		g := &generator{t: t}
		src := g.expr("any", rapid.IntRange(1, 4).Draw(t, "depth"))
		e, err := feel.Compile(src, opts...)
		if err != nil {
			t.Fatalf("%s\ndoes not compile: %v", src, err)
		}
		slow := tooLate(src)
		defer slow.Stop()
		want := reference.Eval(e.AST(), scope)
		got, warnings := e.EvalContext(vars, feel.WithMaxSteps(2_000_000))
		if want.Skip == "" && limited(warnings) {
			want.Skip = "a limit of the engine"
		}
		if want.Skip != "" {
			skipped[want.Skip]++
			return
		}
		compared++
		if got.IsNull() {
			nulls++
		}
		if !reference.Agree(got, want.Value) {
			t.Fatalf("%s\ncompiled:  %s %v\nreference: %s", src, got, warnings, want.Value)
		}
		if again, _ := e.Eval(scope); !reference.Agree(got, again) { // the other way in
			t.Fatalf("%s\nEvalContext: %s\nEval: %s", src, got, again)
		}
	}
	thousands(t, check)
	t.Logf("%d compared, %d of them null; not compared: %v", compared, nulls, skipped)
}

// The same for unary tests: cells of decision tables.
func TestCompiledTestsAgreeWithTheReference(t *testing.T) {
	vars, opts := generatedVars()
	thousands(t, func(t *rapid.T) {
		g := &generator{t: t, cell: true}
		kind := generatedKinds[g.n(len(generatedKinds)-1)]
		src := ""
		for i := range rapid.IntRange(1, 3).Draw(t, "tests") {
			if i > 0 {
				src += ", "
			}
			switch g.n(3) {
			case 0:
				src += g.of("<", "<=", ">", ">=", "=", "!=") + " " + g.leaf(kind)
			case 1:
				src += g.of("[", "(", "]") + g.leaf(kind) + ".." + g.leaf(kind) + g.of("]", ")", "[")
			default:
				src += g.expr(g.of(kind, "bool"), 2)
			}
		}
		src = g.of(src, "not("+src+")")
		e, err := feel.CompileUnaryTests(src, opts...)
		if err != nil {
			t.Fatalf("%s\ndoes not compile: %v", src, err)
		}
		in, err := feel.Compile((&generator{t: t}).leaf(kind), opts...)
		if err != nil {
			t.Fatal(err)
		}
		input, _ := in.EvalContext(vars)
		scope := feel.NewScope(vars).With("?", input)
		want := reference.Eval(e.AST(), scope)
		got, warnings := e.Eval(scope)
		if want.Skip == "" && !reference.Agree(got, want.Value) {
			t.Fatalf("%s for %s\ncompiled:  %s %v\nreference: %s", src, input, got, warnings, want.Value)
		}
		if met, _ := e.Test(input, feel.NewScope(vars)); want.Skip == "" && met != reference.Agree(want.Value, feel.Bool(true)) {
			t.Fatalf("%s for %s: Test says %t, the reference %s", src, input, met, want.Value)
		}
	})
}
