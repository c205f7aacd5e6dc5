package bpmn

import (
	"fmt"
	"io"
	"strings"
)

// Definitions is a parsed BPMN file: its processes and its diagrams. It is
// immutable and safe for concurrent use.
type Definitions struct {
	Namespace string
	Processes []ProcessInfo
	root      *xnode
	byID      map[string]*xnode
	parent    map[*xnode]*xnode
}

// ProcessInfo names one process of a file.
type ProcessInfo struct {
	ID, Name   string
	Executable bool // isExecutable in the file
	Pos        Pos
}

// Parse reads BPMN 2.0 XML. It fails with a *ParseError when the text is not
// XML, not BPMN, or uses one id twice. Whether a process can be executed is
// asked of Compile.
func Parse(r io.Reader) (*Definitions, error) {
	root, err := readXML(r)
	if err != nil {
		return nil, err
	}
	if root.name != "definitions" || root.space != nsModel {
		return nil, &ParseError{root.pos, fmt.Sprintf("the root element is %q, not the definitions of BPMN 2.0", root.name)}
	}
	d := &Definitions{
		Namespace: root.attr("targetNamespace"), root: root,
		byID: map[string]*xnode{}, parent: map[*xnode]*xnode{},
	}
	if err := d.index(root); err != nil {
		return nil, err
	}
	for _, x := range root.kids {
		if x.space == nsModel && x.name == "process" {
			d.Processes = append(d.Processes, ProcessInfo{ID: x.attr("id"), Name: x.attr("name"),
				Executable: x.attr("isExecutable") == "true", Pos: x.pos})
		}
	}
	return d, nil
}

func (d *Definitions) index(x *xnode) error {
	if x.space == nsModel {
		if id := x.attr("id"); id != "" {
			if strings.ContainsAny(id, ":/~!") {
				return &ParseError{x.pos, fmt.Sprintf("the id %q is not an XML name without colon", id)}
			}
			if old, ok := d.byID[id]; ok {
				return &ParseError{x.pos, fmt.Sprintf("the id %q of this %s is already used at %s", id, x.name, old.pos)}
			}
			d.byID[id] = x
		}
	}
	if x.name == "extensionElements" {
		return nil
	}
	for _, k := range x.kids {
		d.parent[k] = x
		if err := d.index(k); err != nil {
			return err
		}
	}
	return nil
}

// find returns the BPMN element with the id when it is one of the names.
func (d *Definitions) find(id string, names ...string) *xnode {
	x := d.byID[id]
	if x == nil {
		return nil
	}
	for _, n := range names {
		if x.name == n {
			return x
		}
	}
	return nil
}
