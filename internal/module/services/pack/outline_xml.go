package pack

import (
	"bytes"
	"encoding/xml"
	"slices"
	"strings"
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
