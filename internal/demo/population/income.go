package population

import (
	"fmt"
	"time"

	"passerelle/internal/module/exchange"
)

// Month is a calendar month, counted from the year 0.
type Month int

// The months in which incomes are known.
var (
	FirstMonth = month(2023, time.January)
	LastMonth  = month(2030, time.December)
)

func month(year int, m time.Month) Month { return Month(year*12 + int(m) - 1) }

// MonthOf returns the month of t, in t's own time zone.
func MonthOf(t time.Time) Month { return month(t.Year(), t.Month()) }

// ParseMonth reads "2025-10".
func ParseMonth(s string) (Month, error) {
	t, err := time.Parse("2006-01", s)
	if err != nil {
		return 0, err
	}
	return MonthOf(t), nil
}

// String writes the month as "2025-10".
func (m Month) String() string { return fmt.Sprintf("%04d-%02d", int(m)/12, int(m)%12+1) }

// The kinds of work, of which the income of each month follows.
const (
	workNone = iota
	workSalary
	workPension
	workSelfEmployed
	workInclusion // inclusion income (REVIS)
)

// The payers that are not employers.
const (
	payerPension      = "Caisse nationale d'assurance pension"
	payerUnemployment = "Agence pour le développement de l'emploi"
	payerInclusion    = "Fonds national de solidarité"
)

// index is the cost-of-living index in hundredths, from a month on. 968.04
// since May 2025 is from the published minimum wage; the earlier figures are
// that one divided by 1.025 for each step, the months of 2023 from memory.
var index = []step{
	{month(2023, time.January), 87701},
	{month(2023, time.February), 89893},
	{month(2023, time.April), 92140},
	{month(2023, time.September), 94443},
	{month(2025, time.May), 96804},
}

// minimumWage is the unskilled minimum wage (SSM) per month in cents: 2024 and
// later as published (csl.lu, chronicle.lu), 2023 derived by the index.
var minimumWage = []step{
	{month(2023, time.January), 238740},
	{month(2023, time.February), 244707},
	{month(2023, time.April), 250824},
	{month(2023, time.September), 257093},
	{month(2025, time.January), 263779},
	{month(2025, time.May), 270374},
}

type step struct {
	from  Month
	value int64
}

func at(steps []step, m Month) int64 {
	v := steps[0].value
	for _, s := range steps {
		if s.from <= m {
			v = s.value
		}
	}
	return v
}

// Income returns the person's gross income of one month from FirstMonth to
// LastMonth; outside them, and where there is none, the kind is "none".
func (p *Population) Income(person int, m Month) exchange.MonthIncome {
	cents, kind, payer := p.income(person, m)
	return exchange.MonthIncome{Month: m.String(), Gross: fmt.Sprintf("%d.%02d", cents/100, cents%100), Kind: kind, Payer: payer}
}

func (p *Population) income(person int, m Month) (cents int64, kind, payer string) {
	r := &p.persons[person]
	if m < FirstMonth || m > LastMonth || r.work == workNone {
		return 0, exchange.IncomeNone, ""
	}
	offset := uint8(m - FirstMonth)
	if offset < r.started || r.flags&flagAbroad == 0 && m < MonthOf(time.Unix(int64(r.since)*day, 0).UTC()) {
		return 0, exchange.IncomeNone, ""
	}
	switch r.work {
	case workPension:
		return r.indexed(m), exchange.IncomePension, payerPension
	case workInclusion:
		return r.indexed(m), exchange.IncomeReplacement, payerInclusion
	case workSelfEmployed:
		// Their months differ by up to 30 %, three months alike.
		return r.indexed(m) * int64(70+mix(r.seed, uint64(m)/3)%61) / 100, exchange.IncomeSelfEmployed, p.businessName(r.employer)
	}
	employer := r.employer
	if r.lost != 0 && offset >= r.lost {
		if r.back == 0 || offset < r.back {
			if offset-r.lost >= 12 {
				return 0, exchange.IncomeNone, ""
			}
			return r.salary(FirstMonth+Month(r.lost)) * 80 / 100, exchange.IncomeReplacement, payerUnemployment
		}
		employer = r.next
	}
	return r.salary(m), exchange.IncomeSalary, p.businessName(employer)
}

// indexed is the base amount carried to the index of the month.
func (r *record) indexed(m Month) int64 {
	return (int64(r.base)*at(index, m) + 48402) / 96804
}

// salary adds to the index a yearly raise of up to 2.5 %, for every fourth
// worker hours that vary by the month, and the minimum wage below it all.
func (r *record) salary(m Month) int64 {
	cents := r.indexed(m)
	if r.flags&flagSteady != 0 {
		return cents
	}
	raise := int64(mix(r.seed, 'r') % 26)
	cents = cents * (1000 + raise*int64(int(m)/12-2025)) / 1000
	if mix(r.seed, 'v')%4 == 0 {
		cents = cents * int64(94+mix(r.seed, uint64(m))%13) / 100
	}
	return max(cents, at(minimumWage, m)*int64(r.hours)/100)
}

// The distributions of monthly gross amounts in cents at index 968.04, as
// deciles. They are plausible, not measured.
var (
	salaries  = []int{270374, 282000, 318000, 352000, 394000, 445000, 508000, 590000, 705000, 920000, 1650000}
	pensions  = []int{98000, 168000, 201000, 224000, 243000, 268000, 302000, 348000, 420000, 525000, 820000}
	earnings  = []int{90000, 165000, 230000, 290000, 350000, 420000, 510000, 640000, 830000, 1150000, 1900000}
	inclusion = []int{171000, 188000, 205000}
)

// work decides what a person lives on.
func (g *generator) work(r *record, age int) {
	kind := workNone
	switch {
	case age < 19:
	case age < 26 && r.role == roleChild:
		kind = []int{workNone, workSalary}[g.random.pick(60, 40)]
	case age < 26:
		kind = []int{workNone, workSalary, workInclusion}[g.random.pick(22, 73, 5)]
	case age < 60 && r.role == roleHead:
		kind = []int{workSalary, workSelfEmployed, workInclusion, workNone}[g.random.pick(87, 7, 4, 2)]
	case age < 60:
		kind = []int{workSalary, workSelfEmployed, workNone}[g.random.pick(78, 6, 16)]
	case age < 65:
		kind = []int{workPension, workSalary, workNone}[g.random.pick(58, 32, 10)]
	case r.role == rolePartner:
		kind = []int{workPension, workNone}[g.random.pick(82, 18)]
	default:
		kind = workPension
	}
	r.work = uint8(kind)
	switch kind {
	case workSalary:
		r.base = int32(g.random.quantile(salaries))
		if age < 27 {
			r.base = int32(g.random.between(252000, 380000))
			r.started = uint8(max(0, 30-g.random.n(60)))
		}
		if part := 12 + 26*(1-int(r.sex)); g.random.percent(part) {
			r.hours = []uint8{80, 75, 60, 50, 40}[g.random.pick(25, 25, 10, 32, 8)]
			r.base = r.base * int32(r.hours) / 100
		}
		if g.random.percent(8) {
			r.lost = r.started + uint8(g.random.between(2, 44))
			if g.random.percent(80) {
				r.back = r.lost + uint8(g.random.between(2, 14))
			}
		}
	case workPension:
		r.base = int32(g.random.quantile(pensions))
	case workSelfEmployed:
		r.base = int32(g.random.quantile(earnings))
	case workInclusion:
		r.base = int32(g.random.quantile(inclusion))
	}
}

// employ gives every worker an employer; the first businesses are the large
// ones, after those of the personas, who have nobody yet.
func (g *generator) employ() {
	first := 0
	for first < len(g.businesses) && g.personaAt(int(g.businesses[first].manager)) != nil {
		first++
	}
	n := len(g.businesses) - first
	for i := range g.persons {
		r := &g.persons[i]
		if r.work != workSalary {
			continue
		}
		u, v := g.random.n(n), g.random.n(n)
		r.employer = uint16(first + u*v/n)
		r.next = uint16(first + g.random.n(n))
	}
}
