package dmn

import (
	"fmt"
	"testing"

	"passerelle/engine/feel"
)

func TestCoverage(t *testing.T) {
	m := compileText(t, head+`
<inputData id="i" name="n"/>
<businessKnowledgeModel id="k" name="half"><encapsulatedLogic><formalParameter name="x"/>
<literalExpression><text>if x &lt; 0 then 0 else x / 2</text></literalExpression></encapsulatedLogic></businessKnowledgeModel>
<decision id="t" name="table"><informationRequirement><requiredInput href="#i"/></informationRequirement>
<decisionTable hitPolicy="FIRST"><input><inputExpression><text>n</text></inputExpression></input><output/>
<rule id="small"><inputEntry><text>&lt; 10</text></inputEntry><outputEntry><text>1</text></outputEntry></rule>
<rule><description>all else</description><inputEntry><text>-</text></inputEntry><outputEntry><text>if n = null then 0 else 2</text></outputEntry></rule></decisionTable></decision>
<decision id="d" name="d"><informationRequirement><requiredDecision href="#t"/></informationRequirement><knowledgeRequirement><requiredKnowledge href="#k"/></knowledgeRequirement>
<conditional><if><literalExpression><text>table = 1</text></literalExpression></if><then><literalExpression><text>half(4)</text></literalExpression></then><else><literalExpression><text>half(-4)</text></literalExpression></else></conditional></decision>
</definitions>`)
	c := NewCoverage(m)
	for _, n := range []int64{1, 2} {
		if _, err := m.Decide("d", feel.Context(feel.Entry{Name: "n", Value: feel.Int(n)}), WithCoverage(c)); err != nil {
			t.Fatal(err)
		}
	}
	got := ""
	for _, x := range c.List() {
		got += fmt.Sprintln(x.Pos, x.Kind, x.Element, x.Rule, x.ID, x.Description, x.Condition, x.At, x.Times)
	}
	want := `4:20 then half 0   x < 0 1:1 0
4:20 else half 0   x < 0 1:1 2
7:1 rule table 1 small < 10   2
8:1 rule table 2  all else   0
8:94 then table 0   n = null 1:1 0
8:94 else table 0   n = null 1:1 0
10:1 then d 0   table = 1  2
10:1 else d 0   table = 1  0
`
	if got != want {
		t.Errorf("%s\nwant:\n%s", got, want)
	}
}
