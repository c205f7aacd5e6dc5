package pack

import (
	"slices"
	"strings"

	"passerelle/engine/feel"
)

// isClause reports whether a node is true or false by its form.
func isClause(n feel.Node) bool {
	switch n := n.(type) {
	case *feel.Binary:
		return slices.Contains([]string{"and", "or", "=", "!=", "<", "<=", ">", ">="}, n.Op)
	case *feel.Between, *feel.In, *feel.Quantified:
		return true
	case *feel.Invocation:
		return slices.Contains([]string{"not", "list contains"}, n.Fn.String())
	case *feel.Literal:
		_, ok := n.Value.AsBool()
		return ok
	}
	return false
}

// clause tells a condition.
func (w *words) clause(n feel.Node) string {
	switch n := n.(type) {
	case *feel.Literal:
		if b, ok := n.Value.AsBool(); ok && b {
			return w.loc.T("pack.feel.always")
		} else if ok {
			return w.loc.T("pack.feel.never")
		}
	case *feel.Name, *feel.Path:
		if x, ok := w.thing(n); ok {
			return w.compared(x.name, "=", w.quoted(w.loc.T("pack.yes")), x)
		}
	case *feel.Binary:
		return w.binary(n)
	case *feel.Between:
		if x, ok := w.thing(n.X); ok {
			return w.loc.T("pack.feel.between", "x", x.name, "low", w.noun(n.Low, x), "high", w.noun(n.High, x))
		}
	case *feel.In:
		if x, ok := w.thing(n.X); ok {
			return w.tests(x, n.Tests)
		}
	case *feel.Quantified:
		return w.quantified(n)
	case *feel.Invocation:
		return w.truth(n)
	}
	return w.give()
}

// truth tells a function that is true or false.
func (w *words) truth(n *feel.Invocation) string {
	switch fn := n.Fn.String(); {
	case n.Names != nil:
	case fn == "not" && len(n.Args) == 1:
		if x, ok := w.thing(n.Args[0]); ok {
			return w.compared(x.name, "=", w.quoted(w.loc.T("pack.no")), x)
		}
		return w.loc.T("pack.feel.not", "cond", w.clause(n.Args[0]))
	case fn == "list contains" && len(n.Args) == 2:
		if list, ok := n.Args[0].(*feel.ListLiteral); ok {
			if x, ok := w.thing(n.Args[1]); ok {
				return w.tests(x, list.Items)
			}
		}
		if x, ok := w.thing(n.Args[0]); ok {
			return w.loc.T("pack.feel.contains", "x", x.name, "y", w.noun(n.Args[1], x))
		}
	}
	return w.give()
}

func (w *words) quantified(n *feel.Quantified) string {
	if len(n.Iterators) != 1 || n.Iterators[0].End != nil {
		return w.give()
	}
	it := n.Iterators[0]
	x, ok := w.thing(it.List)
	if !ok {
		return w.give()
	}
	w.each[it.Name] = w.path(it.List)
	defer delete(w.each, it.Name)
	key := "pack.feel.some"
	if n.Every {
		key = "pack.feel.every"
	}
	return w.loc.T(key, "x", x.name, "cond", w.clause(n.Body))
}

// reaches reports whether the words of a condition would take in what "and" or
// "or" puts behind them.
func (w *words) reaches(n feel.Node) bool {
	switch n := n.(type) {
	case *feel.Binary:
		return n.Op == "and" || n.Op == "or" || isClause(n.X)
	case *feel.Quantified:
		return true
	case *feel.In:
		return several(n.Tests)
	case *feel.Invocation:
		if n.Fn.String() == "not" && len(n.Args) == 1 {
			_, short := w.thing(n.Args[0])
			return !short
		}
		if list, ok := n.Args[0].(*feel.ListLiteral); ok && n.Fn.String() == "list contains" {
			return several(list.Items)
		}
	}
	return false
}

// several reports whether tests are told in more than one sentence.
func several(tests []feel.Node) bool {
	sentences, values := 0, 0
	for _, t := range tests {
		switch t := t.(type) {
		case *feel.Comparison:
			sentences++
		case *feel.RangeLiteral:
			sentences++
			if twofold(t) {
				sentences++
			}
		case *feel.Literal:
			if t.Value.IsNull() {
				sentences++
			} else {
				values = 1
			}
		default:
			values = 1
		}
	}
	return sentences+values > 1
}

// twofold reports whether a range is told by each of its ends.
func twofold(r *feel.RangeLiteral) bool {
	return r.Low != nil && r.High != nil && !(r.LowClosed && r.HighClosed)
}

var mirrored = map[string]string{"=": "=", "!=": "!=", "<": ">", "<=": ">=", ">": "<", ">=": "<="}

func (w *words) binary(n *feel.Binary) string {
	if n.Op == "and" || n.Op == "or" {
		var parts []string
		var flatten func(x feel.Node)
		flatten = func(x feel.Node) {
			b, ok := x.(*feel.Binary)
			switch {
			case ok && b.Op == n.Op:
				flatten(b.X)
				flatten(b.Y)
			case w.reaches(x):
				parts = append(parts, "("+w.clause(x)+")")
			default:
				parts = append(parts, w.clause(x))
			}
		}
		flatten(n)
		return strings.Join(parts, " "+w.loc.T("pack.feel."+n.Op)+" ")
	}
	x, op, y := n.X, n.Op, n.Y
	if _, known := mirrored[op]; !known {
		return w.give()
	}
	if _, left := x.(*feel.Literal); left {
		x, op, y = y, mirrored[op], x
	}
	if lit, ok := y.(*feel.Literal); ok {
		if b, isBool := lit.Value.AsBool(); isBool && isClause(x) && (op == "=" || op == "!=") {
			if b == (op == "=") {
				return w.clause(x)
			}
			return w.loc.T("pack.feel.not", "cond", w.clause(x))
		}
	}
	if said, ok := w.counted(x, op, y); ok {
		return said
	}
	of, ok := w.thing(x)
	if !ok {
		of = thing{name: w.noun(x, thing{})}
	}
	return w.measured(of.name, op, y, of)
}

// counted tells whether a list has anything in it.
func (w *words) counted(x feel.Node, op string, y feel.Node) (string, bool) {
	call, ok := x.(*feel.Invocation)
	if !ok || call.Fn.String() != "count" || len(call.Args) != 1 {
		return "", false
	}
	of, ok := w.thing(call.Args[0])
	if !ok {
		return "", false
	}
	switch op + " " + y.String() {
	case "= 0", "< 1":
		return w.loc.T("pack.feel.empty", "x", of.name), true
	case "> 0", ">= 1", "!= 0":
		return w.loc.T("pack.feel.filled", "x", of.name), true
	}
	return "", false
}

// isDay reports whether a node is a date that is written out.
func isDay(n feel.Node) bool {
	switch n := n.(type) {
	case *feel.Literal:
		return n.Value.Kind() == feel.KindDate
	case *feel.Invocation:
		if n.Fn.String() == "date" && len(n.Args) == 1 {
			_, written := n.Args[0].(*feel.Literal)
			return written
		}
	}
	return false
}

// measured tells a comparison with what a node says; days are before and after,
// not less and more.
func (w *words) measured(x, op string, n feel.Node, of thing) string {
	if lit, ok := n.(*feel.Literal); ok && lit.Value.IsNull() {
		return w.compared(x, op, "", of)
	}
	y := w.noun(n, of)
	keys := map[string]string{"<": "earlier", "<=": "notLater", ">": "later", ">=": "notEarlier"}
	if isDay(n) {
		keys = map[string]string{"<": "before", "<=": "until", ">": "after", ">=": "from"}
	}
	if key, ok := keys[op]; ok && (of.kind == "date" || isDay(n)) {
		return w.loc.T("pack.feel."+key, "x", x, "y", y)
	}
	return w.compared(x, op, y, of)
}

// compared tells a comparison; y is "" for null.
func (w *words) compared(x, op, y string, of thing) string {
	key := map[string]string{"=": "is", "!=": "isNot", "<": "less", "<=": "atMost", ">": "more", ">=": "atLeast"}[op]
	switch {
	case y == "" && key == "is" && of.field != nil:
		key = "notGiven"
	case y == "" && key == "isNot" && of.field != nil:
		key = "given"
	case y == "" && key == "is":
		key = "unknown"
	case y == "" && key == "isNot":
		key = "known"
	case y == "":
		return w.give()
	case of.field != nil && key == "is":
		key = "answered"
	case of.field != nil && key == "isNot":
		key = "answeredNot"
	}
	return w.loc.T("pack.feel."+key, "x", x, "y", y)
}

// tests tells what a value must be: one of some, or within bounds.
func (w *words) tests(x thing, tests []feel.Node) string {
	var values, clauses []string
	for _, t := range tests {
		switch t := t.(type) {
		case *feel.Comparison:
			clauses = append(clauses, w.measured(x.name, t.Op, t.X, x))
		case *feel.RangeLiteral:
			said := w.bounds(x, t)
			if twofold(t) && len(tests) > 1 {
				said = "(" + said + ")"
			}
			clauses = append(clauses, said)
		case *feel.Literal:
			if t.Value.IsNull() {
				clauses = append(clauses, w.compared(x.name, "=", "", x))
			} else {
				values = append(values, w.noun(t, x))
			}
		default:
			if isClause(t) {
				return w.give()
			}
			values = append(values, w.noun(t, x))
		}
	}
	if len(values) > 0 {
		clauses = append([]string{w.compared(x.name, "=", w.loc.ListOr(values), x)}, clauses...)
	}
	return strings.Join(clauses, " "+w.loc.T("pack.feel.or")+" ")
}

func (w *words) bounds(x thing, r *feel.RangeLiteral) string {
	if r.LowClosed && r.HighClosed && r.Low != nil && r.High != nil {
		return w.loc.T("pack.feel.between", "x", x.name, "low", w.noun(r.Low, x), "high", w.noun(r.High, x))
	}
	var parts []string
	if r.Low != nil {
		parts = append(parts, w.measured(x.name, map[bool]string{true: ">=", false: ">"}[r.LowClosed], r.Low, x))
	}
	if r.High != nil {
		parts = append(parts, w.measured(x.name, map[bool]string{true: "<=", false: "<"}[r.HighClosed], r.High, x))
	}
	return strings.Join(parts, " "+w.loc.T("pack.feel.and")+" ")
}
