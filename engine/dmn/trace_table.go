package dmn

import "passerelle/engine/feel"

// trace is eval with a record of every rule and condition. Conditions that the
// index decides are taken from it; the others are evaluated, for every rule.
func (b *tableBox) trace(r *run, s *feel.Scope, values []feel.Value, valid bool, l *Logic) feel.Value {
	t := &TableRun{HitPolicy: b.def.HitPolicy, Aggregation: b.def.Aggregation, Rules: make([]RuleRun, len(b.rules))}
	l.Table = t
	for i := range b.inputs {
		t.Inputs = append(t.Inputs, ColumnRun{b.def.Inputs[i].Label, b.def.Inputs[i].Expr.Text, values[i], b.inputs[i].expr.reads.uses(s)})
	}
	for i := range b.outputs {
		t.Outputs = append(t.Outputs, b.outputs[i].name)
	}
	sure, rest := b.sets(values)
	var hits []int
	quiet := run{m: r.m, ev: r.ev} // conditions that no longer matter must not warn
	cells := make([]CellRun, len(b.rules)*len(b.inputs))
	outputs := make([]OutputRun, len(b.rules)*len(b.outputs))
	for i := range b.rules {
		rr := &t.Rules[i]
		rr.Cells, cells = cells[:len(b.inputs):len(b.inputs)], cells[len(b.inputs):]
		rr.Outputs, outputs = outputs[:len(b.outputs):len(b.outputs)], outputs[len(b.outputs):]
		b.describe(i, rr)
		rr.Matched = valid
		possible := valid
		for j := range b.inputs {
			possible = possible && (sure[j].has(i) || rest[j].has(i))
		}
		for j := range b.inputs {
			state := CellIrrelevant
			switch {
			case rr.Cells[j].Text == "-":
			case rest[j].has(i):
				by := &quiet
				if possible && rr.Matched {
					by = r
				}
				state = CellNotAssessed
				if met, ok := b.test(by, s, i, j, values[j]); ok {
					state = stateOf(met)
				}
			default:
				state = stateOf(sure[j].has(i))
			}
			rr.Cells[j].State = state
			if state != CellIrrelevant {
				rr.Cells[j].Uses = b.rules[i].reads[j].uses(s)
			}
			rr.Matched = rr.Matched && (state == CellMet || state == CellIrrelevant)
		}
		if rr.Matched {
			hits = append(hits, i)
		}
	}
	if !valid {
		return feel.Null()
	}
	t.Default = len(hits) == 0 && b.hasDefault()
	return b.result(r, s, hits, t)
}

func stateOf(met bool) CellState {
	if met {
		return CellMet
	}
	return CellNotMet
}

// describe fills in what is written in a rule.
func (b *tableBox) describe(rule int, rr *RuleRun) {
	def := &b.def.Rules[rule]
	rr.Index, rr.ID, rr.Description = rule+1, def.ID, def.Description
	for j := range def.Inputs {
		rr.Cells[j].Text = def.Inputs[j].Text
	}
	for j, o := range def.Outputs {
		rr.Outputs[j] = OutputRun{Name: b.outputs[j].name, Text: o.Text}
	}
	for j, text := range def.Annotations {
		a := Annotation{Text: text}
		if j < len(b.def.Annotations) {
			a.Name = b.def.Annotations[j]
		}
		rr.Annotations = append(rr.Annotations, a)
	}
}

// fire marks rules as counting, in the trace and in the record.
func (b *tableBox) fire(r *run, t *TableRun, rules ...int) {
	for _, i := range rules {
		r.ev.Took(b, i, true)
	}
	if t != nil {
		for _, i := range rules {
			t.Rules[i].Fired = true
		}
	}
	if r.recorder != nil {
		r.recorder.fired = append(r.recorder.fired, rules...)
	}
}
