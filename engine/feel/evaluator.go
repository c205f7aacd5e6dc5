package feel

// Evaluator evaluates many expressions in a row, as one evaluation: they share
// its options and its limits, and none of them allocates for being evaluated.
// It is for programs that compute many values from the same facts, and for those
// that must bound the work of all of them together.
//
// It is used by one goroutine at a time; functions that an expression calls may
// use it again. The zero Evaluator is ready, with the default limits.
type Evaluator struct {
	env  *env
	busy bool
}

// NewEvaluator returns an evaluator. Its limits are for all evaluations until
// Reset.
func NewEvaluator(opts ...EvalOption) *Evaluator { return &Evaluator{env: newEnv(opts)} }

// Reset gives the evaluator new options and fresh limits.
func (v *Evaluator) Reset(opts ...EvalOption) {
	if v.env == nil {
		v.env = newEnv(opts)
		return
	}
	v.env.configure(opts)
}

// Release forgets all values that evaluations have left behind and gives the
// memory back. The evaluator can be used again after Reset.
func (v *Evaluator) Release() {
	if v.env != nil {
		v.env.release()
		v.env = nil
	}
}

// Eval evaluates an expression in a scope (nil: no variables).
func (v *Evaluator) Eval(x *Expr, scope *Scope) (Value, []Warning) {
	if v.busy {
		return x.Eval(scope, v.env.options()...)
	}
	return v.expression(x, scope)
}

// expression is guarded for an expression, without a closure.
func (v *Evaluator) expression(x *Expr, scope *Scope) (out Value, w []Warning) {
	defer v.finish(&out, &w)
	v.start()
	return v.env.expression(x, scope), nil
}

// EvalContext evaluates an expression with the entries of one context as
// variables.
func (v *Evaluator) EvalContext(x *Expr, vars Value) (Value, []Warning) {
	if v.busy {
		return x.EvalContext(vars, v.env.options()...)
	}
	v.ready()
	v.env.inline = Scope{vars: vars}
	return v.Eval(x, &v.env.inline)
}

// Test evaluates unary tests on input; the result is true, false or null.
func (v *Evaluator) Test(x *Expr, input Value, scope *Scope) (Value, []Warning) {
	if v.busy {
		return x.Eval(scope.With("?", input), v.env.options()...)
	}
	v.ready()
	v.env.inline = Scope{parent: scope, name: "?", value: input, single: true}
	return v.Eval(x, &v.env.inline)
}

// Invoke calls a function value; see Value.Invoke.
func (v *Evaluator) Invoke(fn Value, args []Value) (Value, []Warning) {
	return v.do(func(e *env) Value { return e.call(fn, args, 0) })
}

// Coerce is Type.Coerce; testing allowed values, and going through long values,
// counts as work. ok is false, with a warning, when a limit is reached.
func (v *Evaluator) Coerce(t *Type, x Value) (out Value, ok bool, w []Warning) {
	if t == nil || t.Allowed == nil && uint8(x.kind) == uint8(t.Kind)-1 && t.Kind < TypeList {
		return x, true, nil // the frequent case
	}
	out, w = v.do(func(e *env) Value {
		e.step(x.weight())
		var c Value
		c, ok = t.coerce(e, x)
		return c
	})
	if len(w) > 0 && w[len(w)-1].Limit {
		ok = false
	}
	return out, ok, w
}

// Spend counts n steps of work done outside of expressions, such as rounds of a
// loop. It reports false when that is more than was left.
func (v *Evaluator) Spend(n int) bool {
	v.ready()
	v.env.steps -= n
	v.env.report()
	return v.env.steps >= 0
}

// Took tells those who asked for it (WithBranches) of a branch that was taken
// outside of expressions.
func (v *Evaluator) Took(what any, at int, then bool) {
	if v.env != nil && v.env.cfg.took != nil {
		v.env.cfg.took(what, at, then)
	}
}

// do evaluates f. Inside an evaluation of its own it begins another one, which
// shares the limits.
func (v *Evaluator) do(f func(*env) Value) (Value, []Warning) {
	if v.busy {
		return run(v.env.options(), f)
	}
	return v.guarded(f)
}

func (v *Evaluator) guarded(f func(*env) Value) (out Value, w []Warning) {
	defer v.finish(&out, &w)
	v.start()
	return f(v.env), nil
}

// ready makes the zero Evaluator usable.
func (v *Evaluator) ready() {
	if v.env == nil {
		v.env = newEnv(nil)
	}
}

func (v *Evaluator) start() {
	v.ready()
	v.busy = true
	v.env.begin()
}

// finish hands out the warnings and turns a limit into null.
func (v *Evaluator) finish(out *Value, w *[]Warning) {
	e := v.env
	v.busy = false
	if r := recover(); r != nil {
		l, ok := r.(limit)
		if !ok {
			panic(r)
		}
		*out, e.warnings = Value{}, append(e.warnings, l.w)
		e.steps = min(e.steps, 0) // what comes after it in the same evaluation has nothing left
	}
	*w, e.warnings = e.warnings, nil
	e.report()
}
