package feel

import "unsafe"

// Param is one parameter of a function. A nil Type is Any.
type Param struct {
	Name string
	Type *Type
}

// Signature describes a function. A nil Result is Any.
type Signature struct {
	Params   []Param
	Result   *Type
	Variadic bool // the last parameter takes all further arguments
}

// Call is one call in progress, handed to functions made with Function. It must
// not be kept after the function has returned.
type Call struct{ env *env }

// Warn records why the function returns null.
func (c *Call) Warn(msg string) { c.env.null(c.env.callPos, "%s", msg) }

// Add records warnings of an evaluation made inside the function. One that says
// that a limit was reached ends the outer evaluation too.
func (c *Call) Add(warnings []Warning) {
	for _, w := range warnings {
		if w.Limit {
			panic(limit{w})
		}
		c.env.addWarning(w)
	}
}

// Options returns the options of the running evaluation (clock, and what is left
// of its limits), for evaluations made inside the function.
func (c *Call) Options() []EvalOption { return c.env.options() }

// function is the data of a function value. Exactly one of goFn, body and
// builtin is set.
type function struct {
	sig     Signature
	goFn    func(c *Call, args []Value) Value
	builtin *builtin
	body    *funcBody // FEEL code
	captive []Value   // values of the enclosing local variables
	scope   *Scope
}

// Func returns a function that FEEL can call by position or by name, with
// arguments of any type.
func Func(params []string, fn func(args []Value) Value) Value {
	sig := Signature{Params: make([]Param, len(params))}
	for i, p := range params {
		sig.Params[i].Name = p
	}
	return Function(sig, func(_ *Call, args []Value) Value { return fn(args) })
}

// Function returns a function with typed parameters. Arguments are coerced
// before fn is called (one that cannot be coerced makes the call null), and the
// result is coerced after it. fn must be safe for concurrent use.
func Function(sig Signature, fn func(c *Call, args []Value) Value) Value {
	return functionValue(&function{sig: sig, goFn: fn})
}

func functionValue(f *function) Value {
	return Value{kind: KindFunction, ptr: unsafe.Pointer(f)}
}

func (v Value) fn() *function { return (*function)(v.ptr) }

// Signature returns the signature of a function, and whether the value is one.
func (v Value) Signature() (Signature, bool) {
	if v.kind != KindFunction {
		return Signature{}, false
	}
	return v.fn().sig, true
}

// conforms reports whether the function can stand where t is wanted: it takes
// what t gives, and gives what t takes. A result of undeclared type is taken on
// trust.
func (f *function) conforms(t *Type) bool {
	if t.Name == "function" && t.Params == nil && t.Result == nil {
		return true // any function
	}
	s := &Type{Kind: TypeFunction, Result: f.sig.Result}
	if s.Result == nil {
		s.Result = t.Result
	}
	for _, p := range f.sig.Params {
		s.Params = append(s.Params, p.Type)
	}
	return s.assignable(t, map[[2]*Type]bool{})
}

// Invoke calls a function value from Go. The result is null with a warning when
// v is no function or the arguments do not fit.
func (v Value) Invoke(args []Value, opts ...EvalOption) (Value, []Warning) {
	return run(opts, func(e *env) Value { return e.call(v, args, 0) })
}
