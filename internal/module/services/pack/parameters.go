package pack

import (
	"fmt"
	"slices"
	"sort"
	"time"

	"github.com/woodsbury/decimal128"
	"go.yaml.in/yaml/v3"

	"passerelle/engine/feel"
	"passerelle/engine/form/source"
)

// Parameters are the legal values of a package with their dates in force.
type Parameters struct {
	List []Parameter

	epochs []epoch // by date; what is in force from each on
}

// Parameter is one legal value through time.
type Parameter struct {
	ID     string
	Unit   string
	Values []ParameterValue // by From
	Line   int
}

// ParameterValue is a value and the span it is in force.
type ParameterValue struct {
	From   time.Time
	To     time.Time // last day, zero: until the next
	Value  feel.Value
	Legal  string // resource/article
	Source string
	Status Status
	Note   string
	Line   int
}

// At returns the value in force on a day.
func (p Parameter) At(date time.Time) (ParameterValue, bool) {
	d := day(date)
	for i := len(p.Values) - 1; i >= 0; i-- {
		v := p.Values[i]
		if !d.Before(v.From) {
			return v, v.To.IsZero() || !d.After(v.To)
		}
	}
	return ParameterValue{}, false
}

// Get returns the parameter called id.
func (ps *Parameters) Get(id string) (Parameter, bool) {
	for _, p := range ps.List {
		if p.ID == id {
			return p, true
		}
	}
	return Parameter{}, false
}

// epoch is a span in which no value changes.
type epoch struct {
	from    time.Time
	context feel.Value // parameters, with "unknown"
	uses    []ParameterUse
	missing []string // ids that have no value in force
}

// at returns what is in force on a day.
func (ps *Parameters) at(date time.Time) (*epoch, error) {
	d := day(date)
	i := sort.Search(len(ps.epochs), func(i int) bool { return ps.epochs[i].from.After(d) }) - 1
	if i < 0 { // never: the first epoch begins at the zero time
		return nil, fmt.Errorf("no parameters on %s", d.Format(time.DateOnly))
	}
	e := &ps.epochs[i]
	if len(e.missing) > 0 {
		return nil, fmt.Errorf("parameter %s has no value in force on %s", e.missing[0], d.Format(time.DateOnly))
	}
	return e, nil
}

// Context returns the parameters in force on a day as FEEL sees them. It fails
// when one has no value.
func (ps *Parameters) Context(date time.Time) (feel.Value, error) {
	e, err := ps.at(date)
	if err != nil {
		return feel.Null(), err
	}
	return e.context, nil
}

// index computes the epochs.
func (ps *Parameters) index() {
	dates := []time.Time{{}}
	for _, p := range ps.List {
		for _, v := range p.Values {
			dates = append(dates, v.From)
			if !v.To.IsZero() {
				dates = append(dates, v.To.AddDate(0, 0, 1))
			}
		}
	}
	slices.SortFunc(dates, time.Time.Compare)
	dates = slices.CompactFunc(dates, time.Time.Equal)
	ps.epochs = make([]epoch, len(dates))
	for i, d := range dates {
		e := epoch{from: d}
		var entries []feel.Entry
		unknown := []feel.Value{}
		for _, p := range ps.List {
			v, ok := p.At(d)
			if !ok {
				e.missing = append(e.missing, p.ID)
				continue
			}
			if v.Status == NotFound {
				unknown = append(unknown, feel.String(p.ID))
			}
			entries = append(entries, feel.Entry{Name: p.ID, Value: v.Value})
			e.uses = append(e.uses, ParameterUse{ID: p.ID, From: v.From, Status: v.Status, Legal: v.Legal})
		}
		e.context = feel.Context(append(entries, feel.Entry{Name: "unknown", Value: feel.List(unknown...)})...)
		ps.epochs[i] = e
	}
}

type rawParameters struct {
	Parameters []struct {
		ID     source.Text `yaml:"id"`
		Unit   source.Text `yaml:"unit"`
		Values []struct {
			From   source.Text `yaml:"from"`
			To     source.Text `yaml:"to"`
			Value  yaml.Node   `yaml:"value"`
			Legal  source.Text `yaml:"legal"`
			Source source.Text `yaml:"source"`
			Status source.Text `yaml:"status"`
			Note   string      `yaml:"note"`
		} `yaml:"values"`
	} `yaml:"parameters"`
}

// units of parameters.
var units = []string{"EUR", "EUR/month", "EUR/year", "EUR/kW", "kW", "months", "days", "years", "percent", "factor", "count", "text"}

// loadParameters reads parameters.yaml; a package without legal values has none.
func (l *loader) loadParameters() *Parameters {
	ps := &Parameters{}
	const file = "parameters.yaml"
	if src, ok := l.readOptional(file); ok {
		var raw rawParameters
		l.decode(src, file, &raw)
		seen := map[string]bool{}
		for _, rp := range raw.Parameters {
			p := Parameter{ID: rp.ID.Text, Unit: rp.Unit.Text, Line: rp.ID.Line}
			switch {
			case !idRE.MatchString(p.ID) || p.ID == "unknown":
				l.fault(file, p.Line, "pack.finding.parameters.id", "id", p.ID)
			case seen[p.ID]:
				l.fault(file, p.Line, "pack.finding.parameters.twice", "id", p.ID)
			case !slices.Contains(units, p.Unit):
				l.fault(file, max(p.Line, rp.Unit.Line), "pack.finding.parameters.unit", "id", p.ID, "unit", p.Unit)
			}
			seen[p.ID] = true
			if len(rp.Values) == 0 {
				l.fault(file, p.Line, "pack.finding.parameters.empty", "id", p.ID)
			}
			for _, rv := range rp.Values {
				v := ParameterValue{Legal: rv.Legal.Text, Source: rv.Source.Text, Status: Status(rv.Status.Text), Note: rv.Note, Line: rv.From.Line}
				if v.Line == 0 {
					v.Line = p.Line
				}
				v.From = l.date(file, rv.From, p.Line, "from")
				if rv.To.Text != "" {
					v.To = l.date(file, rv.To, p.Line, "to")
				}
				l.parameterValue(file, p.ID, &v, &rv.Value)
				p.Values = append(p.Values, v)
			}
			l.spans(file, p)
			l.lists(file, p)
			ps.List = append(ps.List, p)
		}
	}
	ps.index()
	return ps
}

func (l *loader) parameterValue(file, id string, v *ParameterValue, n *yaml.Node) {
	given := n.Kind != 0 && n.Tag != "!!null"
	switch v.Status {
	case NotFound, NoValue:
		if given {
			l.fault(file, n.Line, "pack.finding.parameters.marked", "id", id, "status", v.Status)
		}
		return
	case Verified, Derived, Unverified:
	case "":
		l.fault(file, v.Line, "pack.finding.parameters.noStatus", "id", id)
	default:
		l.fault(file, v.Line, "pack.finding.parameters.status", "id", id, "status", v.Status)
	}
	if !given {
		l.fault(file, v.Line, "pack.finding.parameters.noValue", "id", id)
		return
	}
	if v.Source == "" && v.Legal == "" {
		l.fault(file, v.Line, "pack.finding.parameters.noSource", "id", id)
	}
	value, err := yamlValue(n)
	if err != nil {
		l.fault(file, n.Line, "pack.finding.parameters.wrong", "id", id, "msg", err)
	}
	v.Value = value
}

// spans reports values that overlap or leave a gap.
func (l *loader) spans(file string, p Parameter) {
	for i, v := range p.Values {
		if !v.To.IsZero() && v.To.Before(v.From) {
			l.fault(file, v.Line, "pack.finding.parameters.endsEarly", "id", p.ID, "end", v.To.Format(time.DateOnly))
		}
		if i == 0 {
			continue
		}
		before := p.Values[i-1]
		switch {
		case !v.From.After(before.From):
			l.fault(file, v.Line, "pack.finding.parameters.order", "id", p.ID)
		case !before.To.IsZero() && !v.From.After(before.To):
			l.fault(file, v.Line, "pack.finding.parameters.overlap", "id", p.ID, "from", v.From.Format(time.DateOnly), "to", before.To.Format(time.DateOnly))
		case !before.To.IsZero() && v.From.After(before.To.AddDate(0, 0, 1)):
			l.fault(file, v.Line, "pack.finding.parameters.hole", "id", p.ID, "from", before.To.AddDate(0, 0, 1).Format(time.DateOnly), "to", v.From.AddDate(0, 0, -1).Format(time.DateOnly))
		}
	}
}

// lists reports a parameter whose values are lists, when one of them has a hole
// or another length: rules read them by position.
func (l *loader) lists(file string, p Parameter) {
	var first *ParameterValue
	for i := range p.Values {
		v := &p.Values[i]
		if v.Value.IsNull() {
			continue
		}
		for n, item := range v.Value.Items() {
			if item.IsNull() {
				l.fault(file, v.Line, "pack.finding.parameters.item", "id", p.ID, "n", n+1)
			}
		}
		switch {
		case first == nil:
			first = v
		case v.Value.Kind() != first.Value.Kind():
			l.fault(file, v.Line, "pack.finding.parameters.kinds", "id", p.ID, "kind", first.Value.Kind(), "from", dayText(first.From), "other", v.Value.Kind(), "then", dayText(v.From))
		case len(v.Value.Items()) != len(first.Value.Items()):
			l.fault(file, v.Line, "pack.finding.parameters.lengths", "id", p.ID, "n", len(first.Value.Items()), "from", dayText(first.From), "m", len(v.Value.Items()), "then", dayText(v.From))
		}
	}
}

// yamlValue turns YAML into a FEEL value: numbers keep every digit, strings stay
// strings, unquoted dates become dates.
func yamlValue(n *yaml.Node) (feel.Value, error) {
	switch n.Kind {
	case yaml.AliasNode:
		return feel.Null(), fmt.Errorf("write the value out: an alias cannot stand here")
	case yaml.SequenceNode:
		items := make([]feel.Value, len(n.Content))
		for i, c := range n.Content {
			v, err := yamlValue(c)
			if err != nil {
				return feel.Null(), err
			}
			items[i] = v
		}
		return feel.List(items...), nil
	case yaml.MappingNode:
		var entries []feel.Entry
		for i := 0; i+1 < len(n.Content); i += 2 {
			v, err := yamlValue(n.Content[i+1])
			if err != nil {
				return feel.Null(), err
			}
			entries = append(entries, feel.Entry{Name: n.Content[i].Value, Value: v})
		}
		return feel.Context(entries...), nil
	}
	switch n.Tag {
	case "!!int", "!!float":
		d, err := decimal128.Parse(n.Value)
		if err != nil {
			return feel.Null(), fmt.Errorf("%q is no decimal number", n.Value)
		}
		return feel.Number(d), nil
	case "!!bool":
		return feel.Bool(n.Value == "true"), nil
	case "!!null":
		return feel.Null(), nil
	case "!!timestamp":
		t, err := time.Parse(time.DateOnly, n.Value)
		if err != nil {
			return feel.Null(), fmt.Errorf("%q is no date like 2025-03-09", n.Value)
		}
		return feel.DateOf(t), nil
	}
	return feel.String(n.Value), nil
}
