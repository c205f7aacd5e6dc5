package dmn

import (
	"fmt"
	"math/bits"
	"sort"
	"strings"

	"github.com/woodsbury/decimal128"

	"passerelle/engine/feel"
)

// checkedTable is a table with the model it stands in.
type checkedTable struct {
	u   *unit
	box *tableBox
}

// zone is a set of values of one column that all conditions treat alike.
type zone struct {
	rules   bitset
	example Example
}

// Bounds of the search: combinations of zones visited, and findings of one kind
// reported for a table.
const (
	maxVisits   = 500_000
	maxFindings = 10
)

// table finds gaps, overlaps and unreachable rules. It walks through all
// combinations of zones, column by column (cf. Calvanese et al., Semantics and
// Analysis of DMN Decision Tables, 2016).
func (c *checker) table(t checkedTable) {
	b := t.box
	if len(b.rules) == 0 {
		c.add(t.u, b.place.at, b.place.element, Gap, SeverityError, "the table has no rules")
		return
	}
	words := (len(b.rules) + 63) / 64
	columns := make([][]zone, len(b.inputs))
	for j := range b.inputs {
		zones, why := b.zones(j, words)
		if why != "" {
			c.add(t.u, b.def.Inputs[j].Pos, b.place.element, NotChecked, SeverityNote,
				fmt.Sprintf("gaps and overlaps are not checked: column %s %s", b.column(j), why))
			return
		}
		columns[j] = zones
	}
	s := &search{b: b, columns: columns, words: words, path: make([]int, len(columns)),
		matched: make([]bool, len(b.rules)), first: make([]bool, len(b.rules)), pairs: map[[2]int][]Example{}}
	all := make(bitset, words)
	for i := range b.rules {
		all.set(i)
	}
	s.walk(0, all)
	c.report(t, s)
}

// search is one walk through a table.
type search struct {
	b       *tableBox
	columns [][]zone
	words   int
	path    []int // zone chosen in each column
	visits  int
	cut     bool // the walk was given up

	gaps    [][]Example
	matched []bool               // rules that match somewhere
	first   []bool               // rules that are the first match somewhere
	pairs   map[[2]int][]Example // rules that match together
}

func (s *search) walk(column int, alive bitset) {
	if s.visits++; s.visits > maxVisits {
		s.cut = true
		return
	}
	count := 0
	for _, w := range alive {
		count += bits.OnesCount64(w)
	}
	if count == 0 {
		for j := column; j < len(s.path); j++ {
			s.path[j] = 0
		}
		s.gaps = append(s.gaps, s.example())
		return
	}
	if column == len(s.columns) {
		s.leaf(alive)
		return
	}
	for z := range s.columns[column] {
		s.path[column] = z
		next := make(bitset, s.words)
		for w := range next {
			next[w] = alive[w] & s.columns[column][z].rules[w]
		}
		s.walk(column+1, next)
		if s.cut {
			return
		}
	}
}

func (s *search) leaf(alive bitset) {
	var rules []int
	for w, word := range alive {
		for ; word != 0; word &= word - 1 {
			rules = append(rules, w*64+bits.TrailingZeros64(word))
		}
	}
	s.first[rules[0]] = true
	for i, a := range rules {
		s.matched[a] = true
		for _, b := range rules[i+1:] {
			pair := [2]int{a, b}
			if _, ok := s.pairs[pair]; !ok && len(s.pairs) < 1000 {
				s.pairs[pair] = s.example()
			}
		}
	}
}

func (s *search) example() []Example {
	var out []Example
	for j, z := range s.path {
		if e := s.columns[j][z].example; e.Column != "" {
			out = append(out, e)
		}
	}
	return out
}

// report turns what a walk found into findings, as the hit policy sees it.
func (c *checker) report(t checkedTable, s *search) {
	b := t.box
	add := func(at Pos, kind FindingKind, sev Severity, msg string, rules []int, example []Example) {
		c.out = append(c.out, Finding{Pos: at, Kind: kind, Severity: sev, Model: t.u.defs.Name, Element: b.place.element, Msg: msg, Rules: rules, Example: example})
	}
	if s.cut {
		add(b.place.at, NotChecked, SeverityNote, "the table has too many combinations to check them all", nil, nil)
	}
	single := b.def.HitPolicy == Unique || b.def.HitPolicy == Any || b.def.HitPolicy == First || b.def.HitPolicy == Priority
	if single && !b.hasDefault() {
		for i, g := range s.gaps {
			if i == maxFindings {
				add(b.place.at, NotChecked, SeverityNote, fmt.Sprintf("%d more gaps", len(s.gaps)-i), nil, nil)
				break
			}
			add(b.place.at, Gap, SeverityError, "no rule matches", nil, g)
		}
	}
	if b.def.HitPolicy == Unique || b.def.HitPolicy == Any {
		c.overlaps(t, s, add)
	}
	if s.cut {
		return
	}
	for i := range b.rules {
		switch {
		case !s.matched[i]:
			add(b.def.Rules[i].Pos, Unreachable, SeverityWarning, fmt.Sprintf("rule %d never matches", i+1), []int{i + 1}, nil)
		case b.def.HitPolicy == First && !s.first[i]:
			add(b.def.Rules[i].Pos, Unreachable, SeverityWarning, fmt.Sprintf("rule %d never counts: a rule above it always matches too", i+1), []int{i + 1}, nil)
		}
	}
}

type addFinding func(at Pos, kind FindingKind, sev Severity, msg string, rules []int, example []Example)

func (c *checker) overlaps(t checkedTable, s *search, add addFinding) {
	b := t.box
	var pairs [][2]int
	for p := range s.pairs {
		if b.def.HitPolicy == Unique || b.differ(p[0], p[1]) {
			pairs = append(pairs, p)
		}
	}
	sort.Slice(pairs, func(i, j int) bool {
		return pairs[i][0] < pairs[j][0] || pairs[i][0] == pairs[j][0] && pairs[i][1] < pairs[j][1]
	})
	for i, p := range pairs {
		if i == maxFindings {
			add(b.place.at, NotChecked, SeverityNote, fmt.Sprintf("%d more overlaps", len(pairs)-i), nil, nil)
			return
		}
		add(b.def.Rules[p[1]].Pos, Overlap, SeverityError, fmt.Sprintf("hit policy %s, but the rules %d and %d both match", b.def.HitPolicy, p[0]+1, p[1]+1),
			[]int{p[0] + 1, p[1] + 1}, s.pairs[p])
	}
}

// differ reports whether two rules have outputs that are written differently.
func (b *tableBox) differ(i, j int) bool {
	for k := range b.outputs {
		x, y := b.rules[i].outputs[k], b.rules[j].outputs[k]
		if x.constant && y.constant {
			if !x.value.Equal(y.value) {
				return true
			}
		} else if x.place.text != y.place.text {
			return true
		}
	}
	return false
}

// zones divides the values of a column; why says what prevents it.
func (b *tableBox) zones(j, words int) (zones []zone, why string) {
	conds := make([]*cond, len(b.rules))
	var kind feel.Kind
	symbol := ""
	free := make(bitset, words)
	for i := range b.rules {
		e := b.rules[i].tests[j]
		if e == nil {
			if b.rules[i].broken[j] != "" {
				return nil, "has a condition that cannot be read"
			}
			free.set(i)
			continue
		}
		c, ok := condOf(e)
		if !ok {
			if c, symbol, ok = relationOf(e, symbol); !ok {
				return nil, fmt.Sprintf("has the condition %q", e.Source())
			}
		}
		if kind != feel.KindNull && kind != c.kind {
			return nil, "compares with values of several kinds"
		}
		kind = c.kind
		conds[i] = &c
	}
	if want, ok := kindOrNull(b.inputs[j].typ); ok && kind == feel.KindNull {
		kind = want
	}
	switch kind {
	case feel.KindNumber:
		return b.numberZones(j, conds, free, kind), ""
	case feel.KindDate:
		return b.numberZones(j, conds, free, kind), ""
	case feel.KindString:
		return b.stringZones(j, conds, free), ""
	case feel.KindBoolean:
		return b.pointZones(j, conds, free, []feel.Value{feel.Bool(true), feel.Bool(false)}), ""
	case symbolic:
		return b.symbolZones(j, conds, free, symbol), ""
	}
	return []zone{{rules: free}}, "" // every condition is "-"
}

func kindOrNull(t *feel.Type) (feel.Kind, bool) {
	if t == nil || t.Kind != feel.TypeBoolean {
		return 0, false // the values of other types need no names while no rule tells them apart
	}
	return kindOf(t)
}

// symbolic is the kind of conditions that compare with another variable. The
// variable stands for the number 0.
const symbolic = feel.Kind(255)

// relationOf reads a comparison with one variable, the same in all conditions
// of a column.
func relationOf(e *feel.Expr, symbol string) (cond, string, bool) {
	u, ok := e.AST().(*feel.UnaryTests)
	if !ok || len(u.Tests) != 1 {
		return cond{}, symbol, false
	}
	n := u.Tests[0]
	op := "="
	if cmp, ok := n.(*feel.Comparison); ok {
		op, n = cmp.Op, cmp.X
	}
	text := n.String()
	switch n.(type) {
	case *feel.Name, *feel.Path:
	default:
		return cond{}, symbol, false
	}
	if symbol != "" && text != symbol || strings.Contains(text, "?") {
		return cond{}, symbol, false
	}
	zero := feel.Int(0)
	c := cond{kind: symbolic, not: u.Not}
	switch op {
	case "<", "<=":
		c.atoms = []atom{{high: zero, highClosed: op == "<="}}
	case ">", ">=":
		c.atoms = []atom{{low: zero, lowClosed: op == ">="}}
	case "=":
		c.atoms = []atom{{zero, zero, true, true}}
	default:
		return cond{}, symbol, false
	}
	return c, text, true
}

// grown adds a zone, unless an earlier one has the same rules: its example
// stands for both.
func grown(zones []zone, rules bitset, e Example) []zone {
	for i := range zones {
		same := true
		for w := range rules {
			same = same && zones[i].rules[w] == rules[w]
		}
		if same {
			return zones
		}
	}
	return append(zones, zone{rules, e})
}

func withRules(free bitset, conds []*cond, holds func(*cond) bool) bitset {
	out := append(bitset{}, free...)
	for i, c := range conds {
		if c != nil && holds(c) {
			out.set(i)
		}
	}
	return out
}

func (b *tableBox) numberZones(j int, conds []*cond, free bitset, kind feel.Kind) []zone {
	var bounds []decimal128.Decimal
	note := func(c *cond) {
		for _, a := range c.atoms {
			for _, v := range []feel.Value{a.low, a.high} {
				if d, ok := v.AsNumber(); ok {
					bounds = append(bounds, d)
				}
			}
		}
	}
	for _, c := range conds {
		if c != nil {
			note(c)
		}
	}
	constraints := b.inputs[j].constraints()
	for _, e := range constraints {
		if c, ok := condOf(e); ok && c.kind == kind {
			note(&c)
		}
	}
	sort.Slice(bounds, func(i, k int) bool { return bounds[i].Cmp(bounds[k]).Less() })
	one, two := decimal128.FromInt64(1), decimal128.FromInt64(2)
	var points []decimal128.Decimal // one of each gap and each bound
	for i, d := range bounds {
		if i > 0 && bounds[i-1].Equal(d) {
			continue
		}
		if len(points) == 0 {
			points = append(points, d.Sub(one))
		} else {
			middle := points[len(points)-1].Add(d).Quo(two)
			if kind == feel.KindDate {
				middle = middle.Floor(0)
			}
			if !middle.Equal(points[len(points)-1]) { // neighbouring days have nothing between them
				points = append(points, middle)
			}
		}
		points = append(points, d)
	}
	if n := len(points); n > 0 {
		points = append(points, points[n-1].Add(one))
	} else {
		points = []decimal128.Decimal{{}}
	}
	var values []feel.Value
	for _, p := range points {
		v := feel.Number(p)
		if kind == feel.KindDate {
			days, _ := v.AsInt()
			v = dateOf(days)
		}
		if permitted(v, constraints) {
			values = append(values, v)
		}
	}
	return b.pointZones(j, conds, free, values)
}

func permitted(v feel.Value, constraints []*feel.Expr) bool {
	for _, e := range constraints {
		if ok, w := e.Test(v, nil); !ok && len(w) == 0 {
			return false
		}
	}
	return true
}

func (b *tableBox) stringZones(j int, conds []*cond, free bitset) []zone {
	values := b.inputs[j].enumeration()
	if values == nil {
		seen := map[string]bool{}
		for _, c := range conds {
			if c == nil {
				continue
			}
			for _, a := range c.atoms {
				if s, _ := a.low.AsString(); !seen[s] {
					seen[s] = true
					values = append(values, a.low)
				}
			}
		}
		other := "other"
		for seen[other] {
			other += "…"
		}
		if v := feel.String(other); permitted(v, b.inputs[j].constraints()) {
			values = append(values, v)
		}
	}
	return b.pointZones(j, conds, free, values)
}

// pointZones makes a zone of each value.
func (b *tableBox) pointZones(j int, conds []*cond, free bitset, values []feel.Value) []zone {
	var zones []zone
	for _, v := range values {
		rules := withRules(free, conds, func(c *cond) bool {
			if d, ok := v.AsNumber(); ok {
				return c.holds(d)
			}
			if v.Kind() == feel.KindDate {
				d, _ := daysOf(v).AsNumber()
				return c.holds(d)
			}
			return c.lists(v) != c.not
		})
		zones = grown(zones, rules, Example{b.column(j), v, v.String()})
	}
	return zones
}

func (b *tableBox) symbolZones(j int, conds []*cond, free bitset, symbol string) []zone {
	var zones []zone
	for i, op := range []string{"<", "=", ">"} {
		d := decimal128.FromInt64(int64(i - 1))
		rules := withRules(free, conds, func(c *cond) bool { return c.holds(d) })
		zones = grown(zones, rules, Example{Column: b.column(j), Text: op + " " + symbol})
	}
	return zones
}
