package simulation

import (
	"encoding/csv"
	"fmt"
	"strconv"
	"strings"
)

// Report is a result with the plan that gave it.
type Report struct {
	Service string `json:"service"`
	Plan    Plan   `json:"plan"`
	Result  Result `json:"result"`
	Note    string `json:"note"` // how to read the figures, for people
}

// Note says in English how to read the figures.
const Note = "Figures are rounded, with a small random deviation, and groups under ten are not told; therefore columns need not add up."

// WriteCSV writes the groups, one a line. A hidden figure is an empty cell.
func (r *Result) WriteCSV(w *csv.Writer) error {
	rows := [][]string{{"trait", "group", "from_eur", "to_eur", "applications", "granted", "gain", "lose", "cost_eur", "entitled_not_applied"}}
	rows = append(rows, []string{"all", "", "", "", r.Applications.text(), r.Base.Granted.text(), r.Gain.text(), r.Lose.text(), euros(r.Cost()), r.unused()})
	for _, b := range r.By {
		for _, g := range b.Groups {
			unused := ""
			if g.Unused != nil {
				unused = g.Unused.text()
			}
			rows = append(rows, []string{b.Trait, g.Key, euros(g.Low), euros(g.High), g.All.text(), g.Granted.text(), g.Gain.text(), g.Lose.text(), euros(g.Cents), unused})
		}
	}
	if err := w.WriteAll(rows); err != nil {
		return err
	}
	w.Flush()
	return w.Error()
}

func (r *Result) unused() string {
	if r.TakeUp == nil {
		return ""
	}
	return r.TakeUp.Unused.text()
}

// Cost is what the variant pays more than the base, in cents, among those about
// whom the rules decide under both; nil: hidden.
func (r *Result) Cost() *int64 { return less(r.GainCents, r.LoseCents) }

func (c Count) text() string {
	if c == Hidden {
		return ""
	}
	return strconv.Itoa(int(c))
}

// euros writes cents as whole euro, hidden ones as nothing: what is told has no
// cents.
func euros(cents *int64) string {
	if cents == nil {
		return ""
	}
	return strconv.FormatInt(*cents/100, 10)
}

// Text writes the result for a terminal, in English.
func (r *Result) Text() string {
	var b strings.Builder
	show := func(c Count) string {
		if c == Hidden {
			return "<10"
		}
		return strconv.Itoa(int(c))
	}
	money := func(c *int64) string {
		if c == nil {
			return "hidden"
		}
		return euros(c)
	}
	fmt.Fprintf(&b, "%s\n\n%s applications\n%-12s %14s %14s\n", Note, show(r.Applications), "", "today", "tried")
	for _, x := range []struct {
		what       string
		base, with string
	}{
		{"granted", show(r.Base.Granted), show(r.Variant.Granted)}, {"refused", show(r.Base.Refused), show(r.Variant.Refused)},
		{"judgement", show(r.Base.Judgement), show(r.Variant.Judgement)}, {"failed", show(r.Base.Failed), show(r.Variant.Failed)},
		{"paid EUR", money(r.Base.Cents), money(r.Variant.Cents)},
	} {
		fmt.Fprintf(&b, "%-12s %14s %14s\n", x.what, x.base, x.with)
	}
	fmt.Fprintf(&b, "%s gain (%s EUR), %s lose (%s EUR), %s not compared: a person decides\n", show(r.Gain), money(r.GainCents), show(r.Lose), money(r.LoseCents), show(r.Open))
	notApplied := func(string) string { return "" }
	if t := r.TakeUp; t != nil {
		fmt.Fprintf(&b, "%s entitled today, %s of them have applied, %s have not\n", show(t.Entitled), show(t.Applied), show(t.Unused))
		notApplied = func(s string) string { return fmt.Sprintf(" %12s", s) }
	}
	for _, by := range r.By {
		fmt.Fprintf(&b, "\n%-26s %8s %8s %8s %14s%s\n", by.Trait, "all", "gain", "lose", "costs more EUR", notApplied("not applied"))
		for _, g := range by.Groups {
			key := g.Key
			switch {
			case key == "":
				key = "not known"
			case g.Low != nil || g.High != nil:
				key += ". " + euros(g.Low) + "-" + euros(g.High)
			}
			unused := ""
			if g.Unused != nil {
				unused = notApplied(show(*g.Unused))
			}
			fmt.Fprintf(&b, "%-26s %8s %8s %8s %14s%s\n", key, show(g.All), show(g.Gain), show(g.Lose), money(g.Cents), unused)
		}
	}
	return b.String()
}
