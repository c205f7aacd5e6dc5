package feel

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"sync"
)

// Patterns are the regular expressions of XPath and XQuery (DMN 1.5, 10.3.4.3;
// XPath functions 3.1, 5.6): those of XML Schema with anchors, lazy quantifiers,
// groups and back-references. A pattern without back-references runs on Go's
// regexp in linear time; one with them on a backtracking matcher with a budget.

// pattern is a compiled regular expression, safe for concurrent use.
type pattern struct {
	linear *regexp.Regexp // nil: tree is matched by backtracking
	tree   reNode
	groups int
	size   int // about the number of its states
}

var regexCache = struct {
	sync.Mutex
	m map[string]*pattern
}{m: map[string]*pattern{}}

const (
	maxPattern   = 4096 // bytes
	regexCached  = 256  // patterns
	regexBudget  = 200_000
	maxRepeat    = 1000
	maxRegexNest = 100
	maxRegexSize = 100_000
)

// regex compiles a pattern with XPath's flags s, m, i, x and q. fresh tells that
// it was not kept from an earlier time.
func regex(src, flags string) (p *pattern, fresh bool, err error) {
	key := flags + "/" + src
	regexCache.Lock()
	p = regexCache.m[key]
	regexCache.Unlock()
	if p != nil {
		return p, false, nil
	}
	if p, err = compileRegex(src, flags); err != nil {
		return nil, true, err
	}
	if p.size > maxRegexSize/10 {
		return p, true, nil // not worth the memory
	}
	regexCache.Lock()
	if len(regexCache.m) >= regexCached {
		clear(regexCache.m)
	}
	regexCache.m[key] = p
	regexCache.Unlock()
	return p, true, nil
}

func compileRegex(src, flags string) (*pattern, error) {
	if len(src) > maxPattern {
		return nil, errors.New("the pattern is too long")
	}
	p := &reParser{src: []rune(src)}
	for _, f := range flags {
		switch f {
		case 's':
			p.dotAll = true
		case 'm':
			p.multi = true
		case 'i':
			p.fold = true
		case 'x':
			p.free = true
		case 'q':
			p.quoted = true
		default:
			return nil, fmt.Errorf("there is no flag %q", f)
		}
	}
	tree, err := p.parse()
	if err != nil {
		return nil, err
	}
	out := &pattern{tree: tree, groups: p.groups}
	if p.backrefs {
		return out, nil
	}
	if out.size = tree.size(); out.size > maxRegexSize {
		return nil, errors.New("the pattern is too large")
	}
	var b strings.Builder
	tree.emit(&b)
	if out.linear, err = regexp.Compile(b.String()); err != nil {
		return nil, errors.New("the pattern is too large")
	}
	return out, nil
}

// all returns at most n matches (all when n is negative) as regexp's
// FindAllStringSubmatchIndex does, and the rounds it needed where it had to go
// back and forth.
func (p *pattern) all(s string, n int) (matches [][]int, used int, err error) {
	if p.linear != nil {
		return p.linear.FindAllStringSubmatchIndex(s, n), 0, nil
	}
	m := &matcher{s: s, budget: regexBudget}
	var out [][]int
	for from := 0; from <= len(s) && (n < 0 || len(out) < n); {
		loc := m.find(p, from)
		if m.budget <= 0 {
			return nil, regexBudget, errors.New("matching the pattern takes too long")
		}
		if loc == nil {
			break
		}
		out = append(out, loc)
		if from = loc[1]; loc[1] == loc[0] {
			from++
		}
	}
	return out, regexBudget - m.budget, nil
}

// part is a piece of a replacement: text, then the text of a group (or -1).
type part struct {
	text  string
	group int
}

// template reads a replacement string: $N is a group, \$ and \\ are themselves.
func (p *pattern) template(s string, literal bool) ([]part, error) {
	if literal {
		return []part{{s, -1}}, nil
	}
	var out []part
	var text strings.Builder
	for i := 0; i < len(s); i++ {
		switch c := s[i]; c {
		case '\\':
			if i+1 >= len(s) || s[i+1] != '\\' && s[i+1] != '$' {
				return nil, errors.New("in a replacement, a backslash stands before $ or another backslash")
			}
			i++
			text.WriteByte(s[i])
		case '$':
			j := i + 1
			if j >= len(s) || s[j] < '0' || s[j] > '9' {
				return nil, errors.New("in a replacement, a number follows $")
			}
			g := int(s[j] - '0')
			for j++; j < len(s) && s[j] >= '0' && s[j] <= '9' && g*10+int(s[j]-'0') <= p.groups; j++ {
				g = g*10 + int(s[j]-'0')
			}
			if g > p.groups {
				g = -1 // a group that does not exist is empty
			}
			out = append(out, part{text.String(), g})
			text.Reset()
			i = j - 1
		default:
			text.WriteByte(c)
		}
	}
	return append(out, part{text.String(), -1}), nil
}
