package dmn

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"
)

// Bounds of a model's text. Real models stay far below; what exceeds them is
// refused before it can cost memory.
const (
	maxBytes    = 32 << 20
	maxElements = 500_000
	maxDepth    = 200
)

// element is one XML element. Only what DMN needs is kept.
type element struct {
	Pos
	space, name string
	attrs       []xml.Attr
	text        string // character data directly inside, untrimmed; set at the end tag
	data        []byte // that data while reading
	children    []*element
}

func (e *element) attr(name string) string {
	for _, a := range e.attrs {
		if a.Name.Space == "" && a.Name.Local == name {
			return a.Value
		}
	}
	return ""
}

// child returns the first DMN child of that name, or nil.
func (e *element) child(name string) *element {
	for _, c := range e.children {
		if c.name == name && c.space == e.space {
			return c
		}
	}
	return nil
}

func (e *element) childText(name string) string {
	if c := e.child(name); c != nil {
		return strings.TrimSpace(c.text)
	}
	return ""
}

// readXML reads one document into a tree. Document type declarations are
// refused, so there are no entities beyond XML's own five; nothing outside the
// text is ever read.
func readXML(r io.Reader) (*element, error) {
	limited := &io.LimitedReader{R: r, N: maxBytes + 1}
	dec := xml.NewDecoder(limited)
	dec.CharsetReader = func(label string, in io.Reader) (io.Reader, error) {
		switch strings.ToLower(label) {
		case "utf-8", "us-ascii":
			return in, nil
		}
		return nil, fmt.Errorf("encoding %q is not supported, only UTF-8", label)
	}
	pos := func() Pos {
		line, col := dec.InputPos()
		return Pos{line, col}
	}
	var root *element
	var stack []*element
	count := 0
	for {
		at := pos()
		tok, err := dec.Token()
		if limited.N <= 0 {
			return nil, &ParseError{at, fmt.Sprintf("the model is larger than %d bytes", maxBytes)}
		}
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			var syntax *xml.SyntaxError
			if errors.As(err, &syntax) {
				return nil, &ParseError{Pos{syntax.Line, max(1, pos().Column)}, syntax.Msg}
			}
			return nil, &ParseError{pos(), err.Error()}
		}
		switch t := tok.(type) {
		case xml.StartElement:
			if count++; count > maxElements {
				return nil, &ParseError{at, fmt.Sprintf("the model has more than %d elements", maxElements)}
			}
			if len(stack) >= maxDepth {
				return nil, &ParseError{at, fmt.Sprintf("elements are nested deeper than %d", maxDepth)}
			}
			e := &element{Pos: at, space: t.Name.Space, name: t.Name.Local, attrs: t.Copy().Attr}
			if len(stack) > 0 {
				top := stack[len(stack)-1]
				top.children = append(top.children, e)
			} else if root != nil {
				return nil, &ParseError{at, "a second root element"}
			} else {
				root = e
			}
			stack = append(stack, e)
		case xml.EndElement:
			top := stack[len(stack)-1]
			top.text, top.data = string(top.data), nil
			stack = stack[:len(stack)-1]
		case xml.CharData:
			if len(stack) > 0 {
				top := stack[len(stack)-1]
				top.data = append(top.data, t...)
			}
		case xml.Directive:
			return nil, &ParseError{at, "document type declarations are not allowed"}
		}
	}
	if root == nil {
		return nil, &ParseError{pos(), "there is no XML element"}
	}
	return root, nil
}
