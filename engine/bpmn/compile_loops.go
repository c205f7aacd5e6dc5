package bpmn

import (
	"strconv"
	"strings"
)

// maxInstances bounds one multi-instance activity.
const maxInstances = 10_000

// multi says how an activity is repeated: for each item of a collection, a
// number of times, or (loop) while a condition holds.
type multi struct {
	sequential bool
	count      *expr  // number of instances
	items      *expr  // or: one instance per item
	item       string // name of the item in an instance
	done       *expr  // completion condition
	loop       bool   // standard loop (BPMN 2.0.2, 10.3.8)
	while      *expr
	before     bool // test before the first round
	max        int  // rounds at most; 0 unlimited
}

// loops reads the repetition markers of an activity (BPMN 2.0.2, 13.3.6, 13.3.7).
func (c *compiler) loops(n *node) {
	if x := n.x.kid("standardLoopCharacteristics"); x != nil {
		m := &multi{loop: true, sequential: true, before: x.attr("testBefore") == "true"}
		if s := x.attr("loopMaximum"); s != "" {
			v, err := strconv.Atoi(s)
			if err != nil || v < 1 {
				c.refuse(n, x.pos, "loopMaximum %q is no positive number", s)
			}
			m.max = v
		}
		if k := x.kid("loopCondition"); k != nil && k.text != "" {
			m.while = c.expr(n, k, k.text)
		} else if m.max == 0 {
			c.refuse(n, x.pos, "the loop has neither a condition nor a maximum")
		}
		n.multi = m
	}
	x := n.x.kid("multiInstanceLoopCharacteristics")
	if x == nil {
		return
	}
	m := &multi{sequential: x.attr("isSequential") == "true", item: "item"}
	if b := x.attr("behavior"); b != "" && b != "All" {
		c.refuse(n, x.pos, "multi-instance behavior %q is not supported", b)
	}
	if k := x.kid("complexBehaviorDefinition"); k != nil {
		c.refuse(n, k.pos, "complex multi-instance behavior is not supported")
	}
	src := first(x.attrNS(nsOwn, "collection"), x.extAttr(nsZeebe, "loopCharacteristics", "inputCollection"))
	item := first(x.attrNS(nsOwn, "item"), x.extAttr(nsZeebe, "loopCharacteristics", "inputElement"))
	if k := x.kid("loopDataInputRef"); src == "" && k != nil {
		src = c.dataName(n, local(k.text))
	}
	if k := x.kid("inputDataItem"); item == "" && k != nil {
		item = first(k.attr("name"), k.attr("id"))
	}
	if item != "" {
		m.item = item
	}
	if v := x.attrNS(nsCamunda, "collection"); src == "" && v != "" {
		if strings.HasPrefix(v, "${") {
			c.refuse(n, x.pos, "the collection %s is not FEEL: use pg:collection", v)
			return
		}
		src, m.item = v, first(x.attrNS(nsCamunda, "elementVariable"), m.item)
	}
	switch k := x.kid("loopCardinality"); {
	case src != "":
		m.items = c.feelExpr(n, x.pos, src)
	case k != nil && k.text != "":
		m.count = c.expr(n, k, k.text)
	default:
		c.refuse(n, x.pos, "multi-instance does not say how often (loopCardinality or pg:collection)")
		return
	}
	if k := x.kid("completionCondition"); k != nil && k.text != "" {
		m.done = c.expr(n, k, k.text)
	}
	n.multi = m
}

// dataName is the variable a data reference stands for: its name, or its id.
func (c *compiler) dataName(n *node, id string) string {
	if d := n.defs.byID[id]; d != nil {
		return first(d.attr("name"), id)
	}
	return id
}

// compensators links boundary compensation events to their handlers, which an
// association shows (BPMN 2.0.2, 10.7).
func (c *compiler) compensators(s *node, byID map[string]*node) {
	for _, n := range s.kids {
		if n.kind != kBoundary || n.event.kind != evCompensate || n.host == nil {
			continue
		}
		var handler *node
		for _, x := range s.x.kids {
			if x.name == "association" && x.ref("sourceRef") == n.x.attr("id") {
				handler = byID[x.ref("targetRef")]
			}
		}
		switch {
		case handler == nil || !handler.forComp:
			c.refuse(n, n.Pos, "no association leads to a compensation activity")
		case n.host.compensator != nil:
			c.refuse(n, n.Pos, "the activity has two compensation handlers")
		default:
			n.host.compensator = handler
			n.Next = append(n.Next, handler.ID)
		}
	}
}
