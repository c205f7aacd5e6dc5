package simulation

import (
	"strconv"
	"strings"
	"time"

	"passerelle/engine/feel"
	"passerelle/internal/platform/ui"
)

// runPage is one run: its progress, then its result.
type runPage struct {
	view
	run *Run
}

// headline answers first.
func (p runPage) headline() string {
	switch p.run.State {
	case Waiting, Running:
		return p.T("simulation.run.going")
	case Failed:
		return p.T("simulation.run.failed")
	}
	r := p.run.Result
	if p.takeUpOnly() {
		return p.N("simulation.result.unused", num(r.TakeUp.Unused), "count", p.count(r.TakeUp.Unused))
	}
	switch {
	case r.Gain == 0 && r.Lose == 0:
		return p.T("simulation.result.nobody")
	case r.Lose == 0:
		return p.N("simulation.result.gain", num(r.Gain), "count", p.count(r.Gain))
	case r.Gain == 0:
		return p.N("simulation.result.lose", num(r.Lose), "count", p.count(r.Lose))
	}
	return p.T("simulation.result.both", "gain", p.count(r.Gain), "lose", p.count(r.Lose))
}

// percent is how far a run is. The page tells no exact number of people.
func (p runPage) percent() int {
	if p.run.Total == 0 {
		return 0
	}
	return min(p.run.Done*100/p.run.Total, 100)
}

// takeUpOnly reports whether the run compares nothing.
func (p runPage) takeUpOnly() bool {
	return p.run.Plan.Hash == p.run.Plan.BaseHash && p.run.Result.TakeUp != nil
}

// num is a count for plural forms; hidden ones are several.
func num(c Count) int {
	if c == Hidden {
		return smallest - 1
	}
	return int(c)
}

// count writes a count; what is hidden is "under 10".
func (v view) count(c Count) string {
	if c == Hidden {
		return v.T("simulation.few")
	}
	return v.Int(int(c))
}

// euro writes cents as whole euro: what is told has no cents.
func (v view) euro(cents *int64) string {
	if cents == nil {
		return v.T("simulation.hidden")
	}
	return v.T("simulation.euro", "n", v.Int(int(*cents/100)))
}

// lead says what it costs.
func (p runPage) lead() string {
	if p.run.Result == nil || p.takeUpOnly() {
		return ""
	}
	c := p.run.Result.Cost()
	switch {
	case c == nil, p.run.Result.Base.Cents == nil, *p.run.Result.Base.Cents == 0:
		return ""
	case *c > 0:
		return p.T("simulation.result.dearer", "amount", p.euro(c), "percent", p.share(*c), "n", p.count(p.run.Result.Applications))
	case *c < 0:
		less := -*c
		return p.T("simulation.result.cheaper", "amount", p.euro(&less), "percent", p.share(less), "n", p.count(p.run.Result.Applications))
	}
	return p.T("simulation.result.same", "n", p.count(p.run.Result.Applications))
}

// share is a part of what is paid today, in per cent with one decimal.
func (p runPage) share(cents int64) string {
	base := p.run.Result.Base.Cents
	if base == nil || *base == 0 {
		return p.T("simulation.hidden")
	}
	tenths := (cents*2000 + *base) / (*base * 2)
	return p.Percent(strconv.FormatInt(tenths/10, 10) + "." + strconv.FormatInt(tenths%10, 10))
}

// about names in one line what was changed, by whom and when.
func (p runPage) about() string {
	parts := []string{p.T("simulation.plan.who", "name", p.run.Name, "date", p.DateTime(p.run.CreatedAt))}
	if variant, ok := p.set.Version(p.run.Service, p.run.Plan.Variant); ok {
		for _, c := range p.run.Plan.Changes {
			parts = append(parts, variant.T(p.Lang(), "parameters."+c.Parameter))
		}
	}
	return strings.Join(parts, " · ")
}

// tried lists what the run is about.
func (p runPage) tried() []ui.SummaryListRow {
	row := func(key, value string) ui.SummaryListRow {
		return ui.SummaryListRow{Key: ui.ContentOptions{Text: key}, Value: ui.ContentOptions{Text: value}}
	}
	plan := p.run.Plan
	rows := []ui.SummaryListRow{
		row(p.T("simulation.plan.base"), p.T("simulation.plan.version", "version", plan.Base)),
		row(p.T("simulation.plan.date"), p.DateISO(plan.Date)),
	}
	if plan.Variant != plan.Base {
		rows = append(rows, row(p.T("simulation.plan.variant"), p.T("simulation.plan.version", "version", plan.Variant)))
	}
	for _, x := range p.changed() {
		rows = append(rows, row(x.label, p.T("simulation.plan.becomes", "was", p.allValues(x.was), "is", p.allValues(x.is))))
	}
	return append(rows, row(p.T("simulation.plan.by"), p.T("simulation.plan.who", "name", p.run.Name, "date", p.DateTime(p.run.CreatedAt))))
}

// change is a legal value that is another one in what was tried.
type change struct {
	label   string
	was, is feel.Value
}

// changed lists what is different in the version that was tried, with its
// changes: every value of the version of today that has another there.
func (p runPage) changed() []change {
	plan := p.run.Plan
	day, err := time.Parse(time.DateOnly, plan.Date)
	base, ok1 := p.set.Version(p.run.Service, plan.Base)
	variant, ok2 := p.set.Version(p.run.Service, plan.Variant)
	if err != nil || !ok1 || !ok2 {
		return nil
	}
	if variant, _, err = variant.Adjust(day, plan.Changes); err != nil {
		return nil
	}
	var all []change
	for _, x := range variant.Parameters.List {
		is, ok1 := x.At(day)
		y, _ := base.Parameters.Get(x.ID)
		was, ok2 := y.At(day)
		if ok1 && ok2 && !is.Value.Equal(was.Value) {
			all = append(all, change{variant.T(p.Lang(), "parameters."+x.ID), was.Value, is.Value})
		}
	}
	return all
}

// allValues writes a legal value with every item.
func (v view) allValues(x feel.Value) string {
	if x.Kind() != feel.KindList {
		return v.Number(x.String())
	}
	s := ""
	for i, item := range x.Items() {
		if i > 0 {
			s += "; "
		}
		s += v.Number(item.String())
	}
	return s
}

// figures are the few numbers that matter.
func (p runPage) figures() []ui.Figure {
	r := p.run.Result
	if p.takeUpOnly() {
		return []ui.Figure{
			{Value: p.count(r.TakeUp.Entitled), Text: p.T("simulation.figure.entitled")},
			{Value: p.count(r.TakeUp.Applied), Text: p.T("simulation.figure.applied")},
			{Value: p.count(r.TakeUp.Unused), Text: p.T("simulation.figure.unused")},
		}
	}
	return []ui.Figure{
		{Value: p.euro(r.Cost()), Text: p.T("simulation.figure.cost")},
		{Value: p.count(r.Gain), Text: p.T("simulation.figure.gain", "amount", p.euro(r.GainCents))},
		{Value: p.count(r.Lose), Text: p.T("simulation.figure.lose", "amount", p.euro(r.LoseCents))},
		{Value: p.count(r.Open), Text: p.T("simulation.figure.open")},
	}
}

// totals compares what both versions decide.
func (p runPage) totals() ui.TableOptions {
	r := p.run.Result
	cell := func(text string) ui.TableCell { return ui.TableCell{Text: text, Format: "numeric"} }
	t := ui.TableOptions{Caption: p.T("simulation.totals.title"), CaptionClasses: "govuk-table__caption--m", FirstCellIsHeader: true,
		Head: []ui.TableCell{{Text: p.T("simulation.totals.what")}, {Text: p.T("simulation.totals.base"), Format: "numeric"}, {Text: p.T("simulation.totals.variant"), Format: "numeric"}}}
	line := func(key string, a, b string) {
		t.Rows = append(t.Rows, []ui.TableCell{{Text: p.T("simulation.totals." + key)}, cell(a), cell(b)})
	}
	line("granted", p.count(r.Base.Granted), p.count(r.Variant.Granted))
	line("refused", p.count(r.Base.Refused), p.count(r.Variant.Refused))
	line("judgement", p.count(r.Base.Judgement), p.count(r.Variant.Judgement))
	if r.Base.Failed != 0 || r.Variant.Failed != 0 {
		line("failed", p.count(r.Base.Failed), p.count(r.Variant.Failed))
	}
	line("paid", p.euro(r.Base.Cents), p.euro(r.Variant.Cents))
	return t
}

// label names a group.
func (p runPage) label(b Breakdown, g Group) string {
	switch {
	case g.Key == "":
		return p.T("simulation.by.unknown")
	case b.Trait == ByCommune && g.Key == OtherCommunes:
		return p.T("simulation.by.otherCommunes")
	case b.Trait == ByCommune:
		return g.Key
	case b.Trait == ByIncome:
		switch {
		case g.Low != nil && g.High != nil:
			return p.T("simulation.by.decile", "n", g.Key, "from", p.whole(*g.Low), "to", p.whole(*g.High))
		case g.High != nil:
			return p.T("simulation.by.decileFirst", "n", g.Key, "to", p.whole(*g.High))
		case g.Low != nil:
			return p.T("simulation.by.decileLast", "n", g.Key, "from", p.whole(*g.Low))
		}
		return p.T("simulation.by.decileOnly", "n", g.Key)
	}
	n, _ := strconv.Atoi(g.Key)
	if n == largest {
		return p.T("simulation.by.sizeMore", "n", p.Int(n))
	}
	return p.N("simulation.by.persons", n)
}

// whole writes cents as whole euro.
func (p runPage) whole(cents int64) string { return p.Int(int(cents / 100)) }

// gains compares the groups of a trait.
func (p runPage) gains(b Breakdown) ui.DivergingTableOptions {
	o := ui.DivergingTableOptions{Caption: p.T("simulation.by." + b.Trait), LabelHead: p.T("simulation.by.group"),
		Heads: []string{p.T("simulation.by.all"), p.T("simulation.by.gain"), p.T("simulation.by.lose"), p.T("simulation.by.cost")}}
	longest := 1
	for _, g := range b.Groups {
		longest = max(longest, int(g.Gain), int(g.Lose))
	}
	if o.BarHead = p.T("simulation.by.gain"); p.run.Result.Lose != 0 {
		o.BarHead = p.T("simulation.by.bars")
	}
	for _, g := range b.Groups {
		o.Rows = append(o.Rows, ui.DivergingRow{Label: p.label(b, g),
			Cells: []string{p.count(g.All), p.count(g.Gain), p.count(g.Lose), p.euro(g.Cents)},
			More:  max(int(g.Gain), 0) * 1000 / longest, Less: max(int(g.Lose), 0) * 1000 / longest})
	}
	return o
}

// unused tells the take-up of the groups of a trait.
func (p runPage) unused(b Breakdown) ui.ChartTableOptions {
	o := ui.ChartTableOptions{Caption: p.T("simulation.takeUp." + b.Trait), LabelHead: p.T("simulation.by.group"), ValueHead: p.T("simulation.takeUp.unused")}
	longest := 1
	for _, g := range b.Groups {
		if g.Unused != nil {
			longest = max(longest, int(*g.Unused))
		}
	}
	for _, g := range b.Groups {
		if g.Unused != nil {
			o.Rows = append(o.Rows, ui.ChartRow{Label: p.label(b, g), Value: p.count(*g.Unused), Share: max(int(*g.Unused), 0) * 1000 / longest, Mark: true})
		}
	}
	return o
}
