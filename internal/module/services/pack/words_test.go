package pack

import (
	"bytes"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"pgregory.net/rapid"

	"passerelle/engine/dmn"
	"passerelle/engine/feel"
	"passerelle/internal/platform/i18n"
	"passerelle/internal/platform/i18n/i18ntest"
)

// A condition is told by the questions, values and rules that it reads.
func TestConditionsAreToldInWords(t *testing.T) {
	w := garden(t).words(english(t))
	for _, x := range []struct{ feel, want string }{
		{`application.shed = true`, `“Do you want a shed?” is answered “yes”`},
		{`application.shed`, `“Do you want a shed?” is answered “yes”`},
		{`not(application.shed)`, `“Do you want a shed?” is answered “no”`},
		{`application.shedSize = null`, `“Area of the shed in m²” is not answered`},
		{`application.shedSize > 12 and Resident != null`, `“Area of the shed in m²” is more than 12 and “Resident” is known`},
		{`12 < application.shedSize`, `“Area of the shed in m²” is more than 12`},
		{`application.ares between 1 and parameters.maxAres`, `“How many ares do you want?” is from 1 to “Largest area”`},
		{`application.helpers.kin in ("family", "friend")`, `“Relation” is answered “Family” or “Friend”`},
		{`list contains(["family"], application.helpers.kin)`, `“Relation” is answered “Family”`},
		{`some h in application.helpers satisfies h.kin = "friend"`, `at least once under “Your helpers” “Relation” is answered “Friend”`},
		{`application.helpers.born >= date("2010-05-01")`, `“Date of birth” is not before 1 May 2010`},
		{`application.helpers.born + duration("P18Y") <= date`, `“Date of birth” + 18 years is at most the day that counts`},
		{`decision.outcome = "judgement"`, `the outcome of the decision is “a person decides”`},
		{`examine.outcome = "granted" or (application.shed and Resident)`, `the outcome of “Examine” is “granted” or (“Do you want a shed?” is answered “yes” and “Resident” is “yes”)`},
		{`count(application.helpers) > 0`, `there is something under “Your helpers”`},
		{`date.year < 2026`, `the year of the day that counts is less than 2026`},
		{`application.helpers.born.month = 5`, `the month of “Date of birth” is 5`},
		{`true`, `it is always so`},
		// what is told of one condition must not take in the next
		{`application.ares in (1, > 5) and application.shed`, `(“How many ares do you want?” is answered 1 or “How many ares do you want?” is more than 5) and “Do you want a shed?” is answered “yes”`},
		{`application.ares in ((1..3), > 5)`, `(“How many ares do you want?” is more than 1 and “How many ares do you want?” is less than 3) or “How many ares do you want?” is more than 5`},
		{`not(application.shed and Resident) and application.ares = 1`, `(it is not so that “Do you want a shed?” is answered “yes” and “Resident” is “yes”) and “How many ares do you want?” is answered 1`},
		{`(some h in application.helpers satisfies h.kin = "friend") or application.shed`, `(at least once under “Your helpers” “Relation” is answered “Friend”) or “Do you want a shed?” is answered “yes”`},
		{`application.ares > 1 = false and application.shed`, `(it is not so that “How many ares do you want?” is more than 1) and “Do you want a shed?” is answered “yes”`},
		{`not(application.shed) and application.helpers.kin in ("family", "friend")`, `“Do you want a shed?” is answered “no” and “Relation” is answered “Family” or “Friend”`},
	} {
		if got, ok := w.tell(x.feel, w.clause); !ok || got != x.want {
			t.Errorf("%s\n got %q %v\nwant %q", x.feel, got, ok, x.want)
		}
	}
	for _, without := range []string{`evidence.person.address.commune = "Exemple"`, `matches(application.address, "x")`, `for i in 1..3 return i`, `Resident[1]`, `application.shed and`, `nobody = 1`,
		`list contains(element: application.helpers.kin, list: ["family"])`} {
		if got, ok := w.tell(without, w.clause); ok {
			t.Errorf("%s is told as %q", without, got)
		}
		if line := w.cond("pack.form.when", without); line.Code != without || line.Text != "Asked only if this formula is true" {
			t.Errorf("%s: %+v", without, line)
		}
	}
}

// What belongs to the decision and to the day that counts is told in the grammar of
// each language, not by a preposition before the bare noun.
func TestBelongingsAreToldInTheReadersGrammar(t *testing.T) {
	want := map[i18n.Lang][2]string{
		i18n.FR: {"l’issue de la décision", "l’année du jour qui compte"},
		i18n.DE: {"das Ergebnis der Entscheidung", "das Jahr des maßgebenden Tages"},
		i18n.LB: {"d’Resultat vun der Decisioun", "d’Joer vum Dag, deen zielt"},
		i18n.EN: {"the outcome of the decision", "the year of the day that counts"},
		i18n.PT: {"o resultado da decisão", "o ano do dia que conta"},
	}
	for _, lang := range i18n.Langs {
		w := garden(t).words(i18ntest.Locale(t, lang, Locales()))
		for i, feelText := range []string{"decision.outcome", "date.year"} {
			if got, ok := w.tell(feelText, func(n feel.Node) string { return w.noun(n, thing{}) }); !ok || got != want[lang][i] {
				t.Errorf("%s: %q %v, want %q", lang, got, ok, want[lang][i])
			}
		}
	}
}

// Values, functions and choices of values are told too.
func TestValuesAreToldInWords(t *testing.T) {
	w := garden(t).words(english(t))
	for _, x := range []struct{ feel, want string }{
		{`min(application.ares, parameters.maxAres)`, `the smallest of: “How many ares do you want?” and “Largest area”`},
		{`round half up(application.ares * (100 - Reduction) / 100, 2)`, `“How many ares do you want?” × (100 − “Reduction”) ÷ 100, rounded to 2 decimals (half up)`},
		{`if application.shed then 1 else null`, `if “Do you want a shed?” is answered “yes”, then 1, else not known`},
		{`{outcome: "refused", reasons: ["notResident"]}`, `Outcome: “refused”; Reasons: “You do not live in the commune.”`},
		{`date("2025-03-01")`, `1 March 2025`},
		{`duration("P" + string(parameters.waitingYears) + "Y")`, `“Years of waiting” years`},
		{`[]`, `nothing`},
		{`application.ares / (Reduction * 2)`, `“How many ares do you want?” ÷ (“Reduction” × 2)`},
		{`application.ares - (Reduction - 2)`, `“How many ares do you want?” − (“Reduction” − 2)`},
		{`application.ares - Reduction * 2`, `“How many ares do you want?” − “Reduction” × 2`},
		{`-(application.ares + Reduction)`, `−(“How many ares do you want?” + “Reduction”)`},
		{`application.ares * -Reduction`, `“How many ares do you want?” × (−“Reduction”)`},
		{`(if application.shed then 1 else 2) * 3`, `(if “Do you want a shed?” is answered “yes”, then 1, else 2) × 3`},
	} {
		got, ok := w.tell(x.feel, func(n feel.Node) string { return w.noun(n, thing{}) })
		if !ok || got != x.want {
			t.Errorf("%s\n got %q %v\nwant %q", x.feel, got, ok, x.want)
		}
	}
}

// The conditions of a rule are all needed: "or" within one of them stands in
// brackets.
func TestCellsDoNotTakeInTheNext(t *testing.T) {
	w := garden(t).words(english(t))
	table := &dmn.DecisionTable{HitPolicy: dmn.Unique,
		Inputs:  []dmn.TableInput{{Expr: &dmn.Literal{Text: "application.ares"}}, {Expr: &dmn.Literal{Text: "application.shed"}}},
		Outputs: []dmn.TableOutput{{Name: "x"}},
		Rules:   []dmn.Rule{{Inputs: []dmn.UnaryTests{{Text: "1, > 5"}, {Text: "true"}}, Outputs: []*dmn.Literal{{Text: "2"}}}}}
	got := told(w.table(table))
	if want := "If (“How many ares do you want?” is answered 1 or “How many ares do you want?” is more than 5) and “Do you want a shed?” is answered “yes”, then: 2"; got[len(got)-1] != want {
		t.Errorf(" got %q\nwant %q", got[len(got)-1], want)
	}
}

// The parts of boxed expressions are named in the reader's language.
func TestBoxedExpressionsAreToldInTheReadersLanguage(t *testing.T) {
	one := &dmn.Literal{Text: "1"}
	for _, x := range []dmn.Expression{&dmn.Conditional{If: one, Then: one, Else: one}, &dmn.Filter{In: one, Match: one}, &dmn.Iteration{Kind: "some", Variable: "x", In: one, Each: one}} {
		en, pt := garden(t).words(english(t)).logic(x), garden(t).words(i18ntest.Locale(t, i18n.PT, Locales())).logic(x)
		for i := range en {
			en, pt := strings.Split(en[i].Text, ": "), strings.Split(pt[i].Text, ": ")
			if slices.Equal(en, pt) || len(en) != len(pt) || strings.Contains(en[0]+pt[0], "[") {
				t.Errorf("%T: %q and %q", x, en, pt)
			}
		}
	}
}

// What a lawyer reads of one change of each kind, in the order was, is.
func TestChangesReadAsWords(t *testing.T) {
	for _, x := range []struct{ file, from, to, label, was, is string }{
		{"form.yaml", `{id: shed, type: yesNo}`, `{id: shed, type: yesNo, required: false}`, "Do you want a shed?", "Must be answered", "May stay empty"},
		{"form.yaml", `{id: name, type: text`, `{id: name, type: textarea`, "Name", "Kind of answer: a line of text", "Kind of answer: a longer text"},
		{"form.yaml", `when: "application.shed"`, `when: "application.ares > 3"`, "Area of the shed in m²", "Asked only if “Do you want a shed?” is answered “yes”", "Asked only if “How many ares do you want?” is more than 3"},
		{"form.yaml", `options: [family, friend]`, `options: [family]`, "Relation", "Answer to choose: Friend", ""},
		{"decision.dmn", `<inputEntry><text>&gt; 3</text>`, `<inputEntry><text>&gt; 4</text>`, "Reduction", "If “Children helping” is more than 3, then: 2 × “Reduction for children”", "If “Children helping” is more than 4, then: 2 × “Reduction for children”"},
		{"decision.dmn", `application.shedSize > 12`, `application.shedSize > 10`, "Decision",
			"Otherwise, if “Area of the shed in m²” is answered and “Area of the shed in m²” is more than 12, then: Outcome: “a person decides”; Amount: “Yearly rent”; Reasons: “The shed is very large.”",
			"Otherwise, if “Area of the shed in m²” is answered and “Area of the shed in m²” is more than 10, then: Outcome: “a person decides”; Amount: “Yearly rent”; Reasons: “The shed is very large.”"},
		{"explanation.yaml", `met: "Resident"`, `met: "not(Resident)"`, "You live in the commune.", "Met if “Resident” is “yes”", "Met if “Resident” is “no”"},
		{"explanation.yaml", `met: "Resident"`, `met: "Resident = true"`, "You live in the commune.", "", ""}, // null is another matter: the file tells
		{"explanation.yaml", `legal: reg-gardens/art3`, `legal: reg-gardens/art2`, "A shed of {size} m² is allowed.", "", ""},
		{"process.bpmn", `sourceRef="examine" targetRef="issue"`, `sourceRef="examine" targetRef="rule"`, "From “Examine” to “Apply the rules”", "After “Examine” comes “Issue the decision”", "After “Examine” comes “Apply the rules”"},
		{"process.bpmn", `pg:role="case-worker"`, `pg:role="head-of-unit"`, "Examine", "This is: step of an official", "This is: step of a head of unit"},
		{"process.bpmn", `decision.outcome = "judgement"`, `decision.outcome != "granted"`, "", "Only if the outcome of the decision is “a person decides”", "Only if the outcome of the decision is not “granted”"},
		{"texts/en.yaml", `Do you want a shed?`, `Do you want sheds?`, "Question “Do you want sheds?”", "Do you want a shed?", "Do you want sheds?"},
		{"letters/granted.en.md", `garden`, `plot`, "Letter when it is granted", "", ""},
	} {
		before, m := garden(t), files(t)
		name := "allotment-garden/2025/" + x.file
		changed := bytes.Replace(m[name].Data, []byte(x.from), []byte(x.to), 1)
		if bytes.Equal(changed, m[name].Data) {
			t.Errorf("%s has no %q", x.file, x.from)
			continue
		}
		m[name] = &fstest.MapFile{Data: changed}
		after, findings := Load(m, "allotment-garden/2025")
		if after == nil {
			t.Errorf("%s: %v", x.to, findings)
			continue
		}
		list := Compare(english(t), before, after)
		if len(list) != 1 {
			t.Errorf("%s: %d differences", x.to, len(list))
			continue
		}
		d := list[0]
		if x.label != "" && d.Label != x.label {
			t.Errorf("%s: called %q, want %q", x.to, d.Label, x.label)
		}
		was, is := strings.Join(told(d.Was), "\n"), strings.Join(told(d.Is), "\n")
		if x.was+x.is != "" && (was != x.was || is != x.is) {
			t.Errorf("%s\n was %q\nwant %q\n  is %q\nwant %q", x.to, was, x.was, is, x.is)
		}
		if len(d.Was)+len(d.Is) == 0 {
			t.Errorf("%s differs in nothing", x.to)
		}
	}
}

// Words that a part uses and that changed elsewhere are no change of the part.
func TestOtherWordsAreToldWhereTheyStand(t *testing.T) {
	m := files(t)
	name := "allotment-garden/2025/texts/en.yaml"
	m[name] = &fstest.MapFile{Data: bytes.Replace(m[name].Data, []byte("Largest area"), []byte("Greatest area"), 1)}
	after, findings := Load(m, "allotment-garden/2025")
	if after == nil {
		t.Fatal(findings)
	}
	if list := Compare(english(t), garden(t), after); len(list) != 1 || list[0].Section != SectionTexts {
		t.Errorf("%+v", list)
	}
}

// Conditions and placeholders of letters are told in brackets.
func TestLettersAreTold(t *testing.T) {
	w := garden(t).words(english(t))
	lines := told(w.letterLines([]byte("Dear reader,\n\n{{#if application.shed}}Your shed of {{application.shedSize | number}} m².{{else}}No shed.{{/if}} {{evidence.person.address.street}}")))
	want := []string{"Dear reader,", "[only if “Do you want a shed?” is answered “yes”:]Your shed of [“Area of the shed in m²”] m².[otherwise:]No shed.[up to here] {{evidence.person.address.street}}"}
	if !slices.Equal(lines, want) {
		t.Errorf("%q", lines)
	}
}

// Only what is called alike shows its key.
func TestKeysAreShownOnlyWhereLabelsMeet(t *testing.T) {
	shown := map[string]bool{}
	for _, part := range garden(t).Outline(english(t)) {
		if part.Section == SectionForm || part.Section == SectionTexts && part.Lang == i18n.EN {
			shown[part.ID] = part.Shared
		}
	}
	if shown["shed"] || !shown["reasons.noRecord"] || !shown["reasons.largeShed"] {
		t.Errorf("%v", shown)
	}
}

// Marked runs make up the texts again, and what is not marked is common.
func TestMark(t *testing.T) {
	before, after := Mark([]Line{say("Time: 2 months"), say("The commune lets gardens.")}, []Line{say("The commune lends gardens."), say("Time: one year")})
	if got := fmt.Sprint(before, after); got != "[{[{Time:  false} {2 months true}] [] false} {[{The commune  false} {lets true} { gardens. false}] [] false}] [{[{The commune  false} {lends true} { gardens. false}] [] false} {[{Time:  false} {one year true}] [] false}]" {
		t.Error(got)
	}
	before, after = Mark([]Line{say("Wholly other")}, []Line{say("Nothing alike here at all")})
	if !before[0].Text[0].Changed || !after[0].Text[0].Changed || len(before[0].Text) != 1 {
		t.Errorf("%v %v", before, after)
	}
	long := strings.Repeat("a b ", 5000)
	if before, after := runs("x "+long, "y "+long); len(before) != 1 || len(after) != 1 || !before[0].Changed {
		t.Errorf("what is too long is marked as a whole: %d, %d runs", len(before), len(after))
	}
	text := rapid.StringMatching(`([abc]{1,2}[ ,.]){0,8}`)
	rapid.Check(t, func(t *rapid.T) {
		a, b := text.Draw(t, "a"), text.Draw(t, "b")
		x, y := runs(a, b)
		whole, common := func(runs []Run, unmarked bool) (out string) {
			for _, r := range runs {
				if !unmarked || !r.Changed {
					out += r.Text
				}
			}
			return out
		}, func(s string) string { return strings.Join(strings.Fields(s), "") }
		if whole(x, false) != a || whole(y, false) != b {
			t.Fatalf("%q %q: %v %v", a, b, x, y)
		}
		if a == b != !slices.ContainsFunc(append(x, y...), func(r Run) bool { return r.Changed }) {
			t.Fatalf("%q %q: %v %v", a, b, x, y)
		}
		if p, q := common(whole(x, true)), common(whole(y, true)); p != q {
			t.Fatalf("%q %q: common %q and %q", a, b, p, q)
		}
	})
}

// Every kind of finding that the example can be broken into is told in every
// language; only an engine's own words stay English.
func TestFindingsAreToldInEveryLanguage(t *testing.T) {
	src, err := os.ReadFile("testdata/broken.txt")
	if err != nil {
		t.Fatal(err)
	}
	_, cases := breakages(t, string(src))
	bundle, told := i18ntest.Bundle(t, Locales()), map[string]bool{}
	for _, c := range cases {
		m := files(t)
		c.apply(t, m)
		p, findings := Load(m, "allotment-garden/2025")
		if p != nil {
			findings = append(findings, Check(p)...)
		}
		for _, f := range findings {
			told[f.Code] = true
			for _, lang := range i18n.Langs {
				before, english, after := f.Tell(bundle.For(lang))
				said := before + english + after
				if lang == i18n.EN && said != f.Msg && !isoDay.MatchString(strings.Join(regexp.MustCompile(`[0-9-]{10}`).FindAllString(f.Msg, 1), "")) {
					t.Errorf("%s: %q, and on the command line %q", f.Code, said, f.Msg)
				}
				if lang != i18n.EN && (said == f.Msg || before == "") || strings.Contains(said, "pack.") || strings.Contains(said, engineWords) {
					t.Errorf("%s in %s: %q", f.Code, lang, said)
				}
			}
		}
	}
	if len(told) < 55 {
		t.Errorf("only %d kinds were tried", len(told))
	}
}

// Every code that the checks give has its sentence, and no sentence is left over.
func TestEveryFindingHasItsSentence(t *testing.T) {
	known, used := map[string]bool{}, map[string]bool{}
	for _, key := range i18n.Keys(Locales()) {
		if strings.HasPrefix(key, "pack.finding.") {
			known[key] = true
		}
	}
	entries, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	uncoded := regexp.MustCompile(`\bl\.(?:fault|warn)\((?:[^",\n]+|"[^"\n]*"), [^"\n]*, "([^p"][^"]*|p[^a][^"]*)"`)
	given := regexp.MustCompile(`"(pack\.finding\.[\w.]+\w)"|asReason\("(\w+)"`)
	for _, e := range entries {
		if !strings.HasSuffix(e.Name(), ".go") || strings.HasSuffix(e.Name(), "_test.go") {
			continue
		}
		src, err := os.ReadFile(e.Name())
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range uncoded.FindAllStringSubmatch(string(src), -1) {
			t.Errorf("%s finds %q, which is no code", e.Name(), m[1])
		}
		for _, m := range given.FindAllStringSubmatch(string(src), -1) {
			key := m[1]
			if key == "" {
				key = "pack.finding.why." + m[2]
			}
			used[key] = true
			if !known[key] {
				t.Errorf("%s gives %s, which has no sentence", e.Name(), key)
			}
		}
	}
	for key := range known {
		if !used[key] {
			t.Errorf("%s is given by nothing", key)
		}
	}
}
