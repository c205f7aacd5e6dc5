package dmn

import (
	"fmt"

	"passerelle/engine/feel"
)

// supposition is a decision's value that is not computed.
type supposition struct {
	decision string
	value    feel.Value
}

// Suppose evaluates as if a decision of the main model, given by name or id, had
// this value: what would follow if the household's income were another. The
// decision is not computed and stands in no trace and no record. An unknown name
// is an error of the call.
func Suppose(decision string, value feel.Value) Option {
	return func(o *options) { o.supposed = append(o.supposed, supposition{decision, value}) }
}

func (r *run) suppose(all []supposition) error {
	for _, s := range all {
		d := r.m.decision(s.decision)
		if d == nil {
			return fmt.Errorf("dmn: the model %q has no decision %q", r.m.Name(), s.decision)
		}
		r.set(d.slot, s.value)
	}
	return nil
}
