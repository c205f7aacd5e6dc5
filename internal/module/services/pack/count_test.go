package pack

import (
	"strings"
	"testing"

	"passerelle/engine/bpmn"
)

// TestHowTimersCount: what cannot be counted is found before anybody waits for it.
func TestHowTimersCount(t *testing.T) {
	for _, c := range []struct{ kind, timer, count, want string }{
		{"timer", "P10D", "", ""},
		{"timer", "P10D", "days", ""},
		{"timer", "P5D", "working-days", ""},
		{"timer", "P2D", "hours", ""},
		{"timer", "P1M", "days", ""},
		{"timer", "decision.wait", "", ""},
		{"timer", "decision.wait", "hours", ""},
		{"timer", "decision.wait", "working-days", `pg:count="working-days" needs a duration that is written out, such as P5D`},
		{"", "", "days", "pg:count is for timers"},
		{"timer", "P10D", "weeks", "pg:count is one of days, working-days, hours"},
		{"timer", "PT36H", "days", "PT36H is not whole days, so it cannot count in days"},
		{"timer", "P1M", "working-days", "P1M is in months, so it cannot count in working days"},
		{"timer", "2025-07-01", "days", "pg:count does not go with a date"},
	} {
		e := bpmn.Element{Event: c.kind, Timer: c.timer}
		if c.count != "" {
			e.Attrs = map[string]string{"count": c.count}
		}
		got := ""
		if code, args := countFault(e); code != "" {
			said := newFinding(Error, "process.bpmn", 1, code, append([]any{"kind", "timer", "id", "x"}, args...)...).Msg
			got = strings.TrimPrefix(said, `timer "x": `)
		}
		if got != c.want {
			t.Errorf("%+v: got %q", c, got)
		}
	}
}
