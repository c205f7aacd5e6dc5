package pack

import (
	"slices"
	"strings"

	"passerelle/engine/bpmn"
	"passerelle/engine/feel"
	"passerelle/engine/form"
	"passerelle/internal/platform/i18n"
)

// words tells FEEL in a reader's language, as far as the package has words for
// what it reads: questions, legal values, decisions, steps. What it has none for
// stays as it is written.
type words struct {
	p     *Package
	loc   *i18n.Locale
	names feel.Option
	steps map[string]bpmn.Element

	each map[string][]string // what a name of "some … in …" goes through
	lost bool                // something had no words
}

func (p *Package) words(loc *i18n.Locale) *words {
	w := &words{p: p, loc: loc, steps: map[string]bpmn.Element{}, each: map[string][]string{}}
	names := append(slices.Clone(factNames), "decision", "case", "item", "asked", "value")
	names = append(names, p.decisions...)
	for _, k := range p.definitions.Knowledge {
		names = append(names, k.Name)
	}
	if p.Process != nil {
		for _, e := range p.Process.Elements() {
			w.steps[e.ID] = e
			names = append(names, e.ID)
		}
	}
	w.names = feel.Names(names...)
	return w
}

// text is a text of the package, or else what stands for it.
func (w *words) text(key, other string) string {
	if w.p.Has(key) {
		return w.p.T(w.loc.Lang(), key)
	}
	return other
}

func (w *words) quoted(text string) string { return w.loc.T("pack.feel.quoted", "text", text) }

// step is the name of an element of the process.
func (w *words) step(id string) string { return w.text("process."+id, id) }

func (w *words) unit(unit string) string {
	if key := "pack.unit." + unit; w.loc.Has(key) {
		return w.loc.T(key)
	}
	return unit
}

// cond is a line about a condition: key has it as {cond}.
func (w *words) cond(key, text string) Line {
	if said, ok := w.tell(text, w.clause); ok {
		return say(w.loc.T(key, "cond", said))
	}
	return Line{Text: w.loc.T(key, "cond", w.loc.T("pack.line.holds")), Code: trimmed(text)}
}

// value is a line about a value: key has it as {value}.
func (w *words) value(key, text string, like thing, args ...any) Line {
	if said, ok := w.tell(text, func(n feel.Node) string { return w.noun(n, like) }); ok {
		return say(w.loc.T(key, append(args, "value", said)...))
	}
	return Line{Text: w.loc.T(key, append(args, "value", w.loc.T("pack.line.result"))...), Code: trimmed(text)}
}

func trimmed(text string) string { return strings.Join(textLines([]byte(text)), "\n") }

// tell tells a text; ok is false when something in it has no words.
func (w *words) tell(text string, as func(feel.Node) string) (said string, ok bool) {
	e, err := feel.Compile(text, w.names)
	if err != nil {
		return "", false
	}
	w.lost = false
	said = as(e.AST())
	return said, !w.lost
}

func (w *words) give() string {
	w.lost = true
	return ""
}

// thing is what a value is compared with; it says how the value is written.
type thing struct {
	name  string // in words
	field *form.Field
	unit  string // of a legal value
	kind  string // outcome, status, reason, date, year, met; "" for others
}

func (w *words) named(key, other string) string { return w.quoted(w.text(key, other)) }

// path is a chain of names, with what a name of "some … in …" goes through
// before it.
func (w *words) path(n feel.Node) []string {
	switch n := n.(type) {
	case *feel.Name:
		if of, ok := w.each[n.Name]; ok {
			return of
		}
		return []string{n.Name}
	case *feel.Path:
		if before := w.path(n.X); before != nil {
			return append(slices.Clone(before), n.Name)
		}
	}
	return nil
}

// thing finds what a path names.
func (w *words) thing(n feel.Node) (thing, bool) {
	path := w.path(n)
	if path == nil {
		return thing{}, false
	}
	answer := func(id string) (thing, bool) {
		f := w.p.Field(id)
		if f == nil {
			return thing{}, false
		}
		x := thing{name: w.named("form."+id+".label", id), field: f}
		if f.Type == form.Date {
			x.kind = "date"
		}
		return x, true
	}
	part := func(of, whose, name string) (thing, bool) { // what decisions and steps have
		key := "pack.feel.of." + name
		if !w.loc.Has(key) {
			return thing{}, false
		}
		kind := map[string]string{"outcome": "outcome", "reasons": "reason", "status": "status", "year": "year"}[name]
		return thing{name: w.loc.T(key, "of", of, "whose", whose), kind: kind}, true
	}
	named := func(of, name string) (thing, bool) {
		return part(of, w.loc.T("pack.feel.whose.named", "name", of), name)
	}
	if x, isPath := n.(*feel.Path); isPath && slices.Contains([]string{"year", "month", "day"}, x.Name) {
		if of, ok := w.thing(x.X); ok && of.kind == "date" {
			if of.name == w.loc.T("pack.feel.date") {
				return part(of.name, w.loc.T("pack.feel.whose.date"), x.Name)
			}
			return named(of.name, x.Name)
		}
	}
	root, rest := path[0], path[1:]
	switch {
	case (root == "application" || root == "asked") && len(rest) > 0:
		return answer(strings.Join(rest, "."))
	case root == "parameters" && len(rest) == 1:
		if prm, ok := w.p.Parameters.Get(rest[0]); ok {
			return thing{name: w.named("parameters."+rest[0], rest[0]), unit: prm.Unit}, true
		}
	case root == "evidence" && len(rest) == 1:
		return thing{name: w.named("evidence."+rest[0]+".label", rest[0])}, true
	case root == "party" && len(rest) == 2 && rest[1] != "answers":
		return named(w.named("party."+rest[0]+".name", rest[0]), rest[1])
	case root == "party" && len(rest) > 2:
		return answer(strings.Join(rest[2:], "."))
	case root == "value" && len(rest) == 0:
		return thing{name: w.loc.T("pack.feel.answer")}, true
	case root == "date" && len(rest) == 0:
		return thing{name: w.loc.T("pack.feel.date"), kind: "date"}, true
	case root == "applicant" && len(rest) == 0:
		return thing{name: w.loc.T("pack.feel.applicant")}, true
	case root == "decision" && len(rest) == 1:
		return part(w.loc.T("pack.feel.decision"), w.loc.T("pack.feel.whose.decision"), rest[0])
	case slices.Contains(w.p.decisions, root) && len(rest) == 0:
		return thing{name: w.named("decisions."+root, root)}, true
	case slices.Contains(w.p.decisions, root) && len(rest) == 1:
		return named(w.named("decisions."+root, root), rest[0])
	}
	if _, isStep := w.steps[root]; isStep && len(rest) == 1 {
		return named(w.named("process."+root, root), rest[0])
	}
	return thing{}, false
}

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

// noun tells a value; like says of what.
func (w *words) noun(n feel.Node, like thing) string {
	switch n := n.(type) {
	case *feel.Literal:
		return w.literal(n.Value, like)
	case *feel.Name, *feel.Path:
		if x, ok := w.thing(n); ok {
			return x.name
		}
	case *feel.Negation:
		return "−" + w.operand(n.X, "*", like)
	case *feel.ListLiteral:
		items := make([]string, len(n.Items))
		for i, item := range n.Items {
			items[i] = w.noun(item, like)
		}
		if len(items) == 0 {
			return w.loc.T("pack.feel.nothing")
		}
		return w.loc.List(items)
	case *feel.ContextLiteral:
		var entries []string
		for _, e := range n.Entries {
			kind := map[string]string{"outcome": "outcome", "reasons": "reason"}[e.Name]
			entries = append(entries, w.loc.T("pack.rule.under", "name", w.entry(e.Name), "text", w.noun(e.Value, thing{kind: kind})))
		}
		return strings.Join(entries, "; ")
	case *feel.If:
		return w.loc.T("pack.feel.if", "cond", w.clause(n.Cond), "then", w.noun(n.Then, like), "else", w.noun(n.Else, like))
	case *feel.Binary:
		if sign, ok := map[string]string{"+": "+", "-": "−", "*": "×", "/": "÷"}[n.Op]; ok {
			right := n.Op
			if right == "/" {
				right = "÷" // not even a product is divided by without brackets
			}
			return w.operand(n.X, n.Op, like) + " " + sign + " " + w.operand(n.Y, right, like)
		}
	case *feel.Invocation:
		return w.call(n, like)
	}
	if isClause(n) {
		return w.loc.T("pack.feel.whether", "cond", w.clause(n))
	}
	return w.give()
}

// entry is the name of a part of what a decision gives.
func (w *words) entry(name string) string {
	if key := "pack.feel.entry." + name; w.loc.Has(key) {
		return w.loc.T(key)
	}
	return name
}

// operand puts in brackets what would be read otherwise within an operation: a
// sum within a product, all that is taken away or divided by, a choice.
func (w *words) operand(n feel.Node, op string, like thing) string {
	text := w.noun(n, like)
	switch b := n.(type) {
	case *feel.If, *feel.Negation:
		return "(" + text + ")"
	case *feel.Binary:
		if op == "÷" || op != "+" && b.Op != "*" || b.Op == "-" {
			return "(" + text + ")"
		}
	}
	return text
}

func (w *words) literal(v feel.Value, like thing) string {
	if v.IsNull() {
		if like.kind == "met" {
			return w.loc.T("pack.state.unknown")
		}
		return w.loc.T("pack.noValue")
	}
	if b, ok := v.AsBool(); ok {
		if like.kind == "met" {
			return w.loc.T("pack.state." + map[bool]string{true: "met", false: "failed"}[b])
		}
		return w.quoted(show(w.loc, v, ""))
	}
	if _, ok := v.AsNumber(); ok && like.kind == "year" {
		return v.Text()
	}
	if _, ok := v.AsNumber(); ok && like.field != nil && like.field.Type == form.Money {
		return show(w.loc, v, "money")
	}
	if _, isNumber := v.AsNumber(); isNumber && like.unit != "" {
		return showParameter(w.loc, v, like.unit)
	}
	s, ok := v.AsString()
	if !ok {
		switch v.Kind() {
		case feel.KindNumber, feel.KindDate, feel.KindDateTime:
			return show(w.loc, v, "")
		case feel.KindDaysDuration, feel.KindMonthsDuration:
			return w.span(v.Text())
		}
		return w.give()
	}
	if like.field != nil && slices.Contains(like.field.Options, s) {
		return w.named("form."+like.field.Path()+".options."+s, s)
	}
	for _, kind := range []string{"outcome", "status"} {
		if key := "pack.feel." + kind + "." + s; like.kind == kind && w.loc.Has(key) {
			return w.quoted(w.loc.T(key))
		}
	}
	return w.named("reasons."+s, s)
}

// span is a duration in words.
func (w *words) span(iso string) string {
	if said := w.loc.Period(iso); said != iso {
		return said
	}
	v, ok := feel.ParseTemporal(iso)
	if d, isDuration := v.AsDuration(); ok && isDuration && d > 0 {
		if said := w.loc.Duration(d); said != "" {
			return said
		}
	}
	return iso
}

// call tells a function of FEEL.
func (w *words) call(n *feel.Invocation, like thing) string {
	args := n.Args
	text := func(i int) (string, bool) {
		if lit, ok := args[i].(*feel.Literal); ok {
			return lit.Value.AsString()
		}
		return "", false
	}
	switch fn := n.Fn.String(); {
	case n.Names != nil:
	case fn == "date" && len(args) == 1:
		if s, ok := text(0); ok {
			return w.loc.DateISO(s)
		}
	case fn == "duration" && len(args) == 1:
		if s, ok := text(0); ok {
			return w.span(s)
		}
		return w.computedSpan(args[0])
	case (fn == "string" || fn == "number") && len(args) == 1:
		return w.noun(args[0], like)
	case fn == "concatenate":
		return w.noun(&feel.ListLiteral{Items: args}, like)
	case slices.Contains([]string{"round half up", "round up", "round down", "round half down", "decimal"}, fn) && len(args) == 2:
		key := map[string]string{"round half up": "roundHalfUp", "round up": "roundUp", "round down": "roundDown", "round half down": "roundHalfDown", "decimal": "roundHalfEven"}[fn]
		return w.loc.T("pack.feel."+key, "x", w.noun(args[0], like), "n", w.noun(args[1], thing{}))
	case slices.Contains([]string{"floor", "ceiling", "count", "sum", "abs"}, fn) && len(args) == 1:
		return w.loc.T("pack.feel."+fn, "x", w.noun(args[0], like))
	case slices.Contains([]string{"min", "max"}, fn) && len(args) > 0:
		if _, ok := args[0].(*feel.ListLiteral); len(args) > 1 || ok {
			return w.loc.T("pack.feel."+fn, "x", w.noun(&feel.ListLiteral{Items: args}, like))
		}
	}
	if isClause(n) {
		return w.loc.T("pack.feel.whether", "cond", w.clause(n))
	}
	return w.give()
}

// computedSpan tells duration("P" + string(x) + "Y").
func (w *words) computedSpan(n feel.Node) string {
	outer, ok := n.(*feel.Binary)
	if !ok || outer.Op != "+" {
		return w.give()
	}
	inner, ok := outer.X.(*feel.Binary)
	if !ok || inner.Op != "+" || inner.X.String() != `"P"` {
		return w.give()
	}
	unit, ok := map[string]string{`"Y"`: "years", `"M"`: "months", `"D"`: "days"}[outer.Y.String()]
	if !ok {
		return w.give()
	}
	return w.loc.T("pack."+unit+"Part", "n", w.noun(inner.Y, thing{}))
}

// lines tells a formula line by line: each branch of an if, each part of a list.
func (w *words) lines(text string, like thing) []Line {
	e, err := feel.Compile(text, w.names)
	if err != nil {
		return []Line{{Text: w.loc.T("pack.rule.formula"), Code: trimmed(text)}}
	}
	return w.branches(e.AST(), like)
}

func (w *words) branches(n feel.Node, like thing) []Line {
	switch x := n.(type) {
	case *feel.If:
		return w.chain(x, like)
	case *feel.Invocation:
		if x.Fn.String() == "concatenate" && x.Names == nil {
			var all []Line
			for _, arg := range x.Args {
				all = append(all, w.branches(arg, like)...)
			}
			return all
		}
	}
	w.lost = false
	said := ""
	if isClause(n) {
		said = w.loc.T("pack.rule.holds", "cond", w.clause(n))
	} else {
		said = w.loc.T("pack.rule.value", "value", w.noun(n, like))
	}
	if w.lost {
		return []Line{{Text: w.loc.T("pack.rule.formula"), Code: n.String()}}
	}
	return []Line{say(said)}
}

// chain tells if … else if … else, a line for each; that there is nothing else
// is not told.
func (w *words) chain(n *feel.If, like thing) []Line {
	var all []Line
	for key := "pack.rule.if"; ; key = "pack.rule.elseIf" {
		all = append(all, w.branch(key, n, like))
		next, ok := n.Else.(*feel.If)
		if ok {
			n = next
			continue
		}
		if list, ok := n.Else.(*feel.ListLiteral); ok && len(list.Items) == 0 {
			return all
		}
		w.lost = false
		last := say(w.loc.T("pack.rule.else", "value", w.noun(n.Else, like)))
		if w.lost {
			last = Line{Text: w.loc.T("pack.rule.else", "value", w.loc.T("pack.line.result")), Code: n.Else.String()}
		}
		return append(all, last)
	}
}

// branch tells one if with its value; of the two, what has no words stays as it
// is written.
func (w *words) branch(key string, n *feel.If, like thing) Line {
	w.lost = false
	cond := w.clause(n.Cond)
	noCond := w.lost
	w.lost = false
	value := w.noun(n.Then, like)
	noValue := w.lost
	switch {
	case noCond && noValue:
		return Line{Text: w.loc.T("pack.rule.formula"), Code: "if " + n.Cond.String() + " then " + n.Then.String()}
	case noCond:
		return Line{Text: w.loc.T(key, "cond", w.loc.T("pack.line.holds"), "value", value), Code: n.Cond.String()}
	case noValue:
		return Line{Text: w.loc.T(key, "cond", cond, "value", w.loc.T("pack.line.result")), Code: n.Then.String()}
	}
	return say(w.loc.T(key, "cond", cond, "value", value))
}
