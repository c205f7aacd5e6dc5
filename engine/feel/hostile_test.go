package feel_test

import (
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	"passerelle/engine/feel"
)

// tooLate ends the test when what it names takes a minute; each takes a moment.
func tooLate(name string) *time.Timer {
	return time.AfterFunc(time.Minute, func() { panic("takes too long: " + name) })
}

// What is refused when it is compiled, with the message and the place.
func TestHostileTextsAreRefusedWithTheirPlace(t *testing.T) {
	deep := func(open, inner, end string) string {
		return strings.Repeat(open, 5000) + inner + strings.Repeat(end, 5000)
	}
	for _, c := range []struct{ name, src, want string }{
		{"parentheses", deep("(", "1", ")"), "1:201: the expression nests too deep"},
		{"lists", deep("[", "1", "]"), "1:201: the expression nests too deep"},
		{"contexts", deep("{a: ", "1", "}"), "1:800: the expression nests too deep"},
		{"filters", "x" + deep("[x", "", "]"), "1:601: the expression nests too deep"},
		{"filters in filters", deep("x[", "1", "]"), "1:601: the expression nests too deep"},
		{"calls", deep("f(", "1", ")"), "1:601: the expression nests too deep"},
		{"functions", deep("function(x) ", "1", ""), "1:7201: the expression nests too deep"},
		{"conditions", deep("if ", "true", " then 1 else 2"), "1:1800: the expression nests too deep"},
		{"else", deep("if true then 1 else ", "2", ""), "1:11964: the expression nests too deep"},
		{"loops", deep("for i in ", "[]", " return i"), "1:5400: the expression nests too deep"},
		{"quantifiers", deep("some i in ", "[]", " satisfies i"), "1:6000: the expression nests too deep"},
		{"negations", deep("-", "1", ""), "1:600: the expression nests too deep"},
		{"ranges", deep("]", "1", "..2["), "1:600: the expression nests too deep"},
		{"types", "x instance of " + deep("list<", "Any", ">"), "1:3005: the expression nests too deep"},
		{"function types", "x instance of " + deep("function<", "Any", ">"), "1:5397: the expression nests too deep"},
		{"context types", "x instance of " + deep("context<a: ", "Any", ">"), "1:6592: the expression nests too deep"},
		{"in", "x in " + deep("(", "1", ")"), "1:206: the expression nests too deep"},
		{"a huge number", strings.Repeat("9", 100_000), "1:1: this number is out of range"},
		{"a huge exponent", "1 + 1e999999999999", "1:5: this number is out of range"},
		{"a long text", `"` + strings.Repeat("a", 300_000) + `"`, "1:1: the expression is too long"},
		{"an open string", "1 +\n  \"abc", "2:3: this string has no end"},
		{"an open comment", "1 +\n /* abc", "2:2: this comment has no end"},
	} {
		late := tooLate(c.name)
		_, err := feel.Compile(c.src)
		late.Stop()
		if err == nil || err.Error() != c.want {
			t.Errorf("%s: %v, want %s", c.name, err, c.want)
		}
	}
}

// hostile are expressions that ask for more than there is. Each names the limit
// and the place; none takes long, and none takes much memory.
var hostile = []struct{ name, src, want string }{
	{"a million-element range", "for i in 1..10000000 return i", "1:1: a list or text becomes too long"},
	{"a range that never ends", "for i in 1..1e30 return i", "1:1: a list or text becomes too long"},
	{"a range of dates", `for d in @"-99999-01-01"..@"99999-12-31" return d`, "1:1: a list or text becomes too long"},
	{"products of loops", "1 +\n count(for i in 1..1000, j in 1..1000, k in 1..1000 return 1)", "2:8: the evaluation takes too many steps"},
	{"loops in loops", "for i in 1..1000 return count(for j in 1..1000 return\n count(for k in 1..1000 return k))", "2:7: the evaluation takes too many steps"},
	{"endless recursion", "{f: function(n) f(n + 1), r: f(1)}.r", "1:18: functions call each other too deep"},
	{"recursion that doubles", "{f: function(n) if n = 0 then 1 else f(n - 1) + f(n - 1), r: f(100)}.r", "1:39: the evaluation takes too many steps"},
	{"doubling text", `for i in 1..100 return if i = 1 then "aaaaaaaa" else partial[-1] + partial[-1]`, "1:66: the evaluation takes too many steps"},
	{"doubling by replace", `for i in 1..100 return if i = 1 then "aaaaaaaa" else replace(partial[-1], "a", "aa")`, "1:61: the evaluation takes too many steps"},
	{"doubling by join", `for i in 1..100 return if i = 1 then "aaaaaaaa" else string join([partial[-1], partial[-1]])`, "1:65: the evaluation takes too many steps"},
	{"groups in a replacement", `replace(string join(for i in 1..10000 return "0123456789", ""), "(.*)[0-9]$", "` + strings.Repeat("$1", 2000) + `")`, "1:8: the evaluation takes too many steps"},
	{"doubling lists", "for i in 1..100 return if i = 1 then [1] else concatenate(partial[-1], partial[-1])", "1:58: the evaluation takes too many steps"},
	{"growing lists", "count(for i in 1..1000000 return append(partial, i))", "1:40: the evaluation takes too many steps"},
	{"growing contexts", "(for i in 1..1000000 return if i = 1 then {} else context put(partial[-1], string(i), i))[-1]", "1:62: the evaluation takes too many steps"},
	{"merging contexts", "{a: context(for i in 1..10000 return {key: string(i), value: i}), r: for i in 1..1000000 return context merge([a, a])}.r", "1:110: the evaluation takes too many steps"},
	{"entries", "{a: context(for i in 1..10000 return {key: string(i), value: i}), r: for i in 1..1000000 return get entries(a)}.r", "1:108: the evaluation takes too many steps"},
	{"comparing lists", "{a: for i in 1..100000 return i, b: for i in 1..100000 return i, r: for i in 1..1000000 return a = b}.r", "1:69: the evaluation takes too many steps"},
	{"comparing texts", `{a: string join(for i in 1..100000 return "0123456789"), b: a + "", r: for i in 1..1000000 return a < b}.r`, "1:72: the evaluation takes too many steps"},
	{"reading texts", `{a: string join(for i in 1..100000 return "0123456789"), r: for i in 1..1000000 return contains(a, "x")}.r`, "1:96: the evaluation takes too many steps"},
	{"searching lists", "{a: for i in 1..100000 return i, r: for i in a return 0 in a}.r", "1:37: the evaluation takes too many steps"},
	{"distinct values", "distinct values(for i in 1..1000000 return i)", "1:16: the evaluation takes too many steps"},
	{"slices", "{a: for i in 1..100000 return i, r: for i in a return sublist(a, 1)}.r", "1:62: the evaluation takes too many steps"},
	{"types of long lists", "{a: for i in 1..100000 return i, r: for i in a return a instance of list<number>}.r", "1:37: the evaluation takes too many steps"},
	{"parameters of long lists", "{a: for i in 1..100000 return i, f: function(x: list<number>) 1, r: for i in a return f(a)}.r", "1:88: the evaluation takes too many steps"},
	{"sorting by a slow order", "sort(for i in 1..100000 return i, function(x, y) count(for k in 1..1000 return k) > 0)", "1:56: the evaluation takes too many steps"},
	{"a slow pattern", `{s: string join(for i in 1..100000 return "0123456789"), r: for i in 1..1000 return matches(s, "^(.|.)*x{900}$")}.r`, "1:92: the evaluation takes too many steps"},
	{"many large patterns", `for i in 1..100000 return matches("a", "(a{90}){10}" + string(i))`, "1:34: the evaluation takes too many steps"},
	{"many matches", `split(string join(for i in 1..900000 return "aaaaaaaaaaaaaaaa"), "(((((a)))))")`, "1:18: the evaluation takes too many steps"},
	{"huge values in messages", "{a: for i in 1..100000 return \"0123456789\", r: for i in 1..100000 return date(a)}.r", ""},
	{"exponents", "10 ** 999999", "1:4: the result is no number"},
	{"exponents of exponents", "9 ** (9 ** (9 ** 9))", "1:9: the result is no number"},
	{"a long quotient", "1e6000 / 3 * 1e-6000 * 1e6000 * 1e6000", "1:31: the result is no number"},
	{"a duration", `@"P1D" * 1e6000`, "1:8: the date or duration is out of range"},
}

func TestHostileExpressionsEndWithTheirPlace(t *testing.T) {
	for _, c := range hostile {
		e, err := feel.Compile(c.src)
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		late := tooLate(c.name)
		v, warnings := e.Eval(nil, feel.WithMaxSteps(1_000_000))
		late.Stop()
		runtime.ReadMemStats(&after)
		if mb := (after.TotalAlloc - before.TotalAlloc) >> 20; mb > 300 { // a million steps, each of at most 64 bytes of text or a few values
			t.Errorf("%s takes %d MB", c.name, mb)
		}
		if c.want == "" {
			continue
		}
		if !v.IsNull() || len(warnings) == 0 {
			t.Errorf("%s: %.60s %v", c.name, v, warnings)
			continue
		}
		w := warnings[0]
		if last := warnings[len(warnings)-1]; last.Limit {
			w = last
		}
		if got := fmt.Sprint(w); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}
