package simulation

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"passerelle/internal/module/services/pack"
)

// people draws applications that are decided one way or another.
func people(chance *rand.Rand, n int) []one {
	all := make([]one, n)
	for i := range all {
		x := one{record: chance.Uint64(), size: chance.IntN(9), income: int64(chance.IntN(600_000)) - 50_000, commune: fmt.Sprint("commune ", chance.IntN(n/12+3)), applied: chance.IntN(3) == 0}
		x.income = max(x.income, -1)
		fates := []fate{{pack.Granted, int64(chance.IntN(250_000))}, {pack.Refused, 0}, {pack.Judgement, 0}, {failed, 0}}
		likely := []int{0, 0, 0, 1, 1, 1, 1, 2, 3}
		x.base = fates[likely[chance.IntN(len(likely))]]
		if x.variant = x.base; chance.IntN(4) == 0 {
			x.variant = fates[likely[chance.IntN(len(likely))]]
		}
		if x.variant.outcome == pack.Granted && chance.IntN(3) == 0 {
			x.variant.cents += 12_345
		}
		all[i] = x
	}
	return all
}

// counts are all counts that a result tells.
func counts(r Result) []Count {
	all := []Count{r.Applications, r.Gain, r.Lose, r.Open, r.TakeUp.Entitled, r.TakeUp.Applied, r.TakeUp.Unused}
	for _, t := range []Totals{r.Base, r.Variant} {
		all = append(all, t.Granted, t.Refused, t.Judgement, t.Failed)
	}
	for _, b := range r.By {
		for _, g := range b.Groups {
			all = append(all, g.All, g.Granted, g.Gain, g.Lose, *g.Unused)
		}
	}
	return all
}

// sums are all sums of money that a result tells.
func sums(r Result) []*int64 {
	all := []*int64{r.GainCents, r.LoseCents, r.Base.Cents, r.Variant.Cents}
	for _, b := range r.By {
		for _, g := range b.Groups {
			all = append(all, g.Cents)
		}
	}
	return all
}

// Whatever the people: every count that is told is none or a multiple of ten,
// every sum a multiple of 1,000 euro. Sums and differences of such figures are
// multiples of ten as well, so none is a count of one to nine. And the order in
// which people come changes nothing.
func TestNothingSmallIsTold(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		chance := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1))
		all := people(chance, rapid.IntRange(0, 400).Draw(t, "people"))
		o := Options{Key: testKey, Applied: map[string]bool{}}
		r := summarize(o, all)
		for _, c := range counts(r) {
			if c != Hidden && (c < 0 || c%smallest != 0) {
				t.Fatalf("%d is told: %+v", c, r)
			}
		}
		for _, m := range sums(r) {
			if m != nil && *m%unit != 0 {
				t.Fatalf("%d cents are told", *m)
			}
		}
		for _, g := range r.By[1].Groups {
			if g.Low != nil && *g.Low%100_00 != 0 || g.High != nil && *g.High%100_00 != 0 {
				t.Fatalf("a bound to the cent: %+v", g)
			}
		}
		chance.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
		if again := summarize(o, all); fmt.Sprint(counts(again)) != fmt.Sprint(counts(r)) {
			t.Fatal("the order counts")
		}
	})
}

// Each count is what the bounds of the method allow: nothing of nobody, hidden
// under ten, otherwise wrong by at most ten.
func TestCountsAreWithinTheBounds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := secret(fmt.Sprint(rapid.Uint64().Draw(t, "secret")))
		n := rapid.OneOf(rapid.IntRange(0, 60), rapid.IntRange(0, 1_000_000)).Draw(t, "n")
		c := cell{n: n, keys: rapid.Uint64().Draw(t, "keys")}
		told := s.count(c)
		switch {
		case n == 0 && told != 0, n > 0 && n < smallest && told != Hidden:
			t.Fatalf("%d is told as %d", n, told)
		case n >= smallest && (told < smallest || int(told) < n-10 || int(told) > n+10):
			t.Fatalf("%d is told as %d", n, told)
		case n == 0 && s.atMost(c) != Hidden, n > 0 && s.atMost(c) != told:
			t.Fatalf("%d is told as %d and %d", n, told, s.atMost(c))
		}
	})
}

// The same people have the same figure wherever they stand.
func TestTheSamePeopleHaveTheSameFigure(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		chance := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 2))
		all := people(chance, rapid.IntRange(30, 300).Draw(t, "people"))
		for i := range all { // one group in each table
			all[i].size, all[i].commune, all[i].income = 2, "Wiltz", 100_000
			if all[i].variant.outcome != pack.Granted { // who is granted something gains, and nobody else
				all[i].base = fate{pack.Refused, 0}
				all[i].variant = all[i].base
			} else {
				all[i].base, all[i].variant.cents = fate{pack.Refused, 0}, all[i].variant.cents+1
			}
		}
		r := summarize(Options{Key: testKey, Applied: map[string]bool{}}, all)
		for _, b := range r.By {
			if g := b.Groups[0]; len(b.Groups) != 1 || g.All != r.Applications || g.Gain != r.Gain || r.Gain > 0 && g.Gain != r.Variant.Granted || fmt.Sprint(g.Cents == nil) != fmt.Sprint(r.Cost() == nil) || g.Cents != nil && *g.Cents != *r.Cost() {
				t.Fatalf("%+v of %+v", g, r)
			}
		}
		if r.GainCents != nil && *r.GainCents != *r.Variant.Cents {
			t.Fatalf("the same sum is told as %d and %d", *r.GainCents, *r.Variant.Cents)
		}
	})
}

// The offsets take nothing away and add nothing, on average: with 100,000 cells
// the standard error of the mean is about 0.014.
func TestTheMeanOffsetIsZero(t *testing.T) {
	chance := rand.New(rand.NewPCG(1, 2))
	s, total, trials := secret(testKey), 0, 100_000
	for range trials {
		c := cell{n: 20 + chance.IntN(200), keys: chance.Uint64()}
		total += int(s.count(c)) - c.n
	}
	if mean := float64(total) / float64(trials); mean < -0.06 || mean > 0.06 {
		t.Errorf("counts are wrong by %.3f on average", mean)
	}
	var off, largest float64
	for range 20_000 {
		var x sum
		for range 30 {
			x.add(s, chance.Uint64(), 50_000+int64(chance.IntN(100_000)))
		}
		off, largest = off+float64(*s.money(x)-x.cents), largest+float64(x.largest)
	}
	if mean := off / largest; mean < -0.02 || mean > 0.02 {
		t.Errorf("sums are wrong by %.3f of the largest contribution on average", mean)
	}
}

// An attacker knows the method and the total of a column, and takes from it all
// cells that are told but the one that is hidden. He has learned from as many
// cases of his own which hidden count each rest means most often: no attacker
// does better with these figures. Guessing blindly he is right in 11 % of the
// cases, one of nine. With one cell beside the hidden one (who has applied, out of
// those entitled) and with several (the groups of a table) he is right in under
// 20 %, that is wrong in over 80 %.
func TestATotalMinusTheRestDoesNotTellWhatIsHidden(t *testing.T) {
	s, trials := secret(testKey), 40_000
	for _, others := range []int{1, 2, 8} {
		chance := rand.New(rand.NewPCG(3, uint64(others)))
		seen := map[Count]*[smallest]int{}
		right, exact := 0, 0
		for i := range 2 * trials {
			hidden := cell{n: 1 + chance.IntN(9), keys: chance.Uint64()}
			total, rest := hidden, Count(0)
			for range others {
				c := cell{n: 10 + chance.IntN(90), keys: chance.Uint64()}
				total.merge(c)
				rest -= s.count(c)
			}
			rest += s.count(total)
			if int(rest) == hidden.n {
				exact++
			}
			if seen[rest] == nil {
				seen[rest] = new([smallest]int)
			}
			if i < trials {
				seen[rest][hidden.n]++
				continue
			}
			guess := 1
			for n, times := range seen[rest] {
				if times > seen[rest][guess] {
					guess = n
				}
			}
			if guess == hidden.n {
				right++
			}
		}
		share := float64(right) / float64(trials)
		t.Logf("%d other cells: right in %.1f %%", others, 100*share)
		if share > 0.20 || exact > 0 {
			t.Errorf("%d other cells: right in %.1f %%, %d rests are the hidden count itself", others, 100*share, exact)
		}
	}
}

// The same through whole results: the attacker has every table of many
// populations and tries each column that hides one cell. He is hardly more often
// right than one who always guesses what is most often hidden there and sees no
// figure.
func TestNoColumnOfAResultTellsWhatIsHidden(t *testing.T) {
	chance := rand.New(rand.NewPCG(5, 6))
	tried, near, often := 0, 0, [smallest]int{}
	attack := func(total Count, cells []Count, truth []int) {
		hidden, at := 0, 0
		for i, c := range cells {
			if c == Hidden {
				hidden, at = hidden+1, i
				continue
			}
			total -= c
		}
		if hidden != 1 {
			return
		}
		tried++
		often[truth[at]]++
		if guess := min(max(int(total), 0), 9); guess == truth[at] {
			near++
		}
	}
	for range 4000 {
		all := people(chance, 100+chance.IntN(400))
		r := summarize(Options{Key: testKey, Applied: map[string]bool{}}, all)
		truth := map[string]*tally{}
		for _, x := range all {
			k := sizeOf(x)
			if truth[k] == nil {
				truth[k] = new(tally)
			}
			truth[k].add(secret(testKey), x)
		}
		var lose, gain, everybody []Count
		var losers, gainers, alls []int
		for _, g := range r.By[0].Groups {
			lose, gain, everybody = append(lose, g.Lose), append(gain, g.Gain), append(everybody, g.All)
			losers, gainers, alls = append(losers, truth[g.Key].lose.n), append(gainers, truth[g.Key].gain.n), append(alls, truth[g.Key].all.n)
		}
		attack(r.Lose, lose, losers)
		attack(r.Gain, gain, gainers)
		attack(r.Applications, everybody, alls)
		var open, failing int
		for _, x := range all {
			if !x.compared() {
				open++
			}
			if x.base.outcome == failed {
				failing++
			}
		}
		var granted, refused, judged int
		for _, x := range all {
			switch x.base.outcome {
			case pack.Granted:
				granted++
			case pack.Refused:
				refused++
			case pack.Judgement:
				judged++
			}
		}
		attack(r.Applications, []Count{r.Base.Granted, r.Base.Refused, r.Base.Judgement, r.Base.Failed}, []int{granted, refused, judged, failing})
	}
	blind := slices.Max(often[:])
	t.Logf("%d columns that hide one cell, right in %d, blindly in %d", tried, near, blind)
	if tried < 300 || near > blind+tried/10 {
		t.Errorf("of %d columns that hide one cell the attacker is right in %d, blindly in %d", tried, near, blind)
	}
}

// Two runs differ by one person in a cell. From the difference of both figures an
// attacker guesses, as well as anybody can, whether that person came or went.
// Tossing a coin is right in 50 % of the cases; he is right in under 60 %.
func TestADifferenceDoesNotTellAboutOnePerson(t *testing.T) {
	chance := rand.New(rand.NewPCG(7, 8))
	s, trials := secret(testKey), 40_000
	came, went := map[Count]int{}, map[Count]int{}
	var gains, losses int // of money: the sum grows
	for range trials {
		c := cell{n: 20 + chance.IntN(100), keys: chance.Uint64()}
		more := c
		more.add(chance.Uint64())
		came[s.count(more)-s.count(c)]++
		c = cell{n: 20 + chance.IntN(100), keys: chance.Uint64()}
		more = c
		more.add(chance.Uint64())
		went[s.count(c)-s.count(more)]++
	}
	right := 0
	for d, n := range came {
		right += max(n, went[d])
	}
	for d, n := range went {
		if _, ok := came[d]; !ok {
			right += n
		}
	}
	share := float64(right) / float64(2*trials)
	t.Logf("counts: right in %.1f %%", 100*share)
	if share > 0.60 {
		t.Errorf("whether one person came or went is guessed in %.1f %% of the cases", 100*share)
	}
	// Money: somebody in the middle of thirty contributes, or contributes half;
	// the larger sum is told as the larger one hardly more often than not.
	for range trials / 8 {
		var x sum
		for range 30 {
			x.add(s, chance.Uint64(), 50_000+int64(chance.IntN(150_000)))
		}
		y, z, who := x, x, chance.Uint64()
		y.add(s, who, 100_000)
		z.add(s, who, 50_000)
		if *s.money(y) > *s.money(x) {
			gains++
		}
		if *s.money(y) > *s.money(z) {
			losses++
		}
	}
	t.Logf("money: with somebody more is told in %d, with twice as much from somebody in %d of %d", gains, losses, trials/8)
	if gains*100 > 85*trials/8 || losses*100 > 70*trials/8 {
		t.Errorf("with somebody more is told in %d, with twice as much from somebody in %d of %d cases", gains, losses, trials/8)
	}
}

// One amount that dominates, or amounts of few, are not told.
func TestMoneyOfFewIsHidden(t *testing.T) {
	s := secret(testKey)
	for _, c := range []struct {
		name   string
		others int
		cents  int64
		told   bool
	}{{"nine contribute", 8, 100_000, false}, {"ten contribute", 9, 100_000, true}, {"one has more than half", 30, 3_100_000, false}, {"one has half", 30, 3_000_000, true}} {
		var x sum
		for i := range c.others {
			x.add(s, s.record(fmt.Sprint(i)), 100_000)
		}
		x.add(s, s.record("somebody"), c.cents)
		for i := range 100 {
			x.add(s, s.record(fmt.Sprint("nothing", i)), 0)
		}
		if told := s.money(x); (told != nil) != c.told {
			t.Errorf("%s: %v", c.name, told)
		}
	}
}
