package bpmn

import (
	"strings"

	"passerelle/engine/feel"
)

// expr compiles a FEEL expression; a leading "=" (Camunda's mark of FEEL) is
// dropped.
func (c *compiler) expr(n *node, x *xnode, src string) *expr {
	if lang := x.attr("language"); lang != "" && !strings.Contains(strings.ToLower(lang), "feel") {
		c.refuse(n, x.pos, "the expression language %q is not supported: write FEEL", lang)
		return nil
	}
	return c.feelExpr(n, x.pos, src)
}

func (c *compiler) feelExpr(n *node, pos Pos, src string) *expr {
	src = strings.TrimSpace(strings.TrimPrefix(strings.TrimSpace(src), "="))
	if strings.HasPrefix(src, "${") || strings.HasPrefix(src, "#{") {
		c.refuse(n, pos, "the expression %s is not FEEL", src)
		return nil
	}
	e, err := feel.Compile(src, c.feel...)
	if err != nil {
		c.refuse(n, pos, "the expression %q is not FEEL: %v", src, err)
		return nil
	}
	out := &expr{src: src, e: e, elem: n.ID, pos: pos}
	c.p.exprs = append(c.p.exprs, out)
	return out
}

// children refuses what would change the execution of an element and is not
// understood.
func (c *compiler) children(n *node) {
	for _, k := range n.x.kids {
		if k.space != nsModel || inert[k.name] || strings.HasSuffix(k.name, "EventDefinition") || k.name == "eventDefinitionRef" {
			continue
		}
		switch k.name {
		case "dataInputAssociation", "dataOutputAssociation":
			if k.kid("assignment") != nil || k.kid("transformation") != nil {
				c.refuse(n, k.pos, "a data association with an assignment or transformation is not supported")
			}
		case "multiInstanceLoopCharacteristics", "standardLoopCharacteristics":
			if !n.activity() {
				c.refuse(n, k.pos, "only an activity can be repeated")
			}
		case "script", "text":
		case "loopCharacteristics":
			c.refuse(n, k.pos, "%s is not supported", k.name)
		default:
			if n.kind != kSub && n.kind != kEventSub {
				c.refuse(n, k.pos, "%s is not supported here", k.name)
			}
		}
	}
	for _, v := range [][2]string{{nsZeebe, "ioMapping"}, {nsZeebe, "executionListeners"}, {nsZeebe, "taskListeners"},
		{nsCamunda, "inputOutput"}, {nsCamunda, "executionListener"}, {nsCamunda, "taskListener"}, {nsCamunda, "connector"},
		{nsCamunda, "in"}, {nsCamunda, "out"}} {
		if e := n.x.ext(v[0], v[1]); e != nil {
			c.refuse(n, e.pos, "the vendor extension %s is not supported", v[1])
		}
	}
}

// task reads what a task does.
func (c *compiler) task(n *node) {
	x := n.x
	n.result = first(x.attrNS(nsOwn, "result"), x.attrNS(nsCamunda, "resultVariable"))
	switch n.kind {
	case kUser:
		if n.result == "" {
			n.result = x.attr("id")
		}
		if n.Attrs["role"] == "" {
			if g := first(x.attrNS(nsCamunda, "candidateGroups"), x.extAttr(nsZeebe, "assignmentDefinition", "candidateGroups")); g != "" {
				n.Attrs = with(n.Attrs, "role", g)
			}
		}
	case kService:
		n.ref = first(x.attrNS(nsOwn, "topic"), x.extAttr(nsZeebe, "taskDefinition", "type"), x.attrNS(nsCamunda, "topic"))
		if n.ref == "" {
			c.refuse(n, n.Pos, "the service task does not say which service it calls (pg:topic)")
		}
		if n.result == "" {
			n.result = x.attr("id")
		}
	case kRule:
		n.ref = first(x.attrNS(nsOwn, "decision"), x.extAttr(nsZeebe, "calledDecision", "decisionId"), x.attrNS(nsCamunda, "decisionRef"))
		if n.ref == "" {
			c.refuse(n, n.Pos, "the business rule task does not say which decision it takes (pg:decision)")
		}
		n.result = first(n.result, x.extAttr(nsZeebe, "calledDecision", "resultVariable"), "decision")
	case kScript:
		src, lang := "", x.attr("scriptFormat")
		if s := x.kid("script"); s != nil {
			src = s.text
		} else if z := x.ext(nsZeebe, "script"); z != nil {
			src, n.result = z.attr("expression"), first(n.result, z.attr("resultVariable"))
		}
		n.result = first(n.result, x.attr("id"))
		switch {
		case lang != "" && !strings.Contains(strings.ToLower(lang), "feel"):
			c.refuse(n, n.Pos, "the script language %q is not supported: write FEEL", lang)
		case src == "":
			c.refuse(n, n.Pos, "the script is empty")
		default:
			n.script = c.feelExpr(n, n.Pos, src)
		}
	case kSend, kReceive:
		if x.attr("instantiate") == "true" {
			c.refuse(n, n.Pos, "a receive task that starts the process is not supported: use a message start event")
		}
		n.event.kind = evMessage
		c.message(n, x, x.ref("messageRef"))
		if n.kind == kReceive && n.result == "" {
			n.result = x.attr("id")
		}
	}
}

// message reads the name and the correlation key of a message.
func (c *compiler) message(n *node, x *xnode, ref string) {
	m := n.defs.find(ref, "message")
	name := n.x.attrNS(nsOwn, "message")
	if m != nil {
		name = first(m.attr("name"), m.attr("id"))
	}
	if name == "" {
		c.refuse(n, x.pos, "the message is not named (messageRef %q)", ref)
		return
	}
	n.event.name, n.ref = name, name
	key := n.x.attrNS(nsOwn, "key")
	if key == "" && m != nil {
		key = first(m.attrNS(nsOwn, "key"), m.extAttr(nsZeebe, "subscription", "correlationKey"))
	}
	if key != "" {
		n.event.key = c.feelExpr(n, x.pos, key)
	}
}

var definitions = map[string]evKind{
	"timerEventDefinition": evTimer, "messageEventDefinition": evMessage, "signalEventDefinition": evSignal,
	"errorEventDefinition": evError, "escalationEventDefinition": evEscalation, "conditionalEventDefinition": evConditional,
	"linkEventDefinition": evLink, "compensateEventDefinition": evCompensate, "terminateEventDefinition": evTerminate,
}

// allowed says which events may stand where (BPMN 2.0.2, table 10.93).
var allowed = map[kind]string{
	kStart:    " timer message signal conditional error escalation ",
	kEnd:      " message signal error escalation compensate terminate ",
	kCatch:    " timer message signal conditional link ",
	kThrow:    " message signal escalation link compensate ",
	kBoundary: " timer message signal conditional error escalation compensate ",
}

func (c *compiler) eventNode(n *node, byID map[string]*node) {
	if n.kind == kBoundary {
		n.Attached = n.x.ref("attachedToRef")
		host := byID[n.Attached]
		if host == nil || !host.activity() {
			c.refuse(n, n.Pos, "the event is attached to %q, which is no activity here", n.Attached)
		} else {
			n.host, n.Attached = host, host.ID
			host.boundaries = append(host.boundaries, n)
		}
		n.interrupt = n.x.attr("cancelActivity") != "false"
		n.Stays = !n.interrupt
	}
	if n.kind == kStart {
		n.interrupt = n.x.attr("isInterrupting") != "false"
		n.Stays = !n.interrupt
	}
	var defs []*xnode
	for _, k := range n.x.kids {
		if k.space != nsModel {
			continue
		}
		if k.name == "eventDefinitionRef" {
			if k = n.defs.byID[local(k.text)]; k == nil {
				c.refuse(n, n.Pos, "the event definition it refers to is not in the file")
				continue
			}
		}
		if strings.HasSuffix(k.name, "EventDefinition") {
			defs = append(defs, k)
		}
	}
	switch len(defs) {
	case 0:
		if n.kind == kBoundary || n.kind == kCatch {
			c.refuse(n, n.Pos, "the event does not say what it waits for")
		}
		return
	case 1:
	default:
		c.refuse(n, n.Pos, "events with several definitions are not supported")
		return
	}
	def := defs[0]
	ev, ok := definitions[def.name]
	if !ok {
		c.refuse(n, def.pos, "%s is not supported", def.name)
		return
	}
	n.event.kind, n.Event = ev, evNames[ev]
	if !strings.Contains(allowed[n.kind], " "+n.Event+" ") {
		c.refuse(n, def.pos, "a %s event cannot stand here", n.Event)
		return
	}
	c.definition(n, def, ev)
}

func (c *compiler) definition(n *node, def *xnode, ev evKind) {
	catching := n.kind == kCatch || n.kind == kBoundary || n.kind == kStart
	switch ev {
	case evTimer:
		c.timer(n, def)
	case evMessage:
		c.message(n, def, def.ref("messageRef"))
		n.result = n.x.attrNS(nsOwn, "result")
	case evSignal:
		s := n.defs.find(def.ref("signalRef"), "signal")
		if s == nil {
			c.refuse(n, def.pos, "the signal is not named (signalRef %q)", def.attr("signalRef"))
			return
		}
		n.event.name = first(s.attr("name"), s.attr("id"))
	case evError, evEscalation:
		word := strings.TrimSuffix(def.name, "EventDefinition")
		ref := def.ref(word + "Ref")
		e := n.defs.find(ref, word)
		if e == nil && (ref != "" || !catching) {
			c.refuse(n, def.pos, "the %s is not named (%sRef %q)", word, word, ref)
			return
		}
		if e != nil {
			n.event.code = first(e.attr(word+"Code"), e.attr("name"), e.attr("id"))
		}
		if ev == evError && (n.kind == kBoundary || n.kind == kStart) && !n.interrupt {
			c.refuse(n, n.Pos, "an error event always interrupts")
		}
	case evConditional:
		cond := def.kid("condition")
		if cond == nil || cond.text == "" {
			c.refuse(n, def.pos, "the condition is empty")
			return
		}
		n.event.cond = c.expr(n, cond, cond.text)
	case evLink:
		if n.event.name = first(def.attr("name"), n.Name); n.event.name == "" {
			c.refuse(n, def.pos, "the link has no name")
			return
		}
		if n.kind == kCatch {
			if n.up.links[n.event.name] != nil {
				c.refuse(n, n.Pos, "the link %q has two targets", n.event.name)
			}
			n.up.links[n.event.name] = n
		}
	case evCompensate:
		n.event.ref = def.ref("activityRef")
		if def.attr("waitForCompletion") == "false" {
			c.refuse(n, def.pos, "compensation that does not wait is not supported")
		}
	}
}

func (c *compiler) timer(n *node, def *xnode) {
	names := []string{"timeDate", "timeDuration", "timeCycle"}
	for i, name := range names {
		k := def.kid(name)
		if k == nil {
			continue
		}
		t := &timer{kind: timerKind(i)}
		if k.text == "" {
			c.refuse(n, k.pos, "the timer is empty")
			return
		}
		_, iso := feel.ParseTemporal(k.text)
		_, cycle := parseCycle(k.text)
		switch {
		case iso, cycle && t.kind == timerCycle:
			t.text = k.text
			if _, why := t.evaluate(feel.Null()); why != "" {
				c.refuse(n, k.pos, "%s (%s)", why, name)
				return
			}
		case looksISO.MatchString(k.text): // FEEL would read a name or a subtraction
			c.refuse(n, k.pos, "the timer %q is no ISO 8601 value for %s", k.text, name)
			return
		default:
			if t.expr = c.feelExpr(n, k.pos, k.text); t.expr == nil {
				return
			}
		}
		n.event.time, n.Timer = t, k.text
		return
	}
	c.refuse(n, def.pos, "the timer does not say when")
}

// first returns the first of the strings that is not empty.
func first(ss ...string) string {
	for _, s := range ss {
		if s != "" {
			return s
		}
	}
	return ""
}

func with(m map[string]string, k, v string) map[string]string {
	if m == nil {
		m = map[string]string{}
	}
	m[k] = v
	return m
}
