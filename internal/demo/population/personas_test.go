package population

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"passerelle/internal/module/exchange"
)

// householdIncome adds up a month of everybody at home, in cents.
func householdIncome(p Persona, m Month) (cents int64) {
	for _, member := range demo.Members(p.Person) {
		c, _, _ := demo.income(member, m)
		cents += c
	}
	return cents
}

func TestPersonasEarnWhatTheirStoriesSay(t *testing.T) {
	for key, want := range map[string]struct {
		persons int
		cents   int64
	}{
		"pensioner":       {1, 198640},
		"single-parent":   {3, 492000}, // over 4,878.92, under 4,987.16
		"family":          {6, 609000},
		"large-household": {10, 940000},
		"student":         {1, 48000},
		"newcomer":        {1, 260000},
		"high-income":     {2, 1430000},
	} {
		p, ok := demo.Persona(key)
		if !ok {
			t.Fatalf("no persona %s", key)
		}
		if n := len(demo.Members(p.Person)); n != want.persons {
			t.Errorf("%s: %d persons, want %d", key, n, want.persons)
		}
		for _, m := range []string{"2025-08", "2025-09", "2025-10"} {
			parsed, _ := ParseMonth(m)
			if got := householdIncome(p, parsed); got != want.cents {
				t.Errorf("%s in %s: %d, want %d", key, m, got, want.cents)
			}
		}
	}
}

func TestPersonasStandWhereTheirStoriesNeedThem(t *testing.T) {
	person := func(key string) exchange.Person {
		p, _ := demo.Persona(key)
		return demo.Person(p.Person)
	}
	if p := person("cross-border-worker"); p.Register != exchange.RegisterNone || p.Address.Country != "DE" {
		t.Errorf("cross-border worker: register %q, lives in %s", p.Register, p.Address.Country)
	}
	if p := person("newcomer"); p.ResidentSince != "2025-03-24" || p.Nationality != "IN" || p.Register != exchange.RegisterMain {
		t.Errorf("newcomer: %+v", p)
	}
	for _, key := range []string{"founder", "founder-with-record"} {
		p, _ := demo.Persona(key)
		b, ok := demo.ManagedBy(p.Person)
		if !ok || demo.Business(b).Founded < "2025-10" {
			t.Errorf("%s has no new business", key)
		}
		entries := demo.CriminalRecord(p.Person, "3", Reference).Entries
		if (len(entries) > 0) != (key == "founder-with-record") {
			t.Errorf("%s: criminal record %v", key, entries)
		}
		if b, ok := demo.ManagedBy(p.Person); ok {
			for i := range demo.Len() {
				if _, _, payer := demo.income(i, LastMonth); payer == demo.Business(b).Name {
					t.Fatalf("the new business of %s already employs %s", key, demo.Name(i))
				}
			}
		}
	}
}

func TestAParentCanApplyForParentalLeave(t *testing.T) {
	parent, _ := demo.Persona("parent")
	other, _ := demo.Persona("other-parent")
	employer, _ := demo.Persona("employer")
	home := map[string]string{}
	young := false
	for _, m := range demo.Household(parent.Person).Members {
		home[m.ID] = m.Relation
		young = young || m.Relation == "child" && m.BirthDate > "2021-11-24" && m.BirthDate < "2024-11-24"
	}
	if relation := home[demo.ID(other.Person)]; !young || relation != "spouse" && relation != "partner" {
		t.Errorf("%s lives with %v, a child of one to three years: %v", parent.Name, home, young)
	}
	for _, p := range []Persona{parent, other} {
		periods := demo.Employment(p.Person, Reference).Periods
		if len(periods) != 1 || periods[0].To != nil || periods[0].From > "2023-11-24" || *periods[0].WeeklyHours != "40.0" {
			t.Errorf("%s: %+v", p.Name, periods)
		}
	}
	managed, ok := demo.ManagedBy(employer.Person)
	if works := demo.Employment(parent.Person, Reference).Periods[0].Employer; !ok || demo.Business(managed).Name != works {
		t.Errorf("%s does not manage %s, where %s works", employer.Name, works, parent.Name)
	}
}

func TestEachAuthorityHasACaseWorkerAndAHeadOfUnit(t *testing.T) {
	roles := map[string]int{}
	for _, p := range demo.Personas() {
		for _, r := range p.Roles {
			roles[r]++
		}
		if (p.Group == GroupAdministration) != (len(p.Roles) > 0) || (p.Person < 0) != (len(p.Roles) > 0) {
			t.Errorf("%s: group %s, roles %v, person %d", p.Key, p.Group, p.Roles, p.Person)
		}
		if p.Name == "" || !strings.HasSuffix(p.Email, "@example.lu") || !slices.Contains([]string{"fr", "de", "lb", "en", "pt"}, p.Lang) {
			t.Errorf("incomplete persona %+v", p)
		}
	}
	for _, authority := range []string{"fns", "permits", "rnpp", "environment", "population", "cae"} {
		if roles["case-worker@"+authority] < 2 || roles["head-of-unit@"+authority] != 1 {
			t.Errorf("%s: %d case workers, %d heads of unit", authority, roles["case-worker@"+authority], roles["head-of-unit@"+authority])
		}
	}
	if roles["operator"] != 1 || roles["designer"] != 2 {
		t.Errorf("%d operators, %d designers", roles["operator"], roles["designer"])
	}
}

func Example() {
	p := New()
	pensioner, _ := p.Persona("pensioner")
	october, _ := ParseMonth("2025-10")
	income := p.Income(pensioner.Person, october)
	fmt.Println(pensioner.Name, p.Person(pensioner.Person).Address.Commune, income.Gross, income.Kind)
	// Output: Margot Lentz Ettelbruck 1986.40 pension
}
