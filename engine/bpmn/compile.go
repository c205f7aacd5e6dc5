package bpmn

import (
	"fmt"
	"sort"
	"strings"

	"passerelle/engine/feel"
)

// Process is an executable process: validated, its expressions compiled. It is
// immutable and safe for concurrent use.
type Process struct {
	ID, Name string
	defs     *Definitions
	root     *node
	nodes    map[string]*node
	order    []*node
	flows    map[string]*flow
	exprs    []*expr
}

// Option changes how a process is compiled.
type Option func(*compiler)

// Names tells which FEEL names exist where the process runs ("application",
// "monthly income"), so that names with spaces or hyphens are read as one.
// Element ids are always known (the result of a user task stands under its id),
// and so are the names of the data objects in the file.
func Names(names ...string) Option {
	return func(c *compiler) { c.names = append(c.names, names...) }
}

// Library gives files in which call activities find the processes they call,
// after the file itself.
func Library(defs ...*Definitions) Option {
	return func(c *compiler) { c.library = append(c.library, defs...) }
}

type compiler struct {
	p        *Process
	names    []string
	library  []*Definitions
	feel     []feel.Option
	problems Problems
	calling  []string // processes being inlined, against recursion
}

// Compile validates the process and makes it executable. processID may be empty
// when the file holds one process, or one that is marked executable. The error
// is Problems: everything that is wrong or not supported, each with the place,
// id and name of its element.
func Compile(defs *Definitions, processID string, opts ...Option) (*Process, error) {
	x, err := defs.pick(processID)
	if err != nil {
		return nil, err
	}
	p := &Process{ID: x.attr("id"), Name: x.attr("name"), defs: defs, nodes: map[string]*node{}, flows: map[string]*flow{}}
	c := &compiler{p: p, calling: []string{x.attr("id")}}
	for _, o := range opts {
		o(c)
	}
	c.declare(defs)
	p.root = &node{Element: Element{ID: "", Name: p.Name, Kind: "process", Pos: x.pos}, kind: kProcess, x: x, defs: defs}
	c.scope(p.root, "")
	c.check(p.root)
	if len(c.problems) > 0 {
		sort.SliceStable(c.problems, func(i, j int) bool {
			a, b := c.problems[i].Pos, c.problems[j].Pos
			return a.Line < b.Line || a.Line == b.Line && a.Column < b.Column
		})
		return nil, c.problems
	}
	for _, n := range p.order {
		if n.joins() {
			n.reach()
		}
	}
	return p, nil
}

// pick finds the process to compile.
func (d *Definitions) pick(id string) (*xnode, error) {
	if id != "" {
		if x := d.find(id, "process"); x != nil {
			return x, nil
		}
		return nil, Problems{{Pos: d.root.pos, Element: id, Msg: "there is no process with this id"}}
	}
	var found []ProcessInfo
	for _, p := range d.Processes {
		if p.Executable {
			found = append(found, p)
		}
	}
	if len(found) == 0 {
		found = d.Processes
	}
	if len(found) != 1 {
		return nil, Problems{{Pos: d.root.pos, Msg: fmt.Sprintf("the file holds %d processes: say which one", len(d.Processes))}}
	}
	if x := d.find(found[0].ID, "process"); x != nil {
		return x, nil
	}
	return nil, Problems{{Pos: found[0].Pos, Msg: "the process has no id"}}
}

// declare makes element ids known to FEEL; ids with hyphens need it.
func (c *compiler) declare(defs ...*Definitions) {
	names := append([]string(nil), c.names...)
	for _, d := range append(defs, c.library...) {
		for id, x := range d.byID {
			if _, ok := kinds[x.name]; ok {
				names = append(names, id)
			}
			switch x.name {
			case "dataObject", "dataObjectReference", "dataStoreReference", "dataInput", "dataOutput", "property":
				if n := strings.Join(strings.Fields(x.attr("name")), " "); n != "" {
					names = append(names, n)
				}
			}
		}
	}
	sort.Strings(names)
	c.feel = []feel.Option{feel.Names(names...)}
}

func (c *compiler) refuse(n *node, pos Pos, format string, args ...any) {
	p := Problem{Pos: pos, Msg: fmt.Sprintf(format, args...)}
	if n != nil {
		p.Element, p.Name, p.Kind = n.ID, n.Name, n.Kind
		if n.kind == kProcess {
			p.Element = n.x.attr("id")
		}
	}
	c.problems = append(c.problems, p)
}

// scope compiles the elements in a process or subprocess. Ids get the prefix.
func (c *compiler) scope(s *node, prefix string) {
	s.links = map[string]*node{}
	byID := map[string]*node{}
	lanes := lanesOf(s.x)
	for _, x := range s.x.kids {
		if x.space != nsModel || inert[x.name] || x.name == "sequenceFlow" || s.kind != kProcess && ownPart(x.name) {
			continue
		}
		k, ok := kinds[x.name]
		n := &node{Element: Element{ID: prefix + x.attr("id"), Name: x.attr("name"), Kind: x.name, Parent: s.ID,
			Pos: x.pos, Lane: lanes[x.attr("id")]}, kind: k, x: x, up: s, defs: s.defs}
		if !ok {
			msg := refusedNodes[x.name]
			if msg == "" {
				msg = "this element is not supported"
			}
			c.refuse(n, x.pos, "%s", msg)
			if id := x.attr("id"); id != "" {
				n.kind = kTask // so that its flows do not raise more problems
				byID[id] = n
			}
			continue
		}
		if x.attr("id") == "" {
			c.refuse(n, x.pos, "the element has no id")
			continue
		}
		if n.kind == kSub && x.attr("triggeredByEvent") == "true" {
			n.kind = kEventSub
		}
		if _, twice := c.p.nodes[n.ID]; twice {
			c.refuse(n, x.pos, "the id is used twice")
			continue
		}
		byID[x.attr("id")] = n
		c.p.nodes[n.ID] = n
		c.p.order = append(c.p.order, n)
		s.kids = append(s.kids, n)
	}
	c.sequence(s, byID, prefix)
	for _, n := range s.kids {
		n.Attrs = attrsOf(n.x)
		n.forComp = n.x.attr("isForCompensation") == "true"
		switch n.kind {
		case kStart, kEnd, kCatch, kThrow, kBoundary:
			c.eventNode(n, byID)
		case kEventSub:
			s.eventSubs = append(s.eventSubs, n)
			c.scope(n, prefix)
		case kSub:
			c.loops(n)
			c.scope(n, prefix)
		case kCall:
			c.loops(n)
			c.call(n, prefix)
		case kEventGateway:
			if n.x.attr("instantiate") == "true" {
				c.refuse(n, n.Pos, "a gateway that starts the process is not supported: use message start events")
			}
		default:
			if n.activity() {
				c.loops(n)
				c.task(n)
			}
		}
		c.children(n)
	}
	c.compensators(s, byID)
	s.starts = startsOf(s)
}

// ownPart tells children of an activity that are no flow elements.
func ownPart(name string) bool {
	switch name {
	case "multiInstanceLoopCharacteristics", "standardLoopCharacteristics", "dataInputAssociation", "dataOutputAssociation":
		return true
	}
	return false
}

// startsOf lists where a token may enter the scope: start events, or else what
// nothing leads to (BPMN 2.0.2, 13.2).
func startsOf(s *node) []*node {
	var starts, free []*node
	for _, n := range s.kids {
		switch {
		case n.kind == kStart:
			starts = append(starts, n)
		case n.kind == kBoundary, n.kind == kEventSub, n.forComp, n.kind == kCatch && n.event.kind == evLink:
		case len(n.in) == 0:
			free = append(free, n)
		}
	}
	if len(starts) > 0 {
		return starts
	}
	return free
}

func (c *compiler) sequence(s *node, byID map[string]*node, prefix string) {
	byFlow := map[string]*flow{}
	for _, x := range s.x.kids {
		if x.space != nsModel || x.name != "sequenceFlow" {
			continue
		}
		fn := &node{Element: Element{ID: prefix + x.attr("id"), Name: x.attr("name"), Kind: x.name}, kind: kTask, x: x}
		from, to := byID[x.ref("sourceRef")], byID[x.ref("targetRef")]
		if x.attr("id") == "" || from == nil || to == nil {
			for _, side := range []string{"sourceRef", "targetRef"} {
				if byID[x.ref(side)] == nil {
					c.refuse(fn, x.pos, "%s %q is not in the same process or subprocess", side, x.attr(side))
				}
			}
			if x.attr("id") == "" {
				c.refuse(fn, x.pos, "the sequence flow has no id")
			}
			continue
		}
		f := &flow{id: prefix + x.attr("id"), from: from, to: to, pos: x.pos}
		if cx := x.kid("conditionExpression"); cx != nil && cx.text != "" {
			f.cond = c.expr(fn, cx, cx.text)
		}
		byFlow[x.attr("id")] = f
		c.p.flows[f.id] = f
		from.out, to.in = append(from.out, f), append(to.in, f)
		from.Next = append(from.Next, to.ID)
	}
	for _, n := range s.kids {
		id := n.x.ref("default")
		if id == "" {
			continue
		}
		f := byFlow[id]
		if f == nil || f.from != n {
			c.refuse(n, n.Pos, "the default flow %q does not leave this element", id)
			continue
		}
		n.def = f
	}
}

// call inlines the process that a call activity calls: it runs in the same case
// and the same transaction.
func (c *compiler) call(n *node, prefix string) {
	id := n.x.ref("calledElement")
	if id == "" {
		id = n.x.extAttr(nsZeebe, "calledElement", "processId")
	}
	if id == "" {
		c.refuse(n, n.Pos, "the call activity does not say what it calls (calledElement)")
		return
	}
	for _, open := range c.calling {
		if open == id {
			c.refuse(n, n.Pos, "process %q calls itself", id)
			return
		}
	}
	for _, d := range append([]*Definitions{n.defs}, c.library...) {
		if x := d.find(id, "process"); x != nil {
			c.calling = append(c.calling, id)
			own := n.x
			n.x, n.defs = x, d
			c.scope(n, n.ID+"/")
			n.x = own
			c.calling = c.calling[:len(c.calling)-1]
			for _, s := range n.starts {
				if s.kind == kStart && s.event.kind != evNone {
					c.refuse(n, n.Pos, "the called process %q begins with a %s start event, not a plain one", id, s.Event)
				}
			}
			return
		}
	}
	c.refuse(n, n.Pos, "the called process %q is not known", id)
}

// attrsOf collects the attributes in the engine's own namespace.
func attrsOf(x *xnode) map[string]string {
	var m map[string]string
	for _, a := range x.attrs {
		if a.Name.Space == nsOwn {
			if m == nil {
				m = map[string]string{}
			}
			m[a.Name.Local] = a.Value
		}
	}
	return m
}

// lanesOf maps element ids to the name of their innermost lane.
func lanesOf(x *xnode) map[string]string {
	lanes := map[string]string{}
	var walk func(x *xnode)
	walk = func(x *xnode) {
		for _, k := range x.kids {
			switch k.name {
			case "laneSet", "childLaneSet":
				walk(k)
			case "lane":
				for _, r := range k.kids {
					if r.name == "flowNodeRef" {
						lanes[local(r.text)] = k.attr("name")
					}
				}
				walk(k)
			}
		}
	}
	walk(x)
	return lanes
}
