package bpmn

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"passerelle/engine/feel"
)

// undoing draws processes that compensate, in which every element is passed at most
// once, and remembers what stands where: so that what must be undone, and in which
// order, can be said without the engine.
type undoing struct {
	gen
	in   map[string]string   // element → subprocess around it, "" for the process
	subs map[string][]string // subprocess → elements in it that leave something to undo
}

// piece writes a block in a scope and returns where it begins and ends.
func (g *undoing) piece(scope string, depth int) (first, last string) {
	kinds := []string{"task", "task", "undo"}
	if depth > 0 {
		kinds = append(kinds, "seq", "seq", "seq", "and", "xor", "sub", "sub")
	}
	switch k := g.pick("piece", kinds...); k {
	case "task":
		id := g.id("t")
		fmt.Fprintf(&g.b, "<userTask id=%q/>\n", id)
		g.undoable(scope, id)
		return id, id
	case "undo": // a task before it tells when it is thrown
		before, id := g.id("before"), g.id("u")
		g.in[before] = scope
		fmt.Fprintf(&g.b, "<userTask id=%q/>\n<intermediateThrowEvent id=%q><compensateEventDefinition/></intermediateThrowEvent>\n", before, id)
		g.flow(before, id, "")
		return before, id
	case "seq":
		a, b := g.piece(scope, depth-1)
		c, d := g.piece(scope, depth-1)
		g.flow(b, c, "")
		return a, d
	case "and", "xor":
		tag := map[string]string{"and": "parallelGateway", "xor": "exclusiveGateway"}[k]
		split, join := g.id("g"), g.id("g")
		fork := ""
		for i := range 2 {
			a, b := g.piece(scope, depth-1)
			cond := ""
			if k == "xor" && i > 0 {
				cond = g.pick("condition", "true", "false")
			}
			if f := g.flow(split, a, cond); k == "xor" && i == 0 {
				fork = fmt.Sprintf(" default=%q", f)
			}
			g.flow(b, join, "")
		}
		fmt.Fprintf(&g.b, "<%[1]s id=%[2]q%[3]s/>\n<%[1]s id=%[4]q/>\n", tag, split, fork, join)
		return split, join
	default:
		id := g.id("sub")
		fmt.Fprintf(&g.b, "<subProcess id=%q>\n", id)
		start, end := g.id("s"), g.id("e")
		a, b := g.piece(id, depth-1)
		fmt.Fprintf(&g.b, "<startEvent id=%q/>\n<endEvent id=%q/>\n", start, end)
		g.flow(start, a, "")
		g.flow(b, end, "")
		g.b.WriteString("</subProcess>\n")
		g.undoable(scope, id)
		return id, id
	}
}

// undoable gives an element a handler or none.
func (g *undoing) undoable(scope, id string) {
	g.in[id] = scope
	g.subs[scope] = append(g.subs[scope], id)
	if g.pick("handler", "yes", "yes", "no") == "yes" {
		g.handler(id)
	} else {
		g.in["undo"+id] = "none"
	}
}

// book is what has been completed and not been undone: when, by element.
type book map[string]int

// plan is what one compensation has to undo: one handler at a time.
type plan struct {
	running string // the handler that runs, "" for none
	rest    []string
}

// take says what a compensation in a scope undoes, in order, and takes it out: the
// last completed first; a subprocess with a handler is undone by it, one without by
// what was completed in it.
func (g *undoing) take(done book, scope string) (handlers []string) {
	mine := slices.DeleteFunc(slices.Clone(g.subs[scope]), func(el string) bool { _, ok := done[el]; return !ok })
	slices.SortFunc(mine, func(a, b string) int { return done[b] - done[a] })
	for _, el := range mine {
		delete(done, el)
		inside := g.take(done, el)
		if g.in["undo"+el] == "none" {
			handlers = append(handlers, inside...)
		} else {
			handlers = append(handlers, "undo"+el)
		}
	}
	return handlers
}

// What was completed in a scope, and only that, is undone when its compensation is
// thrown: once, the last first; the process goes on when it is done, and ends.
func TestCompensationUndoesWhatWasCompletedOnceAndBackwards(t *testing.T) {
	undone := 0
	rapid.Check(t, func(t *rapid.T) {
		g := &undoing{gen: gen{t: t, sound: true}, in: map[string]string{}, subs: map[string][]string{}}
		g.b.WriteString(`<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:pg="https://passerelle.lu/bpmn"><process id="p">` + "\n")
		a, b := g.piece("", rapid.IntRange(3, 6).Draw(t, "depth"))
		g.in["before"] = ""
		g.b.WriteString(`<startEvent id="start"/><userTask id="before"/><endEvent id="end"><compensateEventDefinition/></endEvent>` + "\n")
		g.flow("start", a, "")
		g.flow(b, "before", "")
		g.flow("before", "end", "")
		g.b.WriteString("</process></definitions>")
		t.Log(g.b.String())
		d, err := Parse(strings.NewReader(g.b.String()))
		if err != nil {
			t.Fatal(err)
		}
		p, err := Compile(d, "p")
		if err != nil {
			t.Fatal(err)
		}

		s, _, err := p.Advance(State{}, Start(), feel.Context())
		if err != nil {
			t.Fatal(err)
		}
		done, ended := book{}, map[string]bool{}
		var plans []*plan
		began := map[string]*plan{} // by handler
		for now := 1; !s.Ended; now++ {
			ws := s.Waits()
			w := ws[rapid.IntRange(0, len(ws)-1).Draw(t, "next")]
			el := p.nodes[w.Element].x.attr("id")
			open := scopes(s, p)
			next, _, err := p.Advance(s, TaskCompleted(w.ID, feel.Null()), feel.Context())
			if err != nil {
				t.Fatal(err)
			}
			// What the model says.
			switch {
			case began[el] != nil:
				began[el].running = ""
			case strings.HasPrefix(el, "before"):
				plans = append(plans, &plan{rest: g.take(done, g.in[el])})
			default:
				done[el] = now * 100
			}
			// The inner subprocess ends before the outer one.
			for i, sub := range slices.Backward(open) {
				if !slices.Contains(scopes(next, p), sub) && !ended[sub] {
					ended[sub], done[sub] = true, now*100+len(open)-i
				}
			}
			// What the engine did.
			for _, w := range next.Waits() {
				h := p.nodes[w.Element].x.attr("id")
				if !strings.HasPrefix(h, "undo") || began[h] != nil && began[h].running == h {
					continue
				}
				i := slices.IndexFunc(plans, func(x *plan) bool { return x.running == "" && len(x.rest) > 0 && x.rest[0] == h })
				if i < 0 || began[h] != nil {
					t.Fatalf("%s begins (again: %v), and is not the next of a plan", h, began[h] != nil)
				}
				plans[i].running, plans[i].rest = h, plans[i].rest[1:]
				began[h] = plans[i]
				undone++
			}
			for _, x := range plans {
				if x.running == "" && len(x.rest) > 0 {
					t.Fatalf("nothing undoes %v", x.rest)
				}
			}
			s = next
		}
	})
	if undone == 0 {
		t.Error("nothing was undone")
	}
}

// scopes are the subprocesses that run, the outer ones first.
func scopes(s State, p *Process) (running []string) {
	for _, t := range s.Tokens {
		if n := p.nodes[t.El]; n.kind == kSub {
			running = append(running, n.x.attr("id"))
		}
	}
	return running
}
