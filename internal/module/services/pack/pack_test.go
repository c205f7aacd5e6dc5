package pack

import (
	"encoding/json"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"passerelle/engine/feel"
	"passerelle/engine/form"
	"passerelle/internal/platform/i18n"
	"passerelle/internal/platform/i18n/i18ntest"
)

// garden is the example package: an invented service with all parts.
func garden(t testing.TB) *Package {
	t.Helper()
	p, findings := Load(os.DirFS("testdata/set"), "allotment-garden/2025")
	for _, f := range findings {
		t.Error(f)
	}
	if p == nil {
		t.FailNow()
	}
	return p
}

func on(s string) time.Time {
	d, err := time.Parse(time.DateOnly, s)
	if err != nil {
		panic(err)
	}
	return d
}

func facts() Facts {
	return Facts{
		Application: form.Answers{"ares": json.Number("4"), "shed": true, "shedSize": json.Number("8.5"), "helpers": []any{map[string]any{"name": "Kim", "born": "2015-05-01", "kin": "family"}}, "rules": true},
		Evidence:    map[string]json.RawMessage{"person": json.RawMessage(`{"givenName":"Ada","familyName":"Muster","address":{"street":"rue du Lac","commune":"Exemple"}}`)},
		Applicant:   feel.Context(feel.Entry{Name: "id", Value: feel.String("1980010100001")}),
		Date:        on("2025-03-15"),
	}
}

func TestTheExamplePackageIsSound(t *testing.T) {
	set, findings := LoadSet(os.DirFS("testdata/set"))
	for _, f := range findings {
		t.Error(f)
	}
	if n := len(set.All()); n != 1 {
		t.Fatalf("%d packages", n)
	}
	p := set.All()[0]
	for _, f := range Check(p) {
		t.Error(f)
	}
	r := Test(p)
	for _, f := range r.Failures {
		t.Error(f)
	}
	if r.Passed != 10 || r.Failed != 0 {
		t.Errorf("%d passed, %d failed", r.Passed, r.Failed)
	}
}

func TestVersionsAreInForceByDay(t *testing.T) {
	set, _ := LoadSet(os.DirFS("testdata/set"))
	for _, c := range []struct {
		day  string
		want bool
	}{{"2024-12-31", false}, {"2025-01-01", true}, {"2026-12-31", true}, {"2027-01-01", false}} {
		_, got := set.InForce("allotment-garden", on(c.day))
		if got != c.want || len(set.Services(on(c.day))) == 1 != c.want {
			t.Errorf("%s: %v", c.day, got)
		}
	}
	if _, ok := set.Version("allotment-garden", "2025"); !ok {
		t.Error("the version is not there")
	}
}

func TestADecisionUsesTheLawOfItsDay(t *testing.T) {
	p := garden(t)
	f := facts()
	for _, c := range []struct{ day, amount string }{{"2025-06-30", "86.40"}, {"2025-07-01", "91.80"}} {
		f.Date = on(c.day)
		d, err := p.Decide(f)
		if err != nil {
			t.Fatal(err)
		}
		if d.Outcome != Granted || d.Amount != c.amount {
			t.Errorf("%s: %s %s", c.day, d.Outcome, d.Amount)
		}
	}
	f.Date = on("2023-05-01")
	if d, err := p.Decide(f); err == nil {
		t.Errorf("before there was any law: %v", d)
	}
}

func TestADecisionSurvivesStorage(t *testing.T) {
	p := garden(t)
	f := facts()
	d, err := p.Decide(f)
	if err != nil {
		t.Fatal(err)
	}
	d.Values["a date"] = feel.Date(2025, 3, 9)
	d.Values["a text"] = feel.String("@2025-03-09")
	stored, err := json.Marshal(d)
	if err != nil {
		t.Fatal(err)
	}
	var back Decision
	if err := json.Unmarshal(stored, &back); err != nil {
		t.Fatal(err)
	}
	again, err := json.Marshal(back)
	if err != nil || string(again) != string(stored) {
		t.Errorf("%v\n%s\n%s", err, stored, again)
	}
	for name, v := range d.Values {
		if !back.Values[name].Equal(v) {
			t.Errorf("%s: %v became %v", name, v, back.Values[name])
		}
	}
	if len(stored) > 2000 {
		t.Errorf("the snapshot has %d bytes", len(stored))
	}
	var ids []string
	for _, u := range back.Parameters {
		ids = append(ids, u.ID)
	}
	if d := cmp.Diff([]string{"rentPerAre", "childReduction", "waitingYears"}, ids); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff(map[string][]string{"Reduction": {"r_some"}}, back.Rules); d != "" {
		t.Error(d)
	}
}

func english(t testing.TB) *i18n.Locale { return i18ntest.Locale(t, i18n.EN, Locales()) }

func TestADecisionExplainsItself(t *testing.T) {
	p := garden(t)
	f := facts()
	d, err := p.Decide(f)
	if err != nil {
		t.Fatal(err)
	}
	x := p.Explain(english(t), d, f, map[string]EvidenceMeta{"person": {Source: "rnpp", AsOf: on("2025-03-14")}})
	if x.Headline != "You get a garden of 4 ares for €86.40 a year." {
		t.Error(x.Headline)
	}
	type condition struct {
		Text, State, Source, Article string
	}
	var conditions []condition
	for _, c := range x.Conditions {
		conditions = append(conditions, condition{c.Text, string(c.State), c.Source, c.Legal.Article})
	}
	if d := cmp.Diff([]condition{
		{"You live in the commune.", "met", "rnpp", "art. 2"},
		{"A shed of 8.5 m² is allowed.", "met", "", "art. 3 (1)"},
	}, conditions); d != "" {
		t.Error(d)
	}
	type row struct {
		Label, Value string
		Minus        bool
	}
	var rows []row
	for _, r := range x.Rows {
		rows = append(rows, row{r.Label, r.Value, r.Minus})
	}
	if d := cmp.Diff([]row{{"Area", "4", false}, {"Rent per are", "€24.00 per year", false}, {"Reduction for 1 child", "10%", true}, {"Commune", "Exemple", false}}, rows); d != "" {
		t.Error(d)
	}
	if s := x.Rows[1].Source; s.Label != "Rent per are" || s.Status != Verified || s.From != on("2024-01-01") || s.Legal.Article != "art. 3 (1)" {
		t.Errorf("%+v", s)
	}
	if x.Result == nil || x.Result.Value != "€86.40 per year" {
		t.Errorf("%+v", x.Result)
	}
}

func TestALetterIsSafeHTML(t *testing.T) {
	p := garden(t)
	f := facts()
	d, err := p.Decide(f)
	if err != nil {
		t.Fatal(err)
	}
	evil := "<script>alert(1)</script> **bold** [x](javascript:alert(1))\n# second line"
	task := feel.Entry{Name: "examine", Value: feel.Context(feel.Entry{Name: "reasons", Value: feel.String(evil)})}
	data := LetterData{
		Scope:       p.Scope(f, feel.Entry{Name: "decision", Value: d.Value}, task),
		Explained:   Explained{Reasons: []string{"<b>large</b>"}},
		AppealTo:    "council",
		AppealUntil: on("2025-05-01"),
	}
	got, err := p.Letter(english(t), "refused", data)
	if err != nil {
		t.Fatal(err)
	}
	want := `<h1>Apply for a garden</h1>
<p>You do not get a garden.</p>
<ul>
<li>&lt;b&gt;large&lt;/b&gt;</li>
</ul>

<blockquote>
<p>&lt;script&gt;alert(1)&lt;/script&gt; **bold** [x](javascript:alert(1))<br>
# second line</p>
</blockquote>
<p>You can contest this decision until 1 May 2025. Your appeal goes to Council. Write to the council before 1 May 2025.</p>
`
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

func TestWhatAPermitStates(t *testing.T) {
	p := garden(t)
	got, err := p.States("licence", p.Scope(facts()))
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff([]Stated{{"holder", "Ada Muster"}, {"ares", "4"}, {"since", "2025-03-15"}}, got); d != "" {
		t.Error(d)
	}
}

func TestSubjectsOfEvidence(t *testing.T) {
	p := garden(t)
	ids, list, err := p.Subjects(p.Service.Evidence[0], facts())
	if err != nil || list || !cmp.Equal(ids, []string{"1980010100001"}) {
		t.Error(ids, list, err)
	}
}

func TestSpansEndOnTheLastDayOfAShorterMonth(t *testing.T) {
	for _, c := range []struct {
		from string
		span Span
		want string
	}{
		{"2025-01-31", Span{Months: 1}, "2025-02-28"},
		{"2024-01-31", Span{Months: 1}, "2024-02-29"},
		{"2025-11-30", Span{Months: 3}, "2026-02-28"},
		{"2025-03-15", Span{Days: 40}, "2025-04-24"},
	} {
		if got := c.span.AddTo(on(c.from)); got != on(c.want) {
			t.Errorf("%s + %v: %s", c.from, c.span, got)
		}
	}
}

func TestOwnTextsAreComplete(t *testing.T) { i18ntest.Complete(t, Locales()) }

func TestAFailingScenarioSaysWhatWasExpected(t *testing.T) {
	m := files(t)
	const file = "allotment-garden/2025/scenarios/rent.yaml"
	src := string(m[file].Data)
	for _, change := range [][2]string{
		{"outcome: refused, amount: null", "outcome: granted, amount: 3"},
		{"Children helping: 1", "Children helping: 2"},
		{"waitsAt: examine", "ends: true"},
		{"{invalid: [shedSize]}", "{invalid: [shed]}"},
		{"[2, \"2025-06-30\", 48]", "[2, \"2023-06-30\", 48]"},
		{"address: {commune: Ailleurs}", "adress: {commune: Ailleurs}, address: null"},
	} {
		if !strings.Contains(src, change[0]) {
			t.Fatalf("no %q", change[0])
		}
		src = strings.Replace(src, change[0], change[1], 1)
	}
	m[file].Data = []byte(src)
	p, findings := Load(m, "allotment-garden/2025")
	if p == nil {
		t.Fatal(findings)
	}
	var got []string
	for _, f := range Test(p).Failures {
		got = append(got, f.String())
	}
	want := []string{
		file + `:17: 2 ares on 2023-06-30 cost 48: decision: expected a decision, got internal: allotment-garden/2025: parameter rentPerAre has no value in force on 2023-06-30`,
		file + `:19: Children who help make it cheaper: values.Children helping: expected 2, got 1`,
		file + `:29: Somebody from elsewhere: outcome: expected granted, got refused [notResident] (Resident: 10:24: 1:65: null has no commune)`,
		file + `:29: Somebody from elsewhere: amount: expected 3, got none (Resident: 10:24: 1:65: null has no commune)`,
		file + `:32: A large shed is looked at: ends: expected true, got waits at [examine]`,
		file + `:39: A shed larger than the plot: invalid: expected [shed], got [shedSize (check.tooBig)]`,
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

func TestLettersInFiveLanguages(t *testing.T) {
	p := garden(t)
	f := facts()
	d, err := p.Decide(f)
	if err != nil {
		t.Fatal(err)
	}
	for _, lang := range i18n.Langs {
		loc := i18ntest.Locale(t, lang, Locales())
		data := LetterData{Scope: p.Scope(f, feel.Entry{Name: "decision", Value: d.Value}), Explained: p.Explain(loc, d, f, nil), AppealTo: "council", AppealUntil: on("2025-05-01")}
		for _, name := range p.Letters {
			html, err := p.Letter(loc, name, data)
			if err != nil {
				t.Fatal(err)
			}
			if strings.Contains(html, "{{") || strings.Contains(html, "[pack.") || strings.ContainsRune(html, '\ue000') {
				t.Errorf("%s in %s:\n%s", name, lang, html)
			}
			if name == "granted" && strings.Count(html, "<th scope=\"row\">") != 5 {
				t.Errorf("the arithmetic is not in %s:\n%s", lang, html)
			}
		}
	}
}

func TestTheYearlyClosingDayEndsApplications(t *testing.T) {
	day := func(s string) time.Time { d, _ := time.Parse(time.DateOnly, s); return d }
	s := Service{InForce: Period{From: day("2025-01-01")}, Apply: Apply{Until: "10-31"}}
	for date, want := range map[string]bool{"2024-12-31": false, "2025-01-01": true, "2025-10-31": true, "2025-11-01": false, "2026-03-01": true} {
		if got := s.Takes(day(date)); got != want {
			t.Errorf("%s: %v, want %v", date, got, want)
		}
	}
}
