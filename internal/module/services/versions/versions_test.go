package versions_test

import (
	"bytes"
	"io/fs"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"passerelle/internal/module/services/pack"
	"passerelle/internal/module/services/versions"
	"passerelle/internal/platform/i18n"
	"passerelle/internal/platform/i18n/i18ntest"
	packages "passerelle/services"
)

func TestTextsAreComplete(t *testing.T) { i18ntest.Complete(t, versions.Locales) }

// told are the lines of one part that differ, as a person reads them.
func told(list []pack.Difference, s pack.Section, id string) (was, is []string) {
	words := func(lines []pack.Line) (out []string) {
		for _, x := range lines {
			if !x.Raw {
				out = append(out, x.Text)
			}
		}
		return out
	}
	for _, d := range list {
		if d.Section == s && d.ID == id {
			return words(d.Was), words(d.Is)
		}
	}
	return nil, nil
}

func klimabonus(t *testing.T) (before, after *pack.Package) {
	t.Helper()
	set, _ := pack.LoadSet(packages.Luxembourg())
	before, ok1 := set.Version("klimabonus-heat-pump", "2025")
	after, ok2 := set.Version("klimabonus-heat-pump", "2026")
	if !ok1 || !ok2 {
		t.Fatal("the two versions of the Klimabonus are gone")
	}
	return before, after
}

// feelName is how FEEL and the files call things.
var feelName = regexp.MustCompile(`\b(application|parameters|evidence|decision)\.[a-z]|\btypeRef\b|serviceTask|!= null|\bexplanation\.`)

// The services of the State can be compared in every language: only what differs
// is told, and in words.
func TestTheStatesVersionsAreCompared(t *testing.T) {
	before, after := klimabonus(t)
	b := i18ntest.Bundle(t, pack.Locales())
	for _, lang := range i18n.Langs {
		list := pack.Compare(b.For(lang), before, after)
		seen := map[pack.Section]int{}
		for _, d := range list {
			seen[d.Section]++
			if len(d.Was)+len(d.Is) == 0 {
				t.Errorf("%s: %s %s differs in nothing", lang, d.Section, d.ID)
			}
			if d.Section == pack.SectionFiles || d.Section == pack.SectionLetters || d.Section == pack.SectionService {
				continue
			}
			for _, x := range slices.Concat(d.Was, d.Is, []pack.Line{{Text: d.Label}}) {
				if !x.Raw && feelName.MatchString(x.Text) {
					t.Errorf("%s: %s %s says %q", lang, d.Section, d.ID, x.Text)
				}
			}
		}
		if seen[pack.SectionParameters] == 0 || seen[pack.SectionRules] == 0 || seen[pack.SectionService] == 0 {
			t.Errorf("%s: %v", lang, seen)
		}
	}
}

// What changed in the rules of the Klimabonus, as a lawyer reads it.
func TestTheKlimabonusChangeReadsAsALawyerReadsIt(t *testing.T) {
	before, after := klimabonus(t)
	b := i18ntest.Bundle(t, pack.Locales())
	for _, x := range []struct {
		lang    i18n.Lang
		section pack.Section
		id      string
		was, is []string // that are among the lines
	}{
		{i18n.DE, pack.SectionRules, "Failed conditions", []string{"Wenn „Hat der Staat für diese Wärmepumpe schon Geld gezahlt?“ mit „ja“ beantwortet ist, dann: „Der Staat hat für diese Wärmepumpe schon gezahlt. Er zahlt nur einmal.“ (Anmerkung: guichet.public.lu: paid only once for an installation)"}, nil},
		{i18n.DE, pack.SectionRules, "Open questions", nil, []string{"Sonst, wenn „Die Beträge der neuen Regeln sind bekannt“ den Wert „ja“ hat, dann: nichts", "Stützt sich auf „Die Beträge der neuen Regeln sind bekannt“"}},
		{i18n.FR, pack.SectionRules, "Failed conditions", []string{"Si « L’État a-t-il déjà payé une aide pour cette pompe à chaleur ? » a pour réponse « oui », alors : « L’État a déjà payé une aide pour cette pompe. Il ne paie qu’une fois. » (Remarque : guichet.public.lu: paid only once for an installation)"}, nil},
		{i18n.EN, pack.SectionExplanation, "conditions.rules", []string{"If “Which rules apply” is “old”, then: met"}, []string{"If “Which rules apply” is “new”, then: met"}},
		{i18n.PT, pack.SectionExplanation, "rows.newBasic", nil, []string{"Unidade: euros"}},
		{i18n.LB, pack.SectionParameters, "newBasicAid", nil, []string{"Eenheet: Euro"}},
	} {
		was, is := told(pack.Compare(b.For(x.lang), before, after), x.section, x.id)
		plain := func(list []string) (out []string) { // blanks that do not break are blanks
			for _, line := range list {
				out = append(out, strings.ReplaceAll(line, "\u00a0", " "))
			}
			return out
		}
		was, is = plain(was), plain(is)
		for _, want := range x.was {
			if !slices.Contains(was, want) {
				t.Errorf("%s %s: the old version lacks %q in %q", x.lang, x.id, want, was)
			}
		}
		for _, want := range x.is {
			if !slices.Contains(is, want) {
				t.Errorf("%s %s: the new version lacks %q in %q", x.lang, x.id, want, is)
			}
		}
	}
	if was, is := told(pack.Compare(b.For(i18n.DE), before, after), pack.SectionRules, "Replacement aid"); was != nil || is != nil {
		t.Errorf("a rule that did not change is told, because the words of a reason did: %q %q", was, is)
	}
}

// What changes in the steps of a service with several parties, by name and kind,
// with its time limits in words.
func TestAChangedProcessReadsAsWords(t *testing.T) {
	m := fstest.MapFS{}
	const dir = "parental-leave/2025"
	all := packages.Luxembourg()
	err := fs.WalkDir(all, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || strings.Contains(name, "/") && !strings.HasPrefix(name, dir) {
			return err
		}
		src, err := fs.ReadFile(all, name)
		m[name] = &fstest.MapFile{Data: src}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	before, findings := pack.Load(m, dir)
	if before == nil {
		t.Fatal(findings)
	}
	file := dir + "/process.bpmn"
	src := m[file].Data
	for _, x := range []struct{ from, to string }{
		{"P30D</timeDuration>", "P1M</timeDuration>"},
		{`pg:remind="P14D P25D"`, `pg:remind="P7D"`},
		{`cancelActivity="true"><outgoing>f7`, `cancelActivity="true" pg:count="days"><outgoing>f7`},
		{`application.otherParent = true`, `application.otherParent = true and application.leave = "second"`},
		{`id="refused" name="Refused"`, `id="turnedDown" name="Turned down"`}, {`targetRef="refused"`, `targetRef="turnedDown"`}, {`bpmnElement="refused"`, `bpmnElement="turnedDown"`},
		{`<conditionExpression xsi:type="tFormalExpression">application.employerName`, `<conditionExpression xsi:type="tFormalExpression">evidence.employment.periods[1].employer`},
	} {
		if !bytes.Contains(src, []byte(x.from)) {
			t.Fatalf("the process has no %q", x.from)
		}
		src = bytes.Replace(src, []byte(x.from), []byte(x.to), 1)
	}
	m[file] = &fstest.MapFile{Data: src}
	after, findings := pack.Load(m, dir)
	if after == nil {
		t.Fatal(findings)
	}
	list := pack.Compare(i18ntest.Locale(t, i18n.EN, pack.Locales()), before, after)
	for _, x := range []struct{ id, was, is string }{
		{"employerSilent", "Time limit: 30 days", "Time limit: 1 month"},
		{"employerAnswers", "Reminders after 14 days and 25 days", "Reminders after 7 days"},
		{"otherParentSilent", "", "Counted in days"},
		{"f3", "Only if “Is there another parent who works or wants parental leave too?” is answered “yes”", "Only if “Is there another parent who works or wants parental leave too?” is answered “yes” and “Which leave do you apply for?” is answered “The second leave, later”"},
		{"f19", "After “Granted?” comes “Refused”", "After “Granted?” comes “turnedDown”"},
		{"f2", "Only if “Who is your employer?” is answered", "Only if this formula is true"},
		{"turnedDown", "", "This is: end"},
		{"refused", "This is: end", ""},
	} {
		was, is := told(list, pack.SectionProcess, x.id)
		if strings.Join(was, "\n") != x.was || strings.Join(is, "\n") != x.is {
			t.Errorf("%s: %q, %q\nwant %q, %q", x.id, was, is, x.was, x.is)
		}
	}
	for _, d := range list {
		if d.Section == pack.SectionProcess && d.ID == "f2" && (len(d.Is) == 0 || d.Is[0].Code != "evidence.employment.periods[1].employer != null") {
			t.Errorf("what has no words stands as it is written: %+v", d.Is)
		}
	}
}
