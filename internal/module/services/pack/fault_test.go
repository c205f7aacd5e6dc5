package pack

import (
	"testing"

	"passerelle/engine/dmn"
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
	one, other := because(warnings(`"3480,00"`, `"2610,00"`), quoted), because(warnings(`"0,00"`, `"with \"quotes\" in it"`), quoted)
	if one != other || one != " (Months: 0:0: 4:14: … is no number)" {
		t.Errorf("%q and %q", one, other)
	}
	if whole := because(warnings(`"3480,00"`), nil); whole != ` (Months: 0:0: 4:14: "3480,00" is no number)` {
		t.Errorf("a scenario, whose people are invented, says %q", whole)
	}
}
