package pack

import (
	"os"
	"testing"
	"time"
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
