package pack

import (
	"bytes"
	"encoding/xml"
	"maps"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"passerelle/engine/dmn"
	"passerelle/internal/platform/i18n"
)

// xmlNode is an element of a model as it stands in the file, so that what the
// engines do not name is told too.
type xmlNode struct {
	XMLName xml.Name
	Attrs   []xml.Attr `xml:",any,attr"`
	Kids    []xmlNode  `xml:",any"`
	Text    string     `xml:",chardata"`
}

func (n xmlNode) kind() string { return n.XMLName.Local }

func (n xmlNode) attr(name string) string {
	for _, a := range n.Attrs {
		if a.Name.Local == name && a.Name.Space == "" {
			return a.Value
		}
	}
	return ""
}

// lines writes an element line by line, with the path before each value; what
// skip names is left out.
func (n xmlNode) lines(path string, skip func(path string, kid xmlNode) bool) []string {
	var out []string
	under := func(name string) string { return strings.TrimPrefix(path+"."+name, ".") }
	for _, a := range n.Attrs {
		if a.Name.Local != "id" && a.Name.Space != "xmlns" && a.Name.Local != "xmlns" {
			out = append(out, under(a.Name.Local)+": "+a.Value)
		}
	}
	slices.Sort(out)
	for _, text := range textLines([]byte(n.Text)) {
		if path != "" {
			text = path + ": " + text
		}
		out = append(out, text)
	}
	for _, kid := range n.Kids {
		if skip(path, kid) {
			continue
		}
		lines := kid.lines(under(kid.kind()), skip)
		if len(lines) == 0 {
			lines = []string{under(kid.kind())}
		}
		out = append(out, lines...)
	}
	return out
}

func readXML(src []byte) (root xmlNode) {
	if xml.NewDecoder(bytes.NewReader(src)).Decode(&root) != nil {
		return xmlNode{}
	}
	return root
}

// outlineProcess tells every element of the process, every flow with its
// condition, and what they refer to; where they are drawn is not told.
func (p *Package) outlineProcess(loc *i18n.Locale, add adder) {
	const file = "process.bpmn"
	name := func(id string) string {
		if p.Has("process." + id) {
			return p.T(loc.Lang(), "process."+id)
		}
		return id
	}
	var walk func(parent string, n xmlNode)
	walk = func(parent string, n xmlNode) {
		own := func(kid xmlNode) bool { // has a part of its own
			return kid.attr("id") != "" && slices.Contains([]string{"definitions", "process", "subProcess", "transaction", "adHocSubProcess"}, n.kind())
		}
		id, label := n.attr("id"), "process."+n.attr("id")
		lines := []string{n.kind()}
		if parent != "" {
			lines = append(lines, "in: "+parent)
		}
		lines = append(lines, n.lines("", func(path string, kid xmlNode) bool {
			return path == "" && (own(kid) || kid.kind() == "BPMNDiagram" || kid.kind() == "incoming" || kid.kind() == "outgoing")
		})...)
		if n.kind() == "sequenceFlow" {
			lines = append([]string{name(n.attr("sourceRef")) + " → " + name(n.attr("targetRef"))}, lines...)
		}
		add(SectionProcess, file, id, label, lines)
		for _, kid := range n.Kids {
			if own(kid) && kid.kind() != "BPMNDiagram" {
				walk(id, kid)
			}
		}
	}
	walk("", readXML(p.files[file]))
}

// outlineRules tells the decisions and the functions with their logic, and what
// else decision.dmn says: types, inputs, services.
func (p *Package) outlineRules(add adder) {
	const file = "decision.dmn"
	inside := map[string]xmlNode{}
	var rest []xmlNode
	for _, n := range readXML(p.files[file]).Kids {
		switch n.kind() {
		case "decision", "businessKnowledgeModel":
			inside[n.attr("name")] = n
		case "DMNDI":
		default:
			rest = append(rest, n)
		}
	}
	// the FEEL of the logic is told line by line; types, names and allowed values are not
	more := func(name string) []string {
		return inside[name].lines("", func(path string, kid xmlNode) bool {
			last := path[strings.LastIndex(path, ".")+1:]
			return kid.kind() == "text" && !slices.Contains([]string{"inputValues", "outputValues", "annotationEntry"}, last) ||
				slices.Contains([]string{"inputEntry", "outputEntry", "defaultOutputEntry"}, kid.kind())
		})
	}
	for _, d := range p.definitions.Decisions {
		add(SectionRules, file, d.Name, "decisions."+d.Name, logicLines(d.Logic), more(d.Name)...)
	}
	for _, k := range p.definitions.Knowledge {
		var logic dmn.Expression // not k.Function itself: nil there is a function, not none
		if k.Function != nil {
			logic = k.Function.Body
		}
		add(SectionRules, file, k.Name, "decisions."+k.Name, logicLines(logic), more(k.Name)...)
	}
	for _, n := range rest {
		name := n.attr("name")
		if name == "" {
			name = n.attr("id")
		}
		add(SectionRules, file, strings.TrimSpace(n.kind()+" "+name), "", n.lines("", func(string, xmlNode) bool { return false }))
	}
}

// outlineYAML tells a file key by key; of a list, item by item. What has a text
// under texts is called by it.
func (p *Package) outlineYAML(s Section, file, texts string, add adder) {
	var raw map[string]any
	if yaml.Unmarshal(p.files[file], &raw) != nil {
		return
	}
	for _, key := range slices.Sorted(maps.Keys(raw)) {
		list, _ := raw[key].([]any)
		var whole []any
		for _, item := range list {
			m, ok := item.(map[string]any)
			if !ok || m["id"] == nil {
				whole = append(whole, item)
				continue
			}
			id := scalar(m["id"])
			label := texts + id
			if reason, ok := m["reason"]; ok {
				label = texts + scalar(reason)
			}
			if s == SectionExplanation {
				label = texts + key + "." + id
				if key == "conditions" {
					label += ".met"
				}
			}
			said := maps.Clone(m)
			delete(said, "id")
			add(s, file, key+"."+id, label, flat(said))
		}
		switch {
		case list == nil:
			add(s, file, key, "", flat(raw[key]))
		case whole != nil:
			add(s, file, key, "", flat(whole))
		}
	}
}
