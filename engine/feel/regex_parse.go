package feel

import (
	"fmt"
	"unicode"
)

// reParser parses the pattern into a tree.
type reParser struct {
	src                               []rune
	pos, depth                        int
	dotAll, multi, fold, free, quoted bool
	groups                            int
	closed                            []bool // by group: is it complete
	backrefs                          bool
}

type reError string

func (e reError) Error() string { return string(e) }

func (p *reParser) fail(format string, args ...any) {
	panic(reError("the pattern is wrong: " + fmt.Sprintf(format, args...)))
}

func (p *reParser) parse() (n reNode, err error) {
	defer func() {
		if r := recover(); r != nil {
			e, ok := r.(reError)
			if !ok {
				panic(r)
			}
			n, err = nil, e
		}
	}()
	if p.quoted {
		var seq reSeq
		for _, r := range p.src {
			seq = append(seq, p.char(r))
		}
		return seq, nil
	}
	if p.free {
		p.src = withoutSpace(p.src)
	}
	p.closed = []bool{true}
	n = p.alternatives()
	if p.pos < len(p.src) {
		p.fail("%q is not expected", p.src[p.pos])
	}
	return n, nil
}

// withoutSpace removes white space outside classes, as the flag x wants.
func withoutSpace(src []rune) []rune {
	out := make([]rune, 0, len(src))
	class, escaped := 0, false
	for _, r := range src {
		space := r == ' ' || r == '\t' || r == '\n' || r == '\r'
		if space && class == 0 {
			continue
		}
		switch {
		case escaped:
			escaped = false
		case r == '\\':
			escaped = true
		case r == '[':
			class++
		case r == ']' && class > 0:
			class--
		}
		out = append(out, r)
	}
	return out
}

func (p *reParser) peek() rune {
	if p.pos >= len(p.src) {
		return -1
	}
	return p.src[p.pos]
}

func (p *reParser) take(r rune) bool {
	if p.peek() != r {
		return false
	}
	p.pos++
	return true
}

func (p *reParser) alternatives() reNode {
	p.depth++
	if p.depth > maxRegexNest {
		p.fail("it nests too deep")
	}
	defer func() { p.depth-- }()
	alt := reAlt{p.sequence()}
	for p.take('|') {
		alt = append(alt, p.sequence())
	}
	if len(alt) == 1 {
		return alt[0]
	}
	return alt
}

func (p *reParser) sequence() reNode {
	var seq reSeq
	for {
		switch p.peek() {
		case -1, '|', ')':
			return seq
		}
		seq = append(seq, p.quantified(p.atom()))
	}
}

func (p *reParser) quantified(n reNode) reNode {
	rep := &reRepeat{n: n, max: -1}
	switch {
	case p.take('?'):
		rep.max = 1
	case p.take('*'):
	case p.take('+'):
		rep.min = 1
	case p.take('{'):
		rep.min = p.number()
		switch {
		case !p.take(','):
			rep.max = rep.min
		case p.peek() != '}':
			rep.max = p.number()
		}
		if !p.take('}') || rep.max >= 0 && rep.max < rep.min {
			p.fail("a quantity is wrong")
		}
	default:
		return n
	}
	rep.lazy = p.take('?')
	return rep
}

func (p *reParser) number() int {
	start, n := p.pos, 0
	for p.peek() >= '0' && p.peek() <= '9' {
		n = n*10 + int(p.src[p.pos]-'0')
		if n > maxRepeat {
			p.fail("a quantity is above %d", maxRepeat)
		}
		p.pos++
	}
	if p.pos == start {
		p.fail("a quantity needs a number")
	}
	return n
}

func (p *reParser) atom() reNode {
	r := p.src[p.pos]
	p.pos++
	switch r {
	case '.':
		set := runeSet{{0, unicode.MaxRune}}
		if !p.dotAll {
			set = runeSet{{'\n', '\n'}, {'\r', '\r'}}.negated()
		}
		return reClass{set}
	case '^':
		return reAnchor{multi: p.multi}
	case '$':
		return reAnchor{end: true, multi: p.multi}
	case '(':
		return p.group()
	case '[':
		return reClass{p.class()}
	case '\\':
		return p.escape()
	case '*', '+', '?', '{', '}', ']':
		p.fail("%q stands alone", r)
	}
	return p.char(r)
}

// char matches one character, in both cases with the flag i.
func (p *reParser) char(r rune) reNode {
	set := runeSet{{r, r}}
	if p.fold {
		set = set.folded()
	}
	return reClass{set}
}

func (p *reParser) group() reNode {
	index := 0
	if p.take('?') {
		if !p.take(':') {
			p.fail("only (?: may follow a parenthesis")
		}
	} else {
		p.groups++
		index = p.groups
		p.closed = append(p.closed, false)
	}
	n := p.alternatives()
	if !p.take(')') {
		p.fail("a parenthesis is not closed")
	}
	p.closed[index] = true
	return &reGroup{n, index}
}

func (p *reParser) escape() reNode {
	r := p.peek()
	if r >= '1' && r <= '9' {
		n := 0
		for p.peek() >= '0' && p.peek() <= '9' {
			next := n*10 + int(p.peek()-'0')
			if n > 0 && next > p.groups {
				break
			}
			n = next
			p.pos++
		}
		if n >= len(p.closed) || !p.closed[n] {
			p.fail("there is no group %d before \\%d", n, n)
		}
		p.backrefs = true
		return reBackref{n, p.fold}
	}
	set, single := p.escapedSet()
	if p.fold && single {
		set = set.folded()
	}
	return reClass{set}
}

// escapedSet reads what follows a backslash; single tells that it is one
// character.
func (p *reParser) escapedSet() (set runeSet, single bool) {
	r := p.peek()
	p.pos++
	switch r {
	case 'n':
		return runeSet{{'\n', '\n'}}, true
	case 'r':
		return runeSet{{'\r', '\r'}}, true
	case 't':
		return runeSet{{'\t', '\t'}}, true
	case '\\', '|', '.', '?', '*', '+', '(', ')', '{', '}', '-', '[', ']', '^', '$':
		return runeSet{{r, r}}, true
	case 's', 'S', 'd', 'D', 'w', 'W', 'i', 'I', 'c', 'C':
		return multiEscape(r), false
	case 'p', 'P':
		set := p.property()
		if r == 'P' {
			set = set.negated()
		}
		return set, false
	case -1:
		p.fail("it ends with a backslash")
	}
	p.fail("there is no \\%c", r)
	return nil, false
}

func (p *reParser) property() runeSet {
	if !p.take('{') {
		p.fail("a property needs braces")
	}
	start := p.pos
	for p.peek() != '}' {
		if p.peek() < 0 {
			p.fail("a property is not closed")
		}
		p.pos++
	}
	name := string(p.src[start:p.pos])
	p.pos++
	set := propertySet(name)
	if set == nil {
		p.fail("there is no property %s", name)
	}
	return set
}

// class reads a character class after its bracket.
func (p *reParser) class() runeSet {
	p.depth++
	if p.depth > maxRegexNest {
		p.fail("it nests too deep")
	}
	defer func() { p.depth-- }()
	negative := p.take('^')
	var set runeSet
	var minus runeSet
	first := true
	for {
		r := p.peek()
		if r < 0 {
			p.fail("a class is not closed")
		}
		if r == ']' {
			if first {
				p.fail("a class is empty")
			}
			p.pos++
			break
		}
		if r == '-' && !first && p.pos+1 < len(p.src) && p.src[p.pos+1] == '[' {
			p.pos += 2
			minus = p.class()
			if !p.take(']') {
				p.fail("nothing follows a subtracted class")
			}
			break
		}
		first = false
		p.classItem(&set)
	}
	if p.fold {
		set = set.folded()
	}
	set = set.normal()
	if negative {
		set = set.negated()
	}
	if minus != nil {
		set = set.minus(minus)
	}
	return set
}

// classItem reads a character, a range or an escape.
func (p *reParser) classItem(set *runeSet) {
	low, single := p.classChar(set)
	if !single {
		return
	}
	if p.peek() != '-' || p.pos+1 >= len(p.src) || p.src[p.pos+1] == ']' || p.src[p.pos+1] == '[' {
		*set = append(*set, runeRange{low, low})
		return
	}
	p.pos++
	high, single := p.classChar(set)
	if !single || high < low {
		p.fail("a range in a class is wrong")
	}
	*set = append(*set, runeRange{low, high})
}

func (p *reParser) classChar(set *runeSet) (r rune, single bool) {
	r = p.src[p.pos]
	p.pos++
	switch r {
	case '[':
		p.fail("[ in a class needs a backslash")
	case '\\':
		if p.peek() >= '0' && p.peek() <= '9' {
			p.fail("a class has no back-references")
		}
		s, one := p.escapedSet()
		if one {
			return s[0].lo, true
		}
		*set = append(*set, s...)
		return 0, false
	}
	return r, true
}
