package bpmn_test

import (
	"fmt"
	"log"
	"os"
	"strings"

	"passerelle/engine/bpmn"
	"passerelle/engine/feel"
)

func permit() *bpmn.Process {
	f, err := os.Open("testdata/permit.bpmn")
	if err != nil {
		log.Fatal(err)
	}
	defer f.Close()
	defs, err := bpmn.Parse(f)
	if err != nil {
		log.Fatal(err)
	}
	p, err := bpmn.Compile(defs, "permit", bpmn.Names("application", "evidence"))
	if err != nil {
		log.Fatal(err)
	}
	return p
}

// resolve answers services and decisions at once, in the caller's transaction.
func resolve(c bpmn.Command, vars feel.Value) (bpmn.Event, bool, error) {
	switch c.Name {
	case "evidence.fetch":
		return bpmn.TaskCompleted(c.Token, feel.Context(feel.Entry{Name: "person", Value: feel.String("known")})), true, nil
	case "Decision":
		return bpmn.TaskCompleted(c.Token, feel.Context(feel.Entry{Name: "outcome", Value: feel.String("judgement")})), true, nil
	}
	return bpmn.Event{}, false, nil // decision.issue leaves through the outbox
}

// A case runs to its next wait state in one step; what is left to do comes back
// as commands with ids that are the same whenever the step is computed again.
func ExampleProcess_Run() {
	p := permit()
	step, err := p.Run(bpmn.State{}, bpmn.Start(), feel.Context(), resolve)
	if err != nil {
		log.Fatal(err)
	}
	for _, c := range step.Commands {
		fmt.Println(c.Type, c.ID, c.Name+c.Attrs["role"], c.Value)
	}
	officer := feel.Context(feel.Entry{Name: "outcome", Value: feel.String("granted")})
	step, err = p.Run(step.State, bpmn.TaskCompleted("examine:1", officer), step.Vars, resolve)
	if err != nil {
		log.Fatal(err)
	}
	for _, w := range step.State.Waits() {
		fmt.Println("waits for", w.Kind, w.ID)
	}
	// Output:
	// set-variable set evidence {person: "known"}
	// set-variable set decision {outcome: "judgement"}
	// start-timer remind~1  @"P14D"
	// create-user-task examine:1 case-worker null
	// waits for user approve:1
}

// Advance is a pure function: the state is plain data and is never changed.
func ExampleProcess_Advance() {
	p := permit()
	before := bpmn.State{}
	after, commands, err := p.Advance(before, bpmn.Start(), feel.Context())
	fmt.Println(before.Started, after.Started, commands[0].Type, commands[0].Name, err)
	_, _, err = p.Advance(after, bpmn.TimerFired("remind~1"), feel.Context())
	fmt.Println(err)
	// Output:
	// false true call-service evidence.fetch <nil>
	// bpmn: the process does not wait for this
}

// What cannot be executed is refused with its place and name.
func ExampleCompile() {
	defs, err := bpmn.Parse(strings.NewReader(`<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL">
  <process id="p">
    <startEvent id="s"/>
    <complexGateway id="g" name="Two of three"/>
    <sequenceFlow id="f" sourceRef="s" targetRef="g"/>
  </process>
</definitions>`))
	if err != nil {
		log.Fatal(err)
	}
	_, err = bpmn.Compile(defs, "")
	fmt.Println(err)
	// Output:
	// 4:5: complexGateway "g" (Two of three): complex gateways are not supported: use an inclusive gateway
}

// A drawing shows where a case stands. All words come from the caller.
func ExampleProcess_SVG() {
	p := permit()
	step, err := p.Run(bpmn.State{}, bpmn.Start(), feel.Context(), resolve)
	if err != nil {
		log.Fatal(err)
	}
	words := map[bpmn.Mark]string{bpmn.MarkHere: "Vous êtes ici", bpmn.MarkDone: "fait"}
	labels := map[string]string{"examine": "Examiner la demande", "approve": "Approuver"}
	var svg strings.Builder
	err = p.SVG(&svg, bpmn.Drawing{ID: "case", Title: "Le chemin de votre demande", Marks: p.Marks(step.State),
		Text: func(id string) string { return labels[id] }, Word: func(m bpmn.Mark) string { return words[m] }})
	if err != nil {
		log.Fatal(err)
	}
	desc := svg.String()[strings.Index(svg.String(), "<desc"):]
	fmt.Println(desc[:strings.Index(desc, "</desc>")])
	if out := os.Getenv("BPMN_SVG_OUT"); out != "" {
		_ = os.WriteFile(out+"/permit.svg", []byte(svg.String()), 0o644)
	}
	// Output:
	// <desc id="case-desc">Application received (fait); Fetch evidence (fait); Apply the rules (fait); Is the case clear? (fait); Examiner la demande (Vous êtes ici); Approuver; Issue the decision; Decided; 14 days; Remind the head of unit; Reminded
}
