package bpmn

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"
)

// Pos is a place in the XML text: line and column, both from 1.
type Pos struct {
	Line   int `json:"line"`
	Column int `json:"column"`
}

func (p Pos) String() string { return fmt.Sprintf("%d:%d", p.Line, p.Column) }

// Limits of what Parse reads; a real model is far below each.
const (
	maxBytes = 16 << 20
	maxDepth = 100
	maxNodes = 200_000
)

// XML namespaces that mean something here.
const (
	nsModel   = "http://www.omg.org/spec/BPMN/20100524/MODEL"
	nsBPMNDI  = "http://www.omg.org/spec/BPMN/20100524/DI"
	nsDC      = "http://www.omg.org/spec/DD/20100524/DC"
	nsDI      = "http://www.omg.org/spec/DD/20100524/DI"
	nsOwn     = "https://passerelle.lu/bpmn"
	nsZeebe   = "http://camunda.org/schema/zeebe/1.0"
	nsCamunda = "http://camunda.org/schema/1.0/bpmn"
)

// xnode is one XML element with its place in the text.
type xnode struct {
	space, name string
	attrs       []xml.Attr
	kids        []*xnode
	text        string
	pos         Pos
}

// attr returns the attribute without a namespace.
func (x *xnode) attr(name string) string { return x.attrNS("", name) }

func (x *xnode) attrNS(space, name string) string {
	for _, a := range x.attrs {
		if a.Name.Space == space && a.Name.Local == name {
			return a.Value
		}
	}
	return ""
}

// ref returns an attribute that holds a QName, without its prefix.
func (x *xnode) ref(name string) string { return local(x.attr(name)) }

func local(qname string) string {
	qname = strings.TrimSpace(qname)
	if i := strings.LastIndexByte(qname, ':'); i >= 0 {
		return qname[i+1:]
	}
	return qname
}

// kid returns the first BPMN child element called name, or nil.
func (x *xnode) kid(name string) *xnode {
	for _, k := range x.kids {
		if k.space == nsModel && k.name == name {
			return k
		}
	}
	return nil
}

// ext returns the vendor element in extensionElements, or nil.
func (x *xnode) ext(space, name string) *xnode {
	e := x.kid("extensionElements")
	if e == nil {
		return nil
	}
	for _, k := range e.kids {
		if k.space == space && k.name == name {
			return k
		}
	}
	return nil
}

// extAttr returns an attribute of a vendor element, or "".
func (x *xnode) extAttr(space, name, attr string) string {
	if e := x.ext(space, name); e != nil {
		return e.attr(attr)
	}
	return ""
}

// readXML reads a whole document into a tree. Entities of a DTD are not
// expanded, so a small document stays small.
func readXML(r io.Reader) (*xnode, error) {
	lr := &io.LimitedReader{R: r, N: maxBytes + 1}
	d := xml.NewDecoder(lr)
	d.CharsetReader = charset
	var root *xnode
	var stack []*xnode
	var texts [][]byte
	nodes := 0
	for {
		line, col := d.InputPos()
		tok, err := d.Token()
		if lr.N <= 0 {
			return nil, &ParseError{Pos{line, col}, "the file is larger than 16 MB"}
		}
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			var syn *xml.SyntaxError
			if errors.As(err, &syn) {
				return nil, &ParseError{Pos{syn.Line, 1}, syn.Msg}
			}
			return nil, &ParseError{Pos{line, col}, err.Error()}
		}
		switch t := tok.(type) {
		case xml.StartElement:
			if nodes++; nodes > maxNodes || len(stack) >= maxDepth {
				return nil, &ParseError{Pos{line, col}, "too many or too deeply nested elements"}
			}
			x := &xnode{space: t.Name.Space, name: t.Name.Local, attrs: t.Attr, pos: Pos{line, col}}
			if len(stack) > 0 {
				up := stack[len(stack)-1]
				up.kids = append(up.kids, x)
			} else if root == nil {
				root = x
			} else {
				return nil, &ParseError{x.pos, "a second root element"}
			}
			stack = append(stack, x)
			texts = append(texts, nil)
		case xml.EndElement:
			n := len(stack) - 1
			stack[n].text = strings.TrimSpace(string(texts[n]))
			stack, texts = stack[:n], texts[:n]
		case xml.CharData:
			if n := len(texts); n > 0 {
				texts[n-1] = append(texts[n-1], t...)
			}
		}
	}
	if root == nil {
		return nil, &ParseError{Pos{1, 1}, "the file is empty"}
	}
	return root, nil
}

// charset accepts the encodings that modelling tools write besides UTF-8.
func charset(label string, r io.Reader) (io.Reader, error) {
	switch strings.ToLower(label) {
	case "us-ascii", "ascii":
		return r, nil
	case "iso-8859-1", "latin1", "windows-1252":
		return &latin1{r: r}, nil
	}
	return nil, fmt.Errorf("the encoding %q is not supported: save the file as UTF-8", label)
}

// latin1 turns ISO 8859-1 into UTF-8.
type latin1 struct {
	r    io.Reader
	rest []byte
	buf  [512]byte
}

func (l *latin1) Read(p []byte) (int, error) {
	if len(l.rest) == 0 {
		n, err := l.r.Read(l.buf[:])
		if n == 0 {
			return 0, err
		}
		l.rest = []byte(string(runes(l.buf[:n])))
	}
	n := copy(p, l.rest)
	l.rest = l.rest[n:]
	return n, nil
}

func runes(b []byte) []rune {
	out := make([]rune, len(b))
	for i, c := range b {
		out[i] = rune(c)
	}
	return out
}
