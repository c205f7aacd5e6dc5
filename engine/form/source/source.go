package source

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"passerelle/engine/feel"
)

// Problem is one thing wrong with a file. Line is 1-based; 0 means the file as
// a whole.
type Problem struct {
	File string
	Line int
	Msg  string
}

func (p Problem) String() string {
	if p.Line == 0 {
		return p.File + ": " + p.Msg
	}
	return fmt.Sprintf("%s:%d: %s", p.File, p.Line, p.Msg)
}

// Decode reads one YAML document into the struct that into points to. It
// reports all problems it can find at once; into then holds what was readable.
func Decode(src []byte, file string, into any) []Problem {
	dec := yaml.NewDecoder(bytes.NewReader(src))
	dec.KnownFields(true)
	err := dec.Decode(into)
	if errors.Is(err, io.EOF) {
		return []Problem{{File: file, Msg: "the file is empty"}}
	}
	if err != nil {
		return problems(file, err)
	}
	var more yaml.Node
	if err := dec.Decode(&more); !errors.Is(err, io.EOF) {
		return []Problem{{File: file, Line: more.Line, Msg: "only one YAML document is expected"}}
	}
	return nil
}

var (
	yamlLine    = regexp.MustCompile(`^(?:yaml: )?line (\d+): (?s:(.*))$`)
	unknownKey  = regexp.MustCompile(`^field (\S+) not found in type .*$`)
	wrongType   = regexp.MustCompile(`^cannot unmarshal !!(\S+)(?: (.+))? into (\S+)$`)
	duplicate   = regexp.MustCompile(`^mapping key (".*") already defined at line (\d+)$`)
	plainGoType = regexp.MustCompile(`^(?:\*|\[\]|map\[string\])*(?:string|int|bool|float64|time\.Time)$`)
)

func problems(file string, err error) []Problem {
	var te *yaml.TypeError
	if !errors.As(err, &te) {
		return []Problem{problem(file, err.Error())}
	}
	out := make([]Problem, len(te.Errors))
	for i, e := range te.Errors {
		out[i] = problem(file, e)
	}
	return out
}

// problem turns the YAML library's sentence into one that does not speak of Go.
func problem(file, msg string) Problem {
	p := Problem{File: file, Msg: strings.TrimPrefix(msg, "yaml: ")}
	if m := yamlLine.FindStringSubmatch(msg); m != nil {
		p.Line, _ = strconv.Atoi(m[1])
		p.Msg = m[2]
	}
	switch {
	case unknownKey.MatchString(p.Msg):
		p.Msg = "unknown key " + strconv.Quote(unknownKey.FindStringSubmatch(p.Msg)[1])
	case duplicate.MatchString(p.Msg):
		m := duplicate.FindStringSubmatch(p.Msg)
		p.Msg = "key " + m[1] + " stands already at line " + m[2]
	case wrongType.MatchString(p.Msg):
		m := wrongType.FindStringSubmatch(p.Msg)
		want := "a mapping"
		if plainGoType.MatchString(m[3]) {
			want = goWords.Replace(m[3])
		} else if strings.HasPrefix(m[3], "[]") {
			want = "a list"
		}
		got := m[1]
		if w, ok := yamlWords[got]; ok {
			got = w
		}
		p.Msg = strings.TrimSpace("expected " + want + ", found " + got + " " + m[2])
	}
	return p
}

var (
	goWords   = strings.NewReplacer("[]", "list of ", "map[string]", "mapping to ", "*", "", "time.Time", "date", "bool", "true or false", "int", "integer", "float64", "number", "string", "text")
	yamlWords = map[string]string{"map": "a mapping", "seq": "a list", "str": "the text", "int": "the number", "float": "the number", "bool": "the value", "null": "nothing", "timestamp": "the date"}
)

// Text is a scalar that remembers where it stands in its file.
type Text struct {
	Text   string
	Line   int  // 1-based line of the first character
	Quoted bool // written in quotes or as a block: surely meant as text
}

// UnmarshalYAML takes any scalar as the text it was written as.
func (t *Text) UnmarshalYAML(n *yaml.Node) error {
	if n.Kind != yaml.ScalarNode {
		return &yaml.TypeError{Errors: []string{fmt.Sprintf("line %d: expected a text", n.Line)}}
	}
	*t = Text{Text: n.Value, Line: n.Line, Quoted: n.Style != 0}
	if n.Tag == "!!null" {
		t.Text = ""
	}
	if n.Style&(yaml.LiteralStyle|yaml.FoldedStyle) != 0 {
		t.Line++ // the content begins below the indicator
	}
	return nil
}

// At makes a problem at the text's line.
func (t Text) At(file, format string, args ...any) Problem {
	return Problem{File: file, Line: t.Line, Msg: fmt.Sprintf(format, args...)}
}

// Compile compiles the text as a FEEL expression. A syntax error becomes a
// problem at its line in the file.
func (t Text) Compile(file string, opts ...feel.Option) (*feel.Expr, *Problem) {
	e, err := feel.Compile(t.Text, opts...)
	if err == nil {
		return e, nil
	}
	p := Problem{File: file, Line: t.Line, Msg: "FEEL: " + err.Error()}
	var se *feel.SyntaxError
	if errors.As(err, &se) {
		p.Msg = "FEEL: " + se.Msg + " in " + strconv.Quote(short(t.Text))
		p.Line += se.Line - 1
	}
	return nil, &p
}

func short(s string) string {
	s = strings.Join(strings.Fields(s), " ")
	if r := []rune(s); len(r) > 60 {
		return string(r[:59]) + "…"
	}
	return s
}
