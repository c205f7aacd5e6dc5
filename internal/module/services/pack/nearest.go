package pack

import (
	"slices"
	"strings"
	"time"

	"github.com/woodsbury/decimal128"

	"passerelle/engine/dmn"
	"passerelle/engine/feel"
	"passerelle/internal/platform/i18n"
)

// Nearest is what would follow if one quantity alone were another: the nearest
// value at which the decision changes.
type Nearest struct {
	ID      string     // in explanation.yaml
	From    feel.Value // as it is
	Last    feel.Value // the last value, going there, at which nothing changes
	To      feel.Value // the first value at which the decision is another
	Outcome Outcome    // there
	Amount  string     // there; "" for none
	Better  bool       // granted instead of refused, or a larger amount
	Legal   string     // resource/article

	spec *nearestSpec
	far  decimal128.Decimal // distance in parts of what it is, to compare quantities
}

// nearestSpec is one quantity that may be varied.
type nearestSpec struct {
	id       string
	line     int
	decision string   // varied is a decision of decision.dmn,
	path     []string // or what stands at a path of the facts: application.x, evidence.person.y, date
	kind     string   // number, date, boolean, choice
	step     decimal128.Decimal
	min, max decimal128.Decimal
	bounded  [2]bool
	options  []string // of a choice
	with     []string // decisions that have the same value, and move with it
	only     string   // "better", or "" for both
	unit     string
	legal    string
}

// The kinds of quantities.
const (
	nearestNumber  = "number"
	nearestDate    = "date"
	nearestBoolean = "boolean"
	nearestChoice  = "choice"
)

// probes bounds how often one quantity is tried: about as many decisions are
// made at the most.
const probes = 160

// Nearest computes for each quantity that explanation.yaml declares the nearest
// value at which d, a decision about f, would be another: another outcome, or
// another amount for other reasons. What the rules leave to a person (judgement)
// is no change that anybody can be promised, and a judgement has none. The result begins with what
// would make it better, each in the order of the distance (in parts of what the
// quantity is).
//
// A number is tried at every boundary that the decision itself knows (the
// numbers among its values and legal values) and at distances that double; between
// two neighbours that differ the boundary is found by halving, down to the
// quantity's step. So the result is exact where the decision changes at most once
// between two neighbours, and always true: both Last and To have been decided.
//
// open reports whether something that was tried would leave the decision to a
// person.
func (p *Package) Nearest(f Facts, d Decision) (found []Nearest, open bool) {
	if d.Outcome != Granted && d.Outcome != Refused {
		return nil, false
	}
	if p.readsCalendar { // what alone would change it, not what another day's calendar would
		f.Calendar = append([]CalendarFact{}, d.Calendar...)
	}
	base, err := p.inputs(f)
	if err != nil {
		return nil, false
	}
	s := &nearestSearch{p: p, f: f, d: d, base: base}
	for i := range p.Explanation.nearest {
		spec := &p.Explanation.nearest[i]
		for _, n := range s.vary(spec) {
			if spec.only != "better" || n.Better {
				found = append(found, n)
			}
		}
	}
	slices.SortStableFunc(found, func(a, b Nearest) int {
		if a.Better != b.Better {
			if a.Better {
				return -1
			}
			return 1
		}
		return int(a.far.Cmp(b.far))
	})
	return found, s.open
}

// Varies reports whether the package says what may be varied.
func (p *Package) Varies() bool { return len(p.Explanation.nearest) > 0 }

// nearestSearch tries values.
type nearestSearch struct {
	p     *Package
	f     Facts
	d     Decision
	base  decisionInputs
	tried int
	open  bool // a person would decide what was tried
}

// nearestFate is what a decision comes to, as far as a change of it counts.
type nearestFate struct {
	outcome Outcome
	amount  string
	reasons string
	steps   string // the values that jump
}

// differs reports whether somebody would be told something else: not when only
// the reasons of a refusal change, nor when the amount follows the quantity bit
// by bit under the same rule.
func (a nearestFate) differs(b nearestFate) bool {
	if a.outcome != b.outcome {
		return true
	}
	return a.outcome == Granted && a.amount != b.amount && (a.reasons != b.reasons || a.steps != b.steps)
}

func (s *nearestSearch) own() nearestFate {
	return s.p.nearestFate(s.d)
}

// nearestFate tells a decision that was made with its record.
func (p *Package) nearestFate(d Decision) nearestFate {
	x := nearestFate{outcome: d.Outcome, amount: d.Amount, reasons: strings.Join(d.Reasons, ",")}
	for _, name := range p.Explanation.steps {
		x.steps += d.Values[name].String() + ";"
	}
	return x
}

// vary finds the nearest change to the better and the nearest to the worse.
func (s *nearestSearch) vary(spec *nearestSpec) []Nearest {
	from := s.value(spec)
	if from.IsNull() || slices.ContainsFunc(spec.with, func(name string) bool { return !s.d.Values[name].Equal(from) }) {
		return nil
	}
	s.tried = 0
	switch spec.kind {
	case nearestBoolean:
		b, ok := from.AsBool()
		if !ok {
			return nil
		}
		return s.options(spec, from, []feel.Value{feel.Bool(!b)})
	case nearestChoice:
		var others []feel.Value
		for _, o := range spec.options {
			if v := feel.String(o); !v.Equal(from) {
				others = append(others, v)
			}
		}
		return s.options(spec, from, others)
	}
	var found []Nearest
	for _, up := range []bool{false, true} {
		if n, ok := s.side(spec, from, up); ok {
			found = append(found, n)
		}
	}
	return nearestOfEach(found)
}

// nearestOfEach keeps the nearest to the better and the nearest to the worse.
func nearestOfEach(all []Nearest) []Nearest {
	slices.SortStableFunc(all, func(a, b Nearest) int { return int(a.far.Cmp(b.far)) })
	var out []Nearest
	for _, n := range all {
		if !slices.ContainsFunc(out, func(o Nearest) bool { return o.Better == n.Better }) {
			out = append(out, n)
		}
	}
	return out
}

func (s *nearestSearch) options(spec *nearestSpec, from feel.Value, others []feel.Value) []Nearest {
	var found []Nearest
	for _, to := range others {
		if fate, ok := s.try(spec, to); ok && fate.differs(s.own()) {
			found = append(found, s.change(spec, from, from, to, fate, decimal128.FromInt64(1)))
		}
	}
	return nearestOfEach(found)
}

// side looks in one direction: over the probes from the nearest to the farthest,
// until one differs, then between it and the one before.
func (s *nearestSearch) side(spec *nearestSpec, from feel.Value, up bool) (Nearest, bool) {
	at := spec.number(from)
	before := at
	for _, x := range s.ladder(spec, at, up) {
		if s.tried >= probes {
			break
		}
		fate, ok := s.try(spec, spec.value(x))
		if !ok { // undecided there: nothing can be promised beyond either
			break
		}
		if !fate.differs(s.own()) {
			before = x
			continue
		}
		low, high := before, x
		for {
			middle := spec.between(low, high)
			if middle.Equal(low) || middle.Equal(high) {
				break
			}
			there, ok := s.try(spec, spec.value(middle))
			switch {
			case !ok:
				return Nearest{}, false
			case there.differs(s.own()):
				high, fate = middle, there
			default:
				low = middle
			}
		}
		return s.change(spec, from, spec.value(low), spec.value(high), fate, distance(at, high)), true
	}
	return Nearest{}, false
}

func (s *nearestSearch) change(spec *nearestSpec, from, last, to feel.Value, there nearestFate, far decimal128.Decimal) Nearest {
	better := there.outcome == Granted && s.d.Outcome != Granted
	if there.outcome == Granted && s.d.Outcome == Granted {
		a, err1 := decimal128.Parse(there.amount)
		b, err2 := decimal128.Parse(s.d.Amount)
		better = err1 == nil && (err2 != nil || a.Cmp(b).Greater())
	}
	return Nearest{ID: spec.id, From: from, Last: last, To: to, Outcome: there.outcome, Amount: there.amount, Better: better, Legal: spec.legal, spec: spec, far: far}
}

// distance is how far it is, in parts of what it is.
func distance(from, to decimal128.Decimal) decimal128.Decimal {
	d := to.Sub(from)
	if d.Signbit() {
		d = d.Neg()
	}
	if from.IsZero() {
		return d
	}
	if from.Signbit() {
		from = from.Neg()
	}
	return d.Quo(from)
}

// ladder lists the values to try on one side, the nearest first.
func (s *nearestSearch) ladder(spec *nearestSpec, at decimal128.Decimal, up bool) []decimal128.Decimal {
	var all []decimal128.Decimal
	add := func(x decimal128.Decimal) {
		x = spec.grid(x, at)
		if c := x.Cmp(at); up && !c.Greater() || !up && !c.Less() {
			return
		}
		if spec.bounded[0] && x.Cmp(spec.min).Less() || spec.bounded[1] && x.Cmp(spec.max).Greater() {
			return
		}
		if spec.kind == nearestDate && distance(decimal128.FromInt64(1), x.Sub(at)).Cmp(farthest).Greater() {
			return
		}
		all = append(all, x)
	}
	step := spec.step
	if !up {
		step = step.Neg()
	}
	double := decimal128.FromInt64(2)
	for range 44 {
		add(at.Add(step))
		step = step.Mul(double)
	}
	if spec.kind == nearestNumber {
		for _, x := range s.known() {
			add(x.Sub(spec.step))
			add(x)
			add(x.Add(spec.step))
		}
	}
	if up && spec.bounded[1] {
		add(spec.max)
	}
	if !up && spec.bounded[0] {
		add(spec.min)
	}
	slices.SortFunc(all, func(a, b decimal128.Decimal) int {
		if !up {
			a, b = b, a
		}
		return int(a.Cmp(b))
	})
	return slices.CompactFunc(all, func(a, b decimal128.Decimal) bool { return a.Equal(b) })
}

// farthest is how many days away a date is tried: a hundred years.
var farthest = decimal128.FromInt64(36_525)

// known are the numbers that the decision knows: the legal values that it reads,
// then its own values, always in the same order.
func (s *nearestSearch) known() []decimal128.Decimal {
	var all []decimal128.Decimal
	var collect func(v feel.Value)
	collect = func(v feel.Value) {
		if n, ok := v.AsNumber(); ok && len(all) < probes {
			all = append(all, n)
		}
		for _, item := range v.Items() {
			collect(item)
		}
	}
	for _, e := range s.base.inForce.context.Entries() {
		if s.p.uses[e.Name] {
			collect(e.Value)
		}
	}
	for _, name := range sortedKeys(s.d.Values) {
		collect(s.d.Values[name])
	}
	return all
}

// value is the quantity as it is.
func (s *nearestSearch) value(spec *nearestSpec) feel.Value {
	if spec.decision != "" {
		return s.d.Values[spec.decision]
	}
	v, _ := s.base.at(spec.path)
	if text, isText := v.AsString(); isText && spec.kind == nearestDate {
		v, _ = feel.ParseTemporal(text)
	}
	return v
}

// try decides with another value. ok is false when the rules leave it to a
// person or cannot decide.
func (s *nearestSearch) try(spec *nearestSpec, v feel.Value) (nearestFate, bool) {
	s.tried++
	in := s.base
	var opts []dmn.Option
	if len(s.p.Explanation.steps) > 0 {
		opts = append(opts, dmn.WithRules())
	}
	for _, name := range spec.with {
		opts = append(opts, dmn.Suppose(name, v))
	}
	if spec.decision != "" {
		opts = append(opts, dmn.Suppose(spec.decision, v))
	} else if spec.path[0] == "date" {
		t, _ := v.AsTime(time.UTC)
		f := s.f
		f.Date = t
		var err error
		if in, err = s.p.inputs(f); err != nil {
			return nearestFate{}, false
		}
	} else {
		if spec.kind == nearestDate { // evidence has its dates as texts
			if old, _ := s.base.at(spec.path); old.Kind() == feel.KindString {
				t, _ := v.AsTime(time.UTC)
				v = feel.String(t.Format(time.DateOnly))
			}
		}
		var err error
		if in, err = s.p.redated(in, spec.path, v, s.f.Date); err != nil {
			return nearestFate{}, false
		}
	}
	d, _, err := s.p.decideOn(in, s.f, opts...)
	if err != nil || d.Outcome == Judgement {
		s.open = s.open || err == nil
		return nearestFate{}, false
	}
	return s.p.nearestFate(d), true
}

// redated are the inputs with another fact: an answer may move the reference
// date, and with it the law that counts.
func (p *Package) redated(in decisionInputs, path []string, v feel.Value, submitted time.Time) (decisionInputs, error) {
	in.context = put(in.context, path, v)
	if path[0] != "application" {
		return in, nil
	}
	application, _ := in.context.Get("application")
	ref, err := p.referenceDate(application, submitted)
	if err != nil || ref.Equal(in.ref) {
		return in, err
	}
	in.ref = ref
	if in.inForce, err = p.Parameters.at(ref); err != nil {
		return in, err
	}
	in.context = in.context.Put("parameters", in.inForce.context).Put("date", feel.DateOf(ref))
	return in, nil
}

// put replaces what stands at a path.
func put(c feel.Value, path []string, v feel.Value) feel.Value {
	if len(path) == 0 {
		return v
	}
	inner, _ := c.Get(path[0])
	return c.Put(path[0], put(inner, path[1:], v))
}

// number is the quantity as a number: days since 1970 for dates.
func (spec *nearestSpec) number(v feel.Value) decimal128.Decimal {
	if spec.kind == nearestDate {
		t, _ := v.AsTime(time.UTC)
		return decimal128.FromInt64(t.Unix() / 86400)
	}
	n, _ := v.AsNumber()
	return n
}

// value is the reverse of number.
func (spec *nearestSpec) value(n decimal128.Decimal) feel.Value {
	if spec.kind == nearestDate {
		days, ok := n.Int64()
		if !ok {
			return feel.Null()
		}
		return feel.DateOf(time.Unix(days*86400, 0).UTC())
	}
	return feel.Number(n)
}

// grid moves a number to a whole number of steps from where one is.
func (spec *nearestSpec) grid(x, at decimal128.Decimal) decimal128.Decimal {
	steps := x.Sub(at).Quo(spec.step).Round(0, decimal128.ToNearestAway)
	return at.Add(steps.Mul(spec.step))
}

// between is the middle of two, on the grid of the first.
func (spec *nearestSpec) between(low, high decimal128.Decimal) decimal128.Decimal {
	steps := high.Sub(low).Quo(spec.step).Round(0, decimal128.ToNearestAway)
	half := steps.Quo(decimal128.FromInt64(2)).Round(0, decimal128.ToZero)
	return low.Add(half.Mul(spec.step))
}

// told are the ways in which changes of the quantity are told.
func (spec *nearestSpec) told() []string {
	if spec.only == "better" {
		return []string{"better"}
	}
	return []string{"better", "worse", "lost"}
}

// Tell writes a change in one sentence. Keys: explanation.nearest.<id>.better,
// .worse (still granted) and .lost (nothing any more).
func (p *Package) Tell(loc *i18n.Locale, n Nearest) string {
	how := "better"
	if !n.Better {
		if how = "worse"; n.Outcome != Granted {
			how = "lost"
		}
	}
	amount := ""
	if n.Amount != "" {
		amount = loc.MoneyDecimal(n.Amount)
	}
	return p.T(loc.Lang(), "explanation.nearest."+n.ID+"."+how,
		"from", showUnit(loc, n.From, n.spec.unit), "to", showUnit(loc, n.To, n.spec.unit), "last", showUnit(loc, n.Last, n.spec.unit), "amount", amount)
}
