package population

import (
	"fmt"
	"time"

	"passerelle/internal/module/exchange"
	"passerelle/internal/module/people"
)

// companies is how many businesses have a manager who is not self-employed.
const companies = 160

type business struct {
	number   uint64
	manager  int32
	founded  int32 // days since 1970
	postcode uint32
	name     uint16 // trade and word
	form     uint8
	place    uint8
	street   uint8
	door     uint8
}

// The legal forms, and the two digits that stand for each in the number of a
// demonstration business.
var legalForms = []struct {
	code   string
	digits int
}{{"sarl", 24}, {"sarl-s", 25}, {"sa", 22}}

const (
	formSARL = iota
	formSARLS
	formSA
)

// found gives companies to some of the residents and a business to everybody
// who is self-employed.
func (g *generator) found() {
	for len(g.businesses) < companies {
		i := g.random.n(len(g.persons))
		r := &g.persons[i]
		if _, has := g.managed[int32(i)]; has || r.work != workSalary || r.age() < 30 || g.personaAt(i) != nil {
			continue
		}
		g.incorporate(i, []uint8{formSA, formSARL}[g.random.pick(40, 60)], g.random.between(400, max(400, (r.age()-24)*365)))
	}
	for i := range g.persons {
		r := &g.persons[i]
		if _, has := g.managed[int32(i)]; has || r.work != workSelfEmployed {
			continue
		}
		r.employer = uint16(len(g.businesses))
		g.incorporate(i, []uint8{formSARL, formSARLS}[g.random.pick(70, 30)], g.random.between(1100, max(1100, (r.age()-24)*365)))
	}
}

// incorporate records a business that is age days old and managed by person.
func (g *generator) incorporate(person int, form uint8, age int) {
	founded := Reference.AddDate(0, 0, -age)
	place := g.commune()
	p := &g.places[place]
	b := business{
		manager: int32(person), founded: days(founded), form: form,
		name:  uint16(len(g.businesses) * 211 % (len(g.trades) * len(g.words))),
		place: uint8(place), postcode: uint32(g.random.between(p.low, p.high)),
		street: uint8(g.random.n(g.streetsFrom["de"])), door: uint8(g.random.between(1, 140)),
	}
	for b.number == 0 || g.issued(b.number) {
		if s, ok := people.NewBusinessNumber(fmt.Sprintf("%04d%02d%04d", founded.Year(), legalForms[form].digits, g.random.between(1, 9999))); ok {
			b.number, _ = digits(s, 11)
		}
	}
	g.byBusiness[b.number] = int32(len(g.businesses))
	g.managed[int32(person)] = int32(len(g.businesses))
	g.businesses = append(g.businesses, b)
}

func (g *generator) issued(number uint64) bool {
	_, ok := g.byBusiness[number]
	return ok
}

func (p *Population) businessName(i uint16) string {
	name := int(p.businesses[i].name)
	t := p.trades[name%len(p.trades)].name + " " + p.words[name/len(p.trades)]
	if p.businesses[i].form == formSA {
		return t + " SA"
	}
	return t + " Sàrl"
}

// Businesses returns how many businesses there are; they are numbered from 0.
func (p *Population) Businesses() int { return len(p.businesses) }

// FindBusiness returns the business with the number of 11 digits.
func (p *Population) FindBusiness(number string) (business int, ok bool) {
	n, ok := digits(number, 11)
	if !ok {
		return 0, false
	}
	i, ok := p.byBusiness[n]
	return int(i), ok
}

// ManagedBy returns the business that person manages.
func (p *Population) ManagedBy(person int) (business int, ok bool) {
	i, ok := p.managed[int32(person)]
	return int(i), ok
}

// Business returns what the business register says.
func (p *Population) Business(i int) exchange.Business {
	b := &p.businesses[i]
	return exchange.Business{
		Number:    fmt.Sprintf("%011d", b.number),
		Name:      p.businessName(uint16(i)),
		LegalForm: legalForms[b.form].code,
		NACE:      p.trades[int(b.name)%len(p.trades)].nace,
		Founded:   date(b.founded),
		Managers:  []exchange.Manager{{ID: p.ID(int(b.manager)), Name: p.Name(int(b.manager)), Since: date(b.founded)}},
		Address: exchange.Address{
			Street: p.streets[b.street], Number: fmt.Sprint(b.door), Postcode: fmt.Sprintf("%04d", b.postcode),
			Commune: p.places[b.place].name, Country: "LU", Since: date(b.founded),
		},
	}
}

// conviction is one entry of the criminal record, in codes.
type conviction struct {
	day      int32
	offence  uint8
	sentence uint8
	diekirch bool
}

var (
	offences  = [...]string{"drink-driving", "theft", "breach-of-trust", "fraud", "fraudulent-bankruptcy"}
	sentences = [...]string{"fine", "suspended-prison", "prison"}
)

// convict enters something on the record of one adult in about 120.
func (g *generator) convict() {
	for i := range g.persons {
		r := &g.persons[i]
		if _, has := g.convicted[int32(i)]; has || r.age() < 22 || g.personaAt(i) != nil || !(g.random.n(1000) < 8) {
			continue
		}
		g.convicted[int32(i)] = conviction{
			day:     days(Reference) - int32(g.random.between(60, min(3000, (r.age()-18)*365))),
			offence: uint8(g.random.pick(45, 25, 12, 13, 5)), sentence: uint8(g.random.pick(60, 32, 8)),
			diekirch: g.random.percent(25),
		}
	}
}

// CriminalRecord returns the extract of a person as issued on a day: the
// convictions up to that day, at most one in this population.
func (p *Population) CriminalRecord(person int, bulletin string, issued time.Time) exchange.CriminalRecord {
	out := exchange.CriminalRecord{Bulletin: bulletin, Entries: []exchange.CriminalEntry{}, Issued: issued.Format(time.DateOnly)}
	if c, ok := p.convicted[int32(person)]; ok && c.day <= days(issued) {
		court := "luxembourg"
		if c.diekirch {
			court = "diekirch"
		}
		out.Entries = append(out.Entries, exchange.CriminalEntry{
			Date: date(c.day), Court: court, Offence: offences[c.offence], Sentence: sentences[c.sentence],
		})
	}
	return out
}
