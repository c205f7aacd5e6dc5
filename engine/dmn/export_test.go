package dmn

import (
	"fmt"

	"passerelle/engine/feel"
	"passerelle/engine/internal/reference"
)

// Compared counts what SetAgainstReference compared.
type Compared struct {
	Expressions, Tables, Skipped int
	Differences                  []string
}

// SetAgainstReference makes a model evaluate every expression and table with the
// reference too, and note where the two differ. It changes the model: nothing
// else may use it.
func SetAgainstReference(m *Model, c *Compared) {
	for _, u := range m.units {
		for _, n := range u.nodes {
			switch n := n.(type) {
			case *decisionNode:
				n.logic = c.wrap(n.logic)
			case *knowledgeNode:
				if n.fn != nil {
					n.fn.body = c.wrap(n.fn.body)
				}
			}
		}
	}
}

func (c *Compared) wrap(b boxed) boxed {
	switch b := b.(type) {
	case *literalBox:
		return &comparingBox{b, c}
	case *tableBox:
		return &comparingBox{b, c}
	case *typedBox:
		b.inner = c.wrap(b.inner)
	case *contextBox:
		for i := range b.entries {
			b.entries[i].value = c.wrap(b.entries[i].value)
		}
		if b.result != nil {
			b.result = c.wrap(b.result)
		}
	case *listBox:
		for i := range b.items {
			b.items[i] = c.wrap(b.items[i])
		}
	case *relationBox:
		for _, row := range b.rows {
			for i := range row {
				row[i] = c.wrap(row[i])
			}
		}
	case *conditionalBox:
		b.cond, b.then, b.otherwise = c.wrap(b.cond), c.wrap(b.then), c.wrap(b.otherwise)
	case *filterBox:
		b.in, b.match = c.wrap(b.in), c.wrap(b.match)
	case *loopBox:
		b.in, b.each = c.wrap(b.in), c.wrap(b.each)
	case *boxedFunction:
		if b.body != nil {
			b.body = c.wrap(b.body)
		}
	case *invocationBox:
		b.callee = c.wrap(b.callee)
		for i := range b.args {
			b.args[i] = c.wrap(b.args[i])
		}
	}
	return b
}

// comparingBox evaluates a literal or a table in both ways.
type comparingBox struct {
	boxed
	c *Compared
}

func (b *comparingBox) eval(r *run, s *feel.Scope, t *Logic) feel.Value {
	got := b.boxed.eval(r, s, t)
	p := &plain{}
	var want feel.Value
	text := ""
	switch x := b.boxed.(type) {
	case *literalBox:
		if x.expr == nil {
			return got
		}
		want, text = p.literal(x, s), x.expr.Source()
		b.c.Expressions++
	case *tableBox:
		want, _ = p.table(x, s)
		text = "the table of " + x.place.element
		b.c.Tables++
	}
	switch {
	case p.skip != "":
		b.c.Skipped++
	case !reference.Agree(got, want):
		b.c.Differences = append(b.c.Differences, fmt.Sprintf("%s: compiled %s, reference %s", text, got, want))
	}
	return got
}
