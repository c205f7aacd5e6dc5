package packages

import (
	"encoding/json"
	"io/fs"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"passerelle/engine/feel"
	"passerelle/engine/form"
	"passerelle/internal/module/services/pack"
	"passerelle/internal/platform/i18n"
	"passerelle/internal/platform/i18n/i18ntest"
)

// least is how many scenarios a version has at least: a package that loses some
// no longer proves what it did.
var least = map[string]int{
	"cost-of-living-allowance/2025": 540,
	"certificate-of-residence/2025": 24,
	"business-permit/2025":          45,
	"klimabonus-heat-pump/2025":     211,
	"klimabonus-heat-pump/2026":     84,
	"parental-leave/2025":           171,
	"declaration-of-arrival/2025":   151,
}

func load(t *testing.T) *pack.Set {
	t.Helper()
	set, findings := pack.LoadSet(Luxembourg())
	for _, f := range findings {
		t.Error(f)
	}
	return set
}

func TestEveryPackageIsSound(t *testing.T) {
	set := load(t)
	seen := map[string]bool{}
	for _, p := range set.All() {
		version := p.ID + "/" + p.Version
		seen[version] = true
		expected, ok := least[version]
		if !ok {
			t.Errorf("%s: least does not say how many scenarios are expected", version)
		}
		for _, f := range pack.Check(p) {
			t.Error(f)
		}
		r := pack.Test(p)
		for _, f := range r.Failures {
			t.Error(f)
		}
		if r.Failed > 0 || r.Passed < expected {
			t.Errorf("%s: %d scenarios passed, %d failed; at least %d are expected", version, r.Passed, r.Failed, expected)
		}
	}
	for version := range least {
		if !seen[version] {
			t.Errorf("%s is not served", version)
		}
	}
}

// answers are applications that each service would take from one person, with
// what the registers say.
var answers = map[string]struct {
	application string
	evidence    map[string]string
	parties     map[string]pack.Contribution
	refused     func(pack.Facts) // changes the facts so that the answer is no
}{
	"cost-of-living-allowance": {
		application: `{"agreed":true,"otherIncome":false,"studentAid":false,"detention":false,"stay":"ordinary","iban":"LU280019400644750000","holder":"Ada Muster","truthful":true,"changes":true}`,
		evidence: map[string]string{
			"person":    person,
			"household": `{"members":[{"id":"1","givenName":"Ada","familyName":"Muster","birthDate":"1980-01-01","relation":"self"}]}`,
			"incomes":   `[{"months":[{"month":"2025-02","gross":"2700.00","kind":"salary"},{"month":"2025-01","gross":"2700.00","kind":"salary"},{"month":"2024-12","gross":"2700.00","kind":"salary"}]}]`,
		},
		refused: func(f pack.Facts) { f.Application["detention"] = true },
	},
	"certificate-of-residence": {
		application: `{"include":["number","nationality","residentSince"],"purpose":"Bank"}`,
		evidence:    map[string]string{"person": person},
		refused: func(f pack.Facts) {
			f.Evidence["person"] = json.RawMessage(strings.Replace(person, `"main"`, `"waiting"`, 1))
		},
	},
	"business-permit": {
		application: `{"tradeName":"Au coin de la rue","legalForm":"soleTrader","street":"1, rue de la Démonstration","postcode":"L-0001","commune":"Luxembourg","fixed":true,"activity":"commerce","description":"Bicycles.","present":true,"bankruptcy":false,"truthful":true,"record":true}`,
		evidence:    map[string]string{"person": person, "record": `{"bulletin":"3","entries":[]}`},
		refused:     func(f pack.Facts) { f.Application["present"] = false },
	},
	"klimabonus-heat-pump": {
		application: `{"sameAddress":true,"housing":true,"owner":true,"aidedBefore":false,"invoiceDate":"2025-02-10","costs":30000,"power":20,"invoice":[{"name":"invoice.pdf","size":1000,"hash":"abc","type":"application/pdf"}],"oldHeating":"none","radiators":true,"radiatorCosts":3000,"topUp":false,"iban":"LU280019400644750000","holder":"Ada Muster","truthful":true}`,
		evidence:    map[string]string{"person": person},
		refused:     func(f pack.Facts) { f.Application["housing"] = false },
	},
	"parental-leave": {
		application: `{"arrival":"birth","childBirthDate":"2022-06-15","leave":"second","model":"fullTime6","start":"2025-09-01","requested":"2025-02-20","weeklyHours":"40.0","employedSince":"2020-02-01","employerName":"Example Sàrl","otherParent":true,"otherParentName":"Bob Muster","otherParentId":"1990010112385","iban":"LU280019400644750000","holder":"Ada Muster","truthful":true,"shared":true}`,
		evidence: map[string]string{
			"household":  `{"members":[{"id":"1","givenName":"Ada","familyName":"Muster","birthDate":"1980-01-01","relation":"self"},{"id":"2","givenName":"Eva","familyName":"Muster","birthDate":"2022-06-15","relation":"child"}]}`,
			"employment": `{"periods":[{"employer":"Example Sàrl","kind":"salary","from":"2020-02-01","to":null,"weeklyHours":"40.0"}]}`,
			"income":     `{"months":[` + strings.Repeat(`{"month":"2025-02","gross":"5200.00","kind":"salary"},`, 11) + `{"month":"2025-01","gross":"5200.00","kind":"salary"}]}`,
		},
		parties: map[string]pack.Contribution{
			"employer":    {Status: pack.Answered, Name: "Max Beispiel", Answers: form.Answers{"agreement": "agrees", "noticeKept": true, "hoursPerWeek": json.Number("40"), "fullTime": true, "signatory": "Max Beispiel", "position": "Manager", "entitled": true}},
			"otherParent": {Status: pack.Answered, Name: "Bob Muster", Answers: form.Answers{"otherTakes": "first", "confirmed": true}},
		},
		refused: func(f pack.Facts) { f.Application["childBirthDate"] = "2018-06-15" },
	},
	"declaration-of-arrival": {
		application: `{"capacity":"self","registeredName":"Ada Muster","nationality":"LU","origin":"commune","withOthers":false,"arrived":"2025-03-10","street":"6, rue de la Démonstration","postcode":"0006","locality":"Demonstration","departure":true,"departureDate":"2025-03-08","lodging":"tenant","lease":[{"name":"bail.pdf","size":1000,"hash":"abc","type":"application/pdf"}],"truthful":true,"passedOn":true}`,
		evidence:    map[string]string{"person": person},
		refused: func(f pack.Facts) { // no rule refuses: an officer does
			f.Application["contested"] = map[string]any{"registeredName": map[string]any{"claimed": "Eva Muster", "comment": "I married."}}
		},
	},
}

const person = `{"id":"1980010100001","givenName":"Ada","familyName":"Muster","birthDate":"1980-01-01","nationality":"LU","register":"main","residentSince":"2010-05-01","address":{"street":"rue de la Démonstration","number":"1","postcode":"0001","commune":"Luxembourg","country":"LU","since":"2018-09-01"}}`

func factsOf(t *testing.T, service string) pack.Facts {
	t.Helper()
	a := answers[service]
	f := pack.Facts{Application: form.Answers{}, Parties: a.parties, Evidence: map[string]json.RawMessage{}, Date: time.Date(2025, 3, 15, 0, 0, 0, 0, time.UTC),
		Applicant: feel.Context(feel.Entry{Name: "id", Value: feel.String("1980010100001")}, feel.Entry{Name: "givenName", Value: feel.String("Ada")}, feel.Entry{Name: "familyName", Value: feel.String("Muster")})}
	dec := json.NewDecoder(strings.NewReader(a.application))
	dec.UseNumber()
	if err := dec.Decode(&f.Application); err != nil {
		t.Fatal(err)
	}
	for id, v := range a.evidence {
		f.Evidence[id] = json.RawMessage(v)
	}
	return f
}

// unfilled is what a letter shows when a text or a value is missing.
var unfilled = regexp.MustCompile(`\[[a-zA-Z]+\.[a-zA-Z.]+\]|\{[a-zA-Z]+\}|\{\{|null`)

func TestEveryLetterCanBeReadInEveryLanguage(t *testing.T) {
	for _, p := range load(t).All() {
		for _, name := range p.Letters {
			f, want := factsOf(t, p.ID), pack.Granted
			if name == "refused" {
				want = pack.Refused
				answers[p.ID].refused(f)
			}
			d, err := p.Decide(f)
			if err != nil {
				t.Fatal(err)
			}
			if p.ID == "klimabonus-heat-pump" && p.Version == "2026" && want == pack.Granted { // its rules grant nothing: an officer does
				want = pack.Judgement
			}
			decided := want
			if p.ID == "declaration-of-arrival" && want == pack.Refused { // its rules refuse nobody: an officer does
				want = pack.Judgement
			}
			if want == pack.Judgement && decided != pack.Refused {
				decided = pack.Granted
			}
			if d.Outcome != want {
				t.Fatalf("%s/%s: %s %v", p.ID, p.Version, d.Outcome, d.Reasons)
			}
			d.Outcome, d.Value = decided, d.Value.Put("outcome", feel.String(string(decided)))
			for _, lang := range i18n.Langs {
				letter(t, p, name, lang, f, d)
			}
		}
	}
}

func letter(t *testing.T, p *pack.Package, name string, lang i18n.Lang, f pack.Facts, d pack.Decision) {
	t.Helper()
	loc := i18ntest.Locale(t, lang, pack.Locales())
	told := p.Explain(loc, d, f, nil)
	if told.Headline == "" || len(told.Conditions) == 0 || unfilled.MatchString(told.Headline) {
		t.Errorf("%s in %s is told as %+v", p.ID, lang, told)
	}
	issued := d.Value.Put("issued", feel.DateOf(f.Date.AddDate(0, 1, 0))).Put("statement", feel.String("Vu par un agent"))
	scope := p.Scope(f, feel.Entry{Name: "decision", Value: issued},
		feel.Entry{Name: "approve", Value: feel.Context(feel.Entry{Name: "approved", Value: feel.Bool(true)})},
		feel.Entry{Name: "case", Value: feel.Context(
			feel.Entry{Name: "number", Value: feel.String(p.Service.Prefix + "-2025-7K3M-9QXD")},
			feel.Entry{Name: "submitted", Value: feel.DateOf(f.Date)},
			feel.Entry{Name: "authority", Value: feel.String(p.Service.Authority)})})
	html, err := p.Letter(loc, name, pack.LetterData{Scope: scope, Explained: told, AppealTo: p.Service.Deadlines.Appeal.To, AppealUntil: f.Date.AddDate(0, 0, 40)})
	if err != nil {
		t.Fatal(err)
	}
	if bad := unfilled.FindString(html); bad != "" || !strings.Contains(html, "<h1>") {
		t.Errorf("%s, letter %s.%s shows %q:\n%s", p.ID, name, lang, bad, html)
	}
	if name == "granted" || name == "refused" { // what every decision must tell
		for _, part := range []string{p.Service.Prefix + "-2025-7K3M-9QXD", told.Reasons[0], "2025", "Vu par un agent"} {
			if !strings.Contains(html, part) {
				t.Errorf("%s, letter %s.%s does not tell %q", p.ID, name, lang, part)
			}
		}
	}
	t.Logf("%s %s.%s\n%s", p.ID, name, lang, html)
}

func version(t *testing.T, service, of string) *pack.Package {
	t.Helper()
	p, ok := load(t).Version(service, of)
	if !ok {
		t.Fatalf("%s/%s is not served", service, of)
	}
	return p
}

// Who takes the leave that is applied for can say so and declare nothing false:
// what they declare is the sentence with which the employer's declaration ends.
func TestTheOtherParentDeclaresOnlyTheTruthOfTheAnswer(t *testing.T) {
	p := version(t, "parental-leave", "2025")
	for _, lang := range i18n.Langs {
		truth := p.T(lang, "form.confirmed.label")
		if truth == "" || !strings.HasSuffix(p.T(lang, "form.entitled.label"), ". "+truth) {
			t.Errorf("in %s the other parent declares %q", lang, truth)
		}
	}
}

func TestNobodyIsTheirOwnPartner(t *testing.T) {
	p := version(t, "declaration-of-arrival", "2025")
	const own, other = "1990010112385", "1980022900150"
	for number, wrong := range map[string]bool{own: true, other: false} {
		f := factsOf(t, p.ID)
		f.Applicant = f.Applicant.Put("id", feel.String(own))
		f.Application["withOthers"], f.Application["partnerId"] = true, number
		f.Application["members"] = []any{map[string]any{"givenName": "Eva", "familyName": "Muster", "birthDate": "1985-01-01", "relation": "spouse", "nationality": "LU", "origin": "commune"}}
		_, found := p.Form.Validate(p.FormEnv(f))
		if wrong && (len(found) != 1 || found[0].Field != "partnerId" || found[0].Code != "check.self") || !wrong && len(found) > 0 {
			t.Errorf("%s: %+v", number, found)
		}
	}
}

// What somebody else knows better can be asked of them before it is sent.
func TestPagesThatOthersKnowCanBeGivenAway(t *testing.T) {
	for service, page := range map[string]string{"parental-leave": "otherParent", "declaration-of-arrival": "lodging"} {
		if given := version(t, service, "2025").Service.Delegable; !slices.Contains(given, page) {
			t.Errorf("%s: %v can be given away, not %s", service, given, page)
		}
	}
}

func TestFrenchLettersSpaceTheColon(t *testing.T) {
	tight := regexp.MustCompile(`[\pL’]: `)
	letters, err := fs.Glob(Luxembourg(), "*/*/letters/*.fr.md")
	if err != nil || len(letters) == 0 {
		t.Fatal(letters, err)
	}
	for _, name := range letters {
		text, err := fs.ReadFile(Luxembourg(), name)
		if err != nil {
			t.Fatal(err)
		}
		if bad := tight.FindAll(text, -1); len(bad) > 0 {
			t.Errorf("%s: %q", name, bad)
		}
	}
}

// The amount a person reads is the amount the table gives.
func TestTheAllowanceIsTold(t *testing.T) {
	p := version(t, "cost-of-living-allowance", "2025")
	f := factsOf(t, p.ID)
	d, err := p.Decide(f)
	if err != nil {
		t.Fatal(err)
	}
	told := p.Explain(i18ntest.Locale(t, i18n.EN, pack.Locales()), d, f, nil)
	rows := map[string]string{}
	for _, r := range told.Rows {
		rows[r.ID] = r.Value
	}
	// 2,700 − 2,644.40 = 55.60 a month above the limit, 667.20 a year.
	for id, want := range map[string]string{"income": "2,700.00", "limit": "2,644.40", "full": "1,817.00", "excess": "667.20", "allowance": "1,149.80", "premium": "600.00"} {
		if !strings.Contains(rows[id], want) {
			t.Errorf("row %s shows %q, not %s", id, rows[id], want)
		}
	}
	if !strings.Contains(told.Headline, "1,749.80") || told.Result == nil || !strings.Contains(told.Result.Value, "1,749.80") {
		t.Errorf("headline %q, result %+v", told.Headline, told.Result)
	}
}

// TestOneWordForEachThing reads texts and letters as the locales are read.
func TestOneWordForEachThing(t *testing.T) {
	read := 0
	err := fs.WalkDir(Luxembourg(), ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		for _, lang := range i18n.Langs {
			if !strings.HasSuffix(name, "/texts/"+string(lang)+".yaml") && !strings.HasSuffix(name, "."+string(lang)+".md") {
				continue
			}
			text, err := fs.ReadFile(Luxembourg(), name)
			if err != nil {
				return err
			}
			i18ntest.Words(t, lang, name, string(text))
			read++
		}
		return nil
	})
	if err != nil || read < 5*len(least) {
		t.Errorf("%d files read: %v", read, err)
	}
}
