package bpmn

import (
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"passerelle/engine/feel"

	"pgregory.net/rapid"
)

// process compiles what stands in a process element.
func process(t *testing.T, inside string) *Process {
	t.Helper()
	d, err := Parse(strings.NewReader(`<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:pg="https://passerelle.lu/bpmn">
		<message id="m" name="m"/><message id="n" name="n"/><process id="p">` + inside + `</process></definitions>`))
	if err != nil {
		t.Fatal(err)
	}
	p, err := Compile(d, "p")
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// inARow is a process of steps one after another, with more beside it.
func inARow(t *testing.T, beside string, steps ...string) *Process {
	t.Helper()
	ids := regexp.MustCompile(` id="(\w+)"`)
	text, last := `<startEvent id="start"/>`, "start"
	for i, s := range append(steps, `<endEvent id="end"/>`) {
		id := ids.FindStringSubmatch(s)[1]
		text += s + fmt.Sprintf(`<sequenceFlow id="f%d" sourceRef="%s" targetRef="%s"/>`, i, last, id)
		last = id
	}
	return process(t, text+beside)
}

func user(id string) string { return `<userTask id="` + id + `" name="` + id + `"/>` }

func boundary(id, host, timer string) string {
	return `<boundaryEvent id="` + id + `" attachedToRef="` + host + `" cancelActivity="false"><timerEventDefinition><timeDuration>` + timer +
		`</timeDuration></timerEventDefinition></boundaryEvent><endEvent id="` + id + `_"/><sequenceFlow id="` + id + `f" sourceRef="` + id + `" targetRef="` + id + `_"/>`
}

// after starts a process and lets things happen.
func after(t *testing.T, p *Process, events ...Event) State {
	t.Helper()
	var s State
	var err error
	for _, ev := range append([]Event{Start()}, events...) {
		if s, _, err = p.Advance(s, ev, feel.Context()); err != nil {
			t.Fatal(err)
		}
	}
	return s
}

func TestMigrateARenamedStep(t *testing.T) {
	was, is := inARow(t, "", user("check"), user("decide")), inARow(t, "", user("examine"), user("confirm"), user("decide"))
	s := after(t, was)
	next, cmds, misfits := was.Migrate(s, is, Mapping{Elements: map[string]string{"check": "examine"}}, feel.Context())
	if len(misfits) > 0 || len(cmds) > 0 {
		t.Fatalf("%v %v", misfits, cmds)
	}
	if w := next.Waits(); len(w) != 1 || w[0].Element != "examine" || w[0].ID != "check:1" {
		t.Fatalf("waits: %+v: the task keeps its id", w)
	}
	next, cmds, err := is.Advance(next, TaskCompleted("check:1", feel.String("good")), feel.Context())
	if err != nil || len(next.Waits()) != 1 || next.Waits()[0].Element != "confirm" {
		t.Fatalf("%v %+v", err, next.Waits())
	}
	if cmds[0].Type != SetVariable || cmds[0].Name != "examine" {
		t.Errorf("the result goes under the new name: %+v", cmds[0])
	}
	if m := is.Marks(next); m["examine"] != MarkDone || m["confirm"] != MarkHere {
		t.Errorf("marks: %v", m)
	}
}

// What cannot be mapped is refused by name, and nothing has happened.
func TestMisfitsAreNamed(t *testing.T) {
	timed := inARow(t, boundary("late", "a", "P3D"), user("a"), user("b"))
	repeated := func(how string) string {
		return `<userTask id="a"><multiInstanceLoopCharacteristics ` + how + `><loopCardinality>2</loopCardinality></multiInstanceLoopCharacteristics></userTask>`
	}
	fork := func(third string) *Process {
		return process(t, `<startEvent id="s"/><parallelGateway id="g"/>`+user("a")+user("b")+user("c")+`<parallelGateway id="j"/><endEvent id="e"/>
			<sequenceFlow id="f1" sourceRef="s" targetRef="g"/><sequenceFlow id="f2" sourceRef="g" targetRef="a"/><sequenceFlow id="f3" sourceRef="g" targetRef="b"/>
			<sequenceFlow id="f4" sourceRef="a" targetRef="j"/><sequenceFlow id="f5" sourceRef="b" targetRef="j"/>
			<sequenceFlow id="f6" sourceRef="g" targetRef="c"/><sequenceFlow id="f7" sourceRef="c" targetRef="`+third+`"/><sequenceFlow id="f8" sourceRef="j" targetRef="e"/>`)
	}
	for name, x := range map[string]struct {
		was, is *Process
		s       []Event
		m       Mapping
		want    string
	}{
		"gone":          {was: inARow(t, "", user("a")), is: inARow(t, "", user("b")), want: "a → : gone"},
		"kind":          {was: inARow(t, "", user("a")), is: inARow(t, "", `<manualTask id="a"/>`), want: "a → a: kind"},
		"scope":         {was: inARow(t, "", user("a")), is: inARow(t, "", `<subProcess id="sub"><startEvent id="x"/><sequenceFlow id="y" sourceRef="x" targetRef="a"/>`+user("a")+`</subProcess>`), want: "a → a: scope"},
		"lost timer":    {was: timed, is: inARow(t, "", user("a"), user("b")), want: "late → : gone"},
		"host":          {was: timed, is: inARow(t, boundary("late", "b", "P3D"), user("a"), user("b")), want: "late → late: host"},
		"repetition":    {was: inARow(t, "", repeated(`isSequential="true"`)), is: inARow(t, "", repeated(`isSequential="false"`)), want: "a → a: repetition"},
		"no repetition": {was: inARow(t, "", repeated(`isSequential="true"`)), is: inARow(t, "", user("a")), want: "a → a: repetition"},
		"call":          {was: inARow(t, "", `<serviceTask id="a" pg:topic="x"/>`), is: inARow(t, "", `<serviceTask id="a" pg:topic="y"/>`), want: "a → a: call"},
		"join":          {was: fork("e"), is: fork("j"), s: []Event{TaskCompleted("a:1", feel.Null())}, want: "j → j: join"},
		"twice":         {was: inARow(t, "", user("a"), user("b")), is: inARow(t, "", user("b")), m: Mapping{Elements: map[string]string{"a": "b"}}, want: "b → b: twice a"},
		"unknown":       {was: inARow(t, "", user("a")), is: inARow(t, "", user("a")), m: Mapping{Elements: map[string]string{"z": "a"}}, want: "z → a: unknown"},
		"no timer":      {was: inARow(t, "", user("a")), is: inARow(t, "", user("a")), m: Mapping{Restart: []string{"a"}}, want: " → a: unknown"},
	} {
		t.Run(name, func(t *testing.T) {
			s := after(t, x.was, x.s...)
			next, cmds, misfits := x.was.Migrate(s, x.is, x.m, feel.Context())
			if len(misfits) != 1 || strings.TrimSpace(misfits[0].String()) != strings.TrimSpace(x.want) {
				t.Errorf("misfits %q, want %q", misfits, x.want)
			}
			if len(cmds) > 0 || text(next) != text(s) {
				t.Error("a refused migration has changed something")
			}
		})
	}
}

func text(s State) string {
	b, err := json.Marshal(s)
	if err != nil {
		panic(err)
	}
	return string(b)
}

func TestTimersAreKeptOrRestarted(t *testing.T) {
	was := inARow(t, boundary("late", "a", "P3D"), user("a"))
	is := inARow(t, boundary("late", "a", "P9D")+boundary("early", "a", "P1D"), user("a"))
	s := after(t, was)
	show := func(cmds []Command) string {
		var all []string
		for _, c := range cmds {
			all = append(all, strings.TrimSpace(fmt.Sprintf("%s %s %v", c.Type, c.ID, c.Value)))
		}
		return strings.Join(all, ", ")
	}
	next, cmds, misfits := was.Migrate(s, is, Mapping{}, feel.Context())
	if got := show(cmds); misfits != nil || got != `start-timer early~1 @"P1D"` {
		t.Errorf("kept: %v %s", misfits, got)
	}
	if w := next.Waits(); len(w) != 3 || w[1].ID != "late~1" {
		t.Errorf("kept: %+v", w)
	}
	next, cmds, misfits = was.Migrate(s, is, Mapping{Restart: []string{"late"}}, feel.Context())
	if got := show(cmds); misfits != nil || got != `cancel-timer late~1 null, start-timer late~2 @"P9D", start-timer early~1 @"P1D"` {
		t.Errorf("restarted: %v %s", misfits, got)
	}
	if w := next.Waits(); len(w) != 3 || w[1].ID != "late~2" {
		t.Errorf("restarted: %+v", w)
	}
	// A timer that has fired does not come back.
	s = after(t, was, TimerFired("late~1"))
	if next, cmds, _ := was.Migrate(s, inARow(t, boundary("late", "a", "P9D"), user("a")), Mapping{}, feel.Context()); len(cmds) > 0 || len(next.Waits()) != 1 {
		t.Errorf("fired before: %v %+v", cmds, next.Waits())
	}
}

func TestAMessageUnderAnotherNameIsAwaitedAnew(t *testing.T) {
	wait := func(name string) string {
		return `<intermediateCatchEvent id="answer"><messageEventDefinition messageRef="` + name + `"/></intermediateCatchEvent>`
	}
	was, is := inARow(t, "", wait("m")), inARow(t, "", wait("n"))
	s, cmds, misfits := was.Migrate(after(t, was), is, Mapping{}, feel.Context())
	if misfits != nil || len(cmds) != 2 || cmds[0].Type != CancelMessage || cmds[0].Name != "m" || cmds[1].Type != AwaitMessage || cmds[1].Name != "n" {
		t.Fatalf("%v %+v", misfits, cmds)
	}
	if s, _, err := is.Advance(s, MessageReceived("n", ""), feel.Context()); err != nil || !s.Ended {
		t.Errorf("%v %+v", err, s.Waits())
	}
}

func TestProposeMapping(t *testing.T) {
	was := inARow(t, boundary("late", "check", "P3D"), user("check"), user("decide"), user("sign"))
	is := inARow(t, boundary("overdue", "examine", "P3D"), `<userTask id="examine" name="Examine"/>`, user("decide"),
		`<userTask id="first" name="other"/>`, `<userTask id="second" name="sign"/>`)
	if got := was.ProposeMapping(is).Elements; got["sign"] != "second" || got["check"] != "" {
		t.Errorf("%v: the name tells for one, nothing for the other", got)
	}
	one := inARow(t, boundary("overdue", "examine", "P3D"), `<userTask id="examine" name="Examine"/>`, user("decide"), user("sign"))
	if got := was.ProposeMapping(one).Elements; got["check"] != "examine" || got["late"] != "overdue" {
		t.Errorf("%v", got)
	}
}

// story lets random things happen to a process and returns the state and its
// variables.
func story(t *rapid.T, p *Process, most int) (State, feel.Value) {
	vars := feel.Context(feel.Entry{Name: "x", Value: feel.Bool(rapid.Bool().Draw(t, "x"))}, feel.Entry{Name: "y", Value: feel.Bool(false)})
	s, cmds, err := p.Advance(State{}, Start(), vars)
	if err != nil {
		t.Skip(err)
	}
	vars = Apply(vars, cmds)
	for range rapid.IntRange(0, most).Draw(t, "steps before") {
		next, cmds, err := p.Advance(s, happening(t, s), vars)
		if err == nil {
			s, vars = next, Apply(vars, cmds)
		}
	}
	return s, vars
}

// The identical process changes nothing. Under one whose every element has
// another name, the rest of the story goes the same.
func TestMigratingChangesNoStory(t *testing.T) {
	drawn := regexp.MustCompile(`"([a-z]+\d+)"`)
	rapid.Check(t, func(t *rapid.T) {
		file := randomText(t, false)
		p, q := compiled(t, file), compiled(t, drawn.ReplaceAllString(file, `"new$1"`))
		s, vars := story(t, p, 30)
		same, cmds, misfits := p.Migrate(s, compiled(t, file), Mapping{}, vars)
		if len(cmds)+len(misfits) > 0 || text(same) != text(s) {
			t.Fatalf("to itself: %v %v\n%s\n%s", cmds, misfits, text(s), text(same))
		}
		m := Mapping{Elements: map[string]string{}}
		for _, e := range p.Elements() {
			m.Elements[e.ID] = "new" + e.ID
		}
		r, cmds, misfits := p.Migrate(s, q, m, vars)
		if len(cmds)+len(misfits) > 0 {
			t.Fatalf("renamed: %v %v", cmds, misfits)
		}
		// What both wait for, in order: old names on the left.
		waits := func(s State, prefix string) string {
			var all []string
			for _, w := range s.Waits() {
				all = append(all, string(w.Kind)+" "+prefix+w.Element+" "+w.Name)
			}
			return strings.ReplaceAll(strings.Join(all, ", "), "new", "")
		}
		others := vars
		for range rapid.IntRange(1, 30).Draw(t, "steps after") {
			if waits(s, "") != waits(r, "") {
				t.Fatalf("waits for\n%s\nmigrated\n%s", waits(s, ""), waits(r, ""))
			}
			ev := happening(t, s)
			also := ev
			if i := slices.IndexFunc(s.Waits(), func(w Wait) bool { return w.ID == ev.Token }); i >= 0 {
				also.Token = r.Waits()[i].ID
			}
			next, cmds, err := p.Advance(s, ev, vars)
			next2, cmds2, err2 := q.Advance(r, also, others)
			if errors.Is(err, ErrNotWaiting) != errors.Is(err2, ErrNotWaiting) || (err == nil) != (err2 == nil) || len(cmds) != len(cmds2) {
				t.Fatalf("%+v: %v %v, migrated %v %v", ev, cmds, err, cmds2, err2)
			}
			if err != nil {
				continue
			}
			if err := q.Verify(next2); err != nil {
				t.Fatal(err)
			}
			s, r, vars, others = next, next2, Apply(vars, cmds), Apply(others, cmds2)
			if s.Ended != r.Ended {
				t.Fatalf("ended: %v, migrated %v", s.Ended, r.Ended)
			}
		}
	})
}

// Whatever is mapped to whatever: a migration is refused and changes nothing, or
// keeps every token, loses no subscription and leaves a sound state.
func TestRandomMappings(t *testing.T) {
	refused, done := 0, 0
	rapid.Check(t, func(t *rapid.T) {
		file := randomText(t, false)
		p := compiled(t, file)
		q := p
		if rapid.Bool().Draw(t, "another process") {
			q = randomProcess(t, false)
		}
		s, vars := story(t, p, 20)
		m := Mapping{Elements: map[string]string{}}
		for range rapid.IntRange(0, 3).Draw(t, "named") {
			from, to := rapid.SampledFrom(p.Elements()).Draw(t, "from"), rapid.SampledFrom(q.Elements()).Draw(t, "to")
			m.Elements[from.ID] = to.ID
		}
		for _, e := range q.Elements() {
			if e.Event == "timer" && rapid.Bool().Draw(t, "restart") {
				m.Restart = append(m.Restart, e.ID)
			}
		}
		before := text(s)
		next, cmds, misfits := p.Migrate(s, q, m, vars)
		if text(s) != before {
			t.Fatal("Migrate changed its argument")
		}
		if len(misfits) > 0 {
			refused++
			if len(cmds) > 0 || text(next) != before {
				t.Fatal("a refused migration has changed something")
			}
			return
		}
		done++
		if err := q.Verify(next); err != nil {
			t.Fatal(err)
		}
		if len(next.Tokens) != len(s.Tokens) || len(next.Subs) < len(s.Subs) {
			t.Fatalf("%d tokens and %d subscriptions became %d and %d", len(s.Tokens), len(s.Subs), len(next.Tokens), len(next.Subs))
		}
		for i, x := range next.Tokens {
			if x.ID != s.Tokens[i].ID || x.Wait != s.Tokens[i].Wait {
				t.Fatalf("token %+v became %+v", s.Tokens[i], x)
			}
		}
		// The caller's timers are those of the state.
		timers := map[string]bool{}
		for _, b := range s.Subs {
			if b.Kind == WaitTimer {
				timers[b.ID] = true
			}
		}
		for _, c := range cmds {
			switch c.Type {
			case CancelTimer:
				delete(timers, c.ID)
			case StartTimer:
				if timers[c.ID] {
					t.Fatalf("timer %s started twice", c.ID)
				}
				timers[c.ID] = true
			}
		}
		for _, b := range next.Subs {
			if b.Kind == WaitTimer && !timers[b.ID] {
				t.Fatalf("the state waits for timer %s, which nobody set", b.ID)
			}
			delete(timers, b.ID)
		}
		if len(timers) > 0 {
			t.Fatalf("timers nobody waits for: %v", timers)
		}
		for range 10 { // and it goes on
			after, cmds, err := q.Advance(next, happening(t, next), vars)
			if err == nil {
				next, vars = after, Apply(vars, cmds)
				if err := q.Verify(next); err != nil {
					t.Fatal(err)
				}
			}
		}
	})
	t.Logf("%d refused, %d done", refused, done)
	if refused == 0 || done == 0 {
		t.Error("only one of the two was drawn")
	}
}
