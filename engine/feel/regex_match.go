package feel

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// reNode is a node of a pattern. size estimates its states. emit writes it for
// Go's regexp; match runs it
// by backtracking: it calls next with each position where the node can end,
// until next is true.
type reNode interface {
	size() int
	emit(b *strings.Builder)
	match(m *matcher, i int, next func(i int) bool) bool
}

type (
	reSeq    []reNode
	reAlt    []reNode
	reClass  struct{ set runeSet }
	reAnchor struct{ end, multi bool }
	reGroup  struct {
		n     reNode
		index int // 0: captures nothing
	}
	reRepeat struct {
		n        reNode
		min, max int // max -1: any number
		lazy     bool
	}
	reBackref struct {
		group int
		fold  bool
	}
)

type matcher struct {
	s      string
	caps   []int
	budget int
}

// find returns the first match from offset from on, or nil.
func (m *matcher) find(p *pattern, from int) []int {
	for i := from; i <= len(m.s); {
		m.caps = make([]int, 2*p.groups+2)
		for k := range m.caps {
			m.caps[k] = -1
		}
		end := -1
		if p.tree.match(m, i, func(j int) bool { end = j; return true }) {
			m.caps[0], m.caps[1] = i, end
			return m.caps
		}
		if m.budget <= 0 {
			return nil
		}
		_, n := utf8.DecodeRuneInString(m.s[i:])
		i += max(n, 1)
	}
	return nil
}

func (n reSeq) emit(b *strings.Builder) {
	for _, x := range n {
		x.emit(b)
	}
}

func (n reSeq) match(m *matcher, i int, next func(int) bool) bool {
	if len(n) == 0 {
		return next(i)
	}
	return n[0].match(m, i, func(j int) bool { return n[1:].match(m, j, next) })
}

func (n reAlt) emit(b *strings.Builder) {
	b.WriteString("(?:")
	for i, x := range n {
		if i > 0 {
			b.WriteByte('|')
		}
		x.emit(b)
	}
	b.WriteByte(')')
}

func (n reAlt) match(m *matcher, i int, next func(int) bool) bool {
	for _, x := range n {
		if x.match(m, i, next) {
			return true
		}
	}
	return false
}

func (n reClass) emit(b *strings.Builder) {
	if len(n.set) == 0 {
		b.WriteString(`[^\x{0}-\x{10FFFF}]`)
		return
	}
	b.WriteByte('[')
	for _, r := range n.set {
		fmt.Fprintf(b, `\x{%X}-\x{%X}`, r.lo, r.hi)
	}
	b.WriteByte(']')
}

func (n reClass) match(m *matcher, i int, next func(int) bool) bool {
	m.budget--
	if m.budget <= 0 || i >= len(m.s) {
		return false
	}
	r, size := utf8.DecodeRuneInString(m.s[i:])
	return n.set.has(r) && next(i+size)
}

func (n reAnchor) emit(b *strings.Builder) {
	switch {
	case n.multi && n.end:
		b.WriteString(`(?m:$)`)
	case n.multi:
		b.WriteString(`(?m:^)`)
	case n.end:
		b.WriteString(`\z`)
	default:
		b.WriteString(`\A`)
	}
}

func (n reAnchor) match(m *matcher, i int, next func(int) bool) bool {
	ok := i == 0 || n.multi && m.s[i-1] == '\n'
	if n.end {
		ok = i == len(m.s) || n.multi && m.s[i] == '\n'
	}
	return ok && next(i)
}

func (n *reGroup) emit(b *strings.Builder) {
	if n.index == 0 {
		b.WriteString("(?:")
	} else {
		b.WriteByte('(')
	}
	n.n.emit(b)
	b.WriteByte(')')
}

func (n *reGroup) match(m *matcher, i int, next func(int) bool) bool {
	if n.index == 0 {
		return n.n.match(m, i, next)
	}
	old0, old1 := m.caps[2*n.index], m.caps[2*n.index+1]
	if n.n.match(m, i, func(j int) bool {
		before0, before1 := m.caps[2*n.index], m.caps[2*n.index+1]
		m.caps[2*n.index], m.caps[2*n.index+1] = i, j
		if next(j) {
			return true
		}
		m.caps[2*n.index], m.caps[2*n.index+1] = before0, before1
		return false
	}) {
		return true
	}
	m.caps[2*n.index], m.caps[2*n.index+1] = old0, old1
	return false
}

func (n *reRepeat) emit(b *strings.Builder) {
	b.WriteString("(?:")
	n.n.emit(b)
	b.WriteByte(')')
	switch {
	case n.max < 0:
		fmt.Fprintf(b, "{%d,}", n.min)
	default:
		fmt.Fprintf(b, "{%d,%d}", n.min, n.max)
	}
	if n.lazy {
		b.WriteByte('?')
	}
}

func (n *reRepeat) match(m *matcher, i int, next func(int) bool) bool { return n.from(m, i, 0, next) }

// from matches the rest of the repetition after count rounds.
func (n *reRepeat) from(m *matcher, i, count int, next func(int) bool) bool {
	m.budget--
	if m.budget <= 0 {
		return false
	}
	if count >= n.min && n.lazy && next(i) {
		return true
	}
	if n.max < 0 || count < n.max {
		if n.n.match(m, i, func(j int) bool {
			if j == i && count >= n.min {
				return false // an empty round brings nothing
			}
			return n.from(m, j, count+1, next)
		}) {
			return true
		}
	}
	return count >= n.min && !n.lazy && next(i)
}

func (n reBackref) emit(*strings.Builder) { panic("feel: a back-reference has no linear form") }

func (n reBackref) match(m *matcher, i int, next func(int) bool) bool {
	m.budget--
	start, end := m.caps[2*n.group], m.caps[2*n.group+1]
	if m.budget <= 0 {
		return false
	}
	if start < 0 { // a group that did not take part matches nothing, like ""
		return next(i)
	}
	want := m.s[start:end]
	if !n.fold {
		return strings.HasPrefix(m.s[i:], want) && next(i+len(want))
	}
	j := i
	for _, r := range want {
		if j >= len(m.s) {
			return false
		}
		got, size := utf8.DecodeRuneInString(m.s[j:])
		if unicode.SimpleFold(r) != r && strings.EqualFold(string(r), string(got)) || r == got {
			j += size
			continue
		}
		return false
	}
	return next(j)
}

func (n reSeq) size() int {
	total := 1
	for _, x := range n {
		total += x.size()
	}
	return min(total, maxRegexSize+1)
}

func (n reAlt) size() int    { return reSeq(n).size() }
func (n reClass) size() int  { return 1 + len(n.set) }
func (reAnchor) size() int   { return 1 }
func (n *reGroup) size() int { return 1 + n.n.size() }
func (reBackref) size() int  { return 1 }
func (n *reRepeat) size() int {
	return min(n.n.size()*max(n.min, n.max, 1), maxRegexSize+1)
}
