package dmn

import (
	"testing"

	"passerelle/engine/feel"
)

func TestSuppose(t *testing.T) {
	m := compileText(t, `<definitions xmlns="https://www.omg.org/spec/DMN/20230324/MODEL/" name="m" namespace="n">
		<inputData id="i" name="pay"><variable name="pay" typeRef="number"/></inputData>
		<decision id="d1" name="Income"><variable name="Income" typeRef="number"/><informationRequirement><requiredInput href="#i"/></informationRequirement><literalExpression><text>pay * 2</text></literalExpression></decision>
		<decision id="d2" name="Granted"><variable name="Granted" typeRef="boolean"/><informationRequirement><requiredDecision href="#d1"/></informationRequirement><literalExpression><text>Income &lt; 100</text></literalExpression></decision>
	</definitions>`)
	in := feel.Context(feel.Entry{Name: "pay", Value: feel.Int(60)})
	for _, c := range []struct {
		opts []Option
		want feel.Value
	}{
		{nil, feel.Bool(false)},
		{[]Option{Suppose("Income", feel.Int(99))}, feel.Bool(true)},
		{[]Option{Suppose("d1", feel.Int(100)), WithTrace()}, feel.Bool(false)},
		{[]Option{Suppose("Granted", feel.Bool(true))}, feel.Bool(true)},
		{nil, feel.Bool(false)}, // nothing is left of what was supposed
	} {
		if r, err := m.Decide("Granted", in, c.opts...); err != nil || !r.Value.Equal(c.want) {
			t.Errorf("%d suppositions: %v %v, want %v", len(c.opts), r.Value, err, c.want)
		}
	}
	if _, err := m.Decide("Granted", in, Suppose("Nothing", feel.Null())); err == nil {
		t.Error("an unknown decision is supposed")
	}
}
