package pack

import (
	"strings"
	"time"

	"github.com/woodsbury/decimal128"

	"passerelle/engine/feel"
	"passerelle/internal/platform/i18n"
)

// Explain tells a decision in the locale's language: one sentence, the decisive
// conditions, the arithmetic, each with its source and its article. ev says of
// each piece of evidence where it came from.
func (p *Package) Explain(loc *i18n.Locale, d Decision, f Facts, ev map[string]EvidenceMeta) Explained {
	vars := p.outScope(f, d)
	t := teller{p: p, loc: loc, vars: vars, ev: ev, date: d.ReferenceDate}
	x := Explained{Headline: p.T(loc.Lang(), "decision."+string(d.Outcome), t.args(p.Explanation.headline)...)}
	for _, r := range d.Reasons {
		x.Reasons = append(x.Reasons, p.Reason(loc.Lang(), r))
	}
	for _, c := range p.Explanation.conditions {
		if c.when != nil && !t.holds(c.when) {
			continue
		}
		x.Conditions = append(x.Conditions, t.condition(c))
	}
	for _, r := range p.Explanation.rows {
		if r.when != nil && !t.holds(r.when) {
			continue
		}
		x.Rows = append(x.Rows, t.row(r))
	}
	if spec := p.Explanation.result; spec != nil {
		if v := t.eval(spec.value); !v.IsNull() {
			x.Result = &Row{ID: "result", Label: p.T(loc.Lang(), "explanation.result"), Value: showUnit(loc, v, spec.unit), Raw: v, Unit: spec.unit}
		}
	}
	for _, u := range d.Parameters {
		t.legal(u.Legal)
	}
	x.Legal = t.cited
	return x
}

// Reason returns the text of a reason key; a reason that an officer wrote comes
// back as it is.
func (p *Package) Reason(lang i18n.Lang, reason string) string {
	if p.Has("reasons." + reason) {
		return p.T(lang, "reasons."+reason)
	}
	return reason
}

// Legal returns the citation of resource or resource/article in a language.
func (p *Package) Legal(lang i18n.Lang, cite string) (LegalRef, bool) {
	id, article, _ := strings.Cut(cite, "/")
	for _, r := range p.Service.Legal {
		if r.ID == id && id != "" {
			title := r.Title[string(lang)]
			for _, l := range []string{"fr", "de", "en"} {
				if title == "" {
					title = r.Title[l]
				}
			}
			return LegalRef{Resource: id, Title: title, Article: r.Articles[article], Date: r.Date, URL: r.URL, Status: r.Status}, true
		}
	}
	return LegalRef{}, false
}

// outScope is what the explanation can read.
func (p *Package) outScope(f Facts, d Decision) feel.Value {
	params, _ := p.Parameters.Context(d.ReferenceDate)
	evidence, _ := p.evidenceContext(f)
	entries := append(make([]feel.Entry, 0, 9+len(d.Values)),
		feel.Entry{Name: "application", Value: p.Form.Values(f.Application)},
		feel.Entry{Name: "evidence", Value: evidence},
		feel.Entry{Name: "parameters", Value: params},
		feel.Entry{Name: "date", Value: feel.DateOf(d.ReferenceDate)},
		feel.Entry{Name: "applicant", Value: f.Applicant},
		feel.Entry{Name: "party", Value: p.partyContext(f)},
		feel.Entry{Name: "decision", Value: d.context()})
	for _, name := range p.decisions {
		if v, ok := d.Values[name]; ok {
			entries = append(entries, feel.Entry{Name: name, Value: v})
		} else {
			entries = append(entries, feel.Entry{Name: name})
		}
	}
	return feel.Context(entries...)
}

// context returns the decision as FEEL sees it: the main decision's values with
// outcome, amount and reasons as they were finally decided.
func (d Decision) context() feel.Value {
	amount := feel.Null()
	if n, err := decimal128.Parse(d.Amount); err == nil && d.Amount != "" {
		amount = feel.Number(n)
	}
	reasons := make([]feel.Value, len(d.Reasons))
	for i, r := range d.Reasons {
		reasons[i] = feel.String(r)
	}
	return d.Value.Put("outcome", feel.String(string(d.Outcome))).Put("amount", amount).Put("reasons", feel.List(reasons...))
}

// teller turns values into words.
type teller struct {
	p     *Package
	loc   *i18n.Locale
	vars  feel.Value
	ev    map[string]EvidenceMeta
	date  time.Time
	cited []LegalRef
}

func (t *teller) eval(e *feel.Expr) feel.Value {
	v, _ := e.EvalContext(t.vars)
	return v
}

func (t *teller) holds(e *feel.Expr) bool {
	b, ok := t.eval(e).AsBool()
	return ok && b
}

func (t *teller) args(as []argument) []any {
	out := make([]any, 0, 2*len(as))
	for _, a := range as {
		format := a.format
		if format == "" && a.name == "amount" {
			format = "money"
		}
		out = append(out, a.name, show(t.loc, t.eval(a.expr), format))
	}
	return out
}

func (t *teller) condition(c conditionSpec) Condition {
	out := Condition{ID: c.id, State: Unknown}
	if b, ok := t.eval(c.met).AsBool(); ok {
		out.State = Failed
		if b {
			out.State = Met
		}
	}
	out.Text = t.p.T(t.loc.Lang(), "explanation.conditions."+c.id+"."+string(out.State), t.args(c.args)...)
	if m, ok := t.ev[c.evidence]; ok {
		out.Source, out.Date = m.Source, m.AsOf
	}
	out.Legal = t.legal(c.legal)
	return out
}

func (t *teller) row(r rowSpec) Row {
	v := t.eval(r.value)
	out := Row{ID: r.id, Label: t.p.T(t.loc.Lang(), "explanation.rows."+r.id, t.args(r.args)...), Value: showUnit(t.loc, v, r.unit), Raw: v, Unit: r.unit, Minus: r.minus}
	switch s := r.source; {
	case s.Evidence != "":
		out.Source = RowSource{Evidence: s.Evidence, Label: t.p.T(t.loc.Lang(), "evidence."+s.Evidence+".label")}
		if m, ok := t.ev[s.Evidence]; ok {
			out.Source.Register, out.Source.Date = m.Source, m.AsOf
		}
	case s.Parameter != "":
		out.Source = RowSource{Parameter: s.Parameter, Label: t.p.T(t.loc.Lang(), "parameters."+s.Parameter)}
		if p, ok := t.p.Parameters.Get(s.Parameter); ok {
			if value, ok := p.At(t.date); ok {
				out.Source.From, out.Source.Status, out.Source.Legal = value.From, value.Status, t.legal(value.Legal)
			}
		}
	case s.Legal != "":
		out.Source = RowSource{Legal: t.legal(s.Legal)}
	}
	return out
}

// legal resolves a citation and remembers it for the list at the end.
func (t *teller) legal(cite string) *LegalRef {
	ref, ok := t.p.Legal(t.loc.Lang(), cite)
	if !ok {
		return nil
	}
	for _, c := range t.cited {
		if c == ref {
			return &ref
		}
	}
	t.cited = append(t.cited, ref)
	return &ref
}
