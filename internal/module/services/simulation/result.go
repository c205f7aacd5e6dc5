package simulation

import (
	"cmp"
	"slices"
	"strconv"

	"github.com/woodsbury/decimal128"

	"passerelle/internal/module/services/pack"
)

// Result is what a simulation tells. Every figure is protected by itself
// (protect.go): columns need not add up. Money is in cents, to 1,000 euro, for
// one application each; what the rules leave to a person is paid nothing here.
type Result struct {
	Applications Count       `json:"applications"`
	Base         Totals      `json:"base"`
	Variant      Totals      `json:"variant"`
	Gain         Count       `json:"gain"`
	Lose         Count       `json:"lose"`
	Open         Count       `json:"open"`       // not compared: under one of the versions a person decides, or nobody could; Hidden also for nobody
	GainCents    *int64      `json:"gain_cents"` // nil: hidden
	LoseCents    *int64      `json:"lose_cents"`
	By           []Breakdown `json:"by"`
	TakeUp       *TakeUp     `json:"take_up,omitempty"` // nil: not asked
}

// Totals is what one version decides. The first three are Hidden also when there
// is nobody.
type Totals struct {
	Granted   Count  `json:"granted"`
	Refused   Count  `json:"refused"`
	Judgement Count  `json:"judgement"` // a person decides
	Failed    Count  `json:"failed"`    // could not be decided
	Cents     *int64 `json:"cents"`     // paid to those about whom the rules decide under both; nil: hidden
}

// Breakdown is the result by one trait.
type Breakdown struct {
	Trait  string  `json:"trait"` // size, income, commune
	Groups []Group `json:"groups"`
}

// Group is everybody who shares a trait.
type Group struct {
	Key     string `json:"key"`                 // size: persons; income: decile from 1; commune: its name; "": not known; other: the communes with fewer than ten
	Low     *int64 `json:"low_cents,omitempty"` // income: from and to, to 100 euro; nil: open, or not told
	High    *int64 `json:"high_cents,omitempty"`
	All     Count  `json:"all"`     // Hidden: nothing of the group is told
	Granted Count  `json:"granted"` // under the base
	Gain    Count  `json:"gain"`
	Lose    Count  `json:"lose"`
	Cents   *int64 `json:"cents"`            // what the variant costs more; nil: hidden
	Unused  *Count `json:"unused,omitempty"` // take-up: entitled, and have not applied
}

// TakeUp is how many are entitled under the base, and how many of them have
// applied.
type TakeUp struct {
	Entitled Count `json:"entitled"`
	Applied  Count `json:"applied"`
	Unused   Count `json:"unused"`
}

// The traits, in the order in which they are shown.
const (
	BySize    = "size"
	ByIncome  = "income"
	ByCommune = "commune"
)

// OtherCommunes is the key of the communes that are too small to be told.
const OtherCommunes = "other"

// largest is the size from which households are counted together.
const largest = 7

// incomesNeeded is how many incomes must be known before it is told where tenths
// begin: a boundary is the income of one of them, to 100 euro.
const incomesNeeded = 100

// cents turns an amount in euro into whole cents, half up.
func cents(n decimal128.Decimal) int64 {
	i, _ := n.Mul(decimal128.FromInt64(100)).Round(0, decimal128.ToNearestAway).Int64()
	return i
}

// tally is what is counted of a group. Nothing in it may be told as it is.
type tally struct {
	all, granted, gain, lose, applied, unused cell
	gained, lost                              sum
}

func (t *tally) add(s secret, x one) {
	t.all.add(x.record)
	if x.base.outcome == pack.Granted {
		t.granted.add(x.record)
		if x.applied {
			t.applied.add(x.record)
		} else {
			t.unused.add(x.record)
		}
	}
	switch {
	case x.gains():
		t.gain.add(x.record)
		t.gained.add(s, x.record, x.variant.cents-x.base.cents)
	case x.loses():
		t.lose.add(x.record)
		t.lost.add(s, x.record, x.base.cents-x.variant.cents)
	}
}

func (t *tally) merge(u *tally) {
	for i, c := range t.cells() {
		c.merge(*u.cells()[i])
	}
	t.gained.merge(u.gained)
	t.lost.merge(u.lost)
}

func (t *tally) cells() []*cell {
	return []*cell{&t.all, &t.granted, &t.gain, &t.lose, &t.applied, &t.unused}
}

// outcomes is what is counted of one version's decisions.
type outcomes struct {
	by   map[pack.Outcome]*cell
	paid sum
}

func (t *outcomes) add(s secret, record uint64, x fate, compared bool) {
	c := t.by[x.outcome]
	if c == nil {
		c = new(cell)
		t.by[x.outcome] = c
	}
	c.add(record)
	if compared {
		t.paid.add(s, record, x.cents)
	}
}

func (t *outcomes) told(s secret) Totals {
	of := func(o pack.Outcome) cell {
		if c := t.by[o]; c != nil {
			return *c
		}
		return cell{}
	}
	return Totals{Granted: s.atMost(of(pack.Granted)), Refused: s.atMost(of(pack.Refused)), Judgement: s.atMost(of(pack.Judgement)),
		Failed: s.count(of(failed)), Cents: s.money(t.paid)}
}

// summarize counts, and tells it under protection.
func summarize(o Options, all []one) Result {
	s := secret(o.Key)
	var total tally
	var open cell
	base, variant := outcomes{by: map[pack.Outcome]*cell{}}, outcomes{by: map[pack.Outcome]*cell{}}
	for _, x := range all {
		total.add(s, x)
		base.add(s, x.record, x.base, x.compared())
		variant.add(s, x.record, x.variant, x.compared())
		if !x.compared() {
			open.add(x.record)
		}
	}
	r := Result{Applications: s.count(total.all), Base: base.told(s), Variant: variant.told(s),
		Gain: s.count(total.gain), Lose: s.count(total.lose), Open: s.atMost(open), GainCents: s.money(total.gained), LoseCents: s.money(total.lost)}
	asked := o.Applied != nil
	decile, bounds := deciles(all)
	r.By = []Breakdown{
		by(s, BySize, all, &total, asked, sizeOf),
		by(s, ByIncome, all, &total, asked, decile),
		by(s, ByCommune, all, &total, asked, func(x one) string { return x.commune }),
	}
	r.By[1].bound(bounds)
	if asked {
		r.TakeUp = &TakeUp{Entitled: r.Base.Granted, Applied: s.count(total.applied), Unused: s.count(total.unused)}
	}
	return r
}

func sizeOf(x one) string {
	if x.size <= 0 {
		return ""
	}
	return strconv.Itoa(min(x.size, largest))
}

// deciles returns the decile of an income: a tenth of those whose income is known
// in each, equal incomes together. bounds are the lowest income of each decile,
// none when too few are known.
func deciles(all []one) (decile func(one) string, bounds map[string]int64) {
	var known []int64
	for _, x := range all {
		if x.income >= 0 {
			known = append(known, x.income)
		}
	}
	slices.Sort(known)
	of := func(income int64) string {
		below, _ := slices.BinarySearch(known, income)
		return strconv.Itoa(below*10/len(known) + 1)
	}
	bounds = map[string]int64{}
	if len(known) >= incomesNeeded {
		for _, income := range slices.Backward(known) {
			bounds[of(income)] = income
		}
	}
	return func(x one) string {
		if x.income < 0 {
			return ""
		}
		return of(x.income)
	}, bounds
}

// bound states where deciles begin and end, to 100 euro. The first has no
// beginning and the last no end: they would be somebody's.
func (b *Breakdown) bound(lowest map[string]int64) {
	for i := 1; i < len(b.Groups); i++ {
		before, g := &b.Groups[i-1], &b.Groups[i]
		if low, ok := lowest[g.Key]; ok && before.Key != "" {
			low = (low + 50_00) / 100_00 * 100_00
			before.High, g.Low = &low, &low
		}
	}
}

// by counts by a trait.
func by(s secret, trait string, all []one, total *tally, takeUp bool, key func(one) string) Breakdown {
	groups := map[string]*tally{}
	for _, x := range all {
		k := key(x)
		if groups[k] == nil {
			groups[k] = new(tally)
		}
		groups[k].add(s, x)
	}
	if trait == ByCommune {
		foldSmall(groups)
	}
	b := Breakdown{Trait: trait}
	for k, t := range groups {
		b.Groups = append(b.Groups, t.told(s, k, total, takeUp))
	}
	slices.SortFunc(b.Groups, compareKeys)
	return b
}

// told is what is told of a group. Of a group of fewer than ten it is nothing:
// that none of them gains would be told about each. That nobody in a larger one
// gains is told where nobody does at all.
func (t *tally) told(s secret, key string, total *tally, takeUp bool) Group {
	g := Group{Key: key, All: s.count(t.all), Granted: Hidden, Gain: Hidden, Lose: Hidden}
	unused := Hidden
	if g.All != Hidden {
		g.Granted, g.Gain, g.Lose, unused = s.atMost(t.granted), s.atMost(t.gain), s.atMost(t.lose), s.atMost(t.unused)
		if total.gain.n == 0 {
			g.Gain = 0
		}
		if total.lose.n == 0 {
			g.Lose = 0
		}
		g.Cents = s.cost(t, total)
	}
	if takeUp {
		g.Unused = &unused
	}
	return g
}

// cost is what a group costs more, nil when that is about fewer than ten. Nobody
// is told like one to nine, so no sum of nobody is told either, unless the other
// one is told.
func (s secret) cost(t, total *tally) *int64 {
	if t.gained.n+t.lost.n == 0 && total.gained.n+total.lost.n > 0 {
		return nil
	}
	return less(s.money(t.gained), s.money(t.lost))
}

// less is the difference of two figures that are told, nil when one is hidden.
func less(a, b *int64) *int64 {
	if a == nil || b == nil {
		return nil
	}
	d := *a - *b
	return &d
}

// compareKeys orders numbers as numbers, names by name, "not known" last.
func compareKeys(a, b Group) int {
	rank := func(k string) int {
		switch k {
		case "":
			return 2
		case OtherCommunes:
			return 1
		}
		return 0
	}
	if c := cmp.Compare(rank(a.Key), rank(b.Key)); c != 0 {
		return c
	}
	x, errX := strconv.Atoi(a.Key)
	y, errY := strconv.Atoi(b.Key)
	if errX == nil && errY == nil {
		return cmp.Compare(x, y)
	}
	return cmp.Compare(a.Key, b.Key)
}

// foldSmall counts communes with fewer than ten applications together.
func foldSmall(groups map[string]*tally) {
	var other tally
	for k, t := range groups {
		if k != "" && (t.all.n < smallest || k == OtherCommunes) {
			other.merge(t)
			delete(groups, k)
		}
	}
	if other.all.n > 0 {
		groups[OtherCommunes] = &other
	}
}
