package pack

import (
	"bytes"
	"encoding/json"
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"

	"passerelle/engine/bpmn"
	"passerelle/engine/feel"
	"passerelle/engine/form"
	"passerelle/engine/form/source"
	"passerelle/internal/platform/i18n"
)

// PartySpec is somebody besides the applicant who has a part in the procedure,
// as service.yaml says it: an employer, a second parent, a host.
type PartySpec struct {
	ID     string      `yaml:"id"`
	Name   string      `yaml:"name"`   // FEEL text: whom the applicant named
	Email  string      `yaml:"email"`  // FEEL text or null: where the invitation goes
	Lang   string      `yaml:"lang"`   // FEEL text or null: the language in which the party is written to; null: the applicant's
	Person string      `yaml:"person"` // FEEL text or null: only the person with this identification number may answer
	Legal  string      `yaml:"legal"`  // by which right the party is asked
	Shows  []ShowsSpec `yaml:"shows"`  // all that the party sees of the application
}

// ShowsSpec is one line of what a party sees.
type ShowsSpec struct {
	ID      string `yaml:"id"`
	Value   string `yaml:"value"`   // FEEL
	Format  string `yaml:"format"`  // one of formats, "" follows the value
	Options string `yaml:"options"` // the field whose options' words tell the value
}

// Party is a party ready to be asked.
type Party struct {
	PartySpec
	Form *form.Form // parties/<id>.yaml; its conditions also read "asked", the application

	name, email, lang, person *feel.Expr
	shows                     []*feel.Expr
}

// The states of a party's part.
const (
	Answered = "answered"
	Declined = "declined" // it says that it does not concern them
	Silent   = "silent"   // its time has passed
)

// Contribution is what became of a party's part. The zero Contribution is that
// of a party who was not asked, or has not answered yet.
type Contribution struct {
	Status  string       `json:"status"`
	Name    string       `json:"name,omitempty"`    // of the person who answered
	Answers form.Answers `json:"answers,omitempty"` // of the party's form, only when answered
}

// UnmarshalJSON keeps the numbers of the answers as they are written.
func (c *Contribution) UnmarshalJSON(b []byte) error {
	type plain Contribution
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber()
	return d.Decode((*plain)(c))
}

// Parties lists the parties of the service in the order of service.yaml.
func (p *Package) Parties() []*Party { return p.parties }

// Party returns the party called id, or nil.
func (p *Package) Party(id string) *Party {
	i := slices.IndexFunc(p.parties, func(x *Party) bool { return x.ID == id })
	if i < 0 {
		return nil
	}
	return p.parties[i]
}

// SamePartyForm reports whether a party is asked by the very same form in another
// version.
func (p *Package) SamePartyForm(other *Package, id string) bool {
	return bytes.Equal(p.files[partyFile(id)], other.files[partyFile(id)])
}

// Invitation is who is asked, as the application names them. Person "" leaves
// it to whoever has the link and signs in; Lang "" when the application does not
// say one of ours.
type Invitation struct {
	Name, Email, Person string
	Lang                i18n.Lang
}

// Invite returns whom the facts name as the party.
func (p *Package) Invite(x *Party, f Facts) Invitation {
	scope := p.Scope(f)
	text := func(e *feel.Expr) string {
		if e == nil {
			return ""
		}
		v, _ := e.EvalContext(scope)
		s, _ := v.AsString()
		return s
	}
	lang, _ := i18n.Parse(text(x.lang))
	return Invitation{Name: text(x.name), Email: text(x.email), Person: text(x.person), Lang: lang}
}

// PartyLine is one line of what a party sees of the application.
type PartyLine struct{ Label, Value string }

// Shows returns all that the party sees of the application, in the reader's
// language: nothing for nil, a party that the service does not have.
func (p *Package) Shows(loc *i18n.Locale, x *Party, f Facts) []PartyLine {
	if x == nil {
		return nil
	}
	scope := p.Scope(f)
	lines := make([]PartyLine, len(x.shows))
	for i, e := range x.shows {
		spec := x.PartySpec.Shows[i]
		v, _ := e.EvalContext(scope)
		lines[i] = PartyLine{Label: p.T(loc.Lang(), "party."+x.ID+".shows."+spec.ID), Value: show(loc, v, spec.Format)}
		if option, ok := v.AsString(); ok && spec.Options != "" {
			lines[i].Value = p.T(loc.Lang(), "form."+spec.Options+".options."+option)
		}
	}
	return lines
}

// PartyEnv is what the conditions of a party's form see. f are the facts of the
// case; applicant there is who fills in the part, and answers are theirs.
func (p *Package) PartyEnv(f Facts, answers form.Answers, who feel.Value) form.Env {
	env := p.FormEnv(f)
	env.Answers, env.Applicant = answers, who
	env.More = []feel.Entry{{Name: "asked", Value: p.application(f)}}
	return env
}

// partyContext is the FEEL context "party": an entry for each, null until its
// part is done.
func (p *Package) partyContext(f Facts) feel.Value {
	entries := make([]feel.Entry, len(p.parties))
	for i, x := range p.parties {
		entries[i].Name = x.ID
		c, ok := f.Parties[x.ID]
		if !ok || c.Status == "" {
			continue
		}
		answers := feel.Null()
		if c.Status == Answered {
			answers = x.Form.Values(c.Answers)
		}
		entries[i].Value = feel.Context(
			feel.Entry{Name: "status", Value: feel.String(c.Status)},
			feel.Entry{Name: "name", Value: feel.String(c.Name)},
			feel.Entry{Name: "answers", Value: answers})
	}
	return feel.Context(entries...)
}

// Field returns the field at a path, of the application's form or of a party's,
// or nil: their names are apart.
func (p *Package) Field(path string) *form.Field {
	for _, f := range p.forms() {
		if field := f.Field(path); field != nil {
			return field
		}
	}
	return nil
}

func (p *Package) page(id string) *form.Page {
	for _, f := range p.forms() {
		if page := f.Page(id); page != nil {
			return page
		}
	}
	return nil
}

// forms lists every form of the package with its file.
func (p *Package) forms() map[string]*form.Form {
	all := map[string]*form.Form{"form.yaml": p.Form}
	for _, x := range p.parties {
		all[partyFile(x.ID)] = x.Form
	}
	return all
}

func partyFile(id string) string { return "parties/" + id + ".yaml" }

// loadParties reads what service.yaml says of the parties, and their forms.
func (l *loader) loadParties(p *Package) {
	const file = "service.yaml"
	for i, spec := range p.Service.Parties {
		at := "parties." + strconv.Itoa(i)
		line := p.lines.at(at)
		if !idRE.MatchString(spec.ID) {
			l.fault(file, line, "pack.finding.party.id", "id", spec.ID)
			continue
		}
		if p.Party(spec.ID) != nil {
			l.fault(file, line, "pack.finding.party.twice", "id", spec.ID)
			continue
		}
		x := &Party{PartySpec: spec}
		compile := func(key, text string, names []string) *feel.Expr {
			if text == "" {
				return nil
			}
			return l.compile(file, at+"."+key, source.Text{Text: text, Line: max(p.lines.at(at+"."+key), line)}, names)
		}
		if spec.Name == "" {
			l.fault(file, line, "pack.finding.party.noName", "id", spec.ID)
		}
		x.name = compile("name", spec.Name, factNames)
		x.email = compile("email", spec.Email, factNames)
		x.lang = compile("lang", spec.Lang, factNames)
		x.person = compile("person", spec.Person, factNames)
		for j, s := range spec.Shows {
			x.shows = append(x.shows, compile(fmt.Sprintf("shows.%d.value", j), s.Value, factNames))
		}
		if src, ok := l.read(partyFile(spec.ID)); ok {
			f, problems := form.Parse(src, partyFile(spec.ID), types(), "asked")
			l.problems(problems)
			x.Form = f
		}
		if x.Form != nil && !slices.Contains(x.shows, nil) {
			p.parties = append(p.parties, x)
		}
	}
	for name := range l.files {
		id, ok := strings.CutPrefix(name, "parties/")
		if ok && !slices.ContainsFunc(p.Service.Parties, func(s PartySpec) bool { return s.ID+".yaml" == id }) {
			l.fault(name, 0, "pack.finding.party.none", "id", strings.TrimSuffix(path.Base(name), ".yaml"))
		}
	}
}

// checkParties reports parties that nobody asks or that could hold a case for
// ever, and names that two forms share: answers and texts go by them.
func (l *loader) checkParties(p *Package) {
	const file = "service.yaml"
	asked := map[string]bool{}
	for _, e := range p.Process.Elements() {
		if e.Attrs["kind"] == "contribute" {
			asked[e.Attrs["party"]] = true
			l.checkContribute(p, e)
		}
	}
	for i, x := range p.parties {
		at := "parties." + strconv.Itoa(i)
		l.checkLegal(p, file, p.lines.at(at+".legal"), x.Legal)
		if x.Legal == "" {
			l.fault(file, p.lines.at(at), "pack.finding.party.legal", "id", x.ID)
		}
		if !asked[x.ID] {
			l.fault(file, p.lines.at(at), "pack.finding.party.notAsked", "id", x.ID)
		}
		for j, s := range x.PartySpec.Shows {
			if f := p.Form.Field(s.Options); s.Options != "" && (f == nil || len(f.Options) == 0) {
				l.fault(file, p.lines.at(fmt.Sprintf("%s.shows.%d", at, j)), "pack.finding.party.options", "field", s.Options)
			}
		}
		for _, page := range x.Form.Pages {
			if other := p.otherPage(x.Form, page.ID); other != "" {
				l.fault(partyFile(x.ID), page.Line, "pack.finding.party.page", "file", other, "page", page.ID)
			}
			for _, f := range page.Fields {
				if other := p.otherField(x.Form, f.ID); other != "" {
					l.fault(partyFile(x.ID), f.Line, "pack.finding.party.field", "file", other, "field", f.ID)
				}
				if f.Prefill != nil || f.Type == form.Fact {
					l.fault(partyFile(x.ID), f.Line, "pack.finding.party.private", "field", f.Path())
				}
			}
		}
		for _, e := range x.Form.Expressions() {
			l.paths(p, partyFile(x.ID), e.Line, e.Text, false)
			for _, path := range source.Paths(e.Text, "asked") {
				if p.Form.Field(path[0]) == nil {
					l.fault(partyFile(x.ID), e.Line, "pack.finding.party.asked", "field", path[0])
				}
			}
		}
	}
}

func (p *Package) otherPage(f *form.Form, id string) string {
	for _, file := range sortedKeys(p.forms()) {
		if other := p.forms()[file]; other != f && other.Page(id) != nil {
			return file
		}
	}
	return ""
}

func (p *Package) otherField(f *form.Form, id string) string {
	for _, file := range sortedKeys(p.forms()) {
		if other := p.forms()[file]; other != f && other.Field(id) != nil {
			return file
		}
	}
	return ""
}

// checkContribute checks a task that a party does: it ends, whatever the party
// does.
func (l *loader) checkContribute(p *Package, e bpmn.Element) {
	const file = "process.bpmn"
	id := e.Attrs["party"]
	if p.Party(id) == nil {
		l.fault(file, e.Pos.Line, "pack.finding.party.taskNone", "task", e.ID, "id", id)
	}
	for _, other := range p.Process.Elements() {
		if other.ID != e.ID && other.Attrs["kind"] == "contribute" && other.Attrs["party"] == id {
			l.fault(file, e.Pos.Line, "pack.finding.party.taskTwice", "task", e.ID, "other", other.ID, "id", id)
		}
	}
	ends := slices.ContainsFunc(p.Process.Elements(), func(b bpmn.Element) bool {
		return b.Attached == e.ID && b.Event == "timer" && !b.Stays
	})
	if !ends {
		l.fault(file, e.Pos.Line, "pack.finding.party.forEver", "task", e.ID, "id", id)
	}
	for _, span := range strings.Fields(e.Attrs["remind"]) {
		if d, ok := feel.ParseTemporal(span); !ok || !isSpan(d) {
			l.fault(file, e.Pos.Line, "pack.finding.party.remind", "task", e.ID, "span", span)
		}
	}
}

func isSpan(v feel.Value) bool {
	_, days := v.AsDuration()
	_, months := v.AsMonths()
	return days || months
}

// partyNeeds are the texts that parties read.
func (p *Package) partyNeeds() []need {
	var out []need
	for _, x := range p.parties {
		base := "party." + x.ID
		for _, k := range []string{".name", ".title", ".lead", ".silence"} {
			out = append(out, need{key: base + k, why: asReason("party")})
		}
		for _, s := range x.PartySpec.Shows {
			out = append(out, need{key: base + ".shows." + s.ID, why: asReason("partySees")})
		}
	}
	return out
}

// partyPaths reports names below party that nothing has.
func (l *loader) partyPaths(p *Package, file string, line int, text string) {
	for _, path := range source.Paths(text, "party") {
		x := p.Party(path[0])
		switch {
		case x == nil:
			l.fault(file, line, "pack.finding.party.none", "id", path[0])
		case len(path) > 1 && !slices.Contains([]string{"status", "name", "answers"}, path[1]):
			l.fault(file, line, "pack.finding.party.has", "name", path[1])
		case len(path) > 2 && x.Form.Field(path[2]) == nil:
			l.fault(file, line, "pack.finding.party.noField", "file", partyFile(x.ID), "field", path[2])
		}
	}
}
