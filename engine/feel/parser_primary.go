package feel

import (
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

func (p *parser) primary() Node {
	if x := p.parsed; x != nil {
		p.parsed = nil
		return x
	}
	start := p.skipTo()
	r, _ := p.runeAt(start)
	switch {
	case r < 0:
		p.fail(start, "expected an expression, found the end")
	case r >= '0' && r <= '9' || r == '.':
		return p.numberLiteral()
	case r == '"':
		return &Literal{at(start), String(p.stringLiteral())}
	case r == '@':
		return p.atLiteral()
	case r == '(':
		return p.parenthesised()
	case r == '[':
		return p.listOrRange()
	case r == ']':
		p.pos++
		return p.rangeRest(start, p.additive(), false)
	case r == '{':
		return p.contextLiteral()
	case nameStart(r):
		return p.nameOrKeyword()
	}
	p.fail(start, "expected an expression, found "+p.found())
	return nil
}

func (p *parser) nameOrKeyword() Node {
	start := p.pos
	w := p.wordAt(start)
	name, end := p.longestName(start, w)
	if p.filters > 0 {
		if n, e := p.longest(start, w, p.members); e > end {
			name, end = n, e
		}
	}
	if end <= start+len(w) && keywords[w] {
		switch w {
		case "true", "false":
			p.pos += len(w)
			return &Literal{at(start), Bool(w == "true")}
		case "null":
			p.pos += len(w)
			return &Literal{at(start), Null()}
		case "if", "for", "some", "every", "function":
			if end == 0 {
				return p.expression()
			}
		default:
			if end == 0 {
				p.fail(start, "expected an expression, found \""+w+"\"")
			}
		}
	}
	if end == 0 {
		name, end = w, start+len(w)
	}
	if w != "?" {
		name, end = p.followed(name, end)
	}
	p.pos = end
	return &Name{at(start), name}
}

func (p *parser) numberLiteral() Node {
	start := p.pos
	i := p.digitsFrom(start)
	if i < len(p.src) && p.src[i] == '.' && p.digitsFrom(i+1) > i+1 {
		i = p.digitsFrom(i + 1)
	}
	if i == start {
		p.fail(start, "expected an expression, found \".\"")
	}
	if i < len(p.src) && (p.src[i] == 'e' || p.src[i] == 'E') {
		j := i + 1
		if j < len(p.src) && (p.src[j] == '+' || p.src[j] == '-') {
			j++
		}
		if k := p.digitsFrom(j); k > j {
			i = k
		}
	}
	v, ok := parseNumber(p.src[start:i])
	if !ok {
		p.fail(start, "this number is out of range")
	}
	p.pos = i
	return &Literal{at(start), v}
}

func (p *parser) digitsFrom(i int) int {
	for i < len(p.src) && p.src[i] >= '0' && p.src[i] <= '9' {
		i++
	}
	return i
}

// stringLiteral reads a string with its escapes. A backslash before any other
// character stands for itself, as regular expressions need it.
func (p *parser) stringLiteral() string {
	start := p.pos
	var b strings.Builder
	for i := start + 1; i < len(p.src); {
		c := p.src[i]
		switch {
		case c == '"':
			p.pos = i + 1
			return b.String()
		case c != '\\':
			_, n := p.runeAt(i)
			b.WriteString(p.src[i : i+n])
			i += n
		default:
			i = p.escape(&b, i)
		}
	}
	p.fail(start, "this string has no end")
	return ""
}

func (p *parser) escape(b *strings.Builder, i int) int {
	if i+1 >= len(p.src) {
		p.fail(i, "this string has no end")
	}
	switch c := p.src[i+1]; c {
	case 'n':
		b.WriteByte('\n')
	case 'r':
		b.WriteByte('\r')
	case 't':
		b.WriteByte('\t')
	case '"', '\'', '\\':
		b.WriteByte(c)
	case 'u':
		r, ok := p.hex(i+2, 4)
		if !ok {
			p.fail(i, "\\u needs four hexadecimal digits")
		}
		if utf16.IsSurrogate(r) {
			if strings.HasPrefix(p.src[i+6:], "\\u") {
				if low, ok := p.hex(i+8, 4); ok {
					if full := utf16.DecodeRune(r, low); full != utf8.RuneError {
						b.WriteRune(full)
						return i + 12
					}
				}
			}
		}
		b.WriteRune(r)
		return i + 6
	case 'U':
		r, ok := p.hex(i+2, 6)
		if !ok || r > utf8.MaxRune {
			p.fail(i, "\\U needs six hexadecimal digits of a code point")
		}
		b.WriteRune(r)
		return i + 8
	default:
		b.WriteByte('\\')
		return i + 1
	}
	return i + 2
}

func (p *parser) hex(i, n int) (rune, bool) {
	if i+n > len(p.src) {
		return 0, false
	}
	x, err := strconv.ParseUint(p.src[i:i+n], 16, 32)
	return rune(x), err == nil
}

// atLiteral reads @"…". One that is no date, time or duration is null.
func (p *parser) atLiteral() Node {
	start := p.pos
	p.pos++
	p.skip()
	if !p.peek("\"") {
		p.fail(start, "expected a string after \"@\"")
	}
	s := p.stringLiteral()
	v, ok := ParseTemporal(s)
	if !ok {
		return &Invocation{at: at(start), Fn: &Name{at(start), "@"}, Args: []Node{&Literal{at(start), String(s)}}}
	}
	return &Literal{at(start), v}
}

// parenthesised parses (X), a range (X..Y] or a range (< X).
func (p *parser) parenthesised() Node {
	start := p.pos
	p.pos++
	p.enter()
	defer p.leave()
	ends := p.ends
	p.ends = 0
	defer func() { p.ends = ends }()
	if op := p.comparisonOp(); op != "" {
		n := &Comparison{at(start), op, p.additive()}
		p.expect(")", "after the comparison")
		return n
	}
	x := p.expression()
	if p.peek("..") {
		return p.rangeRest(start, x, false)
	}
	p.expect(")", "to close the parenthesis")
	return x
}

func (p *parser) listOrRange() Node {
	start := p.pos
	p.pos++
	p.enter()
	defer p.leave()
	ends := p.ends
	p.ends = 0
	defer func() { p.ends = ends }()
	n := &ListLiteral{at: at(start)}
	if p.take("]") {
		return n
	}
	for {
		x := p.test()
		if len(n.Items) == 0 && p.peek("..") {
			return p.rangeRest(start, x, true)
		}
		n.Items = append(n.Items, x)
		if p.take("]") {
			return n
		}
		p.expect(",", "between items")
	}
}

// rangeRest parses "..Y]" after the low end.
func (p *parser) rangeRest(start int, low Node, closed bool) Node {
	n := &RangeLiteral{at: at(start), Low: low, LowClosed: closed}
	p.expect("..", "in the range")
	ends := p.ends
	p.ends = 1
	n.High = p.additive()
	p.ends = ends
	switch {
	case p.take("]"):
		n.HighClosed = true
	case p.take(")") || p.take("["):
	default:
		p.fail(p.pos, "expected \"]\", \")\" or \"[\" at the end of the range, found "+p.found())
	}
	return n
}

func (p *parser) contextLiteral() Node {
	n := &ContextLiteral{at: at(p.pos)}
	p.pos++
	p.enter()
	defer p.leave()
	ends := p.ends
	p.ends = 0
	defer func() { p.ends = ends }()
	for !p.take("}") {
		if len(n.Entries) > 0 {
			p.expect(",", "between entries")
		}
		var key string
		if p.peek("\"") {
			key = p.stringLiteral()
		} else {
			key = p.newName("")
		}
		p.expect(":", "after the key")
		n.Entries = append(n.Entries, ContextEntry{key, p.expression()})
		p.scope.add(key)
		p.members.add(key)
	}
	for _, e := range n.Entries {
		p.scope.remove(e.Name)
	}
	return n
}

// typeRef parses a type (rule 49).
func (p *parser) typeRef() *Type {
	p.enter()
	defer p.leave()
	start := p.skipTo()
	w := p.wordAt(start)
	if w == "" {
		p.fail(start, "expected a type, found "+p.found())
	}
	name, end := p.typeName(start, w)
	p.pos = end
	generic := p.peek("<") && !p.peek("<=")
	switch name {
	case "list", "range":
		t := &Type{Kind: TypeList}
		if name == "range" {
			t.Kind = TypeRange
		}
		if generic {
			p.pos++
			t.Elem = p.typeRef()
			p.expect(">", "after the type")
		}
		return t
	case "context":
		t := &Type{Kind: TypeContext}
		if generic {
			p.pos++
			for !p.take(">") {
				if len(t.Fields) > 0 {
					p.expect(",", "between fields")
				}
				f := Field{Name: p.newName("")}
				p.expect(":", "after the field's name")
				f.Type = p.typeRef()
				t.Fields = append(t.Fields, f)
				p.members.add(f.Name)
			}
		}
		return t
	case "function":
		return p.functionType(generic)
	}
	if t := p.types[name]; t != nil {
		return t
	}
	if t := simpleTypes[name]; t != nil {
		return t
	}
	return &Type{Kind: typeUnknown, Name: name}
}

func (p *parser) functionType(generic bool) *Type {
	t := &Type{Kind: TypeFunction}
	if !generic {
		return &Type{Kind: TypeFunction, Name: "function"}
	}
	p.pos++
	for !p.take(">") {
		if len(t.Params) > 0 {
			p.expect(",", "between types")
		}
		t.Params = append(t.Params, p.typeRef())
	}
	p.expect("->", "after the function's parameters")
	t.Result = p.typeRef()
	return t
}

// typeName reads the longest name of a known type, or a qualified name.
func (p *parser) typeName(start int, w string) (string, int) {
	best, end := "", 0
	try := func(name string) {
		if !strings.HasPrefix(name, w) {
			return
		}
		if e := p.matchName(splitName(name), start); e > end {
			best, end = name, e
		}
	}
	for name := range simpleTypes {
		try(name)
	}
	for name := range p.types {
		try(name)
	}
	if end > 0 {
		return best, end
	}
	end = start + len(w)
	for {
		i := p.skipFrom(end)
		if i >= len(p.src) || p.src[i] != '.' {
			return normal(p.src[start:end]), end
		}
		next := p.wordAt(p.skipFrom(i + 1))
		if next == "" {
			return normal(p.src[start:end]), end
		}
		end = p.skipFrom(i+1) + len(next)
	}
}
