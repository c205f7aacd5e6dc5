package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"passerelle/engine/dmn"
	"passerelle/engine/feel"
)

// streams are what a command reads from and writes to.
type streams struct {
	in       io.Reader
	out, err io.Writer
}

// dmnModel is a compiled model and the files it was made of.
type dmnModel struct {
	*dmn.Model
	file  string
	files map[string]string // by name of the definitions
}

// readDMN reads a model file. The error has the file and the place.
func readDMN(path string) (*dmn.Definitions, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	d, err := dmn.Parse(f)
	var pe *dmn.ParseError
	if errors.As(err, &pe) {
		return nil, &placedError{[]placed{{path, pe.Pos, "error", pe.Msg}}}
	}
	return d, err
}

// placed is a message about a place in a file.
type placed struct {
	File     string `json:"file"`
	dmn.Pos  `json:"position"`
	Severity string `json:"severity"`
	Msg      string `json:"message"`
}

func (p placed) String() string {
	if p.Line == 0 {
		return fmt.Sprintf("%s: %s: %s", p.File, p.Severity, p.Msg)
	}
	return fmt.Sprintf("%s:%s: %s: %s", p.File, p.Pos, p.Severity, p.Msg)
}

type placedError struct{ list []placed }

func (e *placedError) Error() string {
	parts := make([]string, len(e.list))
	for i, p := range e.list {
		parts[i] = p.String()
	}
	return strings.Join(parts, "\n")
}

// loadDMN reads and compiles a model with the models it imports: those named,
// then those of its folder that have the namespace which is asked for.
func loadDMN(path string, imports []string) (*dmnModel, error) {
	main, err := readDMN(path)
	if err != nil {
		return nil, err
	}
	m := &dmnModel{file: path, files: map[string]string{main.Name: path}}
	var others []*dmn.Definitions
	add := func(d *dmn.Definitions, file string) {
		others = append(others, d)
		if m.files[d.Name] == "" {
			m.files[d.Name] = file
		}
	}
	for _, file := range imports {
		d, err := readDMN(file)
		if err != nil {
			return nil, err
		}
		add(d, file)
	}
	beside, err := neighbours(path, imports)
	if err != nil {
		return nil, err
	}
	for todo := append([]*dmn.Definitions{main}, others...); len(todo) > 0; todo = todo[1:] {
		for _, imp := range todo[0].Imports {
			known := func(d *dmn.Definitions) bool { return d.Namespace == imp.Namespace }
			if known(main) || slices.ContainsFunc(others, known) {
				continue
			}
			for _, n := range beside {
				if n.defs.Namespace == imp.Namespace {
					add(n.defs, n.file)
					todo = append(todo, n.defs)
					break
				}
			}
		}
	}
	if m.Model, err = dmn.Compile(main, others...); err != nil {
		var ce *dmn.CompileError
		if !errors.As(err, &ce) {
			return nil, err
		}
		out := &placedError{}
		for _, p := range ce.Problems {
			out.list = append(out.list, placed{m.fileOf(p.Model), p.Pos, "error", p.Element + ": " + p.Msg})
		}
		return nil, out
	}
	return m, nil
}

type neighbour struct {
	file string
	defs *dmn.Definitions
}

// neighbours reads the other models of a folder. One that cannot be read is none.
func neighbours(path string, not []string) ([]neighbour, error) {
	files, err := filepath.Glob(filepath.Join(filepath.Dir(path), "*.dmn"))
	if err != nil {
		return nil, err
	}
	var out []neighbour
	for _, file := range files {
		if filepath.Base(file) == filepath.Base(path) || slices.Contains(not, file) {
			continue
		}
		if d, err := readDMN(file); err == nil {
			out = append(out, neighbour{file, d})
		}
	}
	return out, nil
}

func (m *dmnModel) fileOf(model string) string {
	if f := m.files[model]; f != "" {
		return f
	}
	return m.file
}

// dmnInput are the flags about what a model is evaluated with.
type dmnInput struct {
	Model    string   `arg:"" help:"DMN model."`
	Decision string   `help:"Name or id of one decision; all of the model when missing."`
	Service  string   `help:"Name or id of a decision service, instead of decisions."`
	Input    string   `help:"JSON file with the input data by name; - reads standard input." placeholder:"FILE"`
	Date     string   `help:"The day that today() gives, and now() its noon in UTC: 2025-06-01." placeholder:"DAY"`
	Import   []string `help:"A model that is imported; those beside the model are found by themselves." placeholder:"FILE"`
	MaxSteps int      `help:"End the evaluation after so much work; for models of strangers." default:"10000000"`
	JSON     bool     `help:"Print data instead of text."`
}

func (c *dmnInput) options() ([]dmn.Option, error) {
	opts := []dmn.Option{dmn.WithMaxSteps(c.MaxSteps)}
	if c.Date == "" {
		return opts, nil
	}
	day, err := time.Parse(time.DateOnly, c.Date)
	if err != nil {
		return nil, fmt.Errorf("--date: %q is no day like 2025-06-01", c.Date)
	}
	noon := day.Add(12 * time.Hour)
	return append(opts, dmn.WithClock(func() time.Time { return noon })), nil
}

// data reads the inputs as JSON; without a file there are none.
func (c *dmnInput) data(s *streams) ([]byte, error) {
	switch c.Input {
	case "":
		return []byte("{}"), nil
	case "-":
		return io.ReadAll(s.in)
	}
	return os.ReadFile(c.Input)
}

// dmnOutcome is what came of a decision or service.
type dmnOutcome struct {
	Name     string     `json:"name"`
	Value    feel.Value `json:"value"`
	Warnings []placed   `json:"warnings,omitempty"`
	Trace    *dmn.Trace `json:"trace,omitempty"`
}

func warningAt(file string, w dmn.Warning) placed {
	return placed{file, w.Pos, "warning", w.Element + ": " + w.Msg}
}

// run evaluates what the flags ask for.
func (c *dmnInput) run(s *streams, more ...dmn.Option) (*dmnModel, []dmnOutcome, error) {
	m, err := loadDMN(c.Model, c.Import)
	if err != nil {
		return nil, nil, err
	}
	opts, err := c.options()
	if err != nil {
		return nil, nil, err
	}
	opts = append(opts, more...)
	data, err := c.data(s)
	if err != nil {
		return nil, nil, err
	}
	names, evaluate := m.Decisions(), m.Decide
	switch {
	case c.Service != "" && c.Decision != "":
		return nil, nil, errors.New("either --decision or --service")
	case c.Service != "":
		names, evaluate = []string{c.Service}, m.Serve
	case c.Decision != "":
		names = []string{c.Decision}
	}
	var out []dmnOutcome
	for _, name := range names {
		inputs, err := m.InputsFromJSON(name, data)
		if err != nil {
			return nil, nil, err
		}
		res, err := evaluate(name, inputs, opts...)
		if err != nil {
			return nil, nil, err
		}
		o := dmnOutcome{Name: name, Value: res.Value, Trace: res.Trace}
		for _, w := range res.Warnings {
			o.Warnings = append(o.Warnings, warningAt(m.file, w))
		}
		out = append(out, o)
	}
	return m, out, nil
}
