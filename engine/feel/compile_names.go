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
	name := n.Name
	var fallback Value
	if b := builtins[name]; b != nil {
		fallback = b.value
	}
	if !found && (c.declared[name] || fallback.IsNull() && len(places) == 0) {
		c.free(name)
	}
	global := func(e *env) Value {
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
		if !fallback.IsNull() {
			return fallback
		}
		return e.null(n.at, "nothing here is called %s", name)
	}
	if first, rest, dotted := strings.Cut(name, "."); dotted && c.declared[first] && !found {
		c.free(first)
		inner := global
		path := strings.Split(rest, ".")
		global = func(e *env) Value {
			if v, ok := e.scope.Lookup(name); ok {
				return v
			}
			v, ok := e.scope.Lookup(first)
			for _, p := range path {
				if ok {
					v, ok = v.Get(p)
				}
			}
			if !ok {
				return inner(e)
			}
			return v
		}
	}
	if len(places) == 0 {
		return global
	}
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

func (c *compiler) path(n *Path) node {
	if full, ok := dotted(n); ok && c.declared[full] {
		return c.name(&Name{n.at, full})
	}
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

func dotted(n Node) (string, bool) {
	switch n := n.(type) {
	case *Name:
		return n.Name, true
	case *Path:
		x, ok := dotted(n.X)
		return x + "." + n.Name, ok
	}
	return "", false
}
