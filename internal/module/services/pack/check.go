package pack

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"passerelle/engine/bpmn"
	"passerelle/engine/dmn"
	"passerelle/engine/feel"
	"passerelle/engine/form"
	"passerelle/engine/form/source"
	"passerelle/internal/platform/i18n"
)

// Check finds what would hurt at run time, as far as it can be known before: in
// a package that Load accepted. It runs the scenarios to see what they cover,
// but failing scenarios are Test's to report.
func Check(p *Package) []Finding {
	findings := p.check()
	report, cov := p.test()
	l := &loader{dir: p.Dir, files: p.files, findings: append(findings, report.Problems...)}
	if cov.scenarios == 0 {
		l.warn("scenarios", 0, "pack.finding.scenarios.none")
		return l.findings
	}
	for _, reason := range sortedKeys(cov.reasons) {
		if p.Has("reasons." + reason) {
			continue // what single languages lack is reported already
		}
		l.needText(p, "reasons."+reason, asReason("reason", "scenario", cov.reasons[reason]))
	}
	l.covered(cov)
	l.normsShown(p, cov)
	return l.findings
}

// check is the part of Check that runs nothing.
func (p *Package) check() []Finding {
	l := &loader{dir: p.Dir, files: p.files}
	l.checkTexts(p)
	l.checkForm(p)
	l.checkPaths(p)
	l.checkParameters(p)
	l.checkDecision(p)
	l.checkProcess(p)
	l.checkParties(p)
	l.checkExplanation(p)
	l.checkNearest(p)
	l.checkNorms(p)
	l.checkRounding(p)
	l.checkLetters(p)
	l.checkFiles(p)
	slices.SortStableFunc(l.findings, func(a, b Finding) int {
		if c := strings.Compare(a.File, b.File); c != 0 {
			return c
		}
		return a.Line - b.Line
	})
	return l.findings
}

// inputs are what every decision may ask for; few ask for all.
var inputs = factNames

// checkDecision reports what the decision engine finds in its model: gaps and
// overlaps of tables with an example, types, names, rules that never count.
// What it could not look into is no news.
func (l *loader) checkDecision(p *Package) {
	for _, f := range dmn.Check(p.Decision) {
		if f.Severity == dmn.SeverityNote || f.Kind == dmn.Unused && slices.Contains(inputs, f.Element) {
			continue
		}
		severity := Warning
		if f.Severity == dmn.SeverityError && f.Kind != dmn.Gap { // a gap may be a value that no form lets through
			severity = Error
		}
		msg := f.Msg
		for i, e := range f.Example {
			if i == 0 {
				msg += ", for example "
			} else {
				msg += ", "
			}
			msg += fmt.Sprint(e)
		}
		l.add(severity, "decision.dmn", f.Line, ruleFindings[f.Kind], "element", f.Element, "msg", msg)
	}
}

// ruleFindings are the codes of what the decision engine finds.
var ruleFindings = map[dmn.FindingKind]string{
	dmn.BadExpression: "pack.finding.engine.rules",
	dmn.UnknownName:   "pack.finding.rules.name",
	dmn.BadType:       "pack.finding.rules.type",
	dmn.Gap:           "pack.finding.rules.gap",
	dmn.Overlap:       "pack.finding.rules.overlap",
	dmn.Unreachable:   "pack.finding.rules.unreachable",
	dmn.Unused:        "pack.finding.rules.unused",
	dmn.NotChecked:    "pack.finding.engine.rules",
}

// checkForm reports pages and fields that are never asked, and prefill from
// evidence that does not exist.
func (l *loader) checkForm(p *Package) {
	const file = "form.yaml"
	never := func(c *form.Condition) bool {
		if c == nil {
			return false
		}
		value, constant := c.Constant()
		return constant && !value
	}
	var fields func(fs []*form.Field)
	fields = func(fs []*form.Field) {
		for _, f := range fs {
			if never(f.When) {
				l.fault(file, f.When.Line, "pack.finding.form.neverField", "field", f.Path())
			}
			if f.Prefill != nil {
				l.checkEvidence(p, file, f.Line, f.Prefill.Evidence)
			}
			fields(f.Fields)
		}
	}
	for i, id := range p.Service.Delegable {
		l.checkDelegable(p, p.lines.at("delegable."+strconv.Itoa(i)), id)
	}
	for _, pg := range p.Form.Pages {
		if never(pg.When) {
			l.fault(file, pg.When.Line, "pack.finding.form.neverPage", "page", pg.ID)
		}
		fields(pg.Fields)
	}
}

// checkDelegable checks a page that the applicant may give to somebody else: it
// shows nothing that registers say of the applicant, declares nothing in their
// name, and has no limit whose error would tell what stands elsewhere.
func (l *loader) checkDelegable(p *Package, line int, id string) {
	page := p.Form.Page(id)
	if page == nil {
		l.fault("service.yaml", line, "pack.finding.delegable.noPage", "page", id)
		return
	}
	for _, f := range page.Fields {
		if f.Prefill != nil || f.Type == form.Fact || f.Type == form.Declaration {
			l.fault("service.yaml", line, "pack.finding.delegable.own", "page", id, "field", f.ID)
		}
		l.checkLimits(page, line, f)
	}
}

// checkLimits refuses limits of a field on a delegable page that read anything
// of the applicant but that page: a limit is told to whoever breaks it.
func (l *loader) checkLimits(page *form.Page, line int, f *form.Field) {
	for _, limit := range []*form.Condition{f.Min, f.Max} {
		if limit == nil {
			continue
		}
		elsewhere := len(source.Paths(limit.Text, "applicant"))+len(source.Paths(limit.Text, "evidence")) > 0
		for _, path := range source.Paths(limit.Text, "application") {
			elsewhere = elsewhere || !slices.ContainsFunc(page.Fields, func(x *form.Field) bool { return x.ID == path[0] })
		}
		if elsewhere {
			l.fault("service.yaml", line, "pack.finding.delegable.limit", "limit", limit.Text, "field", f.Path())
		}
	}
	for _, inner := range f.Fields {
		l.checkLimits(page, line, inner)
	}
}

// checkPaths reports names below application, evidence and parameters that
// nothing has, wherever FEEL stands.
func (l *loader) checkPaths(p *Package) {
	for _, e := range p.Form.Expressions() {
		l.paths(p, "form.yaml", e.Line, e.Text, false)
	}
	for _, e := range p.feel {
		l.paths(p, e.file, e.text.Line, e.text.Text, true)
	}
	for i, line := range strings.Split(string(l.files["decision.dmn"]), "\n") {
		l.paths(p, "decision.dmn", i+1, xmlText.Replace(line), true)
	}
	for _, u := range p.Process.Uses() {
		l.paths(p, "process.bpmn", u.Pos.Line, u.Source, true)
		for _, n := range u.Names {
			known := slices.Contains(factNames, n) || n == "decision" || n == "case"
			if _, isElement := p.Process.Element(n); !known && !isElement {
				l.fault("process.bpmn", u.Pos.Line, "pack.finding.process.unknownName", "what", u.Element, "name", n)
			}
		}
	}
}

var xmlText = strings.NewReplacer("&quot;", `"`, "&lt;", "<", "&gt;", ">", "&apos;", "'", "&amp;", "&")

func (l *loader) paths(p *Package, file string, line int, text string, application bool) {
	if application { // the form engine has checked its own
		for _, path := range source.Paths(text, "application") {
			f := p.Form.Field(path[0])
			switch {
			case path[0] == "contested":
				if len(path) > 1 && p.Form.Field(path[1]) == nil {
					l.fault(file, line, "pack.finding.form.noField", "field", path[1])
				}
			case f == nil:
				l.fault(file, line, "pack.finding.form.noField", "field", path[0])
			case f.Type == form.Group && len(path) > 1 && p.Form.Field(path[0]+"."+path[1]) == nil:
				l.fault(file, line, "pack.finding.form.noFieldInGroup", "group", path[0], "field", path[1])
			}
		}
	}
	l.partyPaths(p, file, line, text)
	for _, path := range source.Paths(text, "evidence") {
		l.checkEvidence(p, file, line, path[0])
	}
	for _, path := range source.Paths(text, "parameters") {
		if _, ok := p.Parameters.Get(path[0]); !ok && path[0] != "unknown" {
			l.fault(file, line, "pack.finding.parameters.none", "parameter", path[0])
		}
	}
}

// checkParameters reports legal values that lack a day on which the service
// takes applications.
func (l *loader) checkParameters(p *Package) {
	const file = "parameters.yaml"
	for _, prm := range p.Parameters.List {
		for _, v := range prm.Values {
			l.checkLegal(p, file, v.Line, v.Legal)
		}
		if !p.uses[prm.ID] && !strings.Contains(string(l.files["explanation.yaml"])+string(l.files["form.yaml"]), prm.ID) {
			l.warn(file, prm.Line, "pack.finding.parameters.neverRead", "parameter", prm.ID)
		}
		if p.Service.ReferenceDate != "" && p.Service.ReferenceDate != "date" {
			continue // which days count depends on the application
		}
		in := p.Service.InForce
		for _, v := range prm.Values {
			if !in.To.IsZero() && v.From.After(in.To) {
				l.warn(file, v.Line, "pack.finding.parameters.afterEnd", "parameter", prm.ID, "from", dayText(v.From), "end", dayText(in.To))
			}
		}
		if _, ok := prm.At(in.From); !ok {
			l.fault(file, prm.Line, "pack.finding.parameters.noFirst", "parameter", prm.ID, "date", dayText(in.From))
		}
		if last := prm.Values[len(prm.Values)-1]; !last.To.IsZero() && (in.To.IsZero() || last.To.Before(in.To)) {
			l.fault(file, last.Line, "pack.finding.parameters.noLast", "parameter", prm.ID, "date", dayText(last.To.AddDate(0, 0, 1)))
		}
	}
}

// topics of service tasks and kinds of user tasks that the platform knows.
var (
	topics = []string{"evidence.fetch", "decision.issue", "payment.order", "certificate.issue"}
	kinds  = []string{"decide", "judge", "approve", "pay", "contribute"}
	roles  = []string{"case-worker", "head-of-unit", "applicant", "party"}
)

func (l *loader) checkProcess(p *Package) {
	const file = "process.bpmn"
	issued := map[string]bool{}
	for _, e := range p.Process.Elements() {
		bad := func(code string, args ...any) {
			l.fault(file, e.Pos.Line, code, append([]any{"kind", e.Kind, "id", e.ID}, args...)...)
		}
		switch e.Kind {
		case "userTask":
			if !slices.Contains(kinds, e.Attrs["kind"]) {
				bad("pack.finding.process.kind", "list", strings.Join(kinds, ", "))
			}
			if !slices.Contains(roles, e.Attrs["role"]) {
				bad("pack.finding.process.role", "list", strings.Join(roles, ", "))
			}
			if (e.Attrs["kind"] == "contribute") != (e.Attrs["role"] == "party") {
				bad("pack.finding.process.contribute")
			}
			if other := e.Attrs["fourEyes"]; other != "" {
				if x, ok := p.Process.Element(other); !ok || x.Kind != "userTask" {
					bad("pack.finding.process.fourEyes", "other", other)
				}
			}
		case "serviceTask":
			l.checkTopic(p, e, bad)
			issued[e.Attrs["topic"]] = true
		case "businessRuleTask":
			if d := e.Attrs["decision"]; !slices.Contains(p.decisions, d) {
				bad("pack.finding.process.noDecision", "decision", d)
			}
		}
		if code, args := countFault(e); code != "" {
			bad(code, args...)
		}
	}
	if !issued["decision.issue"] {
		l.fault(file, 0, "pack.finding.process.neverIssued")
	}
	for i, o := range p.Service.Outputs {
		if o.Type == "payment" && !issued["payment.order"] {
			l.fault("service.yaml", p.lines.at(fmt.Sprintf("outputs.%d", i)), "pack.finding.outputs.neverPaid", "output", o.ID)
		}
	}
}

// countFault is the code of what is wrong with how a timer counts (pg:count), or "". What
// FEEL computes is only known when the process runs: too late to find that it
// cannot be counted in days.
func countFault(e bpmn.Element) (code string, args []any) {
	count := e.Attrs["count"]
	if count == "" {
		return "", nil
	}
	if e.Event != "timer" {
		return "pack.finding.process.countTimers", nil
	}
	if !slices.Contains([]string{"days", "working-days", "hours"}, count) {
		return "pack.finding.process.countOneOf", nil
	}
	v, ok := feel.ParseTemporal(e.Timer)
	d, isDuration := v.AsDuration()
	_, isMonths := v.AsMonths()
	switch {
	case count == "hours" && (!ok || isDuration || isMonths):
		return "", nil
	case !ok:
		return "pack.finding.process.countWritten", []any{"count", count}
	case !isDuration && !isMonths:
		return "pack.finding.process.countDate", nil
	case isDuration && (d <= 0 || d%(24*time.Hour) != 0):
		return "pack.finding.process.countWhole", []any{"timer", e.Timer, "count", count}
	case isMonths && count == "working-days":
		return "pack.finding.process.countMonths", []any{"timer", e.Timer}
	}
	return "", nil
}

func (l *loader) checkTopic(p *Package, e bpmn.Element, bad func(string, ...any)) {
	topic := e.Attrs["topic"]
	if !slices.Contains(topics, topic) {
		bad("pack.finding.process.topic", "list", strings.Join(topics, ", "))
	}
	if topic == "evidence.fetch" {
		for _, id := range strings.Fields(e.Attrs["evidence"]) {
			l.checkEvidence(p, "process.bpmn", e.Pos.Line, id)
		}
	}
	if topic == "certificate.issue" && !slices.ContainsFunc(p.Service.Outputs, func(o Output) bool { return o.ID == e.Attrs["output"] && o.Type != "payment" }) {
		bad("pack.finding.process.output", "output", e.Attrs["output"])
	}
}

// checkLetters reports missing letters: those of both outcomes, and of each
// certificate, in five languages.
func (l *loader) checkLetters(p *Package) {
	need := []string{"granted", "refused"}
	for _, o := range p.Service.Outputs {
		if o.Type != "payment" {
			need = append(need, o.ID)
		}
	}
	for _, name := range p.Letters {
		if !slices.Contains(need, name) {
			need = append(need, name)
		}
	}
	for _, name := range need {
		for _, lang := range i18n.Langs {
			if p.letters[name+"."+string(lang)] == nil {
				l.fault("letters/"+name+"."+string(lang)+".md", 0, "pack.finding.file.missing")
			}
		}
	}
}

var packageFiles = regexp.MustCompile(`^(?:service|form|parameters|explanation|norms|simulation)\.yaml$|^parties/[^/]+\.yaml$|^decision\.dmn$|^process\.bpmn$|^texts/|^letters/|^scenarios/[^/]+\.yaml$|^README\.md$`)

func (l *loader) checkFiles(p *Package) {
	for _, name := range sortedKeys(p.files) {
		if !packageFiles.MatchString(name) {
			l.warn(name, 0, "pack.finding.file.foreign")
		}
	}
}

// covered reports rules of decision tables that no scenario uses.
func (l *loader) covered(cov *coverage) {
	for _, x := range cov.model.List() {
		if x.Kind == "rule" && x.Times == 0 {
			l.warn("decision.dmn", x.Line, "pack.finding.rules.notCovered", "rule", x.Rule, "element", x.Element)
		}
	}
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
