package dmn

import (
	"fmt"
	"strings"

	"passerelle/engine/feel"
)

// boxed is a compiled boxed expression. eval returns its value; problems become
// warnings of r and null. t is filled with how the value came about, unless it
// is nil.
type boxed interface {
	eval(r *run, s *feel.Scope, t *Logic) feel.Value
}

// place is where an expression stands, for warnings.
type place struct {
	element string
	at      Pos
	text    string
}

// names are the variables an expression may use, with their types if known.
// It is a chain: the nearest wins.
type names struct {
	parent *names
	name   string
	typ    *feel.Type
	count  int // of the whole chain
}

func (n *names) with(name string, t *feel.Type) *names {
	count := 1
	if n != nil {
		count += n.count
	}
	return &names{n, name, t, count}
}

func (n *names) has(name string) bool {
	for ; n != nil; n = n.parent {
		if n.name == name {
			return true
		}
	}
	return false
}

// typeOf returns the type of a name, nil when it is unknown.
func (n *names) typeOf(name string) *feel.Type {
	for ; n != nil; n = n.parent {
		if n.name == name {
			return n.typ
		}
	}
	return nil
}

// typeOfExpr returns the type of a name or a path, nil when it is unknown.
func (n *names) typeOfExpr(e *feel.Expr) *feel.Type {
	if e == nil {
		return nil
	}
	return n.typeOfNode(e.AST())
}

func (n *names) typeOfNode(x feel.Node) *feel.Type {
	switch x := x.(type) {
	case *feel.Name:
		return n.typeOf(x.Name)
	case *feel.Path:
		t := n.typeOfNode(x.X)
		if t == nil || t.Kind != feel.TypeContext {
			return nil
		}
		for _, f := range t.Fields {
			if f.Name == x.Name {
				return f.Type
			}
		}
	}
	return nil
}

// options lists the names outermost first, so that inner types win.
func (n *names) options() []feel.Option {
	var out []feel.Option
	for ; n != nil; n = n.parent {
		if n.name != anyName {
			out = append(out, feel.Var(n.name, n.typ))
		}
	}
	for i, j := 0, len(out)-1; i < j; i, j = i+1, j-1 {
		out[i], out[j] = out[j], out[i]
	}
	return out
}

// logicCompiler compiles the logic of one element.
type logicCompiler struct {
	u       *unit
	element string
	types   map[string]*feel.Type
	want    *feel.Type      // of the next literal, if it has no type itself
	free    map[string]bool // every name that an expression reads from its scope
	open    bool            // some expression may read names that are not known before evaluation
}

// compile returns the compiled expression and its type as far as it is known.
func (c *logicCompiler) compile(x Expression, scope *names) (boxed, *feel.Type) {
	if x == nil {
		return &literalBox{constant: true}, nil
	}
	if l, ok := x.(*Literal); ok {
		want := c.want
		c.want = nil
		b := c.literal(l, scope)
		if n := len(c.u.m.exprs); b.expr != nil && b.typ == nil && want != nil {
			c.u.m.exprs[n-1].want = want
		}
		if b.typ != nil {
			return b, b.typ
		}
		return b, scope.typeOfExpr(b.expr)
	}
	c.want = nil // only of an expression that is the whole logic
	b := x.box()
	typ := c.u.typeOf(b.TypeRef, b.Pos, c.element)
	var out boxed
	var shape *feel.Type
	switch x := x.(type) {
	case *Context:
		out, shape = c.context(x, scope)
	case *List:
		out = c.list(x, scope)
	case *Relation:
		out, shape = c.relation(x, scope)
	case *FunctionDefinition: // its typeRef is the function's type
		return c.function(x, scope), nil
	case *Invocation:
		out = c.invocation(x, scope)
	case *Conditional:
		out, shape = c.conditional(x, scope)
	case *Filter:
		out, shape = c.filter(x, scope)
	case *Iteration:
		out = c.iteration(x, scope)
	case *DecisionTable:
		out = c.table(x, scope)
		shape = shapeOf(c.u, x)
	}
	if typ == nil || typ.Kind == feel.TypeAny {
		return out, shape
	}
	if _, ok := x.(*DecisionTable); ok { // its typeRef may be that of one output, or of the whole
		return out, typ
	}
	return &typedBox{out, typ, place{c.element, b.Pos, ""}}, typ
}

// typedBox coerces a value to its declared type.
type typedBox struct {
	inner boxed
	typ   *feel.Type
	place place
}

func (b *typedBox) eval(r *run, s *feel.Scope, t *Logic) feel.Value {
	v := r.coerce(b.inner.eval(r, s, t), b.typ, b.place, "the value")
	t.done(v)
	return v
}

// literalBox is a FEEL expression.
type literalBox struct {
	expr     *feel.Expr
	reads    reads
	constant bool
	value    feel.Value // of a constant
	broken   string     // why it cannot be evaluated
	typ      *feel.Type
	place    place
}

func (c *logicCompiler) literal(l *Literal, scope *names) *literalBox {
	b := &literalBox{typ: c.u.typeOf(l.TypeRef, l.Pos, c.element), place: place{c.element, l.TextPos, l.Text}}
	if b.typ != nil && b.typ.Kind == feel.TypeAny {
		b.typ = nil
	}
	if l.Lang != "" && !strings.Contains(strings.ToUpper(l.Lang), "FEEL") {
		b.broken = "the expression language " + l.Lang + " is not supported"
		c.u.problem(l.TextPos, c.element, b.broken)
		return b
	}
	if l.Text == "" {
		b.broken = "there is no expression"
		return b
	}
	if !c.affordable(scope) {
		b.broken = tooLarge
		c.u.problem(l.TextPos, c.element, b.broken)
		return b
	}
	e, err := feel.Compile(l.Text, append(scope.options(), feel.Types(c.types))...)
	if err != nil {
		b.broken = err.Error()
		c.u.problem(l.TextPos, c.element, fmt.Sprintf("%s in %q", err, l.Text))
		return b
	}
	c.use(e, scope, l.TextPos)
	c.u.m.exprs = append(c.u.m.exprs, checkedExpr{u: c.u, at: l.TextPos, element: c.element, expr: e, scope: scope, want: b.typ})
	b.expr, b.reads = e, readsOf(e)
	if lit, ok := constantIn(e, e.AST()); ok {
		if v, ok := b.typ.Coerce(lit); ok {
			b.constant, b.value = true, v
		}
	}
	return b
}

// maxWork bounds compiling: each expression costs as much as it has names in
// scope. Real models stay far below.
const maxWork = 2_000_000

// affordable reports whether one more expression may be compiled.
func (c *logicCompiler) affordable(scope *names) bool {
	if scope != nil {
		c.u.m.work += scope.count
	}
	return c.u.m.work <= maxWork
}

const tooLarge = "the model is too large: too many expressions with too many names in scope"

// constantNode returns the value of a literal, also of a negated number.
func constantNode(n feel.Node) (feel.Value, bool) {
	switch n := n.(type) {
	case *feel.Literal:
		return n.Value, true
	case *feel.Negation:
		if l, ok := n.X.(*feel.Literal); ok {
			if d, ok := l.Value.AsNumber(); ok {
				return feel.Number(d.Neg()), true
			}
		}
	}
	return feel.Value{}, false
}

// constantIn is constantNode for a node of e; it also knows date("2025-01-01"),
// unless date is a variable there.
func constantIn(e *feel.Expr, n feel.Node) (feel.Value, bool) {
	if v, ok := constantNode(n); ok {
		return v, true
	}
	call, ok := n.(*feel.Invocation)
	if !ok || len(call.Args) != 1 || call.Names != nil || len(e.Names()) > 0 {
		return feel.Value{}, false
	}
	fn, ok := call.Fn.(*feel.Name)
	if !ok || fn.Name != "date" {
		return feel.Value{}, false
	}
	text, _ := constantNode(call.Args[0])
	s, ok := text.AsString()
	if !ok {
		return feel.Value{}, false
	}
	v, ok := feel.ParseTemporal(s)
	return v, ok && v.Kind() == feel.KindDate
}

func (b *literalBox) eval(r *run, s *feel.Scope, t *Logic) feel.Value {
	if b.constant {
		t.literal(b, s, b.value)
		return b.value
	}
	if b.broken != "" {
		r.warn(b.place, b.broken)
		t.literal(b, s, feel.Null())
		return feel.Null()
	}
	v, w := r.ev.Eval(b.expr, s)
	for i := range w {
		r.feelWarning(b.place, w[i])
	}
	if b.typ != nil {
		v = r.coerce(v, b.typ, b.place, "the value")
	}
	t.literal(b, s, v)
	return v
}

// contextBox is a boxed context.
type contextBox struct {
	entries []contextEntry
	result  boxed // nil: the context itself
}

type contextEntry struct {
	name  string
	value boxed
	typ   *feel.Type
	place place
}

func (c *logicCompiler) context(x *Context, scope *names) (boxed, *feel.Type) {
	b := &contextBox{}
	shape := &feel.Type{Kind: feel.TypeContext}
	seen := map[string]bool{}
	for i, e := range x.Entries {
		if e.Variable.Name == "" {
			if i != len(x.Entries)-1 {
				c.u.problem(e.Variable.Pos, c.element, "an entry without a name is the result, and stands last")
				continue
			}
			var t *feel.Type
			b.result, t = c.compile(e.Value, scope)
			return b, t
		}
		if seen[e.Variable.Name] {
			c.u.problem(e.Variable.Pos, c.element, fmt.Sprintf("a second entry %q in the context", e.Variable.Name))
			continue
		}
		seen[e.Variable.Name] = true
		value, found := c.compile(e.Value, scope)
		typ := c.u.typeOf(e.Variable.TypeRef, e.Variable.Pos, c.element)
		if typ == nil || typ.Kind == feel.TypeAny {
			typ = nil
		} else {
			found = typ
		}
		b.entries = append(b.entries, contextEntry{e.Variable.Name, value, typ, place{c.element, e.Variable.Pos, ""}})
		scope = scope.with(e.Variable.Name, found)
		shape.Fields = append(shape.Fields, feel.Field{Name: e.Variable.Name, Type: found})
	}
	return b, shape
}

func (b *contextBox) eval(r *run, s *feel.Scope, t *Logic) feel.Value {
	entries := make([]feel.Entry, 0, len(b.entries))
	t.kind("context")
	for i := range b.entries {
		e := &b.entries[i]
		v := e.value.eval(r, s, t.entry(e.name))
		if e.typ != nil {
			v = r.coerce(v, e.typ, e.place, e.name)
		}
		s = s.With(e.name, v)
		entries = append(entries, feel.Entry{Name: e.name, Value: v})
	}
	var v feel.Value
	if b.result != nil {
		v = b.result.eval(r, s, t.entry(""))
	} else {
		v = feel.Context(entries...)
	}
	t.done(v)
	return v
}

// listBox is a boxed list.
type listBox struct{ items []boxed }

func (c *logicCompiler) list(x *List, scope *names) boxed {
	b := &listBox{}
	for _, item := range x.Items {
		v, _ := c.compile(item, scope)
		b.items = append(b.items, v)
	}
	return b
}

func (b *listBox) eval(r *run, s *feel.Scope, t *Logic) feel.Value {
	t.kind("list")
	items := make([]feel.Value, len(b.items))
	for i, x := range b.items {
		items[i] = x.eval(r, s, t.entry(""))
	}
	v := feel.List(items...)
	t.done(v)
	return v
}

// relationBox is a relation: a list of contexts.
type relationBox struct {
	columns []contextEntry // value is unused
	rows    [][]boxed
}

func (c *logicCompiler) relation(x *Relation, scope *names) (boxed, *feel.Type) {
	b := &relationBox{}
	row := &feel.Type{Kind: feel.TypeContext}
	for _, col := range x.Columns {
		typ := c.u.typeOf(col.TypeRef, col.Pos, c.element)
		b.columns = append(b.columns, contextEntry{name: col.Name, typ: typ, place: place{c.element, col.Pos, ""}})
		row.Fields = append(row.Fields, feel.Field{Name: col.Name, Type: typ})
	}
	for _, cells := range x.Rows {
		var out []boxed
		for _, cell := range cells {
			v, _ := c.compile(cell, scope)
			out = append(out, v)
		}
		b.rows = append(b.rows, out)
	}
	return b, feel.ListOf(row)
}

func (b *relationBox) eval(r *run, s *feel.Scope, t *Logic) feel.Value {
	t.kind("relation")
	rows := make([]feel.Value, len(b.rows))
	for i, cells := range b.rows {
		rt := t.entry("")
		rt.kind("context")
		entries := make([]feel.Entry, len(cells))
		for j, cell := range cells {
			col := &b.columns[j]
			v := cell.eval(r, s, rt.entry(col.name))
			if col.typ != nil {
				v = r.coerce(v, col.typ, col.place, col.name)
			}
			entries[j] = feel.Entry{Name: col.name, Value: v}
		}
		rows[i] = feel.Context(entries...)
		rt.done(rows[i])
	}
	v := feel.List(rows...)
	t.done(v)
	return v
}

// conditionalBox is a boxed if.
type conditionalBox struct {
	cond, then, otherwise boxed
	place                 place
}

func (c *logicCompiler) conditional(x *Conditional, scope *names) (boxed, *feel.Type) {
	cond, _ := c.compile(x.If, scope)
	then, shape := c.compile(x.Then, scope)
	otherwise, _ := c.compile(x.Else, scope)
	b := &conditionalBox{cond, then, otherwise, place{c.element, x.Pos, ""}}
	c.u.m.conditionals = append(c.u.m.conditionals, checkedConditional{c.u, b, x})
	return b, shape
}

// eval takes the else branch for false and null (DMN 1.5, 10.2.1.8 and the
// rule of FEEL's if); a condition of another type is an error.
func (b *conditionalBox) eval(r *run, s *feel.Scope, t *Logic) feel.Value {
	t.kind("conditional")
	cond := b.cond.eval(r, s, t.entry("if"))
	yes, isBool := cond.AsBool()
	r.ev.Took(b, 0, yes)
	var v feel.Value
	switch {
	case yes:
		v = b.then.eval(r, s, t.entry("then"))
	case isBool || cond.IsNull():
		v = b.otherwise.eval(r, s, t.entry("else"))
	default:
		r.warn(b.place, "the condition is neither true nor false but "+cond.Kind().String())
	}
	t.done(v)
	return v
}

// shapeOf returns the type of an expression as far as its form tells it.
func shapeOf(u *unit, x Expression) *feel.Type {
	if x == nil {
		return nil
	}
	if ref := x.box().TypeRef; ref != "" {
		if t, ok := u.lookupType(ref); ok && t != nil && t.Kind != feel.TypeAny {
			return t
		}
	}
	switch x := x.(type) {
	case *Context:
		t := &feel.Type{Kind: feel.TypeContext}
		for _, e := range x.Entries {
			f := shapeOf(u, e.Value)
			if typ, ok := u.lookupType(e.Variable.TypeRef); ok && typ != nil && typ.Kind != feel.TypeAny {
				f = typ
			}
			if e.Variable.Name == "" {
				return f
			}
			t.Fields = append(t.Fields, feel.Field{Name: e.Variable.Name, Type: f})
		}
		return t
	case *Relation:
		t := &feel.Type{Kind: feel.TypeContext}
		for _, col := range x.Columns {
			f, _ := u.lookupType(col.TypeRef)
			t.Fields = append(t.Fields, feel.Field{Name: col.Name, Type: f})
		}
		return feel.ListOf(t)
	case *DecisionTable:
		var t *feel.Type
		if len(x.Outputs) == 1 {
			t, _ = u.lookupType(x.Outputs[0].TypeRef)
		} else {
			t = &feel.Type{Kind: feel.TypeContext}
			for _, o := range x.Outputs {
				f, _ := u.lookupType(o.TypeRef)
				t.Fields = append(t.Fields, feel.Field{Name: o.Name, Type: f})
			}
		}
		switch x.HitPolicy {
		case RuleOrder, OutputOrder:
			return feel.ListOf(t)
		case Collect:
			if x.Aggregation == "" {
				return feel.ListOf(t)
			}
		}
		return t
	case *Conditional:
		return shapeOf(u, x.Then)
	case *Filter:
		return shapeOf(u, x.In)
	case *Iteration:
		if x.Kind != "for" {
			return feel.BooleanType
		}
		return feel.ListOf(shapeOf(u, x.Each))
	}
	return nil
}
