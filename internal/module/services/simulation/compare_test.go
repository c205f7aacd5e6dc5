package simulation

import (
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"passerelle/internal/demo/population"
	"passerelle/internal/demo/registers"
	"passerelle/internal/module/exchange"
	"passerelle/internal/module/services/pack"
	"passerelle/internal/platform/clock"
)

var day = time.Date(2025, 11, 24, 0, 0, 0, 0, time.UTC)

func allowance(t testing.TB) *pack.Package {
	t.Helper()
	p, findings := pack.Load(os.DirFS("../../../../services/lu"), "cost-of-living-allowance/2025")
	if p == nil {
		t.Fatal(findings)
	}
	return p
}

func demo() Registered {
	people, d := population.New(), exchange.NewDirectory()
	registers.New(people, clock.Fixed(day.Add(12*time.Hour))).Connect(d)
	return Registered{Source: d, Applicants: people.Applicants(), Basis: "test"}
}

// household is one line of a population file: n persons who earn so much
// together in each of three months.
func household(id, n int, gross string, since string) string {
	var members, incomes []string
	for i := range n {
		members = append(members, fmt.Sprintf(`{"id":"%d-%d","birthDate":"1980-01-01","relation":"self"}`, id, i))
		g := "0.00"
		if i == 0 {
			g = gross
		}
		m := fmt.Sprintf(`{"month":"2025-10","gross":"%s","kind":"pension"}`, g)
		incomes = append(incomes, `{"months":[`+m+`,`+m+`,`+m+`]}`)
	}
	return fmt.Sprintf(`{"applicant":{"id":"%d-0"},"evidence":{"person":{"id":"%d-0","nationality":"LU","register":"main","residentSince":"%s"},"household":{"address":{"commune":"Wiltz"},"members":[%s]},"incomes":[%s],"bank":{"iban":"LU280019400644750000"}}}`,
		id, id, since, strings.Join(members, ","), strings.Join(incomes, ","))
}

func file(t *testing.T, lines ...string) *File {
	t.Helper()
	path := filepath.Join(t.TempDir(), "people.jsonl")
	if err := os.WriteFile(path, []byte(strings.Join(lines, "\n")), 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := OpenFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func compare(t *testing.T, people Population, applied map[string]bool, changes ...pack.Change) Result {
	t.Helper()
	base := allowance(t)
	variant, _, err := base.Adjust(day, changes)
	if err != nil {
		t.Fatal(err)
	}
	r, err := Compare(context.Background(), Options{Base: base, Variant: variant, Date: day, People: people, Applied: applied})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

var fivePercent = pack.Change{Parameter: "monthlyLimit", Value: "round half up(value * 1.05, 2)"}

// Twenty persons alone with 2,800.00 are over the limit of 2,710.51 (they get
// 1,817 less twelve times the excess, 743.12, and the premium of 600) and under
// 2,846.04: each gains 1,073.88. Fifteen with 2,000.00 have everything already,
// eleven with 9,000.00 have nothing either way.
func TestCompareByHand(t *testing.T) {
	var lines []string
	for i := range 20 {
		lines = append(lines, household(i, 1, "2800.00", "2010-01-01"))
	}
	for i := range 15 {
		lines = append(lines, household(100+i, 1, "2000.00", "2010-01-01"))
	}
	for i := range 11 {
		lines = append(lines, household(200+i, 2, "9000.00", "2010-01-01"))
	}
	r := compare(t, file(t, lines...), map[string]bool{"0-0": true}, fivePercent)
	if r.Applications != 46 || r.Gain != 20 || r.Lose != 0 || *r.Cost() != 20*107388 || r.Open != 0 {
		t.Errorf("%+v, cost %v", r, *r.Cost())
	}
	if r.Base.Granted != 35 || r.Base.Refused != 11 || *r.Base.Cents != 20*(74312+60000)+15*(181700+60000) || *r.Variant.Cents-*r.Base.Cents != 20*107388 {
		t.Errorf("today %+v paid %d, tried %+v paid %d", r.Base, *r.Base.Cents, r.Variant, *r.Variant.Cents)
	}
	size := r.By[0].Groups
	if len(size) != 2 || size[0].Key != "1" || size[0].Gain != 20 || size[1].Gain != 0 || *size[1].Cents != 0 {
		t.Errorf("%+v", size)
	}
	// One of 35 has applied: to tell that would tell who.
	if *r.TakeUp != (TakeUp{Entitled: 35, Applied: Hidden, Unused: Hidden}) {
		t.Errorf("%+v", *r.TakeUp)
	}
	back := compare(t, file(t, lines...), nil, pack.Change{Parameter: "monthlyLimit", Value: "value - 1000"})
	if back.Gain != 0 || back.Lose != 35 || *back.Cost() >= 0 || back.TakeUp != nil {
		t.Errorf("%+v", back)
	}
}

func TestFewAreNotShown(t *testing.T) {
	var lines []string
	for i := range 3 {
		lines = append(lines, household(i, 1, "2800.00", "2010-01-01"))
	}
	for i := range 30 {
		lines = append(lines, household(100+i, 1, "2000.00", "2010-01-01"))
	}
	r := compare(t, file(t, lines...), nil, fivePercent)
	if r.Gain != Hidden || r.Cost() != nil || r.Variant.Cents != nil {
		t.Errorf("three gain, and it is shown: %+v", r)
	}
	for _, b := range r.By {
		for _, g := range b.Groups {
			if few(g.All) || few(g.Gain) || few(g.Lose) || (g.Gain == Hidden && g.Cents != nil) {
				t.Errorf("%s %+v", b.Trait, g)
			}
		}
	}
}

// The demonstration's people: the same on every machine, and the derived limits
// follow the one that is changed.
func TestDemonstration(t *testing.T) {
	r := compare(t, demo(), nil, fivePercent)
	if r.Applications != 3872 || r.Base.Granted != 1673 || r.Gain != 473 || r.Lose != 0 || euros(r.Cost()) != "350853.96" {
		t.Errorf("%d applications, %d granted, %d gain, %d lose, cost %s", r.Applications, r.Base.Granted, r.Gain, r.Lose, euros(r.Cost()))
	}
	if again := compare(t, demo(), nil, fivePercent); !reflect.DeepEqual(r, again) {
		t.Error("a second run differs")
	}
	var b strings.Builder
	if err := r.WriteCSV(csv.NewWriter(&b)); err != nil || !strings.HasPrefix(b.String(), "trait,group") || !strings.Contains(b.String(), "\nsize,1,,,1242,685,217,0,132050.92,") {
		t.Errorf("%v\n%s", err, b.String()[:400])
	}
}

func TestWrongLinesAreNamed(t *testing.T) {
	f := file(t, household(1, 1, "2000.00", "2010-01-01"), "", `{"applicant": {"id": 5}}`)
	base := allowance(t)
	_, err := Compare(context.Background(), Options{Base: base, Variant: base, Date: day, People: f})
	if err == nil || !strings.Contains(err.Error(), "people.jsonl:3:") {
		t.Errorf("%v", err)
	}
}

func TestCompareStops(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	base := allowance(t)
	_, err := Compare(ctx, Options{Base: base, Variant: base, Date: day, People: demo(), Progress: func(int) { cancel() }})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
}

func BenchmarkCompare(b *testing.B) {
	base := allowance(b)
	variant, _, err := base.Adjust(day, []pack.Change{fivePercent})
	if err != nil {
		b.Fatal(err)
	}
	people := demo()
	for b.Loop() {
		if _, err := Compare(context.Background(), Options{Base: base, Variant: variant, Date: day, People: people}); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(people.Len()*b.N)/b.Elapsed().Seconds(), "applicants/s")
}
