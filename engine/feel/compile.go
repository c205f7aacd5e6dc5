package feel

import "strings"

// compiler turns a syntax tree into closures. Local variables get slots; a
// function literal has slots of its own and copies what it needs from outside.
type compiler struct {
	scope    nameSet
	members  nameSet
	types    map[string]*Type
	maxDepth int
	declared map[string]bool // names from options
	expr     *Expr
	fn       *funcScope
	seen     map[string]bool
	asked    bool // was "?" used
}

// funcScope holds the local variables of one function (or the expression).
type funcScope struct {
	parent   *funcScope
	locals   []localVar
	next     int
	captures map[int]int // slot of the parent → own slot
	order    []int       // parent slots in the order of capture
}

type localVar struct {
	name   string
	slot   int
	filter bool // the item of a filter: its entries are names too
	used   *bool
}

func newCompiler(opts []Option) *compiler {
	c := &compiler{scope: nameSet{}, members: nameSet{}, maxDepth: 600, declared: map[string]bool{}}
	for _, o := range opts {
		o(c)
	}
	return c
}

func (c *compiler) declare(name string, t *Type) {
	if name == "" {
		return
	}
	if name != "?" {
		if first, rest, dotted := strings.Cut(name, "."); dotted && first != "" && rest != "" {
			for _, part := range strings.Split(rest, ".") {
				c.members.add(part)
			}
			c.addScope(name)
			name = first
		}
		c.addScope(name)
	}
	c.declared[normal(name)] = true
	t.walk(map[*Type]bool{}, func(t *Type) {
		for _, f := range t.Fields {
			c.members.add(f.Name)
		}
	})
}

// addScope adds a name once.
func (c *compiler) addScope(name string) {
	if !c.scope.has(normal(name)) {
		c.scope.add(name)
	}
}

const maxSource = 256 << 10 // bytes

func compile(src string, unary bool, opts []Option) (expr *Expr, err error) {
	defer func() {
		if r := recover(); r != nil {
			se, ok := r.(*SyntaxError)
			if !ok {
				panic(r)
			}
			expr, err = nil, se
		}
	}()
	if len(src) > maxSource {
		return nil, &SyntaxError{Pos{0, 1, 1}, "the expression is too long"}
	}
	c := newCompiler(opts)
	c.expr = &Expr{src: src, unary: unary}
	p := &parser{src: src, scope: c.scope, members: c.members, types: c.types, maxDepth: c.maxDepth}
	c.expr.ast = p.parseAll(unary)
	c.fn = &funcScope{}
	c.seen = map[string]bool{}
	c.expr.root = c.node(c.expr.ast)
	c.expr.slots = c.fn.next
	return c.expr, nil
}

// bind adds a local variable.
func (c *compiler) bind(name string) (slot int) {
	slot = c.slot()
	c.fn.locals = append(c.fn.locals, localVar{name: name, slot: slot})
	return slot
}

func (c *compiler) slot() int {
	c.fn.next++
	return c.fn.next - 1
}

func (c *compiler) unbind(n int) { c.fn.locals = c.fn.locals[:len(c.fn.locals)-n] }

func constant(v Value) node { return func(*env) Value { return v } }

func (c *compiler) node(n Node) node {
	switch n := n.(type) {
	case *Literal:
		return constant(n.Value)
	case *Name:
		return c.name(n)
	case *Path:
		return c.path(n)
	case *Filter:
		return c.filter(n)
	case *Invocation:
		return c.invocation(n)
	case *Negation:
		return c.negation(n)
	case *Binary:
		return c.binary(n)
	case *Between:
		x, low, high := c.node(n.X), c.node(n.Low), c.node(n.High)
		return func(e *env) Value {
			v := x(e)
			return and(order(e, n.at, ">=", v, low(e)), order(e, n.at, "<=", v, high(e)))
		}
	case *In:
		return c.in(n)
	case *InstanceOf:
		x, t := c.node(n.X), n.Type
		if t.unknown() {
			return func(e *env) Value { return e.null(n.at, "there is no type %s", t) }
		}
		return func(e *env) Value {
			v := x(e)
			e.step(v.weight())
			return Bool(t.Kind == TypeNull && v.IsNull() || !v.IsNull() && t.has(e, v, false)) // allowed values do not count here
		}
	case *If:
		cond, then, otherwise := c.node(n.Cond), c.node(n.Then), c.node(n.Else)
		return func(e *env) Value {
			v := cond(e)
			yes := v.kind == KindBoolean && v.a == 1
			if e.cfg.took != nil {
				e.cfg.took(e.expr, int(n.at), yes)
			}
			if yes {
				return then(e)
			}
			if v.kind != KindBoolean && v.kind != KindNull {
				e.null(n.at, "the condition of \"if\" is a %s", v.kind)
			}
			return otherwise(e)
		}
	case *For:
		return c.forReturn(n)
	case *Quantified:
		return c.quantified(n)
	case *FunctionLiteral:
		return c.function(n)
	case *ListLiteral:
		items := c.nodes(n.Items)
		return func(e *env) Value {
			list := make([]Value, len(items))
			e.step(len(list))
			for i, item := range items {
				list[i] = item(e)
			}
			return e.list(n.at, List(list...))
		}
	case *ContextLiteral:
		return c.context(n)
	case *RangeLiteral:
		return c.rangeLiteral(n)
	case *Comparison:
		x := c.node(n.X)
		return func(e *env) Value { return comparisonRange(e, n.at, n.Op, x(e)) }
	case *UnaryTests:
		return c.unaryTests(n)
	}
	panic("feel: unknown node")
}

func (c *compiler) nodes(list []Node) []node {
	out := make([]node, len(list))
	for i, n := range list {
		out[i] = c.node(n)
	}
	return out
}

func (c *compiler) filter(n *Filter) node {
	x := c.node(n.X)
	if lit, ok := n.Cond.(*Literal); ok && lit.Value.kind == KindNumber {
		return func(e *env) Value { return pick(e, n.at, x(e), lit.Value) }
	}
	if neg, ok := n.Cond.(*Negation); ok {
		if lit, ok := neg.X.(*Literal); ok && lit.Value.kind == KindNumber {
			i := number(lit.Value.num().Neg())
			return func(e *env) Value { return pick(e, n.at, x(e), i) }
		}
	}
	slot := c.slot()
	c.fn.locals = append(c.fn.locals, localVar{name: "item", slot: slot, filter: true})
	cond := c.node(n.Cond)
	c.unbind(1)
	return func(e *env) Value {
		v := x(e)
		items := v.Items()
		if v.kind == KindNull {
			items = nil
		} else if v.kind != KindList {
			items = []Value{v}
		}
		if len(items) == 0 { // the condition may still be an index
			if v.kind == KindNull {
				return Value{}
			}
			return List()
		}
		var out []Value
		for i, item := range items {
			e.callPos = n.at
			e.step(1)
			e.setLocal(slot, item)
			r := cond(e)
			if r.kind == KindNumber && i == 0 {
				return pick(e, n.at, v, r)
			}
			if r.kind == KindBoolean {
				if r.a == 1 {
					out = append(out, item)
				}
			} else if r.kind != KindNull {
				return e.null(n.at, "a filter must be true, false or a position, not a %s", r.kind)
			}
		}
		return List(out...)
	}
}

// pick returns the item at a position counted from 1, or from the end when
// negative.
func pick(e *env, p at, v, index Value) Value {
	i, ok := index.AsInt()
	if !ok {
		return e.null(p, "%s is no position in a list", index)
	}
	items := v.Items()
	if v.kind != KindList {
		if v.IsNull() {
			return v
		}
		items = []Value{v}
	}
	if i < 0 {
		i += int64(len(items)) + 1
	}
	if i < 1 || i > int64(len(items)) {
		return e.null(p, "the list has no item at position %s", index)
	}
	return items[i-1]
}

func (c *compiler) function(n *FunctionLiteral) node {
	if n.External {
		return func(e *env) Value { return e.null(n.at, "external functions are not supported") }
	}
	outer := c.fn
	c.fn = &funcScope{parent: outer}
	for _, p := range n.Params {
		c.bind(p.Name)
	}
	root := c.node(n.Body)
	body := &funcBody{expr: c.expr, root: root, slots: c.fn.next, captureFrom: c.fn.order}
	for _, from := range c.fn.order {
		body.captureSlots = append(body.captureSlots, c.fn.captures[from])
	}
	c.fn = outer
	sig := Signature{Params: n.Params}
	return func(e *env) Value {
		f := &function{sig: sig, body: body, scope: e.heapScope()}
		for _, from := range body.captureFrom {
			f.captive = append(f.captive, e.local(from))
		}
		return functionValue(f)
	}
}

func (c *compiler) context(n *ContextLiteral) node {
	names := make(map[string]bool, len(n.Entries))
	values := make([]node, len(n.Entries))
	slots := make([]int, len(n.Entries))
	literal := make([]bool, len(n.Entries)) // is it a function literal
	duplicate := ""
	for i, entry := range n.Entries {
		if names[entry.Name] {
			duplicate = entry.Name
		}
		names[entry.Name] = true
		if _, isFn := entry.Value.(*FunctionLiteral); isFn { // a function may call itself
			slots[i] = c.bind(entry.Name)
			values[i] = c.node(entry.Value)
			literal[i] = true
			continue
		}
		values[i] = c.node(entry.Value)
		slots[i] = c.bind(entry.Name)
	}
	c.unbind(len(n.Entries))
	if duplicate != "" {
		return func(e *env) Value { return e.null(n.at, "two entries are called %s", duplicate) }
	}
	return func(e *env) Value {
		entries := make([]Entry, len(values))
		for i, value := range values {
			e.step(1)
			e.setLocal(slots[i], Value{})
			v := value(e)
			entries[i] = Entry{n.Entries[i].Name, v}
			e.setLocal(slots[i], v)
			if literal[i] && v.kind == KindFunction {
				v.fn().tie(slots[i], v)
			}
		}
		return e.list(n.at, contextOf(entries))
	}
}

// list passes a new list or context on, unless it nests too deep.
func (e *env) list(p at, v Value) Value {
	if v.IsNull() {
		return e.null(p, "lists and contexts nest too deep")
	}
	return v
}

// tie lets a function literal of a context entry see itself. It runs before
// anything else can see the function.
func (f *function) tie(slot int, self Value) {
	if f.body == nil {
		return
	}
	for i, from := range f.body.captureFrom {
		if from == slot && f.captive[i].IsNull() {
			f.captive[i] = self
		}
	}
}
