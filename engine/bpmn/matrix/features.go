package matrix

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"passerelle/engine/bpmn"
)

// Feature is one construct of BPMN.
type Feature struct {
	Group   string
	Name    string
	Cases   []string // of the files; none: the case is made here
	Refused bool     // not supported: the engine must say so when it compiles
	run     func() error
}

// Result is what came of a feature.
type Result struct {
	Group   string `json:"group"`
	Name    string `json:"feature"`
	Passed  bool   `json:"passed"`            // it runs as the standard says; of a refused one: it was refused with its name
	Refused bool   `json:"refused,omitempty"` // not supported
	Problem string `json:"problem,omitempty"`
}

// Check runs a feature's cases.
func (f Feature) Check() Result {
	r := Result{Group: f.Group, Name: f.Name, Refused: f.Refused}
	var err error
	if f.run != nil {
		err = f.run()
	}
	for _, c := range f.Cases {
		if e := Run(c); e != nil {
			err = errors.Join(err, fmt.Errorf("%s: %w", c, e))
		}
	}
	if r.Passed = err == nil; err != nil {
		r.Problem = err.Error()
	}
	return r
}

// Write prints results as text, group by group, and last how many passed.
func Write(w io.Writer, results []Result) error {
	var b strings.Builder
	group := ""
	passed, refused := 0, 0
	for _, r := range results {
		if r.Group != group {
			group = r.Group
			fmt.Fprintf(&b, "%s\n", group)
		}
		state := "yes"
		switch {
		case !r.Passed:
			state = "FAILED: " + r.Problem
		case r.Refused:
			state = "refused"
			refused++
		}
		if r.Passed {
			passed++
		}
		fmt.Fprintf(&b, "  %-58s %s\n", r.Name, state)
	}
	fmt.Fprintf(&b, "%d passed, %d failed; %d of them are not supported, and refused\n", passed, len(results)-passed, refused)
	_, err := io.WriteString(w, b.String())
	return err
}

// Features returns every construct, in the order of the matrix.
func Features() []Feature {
	files := func(group string, rows ...[]string) []Feature {
		var all []Feature
		for _, row := range rows {
			all = append(all, Feature{Group: group, Name: row[0], Cases: row[1:]})
		}
		return all
	}
	all := files("Basics",
		[]string{"sequence flow", "sequence"},
		[]string{"conditional sequence flow", "exclusive"},
		[]string{"default flow", "exclusive-default"},
		[]string{"process without start event", "implicit-start"},
		[]string{"several flows out of an activity", "implicit-fork"},
		[]string{"cancelled process", "cancelled"})
	all = append(all, files("Activities",
		[]string{"user task", "sequence"},
		[]string{"service task", "service", "service-incident", "service-incident-answered"},
		[]string{"business rule task", "rule"},
		[]string{"script task", "script", "script-incident"},
		[]string{"send task", "send"},
		[]string{"receive task", "receive"},
		[]string{"call activity", "call"},
		[]string{"embedded subprocess", "subprocess", "subprocess-cancelled"},
		[]string{"event subprocess", "event-subprocess", "event-subprocess-beside"},
		[]string{"loop, condition tested after", "loop"},
		[]string{"loop, condition tested before", "loop-test-before"},
		[]string{"multi-instance, parallel", "multi-parallel"},
		[]string{"multi-instance, sequential", "multi-sequential"},
		[]string{"multi-instance, completion condition", "multi-completion", "multi-veto"},
		[]string{"multi-instance, empty collection", "multi-empty"},
		[]string{"multi-instance, of a subprocess", "multi-subprocess"},
		[]string{"multi-instance, error in one", "multi-error", "multi-null"},
		[]string{"token cardinality", "token-cardinality"})...)
	all = append(all, files("Gateways",
		[]string{"exclusive", "exclusive", "exclusive-none", "exclusive-null"},
		[]string{"exclusive, default", "exclusive-default"},
		[]string{"inclusive", "inclusive"},
		[]string{"inclusive, default", "inclusive-default"},
		[]string{"inclusive, branch that ends elsewhere", "inclusive-ended-branch"},
		[]string{"inclusive, in a loop", "inclusive-loop"},
		[]string{"inclusive, joins that wait for one another", "inclusive-two-joins"},
		[]string{"parallel", "parallel"},
		[]string{"parallel, that can never join", "parallel-stuck"},
		[]string{"mixed: parallel and exclusive", "parallel-mixed"},
		[]string{"event-based, message or timer", "event-gateway"},
		[]string{"event-based, timer first", "event-gateway-timer"})...)
	all = append(all, eventFeatures()...)
	all = append(all, files("Events",
		[]string{"Message, start", "message-start"},
		[]string{"Message, intermediate throw and end", "message-catch"},
		[]string{"Timer, start", "timer-start"},
		[]string{"Timer, expression that is no time", "timer-bad"},
		[]string{"Timer, boundary that is not needed", "boundary-timer-unused"},
		[]string{"Signal, intermediate throw", "signal"},
		[]string{"Signal that nobody hears", "signal-nobody"},
		[]string{"Error, end", "error-nested"},
		[]string{"Error, not caught", "error-uncaught", "error-end-uncaught"},
		[]string{"Error, catch-all", "boundary-error-any"},
		[]string{"Error, event subprocess", "event-subprocess-error", "event-subprocess-error-again"},
		[]string{"Escalation, intermediate throw", "escalation"},
		[]string{"Escalation, end", "escalation-interrupting"},
		[]string{"Escalation, not caught", "escalation-uncaught"},
		[]string{"Compensation, all", "compensation"},
		[]string{"Compensation, one activity", "compensation-one"},
		[]string{"Compensation, of a subprocess", "compensation-subprocess"},
		[]string{"Compensation, nothing to undo", "compensation-nothing"},
		[]string{"Link", "link"},
		[]string{"Terminate", "terminate"},
		[]string{"Terminate, inside a subprocess", "terminate-subprocess"})...)
	all = append(all, files("Workflow patterns",
		[]string{"WCP01 sequence", "sequence"},
		[]string{"WCP02 parallel split", "parallel"},
		[]string{"WCP03 synchronization", "parallel"},
		[]string{"WCP04 exclusive choice", "exclusive"},
		[]string{"WCP05 simple merge", "token-cardinality"},
		[]string{"WCP06 multi-choice", "inclusive"},
		[]string{"WCP07 structured synchronizing merge", "inclusive"},
		[]string{"WCP08 multi-merge", "token-cardinality"},
		[]string{"WCP09 structured discriminator", "discriminator"},
		[]string{"WCP10 arbitrary cycles", "inclusive-loop"},
		[]string{"WCP11 implicit termination", "implicit-fork"},
		[]string{"WCP12 multiple instances without synchronization", "implicit-fork"},
		[]string{"WCP13 multiple instances, number known at design time", "multi-parallel"},
		[]string{"WCP14 multiple instances, number known at run time", "multi-parallel", "multi-empty"},
		[]string{"WCP16 deferred choice", "event-gateway"},
		[]string{"WCP17 interleaved parallel routing", "multi-sequential"},
		[]string{"WCP18 milestone", "milestone"},
		[]string{"WCP19 cancel task", "boundary-message"},
		[]string{"WCP20 cancel case", "terminate", "cancelled"})...)
	return grouped(append(all, refusedFeatures()...))
}

// grouped moves the features of a group together, in the order in which the groups
// first appear.
func grouped(all []Feature) []Feature {
	var order []string
	for _, f := range all {
		if !slices.Contains(order, f.Group) {
			order = append(order, f.Group)
		}
	}
	slices.SortStableFunc(all, func(a, b Feature) int {
		return slices.Index(order, a.Group) - slices.Index(order, b.Group)
	})
	return all
}

// refusedFeatures are what the engine does not support: it says so, with the
// element, when a model is compiled, and never ignores it.
func refusedFeatures() []Feature {
	task := `<startEvent id="s"/><userTask id="a"/><endEvent id="e"/>` + flow("s", "a", "a", "e")
	list := []struct{ group, name, element, body string }{
		{"Gateways", "complex gateway", "bad", `<startEvent id="s"/><complexGateway id="bad"/><endEvent id="e"/>` + flow("s", "bad", "bad", "e")},
		{"Gateways", "event-based gateway that starts a process", "bad", `<eventBasedGateway id="bad" instantiate="true"/><intermediateCatchEvent id="x"><timerEventDefinition><timeDuration>P1D</timeDuration></timerEventDefinition></intermediateCatchEvent><endEvent id="e"/>` + flow("bad", "x", "x", "e")},
		{"Activities", "transaction", "bad", `<startEvent id="s"/><transaction id="bad"><startEvent id="ts"/><endEvent id="te"/>` + flow("ts", "te") + `</transaction><endEvent id="e"/>` + flow("s", "bad", "bad", "e")},
		{"Activities", "ad hoc subprocess", "bad", `<startEvent id="s"/><adHocSubProcess id="bad"><userTask id="a"/></adHocSubProcess><endEvent id="e"/>` + flow("s", "bad", "bad", "e")},
		{"Activities", "receive task that starts a process", "bad", `<receiveTask id="bad" instantiate="true"/><endEvent id="e"/>` + flow("bad", "e")},
		{"Events", "Cancel, end", "bad", `<startEvent id="s"/><endEvent id="bad"><cancelEventDefinition/></endEvent>` + flow("s", "bad")},
		{"Events", "Multiple definitions, catch", "bad", `<startEvent id="s"/><intermediateCatchEvent id="bad"><timerEventDefinition><timeDuration>P1D</timeDuration></timerEventDefinition><conditionalEventDefinition><condition>ready</condition></conditionalEventDefinition></intermediateCatchEvent><endEvent id="e"/>` + flow("s", "bad", "bad", "e")},
		{"Events", "Multiple definitions, boundary", "bad", task + `<boundaryEvent id="bad" attachedToRef="a"><timerEventDefinition><timeDuration>P1D</timeDuration></timerEventDefinition><conditionalEventDefinition><condition>ready</condition></conditionalEventDefinition></boundaryEvent><endEvent id="f"/>` + flow("bad", "f")},
		{"Events", "Multiple definitions, end", "bad", `<startEvent id="s"/><endEvent id="bad"><terminateEventDefinition/><signalEventDefinition signalRef="x_s"/></endEvent>` + flow("s", "bad")},
		{"Events", "Compensation event subprocess", "bad", task + `<subProcess id="sub" triggeredByEvent="true"><startEvent id="bad"><compensateEventDefinition/></startEvent><endEvent id="f"/>` + flow("bad", "f") + `</subProcess>`},
	}
	var all []Feature
	for _, x := range list {
		all = append(all, Feature{Group: x.group, Name: x.name, Refused: true, run: func() error {
			_, err := compile(whole(`<signal id="x_s" name="law"/>`, x.body))
			var problems bpmn.Problems
			switch {
			case err == nil:
				return errors.New("it was compiled")
			case errors.As(err, &problems):
				for _, p := range problems {
					if p.Element == x.element {
						return nil
					}
				}
				return fmt.Errorf("it was refused without its name: %w", err)
			case strings.Contains(err.Error(), x.element):
				return nil
			}
			return fmt.Errorf("it was refused without its name: %w", err)
		}})
	}
	return all
}
