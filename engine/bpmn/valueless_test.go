package bpmn

import (
	"strings"
	"testing"

	"passerelle/engine/feel"
)

// What a step could not compute is told without what it read: whoever has to mend
// it may not see that yet, and the same fault reads the same in each case.
func TestFailuresNameNoValue(t *testing.T) {
	vars := feel.Context(feel.Entry{Name: "secret", Value: feel.String("7314,20")}, feel.Entry{Name: "sum", Value: feel.Int(731420)})
	compile := func(src string) *expr {
		e, err := feel.Compile(src)
		if err != nil {
			t.Fatal(err)
		}
		return &expr{src: src, e: e}
	}
	var said []string
	for _, src := range []string{"secret", "sum", "[secret]", "number(secret) > 3", "date(secret) > date(sum)"} {
		if _, why := compile(src).test(vars); why == "" {
			t.Errorf("%s is true or false", src)
		} else {
			said = append(said, why)
		}
	}
	for _, kind := range []timerKind{timerDate, timerDuration, timerCycle} {
		for _, src := range []string{"secret", "sum", "date(secret)"} {
			if _, why := (&timer{kind: kind, expr: compile(src)}).evaluate(vars); why == "" {
				t.Errorf("%s is a timer", src)
			} else {
				said = append(said, why)
			}
		}
	}
	for _, why := range said {
		if strings.Contains(why, "7314") || strings.Contains(why, "“") {
			t.Error(why)
		}
	}
}
