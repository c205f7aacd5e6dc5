package matrix

import (
	"fmt"
	"strings"
)

// trigger is a kind of event: how it is written, and how it is brought about.
type trigger struct {
	name       string
	definition string // as it catches
	element    string // definitions that stand beside the process
	happen     string // a line of a script; %s is the element that waits
	wait       string // kind of wait, with %s for the element
	vars       string
	once       bool // it cannot come twice in these cases
}

var triggers = []trigger{
	{name: "Signal", element: `<signal id="x_s" name="law"/>`, definition: `<signalEventDefinition signalRef="x_s"/>`, happen: "signal law", wait: "signal:%s~1"},
	{name: "Message", element: `<message id="x_m" name="answer"/>`, definition: `<messageEventDefinition messageRef="x_m"/>`, happen: "message answer", wait: "message:%s~1", once: true},
	{name: "Timer (duration)", definition: `<timerEventDefinition><timeDuration>P1D</timeDuration></timerEventDefinition>`, happen: "timer %s~1", wait: "timer:%s~1", once: true},
	{name: "Timer (date)", definition: `<timerEventDefinition><timeDate>2026-03-01</timeDate></timerEventDefinition>`, happen: "timer %s~1", wait: "timer:%s~1", once: true},
	{name: "Conditional", definition: `<conditionalEventDefinition><condition>ready</condition></conditionalEventDefinition>`, happen: "set ready = true", wait: "condition:%s~1", vars: "vars {ready: false}", once: true},
	{name: "Error", element: `<error id="x_e" errorCode="bad"/>`, definition: `<errorEventDefinition errorRef="x_e"/>`, happen: "error a:1 bad"},
	{name: "Escalation", element: `<escalation id="x_u" escalationCode="late"/>`, definition: `<escalationEventDefinition escalationRef="x_u"/>`, happen: "escalate a:1 late"},
}

// position is where an event is caught: the process around it, and the script.
type position struct {
	name    string
	body    string // %s is the definition
	script  func(t trigger) string
	applies func(t trigger) bool
}

func user(t trigger) bool       { return t.name == "Error" || t.name == "Escalation" }
func waiting(t trigger) bool    { return !user(t) }
func everything(t trigger) bool { return true }
func notError(t trigger) bool   { return t.name != "Error" }

func flow(ids ...string) string {
	var b strings.Builder
	for i := 0; i+1 < len(ids); i += 2 {
		fmt.Fprintf(&b, `<sequenceFlow id="%s_%s" sourceRef="%s" targetRef="%s"/>`, ids[i], ids[i+1], ids[i], ids[i+1])
	}
	return b.String()
}

func (t trigger) at(element string) string {
	if !strings.Contains(t.happen, "%s") {
		return t.happen
	}
	return fmt.Sprintf(t.happen, element)
}

func (t trigger) waits(element string) string {
	if t.wait == "" {
		return ""
	}
	return fmt.Sprintf(t.wait, element)
}

var positions = []position{
	{name: "intermediate catch", applies: waiting,
		body: `<startEvent id="s"/><intermediateCatchEvent id="x">%s</intermediateCatchEvent><userTask id="b"/><endEvent id="e"/>` + flow("s", "x", "x", "b", "b", "e"),
		script: func(t trigger) string {
			return "start\nwaits " + t.waits("x") + "\n" + t.at("x") + "\nwaits user:b:1\ncomplete b:1\nends e"
		}},
	{name: "boundary, interrupting", applies: everything,
		body: `<startEvent id="s"/><userTask id="a"/><boundaryEvent id="x" attachedToRef="a">%s</boundaryEvent><userTask id="b"/><endEvent id="e"/><endEvent id="f"/>` + flow("s", "a", "a", "e", "x", "b", "b", "f"),
		script: func(t trigger) string {
			return "start\n" + t.at("x") + "\nwaits user:b:1\nrefused complete a:1\ncomplete b:1\nends f"
		}},
	{name: "boundary, not interrupting", applies: notError,
		body: `<startEvent id="s"/><userTask id="a"/><boundaryEvent id="x" attachedToRef="a" cancelActivity="false">%s</boundaryEvent><userTask id="b"/><endEvent id="e"/><endEvent id="f"/>` + flow("s", "a", "a", "e", "x", "b", "b", "f"),
		script: func(t trigger) string {
			return "start\n" + t.at("x") + "\ncomplete a:1\nwaits user:b:1\ncomplete b:1\nends f"
		}},
	{name: "event subprocess, interrupting", applies: everything,
		body: `<startEvent id="s"/><userTask id="a"/><endEvent id="e"/>` + flow("s", "a", "a", "e") + `<subProcess id="sub" triggeredByEvent="true"><startEvent id="x">%s</startEvent><userTask id="b"/><endEvent id="f"/>` + flow("x", "b", "b", "f") + `</subProcess>`,
		script: func(t trigger) string {
			return "start\n" + t.at("x") + "\nwaits user:b:1\ncomplete b:1\nends f"
		}},
	{name: "event subprocess, not interrupting", applies: notError,
		body: `<startEvent id="s"/><userTask id="a"/><endEvent id="e"/>` + flow("s", "a", "a", "e") + `<subProcess id="sub" triggeredByEvent="true"><startEvent id="x" isInterrupting="false">%s</startEvent><userTask id="b"/><endEvent id="f"/>` + flow("x", "b", "b", "f") + `</subProcess>`,
		script: func(t trigger) string {
			return "start\n" + t.at("x") + "\ncomplete b:1\ncomplete a:1\nends e"
		}},
	{name: "on a subprocess, interrupting", applies: everything,
		body: `<startEvent id="s"/><subProcess id="sub"><startEvent id="ss"/><userTask id="a"/><endEvent id="se"/>` + flow("ss", "a", "a", "se") + `</subProcess><boundaryEvent id="x" attachedToRef="sub">%s</boundaryEvent><userTask id="b"/><endEvent id="e"/><endEvent id="f"/>` + flow("s", "sub", "sub", "e", "x", "b", "b", "f"),
		script: func(t trigger) string {
			return "start\n" + t.at("x") + "\nwaits user:b:1\nrefused complete a:1\ncomplete b:1\nends f"
		}},
	{name: "on a subprocess, not interrupting", applies: notError,
		body: `<startEvent id="s"/><subProcess id="sub"><startEvent id="ss"/><userTask id="a"/><endEvent id="se"/>` + flow("ss", "a", "a", "se") + `</subProcess><boundaryEvent id="x" attachedToRef="sub" cancelActivity="false">%s</boundaryEvent><userTask id="b"/><endEvent id="e"/><endEvent id="f"/>` + flow("s", "sub", "sub", "e", "x", "b", "b", "f"),
		script: func(t trigger) string {
			return "start\n" + t.at("x") + "\ncomplete b:1\ncomplete a:1\nends e"
		}},
}

// whole is a process around a body.
func whole(elements, body string) []byte {
	return []byte(`<?xml version="1.0" encoding="UTF-8"?><definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" id="d" targetNamespace="https://passerelle.lu/bpmn/matrix">` +
		elements + `<process id="p" isExecutable="true">` + body + `</process></definitions>`)
}

// eventFeatures are all kinds of events at all places where they can be caught.
func eventFeatures() []Feature {
	var all []Feature
	for _, t := range triggers {
		for _, at := range positions {
			if !at.applies(t) {
				continue
			}
			script := at.script(t)
			if t.vars != "" {
				script = t.vars + "\n" + script
			}
			src := whole(t.element, fmt.Sprintf(at.body, t.definition))
			all = append(all, Feature{Group: "Events", Name: t.name + ", " + at.name, run: func() error { return play(src, script) }})
		}
	}
	return all
}
