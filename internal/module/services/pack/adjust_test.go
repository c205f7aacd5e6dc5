package pack

import (
	"os"
	"testing"
	"time"

	"passerelle/engine/feel"
)

// A changed limit carries with it what the law derives from it, touches nothing
// else, and is told from the package by its hash.
func TestAdjust(t *testing.T) {
	p, findings := Load(os.DirFS("../../../../services/lu"), "cost-of-living-allowance/2025")
	if p == nil {
		t.Fatal(findings)
	}
	day := time.Date(2025, 11, 24, 0, 0, 0, 0, time.UTC)
	before, err := p.Parameters.Context(day)
	if err != nil {
		t.Fatal(err)
	}
	q, became, err := p.Adjust(day, []Change{{Parameter: "monthlyLimit", Value: "value + 100"}})
	if err != nil {
		t.Fatal(err)
	}
	after, err := q.Parameters.Context(day)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ name, was, is string }{
		{"monthlyLimit", "2710.51", "2810.51"}, {"reducedUntil", "2861.92", "2961.93"}, {"fullAmount", "1817", "1817"},
	} {
		was, _ := before.Get(c.name)
		is, _ := after.Get(c.name)
		if was.Items()[0].String() != c.was || is.Items()[0].String() != c.is {
			t.Errorf("%s: %s became %s, want %s and %s", c.name, was.Items()[0], is.Items()[0], c.was, c.is)
		}
	}
	if q.Hash == p.Hash || len(became) != 3 {
		t.Errorf("hash %s, became %v", q.Hash, became)
	}
	if now, _ := p.Parameters.Context(day); !now.Equal(before) {
		t.Error("the package itself changed")
	}
	if same, _, err := p.Adjust(day, nil); err != nil || same != p {
		t.Errorf("nothing to change: %v", err)
	}
	own, _, err := p.Adjust(day, []Change{{Parameter: "monthlyLimit", Value: "value + 100"}, {Parameter: "reducedUntil", Value: "value"}})
	if err != nil {
		t.Fatal(err)
	}
	params, _ := own.Parameters.Context(day)
	if v, _ := params.Get("reducedUntil"); v.Items()[0].String() != "2861.92" {
		t.Errorf("a value given by hand was derived all the same: %s", v)
	}
}

// A reference date before the day of the run has the changed value from the
// beginning of the period, and the law of its own day before and after.
func TestAdjustedValuesHoldInTheirPeriod(t *testing.T) {
	at := func(iso string) time.Time {
		d, err := time.Parse(time.DateOnly, iso)
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	value := func(n int64, from, to string) ParameterValue {
		v := ParameterValue{From: at(from), Value: feel.Int(n)}
		if to != "" {
			v.To = at(to)
		}
		return v
	}
	p := &Package{Hash: "law", Parameters: &Parameters{List: []Parameter{
		{ID: "limit", Values: []ParameterValue{value(100, "2020-01-01", ""), value(110, "2024-03-01", ""), value(120, "2026-01-01", "")}},
		{ID: "reduced", Values: []ParameterValue{value(50, "2020-01-01", "2025-06-30"), value(60, "2025-07-01", "")}},
		{ID: "other", Values: []ParameterValue{value(7, "2020-01-01", ""), value(8, "2025-01-01", "")}},
	}}}
	p.Parameters.index()
	for _, c := range []struct {
		name    string
		changes []Change
		want    map[string]string // limit, reduced, other on a day
	}{
		{"one value, from the beginning of its period to its end", []Change{{"limit", "value + 1"}}, map[string]string{
			"2024-02-29": "100 50 7", "2024-03-01": "111 50 7", "2024-12-31": "111 50 7", "2025-11-24": "111 60 8", "2025-12-31": "111 60 8", "2026-01-01": "120 60 8"}},
		{"two values, while both are in force", []Change{{"limit", "value + 1"}, {"reduced", "parameters.limit / 3"}}, map[string]string{
			"2024-03-01": "110 50 7", "2025-06-30": "110 50 8", "2025-07-01": "111 37 8", "2025-12-31": "111 37 8", "2026-01-01": "120 60 8"}},
		{"the same twice", []Change{{"limit", "value + 1"}, {"limit", "value + 1"}}, map[string]string{"2024-03-01": "112 50 7", "2026-01-01": "120 60 8"}},
	} {
		q, _, err := p.Adjust(at("2025-11-24"), c.changes)
		if err != nil {
			t.Fatal(err)
		}
		for date, want := range c.want {
			now, err := q.Parameters.Context(at(date))
			if err != nil {
				t.Errorf("%s, %s: %v", c.name, date, err)
				continue
			}
			limit, _ := now.Get("limit")
			reduced, _ := now.Get("reduced")
			other, _ := now.Get("other")
			if got := limit.String() + " " + reduced.String() + " " + other.String(); got != want {
				t.Errorf("%s, %s: %s, want %s", c.name, date, got, want)
			}
		}
	}
}
