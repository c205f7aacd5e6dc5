package main

import (
	"encoding/json"
	"fmt"
	"math"
	"strings"
	"testing"

	"passerelle/engine/dmn"
	"passerelle/engine/feel"
)

const engine = "Passerelle"

// measureOurs measures this engine, with and without trace.
func measureOurs(ms []model, people int) ([]row, error) {
	var rows []row
	for _, m := range ms {
		in := values(m.Inputs)
		defs, err := dmn.Parse(strings.NewReader(m.DMN))
		if err != nil {
			return nil, fmt.Errorf("%s: %w", m.Name, err)
		}
		compiled, err := dmn.Compile(defs)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", m.Name, err)
		}
		decide := func(opts ...dmn.Option) func(feel.Value) feel.Value {
			return func(x feel.Value) feel.Value { r, _ := compiled.Decide(m.Decision, x, opts...); return r.Value }
		}
		plain := decide()
		if m.Name == "expression" { // by itself, as feelin and feel-engine have it
			e, err := feel.Compile(m.Steps[0].Text, feel.Names("income", "size"))
			if err != nil {
				return nil, err
			}
			plain = func(x feel.Value) feel.Value { v, _ := e.EvalContext(x); return v }
		}
		rows = append(rows, measure(m.Name, in, plain), measure(m.Name+", trace", in, decide(dmn.WithTrace())))
	}
	p, err := population(people)
	return append(rows, p...), err
}

// values are the inputs as this engine takes them.
func values(inputs []map[string]any) []feel.Value {
	out := make([]feel.Value, len(inputs))
	for i, x := range inputs {
		text, _ := json.Marshal(x)
		out[i], _ = feel.FromJSON(text)
	}
	return out
}

// measure takes the best of five rounds over all inputs.
func measure(name string, in []feel.Value, run func(feel.Value) feel.Value) row {
	r := row{Engine: engine, Row: name, NsPerOp: math.Inf(1)}
	for _, x := range in {
		r.Results = append(r.Results, json.RawMessage(plain(run(x))))
	}
	for range 5 {
		b := testing.Benchmark(func(b *testing.B) {
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				run(in[i%len(in)])
			}
		})
		r.NsPerOp = min(r.NsPerOp, float64(b.T.Nanoseconds())/float64(b.N))
		allocs := b.AllocsPerOp()
		r.Allocs = &allocs
	}
	return r
}

// plain is a result as JSON.
func plain(v feel.Value) string {
	if v.Kind() == feel.KindString {
		s, _ := v.AsString()
		return string(feel.AppendQuoted(nil, s))
	}
	return v.String()
}
