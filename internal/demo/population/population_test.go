package population

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math/big"
	"runtime"
	"strings"
	"testing"

	"passerelle/internal/module/exchange"
	"passerelle/internal/module/people"
)

var demo = New()

// golden is the hash of everything the population says. It changes only when
// somebody means to change the population.
const golden = "e4df39fdc9f38db8722bcb1cb2c3ea9d4701fa361108ae2919dfaa3a1155e5ce"

func TestThePopulationIsTheSameOnEveryMachine(t *testing.T) {
	h := sha256.New()
	out := json.NewEncoder(h)
	p := New()
	for i := range p.Len() {
		iban, _ := p.IBAN(i)
		for _, v := range []any{p.Person(i), p.Household(i), iban, p.MainLanguage(i), p.CriminalRecord(i, "3", Reference)} {
			if err := out.Encode(v); err != nil {
				t.Fatal(err)
			}
		}
		for m := FirstMonth; m <= month(2026, 12); m++ {
			cents, kind, payer := p.income(i, m)
			fmt.Fprintln(h, cents, kind, payer)
		}
	}
	for i := range p.Businesses() {
		if err := out.Encode(p.Business(i)); err != nil {
			t.Fatal(err)
		}
	}
	if err := out.Encode(p.Personas()); err != nil {
		t.Fatal(err)
	}
	if got := hex.EncodeToString(h.Sum(nil)); got != golden {
		t.Fatalf("the population has changed: hash %s", got)
	}
}

func TestEverybodyHasAValidNumberOfTheirBirthDateAndANameAndAHome(t *testing.T) {
	if demo.Len() != Size {
		t.Fatalf("%d persons", demo.Len())
	}
	seen, mail := map[string]bool{}, map[string]bool{}
	for i := range demo.Len() {
		p := demo.Person(i)
		switch {
		case !people.ValidNationalID(p.ID) || seen[p.ID]:
			t.Fatalf("number %s, seen %v", p.ID, seen[p.ID])
		case p.ID[:8] != strings.ReplaceAll(p.BirthDate, "-", ""):
			t.Fatalf("%s was born on %s", p.ID, p.BirthDate)
		case p.GivenName == "" || p.FamilyName == "" || p.Address.Street == "" || p.Address.Commune == "":
			t.Fatalf("incomplete: %+v", p)
		case p.BirthDate > "2025-11-24" || p.BirthDate < "1915":
			t.Fatalf("born on %s", p.BirthDate)
		case (p.Register == exchange.RegisterNone) != (p.Address.Country != "LU"), (p.Register == exchange.RegisterNone) != (p.ResidentSince == ""):
			t.Fatalf("lives in %s, on register %q since %q", p.Address.Country, p.Register, p.ResidentSince)
		case p.ResidentSince != "" && (p.ResidentSince < p.BirthDate || p.ResidentSince > "2025-11-24"):
			t.Fatalf("born %s, resident since %s", p.BirthDate, p.ResidentSince)
		case p.Address.Since < p.ResidentSince || p.Address.Since > "2025-11-24":
			t.Fatalf("resident since %s, at the address since %s", p.ResidentSince, p.Address.Since)
		case !strings.Contains(" fr de lb en pt ", " "+p.Language+" "):
			t.Fatalf("letters in %q", p.Language)
		}
		if p.Email != "" && mail[p.Email] {
			t.Fatalf("two persons have %s", p.Email)
		}
		seen[p.ID], mail[p.Email] = true, true
		if found, ok := demo.Find(p.ID); !ok || found != i {
			t.Fatalf("%s is found at %d, want %d", p.ID, found, i)
		}
	}
}

func TestHouseholdsAreCoherentFromEveryMembersView(t *testing.T) {
	for i := range demo.Len() {
		h := demo.Household(i)
		if h.Members[0].ID != demo.ID(i) || h.Members[0].Relation != "self" {
			t.Fatalf("%s is not first in their own household: %+v", demo.ID(i), h.Members[0])
		}
		partners := 0
		for _, m := range h.Members[1:] {
			other, _ := demo.Find(m.ID)
			back := ""
			for _, n := range demo.Household(other).Members {
				if n.ID == demo.ID(i) {
					back = n.Relation
				}
			}
			want := map[string]string{"spouse": "spouse", "partner": "partner", "child": "parent", "parent": "child", "other": "other"}[m.Relation]
			if want == "" || back != want {
				t.Fatalf("%s is %q to %s, who is %q to them", m.ID, m.Relation, demo.ID(i), back)
			}
			if m.Relation == "child" && m.BirthDate <= h.Members[0].BirthDate {
				t.Fatalf("child %s is older than parent %s", m.ID, demo.ID(i))
			}
			if m.Relation == "spouse" || m.Relation == "partner" {
				partners++
			}
		}
		if partners > 1 {
			t.Fatalf("%s has %d partners", demo.ID(i), partners)
		}
	}
}

// within reports a share in per mille outside its bounds.
func within(t *testing.T, what string, n, of, low, high int) {
	t.Helper()
	if share := n * 1000 / of; share < low || share > high {
		t.Errorf("%s: %d ‰, want %d to %d", what, share, low, high)
	}
}

func TestSharesAreThoseOfTheCountry(t *testing.T) {
	residents, minors, old, newcomers, waiting, city, women := 0, 0, 0, 0, 0, 0, 0
	nationality, language, communes := map[string]int{}, map[string]int{}, map[string]int{}
	for i := range demo.Len() {
		p := demo.Person(i)
		if p.Register == exchange.RegisterNone {
			continue
		}
		residents++
		nationality[p.Nationality]++
		language[demo.MainLanguage(i)]++
		communes[p.Address.Commune]++
		count(&minors, demo.Age(i) < 18)
		count(&old, demo.Age(i) >= 65)
		count(&newcomers, p.ResidentSince > "2024-11-24" && demo.Age(i) > 0)
		count(&waiting, p.Register == exchange.RegisterWaiting)
		count(&city, p.Address.Commune == "Luxembourg")
		count(&women, p.Sex == "female")
	}
	if want := Size - CrossBorder - 1; residents != want { // one persona lives in Trier
		t.Errorf("%d residents, want %d", residents, want)
	}
	within(t, "Luxembourgish", nationality["LU"], residents, 500, 560)
	within(t, "Portuguese", nationality["PT"], residents, 115, 165)
	within(t, "French", nationality["FR"], residents, 55, 95)
	within(t, "speak mainly Luxembourgish", language["lb"], residents, 460, 520)
	if !(language["lb"] > language["pt"] && language["pt"] > language["fr"] && language["fr"] > language["en"]) {
		t.Errorf("order of main languages: %v", language)
	}
	within(t, "minors", minors, residents, 160, 250)
	within(t, "65 and older", old, residents, 110, 190)
	within(t, "arrived within a year", newcomers, residents, 8, 40)
	within(t, "on the waiting register", waiting, residents, 1, 8)
	within(t, "in the capital", city, residents, 160, 260)
	within(t, "women", women, residents, 470, 530)
	if len(communes) < 50 {
		t.Errorf("%d communes", len(communes))
	}
}

func count(n *int, is bool) {
	if is {
		*n++
	}
}

func TestHouseholdSizesAreRealistic(t *testing.T) {
	bySize := map[int]int{}
	households := 0
	for i := range demo.Len() {
		if m := demo.Members(i); m[0] == i && demo.Person(i).Register != exchange.RegisterNone {
			bySize[len(m)]++
			households++
		}
	}
	within(t, "alone", bySize[1], households, 290, 370)
	within(t, "two", bySize[2], households, 245, 320)
	within(t, "four", bySize[4], households, 115, 175)
	for size := 7; size <= 10; size++ {
		if bySize[size] == 0 {
			t.Errorf("no household of %d", size)
		}
	}
	if bySize[11] > 0 || bySize[0] > 0 {
		t.Errorf("sizes %v", bySize)
	}
}

func TestIncomesAreThoseOfAWorkingCountry(t *testing.T) {
	october, _ := ParseMonth("2025-10")
	adults, kinds := 0, map[string]int{}
	for i := range demo.Len() {
		in := demo.Income(i, october)
		if demo.Age(i) < 18 && in.Kind != exchange.IncomeNone {
			t.Fatalf("a child earns: %+v", in)
		}
		if (in.Kind == exchange.IncomeNone) != (in.Gross == "0.00") || (in.Payer == "") != (in.Kind == exchange.IncomeNone) {
			t.Fatalf("%+v", in)
		}
		if age := demo.Age(i); age >= 25 && age < 60 {
			adults++
			kinds[in.Kind]++
		}
	}
	within(t, "salaried", kinds[exchange.IncomeSalary], adults, 700, 850)
	within(t, "self-employed", kinds[exchange.IncomeSelfEmployed], adults, 30, 90)
	within(t, "unemployed or on inclusion income", kinds[exchange.IncomeReplacement], adults, 20, 80)
}

func TestSalariesFollowTheIndexAndTheMinimumWage(t *testing.T) {
	r := record{base: 270374, hours: 100, seed: 3, work: workSalary}
	for month, want := range map[string]int64{"2024-12": 257093, "2025-01": 263779, "2025-04": 263779, "2025-05": 270374, "2026-01": 270374} {
		m, _ := ParseMonth(month)
		if got := at(minimumWage, m); got != want {
			t.Errorf("minimum wage of %s: %d, want %d", month, got, want)
		}
		if got := r.salary(m); got < want {
			t.Errorf("%s: %d is under the minimum wage %d", month, got, want)
		}
	}
	april, may := month(2025, 4), month(2025, 5)
	steady := record{base: 492000, flags: flagSteady}
	if a, b := steady.salary(april), steady.salary(may); b != 492000 || a != 480000 {
		t.Errorf("index step: %d then %d, want 480000 then 492000", a, b)
	}
}

// Who has a salary in a month is employed in it by the payer, and the other way
// round.
func TestEmploymentsAgreeWithIncomes(t *testing.T) {
	breaks, partTime := 0, 0
	for i := range demo.Len() {
		periods := demo.Employment(i, Reference).Periods
		count(&breaks, len(periods) == 2)
		count(&partTime, len(periods) > 0 && periods[0].WeeklyHours != nil && *periods[0].WeeklyHours != "40.0")
		for m := FirstMonth; m <= MonthOf(Reference); m++ {
			_, kind, payer := demo.income(i, m)
			first, next := m.first().Format("2006-01-02"), (m + 1).first().Format("2006-01-02")
			employer, works := "", ""
			for _, p := range periods {
				if p.From < next && p.From <= "2025-11-24" && (p.To == nil || *p.To >= first) {
					employer, works = p.Employer, p.Kind
				}
			}
			paid := kind == exchange.IncomeSalary || kind == exchange.IncomeSelfEmployed
			if paid != (works != "") || paid && (works != kind || employer != payer) {
				t.Fatalf("%d in %s: %s from %q, but employed as %q by %q: %+v", i, m, kind, payer, works, employer, periods)
			}
		}
		for k, p := range periods {
			if p.To != nil && *p.To < p.From || k > 0 && (periods[k].To == nil || *periods[k].To >= periods[k-1].From) {
				t.Fatalf("%d: %+v", i, periods)
			}
		}
	}
	if breaks == 0 || partTime == 0 {
		t.Errorf("%d with a break, %d part-time", breaks, partTime)
	}
}

func TestOutsideTheKnownMonthsThereIsNoIncome(t *testing.T) {
	pensioner, _ := demo.Persona("pensioner")
	for _, m := range []Month{FirstMonth - 1, LastMonth + 1} {
		if in := demo.Income(pensioner.Person, m); in.Kind != exchange.IncomeNone || in.Gross != "0.00" {
			t.Errorf("%s: %+v", m, in)
		}
	}
}

func TestAccountNumbersPassModulusNinetySeven(t *testing.T) {
	known := 0
	for i := range demo.Len() {
		iban, ok := demo.IBAN(i)
		if !ok {
			continue
		}
		known++
		if len(iban) != 20 || iban[:2] != "LU" || iban[4:7] != "000" {
			t.Fatalf("IBAN %s", iban)
		}
		n, _ := new(big.Int).SetString(iban[4:]+"2130"+iban[2:4], 10)
		if n.Mod(n, big.NewInt(97)).Int64() != 1 {
			t.Fatalf("IBAN %s fails its check", iban)
		}
	}
	within(t, "accounts known", known, demo.Len(), 620, 780)
}

func TestBusinessesHaveValidNumbersAndAManagerWhoFindsThem(t *testing.T) {
	names := map[string]bool{}
	for i := range demo.Businesses() {
		b := demo.Business(i)
		if !people.ValidBusinessNumber(b.Number) || b.Number[:4] != b.Founded[:4] {
			t.Fatalf("number %s, founded %s", b.Number, b.Founded)
		}
		if names[b.Name] {
			t.Fatalf("two businesses are called %s", b.Name)
		}
		names[b.Name] = true
		manager, _ := demo.Find(b.Managers[0].ID)
		if found, ok := demo.ManagedBy(manager); !ok || found != i {
			t.Fatalf("%s manages %d, want %d", b.Managers[0].Name, found, i)
		}
		if found, ok := demo.FindBusiness(b.Number); !ok || found != i {
			t.Fatalf("%s is found at %d, want %d", b.Number, found, i)
		}
		if born := demo.Person(manager).BirthDate; b.Founded < born || demo.Age(manager) < 18 {
			t.Fatalf("%s of %s is managed by somebody born %s", b.Name, b.Founded, born)
		}
	}
	if n := demo.Businesses(); n < 350 || n > 600 {
		t.Errorf("%d businesses", n)
	}
}

func TestMostCriminalRecordsAreEmpty(t *testing.T) {
	entries := 0
	for i := range demo.Len() {
		for _, e := range demo.CriminalRecord(i, "3", Reference).Entries {
			entries++
			if e.Offence == "" || e.Sentence == "" || e.Court == "" || e.Date > "2025-11-24" || demo.Age(i) < 18 {
				t.Fatalf("entry %+v of somebody of %d years", e, demo.Age(i))
			}
		}
	}
	within(t, "with an entry", entries, demo.Len(), 2, 12)
}

func TestSearchFindsWithoutAccentsAndInAnyOrder(t *testing.T) {
	for _, query := range []string{"Amina Begović", "begovic amina", "AMI BEGO"} {
		found, total := demo.Search(query, 5)
		if total == 0 || demo.Name(found[0]) != "Amina Begović" {
			t.Errorf("%q: %d found", query, total)
		}
	}
	if found, total := demo.Search("silva", 3); len(found) != 3 || total < 20 {
		t.Errorf("silva: %d of %d", len(found), total)
	}
	if found, total := demo.Search(demo.ID(77), 10); total != 1 || found[0] != 77 {
		t.Errorf("by number: %v, %d", found, total)
	}
	for _, nobody := range []string{"", "  ", "xyzzy", "silva xyzzy", "1234567890123"} {
		if _, total := demo.Search(nobody, 10); total != 0 {
			t.Errorf("%q: %d found", nobody, total)
		}
	}
}

func TestGenerationIsLight(t *testing.T) {
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	p := New()
	runtime.GC()
	runtime.ReadMemStats(&after)
	if kept := int64(after.HeapAlloc) - int64(before.HeapAlloc); kept > 8<<20 {
		t.Errorf("the population keeps %d bytes", kept)
	}
	runtime.KeepAlive(p)
}

func BenchmarkNew(b *testing.B) {
	for b.Loop() {
		New()
	}
}
