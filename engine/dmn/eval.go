package dmn

import (
	"fmt"
	"strings"
	"sync"
	"time"

	"passerelle/engine/feel"
)

// Result is the outcome of one evaluation.
type Result struct {
	Value    feel.Value `json:"value"`
	Warnings []Warning  `json:"warnings,omitempty"`
	Trace    *Trace     `json:"trace,omitempty"`   // nil without WithTrace
	Decided  []Decided  `json:"decided,omitempty"` // nil without WithRules
}

// Option changes one evaluation.
type Option func(*options)

type options struct {
	trace, rules bool
	feel         []feel.EvalOption
	supposed     []supposition
}

// WithTrace asks for a Trace in the result.
func WithTrace() Option { return func(o *options) { o.trace = true } }

// WithRules asks for the value of every decision and the rules that count, see
// Decided. It costs little beside the evaluation itself, a trace many times more.
func WithRules() Option { return func(o *options) { o.rules = true } }

// WithClock gives now() and today() their time. Without it they are null.
func WithClock(now func() time.Time) Option {
	return func(o *options) { o.feel = append(o.feel, feel.WithClock(now)) }
}

// WithMaxSteps limits the work of the whole evaluation: of all expressions
// together, rounds of boxed iterations, values that are checked. The default is
// ten million; a model from a stranger gets fewer. See feel.WithMaxSteps.
func WithMaxSteps(n int) Option {
	return func(o *options) { o.feel = append(o.feel, feel.WithMaxSteps(n)) }
}

// WithMaxList limits the length of a list that one operation may make; see
// feel.WithMaxList.
func WithMaxList(n int) Option {
	return func(o *options) { o.feel = append(o.feel, feel.WithMaxList(n)) }
}

// WithMaxCalls limits how deep functions and knowledge models may call each
// other; see feel.WithMaxCalls.
func WithMaxCalls(n int) Option {
	return func(o *options) { o.feel = append(o.feel, feel.WithMaxCalls(n)) }
}

// Decide evaluates a decision of the main model, given by name or id, and what
// it requires, each once. inputs is a context with the input data by name.
// Inputs that are missing or of the wrong type are null, with a warning.
//
// An input of an imported model is looked for under "namespace#name", then
// under the import's prefix as a nested context, then under its plain name.
//
// The error is only about the call: an unknown decision, or inputs that are no
// context. What goes wrong inside the model becomes null, with a warning.
func (m *Model) Decide(decision string, inputs feel.Value, opts ...Option) (Result, error) {
	d := m.decision(decision)
	if d == nil {
		return Result{}, fmt.Errorf("dmn: the model %q has no decision %q", m.Name(), decision)
	}
	r, err := m.start(inputs, opts)
	if err != nil {
		return Result{}, err
	}
	res := r.finish(r.decide(d))
	r.release()
	return res, nil
}

// Serve evaluates a decision service of the main model, given by name or id.
// inputs is a context with its input data and input decisions by name. The
// value is that of its output decision, or a context of several by name.
func (m *Model) Serve(service string, inputs feel.Value, opts ...Option) (Result, error) {
	s := m.service(service)
	if s == nil {
		return Result{}, fmt.Errorf("dmn: the model %q has no decision service %q", m.Name(), service)
	}
	r, err := m.start(inputs, opts)
	if err != nil {
		return Result{}, err
	}
	args := make([]feel.Value, len(s.inputs))
	for i, q := range s.inputs {
		args[i] = r.given(q.info())
	}
	res := r.finish(s.run(r, args))
	r.release()
	return res, nil
}

// Call calls a knowledge model of the main model, given by name or id, with its
// parameters by name. A parameter that is missing is null.
func (m *Model) Call(knowledge string, params feel.Value, opts ...Option) (Result, error) {
	k, ok := m.main.byName[knowledge].(*knowledgeNode)
	if !ok {
		k, ok = m.main.byID[knowledge].(*knowledgeNode)
	}
	if !ok {
		return Result{}, fmt.Errorf("dmn: the model %q has no knowledge model %q", m.Name(), knowledge)
	}
	r, err := m.start(params, opts)
	if err != nil {
		return Result{}, err
	}
	fn := r.value(k)
	sig, _ := fn.Signature()
	args := make([]feel.Value, len(sig.Params))
	for i, p := range sig.Params {
		args[i], _ = params.Get(p.Name)
	}
	v, w := r.ev.Invoke(fn, args)
	for i := range w {
		r.feelWarning(place{k.label, k.at, ""}, w[i])
	}
	res := r.finish(v)
	r.release()
	return res, nil
}

func (m *Model) start(inputs feel.Value, opts []Option) (*run, error) {
	if k := inputs.Kind(); k != feel.KindContext && k != feel.KindNull {
		return nil, fmt.Errorf("dmn: the inputs must be a context, not %s", k)
	}
	var r *run
	if len(opts) == 0 {
		r = m.run(nil)
	} else {
		var err error
		if r, err = configured(m, opts); err != nil {
			return nil, err
		}
	}
	r.inputs = inputs
	return r, nil
}

// run returns a run, a used one if the model allows it.
func (m *Model) run(opts []feel.EvalOption) *run {
	if !m.reusable {
		return newRun(m, opts, nil)
	}
	r := runs.Get().(*run)
	r.ev.Reset(opts...)
	r.m, r.reused = m, true
	r.makeMemo()
	if cap(r.scopes) < m.scopes {
		r.scopes = make([]feel.Scope, 0, m.scopes)
	}
	return r
}

func configured(m *Model, opts []Option) (*run, error) {
	var o options
	for _, opt := range opts {
		opt(&o)
	}
	var r *run
	if o.trace {
		r = newRun(m, o.feel, &tracer{})
	} else {
		r = m.run(o.feel)
	}
	if o.rules {
		r.recorder = &recorder{decided: make([]Decided, 0, len(m.main.defs.Decisions))}
	}
	return r, r.suppose(o.supposed)
}

// runs are used again. Those of Decide only in models without functions: a
// function value may outlive the evaluation that made it, together with its
// scope.
var runs = sync.Pool{New: func() any { return &run{ev: new(feel.Evaluator)} }}

func (r *run) release() {
	r.ev.Release()
	if !r.reused {
		return
	}
	clear(r.memo)
	clear(r.scopes)
	*r = run{ev: r.ev, memo: r.memo[:0], scopes: r.scopes[:0]}
	runs.Put(r)
}

// run is one evaluation. It is used by one goroutine.
type run struct {
	m        *Model
	inputs   feel.Value
	memo     []memo
	ev       *feel.Evaluator // all expressions are evaluated here: their limits are those of the whole
	warnings []Warning
	tracer   *tracer   // nil: no trace
	recorder *recorder // nil: no record of rules
	limited  bool
	reused   bool
	plain    feel.Scope   // see scope
	scopes   []feel.Scope // room for the scopes of decisions; grows only in place
}

type memo struct {
	done  bool
	value feel.Value
}

func newRun(m *Model, opts []feel.EvalOption, tr *tracer) *run {
	r := &run{m: m, ev: feel.NewEvaluator(opts...), tracer: tr}
	r.makeMemo()
	return r
}

func (r *run) makeMemo() {
	if n := r.m.slots; n <= cap(r.memo) {
		r.memo = r.memo[:n]
	} else {
		r.memo = make([]memo, n)
	}
}

func (r *run) set(slot int, v feel.Value) { r.memo[slot] = memo{true, v} }

func (r *run) finish(v feel.Value) Result {
	res := Result{Value: v, Warnings: r.warnings}
	if r.tracer != nil {
		res.Trace = &r.tracer.trace
		r.tracer.closed = true
	}
	if r.recorder != nil {
		res.Decided = r.recorder.decided
	}
	return res
}

// value returns the value of a required node.
func (r *run) value(n node) feel.Value {
	switch n := n.(type) {
	case *inputNode:
		return r.input(n)
	case *decisionNode:
		return r.decide(n)
	case *knowledgeNode:
		if r.tracer != nil {
			return n.function(r.tracer)
		}
		return n.value
	case *serviceNode:
		if r.tracer != nil {
			return n.function(r.tracer)
		}
		return n.value
	}
	return feel.Null()
}

func (r *run) input(n *inputNode) feel.Value {
	if m := &r.memo[n.slot]; m.done {
		return m.value
	}
	v := r.given(&n.nodeInfo)
	r.set(n.slot, v)
	return v
}

// given returns what the caller gave for an input, as a value of its type.
func (r *run) given(n *nodeInfo) feel.Value {
	v, ok := r.lookup(n)
	if !ok {
		r.warn(place{n.label, n.at, ""}, fmt.Sprintf("no value was given for %q", n.name))
		return feel.Null()
	}
	return r.coerce(v, n.typ, place{n.label, n.at, ""}, n.name)
}

func (r *run) lookup(n *nodeInfo) (feel.Value, bool) {
	if n.u != r.m.main {
		if v, ok := r.inputs.Get(n.u.defs.Namespace + "#" + n.name); ok {
			return v, true
		}
		for _, imp := range r.m.main.imports {
			if imp.unit != n.u {
				continue
			}
			if nested, ok := r.inputs.Get(imp.name); ok {
				if v, ok := nested.Get(n.name); ok {
					return v, true
				}
			}
		}
		if _, taken := r.m.main.byName[n.label]; taken {
			return feel.Value{}, false
		}
	}
	return r.inputs.Get(n.name)
}

// decide returns the value of a decision, computed on first use.
func (r *run) decide(d *decisionNode) feel.Value {
	if m := &r.memo[d.slot]; m.done {
		return m.value
	}
	var v feel.Value
	if r.tracer.active() {
		v = r.decideTraced(d)
	} else {
		v = r.evaluate(d, nil)
	}
	r.recorder.decision(d, v)
	r.set(d.slot, v)
	return v
}

func (r *run) evaluate(d *decisionNode, t *Logic) feel.Value {
	scope := r.scope(d)
	if d.logic == nil {
		r.warn(place{d.label, d.at, ""}, "the decision has no logic")
		return feel.Null()
	}
	r.recorder.begin()
	v := d.logic.eval(r, scope, t)
	return r.coerce(v, d.typ, place{d.label, d.at, ""}, "the decision's value")
}

// scope returns what the logic of a decision sees: exactly what it requires.
// When that is inputs only, all given in their types, the caller's context
// serves as it is.
func (r *run) scope(d *decisionNode) *feel.Scope {
	if d.plain && r.plainInputs(d) {
		r.plain = *feel.NewScope(r.inputs) // the same for every such decision
		return &r.plain
	}
	if !d.chained {
		return requirementScope(d.reqs, feel.Entry{}, r.value)
	}
	for i := range d.reqs { // computing a value may itself need room
		if q := &d.reqs[i]; q.slot < 0 || !r.memo[q.slot].done {
			r.value(q.node)
		}
	}
	links := r.links(len(d.reqs))
	var s *feel.Scope
	for i := range d.reqs {
		q := &d.reqs[i]
		var v feel.Value
		if q.slot >= 0 {
			v = r.memo[q.slot].value
		} else {
			v = r.value(q.node)
		}
		links[i] = *s.With(q.name, v)
		s = &links[i]
	}
	return s
}

// links returns room for n scopes, from the run's own as long as there is any.
func (r *run) links(n int) []feel.Scope {
	from := len(r.scopes)
	if from+n > cap(r.scopes) {
		return make([]feel.Scope, n)
	}
	r.scopes = r.scopes[:from+n]
	return r.scopes[from:]
}

// maxChain is how many variables a chain of scopes may have; a context, which
// is indexed, finds more of them faster.
const maxChain = 10

// plainInputs reports whether every required input is given in its type and
// not overridden by a service's arguments.
func (r *run) plainInputs(d *decisionNode) bool {
	for i := range d.reqs {
		n := d.reqs[i].node.(*inputNode)
		if r.memo[n.slot].done {
			return false
		}
		v, ok := r.inputs.Get(n.name)
		if !ok || !n.typ.Conforms(v) {
			return false
		}
	}
	return true
}

// coerce returns v as a value of type t; null with a warning when it cannot be.
func (r *run) coerce(v feel.Value, t *feel.Type, p place, what string) feel.Value {
	if t == nil || v.IsNull() {
		return v
	}
	out, ok, w := r.ev.Coerce(t, v)
	if len(w) > 0 && w[len(w)-1].Limit {
		r.feelWarning(p, w[len(w)-1])
		return feel.Null()
	}
	if !ok {
		r.warn(p, fmt.Sprintf("%s is not of type %s: %s", what, t, short(v)))
		return feel.Null()
	}
	return out
}

// short is the text of a value for a message.
func short(v feel.Value) string {
	s := v.String()
	if len(s) > 80 {
		s = strings.ToValidUTF8(s[:77], "") + "…"
	}
	return s
}

func (r *run) warn(p place, msg string) {
	if len(r.warnings) < maxWarnings {
		r.warnings = append(r.warnings, Warning{Pos: p.at, Element: p.element, Text: p.text, Msg: msg,
			Unsupported: strings.Contains(msg, unsupportedMark)})
	}
}

// maxWarnings bounds the warnings of one evaluation.
const maxWarnings = 1000

func (r *run) feelWarning(p place, w feel.Warning) {
	msg := w.Msg
	if w.Line > 0 {
		msg = w.String()
	}
	r.warn(p, msg)
	if w.Limit && len(r.warnings) > 0 {
		r.warnings[len(r.warnings)-1].Limit = true
		r.limited = true
	}
}

// handTo passes the warnings of an evaluation inside a function to its caller.
func (r *run) handTo(c *feel.Call) {
	if len(r.warnings) == 0 {
		return
	}
	out := make([]feel.Warning, len(r.warnings))
	for i, w := range r.warnings {
		msg := w.Msg
		if !strings.HasPrefix(msg, "in ") { // the innermost element is the one to name
			msg = fmt.Sprintf("in %s: %s", w.Element, msg)
		}
		out[i] = feel.Warning{Msg: msg, Limit: w.Limit}
	}
	c.Add(out)
}

// step counts one round of a boxed iteration; it reports false when a limit is
// reached.
func (r *run) step(p place) bool {
	if r.limited {
		return false
	}
	if !r.ev.Spend(1) {
		r.feelWarning(p, feel.Warning{Msg: "the evaluation takes too many steps", Limit: true})
		return false
	}
	return true
}

// passes reports whether unary tests accept v.
func (r *run) passes(e *feel.Expr, v feel.Value, s *feel.Scope) bool {
	res, w := r.ev.Test(e, v, s)
	for i := range w {
		if w[i].Limit {
			r.feelWarning(place{text: e.Source()}, w[i])
		}
	}
	ok, _ := res.AsBool()
	return ok
}
