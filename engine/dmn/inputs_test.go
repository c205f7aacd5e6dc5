package dmn

import "testing"

func TestInputsFromJSON(t *testing.T) {
	m := load(t, "allowance", "rates")
	in, err := m.InputsFromJSON("Outcome", []byte(`{"Household": {"size": 2, "monthly income": 2999.99, "resident since": "2020-01-01"}, "Reference date": "2025-06-01"}`))
	if err != nil {
		t.Fatal(err)
	}
	if want := val(t, `{Household: {size: 2, monthly income: 2999.99, resident since: @"2020-01-01"}, Reference date: @"2025-06-01"}`); !in.Equal(want) {
		t.Errorf("got %s, want %s", in, want)
	}
	res, err := m.Decide("Outcome", in)
	if err != nil || !res.Value.Equal(val(t, `"granted"`)) {
		t.Error(res, err)
	}
	// what is no date stays a string, and does not fit
	in, err = m.InputsFromJSON("Is resident", []byte(`{"Reference date": "soon"}`))
	if err != nil {
		t.Fatal(err)
	}
	if res, _ = m.Decide("Is resident", in); !res.Value.IsNull() || len(res.Warnings) == 0 {
		t.Error(res)
	}
	for _, bad := range []string{`[]`, `{`, `{"a": 1}{`} {
		if _, err := m.InputsFromJSON("Outcome", []byte(bad)); err == nil {
			t.Errorf("%s was taken", bad)
		}
	}
}
