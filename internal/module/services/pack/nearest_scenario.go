package pack

import "fmt"

// nearest compares what a scenario expects of the changes: a mapping by the id of
// the quantity, each with to, last, outcome and amount as far as they matter; null
// says that there is none to the better.
func (t *tester) nearest(f Facts, d Decision, expect map[string]any) {
	want, ok := expect["nearest"].(map[string]any)
	if !ok {
		return
	}
	found, _ := t.p.Nearest(f, d)
	for _, id := range sortedKeys(want) {
		what := "nearest." + id
		fields, some := want[id].(map[string]any)
		var got *Nearest
		for i, n := range found {
			if n.ID == id && (got == nil || n.Better == (fields["better"] != false)) {
				got = &found[i]
			}
		}
		switch {
		case !some && got != nil && got.Better:
			t.fail(what, "none", got.To.String())
		case some && got == nil:
			t.fail(what, "a change", "none")
		case some:
			have := map[string]string{"to": fmt.Sprint(jsonOf(got.To)), "last": fmt.Sprint(jsonOf(got.Last)), "outcome": string(got.Outcome), "amount": got.Amount, "better": fmt.Sprint(got.Better)}
			for _, k := range sortedKeys(fields) {
				if v := fmt.Sprint(fields[k]); v != have[k] && !sameAmount(fields[k], have[k]) {
					t.fail(what+"."+k, v, have[k])
				}
			}
		}
	}
}
