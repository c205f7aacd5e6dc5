package population

import "time"

// The groups in which personas are shown.
const (
	GroupCitizen        = "citizen"
	GroupBusiness       = "business"
	GroupAdministration = "administration"
)

// Persona is somebody whom a visitor of the demonstration can choose to be.
// Officials sign in with the account of their office: they have no person, so
// that nobody decides their own case by accident.
type Persona struct {
	Key    string   // stable name; the locale key of the story ends in it
	Person int      // number in the population, -1 for an official
	Name   string   // display name
	Email  string   // at example.lu
	Lang   string   // preferred language: fr, de, lb, en or pt
	Group  string   // one of the Group constants
	Roles  []string // "case-worker@fns", "operator"; empty for citizens
}

// Personas returns all personas in the order in which they are shown.
func (p *Population) Personas() []Persona { return p.personas }

// Persona returns the persona with the key.
func (p *Population) Persona(key string) (Persona, bool) {
	i, ok := p.personaOf[key]
	if !ok {
		return Persona{}, false
	}
	return p.personas[i], true
}

// PersonaAt returns the persona who is the person.
func (p *Population) PersonaAt(person int) (Persona, bool) {
	if found := p.personaAt(person); found != nil {
		return *found, true
	}
	return Persona{}, false
}

func (p *Population) personaAt(person int) *Persona {
	for i := range p.personas {
		if p.personas[i].Person == person {
			return &p.personas[i]
		}
	}
	return nil
}

// figure is one member of a persona's household. Incomes are exactly what is
// written here, in cents per month since May 2025, and follow the index before.
type figure struct {
	persona, group string // empty for the others of the home
	given, family  string
	birth          string
	sequence       int
	sex            uint8
	nationality    string
	language       string
	marital, role  uint8
	since          string // start of residence; "" is birth
	work           uint8
	cents          int32
	business       *startup
	convicted      *conviction
}

// startup is a business that a founder has just put on the register.
type startup struct {
	form uint8
	age  int // days on Reference
}

type home struct {
	place, street string
	door          uint8
	postcode      uint32
	since         string
	members       []figure
}

// homes are the personas' households. What each shows about the
// cost-of-living allowance of 2025 holds under the published limits and under
// those raised by 2.5 % from May 2025.
var homes = []home{
	// Eligible for the full allowance: 1,986.40 a month is under 2,644.40.
	{"Ettelbruck", "rue des Tilleuls", 14, 9053, "1979-05-02", []figure{
		{persona: "pensioner", group: GroupCitizen, given: "Margot", family: "Lentz", birth: "1948-03-12", sequence: 412, sex: female, nationality: "LU", language: "lb", marital: widowed, work: workPension, cents: 198640},
	}},
	// Just over the limit for three (4,759.92; raised 4,878.92), under the end
	// of the reduced amounts (4,987.16).
	{"Esch-sur-Alzette", "rue de la Fontaine", 31, 4123, "2019-09-01", []figure{
		{persona: "single-parent", group: GroupCitizen, given: "Sandra", family: "Tavares", birth: "1987-08-21", sequence: 138, sex: female, nationality: "PT", language: "pt", marital: divorced, since: "2009-02-16", work: workSalary, cents: 492000},
		{given: "Leonor", family: "Tavares", birth: "2014-06-05", sequence: 222, sex: female, nationality: "PT", language: "pt", role: roleChild},
		{given: "Tiago", family: "Tavares", birth: "2018-11-17", sequence: 91, sex: male, nationality: "LU", language: "pt", role: roleChild},
	}},
	// Six persons with 6,090.00: full amount, limit 7,139.89.
	{"Differdange", "rue des Champs", 8, 4562, "2016-04-15", []figure{
		{persona: "family", group: GroupCitizen, given: "Julien", family: "Garnier", birth: "1983-01-30", sequence: 305, sex: male, nationality: "FR", language: "fr", marital: married, since: "2010-10-01", work: workSalary, cents: 348000},
		{given: "Tessy", family: "Welter", birth: "1985-12-09", sequence: 640, sex: female, nationality: "LU", language: "lb", marital: married, role: rolePartner, work: workSalary, cents: 261000},
		{given: "Emma", family: "Garnier", birth: "2011-04-02", sequence: 17, sex: female, nationality: "LU", language: "lb", role: roleChild},
		{given: "Hugo", family: "Garnier", birth: "2013-09-24", sequence: 251, sex: male, nationality: "LU", language: "lb", role: roleChild},
		{given: "Nora", family: "Garnier", birth: "2017-02-11", sequence: 88, sex: female, nationality: "LU", language: "lb", role: roleChild},
		{given: "Jules", family: "Garnier", birth: "2021-07-19", sequence: 430, sex: male, nationality: "LU", language: "lb", role: roleChild},
	}},
	// Ten persons with 9,400.00 together: full amount, limit 10,313.17.
	{"Wiltz", "rue du Château", 52, 9516, "2012-08-01", []figure{
		{persona: "large-household", group: GroupCitizen, given: "Amina", family: "Begović", birth: "1981-05-14", sequence: 503, sex: female, nationality: "ME", language: "fr", marital: married, since: "1999-07-12", work: workSalary, cents: 165000},
		{given: "Damir", family: "Begović", birth: "1979-10-03", sequence: 219, sex: male, nationality: "ME", language: "sr", marital: married, role: rolePartner, since: "1999-07-12", work: workSalary, cents: 435000},
		{given: "Emir", family: "Begović", birth: "2006-03-28", sequence: 61, sex: male, nationality: "LU", language: "lb", role: roleChild, work: workSalary, cents: 100000},
		{given: "Lena", family: "Begović", birth: "2008-08-15", sequence: 377, sex: female, nationality: "LU", language: "lb", role: roleChild},
		{given: "Adnan", family: "Begović", birth: "2010-12-01", sequence: 142, sex: male, nationality: "LU", language: "lb", role: roleChild},
		{given: "Sara", family: "Begović", birth: "2013-05-22", sequence: 290, sex: female, nationality: "LU", language: "lb", role: roleChild},
		{given: "Elena", family: "Begović", birth: "2016-01-09", sequence: 555, sex: female, nationality: "LU", language: "lb", role: roleChild},
		{given: "Noah", family: "Begović", birth: "2020-10-30", sequence: 74, sex: male, nationality: "LU", language: "lb", role: roleChild},
		{given: "Zoran", family: "Begović", birth: "1950-06-18", sequence: 18, sex: male, nationality: "ME", language: "sr", marital: married, role: roleParent, since: "2003-05-05", work: workPension, cents: 178000},
		{given: "Milica", family: "Begović", birth: "1953-02-25", sequence: 336, sex: female, nationality: "ME", language: "sr", marital: married, role: roleParent, since: "2003-05-05", work: workPension, cents: 62000},
	}},
	// Works in Luxembourg, lives in Trier: not a resident.
	{"Trier", "Gartenstraße", 19, 54290, "2014-03-01", []figure{
		{persona: "cross-border-worker", group: GroupCitizen, given: "Katharina", family: "Neumann", birth: "1986-11-06", sequence: 481, sex: female, nationality: "DE", language: "de", marital: single, work: workSalary, cents: 390000},
	}},
	// A student from another country of the Union; financial aid for studies
	// excludes from the allowance.
	{"Esch-sur-Alzette", "rue du Stade", 7, 4365, "2023-09-15", []figure{
		{persona: "student", group: GroupCitizen, given: "Moritz", family: "Lang", birth: "2003-05-27", sequence: 163, sex: male, nationality: "DE", language: "de", marital: single, since: "2023-09-15", work: workSalary, cents: 48000},
	}},
	// Resident for eight months on Reference; the allowance asks for twelve.
	{"Luxembourg", "rue de la Vallée", 66, 2449, "2025-03-24", []figure{
		{persona: "newcomer", group: GroupCitizen, given: "Priya", family: "Nair", birth: "1994-09-13", sequence: 708, sex: female, nationality: "IN", language: "en", marital: single, since: "2025-03-24", work: workSalary, cents: 260000},
	}},
	// Two persons with 14,300.00: far above the limit.
	{"Strassen", "rue des Romains", 112, 8041, "2011-06-30", []figure{
		{persona: "high-income", group: GroupCitizen, given: "Luc", family: "Schaack", birth: "1975-04-19", sequence: 254, sex: male, nationality: "LU", language: "lb", marital: married, work: workSalary, cents: 890000},
		{given: "Nathalie", family: "Krier", birth: "1977-07-08", sequence: 119, sex: female, nationality: "LU", language: "lb", marital: married, role: rolePartner, work: workSalary, cents: 540000},
	}},
	// Has her qualification and a new company; wants the business permit.
	{"Dudelange", "rue du Moulin", 23, 3448, "2018-01-20", []figure{
		{persona: "founder", group: GroupBusiness, given: "Aoife", family: "Walsh", birth: "1990-02-03", sequence: 627, sex: female, nationality: "IE", language: "en", marital: single, since: "2015-08-17", work: workSalary, cents: 335000, business: &startup{formSARLS, 49}},
	}},
	// The same wish, with an entry in the criminal record.
	{"Mersch", "rue des Artisans", 5, 7540, "2013-11-11", []figure{
		{persona: "founder-with-record", group: GroupBusiness, given: "Fabrice", family: "Marchand", birth: "1978-06-26", sequence: 350, sex: male, nationality: "FR", language: "fr", marital: divorced, since: "2006-04-03", work: workSalary, cents: 410000, business: &startup{formSARL, 33}, convicted: &conviction{day: 19066, offence: 4, sentence: 1}},
	}},
}

// officials work for an authority of the demonstration State.
var officials = []Persona{
	{Key: "fns-case-worker", Name: "Danielle Reding", Lang: "lb", Roles: []string{"case-worker@fns"}},
	{Key: "fns-second-case-worker", Name: "Paulo Antunes", Lang: "pt", Roles: []string{"case-worker@fns"}},
	{Key: "fns-head-of-unit", Name: "Serge Oberweis", Lang: "fr", Roles: []string{"head-of-unit@fns", "case-worker@fns"}},
	{Key: "permits-case-worker", Name: "Virginie Perrin", Lang: "fr", Roles: []string{"case-worker@permits"}},
	{Key: "permits-second-case-worker", Name: "Stefan Krause", Lang: "de", Roles: []string{"case-worker@permits"}},
	{Key: "permits-head-of-unit", Name: "Monique Goerens", Lang: "lb", Roles: []string{"head-of-unit@permits", "case-worker@permits"}},
	{Key: "rnpp-case-worker", Name: "Tom Flammang", Lang: "lb", Roles: []string{"case-worker@rnpp"}},
	{Key: "rnpp-head-of-unit", Name: "Josée Hilbert", Lang: "fr", Roles: []string{"head-of-unit@rnpp", "case-worker@rnpp"}},
	{Key: "environment-case-worker", Name: "Inês Carvalho", Lang: "pt", Roles: []string{"case-worker@environment"}},
	{Key: "environment-head-of-unit", Name: "Gilles Theisen", Lang: "lb", Roles: []string{"head-of-unit@environment", "case-worker@environment"}},
	{Key: "population-case-worker", Name: "Nadine Majerus", Lang: "lb", Roles: []string{"case-worker@population"}},
	{Key: "population-head-of-unit", Name: "Bruno Teixeira", Lang: "pt", Roles: []string{"head-of-unit@population", "case-worker@population"}},
	{Key: "cae-case-worker", Name: "Isabelle Mertens", Lang: "fr", Roles: []string{"case-worker@cae"}},
	{Key: "cae-head-of-unit", Name: "Georges Kremer", Lang: "lb", Roles: []string{"head-of-unit@cae", "case-worker@cae"}},
	{Key: "designer", Name: "Claire Wagener", Lang: "fr", Roles: []string{"designer"}},
	{Key: "second-designer", Name: "Rui Marques", Lang: "pt", Roles: []string{"designer"}},
	{Key: "operator", Name: "Kim Steffen", Lang: "en", Roles: []string{"operator"}},
}

// placePersonas puts the fixed households first, so that they keep their place
// whatever follows.
func (g *generator) placePersonas() {
	for _, h := range homes {
		g.install(h)
	}
	for _, o := range officials {
		o.Person, o.Group = -1, GroupAdministration
		o.Email = o.Key + "@example.lu"
		g.introduce(o)
	}
}

func (g *generator) install(h home) {
	where := g.placeNamed(h.place)
	id := g.openHousehold(where, g.places[where].country)
	home := &g.households[id]
	home.street, home.number, home.postcode = g.street(h.street), h.door, h.postcode
	home.since = days(calendar(h.since))
	abroad := g.places[where].country != "LU"
	for _, f := range h.members {
		birth := calendar(f.birth)
		r := record{
			number: identification(birth, f.sequence), seed: g.random.Uint64(), since: days(birth), household: id,
			given: g.names.intern(f.given), family: g.names.intern(f.family),
			nationality: nationalityOf(f.nationality), language: languageOf(f.language),
			sex: f.sex, marital: f.marital, role: f.role, work: f.work, base: f.cents, hours: 100, flags: flagSteady,
		}
		if f.since != "" {
			r.since = days(calendar(f.since))
		}
		if abroad {
			r.flags |= flagAbroad
		}
		i := g.record(r)
		if f.persona != "" {
			g.name(f.persona, f.group, i)
		}
		if f.business != nil {
			g.incorporate(i, f.business.form, f.business.age)
		}
		if f.convicted != nil {
			g.convicted[int32(i)] = *f.convicted
		}
	}
	g.closeHousehold(id)
}

// appoint makes personas of people who are there already, so that nobody else's
// lot moves: a couple who both work full-time and have a small child, and
// whoever manages the company that the first of them works for.
func (g *generator) appoint() {
	for _, h := range g.households {
		first, second := int(h.first), int(h.first)+1
		if h.count < 3 || !g.steadyWorker(first) || !g.steadyWorker(second) || g.persons[second].role != rolePartner {
			continue
		}
		manager := int(g.businesses[g.persons[first].employer].manager)
		if g.persons[first].employer == g.persons[second].employer || manager == first || g.personaAt(first) != nil || g.personaAt(manager) != nil {
			continue
		}
		for child := first + 2; child < first+int(h.count); child++ {
			if g.persons[child].role != roleChild || g.Age(child) < 1 || g.Age(child) > 3 {
				continue
			}
			g.name("parent", GroupCitizen, first)
			g.name("other-parent", GroupCitizen, second)
			g.name("employer", GroupBusiness, manager)
			return
		}
	}
}

// steadyWorker reports whether somebody has worked full-time for years, near the
// middle of the salaries.
func (g *generator) steadyWorker(i int) bool {
	r := &g.persons[i]
	return r.work == workSalary && r.lost == 0 && r.started == 0 && r.hours == 100 && r.flags == 0 &&
		r.base > 300000 && r.base < 440000 && r.firstDay().Before(Reference.AddDate(-2, 0, 0))
}

func (g *generator) name(key, group string, i int) {
	g.introduce(Persona{Key: key, Person: i, Name: g.Name(i), Lang: g.persons[i].letters(), Group: group})
	g.personas[len(g.personas)-1].Email = g.Email(i)
}

func (g *generator) introduce(p Persona) {
	g.personaOf[p.Key] = len(g.personas)
	g.personas = append(g.personas, p)
}

func (g *generator) placeNamed(name string) int {
	for i := range g.places {
		if g.places[i].name == name {
			return i
		}
	}
	panic("population: no place " + name)
}

func (g *generator) street(name string) uint8 {
	for i, s := range g.streets {
		if s == name {
			return uint8(i)
		}
	}
	panic("population: no street " + name)
}

func calendar(s string) time.Time {
	t, err := time.Parse(time.DateOnly, s)
	if err != nil {
		panic(err)
	}
	return t
}
