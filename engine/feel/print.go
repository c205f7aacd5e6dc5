package feel

import (
	"strconv"
	"strings"
)

// Every compound operand is put in parentheses: the tree is what matters.

func paren(n Node) string {
	switch n.(type) {
	case *Literal, *Name, *ListLiteral, *ContextLiteral, *RangeLiteral, *Comparison, *Path, *Filter, *Invocation:
		if l, ok := n.(*Literal); ok && l.Value.kind == KindNumber && l.Value.num().Signbit() {
			return "(" + n.String() + ")"
		}
		return n.String()
	}
	return "(" + n.String() + ")"
}

func (n *Literal) String() string  { return n.Value.String() }
func (n *Name) String() string     { return n.Name }
func (n *Path) String() string     { return paren(n.X) + "." + n.Name }
func (n *Filter) String() string   { return paren(n.X) + "[" + n.Cond.String() + "]" }
func (n *Negation) String() string { return "-" + paren(n.X) }
func (n *Binary) String() string   { return paren(n.X) + " " + n.Op + " " + paren(n.Y) }
func (n *Between) String() string {
	return paren(n.X) + " between " + paren(n.Low) + " and " + paren(n.High)
}
func (n *InstanceOf) String() string { return paren(n.X) + " instance of " + n.Type.String() }
func (n *If) String() string {
	return "if " + n.Cond.String() + " then " + n.Then.String() + " else " + n.Else.String()
}
func (n *For) String() string { return "for " + iterators(n.Iterators) + " return " + n.Body.String() }

func (n *Invocation) String() string {
	if f, ok := n.Fn.(*Name); ok && f.Name == "@" {
		return "@" + n.Args[0].String()
	}
	parts := make([]string, len(n.Args))
	for i, a := range n.Args {
		parts[i] = a.String()
		if n.Names != nil {
			parts[i] = n.Names[i] + ": " + parts[i]
		}
	}
	return paren(n.Fn) + "(" + strings.Join(parts, ", ") + ")"
}

func (n *In) String() string {
	if len(n.Tests) == 1 {
		if _, ok := n.Tests[0].(*Comparison); !ok {
			return paren(n.X) + " in " + paren(n.Tests[0])
		}
	}
	return paren(n.X) + " in (" + tests(n.Tests) + ")"
}

func tests(list []Node) string {
	parts := make([]string, len(list))
	for i, t := range list {
		parts[i] = t.String()
		if c, ok := t.(*Comparison); ok {
			parts[i] = c.Op + " " + paren(c.X)
		}
	}
	return strings.Join(parts, ", ")
}

func iterators(its []Iterator) string {
	parts := make([]string, len(its))
	for i, it := range its {
		parts[i] = it.Name + " in " + it.List.String()
		if it.End != nil {
			parts[i] = it.Name + " in " + paren(it.List) + ".." + paren(it.End)
		}
	}
	return strings.Join(parts, ", ")
}

func (n *Quantified) String() string {
	word := "some "
	if n.Every {
		word = "every "
	}
	return word + iterators(n.Iterators) + " satisfies " + n.Body.String()
}

func (n *FunctionLiteral) String() string {
	parts := make([]string, len(n.Params))
	for i, p := range n.Params {
		parts[i] = p.Name
		if p.Type != nil {
			parts[i] += ": " + p.Type.String()
		}
	}
	s := "function(" + strings.Join(parts, ", ") + ") "
	if n.External {
		s += "external "
	}
	return s + n.Body.String()
}

func (n *ListLiteral) String() string {
	parts := make([]string, len(n.Items))
	for i, item := range n.Items {
		parts[i] = item.String()
	}
	return "[" + strings.Join(parts, ", ") + "]"
}

func (n *ContextLiteral) String() string {
	parts := make([]string, len(n.Entries))
	for i, e := range n.Entries {
		parts[i] = quote(e.Name) + ": " + e.Value.String()
	}
	return "{" + strings.Join(parts, ", ") + "}"
}

func (n *RangeLiteral) String() string {
	open, end := "(", ")"
	if n.LowClosed {
		open = "["
	}
	if n.HighClosed {
		end = "]"
	}
	return open + paren(n.Low) + ".." + paren(n.High) + end
}

func (n *Comparison) String() string { return "(" + n.Op + " " + paren(n.X) + ")" }

func (n *UnaryTests) String() string {
	switch {
	case len(n.Tests) == 0:
		return "-"
	case n.Not:
		return "not(" + tests(n.Tests) + ")"
	}
	return tests(n.Tests)
}

// quote writes a string literal.
func quote(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range s {
		switch r {
		case '"', '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case '\n':
			b.WriteString(`\n`)
		case '\r':
			b.WriteString(`\r`)
		case '\t':
			b.WriteString(`\t`)
		default:
			b.WriteRune(r)
		}
	}
	b.WriteByte('"')
	return b.String()
}

// String returns the value as FEEL writes it: strings in quotes, dates as
// @"…". A function is written by its parameters alone.
func (v Value) String() string {
	switch v.kind {
	case KindString:
		return quote(v.str())
	case KindDate, KindTime, KindDateTime, KindDaysDuration, KindMonthsDuration:
		return `@"` + v.Text() + `"`
	}
	return v.Text()
}

// Text returns the value as the function string() gives it (DMN 1.5,
// 10.3.4.1): a string is itself; inside lists and contexts, strings have
// quotes. Null is "null". A text longer than 16 MB is cut.
func (v Value) Text() string {
	s, _ := v.text()
	return s
}

// text is Text; ok is false when the text was cut.
func (v Value) text() (s string, ok bool) {
	switch v.kind {
	case KindList, KindContext:
		var b strings.Builder
		v.write(&b, maxText)
		return b.String(), b.Len() < maxText
	}
	return v.plain(), true
}

const maxText = 16 << 20

// write writes lists and contexts, and stops when the text is too long: values
// may share parts so often that no memory would hold it.
func (v Value) write(b *strings.Builder, limit int) {
	if b.Len() >= limit {
		return
	}
	switch v.kind {
	case KindList:
		b.WriteByte('[')
		for i, item := range v.Items() {
			if i > 0 {
				b.WriteString(", ")
			}
			item.write(b, limit)
			if b.Len() >= limit {
				return
			}
		}
		b.WriteByte(']')
	case KindContext:
		b.WriteByte('{')
		for i, e := range v.Entries() {
			if i > 0 {
				b.WriteString(", ")
			}
			key := e.Name
			if !plainName(key) {
				key = quote(key)
			}
			b.WriteString(key + ": ")
			e.Value.write(b, limit)
			if b.Len() >= limit {
				return
			}
		}
		b.WriteByte('}')
	default:
		b.WriteString(v.String())
	}
}

// brief is the value's text for a message, cut where it becomes long.
func brief(v Value) string {
	const limit = 100
	if v.kind == KindString && v.aux > limit {
		v = String(v.str()[:limit])
	}
	var b strings.Builder
	v.write(&b, limit)
	if b.Len() < limit {
		return b.String()
	}
	return strings.ToValidUTF8(b.String()[:limit], "") + "…"
}

// plain is the text of a value that is no list or context.
func (v Value) plain() string {
	switch v.kind {
	case KindBoolean:
		return strconv.FormatBool(v.a == 1)
	case KindNumber:
		return formatNumber(v.num())
	case KindString:
		return v.str()
	case KindDate:
		return formatDate(v.a)
	case KindTime:
		return formatClock(int64(v.a)) + v.formatZone()
	case KindDateTime:
		return formatDate(v.a) + "T" + formatClock(int64(v.b)) + v.formatZone()
	case KindDaysDuration:
		return formatDays(int64(v.a), int64(v.b))
	case KindMonthsDuration:
		return formatMonths(int64(v.a))
	case KindRange:
		return v.rng().text()
	case KindFunction:
		parts := make([]string, len(v.fn().sig.Params))
		for i, p := range v.fn().sig.Params {
			parts[i] = p.Name
		}
		return "function(" + strings.Join(parts, ", ") + ")"
	}
	return "null"
}

func (r *rangeData) text() string {
	if r.op != "" {
		x := r.low
		if r.low.IsNull() {
			x = r.high
		}
		return "(" + r.op + " " + x.String() + ")"
	}
	open, end := "(", ")"
	if r.lowClosed {
		open = "["
	}
	if r.highClosed {
		end = "]"
	}
	return open + r.low.String() + ".." + r.high.String() + end
}

// plainName reports whether a key needs no quotes.
func plainName(s string) bool {
	if s == "" || keywords[s] {
		return false
	}
	for i, r := range s {
		if i == 0 && (!nameStart(r) || r == '?') || !namePart(r) && r != ' ' {
			return false
		}
	}
	return normal(s) == s
}
