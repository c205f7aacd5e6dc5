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
}

// WriteCSV writes the groups, one a line. A hidden figure is an empty cell.
func (r *Result) WriteCSV(w *csv.Writer) error {
	rows := [][]string{{"trait", "group", "from_eur", "to_eur", "applications", "granted", "gain", "lose", "cost_eur", "entitled_not_applied"}}
	rows = append(rows, []string{"all", "", "", "", strconv.Itoa(r.Applications), r.Base.Granted.text(), r.Gain.text(), r.Lose.text(), euros(r.Cost()), r.unused()})
	for _, b := range r.By {
		for _, g := range b.Groups {
			from, to, unused := "", "", ""
			if b.Trait == ByIncome && g.Key != "" {
				from, to = euros(&g.Low), euros(&g.High)
			}
			if g.Unused != nil {
				unused = g.Unused.text()
			}
			rows = append(rows, []string{b.Trait, g.Key, from, to, g.All.text(), g.Granted.text(), g.Gain.text(), g.Lose.text(), euros(g.Cents), unused})
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
func (r *Result) Cost() *int64 {
	if r.GainCents == nil || r.LoseCents == nil {
		return nil
	}
	c := *r.GainCents - *r.LoseCents
	return &c
}

func (c Count) text() string {
	if c == Hidden {
		return ""
	}
	return strconv.Itoa(int(c))
}

// euros writes cents with two decimals, hidden ones as nothing.
func euros(cents *int64) string {
	if cents == nil {
		return ""
	}
	sign, c := "", *cents
	if c < 0 {
		sign, c = "-", -c
	}
	s := strconv.FormatInt(c, 10)
	for len(s) < 3 {
		s = "0" + s
	}
	return sign + s[:len(s)-2] + "." + s[len(s)-2:]
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
	fmt.Fprintf(&b, "%d applications\n%-12s %14s %14s\n", r.Applications, "", "today", "tried")
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
	for _, by := range r.By {
		fmt.Fprintf(&b, "\n%-26s %8s %8s %8s %14s\n", by.Trait, "all", "gain", "lose", "costs more EUR")
		for _, g := range by.Groups {
			key := g.Key
			if by.Trait == ByIncome && key != "" {
				key = fmt.Sprintf("%s. %s-%s", key, euros(&g.Low), euros(&g.High))
			}
			if key == "" {
				key = "not known"
			}
			fmt.Fprintf(&b, "%-26s %8s %8s %8s %14s\n", key, show(g.All), show(g.Gain), show(g.Lose), money(g.Cents))
		}
	}
	return b.String()
}
