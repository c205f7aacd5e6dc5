package feel

import (
	"strings"
	"unicode/utf8"

	"github.com/woodsbury/decimal128"
)

// String and boolean functions, and conversions (DMN 1.5, 10.3.4.1–10.3.4.3).
func init() {
	define("string", "from:a", func(c callCtx, a []Value) Value {
		if a[0].IsNull() || a[0].kind == KindString {
			return a[0]
		}
		text, ok := a[0].text()
		if !ok {
			c.env.step(maxText / 64)
			return c.null("string: the text becomes too long")
		}
		c.env.text(len(text))
		return String(text)
	})
	define("number", "from:s", func(c callCtx, a []Value) Value { return toNumber(c, a[0].str(), "", ".") },
		"from:s, grouping separator?:s, decimal separator?:s", numberWithSeparators)
	define("not", "negand:a", func(c callCtx, a []Value) Value {
		if a[0].kind != KindBoolean {
			return c.null("not: a %s is neither true nor false", a[0].kind)
		}
		return Bool(a[0].a == 0)
	})
	define("is", "value1?:a, value2?:a", func(c callCtx, a []Value) Value {
		c.env.weigh(&a[0], &a[1])
		return Bool(same(a[0], a[1]))
	})
	define("substring", "string:s, start position:n, length?:n", substring)
	define("string length", "string:s", func(_ callCtx, a []Value) Value {
		return Int(int64(utf8.RuneCountInString(a[0].str())))
	})
	define("upper case", "string:s", func(c callCtx, a []Value) Value {
		c.env.text(len(a[0].str()))
		// Unicode's full mapping; Go's leaves ß as it is.
		return String(strings.ReplaceAll(strings.ToUpper(a[0].str()), "ß", "SS"))
	})
	define("lower case", "string:s", func(c callCtx, a []Value) Value {
		c.env.text(len(a[0].str()))
		return String(strings.ToLower(a[0].str()))
	})
	define("substring before", "string:s, match:s", func(_ callCtx, a []Value) Value {
		before, _, found := strings.Cut(a[0].str(), a[1].str())
		if !found {
			before = ""
		}
		return String(before)
	})
	define("substring after", "string:s, match:s", func(_ callCtx, a []Value) Value {
		_, after, _ := strings.Cut(a[0].str(), a[1].str())
		return String(after)
	})
	define("contains", "string:s, match:s", func(_ callCtx, a []Value) Value {
		return Bool(strings.Contains(a[0].str(), a[1].str()))
	})
	define("starts with", "string:s, match:s", func(_ callCtx, a []Value) Value {
		return Bool(strings.HasPrefix(a[0].str(), a[1].str()))
	})
	define("ends with", "string:s, match:s", func(_ callCtx, a []Value) Value {
		return Bool(strings.HasSuffix(a[0].str(), a[1].str()))
	})
	define("matches", "input:s, pattern:s, flags?:s", func(c callCtx, a []Value) Value {
		re, err := c.regex(a[1].str(), flags(a[2]))
		if err != nil {
			return c.null("matches: %s", err)
		}
		m, err := c.find(re, a[0].str(), 1)
		if err != nil {
			return c.null("matches: %s", err)
		}
		return Bool(len(m) > 0)
	})
	define("replace", "input:s, pattern:s, replacement:s, flags?:s", replace)
	define("split", "string:s, delimiter:s", split)
	define("string join", "list:l, delimiter?:s", stringJoin)
}

func flags(v Value) string {
	s, _ := v.AsString()
	return s
}

func numberWithSeparators(c callCtx, a []Value) Value {
	group, _ := a[1].AsString()
	point, given := a[2].AsString()
	if !given {
		point = "."
	}
	switch group {
	case "", " ", ".", ",":
	default:
		return c.null("number: the grouping separator is a space, a comma or a point")
	}
	if point != "." && point != "," || group == point {
		return c.null("number: the decimal separator is a point or a comma, and not the grouping separator")
	}
	if group == "" && !a[1].IsNull() {
		return c.null("number: the grouping separator is empty")
	}
	return toNumber(c, a[0].str(), group, point)
}

func toNumber(c callCtx, s, group, point string) Value {
	text := s
	if group != "" {
		text = strings.ReplaceAll(text, group, "")
	}
	if point != "." {
		text = strings.ReplaceAll(text, point, ".")
	}
	v, ok := parseNumber(text)
	if !ok || strings.HasPrefix(text, "+") {
		return c.null("%s is no number", brief(String(s)))
	}
	return v
}

// same is is(): same kind, same value, same zone (DMN 1.5, 10.3.4.11).
func same(x, y Value) bool {
	if x.kind != y.kind {
		return false
	}
	switch x.kind {
	case KindTime, KindDateTime:
		if x.a != y.a || x.b != y.b || x.zone != y.zone || x.aux != y.aux {
			return false
		}
		return x.zone != zoneNamed || x.zoneOf().loc.String() == y.zoneOf().loc.String()
	}
	return equal(x, y) == yes
}

// substring counts code points from 1, or from the end when negative.
func substring(c callCtx, a []Value) Value {
	s := a[0].str()
	start, ok := decimalInt(a[1].num().Round(0, decimal128.ToZero))
	if !ok || start == 0 {
		return c.null("substring: positions count from 1")
	}
	total := int64(utf8.RuneCountInString(s))
	if start < 0 {
		start += total + 1
	}
	length := total
	if !a[2].IsNull() {
		length, ok = decimalInt(a[2].num().Round(0, decimal128.ToZero))
		if !ok || length < 1 {
			return c.null("substring: the length is not positive")
		}
	}
	if start < 1 || start > total {
		return String("")
	}
	from := byteOf(s, start-1)
	rest := s[from:]
	if length < total {
		rest = rest[:byteOf(rest, length)]
	}
	return String(rest)
}

// byteOf returns where code point n of s starts.
func byteOf(s string, n int64) int {
	if n <= 0 {
		return 0
	}
	for i := range s {
		if n == 0 {
			return i
		}
		n--
	}
	return len(s)
}

func replace(c callCtx, a []Value) Value {
	re, err := c.regex(a[1].str(), flags(a[3]))
	if err != nil {
		return c.null("replace: %s", err)
	}
	if m, _, _ := re.all("", 1); len(m) > 0 {
		return c.null("replace: the pattern matches an empty string")
	}
	tmpl, err := re.template(a[2].str(), strings.Contains(flags(a[3]), "q"))
	if err != nil {
		return c.null("replace: %s", err)
	}
	s := a[0].str()
	all, err := c.find(re, s, -1)
	if err != nil {
		return c.null("replace: %s", err)
	}
	var b strings.Builder
	counted := 0
	write := func(text string) {
		if n := b.Len() + len(text); n > b.Cap() {
			b.Grow(n)
		}
		if b.WriteString(text); b.Len() > counted+4096 { // while it grows, not when it is too late
			c.env.room(b.Len() / 64)
			c.env.step((b.Len() - counted) / 64)
			counted = b.Len()
		}
	}
	from := 0
	for _, m := range all {
		write(s[from:m[0]])
		for _, part := range tmpl {
			write(part.text)
			if g := part.group; g >= 0 && m[2*g] >= 0 {
				write(s[m[2*g]:m[2*g+1]])
			}
		}
		from = m[1]
	}
	write(s[from:])
	c.env.step((b.Len()-counted)/64 + 1)
	return String(b.String())
}

func split(c callCtx, a []Value) Value {
	re, err := c.regex(a[1].str(), "")
	if err != nil {
		return c.null("split: %s", err)
	}
	if m, _, _ := re.all("", 1); len(m) > 0 {
		return c.null("split: the delimiter matches an empty string")
	}
	s := a[0].str()
	all, err := c.find(re, s, -1)
	if err != nil {
		return c.null("split: %s", err)
	}
	c.env.room(len(all) + 1)
	c.env.step(len(all))
	out := make([]Value, 0, len(all)+1)
	from := 0
	for _, m := range all {
		out = append(out, String(s[from:m[0]]))
		from = m[1]
	}
	return List(append(out, String(s[from:]))...)
}

func stringJoin(c callCtx, a []Value) Value {
	var parts []string
	size := 0
	for _, item := range a[0].Items() {
		if item.IsNull() {
			continue
		}
		s, ok := item.AsString()
		if !ok {
			return c.null("string join: a %s is no string", item.kind)
		}
		parts = append(parts, s)
		size += len(s) + len(flags(a[1]))
	}
	c.env.text(size)
	return String(strings.Join(parts, flags(a[1])))
}

// regex compiles a pattern, which costs about as many steps as it has states.
func (c callCtx) regex(src, flags string) (*pattern, error) {
	p, fresh, err := regex(src, flags)
	if fresh {
		c.env.step(len(src))
	}
	if fresh && err == nil {
		c.env.step(p.size)
	}
	return p, err
}

// find returns at most n matches (all when n is negative). The matches together
// may have as many groups as a list has items.
func (c callCtx) find(p *pattern, s string, n int) ([][]int, error) {
	c.env.step(len(s) / 64 * (1 + p.size/64))
	limit := min(c.env.cfg.maxList, c.env.steps)/(p.groups+1) + 1
	if n >= 0 {
		limit = min(limit, n)
	}
	all, used, err := p.all(s, limit)
	c.env.step(used/16 + len(all)*(p.groups+1))
	if n < 0 && len(all) == limit {
		c.env.room(-1)
	}
	return all, err
}
