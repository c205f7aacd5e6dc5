package pack

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"os"
	"strings"
	"testing"
	"time"

	"passerelle/engine/dmn"
	"passerelle/engine/form"
)

func receipt(t *testing.T, p *Package) Receipt {
	t.Helper()
	f := alone("2010-01-01", false, 270_000, 270_000, 270_000)
	d, err := p.Decide(f)
	if err != nil {
		t.Fatal(err)
	}
	r, err := p.Receipt(f, d, "AVC-2025-TEST", time.Date(2025, 11, 24, 10, 0, 0, 0, time.UTC), ReceiptIssued{Outcome: d.Outcome, Amount: d.Amount, ByRule: true})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestReceiptIsReplayed(t *testing.T) {
	p := allowance(t)
	text, err := receipt(t, p).JSON()
	if err != nil {
		t.Fatal(err)
	}
	r, err := ReadReceipt(text)
	if err != nil {
		t.Fatal(err)
	}
	again, err := allowance(t).Replay(r)
	if err != nil || !again.Same() || !again.SamePackage || !again.SameEngine {
		t.Errorf("%+v %v", again, err)
	}
	if indented, _ := json.MarshalIndent(r, "", "  "); true {
		if r, err = ReadReceipt(indented); err != nil {
			t.Fatal(err)
		}
		if again, err := p.Replay(r); err != nil || !again.Same() {
			t.Errorf("written with other spaces: %+v %v", again, err)
		}
	}
}

// Whoever changes anything in a receipt is found out.
func TestEveryTouchIsSeen(t *testing.T) {
	p := allowance(t)
	text, err := receipt(t, p).JSON()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ from, to string }{
		{`"AVC-2025-TEST"`, `"AVC-2025-TEXT"`},
		{`"gross":"2700.00"`, `"gross":"2600.00"`},
		{`"outcome":"granted"`, `"outcome":"refused"`},
		{`"amount":"2417.00"`, `"amount":"9417.00"`},
		{`"studentAid":false`, `"studentAid":null`},
		{`"residentSince":"2010-01-01"`, `"residentSince":"2010-01-02"`},
		{`"byRule":true`, `"byRule":false`},
		{`"date":"2025-11-24"`, `"date":"2025-11-23"`},
		{`"decidedAt":"2025-11-24T10:00:00Z"`, `"decidedAt":"2025-11-24T10:00:01Z"`},
		{`"service":"cost-of-living-allowance"`, `"service":"cost-of-living-allowances"`},
		{`"name":"passerelle/engine/dmn"`, `"name":"another"`},
	} {
		changed := strings.Replace(string(text), c.from, c.to, 1)
		if changed == string(text) {
			t.Errorf("the receipt does not say %s", c.from)
			continue
		}
		r, err := ReadReceipt([]byte(changed))
		if err != nil {
			t.Errorf("%s: %v", c.to, err)
			continue
		}
		if again, err := p.Replay(r); err != nil || again.Untouched || again.Same() {
			t.Errorf("%s is not noticed: %+v %v", c.to, again, err)
		}
	}
	// What was issued on the ground of the rules is their result.
	if r, _ := ReadReceipt(text); true {
		r.Issued.Amount = "9417.00"
		if err := r.seal(); err != nil {
			t.Fatal(err)
		}
		if again, err := p.Replay(r); err != nil || !again.Untouched || again.SameIssued || again.Same() {
			t.Errorf("another amount was issued: %+v %v", again, err)
		}
	}
	// Even one whose hashes were computed anew: the rules come to another result.
	r, _ := ReadReceipt([]byte(strings.Replace(string(text), `"gross":"2700.00"`, `"gross":"9700.00"`, 3)))
	if err := r.seal(); err != nil {
		t.Fatal(err)
	}
	if again, err := p.Replay(r); err != nil || !again.Untouched || again.SameResult || len(again.Differences) == 0 {
		t.Errorf("forged facts: %+v %v", again, err)
	}
}

func TestReceiptOfOtherRules(t *testing.T) {
	p := allowance(t)
	r := receipt(t, p)
	changed := *p
	changed.files = map[string][]byte{}
	for name, text := range p.files {
		changed.files[name] = text
	}
	changed.files["decision.dmn"] = append([]byte("<!-- -->"), p.files["decision.dmn"]...)
	changed.Hash, changed.Rules = hash(changed.files), rulesHash(changed.files)
	if again, err := changed.Replay(r); err != nil || again.SameRules || again.SamePackage || !again.SameResult || !again.Same() {
		t.Errorf("%+v %v", again, err)
	}
	for _, text := range []string{"", "{}", `{"format":"https://passerelle.lu/receipt/1","more":1}`, `[]`} {
		if _, err := ReadReceipt([]byte(text)); err == nil {
			t.Errorf("%q is a receipt", text)
		}
	}
}

// The version of the engine stands for what it computes: all decisions of the
// scenarios of the garden package, recorded. When this fails although the
// package is the same, dmn.EngineVersion becomes the next one.
func TestTheEngineVersionStandsForItsResults(t *testing.T) {
	const version, recorded = "1", "241d8fd231be1ee85233c7f07495cf6d176389a92f90a68c60fbf8e5742947b5"
	p, findings := Load(os.DirFS("testdata/set"), "allotment-garden/2025")
	if p == nil {
		t.Fatal(findings)
	}
	list, _ := p.scenarios()
	h := sha256.New()
	for _, s := range list {
		f, err := s.facts()
		if err != nil {
			t.Fatal(err)
		}
		d, err := p.Decide(f)
		if err != nil {
			h.Write([]byte("undecided\n"))
			continue
		}
		text, err := result(d)
		if err != nil {
			t.Fatal(err)
		}
		h.Write(append(text, '\n'))
	}
	if got := hex.EncodeToString(h.Sum(nil)); got != recorded || dmn.EngineVersion != version {
		t.Errorf("engine %s gives results %s, version %s was recorded with %s", dmn.EngineVersion, got, version, recorded)
	}
}

// TestAReceiptHoldsItsCalendar: a closing day that the rules counted with is one
// of the facts, and a later calendar does not change what was decided.
func TestAReceiptHoldsItsCalendar(t *testing.T) {
	p, findings := Load(os.DirFS("../../../../services/lu"), "declaration-of-arrival/2025")
	if p == nil {
		t.Fatal(findings)
	}
	f := Facts{Date: time.Date(2025, 3, 12, 0, 0, 0, 0, time.UTC), Application: form.Answers{
		"capacity": "proxy", "theirGivenName": "Person 1", "theirFamilyName": "Test", "theirNationality": "LU", "origin": "commune",
		"arrived": "2025-03-03", "lodging": "tenant", "proxyProof": []any{map[string]any{"name": "proxy.pdf"}}}}
	p.calendar = []CalendarFact{{"2025-03-11", DayClosing}}
	d, err := p.Decide(f)
	if err != nil || d.Values["Last day"].String() != `@"2025-03-12"` || d.Values["Days late"].String() != "0" {
		t.Fatalf("the closing day does not move the last day: %v %v %v", d.Values["Last day"], d.Values["Days late"], err)
	}
	stored, err := json.Marshal(d)
	if err != nil {
		t.Fatal(err)
	}
	var read Decision
	if err := json.Unmarshal(stored, &read); err != nil {
		t.Fatal(err)
	}
	p.calendar = []CalendarFact{}
	r, err := p.Receipt(f, read, "ARR-2025-TEST", f.Date, ReceiptIssued{Outcome: d.Outcome, ByRule: true})
	if err != nil {
		t.Fatal(err)
	}
	if again, err := p.Replay(r); err != nil || !again.Same() {
		t.Errorf("%+v %v", again, err)
	}
	r.Inputs.Calendar = nil
	if again, err := p.Replay(r); err != nil || again.Untouched || again.SameResult {
		t.Errorf("the calendar is not among the facts: %+v %v", again, err)
	}
}
