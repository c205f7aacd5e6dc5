package feel

// Context functions (DMN 1.5, 10.3.4.8).
func init() {
	define("get value", "m:c, key:s", func(c callCtx, a []Value) Value { return getValue(c, a[0], a[1].str()) },
		"context:c, keys:l", func(c callCtx, a []Value) Value {
			v := a[0]
			for _, k := range a[1].Items() {
				key, ok := k.AsString()
				if !ok {
					return c.null("get value: a key is a %s", k.kind)
				}
				v = getValue(c, v, key)
			}
			return v
		})
	define("get entries", "m:c", func(c callCtx, a []Value) Value {
		c.env.step(2 * len(a[0].Entries()))
		out := []Value{}
		for _, e := range a[0].Entries() {
			out = append(out, contextOf([]Entry{{"key", String(e.Name)}, {"value", e.Value}}))
		}
		return List(out...)
	})
	define("context", "entries:l", contextFromEntries)
	define("context put", "context:c, key:s, value:a", func(c callCtx, a []Value) Value {
		return put(c, a[0], a[1].str(), a[2])
	}, "context:c, keys:l, value:a", func(c callCtx, a []Value) Value {
		v, _ := putDeep(c, a[0], a[1].Items(), a[2])
		return v
	})
	define("context merge", "contexts:l", func(c callCtx, a []Value) Value {
		var entries []Entry
		for _, m := range a[0].Items() {
			if m.kind != KindContext {
				return c.null("context merge: a %s is no context", m.kind)
			}
			entries = append(entries, m.Entries()...)
			c.env.step(2 * len(m.Entries()))
			c.env.room(len(entries))
		}
		return Context(entries...)
	})
}

func getValue(c callCtx, m Value, key string) Value {
	v, ok := m.Get(key)
	if !ok {
		return c.null("get value: there is no %s", brief(String(key)))
	}
	return v
}

func contextFromEntries(c callCtx, a []Value) Value {
	var entries []Entry
	seen := map[string]bool{}
	c.env.step(2 * len(a[0].Items()))
	for _, item := range a[0].Items() {
		k, _ := item.Get("key")
		v, ok := item.Get("value")
		key, isString := k.AsString()
		if !ok || !isString {
			return c.null("context: an entry needs a key, which is a string, and a value")
		}
		if seen[key] {
			return c.null("context: two entries have the key %s", brief(String(key)))
		}
		seen[key] = true
		entries = append(entries, Entry{key, v})
	}
	return contextOf(entries)
}

func putDeep(c callCtx, m Value, keys []Value, v Value) (Value, bool) {
	if len(keys) == 0 {
		return c.null("context put: there is no key"), false
	}
	key, ok := keys[0].AsString()
	if !ok {
		return c.null("context put: a key is a %s", keys[0].kind), false
	}
	if m.kind != KindContext {
		return c.null("context put: what %s is put into is a %s", brief(String(key)), m.kind), false
	}
	if len(keys) > 1 {
		inner, _ := m.Get(key)
		if v, ok = putDeep(c, inner, keys[1:], v); !ok {
			return v, false
		}
	}
	return put(c, m, key, v), true
}

// put copies the context, which costs as much as it has entries.
func put(c callCtx, m Value, key string, v Value) Value {
	n := len(m.Entries())
	c.env.step(2 * n)
	c.env.room(n)
	return c.env.list(c.pos, m.Put(key, v))
}
