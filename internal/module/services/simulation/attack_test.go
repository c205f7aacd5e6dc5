package simulation

import (
	"testing"

	"passerelle/internal/module/services/pack"
)

// Whoever gives a million to few and one euro to everybody else is told no sum:
// it would be about the few.
func TestAMillionForFewAndOneEuroForTheRest(t *testing.T) {
	const million, euro = 100_000_000, 100
	for few := 1; few < smallest; few++ {
		all := make([]one, 400)
		for i := range all {
			paid := int64(euro)
			if i < few {
				paid = million
			}
			all[i] = one{record: secret("k").record(string(rune(i))), size: 3, commune: "Vianden", income: int64(i),
				base: fate{outcome: pack.Granted, cents: 1}, variant: fate{outcome: pack.Granted, cents: 1 + paid}}
		}
		r := summarize(Options{Key: []byte("k")}, all)
		if r.GainCents != nil || r.Variant.Cents != nil || r.By[0].Groups[0].Cents != nil {
			t.Errorf("%d of 400: %v %v %v", few, r.GainCents, r.Variant.Cents, r.By[0].Groups[0].Cents)
		}
	}
}

// That nobody in a group gains any more is not told: a search for the value at
// which that begins would end at somebody's income.
func TestAGroupThatEmptiesTellsNothing(t *testing.T) {
	of := func(gaining int) Result {
		var all []one
		for i := range 40 {
			x := one{record: secret("k").record(string(rune(i))), size: 1 + i%2, income: int64(i), base: fate{outcome: pack.Granted, cents: 100}, variant: fate{outcome: pack.Granted, cents: 100}}
			if i%2 == 0 && i/2 < gaining || i%2 == 1 { // everybody in the other group
				x.variant.cents = 5000
			}
			all = append(all, x)
		}
		return summarize(Options{Key: []byte("k")}, all)
	}
	for gaining := range smallest {
		g := of(gaining).By[0].Groups[0]
		if g.Gain != Hidden || g.Cents != nil {
			t.Errorf("%d gain: %+v", gaining, g)
		}
	}
	if g := of(15).By[0].Groups[0]; g.Gain < 10 || g.Cents == nil {
		t.Errorf("fifteen gain: %+v", g)
	}
}
