package pack

import (
	"fmt"
	"strings"
	"testing"

	"passerelle/engine/dmn"
	"passerelle/engine/feel"
)

// TestAFaultNamesNoValueOfAPerson: an operator reads it before they have given a
// purpose, and cases with the same fault are found by its text.
func TestAFaultNamesNoValueOfAPerson(t *testing.T) {
	warnings := func(values ...string) []dmn.Warning {
		var all []dmn.Warning
		for _, v := range values {
			all = append(all, dmn.Warning{Element: "Months", Msg: "4:14: " + v + " is no number"})
		}
		return all
	}
	one, other := because(warnings(`"3480,00"`, `"2610,00"`, "3480.5"), valueless), because(warnings(`"0,00"`, `"with \"quotes\" in it"`, "-2"), valueless)
	if one != other || one != " (Months: 0:0: 4:14: … is no number)" {
		t.Errorf("%q and %q", one, other)
	}
	if whole := because(warnings(`"3480,00"`), dmn.Warning.String); whole != ` (Months: 0:0: 4:14: "3480,00" is no number)` {
		t.Errorf("a scenario, whose people are invented, says %q", whole)
	}
}

// TestAnUnroundedAmountIsTheSameFaultForAll: what somebody would be paid is not
// read before a purpose, and a thousand cases are one group.
func TestAnUnroundedAmountIsTheSameFaultForAll(t *testing.T) {
	said := map[string]bool{}
	for _, amount := range []string{"100 / 3", "200 / 3", "-3", "1234.567"} {
		e, err := feel.Compile(`{outcome: "granted", amount: ` + amount + `, reasons: []}`)
		if err != nil {
			t.Fatal(err)
		}
		v, _ := e.EvalContext(feel.Context())
		var d Decision
		err = d.read(v)
		if err == nil || strings.ContainsAny(err.Error(), "0123456789") {
			t.Errorf("%s: %v", amount, err)
		}
		said[fmt.Sprint(err)] = true
	}
	if len(said) != 2 {
		t.Errorf("%v", said)
	}
}
