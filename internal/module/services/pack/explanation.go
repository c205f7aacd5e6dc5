package pack

import (
	"slices"
	"strings"

	"passerelle/engine/feel"
	"passerelle/engine/form/source"
)

// Explanation is explanation.yaml: how a decision is told to people.
type Explanation struct {
	headline   []argument
	conditions []conditionSpec
	rows       []rowSpec
	steps      []string // decisions whose value jumps: another value is another decision
	result     *resultSpec
	nearest    []nearestSpec
}

type conditionSpec struct {
	id       string
	line     int
	when     *feel.Expr
	met      *feel.Expr
	args     []argument
	evidence string
	legal    string
}

type rowSpec struct {
	id     string
	line   int
	when   *feel.Expr
	value  *feel.Expr
	text   string // of value
	unit   string
	args   []argument
	minus  bool
	source rawSource
}

type resultSpec struct {
	value *feel.Expr
	unit  string
}

// argument is a placeholder's value: FEEL, and how it is shown.
type argument struct {
	name   string
	expr   *feel.Expr
	format string
}

type rawExplanation struct {
	Headline   map[string]source.Text `yaml:"headline"`
	Steps      []source.Text          `yaml:"steps"`
	Conditions []struct {
		ID       source.Text            `yaml:"id"`
		When     *source.Text           `yaml:"when"`
		Met      source.Text            `yaml:"met"`
		Args     map[string]source.Text `yaml:"args"`
		Evidence string                 `yaml:"evidence"`
		Legal    string                 `yaml:"legal"`
	} `yaml:"conditions"`
	Rows []struct {
		ID     source.Text            `yaml:"id"`
		When   *source.Text           `yaml:"when"`
		Value  source.Text            `yaml:"value"`
		Unit   source.Text            `yaml:"unit"`
		Args   map[string]source.Text `yaml:"args"`
		Sign   string                 `yaml:"sign"`
		Source *rawSource             `yaml:"source"`
	} `yaml:"rows"`
	Result *struct {
		Value source.Text `yaml:"value"`
		Unit  source.Text `yaml:"unit"`
	} `yaml:"result"`
	Nearest []rawNearest `yaml:"nearest"`
}

type rawSource struct {
	Evidence  string `yaml:"evidence"`
	Parameter string `yaml:"parameter"`
	Legal     string `yaml:"legal"`
}

// explanationUnits are the units a row can have.
var explanationUnits = []string{"count", "EUR", "EUR/month", "EUR/year", "percent", "date", "month", "text", "months", "days", "years", "factor"}

// formats are the ways a value is shown in letters and placeholders.
var formats = []string{"money", "date", "number", "percent", "text", "month"}

// outNames are the names that letters, certificates and process can read.
func (l *loader) outNames(p *Package) []string {
	names := append(slices.Clone(factNames), "decision", "case")
	if p.Process != nil {
		for _, e := range p.Process.Elements() {
			if e.Kind == "userTask" {
				names = append(names, e.ID)
			}
		}
	}
	return names
}

// loadExplanation reads explanation.yaml; a package without one only has its
// headline sentences.
func (l *loader) loadExplanation(p *Package) {
	const file = "explanation.yaml"
	src, ok := l.readOptional(file)
	if !ok {
		return
	}
	var raw rawExplanation
	l.decode(src, file, &raw)
	names := append(append(slices.Clone(factNames), "decision"), p.decisions...)
	x := &p.Explanation
	x.headline = l.arguments(file, "headline", raw.Headline, names)
	for _, rc := range raw.Conditions {
		what := "conditions." + rc.ID.Text
		c := conditionSpec{id: rc.ID.Text, line: rc.ID.Line, evidence: rc.Evidence, legal: rc.Legal}
		l.checkID(file, rc.ID)
		l.checkEvidence(p, file, rc.ID.Line, rc.Evidence)
		l.checkLegal(p, file, rc.ID.Line, rc.Legal)
		if rc.When != nil {
			c.when = l.compile(file, what+".when", *rc.When, names)
		}
		c.met = l.compile(file, what+".met", rc.Met, names)
		c.args = l.arguments(file, what+".args", rc.Args, names)
		x.conditions = append(x.conditions, c)
	}
	for _, rr := range raw.Rows {
		what := "rows." + rr.ID.Text
		r := rowSpec{id: rr.ID.Text, line: rr.ID.Line, unit: rr.Unit.Text, minus: rr.Sign == "minus"}
		l.checkID(file, rr.ID)
		if !slices.Contains(explanationUnits, r.unit) {
			l.fault(file, max(rr.Unit.Line, r.line), "pack.finding.file.unit", "what", what, "unit", r.unit)
		}
		if rr.Sign != "" && rr.Sign != "minus" {
			l.fault(file, r.line, "pack.finding.explanation.sign", "what", what)
		}
		if rr.When != nil {
			r.when = l.compile(file, what+".when", *rr.When, names)
		}
		r.value, r.text = l.compile(file, what+".value", rr.Value, names), strings.TrimSpace(rr.Value.Text)
		r.args = l.arguments(file, what+".args", rr.Args, names)
		if rr.Source != nil {
			r.source = *rr.Source
			l.checkEvidence(p, file, r.line, r.source.Evidence)
			l.checkLegal(p, file, r.line, r.source.Legal)
			if id := r.source.Parameter; id != "" {
				if _, ok := p.Parameters.Get(id); !ok {
					l.fault(file, r.line, "pack.finding.explanation.noParameter", "what", what, "parameter", id)
				}
			}
		}
		x.rows = append(x.rows, r)
	}
	for _, step := range raw.Steps {
		if !slices.Contains(p.decisions, step.Text) {
			l.fault(file, step.Line, "pack.finding.explanation.step", "decision", step.Text)
		}
		x.steps = append(x.steps, step.Text)
	}
	for _, rn := range raw.Nearest {
		x.nearest = append(x.nearest, l.nearest(p, file, rn))
	}
	if raw.Result != nil {
		x.result = &resultSpec{value: l.compile(file, "result", raw.Result.Value, names), unit: raw.Result.Unit.Text}
		if !slices.Contains(explanationUnits, x.result.unit) {
			l.fault(file, max(raw.Result.Unit.Line, raw.Result.Value.Line), "pack.finding.explanation.resultUnit", "unit", x.result.unit)
		}
	}
}

func (l *loader) checkID(file string, id source.Text) {
	if !idRE.MatchString(id.Text) {
		l.fault(file, id.Line, "pack.finding.file.id", "id", id.Text)
	}
}

func (l *loader) checkEvidence(p *Package, file string, line int, id string) {
	if id != "" && !l.blind && !slices.ContainsFunc(p.Service.Evidence, func(e EvidenceSpec) bool { return e.ID == id }) {
		l.fault(file, line, "pack.finding.evidence.none", "evidence", id)
	}
}

// checkLegal checks a citation: resource, or resource/article.
func (l *loader) checkLegal(p *Package, file string, line int, cite string) {
	if cite == "" || l.blind {
		return
	}
	id, article, _ := strings.Cut(cite, "/")
	for _, r := range p.Service.Legal {
		if r.ID != id {
			continue
		}
		if _, ok := r.Articles[article]; article != "" && !ok {
			l.fault(file, line, "pack.finding.legal.noArticle", "id", id, "article", article)
		}
		return
	}
	l.fault(file, line, "pack.finding.legal.noResource", "id", id)
}

// arguments compiles the values of placeholders, by name.
func (l *loader) arguments(file, what string, raw map[string]source.Text, names []string) []argument {
	var out []argument
	for name, t := range raw {
		out = append(out, l.argument(file, what+"."+name, name, t, names))
	}
	slices.SortFunc(out, func(a, b argument) int { return strings.Compare(a.name, b.name) })
	return out
}

// argument compiles "FEEL" or "FEEL | format".
func (l *loader) argument(file, what, name string, t source.Text, names []string) argument {
	a := argument{name: name}
	if i := strings.LastIndexByte(t.Text, '|'); i >= 0 && !strings.Contains(t.Text[i:], `"`) {
		a.format = strings.TrimSpace(t.Text[i+1:])
		t.Text = t.Text[:i]
		if !slices.Contains(formats, a.format) {
			l.fault(file, t.Line, "pack.finding.file.format", "what", what, "format", a.format, "list", strings.Join(formats, ", "))
		}
	}
	a.expr = l.compile(file, what, t, names)
	return a
}
