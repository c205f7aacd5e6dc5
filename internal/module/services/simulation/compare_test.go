package simulation

import (
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"passerelle/internal/demo/population"
	"passerelle/internal/demo/registers"
	"passerelle/internal/module/exchange"
	"passerelle/internal/module/services/pack"
	"passerelle/internal/platform/clock"
	"passerelle/internal/platform/errs"
)

var testKey = []byte("a secret of the tests")

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
	r, err := Compare(context.Background(), Options{Base: base, Variant: variant, Date: day, People: people, Applied: applied, Key: testKey})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

var fivePercent = pack.Change{Parameter: "monthlyLimit", Value: "round half up(value * 1.05, 2)"}

// Twenty persons alone with 2,800.00 are over the limit of 2,710.51 (they get
// 1,817 less twelve times the excess, 743.12, and the premium of 600) and under
// 2,846.04: each gains 1,073.88. Fifteen with 2,000.00 have everything already,
// eleven with 9,000.00 have nothing either way. What is told is within the bounds
// of the protection.
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
	near := func(what string, told Count, truth int) {
		t.Helper()
		if told%10 != 0 || told < 10 || told < Count(truth-10) || told > Count(truth+10) {
			t.Errorf("%s: %d for %d", what, told, truth)
		}
	}
	nearly := func(what string, told *int64, truth, one int64) {
		t.Helper()
		if told == nil || *told%unit != 0 || max(*told-truth, truth-*told) > one+unit/2 {
			t.Errorf("%s: %v for %d", what, told, truth)
		}
	}
	r := compare(t, file(t, lines...), map[string]bool{"0-0": true}, fivePercent)
	near("applications", r.Applications, 46)
	near("granted", r.Base.Granted, 35)
	near("refused", r.Base.Refused, 11)
	near("gain", r.Gain, 20)
	nearly("paid today", r.Base.Cents, 20*(74312+60000)+15*(181700+60000), 241700)
	nearly("paid then", r.Variant.Cents, 35*(181700+60000), 241700)
	nearly("cost", r.Cost(), 20*107388, 107388)
	if r.Lose != 0 || r.Open != Hidden || *r.LoseCents != 0 {
		t.Errorf("%+v", r)
	}
	size := r.By[0].Groups
	if len(size) != 2 || size[0].Key != "1" || size[0].Gain != r.Gain || size[0].Granted != r.Base.Granted || *size[0].Cents != *r.Cost() || size[0].Lose != 0 || size[1].Gain != Hidden || size[1].Lose != 0 || size[1].Cents != nil {
		t.Errorf("the same people, other figures: %+v", size)
	}
	if r.TakeUp.Entitled != r.Base.Granted || r.TakeUp.Applied != Hidden { // one has applied
		t.Errorf("%+v", *r.TakeUp)
	}
	near("unused", r.TakeUp.Unused, 34)
	back := compare(t, file(t, lines...), nil, pack.Change{Parameter: "monthlyLimit", Value: "value / 100"})
	near("lose", back.Lose, 35)
	if back.Gain != 0 || back.Variant.Granted != Hidden || *back.Cost() >= 0 || back.TakeUp != nil {
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
	if r.Gain != Hidden || r.Cost() != nil {
		t.Errorf("three gain, and it is shown: %+v", r)
	}
	for _, g := range r.By[1].Groups {
		if g.Low != nil || g.High != nil {
			t.Errorf("bounds of 33 incomes: %+v", g)
		}
	}
}

// The demonstration's people: the same on every machine, and the derived limits
// follow the one that is changed.
func TestDemonstration(t *testing.T) {
	r := compare(t, demo(), nil, fivePercent)
	// 3,872 applications, 1,673 granted, 473 gain 350,853.96.
	if r.Applications != 3870 || r.Base.Granted != 1680 || r.Gain != 470 || r.Lose != 0 || euros(r.Cost()) != "352000" {
		t.Errorf("%d applications, %d granted, %d gain, %d lose, cost %s", r.Applications, r.Base.Granted, r.Gain, r.Lose, euros(r.Cost()))
	}
	if again := compare(t, demo(), nil, fivePercent); !reflect.DeepEqual(r, again) {
		t.Error("a second run differs")
	}
	income := r.By[1].Groups
	if first, last := income[0], income[len(income)-1]; first.Low != nil || *first.High%100_00 != 0 || last.Low == nil || last.High != nil {
		t.Errorf("bounds %+v … %+v", first, last)
	}
	var b strings.Builder
	if err := r.WriteCSV(csv.NewWriter(&b)); err != nil || !strings.HasPrefix(b.String(), "trait,group") || !strings.Contains(b.String(), "\nsize,1,,,1240,680,220,0,132000,\n") {
		t.Errorf("%v\n%s", err, b.String()[:400])
	}
}

// What a register does not know is missing, as in an application: the service
// may not decide without (onMissing). What only the variant asks for is asked.
func TestMissingEvidenceLeavesItToAPerson(t *testing.T) {
	var lines []string
	for i := range 12 {
		lines = append(lines, household(i, 1, "2000.00", "2010-01-01"))
		lines = append(lines, strings.Replace(household(100+i, 1, "2000.00", "2010-01-01"), `"incomes":`, `"income":`, 1))
	}
	r := compare(t, file(t, lines...), nil)
	if r.Base.Granted < 10 || r.Base.Judgement < 10 || r.Open < 10 {
		t.Errorf("from a file: %+v", r)
	}

	base := allowance(t)
	variant := *base
	extra := base.Service.Evidence[0]
	extra.ID, extra.Params = "more", map[string]string{"months": "12"}
	variant.Service.Evidence = append(slices.Clone(base.Service.Evidence), extra)
	source := &counted{source: demo().Source, nothingOf: exchange.TypePerson}
	people := demo()
	people.Applicants, people.Source = people.Applicants[:1], source
	err := people.Each(context.Background(), base, &variant, func(a Applicant) error {
		if !slices.Equal(a.Base.Missing, []string{"person"}) || !slices.Equal(a.Variant.Missing, []string{"person", "more"}) {
			t.Errorf("missing %v and %v", a.Base.Missing, a.Variant.Missing)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for q, n := range source.asked {
		if n > 1 {
			t.Errorf("%s was asked %d times", q, n)
		}
	}
}

// counted counts what is asked of registers; one knows nothing.
type counted struct {
	source    exchange.Source
	nothingOf string
	asked     map[string]int
}

func (c *counted) Fetch(ctx context.Context, q exchange.Request) (exchange.Evidence, error) {
	if c.asked == nil {
		c.asked = map[string]int{}
	}
	c.asked[fmt.Sprint(q.Type, q.Subject, q.Params)]++
	if q.Type == c.nothingOf {
		return exchange.Evidence{}, errs.New(errs.NotFound, "")
	}
	return c.source.Fetch(ctx, q)
}

// A panic in one decision ends the run, not the process, and does not say about
// whom it was.
func TestAPanicEndsTheRun(t *testing.T) {
	base := allowance(t)
	wrong := *base
	wrong.Decision = nil
	_, err := Compare(context.Background(), Options{Base: base, Variant: &wrong, Date: day, People: demo(), Key: testKey})
	if errs.KindOf(err) != errs.Internal || err == nil || !strings.Contains(err.Error(), "panicked") {
		t.Errorf("%v", err)
	}
}

func TestWrongLinesAreNamed(t *testing.T) {
	base := allowance(t)
	for _, wrong := range []string{`{"applicant": {"id": 5}}`, `{"applicant": {}}`} {
		f := file(t, household(1, 1, "2000.00", "2010-01-01"), "", wrong)
		_, err := Compare(context.Background(), Options{Base: base, Variant: base, Date: day, People: f, Key: testKey})
		if err == nil || !strings.Contains(err.Error(), "people.jsonl:3:") {
			t.Errorf("%v", err)
		}
	}
}

func TestCompareStops(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	base := allowance(t)
	_, err := Compare(ctx, Options{Base: base, Variant: base, Date: day, People: demo(), Key: testKey, Progress: func(int) { cancel() }})
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
		if _, err := Compare(context.Background(), Options{Base: base, Variant: variant, Date: day, People: people, Key: testKey}); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(people.Len()*b.N)/b.Elapsed().Seconds(), "applicants/s")
}
