package feel

import "strings"

// newName reads a name that is being declared: words, numbers and symbols up to
// a stop word or another sign.
func (p *parser) newName(stop string) string {
	start := p.skipTo()
	r, _ := p.runeAt(start)
	if !nameStart(r) {
		p.fail(start, "expected a name, found "+p.found())
	}
	end := start
	for i := start; i < len(p.src); {
		if w := p.wordAt(i); w != "" {
			if w == stop && i > start {
				break
			}
			i += len(w)
			end = i
			continue
		}
		r, n := p.runeAt(i)
		if isSpace(r) {
			i += n
			continue
		}
		if !additionalSymbol(r) && !namePart(r) || strings.HasPrefix(p.src[i:], "..") || strings.HasPrefix(p.src[i:], "//") || strings.HasPrefix(p.src[i:], "/*") {
			break
		}
		i += n
		end = i
	}
	p.pos = end
	return normal(p.src[start:end])
}

// argumentName reads "name :" when that comes next, and stops before the colon;
// otherwise it returns "" and takes nothing.
func (p *parser) argumentName() string {
	start := p.skipTo()
	r, _ := p.runeAt(start)
	if !nameStart(r) {
		return ""
	}
	for i := start; i < len(p.src); {
		r, n := p.runeAt(i)
		if r == ':' {
			p.pos = i
			return normal(p.src[start:i])
		}
		if !namePart(r) && !isSpace(r) && !additionalSymbol(r) {
			break
		}
		i += n
	}
	return ""
}

// memberName reads the name after a dot.
func (p *parser) memberName() string {
	start := p.skipTo()
	w := p.wordAt(start)
	if w == "" {
		p.fail(start, "expected a name after \".\", found "+p.found())
	}
	name, end := p.longest(start, w, p.members, propertyNames)
	if end == 0 {
		name, end = p.looseName(start, w)
	}
	p.pos = end
	return name
}

// looseName reads a name that is not known: its words go on as long as no word
// can be an operator.
func (p *parser) looseName(start int, w string) (name string, end int) {
	name, end = w, start+len(w)
	for {
		i := p.skipSpaces(end)
		next := p.wordAt(i)
		if i == end || next == "" || next == "?" || infixWords[next] {
			return name, end
		}
		name += " " + next
		end = i + len(next)
	}
}

// followed adds the words that follow a name: nothing else could be meant.
func (p *parser) followed(name string, end int) (string, int) {
	rest, e := p.looseName(end, "")
	return name + rest, e
}
