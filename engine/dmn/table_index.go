package dmn

import (
	"math/bits"
	"sort"
	"time"

	"github.com/woodsbury/decimal128"

	"passerelle/engine/feel"
)

// tableIndex finds the rules of a table without evaluating every condition.
//
// For each column and each kind of value (number, string, boolean, date) it knows
// which rules' conditions compare with constants of that kind only, and, for
// every zone of the value (a constant, or a gap between two), the set of rules
// whose condition holds there. All other conditions are in the set "rest" and
// are evaluated only for rules that the sets leave over. A set has one bit for
// each rule.
type tableIndex struct {
	words   int
	columns []columnIndex
}

type columnIndex struct {
	numbers *numberIndex
	dates   *numberIndex // of the days since 1970
	strings *stringIndex
	bools   *[2]bitset // false, true
	rest    [5]bitset  // by kindSlot: rules whose condition must be evaluated
	free    bitset     // rules with "-"
}

// Slots of columnIndex.rest.
const (
	slotNumber = iota
	slotString
	slotBool
	slotDate
	slotOther // null, times, lists …: every condition but "-" is evaluated
)

var kindSlots = map[feel.Kind]int{feel.KindNumber: slotNumber, feel.KindString: slotString, feel.KindBoolean: slotBool, feel.KindDate: slotDate}

type numberIndex struct {
	bounds []decimal128.Decimal // ascending
	zones  []bitset             // 2·len+1: gap, bound, gap, bound, …, gap
}

type stringIndex struct {
	known map[string]bitset
	other bitset // for strings not in known
}

type bitset []uint64

func (b bitset) set(i int)      { b[i/64] |= 1 << (i % 64) }
func (b bitset) has(i int) bool { return b[i/64]&(1<<(i%64)) != 0 }

// maxIndexWords bounds the memory of one column's index.
const maxIndexWords = 1 << 20

// atom is one comparison with constants: a value is inside when it lies between
// low and high. A missing end is unbounded.
type atom struct {
	low, high             feel.Value
	lowClosed, highClosed bool
}

// cond is a condition as atoms, one of which must hold, or (not) none.
type cond struct {
	atoms []atom
	not   bool
	kind  feel.Kind // of all constants
}

// condOf analyses unary tests; ok is false for all but comparisons with
// constants of one kind.
func condOf(e *feel.Expr) (cond, bool) {
	u, ok := e.AST().(*feel.UnaryTests)
	if !ok || len(u.Tests) == 0 {
		return cond{}, false
	}
	c := cond{not: u.Not}
	for _, n := range u.Tests {
		a, ok := atomOf(e, n)
		if !ok {
			return cond{}, false
		}
		for _, v := range []feel.Value{a.low, a.high} {
			if v.IsNull() {
				continue
			}
			if c.kind == feel.KindNull {
				c.kind = v.Kind()
			}
			if v.Kind() != c.kind {
				return cond{}, false
			}
		}
		c.atoms = append(c.atoms, a)
	}
	switch c.kind {
	case feel.KindNumber:
		return c, true
	case feel.KindDate: // as numbers of days
		for i := range c.atoms {
			c.atoms[i].low, c.atoms[i].high = daysOf(c.atoms[i].low), daysOf(c.atoms[i].high)
		}
		return c, true
	case feel.KindString, feel.KindBoolean:
		for _, a := range c.atoms {
			if !a.point() {
				return cond{}, false
			}
		}
		return c, true
	}
	return cond{}, false
}

func (a *atom) point() bool {
	return a.lowClosed && a.highClosed && a.low.Equal(a.high)
}

// daysOf returns a date as the number of days since 1970, null for null.
func daysOf(v feel.Value) feel.Value {
	t, ok := v.AsTime(time.UTC)
	if !ok {
		return feel.Null()
	}
	return feel.Int(t.Unix() / secondsPerDay) // midnight UTC: divides without rest
}

const secondsPerDay = 24 * 60 * 60

// dateOf is the inverse of daysOf.
func dateOf(days int64) feel.Value { return feel.DateOf(time.Unix(days*secondsPerDay, 0).UTC()) }

func atomOf(e *feel.Expr, n feel.Node) (atom, bool) {
	constantNode := func(n feel.Node) (feel.Value, bool) { return constantIn(e, n) }
	if v, ok := constantNode(n); ok {
		return atom{v, v, true, true}, !v.IsNull()
	}
	switch n := n.(type) {
	case *feel.Comparison:
		v, ok := constantNode(n.X)
		if !ok || v.IsNull() {
			return atom{}, false
		}
		switch n.Op {
		case "<", "<=":
			return atom{high: v, highClosed: n.Op == "<="}, true
		case ">", ">=":
			return atom{low: v, lowClosed: n.Op == ">="}, true
		case "=":
			return atom{v, v, true, true}, true
		}
	case *feel.RangeLiteral:
		low, ok1 := constantNode(n.Low)
		high, ok2 := constantNode(n.High)
		if ok1 && ok2 && !low.IsNull() && !high.IsNull() && low.Kind() != feel.KindBoolean { // booleans have no order
			return atom{low, high, n.LowClosed, n.HighClosed}, true
		}
	}
	return atom{}, false
}

// holds reports whether a number lies inside the condition.
func (c *cond) holds(x decimal128.Decimal) bool {
	for _, a := range c.atoms {
		if a.contains(x) {
			return !c.not
		}
	}
	return c.not
}

func (a *atom) contains(x decimal128.Decimal) bool {
	if low, ok := a.low.AsNumber(); ok {
		if c := x.Cmp(low); c.Less() || c.Equal() && !a.lowClosed {
			return false
		}
	}
	if high, ok := a.high.AsNumber(); ok {
		if c := x.Cmp(high); c.Greater() || c.Equal() && !a.highClosed {
			return false
		}
	}
	return true
}

// betweenOf reports whether the open gap between two neighbouring bounds (nil:
// unbounded) lies inside the condition. It does wholly or not at all.
func (c *cond) holdsBetween(low, high *decimal128.Decimal) bool {
	for _, a := range c.atoms {
		in := true
		if l, ok := a.low.AsNumber(); ok && (low == nil || low.Cmp(l).Less()) {
			in = false
		}
		if h, ok := a.high.AsNumber(); ok && (high == nil || high.Cmp(h).Greater()) {
			in = false
		}
		if in {
			return !c.not
		}
	}
	return c.not
}

// buildIndex returns the index of a table. Tables without inputs have none.
func buildIndex(b *tableBox) *tableIndex {
	if len(b.inputs) == 0 || len(b.rules) == 0 {
		return nil
	}
	x := &tableIndex{words: (len(b.rules) + 63) / 64, columns: make([]columnIndex, len(b.inputs))}
	for j := range b.inputs {
		x.columns[j] = x.column(b, j)
	}
	return x
}

func (x *tableIndex) column(b *tableBox, j int) columnIndex {
	col := columnIndex{free: make(bitset, x.words)}
	conds := make([]*cond, len(b.rules))
	for s := range col.rest {
		col.rest[s] = make(bitset, x.words)
	}
	for i := range b.rules {
		e := b.rules[i].tests[j]
		if e == nil && b.rules[i].broken[j] == "" {
			col.free.set(i)
			continue
		}
		own := slotOther
		if e != nil {
			if c, ok := condOf(e); ok {
				conds[i] = &c
				own = kindSlots[c.kind]
			}
		}
		for s := range col.rest {
			if s != own || s == slotOther {
				col.rest[s].set(i)
			}
		}
	}
	leave := func(kind feel.Kind) { // no index was made: evaluate
		for i, c := range conds {
			if c != nil && c.kind == kind {
				col.rest[kindSlots[kind]].set(i)
			}
		}
	}
	if col.numbers = x.numberIndex(conds, col.free, feel.KindNumber); col.numbers == nil {
		leave(feel.KindNumber)
	}
	if col.dates = x.numberIndex(conds, col.free, feel.KindDate); col.dates == nil {
		leave(feel.KindDate)
	}
	if col.strings = x.stringIndex(conds, col.free); col.strings == nil {
		leave(feel.KindString)
	}
	col.bools = x.boolIndex(conds, col.free)
	return col
}

func (x *tableIndex) copyOf(b bitset) bitset { return append(make(bitset, 0, x.words), b...) }

func (x *tableIndex) numberIndex(conds []*cond, free bitset, kind feel.Kind) *numberIndex {
	var all []decimal128.Decimal
	for _, c := range conds {
		if c == nil || c.kind != kind {
			continue
		}
		for _, a := range c.atoms {
			for _, v := range []feel.Value{a.low, a.high} {
				if d, ok := v.AsNumber(); ok {
					all = append(all, d)
				}
			}
		}
	}
	sort.Slice(all, func(i, j int) bool { return all[i].Cmp(all[j]).Less() })
	n := &numberIndex{}
	for _, d := range all {
		if k := len(n.bounds); k == 0 || !n.bounds[k-1].Equal(d) {
			n.bounds = append(n.bounds, d)
		}
	}
	if len(n.bounds) == 0 || (2*len(n.bounds)+1)*x.words > maxIndexWords {
		return nil
	}
	n.zones = make([]bitset, 2*len(n.bounds)+1)
	for z := range n.zones {
		set := x.copyOf(free)
		for i, c := range conds {
			if c == nil || c.kind != kind {
				continue
			}
			var in bool
			if z%2 == 1 {
				in = c.holds(n.bounds[z/2])
			} else {
				var low, high *decimal128.Decimal
				if z > 0 {
					low = &n.bounds[z/2-1]
				}
				if z/2 < len(n.bounds) {
					high = &n.bounds[z/2]
				}
				in = c.holdsBetween(low, high)
			}
			if in {
				set.set(i)
			}
		}
		n.zones[z] = set
	}
	return n
}

func (n *numberIndex) find(d decimal128.Decimal) bitset {
	lo, hi := 0, len(n.bounds)
	for lo < hi {
		mid := (lo + hi) / 2
		switch c := d.Cmp(n.bounds[mid]); {
		case c.Equal():
			return n.zones[2*mid+1]
		case c.Less():
			hi = mid
		default:
			lo = mid + 1
		}
	}
	return n.zones[2*lo]
}

func (x *tableIndex) stringIndex(conds []*cond, free bitset) *stringIndex {
	n := &stringIndex{known: map[string]bitset{}, other: x.copyOf(free)}
	for _, c := range conds {
		if c == nil || c.kind != feel.KindString {
			continue
		}
		for _, a := range c.atoms {
			s, _ := a.low.AsString()
			n.known[s] = nil
		}
	}
	if len(n.known) == 0 || len(n.known)*x.words > maxIndexWords {
		return nil
	}
	for s := range n.known {
		set := x.copyOf(free)
		for i, c := range conds {
			if c != nil && c.kind == feel.KindString && c.lists(feel.String(s)) != c.not {
				set.set(i)
			}
		}
		n.known[s] = set
	}
	for i, c := range conds {
		if c != nil && c.kind == feel.KindString && c.not {
			n.other.set(i)
		}
	}
	return n
}

func (c *cond) lists(v feel.Value) bool {
	for _, a := range c.atoms {
		if a.low.Equal(v) {
			return true
		}
	}
	return false
}

func (x *tableIndex) boolIndex(conds []*cond, free bitset) *[2]bitset {
	n := &[2]bitset{x.copyOf(free), x.copyOf(free)}
	for i, c := range conds {
		if c == nil || c.kind != feel.KindBoolean {
			continue
		}
		for k, v := range []bool{false, true} {
			if c.lists(feel.Bool(v)) != c.not {
				n[k].set(i)
			}
		}
	}
	return n
}

// find returns the rules that a value satisfies for certain, and those whose
// condition is still to be evaluated.
func (col *columnIndex) find(v feel.Value) (sure, rest bitset) {
	switch v.Kind() {
	case feel.KindNumber:
		if col.numbers == nil {
			return col.free, col.rest[slotNumber]
		}
		d, _ := v.AsNumber()
		return col.numbers.find(d), col.rest[slotNumber]
	case feel.KindString:
		if col.strings == nil {
			return col.free, col.rest[slotString]
		}
		s, _ := v.AsString()
		if set, ok := col.strings.known[s]; ok {
			return set, col.rest[slotString]
		}
		return col.strings.other, col.rest[slotString]
	case feel.KindDate:
		d, ok := daysOf(v).AsNumber()
		if col.dates == nil || !ok {
			break
		}
		return col.dates.find(d), col.rest[slotDate]
	case feel.KindBoolean:
		if yes, _ := v.AsBool(); yes {
			return col.bools[1], col.rest[slotBool]
		}
		return col.bools[0], col.rest[slotBool]
	}
	return col.free, col.rest[slotOther]
}

// match appends to hits the rules that match, in table order. For hit policy
// FIRST it stops at the first.
func (b *tableBox) match(r *run, s *feel.Scope, values []feel.Value, hits []int) []int {
	x := b.index
	if x == nil {
		for i := range b.rules {
			hits = append(hits, i)
		}
		return hits
	}
	var sures, rests [8]bitset
	sure, rest := sures[:0], rests[:0]
	for j := range values {
		a, b := x.columns[j].find(values[j])
		sure, rest = append(sure, a), append(rest, b)
	}
	for w := 0; w < x.words; w++ {
		open := ^uint64(0)
		for j := range sure {
			open &= sure[j][w] | rest[j][w]
		}
		for ; open != 0; open &= open - 1 {
			i := w*64 + bits.TrailingZeros64(open)
			if i >= len(b.rules) {
				break
			}
			if b.confirm(r, s, values, rest, i) {
				hits = append(hits, i)
				if b.def.HitPolicy == First {
					return hits
				}
			}
		}
	}
	return hits
}

// sets returns for each column the rules that hold for certain, and those whose
// condition must be evaluated.
func (b *tableBox) sets(values []feel.Value) (sure, rest []bitset) {
	if b.index == nil {
		return nil, nil
	}
	for j := range values {
		x, y := b.index.columns[j].find(values[j])
		sure, rest = append(sure, x), append(rest, y)
	}
	return sure, rest
}

// confirm evaluates the conditions of a rule that the index left open.
func (b *tableBox) confirm(r *run, s *feel.Scope, values []feel.Value, rest []bitset, rule int) bool {
	for j := range values {
		if rest[j].has(rule) {
			if met, _ := b.test(r, s, rule, j, values[j]); !met {
				return false
			}
		}
	}
	return true
}
