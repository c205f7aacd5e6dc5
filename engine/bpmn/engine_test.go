package bpmn

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"passerelle/engine/feel"
)

const head = `<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:pg="https://passerelle.lu/bpmn" xmlns:zeebe="http://camunda.org/schema/zeebe/1.0">` + "\n"

func compileText(t testing.TB, body string) (*Process, error) {
	t.Helper()
	d, err := Parse(strings.NewReader(head + body + "\n</definitions>"))
	if err != nil {
		t.Fatal(err)
	}
	return Compile(d, "p")
}

// Each thing that is wrong or not supported is refused with the place, the id
// and the name.
func TestRefused(t *testing.T) {
	around := func(inside string) string {
		return `<process id="p"><startEvent id="s"/>` + "\n" + inside + "\n" + `</process>`
	}
	task := func(x string) string { return around(x + `<sequenceFlow id="f" sourceRef="s" targetRef="t"/>`) }
	for _, c := range []struct{ name, body, want string }{
		{"complex gateway", task(`<complexGateway id="t" name="Any two"/>`), `3:1: complexGateway "t" (Any two): complex gateways are not supported: use an inclusive gateway`},
		{"transaction", task(`<transaction id="t"/>`), `transaction "t": transactions are not supported`},
		{"ad hoc", task(`<adHocSubProcess id="t"/>`), `ad hoc subprocesses are not supported`},
		{"unknown", task(`<wonder id="t"/>`), `wonder "t": this element is not supported`},
		{"no topic", task(`<serviceTask id="t"/>`), `does not say which service it calls (pg:topic)`},
		{"no decision", task(`<businessRuleTask id="t"/>`), `does not say which decision`},
		{"no message", task(`<sendTask id="t"/>`), `the message is not named`},
		{"script language", task(`<scriptTask id="t" scriptFormat="groovy"><script>1</script></scriptTask>`), `the script language "groovy" is not supported`},
		{"other language", around(`<exclusiveGateway id="t" default="g"/><task id="a"/><task id="b"/><sequenceFlow id="f" sourceRef="s" targetRef="t"/><sequenceFlow id="g" sourceRef="t" targetRef="a"/><sequenceFlow id="h" sourceRef="t" targetRef="b"><conditionExpression>${approved}</conditionExpression></sequenceFlow>`), `sequenceFlow "h": the expression ${approved} is not FEEL`},
		{"bad FEEL", around(`<exclusiveGateway id="t" default="g"/><task id="a"/><task id="b"/><sequenceFlow id="f" sourceRef="s" targetRef="t"/><sequenceFlow id="g" sourceRef="t" targetRef="a"/><sequenceFlow id="h" sourceRef="t" targetRef="b"><conditionExpression>a &lt;</conditionExpression></sequenceFlow>`), `the expression "a <" is not FEEL`},
		{"no condition", around(`<exclusiveGateway id="t"/><task id="a"/><task id="b"/><sequenceFlow id="f" sourceRef="s" targetRef="t"/><sequenceFlow id="g" sourceRef="t" targetRef="a"/><sequenceFlow id="h" sourceRef="t" targetRef="b"/>`), `the sequence flow "g" to "a" needs a condition, or must be the default flow`},
		{"flow nowhere", task(`<task id="a"/>`), `targetRef "t" is not in the same process`},
		{"unreachable", task(`<task id="t"/><task id="lost" name="Lost"/>`), `task "lost" (Lost): nothing leads to this element`},
		{"end goes on", around(`<endEvent id="t"/><task id="a"/><sequenceFlow id="f" sourceRef="s" targetRef="t"/><sequenceFlow id="g" sourceRef="t" targetRef="a"/>`), `no sequence flow leaves an end event`},
		{"two events", task(`<intermediateCatchEvent id="t"><timerEventDefinition/><conditionalEventDefinition/></intermediateCatchEvent>`), `events with several definitions are not supported`},
		{"cancel", task(`<endEvent id="t"><cancelEventDefinition/></endEvent>`), `cancelEventDefinition is not supported`},
		{"timer throws", task(`<intermediateThrowEvent id="t"><timerEventDefinition/></intermediateThrowEvent>`), `a timer event cannot stand here`},
		{"bad timer", task(`<intermediateCatchEvent id="t"><timerEventDefinition><timeCycle>R0/P1D</timeCycle></timerEventDefinition></intermediateCatchEvent>`), `the timer "R0/P1D" is no ISO 8601 value`},
		{"endless timer", task(`<intermediateCatchEvent id="t"><timerEventDefinition><timeCycle>R/PT0S</timeCycle></timerEventDefinition></intermediateCatchEvent>`), `timer repeats without any time between`},
		{"error unnamed", task(`<endEvent id="t"><errorEventDefinition/></endEvent>`), `the error is not named`},
		{"error beside", task(`<task id="t"/><boundaryEvent id="b" attachedToRef="t" cancelActivity="false"><errorEventDefinition/></boundaryEvent><task id="u"/><sequenceFlow id="g" sourceRef="b" targetRef="u"/>`), `an error event always interrupts`},
		{"attached to nothing", task(`<task id="t"/><boundaryEvent id="b" attachedToRef="nothing"><errorEventDefinition/></boundaryEvent>`), `attached to "nothing", which is no activity here`},
		{"link nowhere", task(`<intermediateThrowEvent id="t"><linkEventDefinition name="far"/></intermediateThrowEvent>`), `the link "far" leads nowhere`},
		{"unknown call", task(`<callActivity id="t" calledElement="q"/>`), `the called process "q" is not known`},
		{"calls itself", task(`<callActivity id="t" calledElement="p"/>`), `process "p" calls itself`},
		{"multi without count", task(`<task id="t"><multiInstanceLoopCharacteristics/></task>`), `does not say how often`},
		{"multi behavior", task(`<task id="t"><multiInstanceLoopCharacteristics behavior="One"><loopCardinality>2</loopCardinality></multiInstanceLoopCharacteristics></task>`), `behavior "One" is not supported`},
		{"io mapping", task(`<task id="t"><extensionElements><zeebe:ioMapping/></extensionElements></task>`), `the vendor extension ioMapping is not supported`},
		{"data assignment", task(`<task id="t"><dataInputAssociation><assignment/></dataInputAssociation></task>`), `a data association with an assignment`},
		{"compensation event subprocess", task(`<task id="t"/><subProcess id="e" triggeredByEvent="true"><startEvent id="c"><compensateEventDefinition/></startEvent></subProcess>`), `a compensate event cannot stand here`},
		{"plain event subprocess", task(`<task id="t"/><subProcess id="e" triggeredByEvent="true"><startEvent id="c"/></subProcess>`), `begins with an event, not with a plain start`},
		{"instantiating gateway", around(`<eventBasedGateway id="t" instantiate="true"/><sequenceFlow id="f" sourceRef="s" targetRef="t"/>`), `a gateway that starts the process is not supported`},
		{"no beginning", `<process id="p"/>`, `the process has no beginning`},
		{"default with condition", around(`<task id="t" default="g"/><task id="a"/><sequenceFlow id="f" sourceRef="s" targetRef="t"/><sequenceFlow id="g" sourceRef="t" targetRef="a"><conditionExpression>true</conditionExpression></sequenceFlow>`), `the default flow "g" cannot have a condition`},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := compileText(t, c.body)
			var ps Problems
			if !errors.As(err, &ps) || !strings.Contains(err.Error(), c.want) {
				t.Fatalf("got %v, want %s", err, c.want)
			}
			for _, p := range ps {
				if p.Pos.Line < 2 {
					t.Errorf("no place: %v", p)
				}
			}
		})
	}
}

func TestParseErrors(t *testing.T) {
	for src, want := range map[string]string{
		"":               "1:1: the file is empty",
		"<definitions>":  "1:1: ",
		"<definitions/>": `the root element is "definitions", not the definitions of BPMN 2.0`,
		head + `<process id="p"/>` + "\n" + `<process id="p"/></definitions>`: `3:1: the id "p" of this process is already used at 2:1`,
		head + `<process id="a:b"/></definitions>`:                            `the id "a:b" is not an XML name without colon`,
		`<?xml version="1.0" encoding="UTF-7"?><a/>`:                          `the encoding "UTF-7" is not supported`,
		strings.Repeat("<a>", 200):                                            "too deeply nested",
	} {
		_, err := Parse(strings.NewReader(src))
		var pe *ParseError
		if !errors.As(err, &pe) || !strings.Contains(err.Error(), want) {
			t.Errorf("%.40q: %v, want %s", src, err, want)
		}
	}
	d, err := Parse(strings.NewReader("<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?>" + head + "<process id=\"p\" name=\"Pr\xe4mie\"/></definitions>"))
	if err != nil || d.Processes[0].Name != "Prämie" {
		t.Errorf("ISO 8859-1: %v %v", err, d)
	}
}

// A process that never waits is stopped, and nothing of it has happened.
func TestEndless(t *testing.T) {
	for name, body := range map[string]string{
		"circle": `<process id="p"><startEvent id="s"/><exclusiveGateway id="g"/><task id="t"/><sequenceFlow id="a" sourceRef="s" targetRef="g"/><sequenceFlow id="b" sourceRef="g" targetRef="t"/><sequenceFlow id="c" sourceRef="t" targetRef="g"/></process>`,
		"flood":  `<process id="p"><startEvent id="s"/><exclusiveGateway id="g"/><parallelGateway id="t"/><sequenceFlow id="a" sourceRef="s" targetRef="g"/><sequenceFlow id="b" sourceRef="g" targetRef="t"/><sequenceFlow id="c" sourceRef="t" targetRef="g"/><sequenceFlow id="d" sourceRef="t" targetRef="g"/></process>`,
	} {
		t.Run(name, func(t *testing.T) {
			p, err := compileText(t, body)
			if err != nil {
				t.Fatal(err)
			}
			s, cmds, err := p.Advance(State{}, Start(), feel.Context())
			if !errors.Is(err, ErrEndless) || s.Started || cmds != nil {
				t.Fatalf("%v %v %v", s, cmds, err)
			}
		})
	}
}

func TestNewerState(t *testing.T) {
	p, err := compileText(t, `<process id="p"><userTask id="t"/></process>`)
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := p.Advance(State{V: StateVersion + 1}, Start(), feel.Context()); err == nil {
		t.Fatal("a state of a newer format was taken")
	}
}

// A state between two steps is small.
func TestStateSize(t *testing.T) {
	p := load(t, "testdata/permit.bpmn")
	s, _, err := p.Advance(State{}, Start(), feel.Context())
	if err != nil {
		t.Fatal(err)
	}
	b, _ := json.Marshal(s)
	want := `{"v":1,"started":true,"tokens":[{"id":"fetch:1","el":"fetch","wait":"service"}],"count":{"fetch":1,"received":1,"received_fetch":1}}`
	if string(b) != want {
		t.Errorf("state is %s", b)
	}
}

// Run gives back what it could not answer, and refuses an answer for another
// token.
func TestRun(t *testing.T) {
	p, err := compileText(t, `<process id="p"><startEvent id="s"/><serviceTask id="a" pg:topic="a"/><boundaryEvent id="b" attachedToRef="a"><errorEventDefinition/></boundaryEvent><serviceTask id="c" pg:topic="c"/><userTask id="u"/>
<sequenceFlow id="f1" sourceRef="s" targetRef="a"/><sequenceFlow id="f2" sourceRef="a" targetRef="u"/><sequenceFlow id="f3" sourceRef="b" targetRef="c"/></process>`)
	if err != nil {
		t.Fatal(err)
	}
	var asked []string
	step, err := p.Run(State{}, Start(), feel.Context(), func(c Command, _ feel.Value) (Event, bool, error) {
		asked = append(asked, c.ID)
		return ErrorThrown(c.Token, "missing", ""), c.Name == "a", nil
	})
	if err != nil || fmt.Sprint(asked) != "[a:1 c:1]" || len(step.Commands) != 1 || step.Commands[0].ID != "c:1" {
		t.Fatalf("%v %v %+v", err, asked, step.Commands)
	}
	down := errors.New("down")
	step, err = p.Run(State{}, Start(), feel.Context(), func(Command, feel.Value) (Event, bool, error) { return Event{}, false, down })
	if !errors.Is(err, down) || step.State.Started {
		t.Fatalf("%v %+v", err, step)
	}
	if _, err = p.Run(State{}, Start(), feel.Context(), func(Command, feel.Value) (Event, bool, error) {
		return TaskCompleted("other", feel.Null()), true, nil
	}); err == nil {
		t.Fatal("the answer for another token was taken")
	}
}

func TestStarts(t *testing.T) {
	p, err := compileText(t, `<message id="m" name="moved"/><process id="p"><startEvent id="a"><timerEventDefinition><timeCycle>R3/2027-01-01/P1M</timeCycle></timerEventDefinition></startEvent><startEvent id="b"><messageEventDefinition messageRef="m"/></startEvent><startEvent id="c"/><task id="t"/>
<sequenceFlow id="f1" sourceRef="a" targetRef="t"/><sequenceFlow id="f2" sourceRef="b" targetRef="t"/><sequenceFlow id="f3" sourceRef="c" targetRef="t"/></process>`)
	if err != nil {
		t.Fatal(err)
	}
	starts, err := p.Starts(feel.Context())
	if err != nil || len(starts) != 3 {
		t.Fatal(err, starts)
	}
	if a := starts[0]; a.Kind != WaitTimer || a.Value.String() != `@"2027-01-01"` || a.Again != 2 || a.Every.String() != `@"P1M"` {
		t.Errorf("%+v", a)
	}
	if b := starts[1]; b.Kind != WaitMessage || b.Name != "moved" {
		t.Errorf("%+v", b)
	}
	for _, start := range []Event{Start(), StartAt("b"), MessageReceived("moved", "")} {
		if s, _, err := p.Advance(State{}, start, feel.Context()); err != nil || !s.Ended {
			t.Errorf("%+v: %v", start, err)
		}
	}
	if _, _, err := p.Advance(State{}, MessageReceived("other", ""), feel.Context()); !errors.Is(err, ErrNotWaiting) {
		t.Error(err)
	}
}

// Names are checked before publishing by whoever knows them.
func TestUses(t *testing.T) {
	p := load(t, "testdata/permit.bpmn")
	uses := p.Uses()
	if len(uses) != 1 || uses[0].Element != "clear_merge" || fmt.Sprint(uses[0].Names) != "[decision]" || uses[0].Pos.Line != 22 {
		t.Errorf("%+v", uses)
	}
	if e, ok := p.Element("approve"); !ok || e.Attrs["fourEyes"] != "examine" || e.Kind != "userTask" || e.Next[0] != "merge" {
		t.Errorf("%+v", e)
	}
	if n := len(p.Elements()); n != 12 {
		t.Errorf("%d elements", n)
	}
	if got := fmt.Sprint(p.Labels()); got != "[approve clear clear_examine clear_merge decide decided examine fetch issue received remind reminded reminder]" {
		t.Errorf("labels %s", got)
	}
}

// A collection of a thousand keeps its order and its values.
func TestManyInstances(t *testing.T) {
	p, err := compileText(t, `<process id="p"><scriptTask id="t" pg:result="squares"><multiInstanceLoopCharacteristics><loopCardinality>1000</loopCardinality></multiInstanceLoopCharacteristics><script>loopCounter * loopCounter</script></scriptTask></process>`)
	if err != nil {
		t.Fatal(err)
	}
	s, cmds, err := p.Advance(State{}, Start(), feel.Context())
	if err != nil || !s.Ended {
		t.Fatal(err)
	}
	squares, _ := Apply(feel.Context(), cmds).Get("squares")
	if items := squares.Items(); len(items) != 1000 || !items[999].Equal(feel.Int(1_000_000)) {
		t.Errorf("%d items", len(items))
	}
}

// Costs of one instance: start, decision, two user tasks, end.
func BenchmarkInstance(b *testing.B) {
	p := load(b, "testdata/permit.bpmn")
	for b.Loop() {
		var s State
		vars := feel.Context()
		for _, ev := range []Event{Start(), TaskCompleted("fetch:1", feel.Null()), TaskCompleted("decide:1", feel.Context(feel.Entry{Name: "outcome", Value: feel.String("judgement")})),
			TaskCompleted("examine:1", feel.Bool(true)), TaskCompleted("approve:1", feel.Bool(true)), TaskCompleted("issue:1", feel.Null())} {
			next, cmds, err := p.Advance(s, ev, vars)
			if err != nil {
				b.Fatal(err)
			}
			s, vars = next, Apply(vars, cmds)
		}
		if !s.Ended {
			b.Fatal("not ended")
		}
	}
}
