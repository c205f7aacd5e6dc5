package dmn

import "passerelle/engine/feel"

// Trace tells how a result came about: every decision that was evaluated, in
// the order in which they were finished, so that what a decision requires
// stands before it.
type Trace struct {
	Steps []*Step `json:"steps"`
}

// Find returns the step of a decision by name or id, nil when it was not
// evaluated.
func (t *Trace) Find(decision string) *Step {
	for _, s := range t.Steps {
		if s.Name == decision || s.ID == decision {
			return s
		}
	}
	return nil
}

// Step is one evaluated decision, or one call of a knowledge model or service.
type Step struct {
	Kind     string     `json:"kind"` // decision, knowledge, service
	ID       string     `json:"id"`
	Name     string     `json:"name"`
	Model    string     `json:"model"` // namespace
	Type     string     `json:"type"`
	Value    feel.Value `json:"value"`
	Inputs   []Fact     `json:"inputs"`          // what it was given
	Logic    *Logic     `json:"logic,omitempty"` // of services: none, see Calls
	Calls    []*Step    `json:"calls,omitempty"` // knowledge models and services it called, and decisions inside a service
	Warnings []Warning  `json:"warnings,omitempty"`
}

// Fact is a value that a step was given.
type Fact struct {
	Name  string     `json:"name"`
	Kind  string     `json:"kind"` // input, decision, parameter
	ID    string     `json:"id,omitempty"`
	Type  string     `json:"type"`
	Value feel.Value `json:"value"`
}

// Logic is one evaluated expression.
type Logic struct {
	Kind    string     `json:"kind"`           // literal, table, context, list, relation, function, invocation, conditional, filter, for, every, some
	Name    string     `json:"name,omitempty"` // of the entry, parameter or part, such as "then"
	Text    string     `json:"text,omitempty"` // of literals
	Value   feel.Value `json:"value"`
	Uses    []Used     `json:"uses,omitempty"`    // by literals: what they read
	Parts   []*Logic   `json:"parts,omitempty"`   // entries, items, arguments, rounds, in their order
	Omitted int        `json:"omitted,omitempty"` // rounds of an iteration beyond the first hundred
	Table   *TableRun  `json:"table,omitempty"`
}

// maxParts is how many parts of one expression a trace keeps.
const maxParts = 100

// TableRun is one evaluated decision table.
type TableRun struct {
	HitPolicy   HitPolicy   `json:"hitPolicy"`
	Aggregation Aggregation `json:"aggregation,omitempty"`
	Inputs      []ColumnRun `json:"inputs"`
	Outputs     []string    `json:"outputs"`           // names; one empty name for a single output
	Rules       []RuleRun   `json:"rules"`             // all, in the order of the table
	Default     bool        `json:"default,omitempty"` // no rule matched: the default outputs count
}

// Fired returns the rules whose outputs count.
func (t *TableRun) Fired() []RuleRun {
	var out []RuleRun
	for _, r := range t.Rules {
		if r.Fired {
			out = append(out, r)
		}
	}
	return out
}

// ColumnRun is one input of a table.
type ColumnRun struct {
	Label string     `json:"label,omitempty"`
	Text  string     `json:"text"`
	Value feel.Value `json:"value"`
	Uses  []Used     `json:"uses,omitempty"`
}

// CellState says what became of one condition.
type CellState string

// The states of a condition.
const (
	CellMet         CellState = "met"
	CellNotMet      CellState = "not met"
	CellIrrelevant  CellState = "irrelevant"   // "-"
	CellNotAssessed CellState = "not assessed" // it became null: the value is missing or does not fit
)

// CellRun is one condition of a rule.
type CellRun struct {
	Text  string    `json:"text"`
	State CellState `json:"state"`
	Uses  []Used    `json:"uses,omitempty"` // of conditions that read more than the input
}

// RuleRun is one rule of a table.
type RuleRun struct {
	Index       int          `json:"index"` // from 1, as tables are numbered
	ID          string       `json:"id,omitempty"`
	Description string       `json:"description,omitempty"`
	Cells       []CellRun    `json:"cells"`
	Matched     bool         `json:"matched"`
	Fired       bool         `json:"fired"` // matched, and the hit policy let it count
	Outputs     []OutputRun  `json:"outputs"`
	Annotations []Annotation `json:"annotations,omitempty"` // of every rule
}

// OutputRun is one output of a rule.
type OutputRun struct {
	Name      string     `json:"name,omitempty"`
	Text      string     `json:"text"`
	Value     feel.Value `json:"value"`
	Evaluated bool       `json:"evaluated"` // false: the value was not needed
	Uses      []Used     `json:"uses,omitempty"`
}

// Annotation is one annotation of a rule, such as its article of law.
type Annotation struct {
	Name string `json:"name"`
	Text string `json:"text"`
}

// The methods of *Logic that fill it do nothing on nil, so that evaluation
// without trace pays one comparison.

func (t *Logic) kind(k string) {
	if t != nil {
		t.Kind = k
	}
}

func (t *Logic) done(v feel.Value) {
	if t != nil {
		t.Value = v
	}
}

func (t *Logic) entry(name string) *Logic {
	if t == nil {
		return nil
	}
	if len(t.Parts) >= maxParts {
		t.Omitted++
		return nil
	}
	e := &Logic{Name: name}
	t.Parts = append(t.Parts, e)
	return e
}

func (t *Logic) literal(b *literalBox, s *feel.Scope, v feel.Value) {
	if t != nil {
		t.Kind, t.Text, t.Value, t.Uses = "literal", b.place.text, v, b.reads.uses(s)
	}
}

// tracer collects the steps of one evaluation. nil: no trace.
type tracer struct {
	trace  Trace
	open   []*Step // steps that have begun
	steps  int
	closed bool // the evaluation is over; functions it returned are not recorded
}

// maxTraceSteps bounds a trace; calls beyond it are evaluated, not recorded.
const maxTraceSteps = 10_000

func (t *tracer) active() bool { return t != nil && !t.closed && t.steps < maxTraceSteps }

func (t *tracer) begin(kind string, n *nodeInfo) *Step {
	t.steps++
	s := &Step{Kind: kind, ID: n.id, Name: n.label, Model: n.u.defs.Namespace, Type: n.typeName()}
	t.open = append(t.open, s)
	return s
}

// end closes the innermost step. A call belongs to the step that called; a
// decision stands by itself, except inside a service.
func (t *tracer) end(s *Step, v feel.Value, warnings []Warning) {
	s.Value = v
	s.Warnings = append(s.Warnings, warnings...)
	t.open = t.open[:len(t.open)-1]
	for i := len(t.open) - 1; i >= 0; i-- {
		if s.Kind != "decision" || t.open[i].Kind == "service" {
			t.open[i].Calls = append(t.open[i].Calls, s)
			return
		}
	}
	t.trace.Steps = append(t.trace.Steps, s)
}

func (s *Step) logic() *Logic {
	s.Logic = &Logic{}
	return s.Logic
}

func (n *nodeInfo) typeName() string {
	if n.typeRef != "" {
		return n.typeRef
	}
	return n.typ.String()
}

// decideTraced is evaluate with a step in the trace. Required values are
// computed first, so that their steps come before.
func (r *run) decideTraced(d *decisionNode) feel.Value {
	var facts []Fact
	for _, q := range d.reqs {
		kind := "input"
		switch q.node.(type) {
		case *decisionNode:
			kind = "decision"
		case *inputNode:
		default:
			continue
		}
		i := q.node.info()
		name := q.name
		if q.prefix != "" {
			name = q.prefix + "." + name
		}
		facts = append(facts, Fact{Name: name, Kind: kind, ID: i.id, Type: i.typeName(), Value: r.value(q.node)})
	}
	before := len(r.warnings)
	step := r.tracer.begin("decision", &d.nodeInfo)
	step.Inputs = facts
	v := r.evaluate(d, step.logic())
	if d.logic == nil {
		step.Logic = nil
	}
	r.tracer.end(step, v, r.warnings[before:])
	return v
}
