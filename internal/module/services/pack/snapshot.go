package pack

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"passerelle/engine/feel"
)

// snapshot is the stored form of a Decision. JSON has no dates: a temporal value
// is written as its FEEL @-literal ("@2025-03-09"), a text that begins with @
// gets a second one.
type snapshot struct {
	Outcome       Outcome                    `json:"outcome"`
	Amount        string                     `json:"amount,omitempty"`
	Reasons       []string                   `json:"reasons,omitempty"`
	Value         json.RawMessage            `json:"value"`
	Values        map[string]json.RawMessage `json:"values,omitempty"`
	Parameters    []ParameterUse             `json:"parameters,omitempty"`
	Rules         map[string][]string        `json:"rules,omitempty"`
	ReferenceDate string                     `json:"referenceDate"`
	Package       string                     `json:"package"`
	Hash          string                     `json:"hash"`
}

// MarshalJSON writes the decision; equal decisions give equal bytes.
func (d Decision) MarshalJSON() ([]byte, error) {
	value, err := keep(d.Value)
	if err != nil {
		return nil, err
	}
	s := snapshot{Outcome: d.Outcome, Amount: d.Amount, Reasons: d.Reasons, Value: value, Values: make(map[string]json.RawMessage, len(d.Values)),
		Parameters: d.Parameters, Rules: d.Rules, ReferenceDate: d.ReferenceDate.Format(time.DateOnly), Package: d.Package, Hash: d.Hash}
	for name, v := range d.Values {
		if s.Values[name], err = keep(v); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
	}
	return json.Marshal(s)
}

// UnmarshalJSON reads what MarshalJSON wrote.
func (d *Decision) UnmarshalJSON(data []byte) error {
	var s snapshot
	if err := json.Unmarshal(data, &s); err != nil {
		return err
	}
	ref, err := time.Parse(time.DateOnly, s.ReferenceDate)
	if err != nil {
		return err
	}
	*d = Decision{Outcome: s.Outcome, Amount: s.Amount, Reasons: s.Reasons, Parameters: s.Parameters, Rules: s.Rules, ReferenceDate: ref, Package: s.Package, Hash: s.Hash}
	if d.Value, err = restore(s.Value); err != nil {
		return err
	}
	d.Values = make(map[string]feel.Value, len(s.Values))
	for name, raw := range s.Values {
		if d.Values[name], err = restore(raw); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	return nil
}

func keep(v feel.Value) (json.RawMessage, error) { return v2json(nil, v) }

func v2json(buf []byte, v feel.Value) ([]byte, error) {
	switch v.Kind() {
	case feel.KindNull:
		return append(buf, "null"...), nil
	case feel.KindBoolean:
		return append(buf, v.String()...), nil
	case feel.KindNumber:
		n, _ := v.AsNumber()
		return append(buf, plain(n)...), nil
	case feel.KindString:
		s, _ := v.AsString()
		if strings.HasPrefix(s, "@") {
			s = "@" + s
		}
		return quote(buf, s)
	case feel.KindDate, feel.KindTime, feel.KindDateTime, feel.KindDaysDuration, feel.KindMonthsDuration:
		return quote(buf, "@"+temporal(v))
	case feel.KindList:
		var err error
		buf = append(buf, '[')
		for i, item := range v.Items() {
			if i > 0 {
				buf = append(buf, ',')
			}
			if buf, err = v2json(buf, item); err != nil {
				return nil, err
			}
		}
		return append(buf, ']'), nil
	case feel.KindContext:
		var err error
		buf = append(buf, '{')
		for i, e := range v.Entries() {
			if i > 0 {
				buf = append(buf, ',')
			}
			if buf, err = quote(buf, e.Name); err != nil {
				return nil, err
			}
			buf = append(buf, ':')
			if buf, err = v2json(buf, e.Value); err != nil {
				return nil, err
			}
		}
		return append(buf, '}'), nil
	}
	return nil, fmt.Errorf("a %s cannot be stored", v.Kind())
}

func quote(buf []byte, s string) ([]byte, error) {
	q, err := json.Marshal(s)
	return append(buf, q...), err
}

// temporal is the text of a temporal value as ParseTemporal reads it.
func temporal(v feel.Value) string {
	s := v.String()
	if i, j := strings.IndexByte(s, '"'), strings.LastIndexByte(s, '"'); i >= 0 && j > i {
		return s[i+1 : j]
	}
	return s
}

func restore(raw json.RawMessage) (feel.Value, error) {
	v, err := feel.FromJSON(raw)
	if err != nil {
		return feel.Null(), err
	}
	return revive(v), nil
}

func revive(v feel.Value) feel.Value {
	switch v.Kind() {
	case feel.KindString:
		s, _ := v.AsString()
		if !strings.HasPrefix(s, "@") {
			return v
		}
		if strings.HasPrefix(s, "@@") {
			return feel.String(s[1:])
		}
		if t, ok := feel.ParseTemporal(s[1:]); ok {
			return t
		}
		return v
	case feel.KindList:
		items := make([]feel.Value, len(v.Items()))
		for i, item := range v.Items() {
			items[i] = revive(item)
		}
		return feel.List(items...)
	case feel.KindContext:
		entries := make([]feel.Entry, len(v.Entries()))
		for i, e := range v.Entries() {
			entries[i] = feel.Entry{Name: e.Name, Value: revive(e.Value)}
		}
		return feel.Context(entries...)
	}
	return v
}
