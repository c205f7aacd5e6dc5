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
		l.warn("scenarios", 0, "there are no scenarios: nobody can see that the rules are right")
		return l.findings
	}
	for _, reason := range sortedKeys(cov.reasons) {
		if p.Has("reasons." + reason) {
			continue // what single languages lack is reported already
		}
		l.needText(p, "reasons."+reason, fmt.Sprintf("the scenario %q gives this reason", cov.reasons[reason]))
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
		msg := f.Element + ": " + f.Msg
		for i, e := range f.Example {
			if i == 0 {
				msg += ", for example "
			} else {
				msg += ", "
			}
			msg += fmt.Sprint(e)
		}
		l.add(severity, "decision.dmn", f.Line, "%s", msg)
	}
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
				l.fault(file, f.When.Line, "field %q is never asked", f.Path())
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
			l.fault(file, pg.When.Line, "page %q is never asked", pg.ID)
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
		l.fault("service.yaml", line, "delegable: the form has no page %q", id)
		return
	}
	for _, f := range page.Fields {
		if f.Prefill != nil || f.Type == form.Fact || f.Type == form.Declaration {
			l.fault("service.yaml", line, "delegable: page %q has the field %q, which is the applicant's own affair", id, f.ID)
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
			l.fault("service.yaml", line, "delegable: the limit %s of the field %q would tell somebody else what only the applicant may know; make it a check", limit.Text, f.Path())
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
				l.fault("process.bpmn", u.Pos.Line, "%s: nothing is called %q", u.Element, n)
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
					l.fault(file, line, "the form has no field %q", path[1])
				}
			case f == nil:
				l.fault(file, line, "the form has no field %q", path[0])
			case f.Type == form.Group && len(path) > 1 && p.Form.Field(path[0]+"."+path[1]) == nil:
				l.fault(file, line, "the form's group %q has no field %q", path[0], path[1])
			}
		}
	}
	l.partyPaths(p, file, line, text)
	for _, path := range source.Paths(text, "evidence") {
		l.checkEvidence(p, file, line, path[0])
	}
	for _, path := range source.Paths(text, "parameters") {
		if _, ok := p.Parameters.Get(path[0]); !ok && path[0] != "unknown" {
			l.fault(file, line, "parameters.yaml has no parameter %q", path[0])
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
			l.warn(file, prm.Line, "parameter %q is never read", prm.ID)
		}
		if p.Service.ReferenceDate != "" && p.Service.ReferenceDate != "date" {
			continue // which days count depends on the application
		}
		in := p.Service.InForce
		for _, v := range prm.Values {
			if !in.To.IsZero() && v.From.After(in.To) {
				l.warn(file, v.Line, "parameter %q: the value from %s is never read, the version ends on %s", prm.ID, dayText(v.From), dayText(in.To))
			}
		}
		if _, ok := prm.At(in.From); !ok {
			l.fault(file, prm.Line, "parameter %q has no value on %s, when the version comes into force", prm.ID, dayText(in.From))
		}
		if last := prm.Values[len(prm.Values)-1]; !last.To.IsZero() && (in.To.IsZero() || last.To.Before(in.To)) {
			l.fault(file, last.Line, "parameter %q has no value from %s, when the version is still in force", prm.ID, dayText(last.To.AddDate(0, 0, 1)))
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
		bad := func(format string, args ...any) {
			l.fault(file, e.Pos.Line, "%s %q: %s", e.Kind, e.ID, fmt.Sprintf(format, args...))
		}
		switch e.Kind {
		case "userTask":
			if !slices.Contains(kinds, e.Attrs["kind"]) {
				bad("pg:kind is one of %s", strings.Join(kinds, ", "))
			}
			if !slices.Contains(roles, e.Attrs["role"]) {
				bad("pg:role is one of %s", strings.Join(roles, ", "))
			}
			if (e.Attrs["kind"] == "contribute") != (e.Attrs["role"] == "party") {
				bad("a task of kind contribute has the role party, and no other has")
			}
			if other := e.Attrs["fourEyes"]; other != "" {
				if x, ok := p.Process.Element(other); !ok || x.Kind != "userTask" {
					bad("pg:fourEyes names no user task: %q", other)
				}
			}
		case "serviceTask":
			l.checkTopic(p, e, bad)
			issued[e.Attrs["topic"]] = true
		case "businessRuleTask":
			if d := e.Attrs["decision"]; !slices.Contains(p.decisions, d) {
				bad("decision.dmn has no decision %q", d)
			}
		}
		if why := countFault(e); why != "" {
			bad("%s", why)
		}
	}
	if !issued["decision.issue"] {
		l.fault(file, 0, "no service task has the topic decision.issue: nobody would ever hear the decision")
	}
	for i, o := range p.Service.Outputs {
		if o.Type == "payment" && !issued["payment.order"] {
			l.fault("service.yaml", p.lines.at(fmt.Sprintf("outputs.%d", i)), "output %q is a payment, but no service task has the topic payment.order", o.ID)
		}
	}
}

// countFault says what is wrong with how a timer counts (pg:count), or "". What
// FEEL computes is only known when the process runs: too late to find that it
// cannot be counted in days.
func countFault(e bpmn.Element) string {
	count := e.Attrs["count"]
	if count == "" {
		return ""
	}
	if e.Event != "timer" {
		return "pg:count is for timers"
	}
	if !slices.Contains([]string{"days", "working-days", "hours"}, count) {
		return "pg:count is one of days, working-days, hours"
	}
	v, ok := feel.ParseTemporal(e.Timer)
	d, isDuration := v.AsDuration()
	_, isMonths := v.AsMonths()
	switch {
	case count == "hours" && (!ok || isDuration || isMonths):
		return ""
	case !ok:
		return fmt.Sprintf("pg:count=%q needs a duration that is written out, such as P5D", count)
	case !isDuration && !isMonths:
		return "pg:count does not go with a date"
	case isDuration && (d <= 0 || d%(24*time.Hour) != 0):
		return fmt.Sprintf("%s is not whole days, so it cannot count in %s", e.Timer, count)
	case isMonths && count == "working-days":
		return fmt.Sprintf("%s is in months, so it cannot count in working days", e.Timer)
	}
	return ""
}

func (l *loader) checkTopic(p *Package, e bpmn.Element, bad func(string, ...any)) {
	topic := e.Attrs["topic"]
	if !slices.Contains(topics, topic) {
		bad("pg:topic is one of %s", strings.Join(topics, ", "))
	}
	if topic == "evidence.fetch" {
		for _, id := range strings.Fields(e.Attrs["evidence"]) {
			l.checkEvidence(p, "process.bpmn", e.Pos.Line, id)
		}
	}
	if topic == "certificate.issue" && !slices.ContainsFunc(p.Service.Outputs, func(o Output) bool { return o.ID == e.Attrs["output"] && o.Type != "payment" }) {
		bad("service.yaml has no certificate or permit %q among its outputs", e.Attrs["output"])
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
				l.fault("letters/"+name+"."+string(lang)+".md", 0, "is missing")
			}
		}
	}
}

var packageFiles = regexp.MustCompile(`^(?:service|form|parameters|explanation|norms|simulation)\.yaml$|^parties/[^/]+\.yaml$|^decision\.dmn$|^process\.bpmn$|^texts/|^letters/|^scenarios/[^/]+\.yaml$|^README\.md$`)

func (l *loader) checkFiles(p *Package) {
	for _, name := range sortedKeys(p.files) {
		if !packageFiles.MatchString(name) {
			l.warn(name, 0, "is no file of a service package")
		}
	}
}

// covered reports rules of decision tables that no scenario uses.
func (l *loader) covered(cov *coverage) {
	for _, x := range cov.model.List() {
		if x.Kind == "rule" && x.Times == 0 {
			l.warn("decision.dmn", x.Line, "rule %d of %q is used by no scenario", x.Rule, x.Element)
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
