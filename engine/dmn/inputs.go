package dmn

import (
	"fmt"

	"passerelle/engine/feel"
)

// InputsFromJSON reads the inputs of a decision, or of a decision service, given
// by name or id, from a JSON object. JSON has no
// dates: where the decision's input data, or a component of their types, is a
// date, time or duration, a string in FEEL's form ("2025-06-01", "P1Y") is read
// as one. Numbers keep all their digits. A string that is no such value stays a
// string, and Decide will say that it does not fit.
func (m *Model) InputsFromJSON(decision string, data []byte) (feel.Value, error) {
	service := m.service(decision)
	if m.decision(decision) == nil && service == nil {
		return feel.Value{}, fmt.Errorf("dmn: the model %q has no decision or service %q", m.Name(), decision)
	}
	v, err := feel.FromJSON(data)
	if err != nil {
		return feel.Value{}, err
	}
	if v.Kind() != feel.KindContext {
		return feel.Value{}, fmt.Errorf("dmn: the inputs must be a JSON object")
	}
	if m.decision(decision) == nil {
		for _, p := range service.sig.Params {
			if x, ok := v.Get(p.Name); ok {
				v = v.Put(p.Name, temporal(x, p.Type))
			}
		}
		return v, nil
	}
	for _, in := range m.Inputs(decision) {
		if x, ok := v.Get(in.Name); ok {
			v = v.Put(in.Name, temporal(x, in.Type))
		}
	}
	return v, nil
}

// temporal reads strings as dates, times and durations where t wants them.
func temporal(v feel.Value, t *feel.Type) feel.Value {
	if t == nil {
		return v
	}
	switch t.Kind {
	case feel.TypeDate, feel.TypeTime, feel.TypeDateTime, feel.TypeDaysDuration, feel.TypeMonthsDuration:
		s, ok := v.AsString()
		if !ok {
			return v
		}
		if x, ok := feel.ParseTemporal(s); ok && t.Conforms(x) {
			return x
		}
	case feel.TypeList:
		if v.Kind() != feel.KindList {
			return temporal(v, t.Elem)
		}
		items := make([]feel.Value, len(v.Items()))
		for i, x := range v.Items() {
			items[i] = temporal(x, t.Elem)
		}
		return feel.List(items...)
	case feel.TypeContext:
		if v.Kind() != feel.KindContext {
			return v
		}
		for _, f := range t.Fields {
			if x, ok := v.Get(f.Name); ok {
				v = v.Put(f.Name, temporal(x, f.Type))
			}
		}
	}
	return v
}
