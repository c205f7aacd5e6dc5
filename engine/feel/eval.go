package feel

import (
	"fmt"
	"sync"
)

// node is a compiled expression.
type node func(e *env) Value

// env is the state of one evaluation. Local variables live on the stack, at
// positions fixed when the expression was compiled, from base on; arguments of
// calls lie above them.
type env struct {
	expr     *Expr
	scope    *Scope
	inline   Scope // the scope of EvalContext, without an allocation
	stack    []Value
	base     int
	top      int
	high     int // how far the stack was used
	steps    int
	calls    int
	cfg      evalConfig
	callPos  at
	warnings []Warning
}

var pool = sync.Pool{New: func() any { return &env{stack: make([]Value, 64)} }}

// limit is the panic that ends an evaluation.
type limit struct{ w Warning }

const maxWarnings = 100

func newEnv(opts []EvalOption) *env {
	e := pool.Get().(*env)
	e.configure(opts)
	e.begin()
	return e
}

func (e *env) configure(opts []EvalOption) {
	e.cfg = evalConfig{maxSteps: defaultSteps, maxList: defaultList, maxCalls: defaultCalls}
	for _, o := range opts {
		o(&e.cfg)
	}
	e.steps = e.cfg.maxSteps
}

// begin makes an env ready for an expression.
func (e *env) begin() {
	e.calls, e.base, e.top = 0, 0, 0
	if p := e.cfg.parent; p != nil { // what is left of the evaluation around this one
		e.steps = p.steps
	}
}

// forget drops all values.
func (e *env) forget() {
	clear(e.stack[:e.high])
	e.expr, e.scope, e.inline, e.warnings, e.cfg, e.callPos, e.high = nil, nil, Scope{}, nil, evalConfig{}, 0, 0
}

// maxKept is the largest stack that is kept for another evaluation.
const maxKept = 4096

func (e *env) release() {
	e.forget()
	if len(e.stack) <= maxKept {
		pool.Put(e)
	}
}

// expression evaluates x from its beginning.
func (e *env) expression(x *Expr, scope *Scope) Value {
	e.expr, e.scope, e.callPos = x, scope, 0
	e.reserve(x.slots)
	return x.root(e)
}

func (e *Expr) eval(scope *Scope, opts []EvalOption) (v Value, w []Warning) {
	en := newEnv(opts)
	en.scope = scope
	return en.run(e)
}

func (e *Expr) evalContext(vars Value, opts []EvalOption) (v Value, w []Warning) {
	en := newEnv(opts)
	en.inline.vars = vars
	en.scope = &en.inline
	return en.run(e)
}

func (e *env) run(x *Expr) (v Value, w []Warning) {
	defer e.finish(&v, &w)
	e.expr = x
	e.reserve(x.slots)
	return x.root(e), nil
}

// run evaluates something that is not an Expr.
func run(opts []EvalOption, f func(*env) Value) (v Value, w []Warning) {
	e := newEnv(opts)
	defer e.finish(&v, &w)
	return f(e), nil
}

// finish hands out the warnings and turns a limit into null.
func (e *env) finish(v *Value, w *[]Warning) {
	if r := recover(); r != nil {
		l, ok := r.(limit)
		if !ok {
			panic(r)
		}
		*v = Value{}
		*w = append(e.warnings, l.w)
		e.report()
		return // after a panic the env is left to the collector
	}
	*w = e.warnings
	e.report()
	e.release()
}

// report tells the evaluation that this one runs inside of how many steps are
// left.
func (e *env) report() {
	if e.cfg.parent != nil {
		e.cfg.parent.steps = e.steps
	}
}

func (e *env) options() []EvalOption {
	cfg := e.cfg
	cfg.parent = e
	cfg.maxCalls = max(e.cfg.maxCalls-e.calls, 0)
	return []EvalOption{func(c *evalConfig) { *c = cfg }}
}

// reserve makes room for n values above top.
func (e *env) reserve(n int) {
	need := e.top + n
	if need > len(e.stack) {
		grown := make([]Value, need*2)
		copy(grown, e.stack[:e.top])
		e.stack = grown
	}
	e.top = need
	e.high = max(e.high, need)
}

func (e *env) push(v Value) {
	e.reserve(1)
	e.stack[e.top-1] = v
}

func (e *env) local(slot int) Value       { return e.stack[e.base+slot] }
func (e *env) setLocal(slot int, v Value) { e.stack[e.base+slot] = v }

// step counts n units of work.
func (e *env) step(n int) {
	e.steps -= n
	if e.steps < 0 {
		e.stop(e.callPos, "the evaluation takes too many steps")
	}
}

// room ends the evaluation when a list would be too long.
func (e *env) room(n int) {
	if n > e.cfg.maxList || n < 0 {
		e.stop(e.callPos, "a list or text becomes too long")
	}
}

// text counts the work of making a text of n bytes.
func (e *env) text(n int) {
	e.room(n / 64)
	e.step(n/64 + 1)
}

func (e *env) addWarning(w Warning) {
	if len(e.warnings) < maxWarnings {
		e.warnings = append(e.warnings, w)
	}
}

// pos turns an offset into a place in the running expression.
func (e *env) pos(offset at) Pos {
	if e.expr == nil {
		return Pos{}
	}
	return posAt(e.expr.src, int(offset))
}

// stop ends the whole evaluation because of a limit.
func (e *env) stop(p at, msg string) {
	panic(limit{Warning{Pos: e.pos(p), Msg: msg, Limit: true}})
}

// null records a warning at offset and returns null.
func (e *env) null(offset at, format string, args ...any) Value {
	if len(e.warnings) < maxWarnings {
		for i, a := range args {
			if v, ok := a.(Value); ok { // may be as long as a million items
				args[i] = brief(v)
			}
		}
		e.warnings = append(e.warnings, Warning{Pos: e.pos(offset), Msg: fmt.Sprintf(format, args...)})
	}
	return Value{}
}

// heapScope returns the scope in a form that outlives the evaluation.
func (e *env) heapScope() *Scope {
	if e.scope == &e.inline {
		s := e.inline
		e.scope = &s
	}
	return e.scope
}

// call calls a function value with positional arguments.
func (e *env) call(f Value, args []Value, pos at) Value {
	if f.kind != KindFunction {
		return e.null(pos, "cannot call a %s", f.kind)
	}
	fn := f.fn()
	if fn.builtin != nil {
		return fn.builtin.call(e, args, pos)
	}
	return e.invoke(fn, args, pos)
}

// invoke calls a function that is no builtin.
func (e *env) invoke(fn *function, args []Value, pos at) Value {
	n := len(fn.sig.Params)
	if fn.sig.Variadic {
		if len(args) < n-1 {
			return e.null(pos, "the function needs at least %d arguments, %d are given", n-1, len(args))
		}
		all := append([]Value(nil), args[:n-1]...)
		args = append(all, List(append([]Value(nil), args[n-1:]...)...))
	} else if len(args) != n {
		return e.null(pos, "the function takes %d arguments, %d are given", n, len(args))
	}
	e.callPos = pos
	e.step(1)
	e.calls++
	if e.calls > e.cfg.maxCalls {
		e.stop(pos, "functions call each other too deep")
	}
	v, ok := e.enter(fn, args, pos)
	e.calls--
	if !ok {
		return Value{}
	}
	if fn.sig.Result != nil {
		e.step(v.weight())
		c, ok := fn.sig.Result.coerce(e, v)
		if !ok {
			return e.null(pos, "the function's result is no %s", fn.sig.Result)
		}
		return c
	}
	return v
}

func (e *env) enter(fn *function, args []Value, pos at) (v Value, ok bool) {
	saved := struct {
		expr  *Expr
		scope *Scope
		base  int
		top   int
		pos   at
	}{e.expr, e.scope, e.base, e.top, pos}
	start := e.top
	size := len(args)
	if fn.body != nil {
		size = fn.body.slots
	}
	e.reserve(size)
	frame := e.stack[start : start+size]
	for i, a := range args {
		if t := fn.sig.Params[i].Type; t != nil {
			e.step(a.weight())
			c, ok := t.coerce(e, a)
			if !ok {
				e.top = saved.top
				return e.null(pos, "argument %s is no %s", fn.sig.Params[i].Name, t), false
			}
			a = c
		}
		frame[i] = a
	}
	if fn.goFn != nil {
		e.callPos = pos
		own := append([]Value(nil), frame[:len(args)]...) // Go code may keep them
		v = fn.goFn(&Call{e}, own)
	} else {
		for i, slot := range fn.body.captureSlots {
			frame[slot] = fn.captive[i]
		}
		e.expr, e.scope, e.base = fn.body.expr, fn.scope, start
		v = fn.body.root(e)
	}
	e.expr, e.scope, e.base, e.top, e.callPos = saved.expr, saved.scope, saved.base, saved.top, saved.pos
	return v, true
}

// funcBody is the compiled body of a function literal.
type funcBody struct {
	expr         *Expr
	root         node
	slots        int
	captureSlots []int // where captured values go
	captureFrom  []int // the slots of the enclosing function they come from
}
