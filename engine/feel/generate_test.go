package feel_test

import (
	"fmt"
	"strings"

	"pgregory.net/rapid"

	"passerelle/engine/feel"
)

// generator writes random expressions of the whole grammar. Most are well typed;
// one in eight is not what was wanted.
type generator struct {
	t     *rapid.T
	names []variable // local variables
	seq   int
	cell  bool // "?" may be used
}

type variable struct{ name, kind string }

// The variables of every generated expression.
var generatedScope = []struct{ name, kind, value string }{
	{"n", "num", "7"}, {"monthly income", "num", "2680.04"}, {"zero", "num", "0"}, {"tiny", "num", "-0.000000000000000000000000000000001"},
	{"s", "str", `"Lëtzebuerg 😀"`}, {"empty", "str", `""`},
	{"yes", "bool", "true"}, {"no", "bool", "false"}, {"nothing", "any", "null"},
	{"d", "date", `@"2024-02-29"`}, {"t", "time", `@"23:59:59.5"`}, {"zoned", "time", `@"10:00:00+02:00"`},
	{"moment", "dt", `@"2025-03-30T01:30:00@Europe/Luxembourg"`}, {"local", "dt", `@"1999-12-31T23:00:00"`},
	{"span", "days", `@"P1DT2H"`}, {"months", "months", `@"P1Y1M"`},
	{"list", "nums", "[3, 1, 2, 2]"}, {"mixed", "nums", `[1, "a", null, true]`}, {"none", "nums", "[]"},
	{"people", "ctxs", `[{name: "Ana", age: 31}, {name: "Bo", age: 9}, {name: "Cy"}]`},
	{"who", "ctx", `{name: "Ana", age: 31, item: 5, home: {town: "Wiltz"}}`},
	{"r", "range", "[2..5)"}, {"days of May", "range", `[@"2024-05-01"..@"2024-05-31"]`},
}

var generatedKinds = []string{"num", "str", "bool", "date", "time", "dt", "days", "months", "nums", "ctxs", "ctx", "range", "fn"}

func generatedVars() (feel.Value, []feel.Option) {
	var entries []feel.Entry
	var names []string
	for _, v := range generatedScope {
		e, err := feel.Compile(v.value)
		if err != nil {
			panic(err)
		}
		x, _ := e.Eval(nil)
		entries = append(entries, feel.Entry{Name: v.name, Value: x})
		names = append(names, v.name)
	}
	return feel.Context(entries...), []feel.Option{feel.Names(names...), feel.Types(map[string]*feel.Type{"tPerson": personType})}
}

var personType = &feel.Type{Name: "tPerson", Kind: feel.TypeContext, Fields: []feel.Field{{Name: "name", Type: feel.StringType}, {Name: "age", Type: feel.NumberType}}}

func (g *generator) n(max int) int            { return rapid.IntRange(0, max-1).Draw(g.t, "n") }
func (g *generator) of(list ...string) string { return list[g.n(len(list))] }

func (g *generator) fresh() string { g.seq++; return fmt.Sprintf("v%d", g.seq) }

// with makes a variable known while f writes.
func (g *generator) with(name, kind string, f func() string) string {
	g.names = append(g.names, variable{name, kind})
	s := f()
	g.names = g.names[:len(g.names)-1]
	return s
}

// expr writes an expression, mostly of the kind.
func (g *generator) expr(kind string, depth int) string {
	if kind == "any" || g.n(8) == 0 {
		kind = generatedKinds[g.n(len(generatedKinds))]
	}
	if depth <= 0 || g.n(5) == 0 {
		return g.leaf(kind)
	}
	d := depth - 1
	if g.n(4) == 0 {
		return g.general(kind, d)
	}
	switch kind {
	case "num":
		return g.number(d)
	case "str":
		return g.string(d)
	case "bool":
		return g.boolean(d)
	case "date", "time", "dt", "days", "months":
		return g.temporal(kind, d)
	case "nums", "ctxs":
		return g.list(kind, d)
	case "ctx":
		return g.context(d)
	case "range":
		return g.interval(d)
	}
	return g.function(d)
}

func (g *generator) args(d int, kinds ...string) string {
	parts := make([]string, len(kinds))
	for i, k := range kinds {
		parts[i] = g.expr(k, d)
	}
	return "(" + strings.Join(parts, ", ") + ")"
}

func (g *generator) leaf(kind string) string {
	var known []string
	for _, v := range g.names {
		if v.kind == kind || g.n(12) == 0 {
			known = append(known, v.name, v.name)
		}
	}
	for _, v := range generatedScope {
		if v.kind == kind {
			known = append(known, v.name)
		}
	}
	if g.cell && g.n(4) == 0 {
		return "?"
	}
	if len(known) > 0 && g.n(2) == 0 {
		return known[g.n(len(known))]
	}
	if g.n(25) == 0 {
		return "null"
	}
	switch kind {
	case "num":
		return g.of("0", "1", "2", "-1", "0.1", "3.14", "12345678901234567890.5", "1e20", ".5", "99999999999999999999999999999999.99", "0.3333333333333333333333333333333333", "100", "-2.5", "1e-30", "4.00")
	case "str":
		return g.of(`"a"`, `"b"`, `""`, `"ab c"`, `"Straße"`, `"\"\\\u00e9"`, `"a?b"`, `"2024-01-01"`)
	case "bool":
		return g.of("true", "false")
	case "date":
		return g.of(`@"2024-01-31"`, `date("2023-12-31")`, `date(2024, 2, 29)`, `@"1999-02-28"`)
	case "time":
		return g.of(`@"00:00:00"`, `@"12:30:15Z"`, `time("10:00:00-05:00")`, `time(1, 2, 3)`)
	case "dt":
		return g.of(`@"2024-02-29T12:00:00"`, `@"2024-02-29T12:00:00Z"`, `date and time("2024-10-27T02:30:00@Europe/Luxembourg")`, `@"2000-01-01T00:00:00.25+01:00"`)
	case "days":
		return g.of(`@"P1D"`, `@"-PT1.5S"`, `duration("PT36H")`, `@"PT0S"`)
	case "months":
		return g.of(`@"P1M"`, `@"-P13M"`, `duration("P2Y")`, `@"P0M"`)
	case "nums":
		return g.of("[1, 2, 3]", "[]", "[0.5]", `["a", "b"]`, "[null]", "[[1], 2]")
	case "ctxs":
		return g.of(`[{name: "Di", age: 1}]`, `[{age: 2}, {age: 3, name: "Eve"}]`)
	case "ctx":
		return g.of("{}", `{age: 4}`, `{"a b": 1, name: "Flo"}`)
	case "range":
		return g.of("([1..10])", "((1..10])", "([1..10[)", "(]0..3])", "(> 5)", "(<= 2)", "(= 3)", "(!= 3)", `(["a".."m"])`, "([5..1])")
	}
	return g.of("(function(x) x)", "(function(x, y) x + y)", "abs", "(function(x: number) x * 2)", `(function(p: tPerson) p.name)`)
}

// general are the forms that give any kind.
func (g *generator) general(kind string, d int) string {
	switch g.n(9) {
	case 0:
		return "(if " + g.expr("bool", d) + " then " + g.expr(kind, d) + " else " + g.expr(kind, d) + ")"
	case 1:
		name := g.fresh()
		value := g.expr("num", d)
		return "{" + name + ": " + value + ", out: " + g.with(name, "num", func() string { return g.expr(kind, d) }) + "}.out"
	case 2:
		name := g.fresh()
		body := g.with(name, "num", func() string { return g.expr(kind, d) })
		if g.n(2) == 0 {
			return "(function(" + name + ") " + body + ")(" + name + ": " + g.expr("num", d) + ")"
		}
		return "(function(" + name + ") " + body + ")(" + g.expr("num", d) + ")"
	case 3:
		return "[" + g.expr(kind, d) + ", " + g.expr(kind, d) + "][" + g.of("1", "2", "-1", "3", "0", g.expr("num", d)) + "]"
	case 4:
		return "get value({k: " + g.expr(kind, d) + `}, "k")`
	case 5:
		return "(" + g.expr(kind, d) + ")"
	case 6: // recursion
		return "{f: function(i) if i <= 0 then " + g.expr(kind, d) + " else f(i - 1), out: f(" + g.of("0", "3") + ")}.out"
	case 7:
		return "[" + g.expr(kind, d) + "][item = item or true][1]"
	}
	return "{a: {b: " + g.expr(kind, d) + "}}.a.b"
}

func (g *generator) number(d int) string {
	switch g.n(14) {
	case 0, 1, 2, 3:
		return "(" + g.expr("num", d) + " " + g.of("+", "-", "*", "/") + " " + g.expr("num", d) + ")"
	case 4:
		return "-" + g.leaf("num")
	case 5:
		return "(" + g.expr("num", d) + " ** " + g.of("2", "3", "0", "-1", "-2", "10") + ")"
	case 6:
		return g.of("floor", "ceiling", "abs") + g.args(d, "num")
	case 7:
		return g.of("decimal", "round up", "round down", "round half up", "round half down", "floor", "ceiling") + "(" + g.expr("num", d) + ", " + g.of("0", "2", "-1", "5", g.leaf("num")) + ")"
	case 8:
		return g.of("sum", "min", "max", "count", "mean", "median", "product") + g.args(d, "nums")
	case 9:
		return g.of("sum", "min", "max", "count", "product") + g.args(d, "num", "num", "num")
	case 10:
		return "modulo" + g.args(d, "num", "num")
	case 11:
		return g.expr("date", 0) + "." + g.of("year", "month", "day", "weekday", "hour")
	case 12:
		return g.of("string length"+g.args(d, "str"), "day of year"+g.args(d, "date"), "week of year"+g.args(d, "date"), "("+g.expr("days", d)+" / "+g.expr("days", d)+")", "("+g.expr("months", d)+").months", "("+g.expr("days", d)+").seconds", "("+g.expr("dt", d)+").minute")
	}
	return "(" + g.expr("ctx", d) + ").age"
}

func (g *generator) string(d int) string {
	switch g.n(7) {
	case 0:
		return "(" + g.expr("str", d) + " + " + g.expr("str", d) + ")"
	case 1:
		return "substring(" + g.expr("str", d) + ", " + g.of("1", "2", "-1", "0", "3.5", g.leaf("num")) + g.of("", ", 1", ", 2", ", 0") + ")"
	case 2:
		return g.of("upper case", "lower case") + g.args(d, "str")
	case 3:
		return g.of("substring before", "substring after") + g.args(d, "str", "str")
	case 4:
		return "string" + g.args(d, generatedKinds[g.n(len(generatedKinds)-1)])
	case 5:
		return "string join([" + g.expr("str", d) + ", " + g.expr("str", d) + "]" + g.of("", `, "-"`) + ")"
	}
	return g.of("day of week"+g.args(d, "date"), "month of year"+g.args(d, "date"), "("+g.expr("ctx", d)+").name", `string join(list: ["x", "y"], delimiter: `+g.expr("str", d)+")")
}

func (g *generator) boolean(d int) string {
	k := generatedKinds[g.n(len(generatedKinds))]
	switch g.n(14) {
	case 0, 1:
		return "(" + g.expr(k, d) + " " + g.of("=", "!=", "<", "<=", ">", ">=") + " " + g.expr(k, d) + ")"
	case 2:
		return "(" + g.expr("bool", d) + " and " + g.expr("bool", d) + ")"
	case 3:
		return "(" + g.expr("bool", d) + " or " + g.expr("bool", d) + ")"
	case 4:
		return "not" + g.args(d, "bool")
	case 5:
		return "(" + g.expr(k, d) + " between " + g.expr(k, d) + " and " + g.expr(k, d) + ")"
	case 6, 7:
		return "(" + g.expr(k, d) + " in " + g.tests(k, d) + ")"
	case 8:
		return "(" + g.expr(k, d) + " instance of " + g.typ(2) + ")"
	case 9:
		name := g.fresh()
		in, iter := g.iteration(d)
		return "(" + g.of("some", "every") + " " + name + " in " + in + " satisfies " + g.with(name, iter, func() string { return g.expr("bool", d) }) + ")"
	case 10:
		return g.of("contains", "starts with", "ends with") + g.args(d, "str", "str")
	case 11:
		return g.of("before", "after", "meets", "met by", "overlaps", "overlaps before", "finishes", "starts", "during", "coincides") + g.args(d, g.of("range", "num"), "range")
	case 12:
		return g.of("list contains"+g.args(d, "nums", "num"), "odd"+g.args(d, "num"), "even"+g.args(d, "num"))
	}
	return g.of("all", "any") + "([" + g.expr("bool", d) + ", " + g.expr("bool", d) + "])"
}

// tests are what follows "in".
func (g *generator) tests(kind string, d int) string {
	one := func() string {
		switch g.n(4) {
		case 0:
			return g.of("<", "<=", ">", ">=", "=", "!=") + " " + g.expr(kind, d)
		case 1:
			return g.of("[", "(", "]") + g.leaf(kind) + ".." + g.leaf(kind) + g.of("]", ")", "[")
		}
		return g.expr(kind, d)
	}
	if g.n(2) == 0 {
		return "(" + one() + ", " + one() + ")"
	}
	return "(" + one() + ")"
}

func (g *generator) typ(d int) string {
	simple := g.of("number", "string", "boolean", "date", "time", "date and time", "days and time duration", "years and months duration", "Any", "Null", "tPerson")
	if d == 0 {
		return simple
	}
	return g.of(simple, simple, "list<"+g.typ(d-1)+">", "range<"+g.typ(d-1)+">", "context<age: "+g.typ(d-1)+">")
}

// iteration is what a variable runs over, and its kind.
func (g *generator) iteration(d int) (in, kind string) {
	switch g.n(8) {
	case 0, 1:
		return g.expr("nums", d), "num"
	case 2:
		return g.expr("ctxs", d), "ctx"
	case 3:
		return g.of("1..3", "3..1", "1..1", "0.5..2.7", "2.7..0.5", "-1..1"), "num"
	case 4:
		return `@"2024-02-27"..@"2024-03-01"`, "date"
	case 5:
		return "[1..3]", "num"
	case 6:
		return g.of("[0.5..2]", "[3..1]", "[2..1.5]", "(1..3)", "(>= 1)", `[@"2024-02-28"..@"2024-03-01"]`), "num"
	}
	return g.expr("any", d), "num"
}

func (g *generator) list(kind string, d int) string {
	switch g.n(12) {
	case 0:
		if kind == "ctxs" {
			return "[" + g.expr("ctx", d) + ", " + g.expr("ctx", d) + "]"
		}
		return "[" + g.expr("num", d) + ", " + g.expr("num", d) + ", " + g.expr("num", d) + "]"
	case 1, 2:
		return g.loop(kind, d)
	case 3, 4:
		item := "num"
		if kind == "ctxs" {
			item = "ctx"
		}
		return "(" + g.expr(kind, d) + ")[" + g.with("item", item, func() string { return g.condition(kind, d) }) + "]"
	case 5:
		return g.of("reverse", "distinct values", "flatten", "sort") + g.args(d, kind)
	case 6:
		return g.of("concatenate", "union") + g.args(d, kind, kind)
	case 7:
		return g.of("append"+g.args(d, kind, "num"), "remove("+g.expr(kind, d)+", "+g.of("1", "-1", "9", "0")+")", "insert before("+g.expr(kind, d)+", 1, "+g.expr("num", d)+")",
			"sublist("+g.expr(kind, d)+", "+g.of("1", "2", "-1", "-2")+g.of("", ", 1", ", 2")+")", "list replace("+g.expr(kind, d)+", 2, "+g.expr("num", d)+")")
	case 8:
		a, b := g.fresh(), g.fresh()
		return "sort(" + g.expr(kind, d) + ", function(" + a + ", " + b + ") " + a + g.of(" < ", " > ") + b + ")"
	case 9:
		return g.of("index of"+g.args(d, kind, "num"), "mode"+g.args(d, "nums"), "("+g.expr("ctxs", d)+").age", "("+g.expr("ctxs", d)+").name")
	case 10:
		a, b := g.fresh(), g.fresh()
		return "list replace(" + g.expr(kind, d) + ", function(" + a + ", " + b + ") " + g.with(a, "num", func() string { return g.expr("bool", d) }) + ", " + g.expr("num", d) + ")"
	}
	return "get entries" + g.args(d, "ctx")
}

// condition stands in a filter: over the items, or their entries.
func (g *generator) condition(kind string, d int) string {
	if kind == "ctxs" && g.n(2) == 0 {
		return g.of("age", "name", "item.age") + g.of(" > ", " = ", " != ", " < ") + g.leaf("num")
	}
	if g.n(5) == 0 {
		return g.expr("num", 0)
	}
	return g.expr("bool", d)
}

func (g *generator) loop(kind string, d int) string {
	name := g.fresh()
	in, iter := g.iteration(d)
	item := "num"
	if kind == "ctxs" {
		item = "ctx"
	}
	body := func() string {
		return g.with("partial", "nums", func() string {
			if g.n(4) == 0 {
				return g.of("count(partial)", "partial", "sum(partial)", "partial[-1]", "if partial = [] then 1 else partial[-1]")
			}
			return g.expr(item, d)
		})
	}
	if g.n(3) == 0 {
		second := g.fresh()
		return "(for " + name + " in " + in + ", " + g.with(name, iter, func() string {
			in, iter := g.iteration(min(d, 1))
			return second + " in " + in + " return " + g.with(second, iter, body)
		}) + ")"
	}
	return "(for " + name + " in " + in + " return " + g.with(name, iter, body) + ")"
}

func (g *generator) temporal(kind string, d int) string {
	switch kind {
	case "date":
		return g.of("("+g.expr("date", d)+" + "+g.expr(g.of("days", "months"), d)+")", "("+g.expr("date", d)+" - "+g.expr(g.of("days", "months"), d)+")", "date"+g.args(d, "dt"))
	case "time":
		return g.of("("+g.expr("time", d)+" + "+g.expr("days", d)+")", "("+g.expr("days", d)+" + "+g.expr("time", d)+")", "("+g.expr("time", d)+" - "+g.expr("days", d)+")", "time"+g.args(d, "dt"))
	case "dt":
		return g.of("("+g.expr("dt", d)+" + "+g.expr(g.of("days", "months"), d)+")", "("+g.expr("dt", d)+" - "+g.expr(g.of("days", "months"), d)+")", "date and time"+g.args(d, "date", "time"))
	case "days":
		return g.of("("+g.expr("date", d)+" - "+g.expr(g.of("date", "dt"), d)+")", "("+g.expr("dt", d)+" - "+g.expr("dt", d)+")", "("+g.expr("time", d)+" - "+g.expr("time", d)+")",
			"("+g.expr("days", d)+g.of(" + ", " - ")+g.expr("days", d)+")", "("+g.expr("days", d)+g.of(" * ", " / ")+g.expr("num", d)+")", "-"+g.leaf("days"), "abs"+g.args(d, "days"), "("+g.expr("dt", d)+").time offset")
	}
	return g.of("("+g.expr("months", d)+g.of(" + ", " - ")+g.expr("months", d)+")", "("+g.expr("num", d)+" * "+g.expr("months", d)+")", "("+g.expr("months", d)+" / "+g.expr("num", d)+")", "-"+g.leaf("months"), "years and months duration"+g.args(d, "date", "date"), "sum(["+g.expr("months", d)+", "+g.expr("months", d)+"])")
}

func (g *generator) context(d int) string {
	switch g.n(7) {
	case 0, 1:
		return "{name: " + g.expr("str", d) + ", age: " + g.expr("num", d) + "}"
	case 2:
		return "{age: " + g.expr("num", d) + ", name: " + g.with("age", "num", func() string { return g.expr("str", d) }) + "}"
	case 3:
		return "context put(" + g.expr("ctx", d) + ", " + g.of(`"age"`, `"z"`, `["home", "town"]`, "[]") + ", " + g.expr("num", d) + ")"
	case 4:
		return "context merge([" + g.expr("ctx", d) + ", " + g.expr("ctx", d) + "])"
	case 5:
		return `context([{key: "age", value: ` + g.expr("num", d) + `}, {key: ` + g.expr("str", 0) + ", value: 1}])"
	}
	return "(" + g.expr("ctxs", d) + ")[" + g.of("1", "-1", "2") + "]"
}

func (g *generator) interval(d int) string {
	k := g.of("num", "num", "str", "date", "days")
	if g.n(4) == 0 {
		return "(" + g.of("<", "<=", ">", ">=", "=", "!=") + " " + g.expr(k, d) + ")"
	}
	return "(" + g.of("[", "(", "]") + g.expr(k, d) + ".." + g.expr(k, d) + g.of("]", ")", "[") + ")"
}

func (g *generator) function(d int) string {
	a, b := g.fresh(), g.fresh()
	return "(function(" + a + g.of("", ": number", ": list<number>", ": string") + ", " + b + ") " + g.with(a, "num", func() string {
		return g.with(b, "num", func() string { return g.expr("num", d) })
	}) + ")"
}
