package seed

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"passerelle/engine/form"
	"passerelle/internal/demo/idp"
	"passerelle/internal/demo/payments"
	"passerelle/internal/demo/population"
	"passerelle/internal/module/cases"
	"passerelle/internal/module/exchange"
	"passerelle/internal/module/people"
	"passerelle/internal/module/services"
	"passerelle/internal/module/services/pack"
	"passerelle/internal/platform/clock"
	"passerelle/internal/platform/db"
	"passerelle/internal/platform/errs"
	"passerelle/internal/platform/i18n"
	"passerelle/internal/platform/work"
)

// Deps is what the past is made with.
type Deps struct {
	Cases     *cases.Service
	Accounts  *people.Service
	Packages  *pack.Set
	Registers exchange.Source
	Faulty    func(bool) // lets a register answer what no rule can read
	People    *population.Population
	IDP       *idp.Provider
	Bank      *payments.Bank
	Clock     *clock.Shifted // is moved through the past, and left where it was
	Queue     *work.Queue    // must not be running
	HeatPumps int            // applications for the heat pump, besides, that nobody has examined yet
}

// days is how far back the past begins.
const days = 130

// The services that are applied for.
const (
	allowance   = "cost-of-living-allowance"
	certificate = "certificate-of-residence"
	permit      = "business-permit"
	heatPump    = "klimabonus-heat-pump"
	leave       = "parental-leave"
	arrival     = "declaration-of-arrival"
)

// past is one run.
type past struct {
	Deps
	random    *rand.Rand
	officers  map[string]cases.Actor // by persona key
	pending   []answer
	forgotten map[string]bool // cases nobody works on
	abreast   int             // how many people fill in a form at a time
}

// answer is an applicant's answer to a request for evidence, due on a day.
type answer struct {
	day    int
	who    cases.Actor
	caseID string
}

// Run makes n applications over the months before the clock's present.
func Run(ctx context.Context, d Deps, n int) error {
	present := d.Clock.Offset()
	defer d.Clock.SetOffset(present)
	p := &past{Deps: d, random: rand.New(rand.NewPCG(2025, 11)), officers: map[string]cases.Actor{}, forgotten: map[string]bool{}, abreast: 1}
	if err := p.hire(ctx); err != nil {
		return err
	}
	left := n
	for day := days; day >= 1; day-- {
		p.Clock.SetOffset(present - time.Duration(day)*24*time.Hour)
		if err := p.runDue(ctx); err != nil {
			return err
		}
		if weekday := p.Clock.Now().Weekday(); weekday == time.Saturday || weekday == time.Sunday {
			continue
		}
		if err := p.answerRequests(ctx, day); err != nil {
			return err
		}
		if err := p.personas(ctx, day); err != nil {
			return err
		}
		today := left / (day*5/7 + 1)
		p.abreast = abreast(today)
		for range today {
			if err := p.apply(ctx); err != nil {
				return err
			}
		}
		left -= today
		if err := p.runDue(ctx); err != nil {
			return err
		}
		if err := p.work(ctx, day); err != nil {
			return err
		}
		if err := p.runDue(ctx); err != nil {
			return err
		}
	}
	for range p.HeatPumps {
		p.Clock.SetOffset(present - 24*time.Hour) // all of them yesterday, however long each took to fill in
		who, i, err := p.somebody(ctx)
		if err != nil {
			return err
		}
		if _, err := p.submit(ctx, who, i, heatPump); err != nil {
			return err
		}
	}
	if n > 0 {
		p.Clock.SetOffset(present - 24*time.Hour)
		if err := p.stopped(ctx); err != nil {
			return err
		}
	}
	p.Clock.SetOffset(present)
	return p.runDue(ctx)
}

// stopped is a bad quarter of an hour of a register, in which somebody applied:
// the rules could not read the answer, and an operator has to see to it.
func (p *past) stopped(ctx context.Context) error {
	p.Faulty(true)
	defer p.Faulty(false)
	operator := p.officers["operator"]
	for range 100 { // of some the rules need no income: they are not at home here for a year yet
		found, err := p.Cases.Stuck(ctx, operator, stoppedCases)
		if err != nil || len(found) == stoppedCases {
			return err
		}
		who, i, err := p.somebody(ctx)
		if err != nil {
			return err
		}
		if !p.grown(i) {
			continue
		}
		if _, err := p.submit(ctx, who, i, allowance); err != nil {
			return err
		}
		if err := p.runDue(ctx); err != nil {
			return err
		}
	}
	return nil
}

// stoppedCases stand still in the end, all with one error: a correction can be
// tried in one of them, and in the others together.
const stoppedCases = 3

// grown reports whether nobody at home can be a child that works: whose income
// counts otherwise would stop another rule first, with another error.
func (p *past) grown(person int) bool {
	return !slices.ContainsFunc(p.People.Members(person), func(m int) bool { return p.People.Age(m) < 30 })
}

func (p *past) runDue(ctx context.Context) error {
	for {
		n, err := p.Queue.RunDue(ctx)
		if err != nil || n == 0 {
			return err
		}
	}
}

// hire makes the accounts of all officials, so that tasks can be handed to
// them before they have signed in.
func (p *past) hire(ctx context.Context) error {
	for _, persona := range p.People.Personas() {
		if len(persona.Roles) == 0 {
			continue
		}
		who, err := p.signIn(ctx, persona.Key)
		if err != nil {
			return err
		}
		p.officers[persona.Key] = who
	}
	return nil
}

func (p *past) signIn(ctx context.Context, persona string) (cases.Actor, error) {
	subject, ok := p.IDP.Subject(persona)
	if !ok {
		return cases.Actor{}, fmt.Errorf("seed: no persona %q", persona)
	}
	return p.account(ctx, subject)
}

func (p *past) account(ctx context.Context, subject string) (cases.Actor, error) {
	claims, ok := p.IDP.Claims(subject)
	if !ok {
		return cases.Actor{}, fmt.Errorf("seed: no subject %q", subject)
	}
	return p.Accounts.SignIn(ctx, claims, i18n.FR)
}

// somebody picks an adult resident.
func (p *past) somebody(ctx context.Context) (cases.Actor, int, error) {
	for {
		i := p.random.IntN(p.People.Len())
		if _, persona := p.People.PersonaAt(i); persona || p.People.Age(i) < 20 || p.People.Person(i).Register != exchange.RegisterMain {
			continue
		}
		who, err := p.account(ctx, p.IDP.SubjectOfPerson(i))
		return who, i, err
	}
}

// apply sends one application of somebody.
func (p *past) apply(ctx context.Context) error {
	who, i, err := p.somebody(ctx)
	if err != nil {
		return err
	}
	service := allowance
	switch n := p.random.IntN(100); {
	case n < 22:
		service = certificate
	case n < 36:
		service = permit
	case n < 48:
		service = heatPump
	}
	r, err := p.submit(ctx, who, i, service)
	if p.random.IntN(forgottenOf) == 0 {
		p.forgotten[r.Case] = true
	}
	return err
}

// forgottenOf: one case of so many is left lying, so that deadlines come near
// and pass, and silence takes effect.
const forgottenOf = 25

// longest is how many minutes somebody takes for a form at most.
const longest = 24

// abreast is how many of a day's applicants fill in their forms at a time, so
// that the day ends before midnight: at midnight silence decides, and the officers
// whose turn comes next would hold lists of tasks that are over.
func abreast(today int) int { return 1 + today*longest/(6*60) }

// submit fills in the form as the person would, with what registers say, and
// sends it. For the permit the fee is paid at once.
func (p *past) submit(ctx context.Context, who cases.Actor, person int, service string) (cases.Receipt, error) {
	pk, ok := p.Packages.InForce(service, p.Clock.Now())
	if !ok {
		return cases.Receipt{}, nil // not among the loaded packages
	}
	started := p.Clock.Now()
	facts := pack.Facts{Application: form.Answers{}, Applicant: services.Applicant(who), Date: started}
	evidence, _, err := services.Gather(ctx, p.Registers, pk, facts, nil, nil, services.Asker{Actor: who.Account})
	if err != nil {
		return cases.Receipt{}, err
	}
	facts.Evidence = services.Values(evidence)
	answers, _ := pk.Form.Prefill(pk.FormEnv(facts))
	for id, v := range p.answers(service, person) {
		if _, known := answers[id]; !known {
			answers[id] = v
		}
	}
	took := time.Duration(3+p.random.IntN(longest-2)) * time.Minute
	p.Clock.Advance(took / time.Duration(p.abreast))
	facts.Application = answers
	if answers, err = p.asked(pk, facts); err != nil {
		return cases.Receipt{}, err
	}
	receipt, err := p.Cases.Submit(ctx, cases.Submission{Service: service, Key: "seed/" + db.NewID(p.Clock), Actor: who, Lang: who.Lang,
		Application: answers, Evidence: evidence, StartedAt: p.Clock.Now().Add(-took)})
	if err != nil || service != permit {
		return receipt, err
	}
	return receipt, p.payFee(ctx, who, receipt.Case)
}

// asked leaves out what the form does not ask of this person.
func (p *past) asked(pk *pack.Package, f pack.Facts) (form.Answers, error) {
	clean, wrong := pk.Form.Validate(pk.FormEnv(f))
	var other []form.FieldError
	for _, w := range wrong {
		if w.Code != "unknown" {
			other = append(other, w)
		}
	}
	if len(other) > 0 {
		return nil, fmt.Errorf("seed: %s: %+v", pk.ID, other)
	}
	return clean, nil
}

// answers are what people say where the registers say nothing.
func (p *past) answers(service string, person int) form.Answers {
	r := p.People.Person(person)
	switch service {
	case allowance:
		return form.Answers{
			"agreed": true, "otherIncome": false, "studentAid": false, "detention": false, "stay": "ordinary",
			"iban": p.iban(person), "holder": r.GivenName + " " + r.FamilyName, "truthful": true, "changes": true,
		}
	case leave:
		return p.leave(person)
	case certificate:
		return form.Answers{"include": []any{"nationality"}}
	case arrival:
		return p.arrival(person)
	case heatPump:
		a := p.heating()
		a["iban"], a["holder"] = p.iban(person), r.GivenName+" "+r.FamilyName
		return a
	}
	activity, qualification := "commerce", ""
	if p.random.IntN(3) == 0 {
		activity, qualification = "craftB", "vocationalDiploma"
	}
	a := form.Answers{
		"tradeName": r.FamilyName + " & Cie", "legalForm": "soleTrader", "street": r.Address.Number + ", " + r.Address.Street,
		"postcode": r.Address.Postcode, "commune": r.Address.Commune, "fixed": true,
		"activity": activity, "description": trades[p.random.IntN(len(trades))], "present": true, "bankruptcy": false, "truthful": true, "record": true,
	}
	if qualification != "" {
		a["qualification"], a["years"] = qualification, json.Number("6")
		a["diploma"] = scan("diploma.pdf")
	}
	return a
}

// iban is the person's account, or the example account of the Luxembourg
// bankers' association.
func (p *past) iban(person int) string {
	if iban, ok := p.People.IBAN(person); ok && iban != "" {
		return iban
	}
	return "LU280019400644750000"
}

// scan is a file that was sent with an application.
func scan(name string) []any {
	return []any{map[string]any{"name": name, "size": json.Number("48213"), "type": "application/pdf",
		"hash": "0000000000000000000000000000000000000000000000000000000000000000"}}
}

// heating is a heat pump and what it replaced. Most follow the rules; one in
// some is refused, and one in some is left to a person.
func (p *past) heating() form.Answers {
	amount := func(least, most int) json.Number {
		return json.Number(fmt.Sprintf("%d.%02d", least+p.random.IntN(most-least), p.random.IntN(100)))
	}
	now := p.Clock.Now()
	a := form.Answers{
		"sameAddress": true, "housing": true, "owner": p.random.IntN(12) > 0, "aidedBefore": p.random.IntN(9) == 0,
		"invoiceDate": now.AddDate(0, 0, -5-p.random.IntN(50)).Format(time.DateOnly), "costs": amount(16000, 42000),
		"power": json.Number(fmt.Sprintf("%d.%d", 6+p.random.IntN(18), p.random.IntN(10))), "invoice": scan("facture.pdf"),
		"oldHeating": heatings[p.random.IntN(len(heatings))], "installerCheck": p.random.IntN(8) > 0, "certificate": scan("certificat.pdf"),
		"tank": p.random.IntN(2) == 0, "tankCosts": amount(1200, 5200), "radiators": p.random.IntN(3) == 0, "radiatorCosts": amount(900, 6000),
		"topUp": p.random.IntN(10) == 0, "truthful": true,
	}
	if since := now.AddDate(-7-p.random.IntN(25), -p.random.IntN(12), 0); p.random.IntN(10) > 0 {
		a["oldHeatingSince"] = since.Format(time.DateOnly)
	}
	return a
}

// arrival is a move of a few days ago: from abroad by those whom the register
// does not have as residents. The student lives with somebody, the others rent;
// the large household moves together.
func (p *past) arrival(person int) form.Answers {
	moved := p.Clock.Now().AddDate(0, 0, -4)
	a := form.Answers{
		"capacity": "self", "origin": "commune", "withOthers": false, "arrived": moved.Format(time.DateOnly),
		"street": "12, rue de la Démonstration", "postcode": "L-0006", "locality": "Demonstration",
		"departure": true, "departureDate": moved.AddDate(0, 0, -3).Format(time.DateOnly),
		"lodging": "tenant", "lease": scan("bail.pdf"), "identityProof": scan("passeport.pdf"), "truthful": true, "passedOn": true,
	}
	if p.People.Person(person).Register == exchange.RegisterNone {
		a["origin"] = "abroad"
	}
	switch persona, _ := p.People.PersonaAt(person); persona.Key {
	case "student":
		a["lodging"], a["hostName"] = "hosted", "Josiane Hoffmann"
	case "large-household":
		members := []any{}
		for _, m := range p.People.Household(person).Members {
			i, known := p.People.Find(m.ID)
			if !known || i == person {
				continue
			}
			members = append(members, map[string]any{"givenName": m.GivenName, "familyName": m.FamilyName, "birthDate": m.BirthDate,
				"relation": m.Relation, "nationality": p.People.Person(i).Nationality, "origin": "commune"})
			if m.Relation == "spouse" {
				a["partnerId"] = m.ID
			}
		}
		a["withOthers"], a["members"] = true, members
	}
	return a
}

var heatings = []string{"oil", "oil", "oil", "gas", "gas", "electric", "wood", "none"}

var trades = []string{"Boulangerie de quartier", "Réparation de vélos", "Fleuriste", "Librairie d'occasion", "Entretien de jardins", "Photographie"}

// payFee pays the fee of a permit.
func (p *past) payFee(ctx context.Context, who cases.Actor, caseID string) error {
	d, err := p.Cases.Open(ctx, who, caseID, "seed", false)
	if err != nil {
		return err
	}
	for _, t := range d.Tasks {
		if t.Kind == cases.TaskPay && t.Status == cases.TaskOpen {
			return p.Cases.Paid(ctx, who, caseID, t.ID, p.Bank.Receipt(t.ID))
		}
	}
	return nil
}

// desks say who works on what, and how patient each queue is: cases younger
// than wait days are left alone.
var desks = []struct {
	authority, officer, head string
	wait                     int
	perDay                   int
}{
	{"fns", "fns-case-worker", "fns-head-of-unit", 18, 4},
	{"permits", "permits-case-worker", "permits-head-of-unit", 25, 3},
	{"rnpp", "rnpp-case-worker", "rnpp-head-of-unit", 1, 2},
	{"environment", "environment-case-worker", "environment-head-of-unit", 21, 2},
	{"population", "population-case-worker", "population-head-of-unit", 4, 2},
}

// work is one day at the desks.
func (p *past) work(ctx context.Context, day int) error {
	for _, desk := range desks {
		officer, head := p.officers[desk.officer], p.officers[desk.head]
		rows, _, err := p.Cases.Tasks(ctx, head, cases.QueueFilter{Authority: desk.authority, Limit: 60})
		if err != nil {
			return err
		}
		done := 0
		for _, row := range rows {
			age := int(p.Clock.Now().Sub(row.SubmittedAt) / (24 * time.Hour))
			if done >= desk.perDay || age < desk.wait || p.forgotten[row.ID] || p.random.IntN(4) == 0 || day < 3 {
				continue
			}
			done++
			p.Clock.Advance(time.Duration(4+p.random.IntN(12)) * time.Minute)
			who := officer
			if row.Role == cases.RoleHeadOfUnit {
				who = head
			}
			if err := p.handle(ctx, who, row, day); err != nil {
				return err
			}
			if err := p.runDue(ctx); err != nil {
				return err
			}
		}
	}
	return nil
}

// handle is what an official does with one task.
func (p *past) handle(ctx context.Context, who cases.Actor, row cases.QueueRow, day int) error {
	d, err := p.Cases.Open(ctx, who, row.ID, "seed", true)
	if err != nil {
		return err
	}
	if row.TaskKind == cases.TaskApprove {
		return p.Cases.Approve(ctx, who, row.ID, row.Task, true, "")
	}
	if row.TaskKind == cases.TaskJudge {
		return p.Cases.Judge(ctx, who, row.ID, row.Task, true, "Les pièces jointes le montrent.")
	}
	if len(d.Requests) == 0 && p.random.IntN(7) == 0 && day > 12 {
		p.pending = append(p.pending, answer{day: day - 3 - p.random.IntN(8), who: applicantOf(d), caseID: row.ID})
		return p.Cases.Ask(ctx, who, row.ID, p.question(d))
	}
	outcome, reasons := pack.Granted, "Les pièces du dossier permettent d'établir que les conditions sont remplies."
	if d.File.Proposal != nil && d.File.Proposal.Outcome != pack.Judgement {
		outcome, reasons = d.File.Proposal.Outcome, ""
	}
	amount := ""
	if d.File.Proposal != nil && d.File.Proposal.Outcome == pack.Judgement && row.Service == allowance {
		outcome, reasons = pack.Refused, "Les revenus du ménage n'ont pas pu être établis malgré notre demande."
	}
	if d.File.Proposal != nil && d.File.Proposal.Outcome == pack.Judgement && row.Service == heatPump {
		amount, reasons = basicAid(d.File.Proposal)
	}
	return p.Cases.Decide(ctx, who, row.ID, row.Task, outcome, amount, reasons)
}

// basicAid is what an officer grants for a heat pump whose replacement or social
// top-up stayed open: what the rules know of it.
func basicAid(proposal *pack.Decision) (amount, reasons string) {
	if proposal.Amount != "" {
		return "", "La facture et nos échanges avec le demandeur permettent d'accorder ce que les règles calculent, sans complément social."
	}
	amount = proposal.Values["Basic aid"].String()
	return amount, "La pompe à chaleur donne droit à l'aide de base. L'âge de l'ancien chauffage n'a pas pu être établi."
}

func (p *past) question(d *cases.Dossier) string {
	if d.Service == permit || d.Service == arrival {
		return "Veuillez nous envoyer une copie lisible de votre bail ou de votre titre de propriété."
	}
	return "Veuillez nous envoyer un extrait bancaire qui montre le titulaire du compte indiqué."
}

// applicantOf acts for the applicant of a case.
func applicantOf(d *cases.Dossier) cases.Actor {
	return cases.Actor{Account: d.Account, Person: d.Person, Name: d.Name, Email: d.Email, Lang: d.Lang}
}

// answerRequests lets applicants answer what they were asked.
func (p *past) answerRequests(ctx context.Context, day int) error {
	rest := p.pending[:0]
	for _, a := range p.pending {
		if a.day < day {
			rest = append(rest, a)
			continue
		}
		d, err := p.Cases.Open(ctx, a.who, a.caseID, "seed", false)
		if err != nil {
			return err
		}
		for _, r := range d.Requests {
			if r.Status != cases.RequestOpen {
				continue
			}
			err := p.Cases.Answer(ctx, a.who, a.caseID, r.ID, "Voici le document demandé : le compte est bien à mon nom.", nil)
			if err != nil && errs.KindOf(err) != errs.Conflict {
				return err
			}
		}
	}
	p.pending = rest
	return nil
}

// stories are applications of personas: those whose pages are shown first.
var stories = []struct {
	day              int
	persona, service string
	ask              string // persona of the officer who asks for evidence on the same day
}{
	{61, "single-parent", allowance, ""},
	{47, "large-household", heatPump, ""},
	{40, "founder", permit, ""},
	{38, "other-parent", leave, ""}, // never answered by the other parent: an officer decides
	{33, "family", allowance, ""},
	{30, "large-household", arrival, ""}, // whose other adult never answered
	{21, "pensioner", allowance, "fns-case-worker"},
	{20, "single-parent", certificate, ""},
	{5, "founder-with-record", permit, ""},
	{5, "student", arrival, ""}, // lodged by somebody who has not answered yet
	{4, "high-income", allowance, ""},
	{3, "parent", leave, ""}, // the employer and the other parent are asked
	{3, "cross-border-worker", arrival, ""},
}

func (p *past) personas(ctx context.Context, day int) error {
	for _, s := range stories {
		// A story that falls on a weekend happens on the Monday after.
		if s.day != day && !(p.Clock.Now().Weekday() == time.Monday && (s.day == day+1 || s.day == day+2)) {
			continue
		}
		persona, ok := p.People.Persona(s.persona)
		if !ok {
			return errors.New("seed: no persona " + s.persona)
		}
		who, err := p.signIn(ctx, s.persona)
		if err != nil {
			return err
		}
		r, err := p.submit(ctx, who, persona.Person, s.service)
		if err != nil || r.Case == "" {
			return err
		}
		if err := p.runDue(ctx); err != nil {
			return err
		}
		if s.persona == "other-parent" {
			if err := p.employerAgrees(ctx, who, persona.Person, r.Case); err != nil {
				return err
			}
		}
		if s.ask == "" {
			continue
		}
		d, err := p.Cases.Open(ctx, p.officers[s.ask], r.Case, "seed", true)
		if err != nil {
			return err
		}
		if err := p.Cases.Ask(ctx, p.officers[s.ask], r.Case, p.question(d)); err != nil {
			return err
		}
	}
	return nil
}
