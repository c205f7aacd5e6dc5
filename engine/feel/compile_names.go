package feel

import "strings"

// place is one place to look for a name: a local variable, or the entries of a
// filter's item.
type place struct {
	slot   int
	filter bool
}

// resolve lists where a name is looked for, from inside to outside. found tells
// that the last place is a variable of that name.
func (c *compiler) resolve(f *funcScope, name string) (places []place, found bool) {
	for i := len(f.locals) - 1; i >= 0; i-- {
		l := &f.locals[i]
		if l.filter {
			places = append(places, place{l.slot, true})
		} else if l.name == name {
			if l.used != nil {
				*l.used = true
			}
			return append(places, place{l.slot, false}), true
		}
		if l.filter && name == "item" {
			return append(places, place{l.slot, false}), true
		}
	}
	if f.parent == nil {
		return places, false
	}
	outer, found := c.resolve(f.parent, name)
	for _, o := range outer {
		places = append(places, place{f.capture(o.slot), o.filter})
	}
	return places, found
}

func (f *funcScope) capture(outer int) int {
	if s, ok := f.captures[outer]; ok {
		return s
	}
	if f.captures == nil {
		f.captures = map[int]int{}
	}
	s := f.next
	f.next++
	f.captures[outer] = s
	f.order = append(f.order, outer)
	return s
}

// free records a name that comes from the scope.
func (c *compiler) free(name string) {
	if name == "?" {
		c.asked = true
	} else if !c.seen[name] {
		c.seen[name] = true
		c.expr.names = append(c.expr.names, name)
	}
}

func (c *compiler) name(n *Name) node {
	places, found := c.resolve(c.fn, n.Name)
	if n.Name == "?" && !found { // never an entry of a filter's item
		places = nil
	}
	if found && len(places) == 1 {
		slot := places[0].slot
		return func(e *env) Value { return e.stack[e.base+slot] }
	}
	if len(places) == 0 {
		return c.variable(n)
	}
	name := n.Name
	if c.declared[name] {
		c.free(name)
	}
	fallback := builtinValue(name)
	return func(e *env) Value {
		for _, p := range places {
			v := e.stack[e.base+p.slot]
			if !p.filter {
				return v
			}
			if v.kind == KindContext {
				if i := v.ctx().find(name); i >= 0 {
					return v.ctx().entries[i].Value
				}
			}
		}
		if v, ok := e.scope.Lookup(name); ok {
			return v
		}
		return fallback // an entry that this item lacks is null, silently
	}
}

func builtinValue(name string) Value {
	if b := builtins[name]; b != nil {
		return b.value
	}
	return Value{}
}

// variable compiles a name of the scope, or of a builtin that the scope does
// not hide.
func (c *compiler) variable(n *Name) node {
	name := n.Name
	if first, rest, dotted := strings.Cut(name, "."); dotted && c.declared[first] {
		return c.dotted(n, first, strings.Split(rest, "."))
	}
	fallback := builtinValue(name)
	if fallback.IsNull() || c.declared[name] {
		c.free(name)
	}
	return func(e *env) Value {
		if s := e.scope; s != nil && !s.single && s.vars.kind == KindContext { // the frequent case
			if c := s.vars.ctx(); c.index == nil {
				for i := range c.entries {
					if c.entries[i].Name == name {
						return c.entries[i].Value
					}
				}
			}
		}
		if v, ok := e.scope.Lookup(name); ok {
			return v
		}
		if fallback.IsNull() {
			return e.null(n.at, "nothing here is called %s", name)
		}
		return fallback
	}
}

// dotted compiles a name declared as "first.rest": a variable of that whole
// name, or else a path.
func (c *compiler) dotted(n *Name, first string, rest []string) node {
	start := c.variable(&Name{n.at, first})
	return func(e *env) Value {
		if v, ok := e.scope.Lookup(n.Name); ok {
			return v
		}
		v := start(e)
		for _, part := range rest {
			got, ok := v.Get(part)
			if !ok {
				got = member(e, n.at, v, part)
			}
			v = got
		}
		return v
	}
}

func (c *compiler) path(n *Path) node {
	x, name := c.node(n.X), n.Name
	return func(e *env) Value {
		v := x(e)
		if v.kind == KindContext { // the frequent case
			if i := v.ctx().find(name); i >= 0 {
				return v.ctx().entries[i].Value
			}
		}
		return member(e, n.at, v, name)
	}
}
