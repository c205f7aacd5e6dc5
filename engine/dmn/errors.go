package dmn

import (
	"fmt"
	"strings"
)

// Pos is a place in the XML text of a model. Both count from 1; the zero Pos
// is unknown.
type Pos struct {
	Line   int `json:"line"`
	Column int `json:"column"`
}

// String returns "line:column".
func (p Pos) String() string { return fmt.Sprintf("%d:%d", p.Line, p.Column) }

// ParseError says why a text is no DMN model.
type ParseError struct {
	Pos
	Msg string
}

func (e *ParseError) Error() string { return fmt.Sprintf("dmn: %s: %s", e.Pos, e.Msg) }

// Problem is a mistake in one place of a model. The rest of the model can
// still be used: what has a problem evaluates to null, with a warning.
type Problem struct {
	Pos
	Model   string // name of the definitions
	Element string // name of the decision, knowledge model, service or type
	Msg     string
}

func (p Problem) String() string {
	return fmt.Sprintf("%s %s: %s: %s", p.Model, p.Pos, p.Element, p.Msg)
}

// CompileError says why definitions cannot become a model at all: a name or id
// given twice, a requirement that leads nowhere or into a circle, an import
// that is missing. It lists every such problem.
type CompileError struct{ Problems []Problem }

func (e *CompileError) Error() string {
	parts := make([]string, len(e.Problems))
	for i, p := range e.Problems {
		parts[i] = p.String()
	}
	return "dmn: " + strings.Join(parts, "; ")
}

// Warning says why a part of an evaluation became null.
type Warning struct {
	Pos                // of the expression's text in the model's XML
	Element     string `json:"element"`               // name of the decision, knowledge model or service
	Text        string `json:"text,omitempty"`        // of the expression, if it is one
	Msg         string `json:"message"`               // with the position inside Text, if known
	Unsupported bool   `json:"unsupported,omitempty"` // needs something that this engine does not offer
	Limit       bool   `json:"limit,omitempty"`       // a limit ended the evaluation
}

func (w Warning) String() string { return fmt.Sprintf("%s: %s: %s", w.Element, w.Pos, w.Msg) }
