package population

import (
	"fmt"
	"math"
	"time"

	"passerelle/internal/module/people"
)

// generator fills a population; it exists only during New.
type generator struct {
	*Population
	random random
}

// newcomer is what the generator decides about a person before recording it.
type newcomer struct {
	age         int
	sex         uint8
	nationality uint8
	language    uint8
	marital     uint8
	role        uint8
	given       uint16
	family      uint16
	since       int32 // 0 = open; never before birth in the end
}

const sinceBirth = math.MinInt32

// household sizes among private households, per mille, 1 to 10 persons.
var sizes = []int{330, 282, 160, 146, 54, 18, 6, 2, 1, 1}

// settle fills the communes until only the cross-border workers are missing.
func (g *generator) settle() {
	for len(g.persons) < Size-CrossBorder {
		size := 1 + g.random.pick(sizes...)
		g.family(min(size, Size-CrossBorder-len(g.persons)))
	}
}

// family makes one household of the given size.
func (g *generator) family(size int) {
	h := g.openHousehold(g.commune(), "LU")
	nat := g.nationality()
	head := newcomer{sex: uint8(g.random.n(2)), nationality: nat, role: roleHead}
	kind := g.random.n(100)
	switch {
	case size == 1:
		g.alone(head, h)
	case size == 2 && kind < 68:
		head.age = g.ageBand([]int{25, 33, 42, 20}, 24, 40, 64, 80, 93)
		g.couple(head, h)
	case size == 2 && kind < 80:
		head.age = g.random.between(20, 45)
		g.add(h, g.finish(head))
		g.add(h, g.finish(newcomer{age: g.random.between(20, 45), sex: uint8(g.random.n(2)), nationality: g.nationality(), role: roleOther}))
	case size == 2 || size == 3 && kind < 16 || size >= 4 && kind < 6:
		g.singleParent(head, h, size-1)
	default:
		g.extended(head, h, size)
	}
	g.closeHousehold(h)
}

func (g *generator) alone(head newcomer, h uint16) {
	head.age = g.ageBand([]int{25, 26, 23, 16, 10}, 20, 35, 50, 65, 80, 97)
	switch {
	case head.age >= 70:
		head.marital = []uint8{widowed, divorced, single}[g.random.pick(60, 15, 25)]
		head.sex = []uint8{female, male}[g.random.pick(66, 34)]
	case head.age >= 40:
		head.sex = []uint8{female, male}[g.random.pick(42, 58)]
		head.marital = []uint8{divorced, single, widowed}[g.random.pick(42, 52, 6)]
	}
	g.add(h, g.finish(head))
}

func (g *generator) singleParent(head newcomer, h uint16, children int) {
	head.sex = []uint8{female, male}[g.random.pick(82, 18)]
	head.age = g.random.between(24+2*children, 58)
	head.marital = []uint8{divorced, single, widowed}[g.random.pick(55, 36, 9)]
	parent := g.add(h, g.finish(head))
	g.children(h, parent, head.age, children)
}

// extended is a couple with children, and in some of the larger homes
// grandparents and others.
func (g *generator) extended(head newcomer, h uint16, size int) {
	rest, parents, others := size-2, 0, 0
	switch {
	case size == 3 && g.random.percent(10), size >= 4 && size < 7 && g.random.percent(9):
		parents = 1
	case size >= 7:
		parents = g.random.between(0, 2)
		others = max(rest-parents-7, g.random.between(0, 1), 0)
	}
	children := rest - parents - others
	head.age = g.random.between(26+2*children, 58)
	first, second := g.couple(head, h)
	mother := min(g.persons[first].age(), g.persons[second].age())
	g.children(h, first, mother, children)
	for i := range parents {
		p := newcomer{age: min(head.age+g.random.between(22, 36), 96), sex: uint8(i), nationality: head.nationality, role: roleParent, family: g.persons[first].family}
		if p.marital = widowed; parents == 2 {
			p.marital = married
		}
		g.add(h, g.finish(p))
	}
	for range others {
		g.add(h, g.finish(newcomer{age: g.random.between(19, 60), sex: uint8(g.random.n(2)), nationality: head.nationality, role: roleOther, family: g.persons[first].family}))
	}
}

func (g *generator) couple(head newcomer, h uint16) (first, second int) {
	head.marital = []uint8{married, partnership}[g.random.pick(76, 24)]
	partner := newcomer{age: max(19, head.age+g.random.between(-6, 6)), sex: 1 - head.sex, nationality: head.nationality, marital: head.marital, role: rolePartner}
	if g.random.percent(3) {
		partner.sex = head.sex
	}
	if g.random.percent(26) {
		partner.nationality = g.nationality()
	}
	return g.add(h, g.finish(head)), g.add(h, g.finish(partner))
}

// children bear the first parent's name and nationality, or were born
// Luxembourgish.
func (g *generator) children(h uint16, parent, mother, n int) {
	p := g.persons[parent]
	oldest := min(26, mother-19)
	for range n {
		c := newcomer{age: g.random.between(max(0, mother-44), max(0, oldest)), sex: uint8(g.random.n(2)), nationality: p.nationality, language: p.language + 1, role: roleChild, family: p.family, since: p.since}
		if g.random.percent(8) {
			c.nationality = nationalityOf("LU")
		}
		g.add(h, g.finish(c))
	}
}

// finish decides what is still open: names, language, start of residence.
func (g *generator) finish(n newcomer) newcomer {
	nat := &nationalities[n.nationality]
	c := g.names.communities[nat.community]
	if nat.code == "LU" && g.random.percent(14) { // naturalised families keep their names
		c = g.names.communities[[]string{"pt", "it", "fr", "slavic"}[g.random.pick(50, 20, 15, 15)]]
	}
	n.given = c.given[n.sex][g.random.n(len(c.given[n.sex]))]
	if n.family == 0 {
		n.family = c.family[g.random.n(len(c.family))]
	}
	// A child's language comes from its parent, plus one so that 0 means open.
	if n.language == 0 || nat.code == "LU" {
		weights := make([]int, len(nat.languages))
		for i, s := range nat.languages {
			weights[i] = int(s.weight)
		}
		n.language = nat.languages[g.random.pick(weights...)].language
	} else {
		n.language--
	}
	switch {
	case n.since != 0: // a child: came with its parent, or was born here
	case nat.code == "LU" && g.random.percent(85):
		n.since = sinceBirth
	case nat.code != "LU" && g.random.percent(5): // arrived within the year
		n.since = days(Reference) - int32(g.random.between(5, 364))
	default: // more often lately than long ago
		years := min(n.age*365, 45*365)
		n.since = days(Reference) - int32(min(g.random.between(365, max(366, years)), g.random.between(365, max(366, years))))
	}
	return n
}

// add records a person and returns its number.
func (g *generator) add(h uint16, n newcomer) int {
	birth := Reference.AddDate(-n.age, 0, -g.random.n(365))
	if n.age == 0 {
		birth = Reference.AddDate(0, 0, -g.random.between(3, 360))
	}
	var id uint64
	for id == 0 || g.taken(id) {
		id = identification(birth, 1+g.random.n(999))
	}
	r := record{
		number: id, seed: g.random.Uint64(), since: max(n.since, days(birth)), household: h,
		given: n.given, family: n.family, nationality: n.nationality, language: n.language,
		sex: n.sex, marital: n.marital, role: n.role, hours: 100,
	}
	if !european(n.nationality) && g.random.percent(3) {
		r.flags |= flagWaiting
	}
	g.work(&r, n.age)
	return g.record(r)
}

func (g *generator) record(r record) int {
	i := len(g.persons)
	g.persons = append(g.persons, r)
	g.byNumber[r.number] = int32(i)
	return i
}

func (g *generator) taken(id uint64) bool {
	_, taken := g.byNumber[id]
	return taken
}

func identification(birth time.Time, sequence int) uint64 {
	id, err := people.NewNationalID(birth, sequence)
	if err != nil {
		panic(err)
	}
	n, _ := digits(string(id), 13)
	return n
}

func (g *generator) openHousehold(place int, country string) uint16 {
	p := &g.places[place]
	if p.country != country {
		panic(fmt.Sprintf("population: %s is not in %s", p.name, country))
	}
	// Streets have French names, in Luxembourg also Luxembourgish ones, in
	// Germany German ones.
	low, high := 0, g.streetsFrom["lb"]-1
	switch country {
	case "LU":
		high = g.streetsFrom["de"] - 1
	case "DE":
		low, high = g.streetsFrom["de"], len(g.streets)-1
	}
	g.households = append(g.households, household{
		first: uint16(len(g.persons)), place: uint8(place),
		street: uint8(g.random.between(low, high)), number: uint8(g.random.between(1, 140)),
		postcode: uint32(g.random.between(p.low, p.high)),
		since:    days(Reference) - int32(min(g.random.between(3, 40*365), g.random.between(3, 40*365), g.random.between(3, 40*365))),
	})
	return uint16(len(g.households) - 1)
}

func (g *generator) closeHousehold(h uint16) {
	home := &g.households[h]
	home.count = uint8(len(g.persons) - int(home.first))
}

// commune draws a commune by its inhabitants.
func (g *generator) commune() int { return g.place("LU", true) }

func (g *generator) place(country string, same bool) int {
	weights := make([]int, len(g.places))
	for i, p := range g.places {
		if (p.country == country) == same {
			weights[i] = p.weight
		}
	}
	return g.random.pick(weights...)
}

func (g *generator) nationality() uint8 {
	weights := make([]int, len(nationalities))
	for i := range nationalities {
		weights[i] = nationalities[i].perMille
	}
	return uint8(g.random.pick(weights...))
}

// ageBand draws an age: a band by its weight, then evenly within it.
func (g *generator) ageBand(weights []int, edges ...int) int {
	b := g.random.pick(weights...)
	return g.random.between(edges[b], edges[b+1]-1)
}

// commute adds the workers who live in France, Germany and Belgium.
func (g *generator) commute() {
	for len(g.persons) < Size {
		place := g.place("LU", false)
		country := g.places[place].country
		h := g.openHousehold(place, country)
		g.add(h, g.finish(newcomer{
			age: g.random.between(20, 63), sex: []uint8{female, male}[g.random.pick(40, 60)],
			nationality: nationalityOf(country), role: roleHead, marital: uint8(g.random.pick(38, 45, 7, 10)),
		}))
		r := &g.persons[len(g.persons)-1]
		r.flags = r.flags&^flagWaiting | flagAbroad
		r.work, r.started, r.lost, r.back = workSalary, 0, 0, 0
		r.base = int32(g.random.quantile(salaries))
		g.closeHousehold(h)
	}
}
