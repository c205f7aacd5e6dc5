package dmn

import (
	"fmt"
	"strings"

	"passerelle/engine/feel"
)

// unsupportedMark is part of every warning about something that the engine
// does not offer.
const unsupportedMark = "not supported"

// boxedFunction is a function definition, or the logic of a knowledge model.
type boxedFunction struct {
	sig   feel.Signature
	body  boxed
	kind  string
	place place
}

func (c *logicCompiler) function(x *FunctionDefinition, scope *names) *boxedFunction {
	c.u.m.functions = true
	f := &boxedFunction{kind: x.Kind, place: place{c.element, x.Pos, ""}}
	for _, p := range x.Params {
		t := c.u.typeOf(p.TypeRef, p.Pos, c.element)
		f.sig.Params = append(f.sig.Params, feel.Param{Name: p.Name, Type: t})
		scope = scope.with(p.Name, t)
	}
	if t := c.u.typeOf(x.TypeRef, x.Pos, c.element); t != nil && t.Kind == feel.TypeFunction {
		f.sig.Result = t.Result
	}
	if x.Kind != "FEEL" {
		return f
	}
	if x.Body == nil {
		c.u.problem(x.Pos, c.element, "the function has no body")
	}
	f.body, _ = c.compile(x.Body, scope)
	return f
}

// eval returns the function with the scope closed over.
func (f *boxedFunction) eval(r *run, s *feel.Scope, t *Logic) feel.Value {
	if f.kind != "FEEL" {
		r.warn(f.place, f.kind+" functions are "+unsupportedMark)
	}
	v := f.value(r.m, r.tracer, func() *feel.Scope { return s }, nil)
	t.kind("function")
	t.done(v)
	return v
}

// value returns the function; scope gives what its body sees besides the
// parameters. With a tracer, calls are recorded; n is the knowledge model whose
// function it is, if any.
func (f *boxedFunction) value(m *Model, tr *tracer, scope func() *feel.Scope, n *knowledgeNode) feel.Value {
	return feel.Function(f.sig, func(c *feel.Call, args []feel.Value) feel.Value {
		if f.kind != "FEEL" {
			c.Warn(f.kind + " functions are " + unsupportedMark)
			return feel.Null()
		}
		sub := runs.Get().(*run)
		sub.m, sub.tracer, sub.reused = m, tr, true
		sub.ev.Reset(c.Options()...)
		s := scope()
		for i, p := range f.sig.Params {
			s = s.With(p.Name, args[i])
		}
		var v feel.Value
		if n != nil && tr.active() {
			step := tr.begin("knowledge", &n.nodeInfo)
			for i, p := range f.sig.Params {
				step.Inputs = append(step.Inputs, Fact{Name: p.Name, Kind: "parameter", Type: p.Type.String(), Value: args[i]})
			}
			v = f.body.eval(sub, s, step.logic())
			tr.end(step, v, sub.warnings)
		} else {
			v = f.body.eval(sub, s, nil)
		}
		sub.handTo(c)
		sub.release()
		return v
	})
}

// function returns the function value of a knowledge model.
func (n *knowledgeNode) function(tr *tracer) feel.Value {
	if n.fn == nil {
		return feel.Null()
	}
	if tr == nil {
		return n.fn.value(n.u.m, nil, n.staticScope, n)
	}
	return n.fn.value(n.u.m, tr, func() *feel.Scope { return n.requiredScope(tr) }, n)
}

// requiredScope holds the model's own function, for recursion, and those it
// requires.
func (n *knowledgeNode) requiredScope(tr *tracer) *feel.Scope {
	get := func(q node) feel.Value {
		switch q := q.(type) {
		case *knowledgeNode:
			if tr == nil {
				return q.value
			}
			return q.function(tr)
		case *serviceNode:
			if tr == nil {
				return q.value
			}
			return q.function(tr)
		}
		return feel.Null() // a knowledge model requires nothing else
	}
	return requirementScope(n.reqs, feel.Entry{Name: n.name, Value: get(n)}, get)
}

// staticScope is requiredScope for functions without trace. It is computed at
// the end of Compile.
func (n *knowledgeNode) staticScope() *feel.Scope { return n.scope }

// requirementScope returns the scope that requirements make, with get giving
// each value. first is one more entry, which a requirement of its name hides.
func requirementScope(reqs []requirement, first feel.Entry, get func(node) feel.Value) *feel.Scope {
	entries := make([]feel.Entry, 0, len(reqs)+1)
	if first.Name != "" {
		entries = append(entries, first)
	}
	var prefixed map[string][]feel.Entry
	var order []string
	for _, q := range reqs {
		e := feel.Entry{Name: q.name, Value: get(q.node)}
		if q.prefix == "" {
			entries = append(entries, e)
			continue
		}
		if prefixed == nil {
			prefixed = map[string][]feel.Entry{}
		}
		if prefixed[q.prefix] == nil {
			order = append(order, q.prefix)
		}
		prefixed[q.prefix] = append(prefixed[q.prefix], e)
	}
	for _, p := range order {
		entries = append(entries, feel.Entry{Name: p, Value: feel.Context(prefixed[p]...)})
	}
	return feel.NewScope(feel.Context(entries...))
}

// function returns the function value of a decision service. Its decisions see
// the arguments instead of the caller's inputs and of its input decisions.
func (n *serviceNode) function(tr *tracer) feel.Value {
	return feel.Function(n.sig, func(c *feel.Call, args []feel.Value) feel.Value {
		sub := newRun(n.u.m, c.Options(), tr)
		var step *Step
		if tr.active() {
			step = tr.begin("service", &n.nodeInfo)
			for i, p := range n.sig.Params {
				step.Inputs = append(step.Inputs, Fact{Name: p.Name, Kind: "parameter", Type: p.Type.String(), Value: args[i]})
			}
		}
		v := n.run(sub, args)
		if step != nil {
			tr.end(step, v, nil)
		}
		sub.handTo(c)
		return v
	})
}

// run evaluates the service in an evaluation of its own. args are already of
// the parameters' types.
func (n *serviceNode) run(r *run, args []feel.Value) feel.Value {
	for i, q := range n.inputs {
		r.set(q.info().slot, args[i])
	}
	var v feel.Value
	if len(n.outputs) == 1 {
		v = r.decide(n.outputs[0])
	} else {
		entries := make([]feel.Entry, len(n.outputs))
		for i, d := range n.outputs {
			entries[i] = feel.Entry{Name: d.name, Value: r.decide(d)}
		}
		v = feel.Context(entries...)
	}
	return r.coerce(v, n.outType, place{n.label, n.at, ""}, "the service's result")
}

// invocationBox calls a function by the names of its parameters.
type invocationBox struct {
	callee boxed
	names  []string
	args   []boxed
	types  []*feel.Type
	place  place

	// builtin is the call of one of FEEL's functions as an expression over
	// arguments arg1, arg2 …: only FEEL knows which of their parameters are
	// optional.
	builtin *feel.Expr
}

func (c *logicCompiler) invocation(x *Invocation, scope *names) boxed {
	b := &invocationBox{place: place{c.element, x.Pos, ""}}
	b.callee, _ = c.compile(x.Callee, scope)
	for _, bind := range x.Bindings {
		arg, _ := c.compile(bind.Value, scope)
		b.names = append(b.names, bind.Param.Name)
		b.args = append(b.args, arg)
		b.types = append(b.types, c.u.typeOf(bind.Param.TypeRef, bind.Param.Pos, c.element))
	}
	if l, ok := x.Callee.(*Literal); ok && !scope.has(l.Text) {
		b.builtin = builtinCall(b.callee, b.names)
	}
	return b
}

// builtinCall returns the call of a function that is not in scope, nil when it
// is none of FEEL's.
func builtinCall(callee boxed, names []string) *feel.Expr {
	l, ok := callee.(*literalBox)
	if !ok || l.expr == nil || len(l.expr.Names()) > 0 {
		return nil
	}
	fn, ok := l.expr.AST().(*feel.Name)
	if !ok {
		return nil
	}
	args := make([]string, len(names))
	for i, n := range names {
		args[i] = n + ": " + argName(i)
	}
	e, err := feel.Compile(fn.Name + "(" + strings.Join(args, ", ") + ")")
	if err != nil {
		return nil
	}
	return e
}

func argName(i int) string { return fmt.Sprintf("arg%d", i+1) }

func (b *invocationBox) eval(r *run, s *feel.Scope, t *Logic) feel.Value {
	t.kind("invocation")
	fn := b.callee.eval(r, s, t.entry("function"))
	args := make([]feel.Value, len(b.args))
	for i, a := range b.args {
		args[i] = a.eval(r, s, t.entry(b.names[i]))
		if b.types[i] != nil {
			args[i] = r.coerce(args[i], b.types[i], b.place, b.names[i])
		}
	}
	var v feel.Value
	if b.builtin != nil {
		v = r.callBuiltin(b.builtin, args, b.place)
	} else {
		v = r.invokeNamed(fn, b.names, args, b.place)
	}
	t.done(v)
	return v
}

func (r *run) callBuiltin(call *feel.Expr, args []feel.Value, p place) feel.Value {
	entries := make([]feel.Entry, len(args))
	for i, a := range args {
		entries[i] = feel.Entry{Name: argName(i), Value: a}
	}
	v, w := r.ev.EvalContext(call, feel.Context(entries...))
	for i := range w {
		r.feelWarning(p, w[i])
	}
	return v
}

// invokeNamed calls fn with named arguments.
func (r *run) invokeNamed(fn feel.Value, names []string, args []feel.Value, p place) feel.Value {
	sig, ok := fn.Signature()
	if !ok {
		r.warn(p, "what is invoked is no function but "+fn.Kind().String())
		return feel.Null()
	}
	index := make(map[string]int, len(sig.Params))
	for i, q := range sig.Params {
		index[q.Name] = i
	}
	ordered := make([]feel.Value, len(sig.Params))
	given := make([]bool, len(sig.Params))
	for i, name := range names {
		j, ok := index[name]
		if !ok {
			r.warn(p, fmt.Sprintf("the function has no parameter %q", name))
			return feel.Null()
		}
		ordered[j], given[j] = args[i], true
	}
	for i, ok := range given {
		if !ok {
			r.warn(p, fmt.Sprintf("no value for the parameter %q", sig.Params[i].Name))
			return feel.Null()
		}
	}
	v, w := r.ev.Invoke(fn, ordered)
	for i := range w {
		r.feelWarning(p, w[i])
	}
	return v
}
