package pack

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"passerelle/engine/feel"
)

// snapshot is the stored form of a Decision, with the members in the order in
// which they are written. JSON has no dates: a temporal value
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
	Calendar      []CalendarFact             `json:"calendar,omitempty"`
	ReferenceDate string                     `json:"referenceDate"`
	Package       string                     `json:"package"`
	Hash          string                     `json:"hash"`
}

// MarshalJSON writes the decision as a snapshot; equal decisions give equal
// bytes. It writes by hand: every case that a rule has decided is stored with
// one, several times in its life.
func (d Decision) MarshalJSON() ([]byte, error) {
	b := append(make([]byte, 0, 4096), `{"outcome":`...)
	b = feel.AppendQuoted(b, string(d.Outcome))
	if d.Amount != "" {
		b = feel.AppendQuoted(append(b, `,"amount":`...), d.Amount)
	}
	if len(d.Reasons) > 0 {
		b = quoteAll(append(b, `,"reasons":`...), d.Reasons)
	}
	var err error
	if b, err = v2json(append(b, `,"value":`...), d.Value); err != nil {
		return nil, err
	}
	for i, name := range slices.Sorted(maps.Keys(d.Values)) {
		b = feel.AppendQuoted(member(b, "values", i), name)
		if b, err = v2json(append(b, ':'), d.Values[name]); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
	}
	b = end(b, len(d.Values))
	if b, err = appendUses(b, d.Parameters); err != nil {
		return nil, err
	}
	for i, name := range slices.Sorted(maps.Keys(d.Rules)) {
		b = feel.AppendQuoted(member(b, "rules", i), name)
		b = quoteAll(append(b, ':'), d.Rules[name])
	}
	b = end(b, len(d.Rules))
	if len(d.Calendar) > 0 {
		days, err := json.Marshal(d.Calendar)
		if err != nil {
			return nil, err
		}
		b = append(append(b, `,"calendar":`...), days...)
	}
	b = feel.AppendQuoted(append(b, `,"referenceDate":`...), d.ReferenceDate.Format(time.DateOnly))
	b = feel.AppendQuoted(append(b, `,"package":`...), d.Package)
	b = feel.AppendQuoted(append(b, `,"hash":`...), d.Hash)
	return append(b, '}'), nil
}

// member begins the i-th member of the object called name.
func member(b []byte, name string, i int) []byte {
	if i > 0 {
		return append(b, ',')
	}
	return append(append(append(b, `,"`...), name...), `":{`...)
}

// end closes an object of n members; of none there is nothing to close.
func end(b []byte, n int) []byte {
	if n == 0 {
		return b
	}
	return append(b, '}')
}

func quoteAll(b []byte, all []string) []byte {
	if all == nil {
		return append(b, "null"...)
	}
	b = append(b, '[')
	for i, s := range all {
		if i > 0 {
			b = append(b, ',')
		}
		b = feel.AppendQuoted(b, s)
	}
	return append(b, ']')
}

func appendUses(b []byte, uses []ParameterUse) ([]byte, error) {
	if len(uses) == 0 {
		return b, nil
	}
	b = append(b, `,"parameters":[`...)
	for i, u := range uses {
		if i > 0 {
			b = append(b, ',')
		}
		b = feel.AppendQuoted(append(b, `{"id":`...), u.ID)
		b = append(b, `,"from":"`...)
		var err error
		if b, err = u.From.AppendText(b); err != nil {
			return nil, fmt.Errorf("%s: %w", u.ID, err)
		}
		b = feel.AppendQuoted(append(b, `","status":`...), string(u.Status))
		if u.Legal != "" {
			b = feel.AppendQuoted(append(b, `,"legal":`...), u.Legal)
		}
		b = append(b, '}')
	}
	return append(b, ']'), nil
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
	*d = Decision{Outcome: s.Outcome, Amount: s.Amount, Reasons: s.Reasons, Parameters: s.Parameters, Rules: s.Rules, Calendar: s.Calendar, ReferenceDate: ref, Package: s.Package, Hash: s.Hash}
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
		return feel.AppendQuoted(buf, s), nil
	case feel.KindDate, feel.KindTime, feel.KindDateTime, feel.KindDaysDuration, feel.KindMonthsDuration:
		return feel.AppendQuoted(buf, "@"+temporal(v)), nil
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
			buf = append(feel.AppendQuoted(buf, e.Name), ':')
			if buf, err = v2json(buf, e.Value); err != nil {
				return nil, err
			}
		}
		return append(buf, '}'), nil
	}
	return nil, fmt.Errorf("a %s cannot be stored", v.Kind())
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
