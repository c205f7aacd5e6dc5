package dmn

import (
	"strconv"

	"passerelle/engine/feel"
)

// Decided is one evaluated decision: its value and, when its logic is a decision
// table, the rules whose outputs count. Decisions stand in the order in which
// they were finished; those inside a decision service that was called as a
// function are left out.
type Decided struct {
	ID    string     `json:"id"`
	Name  string     `json:"name"`
	Value feel.Value `json:"value"`
	Rules []string   `json:"rules,omitempty"` // their ids in the order of the table, the number (from 1) of a rule without id
}

// recorder collects what WithRules asks for. Its methods do nothing on nil.
type recorder struct {
	decided []Decided
	fired   []int // by the logic that was evaluated last; functions have runs of their own
}

// begin forgets the rules of the decisions before.
func (c *recorder) begin() {
	if c != nil {
		c.fired = c.fired[:0]
	}
}

func (c *recorder) decision(d *decisionNode, v feel.Value) {
	if c == nil {
		return
	}
	e := Decided{ID: d.id, Name: d.label, Value: v}
	if t, ok := d.logic.(*tableBox); ok && len(c.fired) > 0 {
		e.Rules = make([]string, len(c.fired))
		for i, rule := range c.fired {
			if e.Rules[i] = t.def.Rules[rule].ID; e.Rules[i] == "" {
				e.Rules[i] = strconv.Itoa(rule + 1)
			}
		}
	}
	c.decided = append(c.decided, e)
}
