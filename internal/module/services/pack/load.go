package pack

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"passerelle/engine/bpmn"
	"passerelle/engine/dmn"
	"passerelle/engine/feel"
	"passerelle/engine/form"
	"passerelle/engine/form/source"
)

// Package is one version of one service, ready to serve. It is immutable and
// safe for concurrent use.
type Package struct {
	ID, Version string
	Dir         string // below the root of the file system: <service>/<version>
	Service     Service
	Form        *form.Form
	Parameters  *Parameters
	Decision    *dmn.Model
	Process     *bpmn.Process
	Explanation Explanation
	Letters     []string // names, such as granted
	Hash        string   // SHA-256 of everything that counts for a case, hex: not of scenarios and simulation.yaml

	Rules string // SHA-256 of the files that determine what a decision comes to, hex

	files    map[string][]byte // by path below Dir
	texts    texts
	letters  map[string]*letter // by name.lang
	norms    norms
	evidence []evidenceExpr
	parties  []*Party
	feel     []feelText
	refDate  *feel.Expr
	outputs  []outputSpec
	uses     map[string]bool // parameters the decision reads
	calendar []CalendarFact  // of the installation

	readsCalendar bool               // the decision does
	authorities   map[string]Lingual // names of the known ones; nil when the root has no list
	lifeEvents    map[string]Lingual
	lines         serviceLines
	decisions     []string
	definitions   *dmn.Definitions
	process       *bpmn.Definitions
	simulation    simulation
}

type outputSpec struct {
	id     string
	states []argument
}

type evidenceExpr struct {
	id      string
	subject *feel.Expr
}

var (
	folderRE = regexp.MustCompile(`^[a-z0-9]+(?:-[a-z0-9]+)*$`)
	idRE     = regexp.MustCompile(`^[a-z][A-Za-z0-9]*$`)
)

// Load reads the package in folder dir (<service>/<version>) of fsys, whose root
// holds all services. The package is nil when a finding is an error.
func Load(fsys fs.FS, dir string) (*Package, []Finding) {
	root := &loader{fsys: fsys}
	authorities, lifeEvents := root.loadRoot()
	p, findings := load(fsys, dir, names(authorities), names(lifeEvents))
	if p != nil {
		p.calendar = calendarFacts(root.loadCalendar())
	}
	return p, findings
}

func load(fsys fs.FS, dir string, authorities, lifeEvents map[string]Lingual) (*Package, []Finding) {
	l := &loader{fsys: fsys, dir: path.Clean(dir), files: map[string][]byte{}}
	if !l.readAll() {
		return nil, l.findings
	}
	return l.load(authorities, lifeEvents)
}

// load makes a package of the files that were read.
func (l *loader) load(authorities, lifeEvents map[string]Lingual) (*Package, []Finding) {
	p := &Package{Dir: l.dir, authorities: authorities, lifeEvents: lifeEvents, files: l.files}
	p.Hash, p.Rules = hash(l.files), rulesHash(l.files)
	p.texts = l.loadTexts()
	l.loadService(p)
	p.Parameters = l.loadParameters()
	l.loadForm(p)
	l.loadParties(p)
	l.loadDecision(p)
	l.loadProcess(p)
	l.loadOutputs(p)
	l.loadExplanation(p)
	l.loadSimulation(p)
	l.loadNorms(p)
	l.loadLetters(p)
	p.feel = l.feel
	if l.failed() {
		return nil, l.findings
	}
	return p, l.findings
}

// loader collects what is wrong while a package is read.
type loader struct {
	fsys     fs.FS
	dir      string
	files    map[string][]byte
	findings []Finding
	feel     []feelText
	blind    bool // a part is unreadable: what refers to it cannot be judged
}

// feelText is a FEEL text outside of the form and its place.
type feelText struct {
	file string
	text source.Text
}

func (l *loader) path(file string) string {
	if l.dir == "" {
		return file
	}
	return path.Join(l.dir, file)
}

func (l *loader) add(s Severity, file string, line int, code string, args ...any) {
	if f := newFinding(s, l.path(file), line, code, args...); !slices.Contains(l.findings, f) {
		l.findings = append(l.findings, f)
	}
}

// fault reports what keeps the package from being served: the code of its
// sentence, and name and value of what the sentence names.
func (l *loader) fault(file string, line int, code string, args ...any) {
	l.add(Error, file, line, code, args...)
}

func (l *loader) warn(file string, line int, code string, args ...any) {
	l.add(Warning, file, line, code, args...)
}

func (l *loader) failed() bool {
	return slices.ContainsFunc(l.findings, func(f Finding) bool { return f.Severity == Error })
}

func (l *loader) problems(ps []source.Problem) {
	for _, p := range ps {
		l.fault(p.File, p.Line, "pack.finding.engine.file", "msg", p.Msg)
	}
}

func (l *loader) decode(src []byte, file string, into any) {
	l.problems(source.Decode(src, file, into))
}

func (l *loader) yamlError(file string, err error) {
	var none struct{}
	if ps := source.Decode(l.files[file], file, &none); len(ps) > 0 {
		l.fault(file, ps[0].Line, "pack.finding.engine.file", "msg", ps[0].Msg)
		return
	}
	l.fault(file, 0, "pack.finding.scenarios.wrong", "msg", err)
}

// maxFile is how large one file of a package may be.
const maxFile = 2 << 20

// readAll reads all files of the package.
func (l *loader) readAll() bool {
	err := fs.WalkDir(l.fsys, l.dir, func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || strings.HasPrefix(d.Name(), ".") {
			return err
		}
		rel := strings.TrimPrefix(strings.TrimPrefix(name, l.dir), "/")
		if info, err := d.Info(); err == nil && info.Size() > maxFile {
			l.fault(rel, 0, "pack.finding.file.large", "max", maxFile>>20)
			return nil
		}
		src, err := fs.ReadFile(l.fsys, name)
		if err == nil {
			l.files[rel] = src
		}
		return err
	})
	if err != nil {
		l.fault("", 0, "pack.finding.file.unreadable", "msg", err)
		return false
	}
	return true
}

func (l *loader) read(file string) ([]byte, bool) {
	src, ok := l.files[file]
	if !ok {
		l.fault(file, 0, "pack.finding.file.missing")
		l.blind = true
	}
	return src, ok
}

func (l *loader) readOptional(file string) ([]byte, bool) {
	src, ok := l.files[file]
	return src, ok
}

// hash is over names and contents, so that moving text between files shows. What
// only tries the package out does not count.
func hash(files map[string][]byte) string {
	names := make([]string, 0, len(files))
	for name := range files {
		if !strings.HasPrefix(name, "scenarios/") && name != "simulation.yaml" {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	h := sha256.New()
	for _, name := range names {
		fmt.Fprintf(h, "%s\n%d\n", name, len(files[name]))
		h.Write(files[name])
	}
	return hex.EncodeToString(h.Sum(nil))
}

func (l *loader) date(file string, t source.Text, line int, what string) time.Time {
	d, err := time.Parse(time.DateOnly, t.Text)
	if err != nil {
		l.fault(file, max(t.Line, line), "pack.finding.file.date", "what", what, "text", t.Text)
	}
	return d
}

// factNames are the names every FEEL text of a package may read.
var factNames = []string{"application", "evidence", "parameters", "date", "applicant", "party"}

// FactNames are the names that the facts of a case have in FEEL.
func FactNames() []string { return slices.Clone(factNames) }

// compile compiles a FEEL text and refuses names that nothing has.
func (l *loader) compile(file, what string, t source.Text, names []string) *feel.Expr {
	l.feel = append(l.feel, feelText{file, t})
	e, problem := t.Compile(file, feel.Names(names...))
	if problem != nil {
		if !l.blind { // a name with spaces that is not known looks like a fault in the FEEL
			l.fault(file, problem.Line, "pack.finding.engine.formula", "what", what, "msg", problem.Msg)
		}
		return nil
	}
	for _, n := range e.Names() {
		if !slices.Contains(names, n) && !l.blind {
			l.fault(file, t.Line, "pack.finding.process.unknownName", "what", what, "name", n)
		}
	}
	return e
}

// serviceLines remembers where parts of service.yaml stand.
type serviceLines map[string]int

func (s serviceLines) at(key string) int { return s[key] }

// collect records the line of every key and list item: legal.0.articles.
func (s serviceLines) collect(prefix string, n *yaml.Node) {
	switch n.Kind {
	case yaml.DocumentNode:
		for _, c := range n.Content {
			s.collect(prefix, c)
		}
	case yaml.MappingNode:
		for i := 0; i+1 < len(n.Content); i += 2 {
			key := prefix + n.Content[i].Value
			s[key] = n.Content[i].Line
			s.collect(key+".", n.Content[i+1])
		}
	case yaml.SequenceNode:
		for i, c := range n.Content {
			key := prefix + strconv.Itoa(i)
			s[key] = c.Line
			s.collect(key+".", c)
		}
	}
}

func (l *loader) loadService(p *Package) {
	const file = "service.yaml"
	p.lines = serviceLines{}
	src, ok := l.read(file)
	if !ok {
		return
	}
	l.decode(src, file, &p.Service)
	var doc yaml.Node
	if yaml.Unmarshal(src, &doc) != nil {
		l.blind = true
		return
	}
	p.lines.collect("", &doc)
	s := &p.Service
	p.ID, p.Version = s.ID, s.Version
	service, version := path.Split(l.dir)
	if s.ID != path.Base(service) || s.Version != version {
		l.fault(file, p.lines.at("service"), "pack.finding.service.folder", "service", s.ID, "version", s.Version, "folder", l.dir)
	}
	l.checkService(p, file)
	ref := s.ReferenceDate
	if ref == "" {
		ref = "date"
	}
	p.refDate = l.compile(file, "referenceDate", source.Text{Text: ref, Line: p.lines.at("referenceDate")}, []string{"application", "date"})
	for i, ev := range s.Evidence {
		at := "evidence." + strconv.Itoa(i)
		p.evidence = append(p.evidence, evidenceExpr{id: ev.ID})
		if ev.Subject != "" {
			t := source.Text{Text: ev.Subject, Line: p.lines.at(at + ".subject")}
			p.evidence[i].subject = l.compile(file, at+".subject", t, factNames)
		}
	}
}

func (l *loader) loadForm(p *Package) {
	const file = "form.yaml"
	src, ok := l.read(file)
	if !ok {
		return
	}
	f, problems := form.Parse(src, file, types())
	l.problems(problems)
	p.Form = f
}

func (l *loader) loadDecision(p *Package) {
	const file = "decision.dmn"
	src, ok := l.read(file)
	if !ok {
		return
	}
	defs, err := dmn.Parse(strings.NewReader(string(src)))
	if err == nil {
		p.definitions = defs
		p.Decision, err = dmn.Compile(defs)
	}
	if err != nil {
		l.blind = true
		l.engineError(file, err)
		return
	}
	l.dmnProblems(file, p.Decision.Problems())
	p.decisions = p.Decision.Decisions()
	name := p.Service.Decision.Name
	if name != "" && !slices.Contains(p.decisions, name) {
		l.fault("service.yaml", p.lines.at("decision"), "pack.finding.service.decision", "decision", name)
	}
	p.findUses(string(src))
}

// uses finds the parameters that the decision reads.
func (p *Package) findUses(src string) {
	p.uses = map[string]bool{}
	for _, path := range source.Paths(xmlText.Replace(src), "parameters") {
		p.uses[path[0]] = true
	}
	p.readsCalendar = len(source.Paths(xmlText.Replace(src), "calendar")) > 0
}

func (l *loader) loadProcess(p *Package) {
	const file = "process.bpmn"
	src, ok := l.read(file)
	if !ok {
		return
	}
	defs, err := bpmn.Parse(strings.NewReader(string(src)))
	if err == nil {
		p.process = defs
		p.Process, err = bpmn.Compile(defs, "", bpmn.Names(append([]string{"decision", "case"}, factNames...)...))
	}
	if err != nil {
		l.blind = true
		l.engineError(file, err)
	}
}

// loadOutputs compiles what certificates state.
func (l *loader) loadOutputs(p *Package) {
	const file = "service.yaml"
	names := l.outNames(p)
	for i, o := range p.Service.Outputs {
		spec := outputSpec{id: o.ID}
		for j, s := range o.States {
			at := fmt.Sprintf("outputs.%d.states.%d", i, j)
			t := source.Text{Text: s.Value, Line: max(p.lines.at(at+".value"), p.lines.at(at))}
			spec.states = append(spec.states, argument{name: s.ID, expr: l.compile(file, at, t, names)})
		}
		p.outputs = append(p.outputs, spec)
	}
}

// engineError reports an error of an engine at its line.
func (l *loader) engineError(file string, err error) {
	var (
		dmnParse  *dmn.ParseError
		dmnMany   *dmn.CompileError
		bpmnParse *bpmn.ParseError
		bpmnMany  bpmn.Problems
	)
	switch {
	case errors.As(err, &dmnParse):
		l.fault(file, dmnParse.Line, "pack.finding.engine.file", "msg", dmnParse.Msg)
	case errors.As(err, &dmnMany):
		l.dmnProblems(file, dmnMany.Problems)
	case errors.As(err, &bpmnParse):
		l.fault(file, bpmnParse.Line, "pack.finding.engine.file", "msg", bpmnParse.Msg)
	case errors.As(err, &bpmnMany):
		for _, b := range bpmnMany {
			l.fault(file, b.Pos.Line, "pack.finding.engine.process", "kind", b.Kind, "element", b.Element, "msg", b.Msg)
		}
	default:
		l.fault(file, 0, "pack.finding.engine.file", "msg", err.Error())
	}
}

func (l *loader) dmnProblems(file string, problems []dmn.Problem) {
	for _, d := range problems {
		l.fault(file, d.Line, "pack.finding.engine.rules", "element", d.Element, "msg", d.Msg)
	}
}
