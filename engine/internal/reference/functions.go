package reference

import (
	"math/big"
	"slices"
	"strings"

	"passerelle/engine/feel"
)

// dateOnly is the date of a date and time.
func dateOnly(v feel.Value) feel.Value {
	if v.Kind() == feel.KindDate {
		return v
	}
	day, _, _ := strings.Cut(v.Text(), "T")
	return mustTemporal(day)
}

func substring(a []feel.Value) feel.Value {
	r := []rune(text(a[0]))
	start, ok := whole(a[1])
	if !ok || start == 0 {
		return null()
	}
	n := len(r)
	if !a[2].IsNull() {
		if n, ok = whole(a[2]); !ok || n < 1 {
			return null()
		}
	}
	if start < 0 {
		start = len(r) + start + 1
	}
	var out []rune
	for i, c := range r {
		if start >= 1 && i+1 >= start && i+1 < start+n {
			out = append(out, c)
		}
	}
	return feel.String(string(out))
}

func stringJoin(a []feel.Value) feel.Value {
	var parts []string
	for _, v := range a[0].Items() {
		if v.IsNull() {
			continue
		}
		if v.Kind() != feel.KindString {
			return null()
		}
		parts = append(parts, text(v))
	}
	return feel.String(strings.Join(parts, text(a[1])))
}

// away decides whether a magnitude is rounded away from zero: of a negative
// number or not, with a rest or not, whose rest compares with one half like
// that, and whose last digit is odd or not.
type away func(neg, rest bool, half int, odd bool) bool

func half(tie func(odd bool) bool) away {
	return func(_, _ bool, half int, odd bool) bool { return half > 0 || half == 0 && tie(odd) }
}

func downward(neg, rest bool, _ int, _ bool) bool { return neg && rest }
func upward(neg, rest bool, _ int, _ bool) bool   { return !neg && rest }

func rounding(rule away) func(a []feel.Value) feel.Value {
	return func(a []feel.Value) feel.Value {
		scale, ok := whole(a[1])
		if !ok || scale < -6111 || scale > 6176 {
			return null()
		}
		if scale > 60 || scale < -60 {
			panic(skip("a far scale"))
		}
		return roundRat(rat(a[0]), scale, rule)
	}
}

func toWhole(rule away) func(a []feel.Value) feel.Value {
	return func(a []feel.Value) feel.Value { return roundRat(rat(a[0]), 0, rule) }
}

func roundRat(r *big.Rat, scale int, rule away) feel.Value {
	unit := new(big.Rat).SetInt(power(max(scale, -scale)))
	if scale < 0 {
		unit.Inv(unit)
	}
	x := new(big.Rat).Mul(new(big.Rat).Abs(r), unit)
	q, rest := new(big.Int).QuoRem(x.Num(), x.Denom(), new(big.Int))
	twice := new(big.Int).Lsh(rest, 1)
	if rule(r.Sign() < 0, rest.Sign() > 0, twice.Cmp(x.Denom()), q.Bit(0) == 1) {
		q.Add(q, big.NewInt(1))
	}
	out := new(big.Rat).Quo(new(big.Rat).SetInt(q), unit)
	if r.Sign() < 0 {
		out.Neg(out)
	}
	return numberOf(out)
}

func parity(want uint) func(a []feel.Value) feel.Value {
	return func(a []feel.Value) feel.Value {
		r := rat(a[0])
		if !r.IsInt() {
			return null()
		}
		return feel.Bool(r.Num().Bit(0) == want)
	}
}

func copied(list feel.Value) []feel.Value { return append([]feel.Value{}, list.Items()...) }

func extreme(items []feel.Value, sign int) feel.Value {
	if len(items) == 0 {
		return null()
	}
	best := items[0]
	for _, v := range items {
		c, ok := compare(v, best)
		if !ok {
			return null()
		}
		if c*sign > 0 {
			best = v
		}
	}
	return best
}

func sum(items []feel.Value) feel.Value {
	if len(items) == 0 {
		return null()
	}
	k := items[0].Kind()
	if k != feel.KindNumber && k != feel.KindDaysDuration && k != feel.KindMonthsDuration {
		return null()
	}
	total := items[0]
	for _, v := range items[1:] {
		if v.Kind() != k {
			return null()
		}
		total = plus(total, v)
	}
	return total
}

func numbers(items []feel.Value) bool {
	return !slices.ContainsFunc(items, func(v feel.Value) bool { return v.Kind() != feel.KindNumber })
}

func product(items []feel.Value) feel.Value {
	if len(items) == 0 || !numbers(items) {
		return null()
	}
	total := feel.Int(1)
	for _, v := range items {
		total = times(total, v)
	}
	return total
}

// fold is all (start true) or any (start false): what is neither a boolean nor
// null makes it null, unless it was decided before.
func fold(items []feel.Value, start bool) feel.Value {
	result := feel.Bool(start)
	for _, v := range items {
		if v.Kind() != feel.KindBoolean && !v.IsNull() {
			return null()
		}
		if start {
			result = conjunction(result, v)
		} else {
			result = disjunction(result, v)
		}
		if b, ok := result.AsBool(); ok && b != start {
			return result
		}
	}
	return result
}

func sorted(items []feel.Value) []feel.Value {
	out := append([]feel.Value{}, items...)
	slices.SortStableFunc(out, func(x, y feel.Value) int { c, _ := compare(x, y); return c })
	return out
}

func mode(items []feel.Value) feel.Value {
	if !numbers(items) {
		return null()
	}
	best, out := 0, []feel.Value{}
	for _, v := range sorted(items) {
		n := 0
		for _, w := range items {
			if equals(v, w) == verity {
				n++
			}
		}
		if n > best {
			best, out = n, nil
		}
		if n == best && !slices.ContainsFunc(out, func(w feel.Value) bool { return equals(v, w) == verity }) {
			out = append(out, v)
		}
	}
	return feel.List(out...)
}

func index(list, position feel.Value) (int, bool) {
	i, ok := whole(position)
	n := len(list.Items())
	if i < 0 {
		i += n + 1
	}
	return i - 1, ok && i >= 1 && i <= n
}

func sublist(a []feel.Value) feel.Value {
	from, ok := index(a[0], a[1])
	if !ok {
		return null()
	}
	items := a[0].Items()[from:]
	if a[2].IsNull() {
		return feel.List(items...)
	}
	n, ok := whole(a[2])
	if !ok || n < 0 || n > len(items) {
		return null()
	}
	return feel.List(items[:n]...)
}

func concatenate(lists []feel.Value) feel.Value {
	if len(lists) == 0 {
		return null()
	}
	out := []feel.Value{}
	for _, l := range lists {
		if l.IsNull() {
			return null()
		}
		out = append(out, asList(l)...)
	}
	return feel.List(out...)
}

func distinct(items []feel.Value) feel.Value {
	out := []feel.Value{}
	for _, v := range items {
		if !slices.ContainsFunc(out, func(w feel.Value) bool { return equals(w, v) == verity }) {
			out = append(out, v)
		}
	}
	return feel.List(out...)
}

// weight is how many values v consists of, up to a little over a million.
func weight(v feel.Value) int {
	n := 1
	for _, item := range v.Items() {
		if n += weight(item); n > 1_000_000 {
			break
		}
	}
	for _, e := range v.Entries() {
		if n += weight(e.Value); n > 1_000_000 {
			break
		}
	}
	return n
}

func flat(v feel.Value) []feel.Value {
	if weight(v) > 100_000 {
		panic(skip("a huge value"))
	}
	if v.Kind() != feel.KindList {
		return []feel.Value{v}
	}
	out := []feel.Value{}
	for _, item := range v.Items() {
		out = append(out, flat(item)...)
	}
	return out
}

// insertionSort moves an item forward past all that it precedes. Orders that
// are none may give other results, which are not compared.
func insertionSort(in *interpreter, a []feel.Value) feel.Value {
	precedes := func(x, y feel.Value) (bool, bool) {
		if a[1].IsNull() {
			c, ok := compare(x, y)
			return c < 0, ok
		}
		r := in.apply(a[1], []feel.Value{x, y})
		return isTrue(r), r.Kind() == feel.KindBoolean
	}
	items := a[0].Items()
	for _, x := range items {
		for _, y := range items {
			b, ok1 := precedes(x, y)
			c, ok2 := precedes(y, x)
			if len(items) > 1 && (!ok1 || !ok2) {
				if a[1].IsNull() && compareFails(items) {
					return null()
				}
				panic(skip("an order of some pairs only"))
			}
			if b && c {
				panic(skip("no order"))
			}
		}
	}
	var out []feel.Value
	for _, x := range items {
		i := len(out)
		for i > 0 {
			if b, _ := precedes(x, out[i-1]); !b {
				break
			}
			i--
		}
		out = slices.Insert(out, i, x)
	}
	return feel.List(out...)
}

// compareFails reports whether neighbours have no order: every way of sorting
// then meets such a pair.
func compareFails(items []feel.Value) bool {
	for _, v := range items {
		if _, ok := compare(v, items[0]); ok && v.Kind() == items[0].Kind() {
			continue
		}
		return true
	}
	return false
}

func put(c feel.Value, key string, v feel.Value) feel.Value {
	var entries []feel.Entry
	found := false
	for _, e := range c.Entries() {
		if e.Name == key {
			e.Value, found = v, true
		}
		entries = append(entries, e)
	}
	if !found {
		entries = append(entries, feel.Entry{Name: key, Value: v})
	}
	return feel.Context(entries...)
}

func putDeep(c feel.Value, keys []feel.Value, v feel.Value) feel.Value {
	if len(keys) == 0 || keys[0].Kind() != feel.KindString || c.Kind() != feel.KindContext {
		return null()
	}
	if len(keys) > 1 {
		inner, _ := c.Get(text(keys[0]))
		below := putDeep(inner, keys[1:], v)
		if below.IsNull() {
			return null()
		}
		v = below
	}
	return put(c, text(keys[0]), v)
}

func contextFrom(a []feel.Value) feel.Value {
	out := feel.Context()
	for _, e := range a[0].Items() {
		key, _ := e.Get("key")
		v, ok := e.Get("value")
		if key.Kind() != feel.KindString || !ok {
			return null()
		}
		if _, twice := out.Get(text(key)); twice {
			return null()
		}
		out = put(out, text(key), v)
	}
	return out
}

// span is a range with its ends, or a point as the range of itself.
type span struct {
	low, high             feel.Value
	lowClosed, highClosed bool
}

func spanOf(v feel.Value) (span, bool) {
	if low, lc, high, hc, ok := v.Bounds(); ok {
		return span{low, high, lc, hc}, operator(v) != "!="
	}
	_, ok := compare(v, v)
	return span{v, v, true, true}, ok
}

// The relations of table 78, literally; sides without an end are beyond all.
var relations = map[string]func(x, y span) truth{
	"before":   precedes,
	"after":    func(x, y span) truth { return precedes(y, x) },
	"meets":    meets,
	"met by":   func(x, y span) truth { return meets(y, x) },
	"overlaps": overlap,
	"overlaps before": func(x, y span) truth {
		lows, ok1 := compareEnds(x.low, -1, y.low, -1)
		highs, ok2 := compareEnds(x.high, 1, y.high, 1)
		if !ok1 || !ok2 {
			return neither
		}
		first := lows < 0 || lows == 0 && x.lowClosed && !y.lowClosed
		inside := highs < 0 || highs == 0 && (!x.highClosed || y.highClosed)
		return andTable[truthOf(first && inside)][overlap(x, y)]
	},
	"finishes":  finishes,
	"starts":    starts,
	"during":    during,
	"coincides": func(x, y span) truth { return coincide(x, y) },
}

func related(name string, relation func(x, y span) truth, a, b feel.Value) feel.Value {
	x, ok1 := spanOf(a)
	y, ok2 := spanOf(b)
	if !ok1 || !ok2 {
		return null()
	}
	needsRange := name == "meets" || name == "met by" || strings.HasPrefix(name, "overlaps")
	if needsRange && (a.Kind() != feel.KindRange || b.Kind() != feel.KindRange) {
		return null()
	}
	if (name == "finishes" || name == "starts" || name == "during") && b.Kind() != feel.KindRange {
		return null()
	}
	return logical(relation(x, y))
}

func compareEnds(x feel.Value, sideX int, y feel.Value, sideY int) (int, bool) {
	if !x.IsNull() && !y.IsNull() {
		return compare(x, y)
	}
	if !x.IsNull() {
		sideX = 0
	}
	if !y.IsNull() {
		sideY = 0
	}
	return min(1, max(-1, sideX-sideY)), true
}

func precedes(x, y span) truth {
	c, ok := compareEnds(x.high, 1, y.low, -1)
	if !ok {
		return neither
	}
	return truthOf(c < 0 || c == 0 && (!x.highClosed || !y.lowClosed))
}

func meets(x, y span) truth {
	c, ok := compareEnds(x.high, 1, y.low, -1)
	if !ok {
		return neither
	}
	return truthOf(c == 0 && x.highClosed && y.lowClosed)
}

func overlap(x, y span) truth {
	a, b := precedes(x, y), precedes(y, x)
	if a == neither || b == neither {
		return neither
	}
	return truthOf(a == falsehood && b == falsehood)
}

func lowInside(x, y span) truth {
	c, ok := compareEnds(x.low, -1, y.low, -1)
	if !ok {
		return neither
	}
	return truthOf(c > 0 || c == 0 && (!x.lowClosed || y.lowClosed))
}

func highInside(x, y span) truth {
	c, ok := compareEnds(x.high, 1, y.high, 1)
	if !ok {
		return neither
	}
	return truthOf(c < 0 || c == 0 && (!x.highClosed || y.highClosed))
}

func during(x, y span) truth { return andTable[lowInside(x, y)][highInside(x, y)] }

func finishes(x, y span) truth {
	c, ok := compareEnds(x.high, 1, y.high, 1)
	if !ok {
		return neither
	}
	return andTable[truthOf(c == 0 && x.highClosed == y.highClosed)][lowInside(x, y)]
}

func starts(x, y span) truth {
	c, ok := compareEnds(x.low, -1, y.low, -1)
	if !ok {
		return neither
	}
	return andTable[truthOf(c == 0 && x.lowClosed == y.lowClosed)][highInside(x, y)]
}

func coincide(x, y span) truth {
	same := andTable[equals(x.low, y.low)][equals(x.high, y.high)]
	return andTable[same][truthOf(x.lowClosed == y.lowClosed && x.highClosed == y.highClosed)]
}
