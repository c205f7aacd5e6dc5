package pack

import (
	"encoding/json"
	"testing"
	"time"

	"passerelle/engine/feel"
)

// A decision is written exactly as encoding/json writes its snapshot.
func TestSnapshotBytes(t *testing.T) {
	decided, err := garden(t).Decide(facts())
	if err != nil {
		t.Fatal(err)
	}
	date := time.Date(2025, 3, 9, 0, 0, 0, 0, time.UTC)
	all := Decision{Outcome: Granted, Amount: "1817.00", Reasons: []string{"one", `"<two>"`}, ReferenceDate: date, Package: "a/1", Hash: "ff",
		Value:  feel.Context(feel.Entry{Name: "é", Value: feel.DateOf(date)}, feel.Entry{Name: "@", Value: feel.String("@x\n")}),
		Values: map[string]feel.Value{"b": feel.Null(), "a & b": feel.List(feel.Bool(true), feel.MustNumber("1.50")), "": feel.Context()},
		Rules:  map[string][]string{"z": {"1"}, "y": nil, "x": {"r2", "r3"}},
		Parameters: []ParameterUse{{ID: "rate", From: date, Status: Verified, Legal: "law/art. 1"},
			{ID: "limit", From: time.Date(2025, 1, 1, 0, 0, 0, 5, time.FixedZone("", 3600)), Status: NotFound}}}
	for name, d := range map[string]Decision{"decided": decided, "all": all, "zero": {}} {
		got, err := json.Marshal(d)
		if err != nil {
			t.Fatal(err)
		}
		want, err := json.Marshal(asSnapshot(t, d))
		if err != nil {
			t.Fatal(err)
		}
		if string(got) != string(want) {
			t.Errorf("%s:\n%s, want\n%s", name, got, want)
		}
	}
}

func asSnapshot(t *testing.T, d Decision) snapshot {
	t.Helper()
	keep := func(v feel.Value) json.RawMessage {
		raw, err := v2json(nil, v)
		if err != nil {
			t.Fatal(err)
		}
		return raw
	}
	s := snapshot{Outcome: d.Outcome, Amount: d.Amount, Reasons: d.Reasons, Value: keep(d.Value), Values: map[string]json.RawMessage{},
		Parameters: d.Parameters, Rules: d.Rules, ReferenceDate: d.ReferenceDate.Format(time.DateOnly), Package: d.Package, Hash: d.Hash}
	for name, v := range d.Values {
		s.Values[name] = keep(v)
	}
	return s
}
