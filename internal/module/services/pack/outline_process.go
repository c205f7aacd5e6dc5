package pack

import (
	"slices"
	"strings"
)

// process tells every element of the process by its name and kind, every flow by
// what follows what, and what they refer to; where they are drawn is not told.
func (w *words) process(add adder) {
	const file = "process.bpmn"
	all := map[string]xmlNode{}
	var walk func(parent string, n xmlNode)
	walk = func(parent string, n xmlNode) {
		own := func(kid xmlNode) bool { // has a part of its own
			return kid.attr("id") != "" && slices.Contains([]string{"definitions", "process", "subProcess", "transaction", "adHocSubProcess"}, n.kind())
		}
		said := []string{n.kind()}
		if parent != "" {
			said = append(said, "in: "+parent)
		}
		said = append(said, n.lines("", func(path string, kid xmlNode) bool {
			return path == "" && (own(kid) || kid.kind() == "BPMNDiagram" || kid.kind() == "incoming" || kid.kind() == "outgoing")
		})...)
		add(SectionProcess, file, n.attr("id"), w.stepLabel(n), w.element(parent, n, all), raw(said)...)
		for _, kid := range n.Kids {
			if own(kid) && kid.kind() != "BPMNDiagram" {
				walk(n.attr("id"), kid)
			}
		}
	}
	root := readXML(w.p.files[file])
	root.index(all)
	walk("", root)
}

// index puts an element and all within it under their ids.
func (n xmlNode) index(all map[string]xmlNode) {
	if id := n.attr("id"); id != "" {
		all[id] = n
	}
	for _, kid := range n.Kids {
		kid.index(all)
	}
}

// kid is the first of a kind within an element.
func (n xmlNode) kid(kind string) (xmlNode, bool) {
	for _, k := range n.Kids {
		if k.kind() == kind {
			return k, true
		}
	}
	return xmlNode{}, false
}

// own is an attribute of this program's: pg:name.
func (n xmlNode) own(name string) string {
	for _, a := range n.Attrs {
		if a.Name.Local == name && a.Name.Space != "" {
			return a.Value
		}
	}
	return ""
}

// stepLabel is what an element is called.
func (w *words) stepLabel(n xmlNode) string {
	id := n.attr("id")
	switch n.kind() {
	case "definitions":
		return w.loc.T("pack.step.kind.definitions")
	case "process":
		return w.loc.T("pack.step.kind.process")
	case "sequenceFlow":
		return w.loc.T("pack.step.way", "from", w.quoted(w.step(n.attr("sourceRef"))), "to", w.quoted(w.step(n.attr("targetRef"))))
	}
	if name := n.attr("name"); name != "" {
		return w.text("process."+id, name)
	}
	return w.text("process."+id, id)
}

// element tells what an element is and does.
func (w *words) element(parent string, n xmlNode, all map[string]xmlNode) []Line {
	var lines []Line
	t := func(key string, args ...any) { lines = append(lines, say(w.loc.T(key, args...))) }
	switch n.kind() {
	case "definitions", "process":
		return nil
	case "sequenceFlow":
		t("pack.step.follows", "from", w.quoted(w.step(n.attr("sourceRef"))), "to", w.quoted(w.step(n.attr("targetRef"))))
		if name := w.text("process."+n.attr("id"), n.attr("name")); name != "" {
			t("pack.step.wayName", "name", w.quoted(name))
		}
		if c, ok := n.kid("conditionExpression"); ok {
			lines = append(lines, w.cond("pack.step.if", c.Text))
		}
		return lines
	}
	if key := "pack.step.kind." + w.stepKind(n); w.loc.Has(key) {
		t("pack.step.is", "kind", w.loc.T(key))
	} else {
		lines = append(lines, Line{Text: w.loc.T("pack.step.other"), Code: n.kind()})
	}
	if p := all[parent]; p.kind() != "process" && p.kind() != "definitions" && parent != "" {
		t("pack.step.in", "step", w.quoted(w.stepLabel(p)))
	}
	lines = append(lines, w.work(n)...)
	if to := n.attr("attachedToRef"); to != "" {
		t("pack.step.at", "step", w.quoted(w.step(to)))
		if n.attr("cancelActivity") == "false" {
			t("pack.step.goesOn")
		} else {
			t("pack.step.ends")
		}
	}
	lines = append(lines, w.triggers(n)...)
	if flow, ok := all[n.attr("default")]; ok {
		t("pack.step.else", "step", w.quoted(w.step(flow.attr("targetRef"))))
	}
	return lines
}

// stepKind is the key of what an element is: whose step, a deadline or an event.
func (w *words) stepKind(n xmlNode) string {
	if role := n.own("role"); n.kind() == "userTask" && w.loc.Has("pack.step.kind.userTask-"+role) {
		return "userTask-" + role
	}
	if _, timer := n.kid("timerEventDefinition"); timer && n.kind() != "startEvent" {
		return "deadline"
	}
	return n.kind()
}

// work tells what is done in a step.
func (w *words) work(n xmlNode) []Line {
	var lines []Line
	t := func(key string, args ...any) { lines = append(lines, say(w.loc.T(key, args...))) }
	for _, key := range []string{"pack.step.topic." + n.own("topic"), "pack.step.job." + n.own("kind")} {
		if w.loc.Has(key) {
			t(key)
		}
	}
	var evidence []string
	for _, id := range strings.Fields(n.own("evidence")) {
		evidence = append(evidence, w.named("evidence."+id+".label", id))
	}
	if len(evidence) > 0 {
		t("pack.step.evidence", "evidence", w.loc.List(evidence))
	}
	if x := n.own("output"); x != "" {
		t("pack.step.output", "output", w.named("outputs."+x, x))
	}
	if x := n.own("decision"); x != "" {
		t("pack.step.decision", "decision", w.named("decisions."+x, x))
	}
	if x := n.own("party"); x != "" {
		t("pack.step.party", "party", w.named("party."+x+".name", x))
	}
	if x := n.own("fourEyes"); x != "" {
		t("pack.step.fourEyes", "step", w.quoted(w.step(x)))
	}
	var spans []string
	for _, x := range strings.Fields(n.own("remind")) {
		spans = append(spans, w.span(x))
	}
	if len(spans) > 0 {
		t("pack.step.remind", "spans", w.loc.List(spans))
	}
	return lines
}

// triggers tells what an event waits for or sends, a deadline by how long it is.
func (w *words) triggers(n xmlNode) []Line {
	var lines []Line
	for _, kid := range n.Kids {
		kind, isEvent := strings.CutSuffix(kid.kind(), "EventDefinition")
		switch {
		case kind == "timer":
			for _, time := range kid.Kids {
				lines = append(lines, w.timer(time))
			}
			if count := n.own("count"); w.loc.Has("pack.step.count." + count) {
				lines = append(lines, say(w.loc.T("pack.step.count."+count)))
			}
		case isEvent && w.loc.Has("pack.step.event."+kind):
			line := say(w.loc.T("pack.step.event." + kind))
			if c, ok := kid.kid("condition"); ok {
				line = w.cond("pack.step.condition", c.Text)
			}
			lines = append(lines, line)
		}
	}
	return lines
}

func (w *words) timer(n xmlNode) Line {
	text := strings.TrimSpace(n.Text)
	key := "pack.step." + n.kind()
	if said := w.span(text); said != text && n.kind() == "timeDuration" {
		return say(w.loc.T(key, "value", said))
	}
	if !w.loc.Has(key) {
		return Line{Text: w.loc.T("pack.step.other"), Code: text}
	}
	return w.value(key, text, thing{})
}
