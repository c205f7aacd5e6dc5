package simulation

import (
	"cmp"
	"slices"
	"strconv"

	"github.com/woodsbury/decimal128"

	"passerelle/internal/module/services/pack"
)

// Result is what a simulation tells. Money is in cents, for one application
// each; what the rules leave to a person is paid nothing here.
type Result struct {
	Applications int         `json:"applications"`
	Base         Totals      `json:"base"`
	Variant      Totals      `json:"variant"`
	Gain         Count       `json:"gain"`
	Lose         Count       `json:"lose"`
	Open         Count       `json:"open"`       // not compared: under one of the versions a person decides, or nobody could
	GainCents    *int64      `json:"gain_cents"` // nil: hidden
	LoseCents    *int64      `json:"lose_cents"`
	By           []Breakdown `json:"by"`
	TakeUp       *TakeUp     `json:"take_up,omitempty"` // nil: not asked
}

// Totals is what one version decides.
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
	Key     string `json:"key"` // size: persons; income: decile from 1; commune: its name; "": not known; other: the communes with fewer than ten
	Low     int64  `json:"low_cents,omitempty"`
	High    int64  `json:"high_cents,omitempty"` // income: from and to, to ten euro
	All     Count  `json:"all"`
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

// cents turns an amount in euro into whole cents, half up.
func cents(n decimal128.Decimal) int64 {
	i, _ := n.Mul(decimal128.FromInt64(100)).Round(0, decimal128.ToNearestAway).Int64()
	return i
}

// summarize counts, and hides what must not be told.
func summarize(o Options, all []one) Result {
	r := Result{Applications: len(all)}
	var gained, lost int64
	var take TakeUp
	r.Base.Cents, r.Variant.Cents = new(int64), new(int64)
	for _, x := range all {
		r.Base.add(x.base, x.compared())
		r.Variant.add(x.variant, x.compared())
		switch diff := x.diff(); {
		case x.gains():
			r.Gain++
			gained += diff
		case x.loses():
			r.Lose++
			lost -= diff
		}
		if !x.compared() {
			r.Open++
		}
		if x.base.outcome == pack.Granted {
			take.Entitled++
			if x.applied {
				take.Applied++
			} else {
				take.Unused++
			}
		}
	}
	asked, decile := o.Applied != nil, deciles(all)
	r.By = []Breakdown{
		r.by(BySize, all, asked, sizeOf),
		r.by(ByIncome, all, asked, decile),
		r.by(ByCommune, all, asked, func(x one) string { return x.commune }),
	}
	r.By[1].bounds(all, decile)
	if !few(r.Gain) {
		r.GainCents = &gained
	}
	if !few(r.Lose) {
		r.LoseCents = &lost
	}
	r.hideTotals()
	if asked {
		if few(take.Applied) || few(take.Unused) {
			take.Applied, take.Unused = Hidden, Hidden
		}
		if few(take.Entitled) {
			take = TakeUp{Hidden, Hidden, Hidden}
		}
		r.TakeUp = &take
	}
	return r
}

// hideTotals hides small sums, and the variant's where it differs from the
// base's by few people.
func (r *Result) hideTotals() {
	small := few(r.Gain) || few(r.Lose)
	if few(r.Gain) {
		r.Gain = Hidden
	}
	if few(r.Lose) {
		r.Lose = Hidden
	}
	if few(r.Open) {
		r.Open = Hidden
	}
	b, v := r.Base.cells(), r.Variant.cells()
	for i := range b {
		if d := *b[i] - *v[i]; few(d) || few(-d) {
			small = true
		}
	}
	if small {
		r.Variant.Cents = nil
		for i := range v {
			*v[i] = Hidden
		}
	}
	for _, t := range []*Totals{&r.Base, &r.Variant} {
		if few(t.Granted) {
			t.Cents = nil
		}
		column := make([]Count, 0, 4)
		for _, c := range t.cells() {
			column = append(column, *c)
		}
		protect(column, true)
		for i, c := range t.cells() {
			*c = column[i]
		}
	}
}

func (t *Totals) cells() []*Count { return []*Count{&t.Granted, &t.Refused, &t.Judgement, &t.Failed} }

func (t *Totals) add(x fate, compared bool) {
	if compared {
		*t.Cents += x.cents
	}
	switch x.outcome {
	case pack.Granted:
		t.Granted++
	case pack.Refused:
		t.Refused++
	case pack.Judgement:
		t.Judgement++
	case failed:
		t.Failed++
	}
}

func sizeOf(x one) string {
	if x.size <= 0 {
		return ""
	}
	return strconv.Itoa(min(x.size, largest))
}

// deciles returns the decile of an income: a tenth of those whose income is known
// in each, equal incomes together.
func deciles(all []one) func(one) string {
	known := incomes(all)
	return func(x one) string {
		if x.income < 0 || len(known) == 0 {
			return ""
		}
		below, _ := slices.BinarySearch(known, x.income)
		return strconv.Itoa(below*10/len(known) + 1)
	}
}

func incomes(all []one) []int64 {
	var known []int64
	for _, x := range all {
		if x.income >= 0 {
			known = append(known, x.income)
		}
	}
	slices.Sort(known)
	return known
}

// bounds states from which to which income a decile goes, to ten euro, so that
// no boundary is somebody's income.
func (b *Breakdown) bounds(all []one, decile func(one) string) {
	low, high := map[string]int64{}, map[string]int64{}
	for _, x := range all {
		k := decile(x)
		if at, ok := low[k]; !ok || x.income < at {
			low[k] = x.income
		}
		high[k] = max(high[k], x.income)
	}
	tens := func(c int64) int64 { return (c + 500) / 1000 * 1000 }
	for i := range b.Groups {
		if g := &b.Groups[i]; g.Key != "" {
			g.Low, g.High = tens(low[g.Key]), tens(high[g.Key])
		}
	}
}

// by counts by a trait and protects each column.
func (r *Result) by(trait string, all []one, takeUp bool, key func(one) string) Breakdown {
	groups := map[string]*Group{}
	applied := map[string]Count{}
	for _, x := range all {
		k := key(x)
		g := groups[k]
		if g == nil {
			g = &Group{Key: k, Cents: new(int64)}
			if takeUp {
				g.Unused = new(Count)
			}
			groups[k] = g
		}
		g.All++
		*g.Cents += x.diff()
		if x.base.outcome == pack.Granted {
			g.Granted++
			if x.applied {
				applied[k]++
			} else if takeUp {
				*g.Unused++
			}
		}
		if x.gains() {
			g.Gain++
		}
		if x.loses() {
			g.Lose++
		}
	}
	b := Breakdown{Trait: trait}
	for _, g := range groups {
		b.Groups = append(b.Groups, *g)
	}
	slices.SortFunc(b.Groups, compareKeys)
	if trait == ByCommune {
		b.foldSmall(applied)
	}
	b.protect(applied, !few(r.Gain), !few(r.Lose))
	return b
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
func (b *Breakdown) foldSmall(applied map[string]Count) {
	other := Group{Key: OtherCommunes, Cents: new(int64)}
	b.Groups = slices.DeleteFunc(b.Groups, func(g Group) bool {
		if !few(g.All) || g.Key == "" {
			return false
		}
		other.All, other.Granted, other.Gain, other.Lose = other.All+g.All, other.Granted+g.Granted, other.Gain+g.Gain, other.Lose+g.Lose
		*other.Cents += *g.Cents
		if g.Unused != nil {
			if other.Unused == nil {
				other.Unused = new(Count)
			}
			*other.Unused += *g.Unused
		}
		applied[OtherCommunes] += applied[g.Key]
		return true
	})
	if other.All > 0 {
		b.Groups = append(b.Groups, other)
		slices.SortFunc(b.Groups, compareKeys)
	}
}

// protect hides small counts column by column. A cost is told only where both
// counts behind it are.
func (b *Breakdown) protect(applied map[string]Count, gainKnown, loseKnown bool) {
	b.column(func(g *Group) *Count { return &g.All }, true)
	b.column(func(g *Group) *Count { return &g.Granted }, true)
	b.column(func(g *Group) *Count { return &g.Gain }, gainKnown)
	b.column(func(g *Group) *Count { return &g.Lose }, loseKnown)
	b.unused(applied)
	for i := range b.Groups {
		g := &b.Groups[i]
		if g.All == Hidden {
			g.Granted, g.Gain, g.Lose, g.Unused = Hidden, Hidden, Hidden, hide(g.Unused)
		}
		if g.Granted == Hidden {
			g.Unused = hide(g.Unused)
		}
		if g.Gain == Hidden || g.Lose == Hidden {
			g.Cents = nil
		}
	}
}

// unused hides where few have applied or few have not: with those entitled, one
// tells the other.
func (b *Breakdown) unused(applied map[string]Count) {
	sums := make([]Count, len(b.Groups)) // the smaller of both decides
	for i := range b.Groups {
		g := &b.Groups[i]
		if g.Unused == nil {
			return
		}
		sums[i] = min(*g.Unused, applied[g.Key])
		if *g.Unused == 0 || applied[g.Key] == 0 {
			sums[i] = max(*g.Unused, applied[g.Key])
		}
	}
	protect(sums, true)
	for i := range b.Groups {
		if sums[i] == Hidden {
			b.Groups[i].Unused = hide(b.Groups[i].Unused)
		}
	}
}

func hide(c *Count) *Count {
	if c == nil {
		return nil
	}
	h := Hidden
	return &h
}

func (b *Breakdown) column(cell func(*Group) *Count, sumKnown bool) {
	column := make([]Count, len(b.Groups))
	for i := range b.Groups {
		column[i] = *cell(&b.Groups[i])
	}
	protect(column, sumKnown)
	for i := range b.Groups {
		*cell(&b.Groups[i]) = column[i]
	}
}
