package feel

import (
	"fmt"
	"strings"
)

// A builtin function is a table of overloads. Each is written as its FEEL
// parameters with one letter for the type, such as
//
//	"string:s, start position:n, length?:n"
//
// n number, s string, b boolean, l list, c context, f function, r range, d date
// or date and time, a any value (null too). "?" marks an optional parameter, for
// which null counts as absent; "..." takes all further arguments as a list.
type builtin struct {
	name      string
	overloads []overload
	value     Value
}

type overload struct {
	params   []builtinParam
	required int
	variadic bool
	fn       func(c callCtx, a []Value) Value
}

type builtinParam struct {
	name     string
	kind     byte
	optional bool
}

// callCtx is what a builtin's code knows of its call.
type callCtx struct {
	env *env
	pos at
}

func (c callCtx) null(format string, args ...any) Value {
	return c.env.null(c.pos, format, args...)
}

// builtins by name, and their names for the parser.
var (
	builtins     = map[string]*builtin{}
	builtinNames = nameSet{}
)

type builtinFunc = func(c callCtx, a []Value) Value

// define adds overloads: pairs of parameters and code.
func define(name string, overloads ...any) {
	b := &builtin{name: name}
	for i := 0; i < len(overloads); i += 2 {
		o := overload{fn: overloads[i+1].(builtinFunc)}
		if spec := overloads[i].(string); spec != "" {
			for _, part := range strings.Split(spec, ", ") {
				pname, kind, _ := strings.Cut(part, ":")
				p := builtinParam{kind: kind[0]}
				o.variadic = strings.HasSuffix(pname, "...")
				p.name = strings.TrimSuffix(pname, "...")
				p.optional = strings.HasSuffix(p.name, "?")
				p.name = strings.TrimSuffix(p.name, "?")
				if !p.optional && !o.variadic {
					o.required++
				}
				o.params = append(o.params, p)
			}
		}
		b.overloads = append(b.overloads, o)
	}
	sig := Signature{}
	for _, p := range b.overloads[0].params {
		sig.Params = append(sig.Params, Param{Name: p.name, Type: paramTypes[p.kind]})
	}
	b.value = functionValue(&function{sig: sig, builtin: b})
	builtins[name] = b
	builtinNames.add(name)
}

var paramTypes = map[byte]*Type{'n': NumberType, 's': StringType, 'b': BooleanType, 'l': {Kind: TypeList}, 'c': {Kind: TypeContext}}

func (b *builtin) call(e *env, args []Value, pos at) Value {
	c := callCtx{e, pos}
	e.callPos = pos
	e.step(1)
	reason := ""
	for i := range b.overloads {
		o := &b.overloads[i]
		if len(args) < o.required || !o.variadic && len(args) > len(o.params) {
			continue
		}
		if v, why := o.run(c, args); why == "" {
			return v
		} else if reason == "" {
			reason = why
		}
	}
	if reason == "" {
		return c.null("%s cannot be called with %d arguments", b.name, len(args))
	}
	return c.null("%s: %s", b.name, reason)
}

// callNamed finds the overload that has all the names.
func (b *builtin) callNamed(e *env, names []string, args []Value, pos at) Value {
	c := callCtx{e, pos}
	e.callPos = pos
	e.step(1)
	reason := "no such parameters: " + strings.Join(names, ", ")
next:
	for i := range b.overloads {
		o := &b.overloads[i]
		ordered := make([]Value, len(o.params))
		given := make([]bool, len(o.params))
		for k, name := range names {
			j := o.param(name)
			if j < 0 || given[j] {
				continue next
			}
			given[j] = true
			ordered[j] = args[k]
			if o.variadic { // the list itself
				if args[k].kind != KindList {
					ordered = []Value{args[k]}
				} else {
					ordered = args[k].Items()
				}
			}
		}
		for j, p := range o.params {
			if !given[j] && !p.optional {
				continue next
			}
		}
		v, why := o.run(c, ordered)
		if why == "" {
			return v
		}
		reason = why
	}
	return c.null("%s: %s", b.name, reason)
}

func (o *overload) param(name string) int {
	for i, p := range o.params {
		if p.name == name {
			return i
		}
	}
	return -1
}

// run converts arguments to the parameters' types (DMN 1.5, 10.3.2.9.4) and
// calls the code, or says why they do not fit. Absent optional arguments are
// null. The converted arguments lie on the stack: the code must not keep them.
func (o *overload) run(c callCtx, args []Value) (v Value, why string) {
	if o.variadic {
		return o.fn(c, []Value{List(append([]Value(nil), args...)...)}), ""
	}
	e := c.env
	start := e.top
	e.reserve(len(o.params))
	own := e.stack[start:e.top:e.top]
	for i, p := range o.params {
		if i >= len(args) {
			own[i] = Value{}
			continue
		}
		fitted, ok := fitParam(p, args[i])
		if !ok {
			e.top = start
			return Value{}, fmt.Sprintf("argument %q cannot be a %s", p.name, args[i].kind)
		}
		own[i] = fitted
		if fitted.kind == KindString && fitted.aux >= 64 {
			e.step(int(fitted.aux) / 64) // every function reads its texts
		}
	}
	v = o.fn(c, own)
	e.top = start
	return v, ""
}

func fitParam(p builtinParam, v Value) (Value, bool) {
	if p.kind == 'a' {
		return v, true
	}
	if v.IsNull() {
		return v, p.optional
	}
	if p.kind == 'l' {
		if v.kind != KindList {
			return List(v), true
		}
		return v, true
	}
	if v.kind == KindList && len(v.Items()) == 1 {
		v = v.Items()[0]
	}
	switch p.kind {
	case 'n':
		return v, v.kind == KindNumber
	case 's':
		return v, v.kind == KindString
	case 'b':
		return v, v.kind == KindBoolean
	case 'c':
		return v, v.kind == KindContext
	case 'f':
		return v, v.kind == KindFunction
	case 'r':
		return v, v.kind == KindRange
	case 'd':
		return v, v.kind == KindDate || v.kind == KindDateTime
	}
	return v, false
}

// invocation compiles a call.
func (c *compiler) invocation(n *Invocation) node {
	args := c.nodes(n.Args)
	var fallback *builtin // when a variable hides a builtin and is no function
	if name, ok := n.Fn.(*Name); ok {
		if name.Name == "@" {
			return func(e *env) Value { return e.null(n.at, "this is no date, time or duration") }
		}
		if b := builtins[name.Name]; b != nil {
			if _, found := c.resolve(c.fn, name.Name); !found && !c.declared[name.Name] {
				return c.builtinCall(n, b, args)
			}
			fallback = b
		}
	}
	fn := c.node(n.Fn)
	return func(e *env) Value {
		f := fn(e)
		if fallback != nil && f.kind != KindFunction {
			f = fallback.value
		}
		start := e.top
		for _, a := range args {
			e.push(a(e))
		}
		given := e.stack[start:e.top:e.top]
		v := e.callAny(f, n, given)
		e.top = start
		return v
	}
}

func (c *compiler) builtinCall(n *Invocation, b *builtin, args []node) node {
	pos := n.at
	return func(e *env) Value {
		start := e.top
		for _, a := range args {
			e.push(a(e))
		}
		given := e.stack[start:e.top:e.top]
		e.callPos = pos
		var v Value
		if n.Names != nil {
			v = b.callNamed(e, n.Names, given, pos)
		} else {
			v = b.call(e, given, pos)
		}
		e.top = start
		return v
	}
}

// callAny calls a value, by position or by name.
func (e *env) callAny(f Value, n *Invocation, args []Value) Value {
	if f.kind != KindFunction {
		return e.null(n.at, "a %s is no function", f.kind)
	}
	fn := f.fn()
	if n.Names == nil {
		return e.call(f, args, n.at)
	}
	if fn.builtin != nil {
		return fn.builtin.callNamed(e, n.Names, args, n.at)
	}
	ordered := make([]Value, len(fn.sig.Params))
	given := make([]bool, len(fn.sig.Params))
	for i, name := range n.Names {
		j := -1
		for k, p := range fn.sig.Params {
			if p.Name == name {
				j = k
			}
		}
		if j < 0 || given[j] {
			return e.null(n.at, "the function has no parameter %s", name)
		}
		ordered[j], given[j] = args[i], true
	}
	for i, ok := range given {
		if !ok {
			return e.null(n.at, "the argument %s is missing", fn.sig.Params[i].Name)
		}
	}
	return e.invoke(fn, ordered, n.at)
}
