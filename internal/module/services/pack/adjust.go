package pack

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"time"

	"passerelle/engine/feel"
	"passerelle/internal/platform/errs"
)

// Change replaces one legal value, to try what would follow.
type Change struct {
	Parameter string `json:"parameter"`
	// Value is FEEL over parameters (what is in force, with the changes made so
	// far), value (this parameter's) and index. A list is changed item by item:
	// value is then the item and index its place from 1.
	Value string `json:"value"`
}

// wrong is the error of a change that cannot be made.
func (c Change) wrong(key string) *errs.Error {
	return errs.New(errs.Invalid, key).With("parameter", c.Parameter).Because("%s = %s", c.Parameter, c.Value)
}

func (c Change) String() string { return c.Parameter + " = " + c.Value }

// adjustNames are what the expression of a change reads.
var adjustNames = []string{"parameters", "value", "index"}

// Adjust returns the package as it would be with other legal values on the day
// of date, and what became of each value, by parameter. Values that the package
// derives by a formula (simulation.yaml, derived) follow, unless they are
// changed themselves. The new values hold for as long as all those they replace
// are in force together: an application whose reference date lies before or
// after that is decided by the law of its own day. What was marked with a status
// keeps it; a value that is unknown cannot be changed by a formula that reads
// it. The result is for
// trying out: its hash tells it from the package, and it is never served. Errors
// are errs.Invalid, about the first change that cannot be made.
func (p *Package) Adjust(date time.Time, changes []Change) (*Package, map[string]feel.Value, error) {
	if len(changes) == 0 {
		return p, map[string]feel.Value{}, nil
	}
	day := day(date)
	now, err := p.Parameters.Context(day)
	if err != nil {
		return nil, nil, p.fault("%w", err)
	}
	all := slices.Clone(changes)
	for _, d := range p.simulation.derived {
		if !slices.ContainsFunc(changes, func(c Change) bool { return c.Parameter == d.Parameter }) {
			all = append(all, d)
		}
	}
	q := *p
	q.Parameters = &Parameters{List: slices.Clone(p.Parameters.List)}
	became := map[string]feel.Value{}
	h := sha256.New()
	fmt.Fprintln(h, p.Hash)
	var from, to time.Time // while all that is changed is in force; to zero: without end
	for _, c := range all {
		x, ok := p.Parameters.Get(c.Parameter)
		if !ok {
			return nil, nil, c.wrong("pack.adjust.unknown")
		}
		was, until, ok := x.period(day)
		if !ok {
			return nil, nil, c.wrong("pack.adjust.notInForce")
		}
		current := was.Value
		if again, ok := became[c.Parameter]; ok {
			current = again
		}
		v, err := c.apply(current, now)
		if err != nil {
			return nil, nil, err
		}
		now = now.Put(c.Parameter, v)
		became[c.Parameter] = v
		fmt.Fprintf(h, "%s=%s\n", c.Parameter, v)
		if was.From.After(from) {
			from = was.From
		}
		if !until.IsZero() && (to.IsZero() || until.Before(to)) {
			to = until
		}
	}
	fmt.Fprintln(h, from.Format(time.DateOnly), to.Format(time.DateOnly))
	for i, x := range q.Parameters.List {
		if v, ok := became[x.ID]; ok {
			q.Parameters.List[i].Values = x.amended(day, from, to, v)
		}
	}
	q.Hash = hex.EncodeToString(h.Sum(nil))
	q.Parameters.index()
	return &q, became, nil
}

// period returns the value in force on a day and the last day of its period,
// zero when that has no end.
func (p Parameter) period(day time.Time) (v ParameterValue, until time.Time, ok bool) {
	if v, ok = p.At(day); !ok {
		return v, until, false
	}
	until = v.To
	for _, next := range p.Values {
		if next.From.After(v.From) && (until.IsZero() || !next.From.After(until)) {
			until = next.From.AddDate(0, 0, -1)
		}
	}
	return v, until, true
}

// amended returns the values with v between from and to, which lie within the
// period of day; to zero: without end.
func (p Parameter) amended(day, from, to time.Time, v feel.Value) []ParameterValue {
	was, until, _ := p.period(day)
	var all []ParameterValue
	for _, x := range p.Values {
		if !x.From.Equal(was.From) {
			all = append(all, x)
			continue
		}
		if x.From.Before(from) {
			before := x
			before.To = from.AddDate(0, 0, -1)
			all = append(all, before)
		}
		tried := x
		tried.From, tried.To, tried.Value = from, to, v
		all = append(all, tried)
		if !to.IsZero() && !to.Equal(until) {
			after := x
			after.From, after.To = to.AddDate(0, 0, 1), until
			all = append(all, after)
		}
	}
	return all
}

// apply computes the new value.
func (c Change) apply(was, parameters feel.Value) (feel.Value, error) {
	if len(c.Value) > 1000 {
		return feel.Null(), c.wrong("pack.adjust.wrong").With("why", "longer than 1,000 characters")
	}
	e, err := feel.Compile(c.Value, feel.Names(adjustNames...))
	if err != nil {
		return feel.Null(), c.wrong("pack.adjust.wrong").With("why", err.Error()).Because("%s = %s: %w", c.Parameter, c.Value, err)
	}
	one := func(v feel.Value, index int) (feel.Value, error) {
		out, warnings := e.EvalContext(feel.Context(feel.Entry{Name: "parameters", Value: parameters},
			feel.Entry{Name: "value", Value: v}, feel.Entry{Name: "index", Value: feel.Int(int64(index))}))
		if out.IsNull() || out.Kind() != v.Kind() {
			why := fmt.Sprintf("%s becomes %s", v, out)
			if len(warnings) > 0 {
				why += " (" + warnings[0].Msg + ")"
			}
			return out, c.wrong("pack.adjust.wrong").With("why", why).Because("%s = %s: %s", c.Parameter, c.Value, why)
		}
		return out, nil
	}
	if was.Kind() != feel.KindList {
		return one(was, 1)
	}
	items := make([]feel.Value, len(was.Items()))
	for i, v := range was.Items() {
		out, err := one(v, i+1)
		if err != nil {
			return out, err
		}
		items[i] = out
	}
	return feel.List(items...), nil
}
