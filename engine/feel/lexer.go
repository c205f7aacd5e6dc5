package feel

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// The parser reads its source without a separate pass of tokens: what a name
// is depends on the names in scope.

// nameStart is rule 28 of FEEL's grammar (DMN 1.5, 10.3.1.2).
func nameStart(r rune) bool {
	if r < 0x80 {
		return r == '_' || r == '?' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z'
	}
	return r >= 0xC0 && r != 0xD7 && r != 0xF7 && r != utf8.RuneError && !unicode.IsSpace(r) &&
		(r <= 0x2FF || r >= 0x370 && r <= 0x1FFF && r != 0x37E || r >= 0x200C && r <= 0x200D || r >= 0x2070 && r <= 0x218F ||
			r >= 0x2C00 && r <= 0x2FEF || r >= 0x3001 && r <= 0xD7FF || r >= 0xF900 && r <= 0xFFFD || r >= 0x10000 && r <= 0xEFFFF)
}

// namePart is rule 29.
func namePart(r rune) bool {
	return nameStart(r) || r >= '0' && r <= '9' || r == 0xB7 || r >= 0x300 && r <= 0x36F || r == 0x203F || r == 0x2040
}

// additionalSymbol is rule 30: these may stand inside a name in scope.
func additionalSymbol(r rune) bool { return strings.ContainsRune("./-'+*’", r) }

func isSpace(r rune) bool {
	switch r {
	case ' ', '\t', '\n', '\r', '\v', '\f', 0x85, 0xA0, 0x1680, 0x180E, 0x2028, 0x2029, 0x202F, 0x205F, 0x3000, 0xFEFF:
		return true
	}
	return r >= 0x2000 && r <= 0x200B
}

// keywords cannot be names unless a name in scope contains them.
var keywords = map[string]bool{
	"and": true, "or": true, "in": true, "between": true, "instance": true, "then": true, "else": true, "return": true,
	"satisfies": true, "if": true, "for": true, "some": true, "every": true, "true": true, "false": true, "null": true,
	"function": true, "external": true,
}

// infixWords may follow an expression; all other words after a name belong to
// it.
var infixWords = map[string]bool{
	"and": true, "or": true, "in": true, "between": true, "instance": true, "then": true, "else": true, "return": true,
	"satisfies": true, "external": true,
}

// rune returns the rune at offset i, or -1 at the end.
func (p *parser) runeAt(i int) (rune, int) {
	if i >= len(p.src) {
		return -1, 0
	}
	if c := p.src[i]; c < utf8.RuneSelf {
		return rune(c), 1
	}
	return utf8.DecodeRuneInString(p.src[i:])
}

// skip moves over space and comments.
func (p *parser) skip() { p.pos = p.skipFrom(p.pos) }

func (p *parser) skipFrom(i int) int {
	for i < len(p.src) {
		r, n := p.runeAt(i)
		switch {
		case isSpace(r):
			i += n
		case r == '/' && strings.HasPrefix(p.src[i:], "//"):
			end := strings.IndexByte(p.src[i:], '\n')
			if end < 0 {
				return len(p.src)
			}
			i += end + 1
		case r == '/' && strings.HasPrefix(p.src[i:], "/*"):
			end := strings.Index(p.src[i+2:], "*/")
			if end < 0 {
				p.fail(i, "this comment has no end")
			}
			i += end + 4
		default:
			return i
		}
	}
	return i
}

// wordAt returns the word (rule 27, without spaces and symbols) at offset i.
func (p *parser) wordAt(i int) string {
	r, n := p.runeAt(i)
	if !nameStart(r) {
		return ""
	}
	j := i + n
	if r == '?' {
		return p.src[i:j]
	}
	for j < len(p.src) {
		r, n = p.runeAt(j)
		if !namePart(r) || r == '?' {
			break
		}
		j += n
	}
	return p.src[i:j]
}

// peekWord returns the next word without taking it.
func (p *parser) peekWord() string {
	p.skip()
	return p.wordAt(p.pos)
}

// word takes the next word when it is w and no longer name in scope starts here.
func (p *parser) word(w string) bool {
	if p.peekWord() != w {
		return false
	}
	p.pos += len(w)
	return true
}

// peek reports whether s comes next.
func (p *parser) peek(s string) bool {
	p.skip()
	return strings.HasPrefix(p.src[p.pos:], s)
}

// take takes s when it comes next.
func (p *parser) take(s string) bool {
	if !p.peek(s) {
		return false
	}
	p.pos += len(s)
	return true
}

// expect takes s or fails.
func (p *parser) expect(s, where string) {
	if !p.take(s) {
		p.fail(p.pos, "expected \""+s+"\" "+where+", found "+p.found())
	}
}

// found describes what comes next, for messages.
func (p *parser) found() string {
	p.skip()
	if p.pos >= len(p.src) {
		return "the end"
	}
	if w := p.wordAt(p.pos); w != "" {
		return "\"" + w + "\""
	}
	r, _ := p.runeAt(p.pos)
	return "\"" + string(r) + "\""
}

// nameSet holds names in scope by their first word. A name is kept as its words
// and symbols.
type nameSet map[string][]knownName

type knownName struct {
	text  string // normalised: as declared, spaces made single
	parts []string
	depth int // how many times it is declared
}

// splitName cuts a name into words and single symbols.
func splitName(name string) []string {
	var parts []string
	start := -1
	for i, r := range name {
		if isSpace(r) || !namePart(r) {
			if start >= 0 {
				parts = append(parts, name[start:i])
				start = -1
			}
			if !isSpace(r) {
				parts = append(parts, string(r))
			}
		} else if start < 0 {
			start = i
		}
	}
	if start >= 0 {
		parts = append(parts, name[start:])
	}
	return parts
}

// normal returns a name with each run of spaces made one.
func normal(name string) string { return strings.Join(strings.FieldsFunc(name, isSpace), " ") }

func (s nameSet) add(name string) {
	parts := splitName(name)
	if len(parts) == 0 {
		return
	}
	list := s[parts[0]]
	text := normal(name)
	for i := range list {
		if list[i].text == text {
			list[i].depth++
			return
		}
	}
	s[parts[0]] = append(list, knownName{text, parts, 1})
}

func (s nameSet) remove(name string) {
	parts := splitName(name)
	if len(parts) == 0 {
		return
	}
	list := s[parts[0]]
	text := normal(name)
	for i := range list {
		if list[i].text == text {
			list[i].depth--
			return
		}
	}
}

func (s nameSet) has(name string) bool {
	parts := splitName(name)
	if len(parts) == 0 {
		return false
	}
	for _, k := range s[parts[0]] {
		if k.depth > 0 && k.text == name {
			return true
		}
	}
	return false
}

// longest finds the longest name of the sets at offset i, and where it ends.
func (p *parser) longest(i int, word string, sets ...nameSet) (name string, end int) {
	for _, s := range sets {
		for _, k := range s[word] {
			if k.depth <= 0 {
				continue
			}
			if e := p.matchName(k.parts, i); e > end {
				name, end = k.text, e
			}
		}
	}
	return name, end
}

// longestName is the longest variable or function at offset i.
func (p *parser) longestName(i int, word string) (name string, end int) {
	return p.longest(i, word, p.scope, builtinNames)
}

// matchName returns where the parts of a name end when they stand at i, or 0.
func (p *parser) matchName(parts []string, i int) int {
	for k, part := range parts {
		if k > 0 {
			i = p.skipSpaces(i)
		}
		r, n := p.runeAt(i)
		switch {
		case nameStart(r):
			if p.wordAt(i) != part {
				return 0
			}
			i += len(part)
		case r < 0:
			return 0
		case r >= '0' && r <= '9': // a part of digits after a symbol or space
			j := i
			for j < len(p.src) {
				r, n = p.runeAt(j)
				if !namePart(r) {
					break
				}
				j += n
			}
			if p.src[i:j] != part {
				return 0
			}
			i = j
		default:
			if string(r) != part {
				return 0
			}
			i += n
		}
	}
	return i
}

func (p *parser) skipSpaces(i int) int {
	for {
		r, n := p.runeAt(i)
		if !isSpace(r) {
			return i
		}
		i += n
	}
}
