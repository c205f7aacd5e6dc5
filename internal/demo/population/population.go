package population

import (
	"fmt"
	"math/bits"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"time"

	"passerelle/internal/module/exchange"
)

// Size is how many persons there are; CrossBorder of them live abroad.
const (
	Size        = 10_000
	CrossBorder = 600
)

// Reference is the day the population stands at, in UTC.
var Reference = time.Date(2025, 11, 24, 0, 0, 0, 0, time.UTC)

// seed is the demonstration's; another one would be another population, and
// the golden hash of the tests would say so.
const seed = 20251124

// Population holds the records. It is immutable after New and safe for
// concurrent use.
type Population struct {
	persons     []record
	households  []household
	businesses  []business
	names       nameTable
	places      []place
	streets     []string
	streetsFrom map[string]int // "fr", "lb", "de" → index of the first street so named
	trades      []trade
	words       []string
	byNumber    map[uint64]int32     // identification number → person
	byBusiness  map[uint64]int32     // business number → business
	managed     map[int32]int32      // person → the business they manage
	convicted   map[int32]conviction // person → entry of the criminal record
	personas    []Persona
	personaOf   map[string]int // key → index into personas
}

// record is one person, about 50 bytes.
type record struct {
	number      uint64 // identification number; the birth date is in it
	seed        uint64 // what is computed about this person follows from it
	since       int32  // start of residence, days since 1970
	base        int32  // gross per month in cents at index 968.04 in 2025
	household   uint16
	given       uint16
	family      uint16
	employer    uint16 // business
	next        uint16 // business, after an unemployment
	lost        uint8  // months from FirstMonth to the loss of work, 0 = never
	back        uint8  // months from FirstMonth to the next job, 0 = none
	started     uint8  // months from FirstMonth to the first income, 0 = before
	hours       uint8  // per cent of full time
	nationality uint8
	language    uint8 // main language
	sex         uint8
	marital     uint8
	role        uint8
	work        uint8
	flags       uint8
}

const (
	flagSteady  = 1 << iota // the income is exactly base: no raises, no variation
	flagWaiting             // on the waiting register
	flagAbroad              // lives abroad
)

type household struct {
	first    uint16 // person
	count    uint8
	place    uint8
	street   uint8
	number   uint8
	postcode uint32
	since    int32 // days since 1970
}

// The roles in a household, as seen from its head.
const (
	roleHead = iota
	rolePartner
	roleChild
	roleParent
	roleOther
)

// marital states, in the words of the evidence.
var maritalStates = [...]string{"single", "married", "partnership", "divorced", "widowed"}

const (
	single = iota
	married
	partnership
	divorced
	widowed
)

var sexes = [...]string{"female", "male"}

const (
	female = iota
	male
)

// New makes the population; it takes some tens of milliseconds.
func New() *Population {
	p := &Population{
		persons:     make([]record, 0, Size),
		households:  make([]household, 0, Size/2),
		byNumber:    make(map[uint64]int32, Size),
		byBusiness:  map[uint64]int32{},
		managed:     map[int32]int32{},
		convicted:   map[int32]conviction{},
		personaOf:   map[string]int{},
		streetsFrom: map[string]int{},
	}
	p.load()
	g := &generator{Population: p, random: random{rand.NewPCG(seed, 1)}}
	g.placePersonas()
	g.settle()
	g.commute()
	g.found()
	g.employ()
	g.convict()
	g.appoint()
	return p
}

// Len returns the number of persons; they are numbered from 0.
func (p *Population) Len() int { return len(p.persons) }

// Find returns the person with the identification number.
func (p *Population) Find(id string) (person int, ok bool) {
	n, ok := digits(id, 13)
	if !ok {
		return 0, false
	}
	i, ok := p.byNumber[n]
	return int(i), ok
}

// ID returns the person's identification number.
func (p *Population) ID(person int) string { return fmt.Sprintf("%013d", p.persons[person].number) }

// Name returns given and family name.
func (p *Population) Name(person int) string {
	r := &p.persons[person]
	return p.names.text[r.given] + " " + p.names.text[r.family]
}

// Person returns what the register of natural persons says.
func (p *Population) Person(person int) exchange.Person {
	r := &p.persons[person]
	out := exchange.Person{
		ID:            p.ID(person),
		GivenName:     p.names.text[r.given],
		FamilyName:    p.names.text[r.family],
		BirthDate:     r.birth().Format(time.DateOnly),
		Sex:           sexes[r.sex],
		Nationality:   nationalities[r.nationality].code,
		MaritalStatus: maritalStates[r.marital],
		Language:      r.letters(),
		Address:       p.address(r),
		Register:      exchange.RegisterMain,
		Email:         p.Email(person),
	}
	switch {
	case r.flags&flagAbroad != 0:
		out.Register = exchange.RegisterNone
	case r.flags&flagWaiting != 0:
		out.Register = exchange.RegisterWaiting
	}
	if out.Register != exchange.RegisterNone {
		out.ResidentSince = date(r.since)
	}
	return out
}

// MainLanguage returns the ISO 639-1 code of the language the person thinks in;
// letters are in the nearest of the five (Person.Language).
func (p *Population) MainLanguage(person int) string {
	return languages[p.persons[person].language]
}

// Email returns an address at example.lu, unique to the person; children
// under 16 have none.
func (p *Population) Email(person int) string {
	r := &p.persons[person]
	if r.age() < 16 {
		return ""
	}
	name := mailWord(p.names.folded[r.given]) + "." + mailWord(p.names.folded[r.family])
	if p.personaAt(person) == nil { // personas have theirs without a number
		name += "." + strconv.Itoa(person)
	}
	return name + "@example.lu"
}

func mailWord(s string) string { return strings.ReplaceAll(s, " ", "-") }

// Age returns the person's full years on Reference.
func (p *Population) Age(person int) int { return p.persons[person].age() }

// Members returns the persons of the household in which person lives, person
// included, head first.
func (p *Population) Members(person int) []int {
	h := &p.households[p.persons[person].household]
	out := make([]int, h.count)
	for i := range out {
		out[i] = int(h.first) + i
	}
	return out
}

// Household returns everybody registered at the person's home, the person
// first.
func (p *Population) Household(person int) exchange.Household {
	self := &p.persons[person]
	members := p.Members(person)
	slices.SortStableFunc(members, func(a, b int) int {
		switch person {
		case a:
			return -1
		case b:
			return 1
		}
		return 0
	})
	out := exchange.Household{Address: p.address(self), Members: make([]exchange.Member, len(members))}
	for i, m := range members {
		r := &p.persons[m]
		out.Members[i] = exchange.Member{
			ID: p.ID(m), GivenName: p.names.text[r.given], FamilyName: p.names.text[r.family],
			BirthDate: r.birth().Format(time.DateOnly), Relation: relation(self, r, m == person),
		}
	}
	return out
}

// relation says what other is to self.
func relation(self, other *record, same bool) string {
	switch {
	case same:
		return "self"
	case self.role <= rolePartner && other.role <= rolePartner:
		if self.marital == married {
			return "spouse"
		}
		return "partner"
	case self.role <= rolePartner && other.role == roleChild:
		return "child"
	case self.role == roleChild && other.role <= rolePartner:
		return "parent"
	case self.role == roleHead && other.role == roleParent:
		return "parent"
	case self.role == roleParent && other.role == roleHead:
		return "child"
	case self.role == roleParent && other.role == roleParent:
		return "spouse"
	}
	return "other"
}

// address is the household's; nobody lives there before they were resident.
func (p *Population) address(r *record) exchange.Address {
	h := &p.households[r.household]
	where := &p.places[h.place]
	postcode := fmt.Sprintf("%04d", h.postcode)
	return exchange.Address{
		Street: p.streets[h.street], Number: fmt.Sprint(h.number), Postcode: postcode,
		Commune: where.name, Country: where.country, Since: date(max(h.since, r.since)),
	}
}

// IBAN returns the account that the tax office pays to, and false when it knows
// none. The bank code is 000, which no bank has.
func (p *Population) IBAN(person int) (string, bool) {
	r := &p.persons[person]
	if r.age() < 18 || (mix(r.seed, 'b')%100 < 12 && p.personaAt(person) == nil) {
		return "", false
	}
	bban := fmt.Sprintf("000%013d", mix(r.seed, 'i')%1e13)
	// ISO 13616: 98 minus the number "bban LU 00" modulo 97, where L is 21 and U 30.
	remainder := 0
	for _, d := range bban + "213000" {
		remainder = (remainder*10 + int(d-'0')) % 97
	}
	return fmt.Sprintf("LU%02d%s", 98-remainder, bban), true
}

// birth is the date in the identification number.
func (r *record) birth() time.Time {
	d := r.number / 1e5
	return time.Date(int(d/1e4), time.Month(d/100%100), int(d%100), 0, 0, 0, 0, time.UTC)
}

func (r *record) age() int { return ageOn(r.birth(), Reference) }

func ageOn(birth, day time.Time) int {
	age := day.Year() - birth.Year()
	if day.Month() < birth.Month() || day.Month() == birth.Month() && day.Day() < birth.Day() {
		age--
	}
	return age
}

const day = 24 * 60 * 60

func days(t time.Time) int32 { return int32(t.Unix() / day) }

func date(days int32) string {
	return time.Unix(int64(days)*day, 0).UTC().Format(time.DateOnly)
}

// digits reads a number of exactly n digits.
func digits(s string, n int) (uint64, bool) {
	if len(s) != n {
		return 0, false
	}
	var v uint64
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return 0, false
		}
		v = v*10 + uint64(s[i]-'0')
	}
	return v, true
}

// random draws whole numbers only: floating point differs between machines.
type random struct{ *rand.PCG }

// n returns a number from 0 to limit-1.
func (r random) n(limit int) int {
	high, _ := bits.Mul64(r.Uint64(), uint64(limit))
	return int(high)
}

// between returns a number from low to high, both possible.
func (r random) between(low, high int) int {
	if high <= low {
		return low
	}
	return low + r.n(high-low+1)
}

// percent is true in p of a hundred draws.
func (r random) percent(p int) bool { return r.n(100) < p }

// pick returns an index, each as likely as its weight.
func (r random) pick(weights ...int) int {
	sum := 0
	for _, w := range weights {
		sum += w
	}
	x := r.n(sum)
	for i, w := range weights {
		if x -= w; x < 0 {
			return i
		}
	}
	return 0
}

// quantile returns a value of the distribution whose equally spaced quantiles
// are given, linear between them.
func (r random) quantile(q []int) int {
	step := r.n(len(q) - 1)
	return r.between(q[step], q[step+1])
}

// mix hashes a person's seed with what is asked about (splitmix64).
func mix(seed uint64, what uint64) uint64 {
	z := seed + 0x9e3779b97f4a7c15*(what+1)
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}
