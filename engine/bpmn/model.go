package bpmn

import (
	"fmt"
	"strings"
)

// Element is one node of a process as people drew it: an event, an activity or
// a gateway.
type Element struct {
	ID       string            `json:"id"`               // as in the file; inside a call activity "call/inner"
	Name     string            `json:"name,omitempty"`   // the label in the file
	Kind     string            `json:"kind"`             // the BPMN element: "userTask", "exclusiveGateway", "boundaryEvent", …
	Event    string            `json:"event,omitempty"`  // events: "timer", "message", "signal", "error", "escalation", "conditional", "link", "compensate", "terminate" or "" (none)
	Timer    string            `json:"timer,omitempty"`  // timer events: when, as in the file
	Parent   string            `json:"parent,omitempty"` // the subprocess or call activity around it, "" in the process
	Attached string            `json:"attached,omitempty"`
	Stays    bool              `json:"stays,omitempty"` // boundary events and starts of event subprocesses: does not interrupt
	Lane     string            `json:"lane,omitempty"`  // the name of the innermost lane
	Attrs    map[string]string `json:"attrs,omitempty"`
	Next     []string          `json:"next,omitempty"` // elements its sequence flows lead to
	Pos      Pos               `json:"pos"`
}

// ParseError says why a file is not readable as BPMN.
type ParseError struct {
	Pos
	Msg string
}

func (e *ParseError) Error() string { return fmt.Sprintf("%s: %s", e.Pos, e.Msg) }

// Problem is one reason why a process cannot be executed.
type Problem struct {
	Pos     Pos    `json:"pos"`
	Element string `json:"element,omitempty"` // element id
	Name    string `json:"name,omitempty"`    // its label
	Kind    string `json:"kind,omitempty"`
	Msg     string `json:"msg"`
}

func (p Problem) String() string {
	var b strings.Builder
	b.WriteString(p.Pos.String())
	b.WriteString(": ")
	if p.Kind != "" {
		b.WriteString(p.Kind)
		b.WriteByte(' ')
	}
	if p.Element != "" {
		fmt.Fprintf(&b, "%q", p.Element)
		if p.Name != "" {
			fmt.Fprintf(&b, " (%s)", strings.Join(strings.Fields(p.Name), " "))
		}
		b.WriteString(": ")
	}
	b.WriteString(p.Msg)
	return b.String()
}

// Problems is the error of Compile: all reasons at once, in the order of the
// file.
type Problems []Problem

func (ps Problems) Error() string {
	lines := make([]string, len(ps))
	for i, p := range ps {
		lines[i] = p.String()
	}
	return strings.Join(lines, "\n")
}

// kind is the compiled form of Element.Kind.
type kind uint8

const (
	kProcess kind = iota
	kStart
	kEnd
	kCatch
	kThrow
	kBoundary
	kTask // none and manual tasks
	kUser
	kService
	kRule
	kSend
	kReceive
	kScript
	kSub
	kEventSub
	kCall
	kExclusive
	kInclusive
	kParallel
	kEventGateway
)

var kinds = map[string]kind{
	"startEvent": kStart, "endEvent": kEnd, "intermediateCatchEvent": kCatch, "intermediateThrowEvent": kThrow,
	"boundaryEvent": kBoundary, "task": kTask, "manualTask": kTask, "userTask": kUser, "serviceTask": kService,
	"businessRuleTask": kRule, "sendTask": kSend, "receiveTask": kReceive, "scriptTask": kScript,
	"subProcess": kSub, "callActivity": kCall, "exclusiveGateway": kExclusive, "inclusiveGateway": kInclusive,
	"parallelGateway": kParallel, "eventBasedGateway": kEventGateway,
}

// flow nodes of BPMN that this engine draws but does not run.
var refusedNodes = map[string]string{
	"complexGateway":              "complex gateways are not supported: use an inclusive gateway",
	"transaction":                 "transactions are not supported: use a subprocess with compensation",
	"adHocSubProcess":             "ad hoc subprocesses are not supported",
	"subChoreography":             "choreographies are not executed",
	"choreographyTask":            "choreographies are not executed",
	"callChoreography":            "choreographies are not executed",
	"implicitThrowEvent":          "implicit throw events are not supported",
	"event":                       "an event must be a start, end, catch, throw or boundary event",
	"correlationSubscription":     "correlation subscriptions are not supported: give the message a pg:key",
	"resourceRole":                "resource roles are not supported: use pg:role",
	"standardLoopCharacteristics": "",
}

// children of flow nodes and processes that carry no execution semantics here.
var inert = map[string]bool{
	"documentation": true, "extensionElements": true, "incoming": true, "outgoing": true, "laneSet": true,
	"dataObject": true, "dataObjectReference": true, "dataStoreReference": true, "ioSpecification": true,
	"property": true, "association": true, "textAnnotation": true, "group": true, "auditing": true, "monitoring": true,
	"dataInput": true, "dataOutput": true, "inputSet": true, "outputSet": true, "rendering": true,
	"supportedInterfaceRef": true, "supports": true, "artifact": true, "categoryValueRef": true,
	// Who works is said by pg:role and decided outside; the drawn performers inform.
	"performer": true, "humanPerformer": true, "potentialOwner": true, "resourceRole": true,
}

type evKind uint8

const (
	evNone evKind = iota
	evTimer
	evMessage
	evSignal
	evError
	evEscalation
	evConditional
	evLink
	evCompensate
	evTerminate
)

var evNames = [...]string{"", "timer", "message", "signal", "error", "escalation", "conditional", "link", "compensate", "terminate"}

// event is what an event node (or a receive or send task) waits for or throws.
type event struct {
	kind evKind
	name string // message, signal, link
	code string // error, escalation; "" catches all
	key  *expr  // message correlation
	cond *expr
	time *timer
	ref  string // compensation: activity id, "" for all
}

type flow struct {
	id       string
	from, to *node
	cond     *expr
	pos      Pos
}

// node is one compiled element.
type node struct {
	Element
	kind kind
	x    *xnode
	up   *node // scope: process, subprocess or called process
	defs *Definitions

	in, out []*flow
	def     *flow // default flow

	// scopes
	kids      []*node
	starts    []*node // where a scope begins
	eventSubs []*node
	links     map[string]*node // link catch events by name

	// activities
	host        *node // boundary events: where it sits
	boundaries  []*node
	compensator *node // handler activity
	forComp     bool
	multi       *multi
	result      string // variable that receives the result
	ref         string // topic, decision, message name of tasks
	script      *expr

	event     event
	interrupt bool // boundary events and starts of event subprocesses

	back []map[*node]bool // joins: per incoming flow, nodes whose token can still arrive there
}

func (n *node) activity() bool { return n.kind >= kTask && n.kind <= kCall && n.kind != kEventSub }
func (n *node) isScope() bool {
	return n.kind == kProcess || n.kind == kSub || n.kind == kEventSub || n.kind == kCall
}

// joins reports whether tokens must meet at n.
func (n *node) joins() bool {
	return (n.kind == kParallel || n.kind == kInclusive) && len(n.in) > 1
}
