package pack

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"pgregory.net/rapid"

	"passerelle/engine/dmn"
	"passerelle/engine/feel"
)

func allowance(t testing.TB) *Package {
	t.Helper()
	p, findings := Load(os.DirFS("../../../../services/lu"), "cost-of-living-allowance/2025")
	if p == nil {
		t.Fatal(findings)
	}
	return p
}

// alone is somebody who lives alone, with what they earn in three months in
// cents.
func alone(since string, aid bool, cents ...int) Facts {
	months := ""
	for i, c := range cents {
		months += fmt.Sprintf(`,{"month":"2025-%02d","gross":"%d.%02d","kind":"pension"}`, 10-i, c/100, c%100)
	}
	return Facts{
		Date:        time.Date(2025, 11, 24, 0, 0, 0, 0, time.UTC),
		Application: map[string]any{"otherIncome": false, "studentAid": aid, "detention": false, "stay": "ordinary", "truthful": true, "changes": true},
		Applicant:   feel.Context(feel.Entry{Name: "id", Value: feel.String("1980010100001")}),
		Evidence: map[string]json.RawMessage{
			"person":    json.RawMessage(`{"id":"1980010100001","nationality":"LU","register":"main","residentSince":"` + since + `"}`),
			"household": json.RawMessage(`{"members":[{"id":"1980010100001","birthDate":"1980-01-01","relation":"self"}]}`),
			"incomes":   json.RawMessage(`[{"months":[` + months[1:] + `]}]`),
			"bank":      json.RawMessage(`{"iban":"LU280019400644750000"}`),
		},
	}
}

// What is told really happens: the decision changes at To, and not at Last, one
// step before.
func TestTheNearestChangeIsTrue(t *testing.T) {
	p := allowance(t)
	told := 0
	rapid.Check(t, func(t *rapid.T) {
		f := alone(fmt.Sprintf("202%d-%02d-%02d", rapid.IntRange(3, 5).Draw(t, "year"), rapid.IntRange(1, 11).Draw(t, "month"), rapid.IntRange(1, 28).Draw(t, "day")),
			rapid.Bool().Draw(t, "aid"), rapid.IntRange(0, 500_000).Draw(t, "a"), rapid.IntRange(0, 500_000).Draw(t, "b"), rapid.IntRange(0, 500_000).Draw(t, "c"))
		d, err := p.Decide(f)
		if err != nil {
			t.Fatal(err)
		}
		before := p.nearestFate(d)
		all, _ := p.Nearest(f, d)
		for _, n := range all {
			told++
			fate := func(v feel.Value) nearestFate {
				in, err := p.inputs(f)
				if err != nil {
					t.Fatal(err)
				}
				var opts []dmn.Option
				switch n.ID {
				case "income":
					opts = []dmn.Option{dmn.Suppose("Household income", v), dmn.Suppose("Income without children", v)}
				case "studentAid":
					in.context = put(in.context, []string{"application", "studentAid"}, v)
				default:
					day, _ := v.AsTime(time.UTC)
					if n.ID == "residentSince" {
						in.context = put(in.context, []string{"evidence", "person", "residentSince"}, feel.String(day.Format(time.DateOnly)))
						break
					}
					moved := f
					moved.Date = day
					if in, err = p.inputs(moved); err != nil {
						t.Fatal(err)
					}
				}
				d, _, err := p.decideOn(in, f, append(opts, dmn.WithRules())...)
				if err != nil {
					t.Fatal(err)
				}
				return p.nearestFate(d)
			}
			if last := fate(n.Last); last.differs(before) && n.ID != "studentAid" {
				t.Fatalf("%s: %+v already at %s, said to change at %s", n.ID, last, n.Last, n.To)
			}
			to := fate(n.To)
			if !to.differs(before) || to.outcome != n.Outcome || to.amount != n.Amount {
				t.Fatalf("%s at %s: %+v, told %s %s", n.ID, n.To, to, n.Outcome, n.Amount)
			}
			if n.Better && (to.outcome != Granted) {
				t.Fatalf("%s is told as better: %+v", n.ID, to)
			}
		}
	})
	if told == 0 {
		t.Error("nothing was told")
	}
}

// An answer that moves the reference date brings the law of that day with it.
func TestAnAnswerMovesTheLaw(t *testing.T) {
	m := files(t)
	const service = "allotment-garden/2025/service.yaml"
	m[service].Data = append(m[service].Data, "\nreferenceDate: 'if application.shed then @\"2025-07-15\" else date'\n"...)
	p, findings := Load(m, "allotment-garden/2025")
	if p == nil {
		t.Fatal(findings)
	}
	f := facts()
	f.Application["shed"] = false
	in, err := p.inputs(f)
	if err != nil {
		t.Fatal(err)
	}
	rent := func(in decisionInputs) string {
		v, _ := in.at([]string{"parameters", "rentPerAre"})
		return v.String()
	}
	moved, err := p.redated(in, []string{"application", "shed"}, feel.Bool(true), f.Date)
	if err != nil || moved.ref.Format(time.DateOnly) != "2025-07-15" || rent(in) != "24" || rent(moved) != "25.5" {
		t.Errorf("%s %s, moved %s %s: %v", in.ref, rent(in), moved.ref, rent(moved), err)
	}
}

// The premium jumps from half to whole, and from whole to half, for the same
// reason: both are told, to the cent.
func TestAJumpForTheSameReasonIsTold(t *testing.T) {
	p := allowance(t)
	for _, c := range []struct {
		income     int
		is, to, at string
		better     bool
	}{
		{338_814, "300.00", "600.00", "3388.13", true},
		{338_000, "600.00", "300.00", "3388.14", false},
	} {
		f := alone("2010-01-01", false, c.income, c.income, c.income)
		d, err := p.Decide(f)
		if err != nil || d.Amount != c.is {
			t.Fatalf("%d: %s %v", c.income, d.Amount, err)
		}
		found := false
		all, _ := p.Nearest(f, d)
		for _, n := range all {
			if n.ID == "income" && n.Better == c.better {
				found = true
				if n.Amount != c.to || n.To.String() != c.at {
					t.Errorf("%d: %s at %s, want %s at %s", c.income, n.Amount, n.To, c.to, c.at)
				}
			}
		}
		if !found {
			t.Errorf("%d: nothing is told", c.income)
		}
	}
}

func TestNobodyIsPromisedWhatAPersonDecides(t *testing.T) {
	p := allowance(t)
	f := alone("2010-01-01", false, 300_000, 300_000, 300_000)
	d, err := p.Decide(f)
	if err != nil {
		t.Fatal(err)
	}
	d.Outcome = Judgement
	if n, open := p.Nearest(f, d); n != nil || open {
		t.Errorf("%+v", n)
	}
}

// A refusal that nothing certain would lift, while one change would open a
// question for a person, says so; one with a certain way out does not need to.
func TestItIsSaidThatAPersonWouldDecide(t *testing.T) {
	p, findings := Load(os.DirFS("../../../../services/lu"), "business-permit/2025")
	if p == nil {
		t.Fatal(findings)
	}
	const person = `{"id":"1980010100001","givenName":"Person 1","familyName":"Test","birthDate":"1980-01-01","nationality":"LU","register":"main","residentSince":"2010-05-01"}`
	for _, c := range []struct {
		entries    string
		told, open bool
	}{
		{`[]`, true, false},
		{`[{"text":"A conviction"}]`, false, true},
	} {
		f := Facts{
			Date: time.Date(2025, 3, 15, 0, 0, 0, 0, time.UTC),
			Application: map[string]any{"tradeName": "Au coin de la rue", "legalForm": "soleTrader", "fixed": false, "activity": "commerce", "present": true,
				"bankruptcy": false, "truthful": true, "record": true},
			Applicant: feel.Context(feel.Entry{Name: "id", Value: feel.String("1980010100001")}),
			Evidence: map[string]json.RawMessage{"person": json.RawMessage(person),
				"record": json.RawMessage(`{"bulletin":"3","entries":` + c.entries + `,"issued":"2025-03-15"}`)},
		}
		d, err := p.Decide(f)
		if err != nil || d.Outcome != Refused {
			t.Fatalf("%s %v", d.Outcome, err)
		}
		if all, open := p.Nearest(f, d); len(all) > 0 != c.told || open != c.open {
			t.Errorf("entries %s: %d changes, open %v", c.entries, len(all), open)
		}
	}
}

func BenchmarkNearest(b *testing.B) {
	p := allowance(b)
	f := alone("2010-01-01", false, 400_000, 400_000, 400_000)
	d, err := p.Decide(f)
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if all, _ := p.Nearest(f, d); len(all) == 0 {
			b.Fatal("none")
		}
	}
}

// What alone would change a decision is sought with the calendar it was made with,
// not with that of the day on which somebody reads it.
func TestTheNearestChangeCountsWithTheCalendarOfTheDecision(t *testing.T) {
	const dir = "cost-of-living-allowance/2025"
	root, m := os.DirFS("../../../../services/lu"), fstest.MapFS{}
	err := fs.WalkDir(root, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || strings.Count(name, "/") > 0 && !strings.HasPrefix(name, dir) {
			return err
		}
		text, err := fs.ReadFile(root, name)
		m[name] = &fstest.MapFile{Data: text}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	model := m[dir+"/decision.dmn"]
	model.Data = []byte(strings.NewReplacer(
		`<inputData id="in_application"`, `<inputData id="in_calendar" name="calendar"><variable name="calendar" typeRef="Any" /></inputData><inputData id="in_application"`,
		`<informationRequirement id="q1_d_IncomeLimit">`, `<informationRequirement id="q3_d_IncomeLimit"><requiredInput href="#in_calendar" /></informationRequirement><informationRequirement id="q1_d_IncomeLimit">`,
		`then parameters.monthlyLimit[Household size] else`, `then parameters.monthlyLimit[Household size] + 100 * count(calendar.closings) else`,
	).Replace(string(model.Data)))
	p, findings := Load(m, dir)
	if p == nil {
		t.Fatal(findings)
	}
	f := alone("2023-01-01", false, 200_000, 200_000, 200_000)
	income := func(calendar []CalendarFact, d Decision) string {
		p.calendar = calendar
		found, _ := p.Nearest(f, d)
		for _, n := range found {
			if n.ID == "income" {
				return n.Last.String()
			}
		}
		return "none"
	}
	for _, then := range [][]CalendarFact{nil, {{"2025-03-14", DayClosing}}} {
		p.calendar = then
		d, err := p.Decide(f)
		if err != nil {
			t.Fatal(err)
		}
		was := income(then, d)
		if now := income([]CalendarFact{{"2025-03-14", DayClosing}, {"2025-03-17", DayClosing}}, d); was == "none" || now != was {
			t.Errorf("%s, and with a later calendar %s", was, now)
		}
	}
}
