package bpmn

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"passerelle/engine/feel"

	"pgregory.net/rapid"
)

// gen draws a random process from blocks and loose ends.
type gen struct {
	t     *rapid.T
	n     int
	b     strings.Builder
	sound bool // only processes that are drawn well
}

func (g *gen) id(kind string) string { g.n++; return fmt.Sprintf("%s%d", kind, g.n) }

func (g *gen) flow(from, to, cond string) string {
	id := g.id("f")
	if cond == "" {
		fmt.Fprintf(&g.b, `<sequenceFlow id=%q sourceRef=%q targetRef=%q/>`+"\n", id, from, to)
	} else {
		fmt.Fprintf(&g.b, `<sequenceFlow id=%q sourceRef=%q targetRef=%q><conditionExpression>%s</conditionExpression></sequenceFlow>`+"\n", id, from, to, cond)
	}
	return id
}

func (g *gen) pick(label string, of ...string) string { return rapid.SampledFrom(of).Draw(g.t, label) }

// block writes a piece of process and returns where it begins and ends.
func (g *gen) block(depth int) (first, last string) {
	kinds := []string{"userTask", "serviceTask", "task", "businessRuleTask", "timer", "message", "multi", "signal", "conditional", "link", "undoable", "undo"}
	if depth > 0 {
		kinds = append(kinds, "seq", "seq", "and", "or", "xor", "sub", "loop", "events", "boundary", "or", "and")
	}
	switch k := g.pick("block", kinds...); k {
	case "userTask", "task":
		id := g.id("t")
		fmt.Fprintf(&g.b, "<%s id=%q/>\n", k, id)
		return id, id
	case "serviceTask":
		id := g.id("t")
		fmt.Fprintf(&g.b, "<serviceTask id=%q pg:topic=\"x\"/>\n", id)
		return id, id
	case "businessRuleTask":
		id := g.id("t")
		fmt.Fprintf(&g.b, "<businessRuleTask id=%q pg:decision=\"x\"/>\n", id)
		return id, id
	case "timer":
		id := g.id("c")
		fmt.Fprintf(&g.b, "<intermediateCatchEvent id=%q><timerEventDefinition><timeDuration>P1D</timeDuration></timerEventDefinition></intermediateCatchEvent>\n", id)
		return id, id
	case "message":
		id := g.id("c")
		fmt.Fprintf(&g.b, "<intermediateCatchEvent id=%q><messageEventDefinition messageRef=\"m\"/></intermediateCatchEvent>\n", id)
		return id, id
	case "signal":
		id := g.id("s")
		fmt.Fprintf(&g.b, "<intermediateThrowEvent id=%q><signalEventDefinition signalRef=\"sig\"/></intermediateThrowEvent>\n", id)
		return id, id
	case "conditional":
		id := g.id("c")
		fmt.Fprintf(&g.b, "<intermediateCatchEvent id=%q><conditionalEventDefinition><condition>x</condition></conditionalEventDefinition></intermediateCatchEvent>\n", id)
		return id, id
	case "link":
		out, in := g.id("l"), g.id("l")
		fmt.Fprintf(&g.b, "<intermediateThrowEvent id=%q><linkEventDefinition name=%q/></intermediateThrowEvent>\n<intermediateCatchEvent id=%q><linkEventDefinition name=%q/></intermediateCatchEvent>\n", out, out, in, out)
		return out, in
	case "undoable":
		id := g.id("t")
		fmt.Fprintf(&g.b, "<%[1]s id=%[2]q pg:topic=\"x\"/>\n", g.pick("undoable", "userTask", "serviceTask"), id)
		g.handler(id)
		return id, id
	case "undo":
		id := g.id("u")
		fmt.Fprintf(&g.b, "<intermediateThrowEvent id=%q><compensateEventDefinition/></intermediateThrowEvent>\n", id)
		return id, id
	case "multi":
		id := g.id("m")
		fmt.Fprintf(&g.b, "<userTask id=%q><multiInstanceLoopCharacteristics isSequential=%q><loopCardinality>%d</loopCardinality><completionCondition>x</completionCondition></multiInstanceLoopCharacteristics></userTask>\n",
			id, g.pick("sequential", "true", "false"), rapid.IntRange(0, 3).Draw(g.t, "instances"))
		return id, id
	case "seq":
		a, b := g.block(depth - 1)
		c, d := g.block(depth - 1)
		g.flow(b, c, "")
		return a, d
	case "and", "or", "xor":
		tag := map[string]string{"and": "parallelGateway", "or": "inclusiveGateway", "xor": "exclusiveGateway"}
		split, join := g.id("g"), g.id("g")
		// Now and then the join is of another kind than the fork: badly drawn, but
		// nothing may be lost.
		second := k
		if !g.sound {
			second = g.pick("join", k, k, k, k, "and", "or", "xor")
		}
		def := ""
		for i := range rapid.IntRange(2, 3).Draw(g.t, "branches") {
			a, b := g.block(depth - 1)
			cond := ""
			if k != "and" && i > 0 {
				cond = g.pick("condition", "x", "y", "true", "not(x)")
			}
			f := g.flow(split, a, cond)
			if i == 0 && k != "and" {
				def = fmt.Sprintf(" default=%q", f)
			}
			if !g.sound && g.pick("branch ends", "", "", "", "", "end") == "end" {
				end := g.id("e")
				fmt.Fprintf(&g.b, "<endEvent id=%q/>\n", end)
				g.flow(b, end, "")
				if i == 0 {
					g.flow(split, join, map[bool]string{true: "x", false: ""}[k != "and"])
				}
			} else {
				g.flow(b, join, "")
			}
		}
		fmt.Fprintf(&g.b, "<%s id=%q%s/>\n<%s id=%q/>\n", tag[k], split, def, tag[second], join)
		return split, join
	case "sub":
		id := g.id("sub")
		fmt.Fprintf(&g.b, "<subProcess id=%q>\n", id)
		g.scope(depth-1, g.pick("event subprocess", "", "true", "false"))
		g.b.WriteString("</subProcess>\n")
		if g.pick("undoable", "no", "no", "yes") == "yes" {
			g.handler(id)
		}
		if g.pick("caught", "no", "yes") == "yes" {
			g.boundary(id, "error", true)
		}
		return id, id
	case "loop":
		head, tail := g.id("g"), g.id("g")
		a, b := g.block(depth - 1)
		wait, exit := g.id("t"), g.id("x")
		f := g.flow(tail, exit, "")
		fmt.Fprintf(&g.b, "<exclusiveGateway id=%q/>\n<exclusiveGateway id=%q default=%q/>\n<userTask id=%q/>\n<task id=%q/>\n", head, tail, f, wait, exit)
		g.flow(head, a, "")
		g.flow(b, tail, "")
		g.flow(tail, wait, "y")
		g.flow(wait, head, "")
		return head, exit
	case "events":
		gate, join := g.id("g"), g.id("g")
		fmt.Fprintf(&g.b, "<eventBasedGateway id=%q/>\n<exclusiveGateway id=%q/>\n", gate, join)
		for _, def := range []string{`<timerEventDefinition><timeDuration>P1D</timeDuration></timerEventDefinition>`, `<messageEventDefinition messageRef="m"/>`, `<signalEventDefinition signalRef="sig"/>`} {
			id := g.id("c")
			fmt.Fprintf(&g.b, "<intermediateCatchEvent id=%q>%s</intermediateCatchEvent>\n", id, def)
			g.flow(gate, id, "")
			g.flow(id, join, "")
		}
		return gate, join
	default:
		id := g.id("t")
		fmt.Fprintf(&g.b, "<userTask id=%q/>\n", id)
		g.boundary(id, g.pick("boundary", "timer", "message", "signal", "error", "conditional", "escalation"), !g.sound && g.pick("interrupting", "true", "false") == "true")
		return id, id
	}
}

// handler gives an activity what undoes it.
func (g *gen) handler(host string) {
	event, handler := g.id("b"), "undo"+host
	fmt.Fprintf(&g.b, "<boundaryEvent id=%q attachedToRef=%q><compensateEventDefinition/></boundaryEvent>\n<userTask id=%q isForCompensation=\"true\"/>\n<association id=%q sourceRef=%q targetRef=%q/>\n",
		event, host, handler, g.id("a"), event, handler)
}

func (g *gen) boundary(host, kind string, interrupting bool) {
	id, end := g.id("b"), g.id("e")
	def := map[string]string{
		"timer":       `<timerEventDefinition><timeCycle>R2/P1D</timeCycle></timerEventDefinition>`,
		"message":     `<messageEventDefinition messageRef="m"/>`,
		"signal":      `<signalEventDefinition signalRef="sig"/>`,
		"error":       `<errorEventDefinition/>`,
		"escalation":  `<escalationEventDefinition/>`,
		"conditional": `<conditionalEventDefinition><condition>x</condition></conditionalEventDefinition>`,
	}[kind]
	fmt.Fprintf(&g.b, "<boundaryEvent id=%q attachedToRef=%q cancelActivity=\"%t\">%s</boundaryEvent>\n", id, host, interrupting || kind == "error", def)
	a, b := g.block(0)
	g.flow(id, a, "")
	how := ""
	if !g.sound {
		how = g.pick("end", "", "", "", `<terminateEventDefinition/>`, `<errorEventDefinition errorRef="err"/>`, `<escalationEventDefinition escalationRef="esc"/>`, `<compensateEventDefinition/>`)
	}
	fmt.Fprintf(&g.b, "<endEvent id=%q>%s</endEvent>\n", end, how)
	g.flow(b, end, "")
}

// scope writes what is in a process or subprocess; eventSub "true" or "false"
// adds an event subprocess that interrupts or not.
func (g *gen) scope(depth int, eventSub string) {
	start, end := g.id("s"), g.id("e")
	a, b := g.block(depth)
	fmt.Fprintf(&g.b, "<startEvent id=%q/>\n<endEvent id=%q/>\n", start, end)
	g.flow(start, a, "")
	g.flow(b, end, "")
	if eventSub == "" {
		return
	}
	s, t, e := g.id("s"), g.id("t"), g.id("e")
	fmt.Fprintf(&g.b, "<subProcess id=%q triggeredByEvent=\"true\">\n<startEvent id=%q isInterrupting=%q><messageEventDefinition messageRef=\"m\"/></startEvent>\n<userTask id=%q/>\n<endEvent id=%q/>\n", g.id("es"), s, eventSub, t, e)
	g.flow(s, t, "")
	g.flow(t, e, "")
	g.b.WriteString("</subProcess>\n")
}

func randomProcess(t *rapid.T, sound bool) *Process { return compiled(t, randomText(t, sound)) }

// randomText draws the file of a process.
func randomText(t *rapid.T, sound bool) string {
	g := &gen{t: t, sound: sound}
	g.b.WriteString(`<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:pg="https://passerelle.lu/bpmn">
<message id="m" name="m"/><signal id="sig" name="sig"/><error id="err" errorCode="err"/><escalation id="esc" escalationCode="esc"/>
<process id="p">
`)
	g.scope(rapid.IntRange(1, 4).Draw(t, "depth"), g.pick("event subprocess", "", "true", "false"))
	g.b.WriteString("</process>\n</definitions>\n")
	return g.b.String()
}

func compiled(t *rapid.T, text string) *Process {
	d, err := Parse(strings.NewReader(text))
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	p, err := Compile(d, "p")
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	t.Logf("%s", text)
	return p
}

// happening draws something that may happen, awaited or not.
func happening(t *rapid.T, s State) Event {
	ws := s.Waits()
	switch rapid.IntRange(0, 19).Draw(t, "event") {
	case 0:
		return MessageReceived("m", "")
	case 1:
		return SignalReceived("sig")
	case 2:
		ev := VariablesChanged()
		ev.Set = feel.Context(feel.Entry{Name: rapid.SampledFrom([]string{"x", "y"}).Draw(t, "name"), Value: feel.Bool(rapid.Bool().Draw(t, "value"))})
		return ev
	case 3:
		return TimerFired("nothing~1")
	}
	if len(ws) == 0 {
		return Start()
	}
	w := ws[rapid.IntRange(0, len(ws)-1).Draw(t, "wait")]
	switch w.Kind {
	case WaitUser, WaitService, WaitDecision:
		switch rapid.IntRange(0, 9).Draw(t, "answer") {
		case 0:
			return ErrorThrown(w.ID, "err", "")
		case 1:
			return TaskFailed(w.ID, "down")
		case 2:
			return Escalated(w.ID, "esc")
		}
		return TaskCompleted(w.ID, feel.Bool(true))
	case WaitIncident:
		return Resume(w.ID)
	case WaitTimer:
		return TimerFired(w.ID)
	case WaitMessage:
		return MessageReceived(w.Name, w.Key)
	case WaitSignal:
		return SignalReceived(w.Name)
	case WaitCondition:
		return nowTrue()
	}
	return VariablesChanged()
}

// nowTrue makes the condition come true that the processes wait for.
func nowTrue() Event {
	ev := VariablesChanged()
	ev.Set = feel.Context(feel.Entry{Name: "x", Value: feel.Bool(true)})
	return ev
}

// Whatever is drawn and whatever happens: a process ends, or waits for something
// named; what was asked for is open until it is answered or cancelled; equal
// steps give equal results.
func TestRandomProcesses(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := randomProcess(t, false)
		vars := feel.Context(feel.Entry{Name: "x", Value: feel.Bool(rapid.Bool().Draw(t, "x"))}, feel.Entry{Name: "y", Value: feel.Bool(false)})
		var s State
		open := map[string]string{} // id → kind of what the caller was asked for
		ev := Start()
		for range rapid.IntRange(1, 60).Draw(t, "steps") {
			before, _ := json.Marshal(s)
			next, cmds, err := p.Advance(s, ev, vars)
			if after, _ := json.Marshal(s); !bytes.Equal(before, after) {
				t.Fatalf("Advance changed its argument")
			}
			if errors.Is(err, ErrNotWaiting) || errors.Is(err, ErrEndless) { // a handler that throws its own signal
				ev = happening(t, s)
				continue
			}
			if err != nil {
				t.Fatalf("%+v: %v", ev, err)
			}
			var stored State
			if err := json.Unmarshal(before, &stored); err != nil {
				t.Fatal(err)
			}
			again, _, _ := p.Advance(stored, ev, vars)
			a, _ := json.Marshal(next)
			if b, _ := json.Marshal(again); !bytes.Equal(a, b) {
				t.Fatalf("not the same again:\n%s\n%s", a, b)
			}
			if err := p.Verify(next); err != nil {
				t.Fatalf("%+v: %v\n%s", ev, err, a)
			}
			answered(t, open, ev, cmds)
			agree(t, open, next)
			s, vars = next, Apply(vars, cmds)
			if s.Ended {
				return
			}
			ev = happening(t, s)
		}
		next, cmds, err := p.Advance(s, Cancel(), vars)
		if err != nil || !next.Ended {
			t.Fatalf("cannot be cancelled: %v", err)
		}
		answered(t, open, Cancel(), cmds)
		agree(t, open, next)
	})
}

// A process that is drawn well comes to its end when all it waits for happens,
// in whatever order: no token is lost on the way and none is left over.
func TestSoundProcessesEnd(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := randomProcess(t, true)
		vars := feel.Context(feel.Entry{Name: "x", Value: feel.Bool(rapid.Bool().Draw(t, "x"))}, feel.Entry{Name: "y", Value: feel.Bool(false)})
		s, cmds, err := p.Advance(State{}, Start(), vars)
		for steps := 0; err == nil && !s.Ended; steps++ {
			vars = Apply(vars, cmds)
			if steps > 2000 {
				t.Fatalf("no end in sight: %v", s.Waits())
			}
			var own []Event
			for _, w := range s.Waits() {
				switch w.Kind {
				case WaitIncident:
					t.Fatalf("incident: %v", w)
				case WaitUser, WaitService, WaitDecision:
					own = append(own, TaskCompleted(w.ID, feel.Null()))
				default:
					if p.nodes[w.Element].kind != kCatch {
						continue // boundary events and event subprocesses need not happen
					}
					switch w.Kind {
					case WaitTimer:
						own = append(own, TimerFired(w.ID))
					case WaitMessage:
						own = append(own, MessageReceived(w.Name, w.Key))
					case WaitSignal:
						own = append(own, SignalReceived(w.Name))
					case WaitCondition:
						own = append(own, nowTrue())
					}
				}
			}
			if len(own) == 0 {
				t.Fatalf("nothing can happen: %v %+v", s.Waits(), s.Tokens)
			}
			s, cmds, err = p.Advance(s, own[rapid.IntRange(0, len(own)-1).Draw(t, "next")], vars)
		}
		if errors.Is(err, ErrEndless) {
			t.Skip("a handler throws the signal it hears")
		}
		if err != nil {
			t.Fatal(err)
		}
	})
}

// answered keeps the book of what the caller was asked for.
func answered(t *rapid.T, open map[string]string, ev Event, cmds []Command) {
	switch ev.Type {
	case EvCompleted, EvFailed, EvError:
		for id := range open {
			if id == ev.Token || strings.HasPrefix(id, ev.Token+"!") {
				if open[id] == "task" {
					delete(open, id)
				}
			}
		}
	case EvTimer:
		delete(open, ev.Token)
	}
	for _, c := range cmds {
		kind := ""
		switch c.Type {
		case CreateUserTask, CallService, CallDecision:
			kind = "task"
		case StartTimer:
			kind = "timer"
		case AwaitMessage:
			kind = "message"
		case AwaitSignal:
			kind = "signal"
		case RaiseIncident:
			kind = "incident"
			for id := range open { // a failed task is no longer open
				if open[id] == "task" && (id == c.Token || strings.HasPrefix(id, c.Token+"!")) {
					delete(open, id)
				}
			}
		case CancelTask, CancelTimer, CancelMessage, CancelSignal, ClearIncident:
			if _, ok := open[c.ID]; !ok {
				t.Fatalf("%s %s, which is not open", c.Type, c.ID)
			}
			delete(open, c.ID)
			continue
		default:
			continue
		}
		if _, twice := open[c.ID]; twice {
			t.Fatalf("%s %s twice", c.Type, c.ID)
		}
		open[c.ID] = kind
	}
}

// agree compares the caller's book with what the state waits for.
func agree(t *rapid.T, open map[string]string, s State) {
	want := map[string]int{}
	for _, w := range s.Waits() {
		switch w.Kind {
		case WaitUser, WaitService, WaitDecision:
			want["task"]++
		case WaitCondition:
		default:
			want[string(w.Kind)]++
		}
	}
	got := map[string]int{}
	for _, k := range open {
		got[k]++
	}
	for _, k := range []string{"task", "timer", "message", "signal", "incident"} {
		if got[k] != want[k] {
			t.Fatalf("the caller has %d open %ss, the state waits for %d: %v, %v", got[k], k, want[k], open, s.Waits())
		}
	}
}

// Parse and Compile never panic; what compiles draws and starts.
func FuzzParse(f *testing.F) {
	files, _ := filepath.Glob("matrix/cases/*.bpmn")
	for _, name := range append(files, "testdata/permit.bpmn") {
		b, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		d, err := Parse(bytes.NewReader(b))
		if err != nil {
			return
		}
		for i := range d.Diagrams() {
			var out bytes.Buffer
			if err := d.SVG(&out, i, Drawing{}); err != nil {
				t.Fatal(err)
			}
		}
		for _, info := range d.Processes {
			p, err := Compile(d, info.ID)
			if err != nil {
				continue
			}
			s, _, err := p.Advance(State{}, Start(), feel.Context())
			if err == nil {
				if err := p.Verify(s); err != nil {
					t.Fatalf("%v\n%s", err, b)
				}
			}
		}
	})
}
