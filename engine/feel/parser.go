package feel

import (
	"strings"
	"unicode/utf8"
)

// parser is a recursive descent parser. It fails by panicking with a
// *SyntaxError, which parse recovers.
type parser struct {
	src      string
	pos      int
	scope    nameSet // variables and functions
	members  nameSet // entries of contexts and types, known after a dot
	types    map[string]*Type
	depth    int
	maxDepth int
	filters  int  // inside how many filters
	ends     int  // inside how many ends of ranges, where "[" may close
	parsed   Node // an operand that was read already and now begins a larger one
}

func (p *parser) fail(offset int, msg string) {
	panic(&SyntaxError{posAt(p.src, offset), msg})
}

// posAt computes line and column of a byte offset.
func posAt(src string, offset int) Pos {
	offset = min(offset, len(src))
	before := src[:offset]
	line := strings.Count(before, "\n")
	last := strings.LastIndexByte(before, '\n') + 1
	return Pos{offset, line + 1, utf8.RuneCountInString(before[last:]) + 1}
}

func (p *parser) enter() {
	p.depth++
	if p.depth > p.maxDepth {
		p.fail(p.pos, "the expression nests too deep")
	}
}

func (p *parser) leave() { p.depth-- }

// parseAll parses the whole source.
func (p *parser) parseAll(unary bool) Node {
	var n Node
	if unary {
		n = p.unaryTests()
	} else {
		n = p.expression()
	}
	p.skip()
	if p.pos < len(p.src) {
		p.fail(p.pos, "unexpected "+p.found())
	}
	return n
}

// unaryTests is rule 17: -, not(tests) or tests.
func (p *parser) unaryTests() Node {
	p.skip()
	n := &UnaryTests{at: at(p.pos)}
	if p.pos >= len(p.src) {
		p.fail(p.pos, "expected a test, found the end")
	}
	if p.src[p.pos] == '-' && p.skipFrom(p.pos+1) == len(p.src) {
		p.pos = len(p.src)
		return n
	}
	if start := p.pos; p.word("not") && p.take("(") {
		n.Tests = p.tests(")")
		p.expect(")", "after the tests")
		p.skip()
		if p.pos == len(p.src) {
			n.Not = true
			return n
		}
		p.pos = start // not(…) was the start of an expression
		n.Tests = nil
	} else {
		p.pos = start
	}
	n.Tests = p.tests("")
	return n
}

func (p *parser) tests(end string) []Node {
	tests := []Node{p.test()}
	for p.take(",") {
		tests = append(tests, p.test())
	}
	return tests
}

// test is one positive unary test.
func (p *parser) test() Node {
	if op := p.comparisonOp(); op != "" {
		start := p.pos - len(op)
		return &Comparison{at(start), op, p.additive()}
	}
	return p.expression()
}

func (p *parser) comparisonOp() string {
	for _, op := range [...]string{"<=", ">=", "!=", "<", ">", "="} {
		if p.take(op) {
			return op
		}
	}
	return ""
}

func (p *parser) expression() Node {
	p.enter()
	defer p.leave()
	start := p.skipTo()
	switch w := p.wordAt(start); w {
	case "if", "for", "some", "every", "function":
		if name, _ := p.longestName(start, w); name != "" {
			break
		}
		p.pos += len(w)
		switch w {
		case "if":
			return p.ifThenElse(start)
		case "for":
			return p.forReturn(start)
		case "function":
			return p.functionLiteral(start)
		}
		return p.quantified(start, w == "every")
	}
	return p.disjunction()
}

func (p *parser) skipTo() int {
	p.skip()
	return p.pos
}

func (p *parser) keyword(w, where string) {
	if !p.word(w) {
		p.fail(p.pos, "expected \""+w+"\" "+where+", found "+p.found())
	}
}

func (p *parser) ifThenElse(start int) Node {
	n := &If{at: at(start)}
	n.Cond = p.inner()
	p.keyword("then", "after the condition")
	n.Then = p.inner()
	p.keyword("else", "after the value of \"then\"")
	n.Else = p.expression()
	return n
}

// inner parses an expression that does not stand at the end of a range.
func (p *parser) inner() Node {
	ends := p.ends
	p.ends = 0
	n := p.expression()
	p.ends = ends
	return n
}

func (p *parser) forReturn(start int) Node {
	n := &For{at: at(start)}
	n.Iterators = p.iterators()
	p.keyword("return", "after the iterators")
	p.scope.add("partial")
	n.Body = p.expression()
	p.scope.remove("partial")
	p.forget(n.Iterators)
	return n
}

func (p *parser) quantified(start int, every bool) Node {
	n := &Quantified{at: at(start), Every: every}
	n.Iterators = p.iterators()
	p.keyword("satisfies", "after the iterators")
	n.Body = p.expression()
	p.forget(n.Iterators)
	return n
}

// iterators parses "x in list, y in 1..3"; each variable is known in the
// iterators after it.
func (p *parser) iterators() []Iterator {
	var list []Iterator
	for {
		name := p.newName("in")
		p.keyword("in", "after the variable")
		it := Iterator{Name: name}
		it.List = p.inner()
		if p.take("..") {
			it.End = p.inner()
		}
		p.scope.add(name)
		list = append(list, it)
		if !p.take(",") {
			return list
		}
	}
}

func (p *parser) forget(its []Iterator) {
	for _, it := range its {
		p.scope.remove(it.Name)
	}
}

func (p *parser) functionLiteral(start int) Node {
	n := &FunctionLiteral{at: at(start)}
	p.expect("(", "after \"function\"")
	for !p.take(")") {
		if len(n.Params) > 0 {
			p.expect(",", "between parameters")
		}
		param := Param{Name: p.newName("")}
		if p.take(":") {
			param.Type = p.typeRef()
		}
		n.Params = append(n.Params, param)
	}
	if p.take(":") { // the type of the result, as some tools write it
		p.typeRef()
	}
	if p.word("external") {
		n.External = true
	}
	for _, param := range n.Params {
		p.scope.add(param.Name)
	}
	n.Body = p.expression()
	for _, param := range n.Params {
		p.scope.remove(param.Name)
	}
	return n
}

func (p *parser) disjunction() Node {
	x := p.conjunction()
	for {
		start := p.skipTo()
		if !p.word("or") {
			return x
		}
		x = &Binary{at(start), "or", x, p.conjunction()}
	}
}

func (p *parser) conjunction() Node {
	x := p.comparison()
	for {
		start := p.skipTo()
		if !p.word("and") {
			return x
		}
		x = &Binary{at(start), "and", x, p.comparison()}
	}
}

func (p *parser) comparison() Node {
	x := p.additive()
	for {
		start := p.skipTo()
		if op := p.comparisonOp(); op != "" {
			x = &Binary{at(start), op, x, p.additive()}
			continue
		}
		switch p.peekWord() {
		case "between":
			p.pos += len("between")
			n := &Between{at: at(start), X: x, Low: p.additive()}
			p.keyword("and", "between the ends of \"between\"")
			n.High = p.additive()
			x = n
		case "in":
			p.pos += len("in")
			x = &In{at(start), x, p.inTests()}
		default:
			return x
		}
	}
}

// inTests parses what follows "in": one test, or tests in parentheses.
func (p *parser) inTests() []Node {
	if op := p.comparisonOp(); op != "" {
		return []Node{&Comparison{at(p.pos - len(op)), op, p.additive()}}
	}
	start := p.skipTo()
	if !p.take("(") {
		return []Node{p.additive()}
	}
	p.enter()
	defer p.leave()
	ends := p.ends
	p.ends = 0
	tests := []Node{p.test()}
	if _, isTest := tests[0].(*Comparison); !isTest && p.peek("..") {
		p.ends = ends
		p.parsed = p.rangeRest(start, tests[0], false)
		return []Node{p.additive()}
	}
	for p.take(",") {
		tests = append(tests, p.test())
	}
	p.expect(")", "after the tests")
	p.ends = ends
	if len(tests) == 1 { // perhaps the parenthesis was only the start: x in (a + b) * c
		if _, isTest := tests[0].(*Comparison); !isTest || p.peek(".") || p.peek("[") {
			p.parsed = tests[0]
			return []Node{p.additive()}
		}
	}
	return tests
}

func (p *parser) additive() Node {
	x := p.multiplicative()
	for {
		start := p.skipTo()
		switch {
		case p.take("+"):
			x = &Binary{at(start), "+", x, p.multiplicative()}
		case p.take("-"):
			x = &Binary{at(start), "-", x, p.multiplicative()}
		default:
			return x
		}
	}
}

func (p *parser) multiplicative() Node {
	x := p.power()
	for {
		start := p.skipTo()
		switch {
		case p.peek("**"):
			return x
		case p.take("*"):
			x = &Binary{at(start), "*", x, p.power()}
		case p.take("/"):
			x = &Binary{at(start), "/", x, p.power()}
		default:
			return x
		}
	}
}

func (p *parser) power() Node {
	x := p.negation()
	for {
		start := p.skipTo()
		if !p.take("**") {
			return x
		}
		x = &Binary{at(start), "**", x, p.negation()}
	}
}

func (p *parser) negation() Node {
	p.enter()
	defer p.leave()
	start := p.skipTo()
	var x Node
	if p.parsed == nil && p.take("-") {
		x = &Negation{at(start), p.negation()}
	} else {
		x = p.postfix()
	}
	for {
		start := p.skipTo()
		if p.peekWord() != "instance" {
			return x
		}
		p.pos += len("instance")
		p.keyword("of", "after \"instance\"")
		x = &InstanceOf{at(start), x, p.typeRef()}
	}
}

// postfix parses paths, filters and invocations.
func (p *parser) postfix() Node {
	x := p.primary()
	for {
		start := p.skipTo()
		switch {
		case p.peek("..") || p.pos >= len(p.src):
			return x
		case p.take("."):
			x = &Path{at(start), x, p.memberName()}
		case p.peek("["):
			if p.ends > 0 && p.closes(p.pos+1) {
				return x
			}
			p.pos++
			ends := p.ends
			p.ends = 0
			p.filters++
			p.scope.add("item")
			cond := p.expression()
			p.scope.remove("item")
			p.filters--
			p.ends = ends
			p.expect("]", "after the filter")
			x = &Filter{at(start), x, cond}
		case p.peek("("):
			p.pos++
			x = p.invocation(start, x)
		default:
			return x
		}
	}
}

// closes reports whether a "[" before offset i ends a range: nothing that could
// start a filter follows.
func (p *parser) closes(i int) bool {
	i = p.skipFrom(i)
	if i >= len(p.src) {
		return true
	}
	if strings.IndexByte("),]}=<>!*+/.", p.src[i]) >= 0 {
		return true
	}
	return infixWords[p.wordAt(i)]
}

func (p *parser) invocation(start int, fn Node) Node {
	n := &Invocation{at: at(start), Fn: fn}
	ends := p.ends
	p.ends = 0
	defer func() { p.ends = ends }()
	if p.take(")") {
		return n
	}
	q := p.skipTo()
	named := p.argumentName() != ""
	p.pos = q
	for {
		if named {
			name := p.argumentName()
			if name == "" {
				p.fail(p.skipTo(), "expected a named argument, as the ones before")
			}
			p.expect(":", "after the argument's name")
			n.Names = append(n.Names, name)
		}
		n.Args = append(n.Args, p.expression())
		if p.take(")") {
			return n
		}
		p.expect(",", "between arguments")
	}
}
