package dmn

import (
	"fmt"
	"sort"
	"strings"

	"passerelle/engine/feel"
)

// tableBox is a compiled decision table.
type tableBox struct {
	def     *DecisionTable
	inputs  []tableInput
	outputs []tableOutput
	rules   []tableRule
	index   *tableIndex
	place   place
}

type tableInput struct {
	expr    *literalBox
	allowed *feel.Expr // nil: every value
	typ     *feel.Type // of the expression as far as it is known
	place   place
}

type tableOutput struct {
	name     string
	typ      *feel.Type
	standard *literalBox  // default output; nil: none
	order    []feel.Value // allowed values, highest priority first
	allowed  *feel.Expr
	place    place
}

type tableRule struct {
	tests   []*feel.Expr // nil: "-"
	reads   []reads      // per test
	broken  []string     // per test: why it cannot be evaluated
	outputs []*literalBox
}

func (c *logicCompiler) table(x *DecisionTable, scope *names) boxed {
	b := &tableBox{def: x, place: place{c.element, x.Pos, ""}}
	var inputTypes []*feel.Type
	for i := range x.Inputs {
		in := &x.Inputs[i]
		expr := c.literal(in.Expr, scope)
		t := scope.typeOfExpr(expr.expr)
		if t == nil || t.Kind == feel.TypeAny {
			t = expr.typ
		}
		inputTypes = append(inputTypes, t)
		compiled := tableInput{expr: expr, typ: t, place: place{c.element, in.Pos, in.Expr.Text}}
		if in.Values != nil {
			compiled.allowed = c.unaryTests(*in.Values, scope, t)
		}
		b.inputs = append(b.inputs, compiled)
	}
	whole := c.u.typeOf(x.TypeRef, x.Pos, c.element)
	for i := range x.Outputs {
		b.outputs = append(b.outputs, c.output(x, i, whole, scope))
	}
	for i := range x.Rules {
		r := &x.Rules[i]
		rule := tableRule{tests: make([]*feel.Expr, len(r.Inputs)), reads: make([]reads, len(r.Inputs)), broken: make([]string, len(r.Inputs))}
		for j, entry := range r.Inputs {
			if entry.Text == "-" {
				continue
			}
			rule.tests[j] = c.unaryTests(entry, scope, inputTypes[j])
			rule.reads[j] = readsOf(rule.tests[j])
			if rule.tests[j] == nil {
				rule.broken[j] = "the condition cannot be read: " + entry.Text
			}
		}
		for j, o := range r.Outputs {
			out := c.literal(o, scope)
			rule.outputs = append(rule.outputs, b.outputs[j].typed(out))
		}
		b.rules = append(b.rules, rule)
	}
	b.index = buildIndex(b)
	c.u.m.tables = append(c.u.m.tables, checkedTable{c.u, b})
	return b
}

// typed returns the literal with the output's type, when it has none itself.
func (o *tableOutput) typed(l *literalBox) *literalBox {
	if l.typ != nil || o.typ == nil {
		return l
	}
	l.typ = o.typ
	if l.constant {
		v, ok := o.typ.Coerce(l.value)
		l.constant, l.value = ok, v
	}
	return l
}

func (c *logicCompiler) output(x *DecisionTable, i int, whole *feel.Type, scope *names) tableOutput {
	def := &x.Outputs[i]
	o := tableOutput{name: def.Name, place: place{c.element, def.Pos, ""}}
	o.typ = c.u.typeOf(def.TypeRef, def.Pos, c.element)
	if o.typ == nil && whole != nil {
		o.typ = columnType(whole, def.Name, len(x.Outputs) == 1, x)
	}
	if o.typ != nil && o.typ.Kind == feel.TypeAny && o.typ.Allowed == nil {
		o.typ = nil
	}
	if def.Name == "" && len(x.Outputs) > 1 {
		c.u.problem(def.Pos, c.element, "of several outputs each needs a name")
	}
	if def.Values != nil {
		o.allowed = c.unaryTests(*def.Values, scope, o.typ)
		o.order = orderOf(o.allowed)
	} else if o.typ != nil {
		t := o.typ
		if t.Kind == feel.TypeList && t.Allowed == nil {
			t = t.Elem
		}
		if t != nil {
			o.order = orderOf(t.Allowed)
		}
	}
	if (x.HitPolicy == Priority || x.HitPolicy == OutputOrder) && i == 0 && o.order == nil {
		c.u.problem(def.Pos, c.element, fmt.Sprintf("hit policy %s needs output values that give the order", x.HitPolicy))
	}
	if def.Default != nil {
		o.standard = o.typed(c.literal(def.Default, scope))
	}
	return o
}

// columnType derives the type of an output from that of the whole table.
func columnType(whole *feel.Type, name string, single bool, x *DecisionTable) *feel.Type {
	multi := x.HitPolicy == RuleOrder || x.HitPolicy == OutputOrder || x.HitPolicy == Collect && x.Aggregation == ""
	if multi && whole.Kind == feel.TypeList {
		whole = whole.Elem
	}
	if single || whole == nil {
		return whole
	}
	for _, f := range whole.Fields {
		if f.Name == name {
			return f.Type
		}
	}
	return nil
}

// orderOf returns the literals that tests list, in their order.
func orderOf(e *feel.Expr) []feel.Value {
	if e == nil {
		return nil
	}
	u, ok := e.AST().(*feel.UnaryTests)
	if !ok || u.Not {
		return nil
	}
	var out []feel.Value
	for _, t := range u.Tests {
		if v, ok := constantNode(t); ok {
			out = append(out, v)
		}
	}
	return out
}

func (c *logicCompiler) unaryTests(u UnaryTests, scope *names, input *feel.Type) *feel.Expr {
	if !c.affordable(scope) {
		c.u.problem(u.Pos, c.element, tooLarge)
		return nil
	}
	e, err := feel.CompileUnaryTests(u.Text, append(scope.options(), feel.Types(c.types), feel.InputType(input))...)
	if err != nil {
		c.u.problem(u.Pos, c.element, fmt.Sprintf("%s in %q", err, u.Text))
		return nil
	}
	c.use(e, scope, u.Pos)
	c.u.m.exprs = append(c.u.m.exprs, checkedExpr{u: c.u, at: u.Pos, element: c.element, expr: e, scope: scope, input: input})
	return e
}

func (b *tableBox) eval(r *run, s *feel.Scope, t *Logic) feel.Value {
	t.kind("table")
	var buf [8]feel.Value
	values := buf[:0]
	valid := true
	for i := range b.inputs {
		in := &b.inputs[i]
		v := in.expr.eval(r, s, nil)
		values = append(values, v)
		if in.allowed != nil && !v.IsNull() {
			if !r.passes(in.allowed, v, s) {
				r.warn(in.place, fmt.Sprintf("%s is not among the allowed values %s", short(v), in.allowed.Source()))
				valid = false
			}
		}
	}
	var v feel.Value
	switch {
	case t != nil:
		v = b.trace(r, s, values, valid, t)
	case valid:
		var hits [16]int
		v = b.result(r, s, b.match(r, s, values, hits[:0]), nil)
	}
	t.done(v)
	return v
}

// test evaluates one condition of a rule.
func (b *tableBox) test(r *run, s *feel.Scope, rule, column int, v feel.Value) (bool, bool) {
	ru := &b.rules[rule]
	e := ru.tests[column]
	if e == nil {
		if ru.broken[column] != "" {
			r.warn(place{b.place.element, b.def.Rules[rule].Inputs[column].Pos, b.def.Rules[rule].Inputs[column].Text}, ru.broken[column])
			return false, false
		}
		return true, true
	}
	res, w := r.ev.Test(e, v, s)
	p := b.def.Rules[rule].Inputs[column]
	for i := range w {
		r.feelWarning(place{b.place.element, p.Pos, p.Text}, w[i])
	}
	return res.AsBool()
}

// result applies the hit policy to the rules that match, in table order. t (if
// not nil) is told which of them count, and their outputs.
func (b *tableBox) result(r *run, s *feel.Scope, hits []int, t *TableRun) feel.Value {
	if len(hits) == 0 {
		return b.noHit(r, s)
	}
	switch b.def.HitPolicy {
	case Unique:
		if len(hits) > 1 {
			r.warn(b.place, fmt.Sprintf("hit policy UNIQUE, but the rules %s match", ruleNumbers(hits)))
			return feel.Null()
		}
		b.fire(r, t, hits[0])
		return b.output(r, s, hits[0], t)
	case First:
		b.fire(r, t, hits[0])
		return b.output(r, s, hits[0], t)
	case Any:
		v := b.output(r, s, hits[0], t)
		for _, h := range hits[1:] {
			if !b.output(r, s, h, t).Equal(v) {
				r.warn(b.place, fmt.Sprintf("hit policy ANY, but the rules %s give different outputs", ruleNumbers(hits)))
				return feel.Null()
			}
		}
		b.fire(r, t, hits...)
		return v
	case Priority:
		sorted := b.byPriority(r, s, hits, t)
		b.fire(r, t, sorted[0].rule)
		return sorted[0].value(b)
	case OutputOrder:
		sorted := b.byPriority(r, s, hits, t)
		out := make([]feel.Value, len(sorted))
		for i, h := range sorted {
			out[i] = h.value(b)
		}
		b.fire(r, t, hits...)
		return feel.List(out...)
	case RuleOrder:
		b.fire(r, t, hits...)
		return feel.List(b.all(r, s, hits, t)...)
	}
	b.fire(r, t, hits...)
	return b.aggregate(r, s, hits, t)
}

func (b *tableBox) all(r *run, s *feel.Scope, hits []int, t *TableRun) []feel.Value {
	out := make([]feel.Value, len(hits))
	for i, h := range hits {
		out[i] = b.output(r, s, h, t)
	}
	return out
}

// noHit gives the default outputs, else what DMN 1.5, 8.2.8 says for no match:
// null, and for hit policies that return lists the empty list is null too; only
// a count of nothing is 0.
func (b *tableBox) noHit(r *run, s *feel.Scope) feel.Value {
	if b.hasDefault() {
		entries := make([]feel.Entry, len(b.outputs))
		for i := range b.outputs {
			o := &b.outputs[i]
			var v feel.Value
			if o.standard != nil {
				v = o.standard.eval(r, s, nil)
			}
			entries[i] = feel.Entry{Name: o.name, Value: v}
		}
		v := entries[0].Value
		if len(entries) > 1 {
			v = feel.Context(entries...)
		}
		switch b.def.HitPolicy {
		case RuleOrder, OutputOrder:
			return feel.List(v)
		case Collect:
			if b.def.Aggregation == "" {
				return feel.List(v)
			}
		}
		return v
	}
	switch b.def.HitPolicy {
	case Collect:
		switch b.def.Aggregation {
		case Count:
			return feel.Int(0)
		case "":
			return feel.List()
		}
	case RuleOrder, OutputOrder:
		return feel.List()
	}
	r.warn(b.place, "no rule matches")
	return feel.Null()
}

func (b *tableBox) hasDefault() bool {
	for i := range b.outputs {
		if b.outputs[i].standard != nil {
			return true
		}
	}
	return false
}

// output returns the output of one rule: a value, or a context of several.
func (b *tableBox) output(r *run, s *feel.Scope, rule int, t *TableRun) feel.Value {
	if len(b.outputs) == 1 {
		return b.cell(r, s, rule, 0, t)
	}
	entries := make([]feel.Entry, len(b.outputs))
	for i := range b.outputs {
		entries[i] = feel.Entry{Name: b.outputs[i].name, Value: b.cell(r, s, rule, i, t)}
	}
	return feel.Context(entries...)
}

func (b *tableBox) cell(r *run, s *feel.Scope, rule, column int, t *TableRun) feel.Value {
	v := b.cellValue(r, s, rule, column)
	if t != nil {
		o := &t.Rules[rule].Outputs[column]
		o.Value, o.Evaluated, o.Uses = v, true, b.rules[rule].outputs[column].reads.uses(s)
	}
	return v
}

func (b *tableBox) cellValue(r *run, s *feel.Scope, rule, column int) feel.Value {
	l := b.rules[rule].outputs[column]
	if l.constant {
		return l.value
	}
	v := l.eval(r, s, nil)
	o := &b.outputs[column]
	if o.allowed != nil && !v.IsNull() {
		if !r.passes(o.allowed, v, s) {
			r.warn(l.place, fmt.Sprintf("%s is not among the output values %s", short(v), o.allowed.Source()))
			return feel.Null()
		}
	}
	return v
}

// ranked is the output of one rule with its place in the order of values.
type ranked struct {
	rule  int
	cells []feel.Value
	ranks []int
}

func (h *ranked) value(b *tableBox) feel.Value {
	if len(h.cells) == 1 {
		return h.cells[0]
	}
	entries := make([]feel.Entry, len(h.cells))
	for i, v := range h.cells {
		entries[i] = feel.Entry{Name: b.outputs[i].name, Value: v}
	}
	return feel.Context(entries...)
}

// byPriority sorts by the order of output values, the first output most
// significant. Values that are not listed come last; equals keep table order.
func (b *tableBox) byPriority(r *run, s *feel.Scope, hits []int, t *TableRun) []ranked {
	out := make([]ranked, len(hits))
	for i, h := range hits {
		out[i].rule = h
		for j := range b.outputs {
			v := b.cell(r, s, h, j, t)
			out[i].cells = append(out[i].cells, v)
			out[i].ranks = append(out[i].ranks, b.outputs[j].rank(v))
		}
	}
	sort.SliceStable(out, func(i, j int) bool {
		for k := range out[i].ranks {
			if a, b := out[i].ranks[k], out[j].ranks[k]; a != b {
				return a < b
			}
		}
		return false
	})
	return out
}

func (o *tableOutput) rank(v feel.Value) int {
	for i, w := range o.order {
		if w.Equal(v) {
			return i
		}
	}
	return len(o.order)
}

func ruleNumbers(hits []int) string {
	parts := make([]string, len(hits))
	for i, h := range hits {
		parts[i] = fmt.Sprint(h + 1)
	}
	return strings.Join(parts, ", ")
}

// aggregate is hit policy COLLECT.
func (b *tableBox) aggregate(r *run, s *feel.Scope, hits []int, t *TableRun) feel.Value {
	values := b.all(r, s, hits, t)
	fn := ""
	switch b.def.Aggregation {
	case "":
		return feel.List(values...)
	case Count:
		return feel.Int(int64(len(values)))
	case Sum:
		fn = "sum"
	case Min:
		fn = "min"
	case Max:
		fn = "max"
	}
	if len(b.outputs) > 1 {
		r.warn(b.place, "several outputs cannot be aggregated")
		return feel.Null()
	}
	v, w := r.ev.EvalContext(aggregates[fn], feel.Context(feel.Entry{Name: "values", Value: feel.List(values...)}))
	for i := range w {
		r.feelWarning(b.place, w[i])
	}
	return v
}

// aggregates are FEEL's own functions, so that a table adds up as an
// expression does.
var aggregates = func() map[string]*feel.Expr {
	out := map[string]*feel.Expr{}
	for _, fn := range []string{"sum", "min", "max"} {
		e, err := feel.Compile(fn+"(values)", feel.Names("values"))
		if err != nil {
			panic(err)
		}
		out[fn] = e
	}
	return out
}()
