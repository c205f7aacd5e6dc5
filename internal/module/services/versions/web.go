package versions

import (
	"bytes"
	"embed"
	"html"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"passerelle/engine/bpmn"
	"passerelle/engine/dmn"
	"passerelle/internal/module/services/pack"
	"passerelle/internal/module/services/simulation"
	"passerelle/internal/platform/errs"
	"passerelle/internal/platform/i18n"
	"passerelle/internal/platform/ui"
	"passerelle/internal/platform/web"
)

// Locales holds the texts, for i18n.Bundle.Add.
//
//go:embed locales/*.yaml
var Locales embed.FS

// Path is where the pages begin.
const Path = "/versions"

// Web is the pages. It is safe for concurrent use.
type Web struct {
	*Service
	Migrate string // where running cases are taken to another version, "" for nowhere

	tested sync.Map // *pack.Package → func() tested; a version is immutable, its scenarios are run once
}

// tested is what came of a version's scenarios.
type tested struct {
	report   pack.TestReport
	coverage pack.Coverage
}

// Routes registers the pages.
func (w *Web) Routes(rt *web.Router) {
	designer := web.RequireRole(simulation.RoleDesigner)
	rt.Page("GET "+Path, designer(w.list))
	rt.Page("GET "+Path+"/{service}/{version}", designer(w.show))
	rt.Page("GET "+Path+"/{service}/{version}/changes", designer(w.changes))
	rt.Page("GET "+Path+"/{service}/{version}/package.zip", designer(w.download))
	rt.Page("POST "+Path+"/{service}/{version}", designer(w.proposeWithdrawal))
	rt.Page("GET "+proposalsPath, designer(w.reviewed))
	rt.Page("GET "+proposalsPath+"/new", designer(w.propose))
	rt.Page("POST "+proposalsPath+"/new", designer(w.handIn))
	rt.Page("GET "+proposalsPath+"/{id}", designer(w.proposal))
	rt.Page("GET "+proposalsPath+"/{id}/package.zip", designer(w.downloadProposal))
	rt.Page("POST "+proposalsPath+"/{id}", designer(w.review))
	rt.Page("POST "+proposalsPath+"/{id}/withdraw", designer(w.withdraw))
}

// NavLinks are the items of the main navigation that designers have.
func NavLinks(l *i18n.Locale, who web.Identity) []ui.NavLink {
	if !who.Has(simulation.RoleDesigner) {
		return nil
	}
	return []ui.NavLink{{Key: "versions", Text: l.T("versions.title"), Path: Path}}
}

// test runs a version's scenarios, or says what came of them before.
func (w *Web) test(p *pack.Package) tested {
	run, _ := w.tested.LoadOrStore(p, sync.OnceValue(func() tested {
		report, coverage := pack.TestAndCover(p)
		return tested{report, coverage}
	}))
	return run.(func() tested)()
}

// version is one version as the pages tell it.
type version struct {
	*pack.Package
	before *pack.Package // the version before it, nil for the first
	state  string        // inForce, later, over
}

// view is what every page needs.
type view struct {
	*i18n.Locale
	w     *Web
	today time.Time
}

func (w *Web) view(r *http.Request) view {
	return view{i18n.FromContext(r.Context()), w, w.Clock.Now().In(i18n.Luxembourg)}
}

// versions lists all versions, those of a service together, the oldest first.
func (v view) versions() []version {
	var out []version
	for _, p := range v.w.Packages.All() {
		x := version{Package: p, state: "over"}
		if n := len(out); n > 0 && out[n-1].ID == p.ID {
			x.before = out[n-1].Package
		}
		if now, ok := v.w.Packages.InForce(p.ID, v.today); ok && now == p {
			x.state = "inForce"
		} else if p.Service.InForce.From.After(v.today) {
			x.state = "later"
		}
		out = append(out, x)
	}
	return out
}

// unused names a rule or a branch that no scenario uses; its condition follows.
func (v view) unused(x version, m dmn.Covered) string {
	name := m.Element
	if key := "decisions." + name; x.Has(key) {
		name = x.T(v.Lang(), key)
	}
	switch m.Kind {
	case "rule":
		return v.T("versions.unused.rule", "name", name, "n", v.Int(m.Rule))
	case "then":
		return v.T("versions.unused.then", "name", name)
	}
	return v.T("versions.unused.else", "name", name)
}

// find returns the version that the path names.
func (v view) find(r *http.Request) (version, error) {
	for _, x := range v.versions() {
		if x.ID == r.PathValue("service") && x.Version == r.PathValue("version") {
			return x, nil
		}
	}
	return version{}, errs.New(errs.NotFound, "versions.notFound")
}

// absent is the answer to an address of no version: one that was withdrawn is told
// where it was.
func (w *Web) absent(rw http.ResponseWriter, r *http.Request, err error) error {
	if errs.KindOf(err) != errs.NotFound {
		return err
	}
	who, _ := web.IdentityFrom(r.Context())
	if record, _, failed := w.Record(r.Context(), who, r.PathValue("service"), r.PathValue("version")); failed == nil && record.Withdrawal != "" {
		return web.SeeOther(rw, r, proposalsPath+"/"+record.Withdrawal)
	}
	return err
}

func (x version) title(l *i18n.Locale) string { return x.T(l.Lang(), "service.title") }

func (x version) path() string { return Path + "/" + x.ID + "/" + x.Version }

// inForce says from when to when a version takes applications.
func (v view) inForce(p *pack.Package) string {
	if p.Service.InForce.To.IsZero() {
		return v.T("versions.from", "from", v.Date(p.Service.InForce.From))
	}
	return v.T("versions.between", "from", v.Date(p.Service.InForce.From), "to", v.Date(p.Service.InForce.To))
}

func (w *Web) list(rw http.ResponseWriter, r *http.Request) error {
	v := w.view(r)
	who, _ := web.IdentityFrom(r.Context())
	open, more, err := w.Proposals(r.Context(), who, true, nil)
	if err != nil {
		return err
	}
	return web.Render(rw, r, http.StatusOK, v.listPage(v.versions(), open, more))
}

// versionPage is one version.
type versionPage struct {
	view
	problems
	it           version
	record       []ui.SummaryListRow
	withdrawable bool // recorded as it is served, and not in force yet
	reason       string
}

func (w *Web) versionPage(r *http.Request) (versionPage, error) {
	p := versionPage{view: w.view(r)}
	var err error
	if p.it, err = p.find(r); err != nil {
		return p, err
	}
	who, _ := web.IdentityFrom(r.Context())
	record, proposal, err := w.Record(r.Context(), who, p.it.ID, p.it.Version)
	if err != nil && errs.KindOf(err) != errs.NotFound {
		return p, err
	}
	p.record = p.published(p.it, record, proposal)
	p.withdrawable = record.Hash == p.it.Hash && record.Withdrawal == "" && w.before(p.it.Service.InForce.From)
	return p, nil
}

func (w *Web) show(rw http.ResponseWriter, r *http.Request) error {
	p, err := w.versionPage(r)
	if err != nil {
		return w.absent(rw, r, err)
	}
	return web.Render(rw, r, http.StatusOK, p.page())
}

// proposeWithdrawal asks a second person to take a version back.
func (w *Web) proposeWithdrawal(rw http.ResponseWriter, r *http.Request) error {
	p, err := w.versionPage(r)
	if err != nil {
		return w.absent(rw, r, err)
	}
	who, _ := web.IdentityFrom(r.Context())
	p.reason = r.PostFormValue("reason")
	id, err := w.ProposeWithdrawal(r.Context(), who, p.it.ID, p.it.Version, p.reason)
	if err == nil {
		return web.SeeOther(rw, r, proposalsPath+"/"+id)
	}
	text, _, ok := p.sentence(err)
	if !ok {
		return err
	}
	p.problems.add("reason", text)
	return web.Render(rw, r, http.StatusUnprocessableEntity, p.page())
}

// download gives the files of a version, to write the next one from.
func (w *Web) download(rw http.ResponseWriter, r *http.Request) error {
	x, err := w.view(r).find(r)
	if err != nil {
		return w.absent(rw, r, err)
	}
	var b bytes.Buffer
	if err := x.Folder().WriteZip(&b); err != nil {
		return err
	}
	return sendZip(rw, x.ID+"-"+x.Version, b.Bytes())
}

func sendZip(rw http.ResponseWriter, name string, files []byte) error {
	rw.Header().Set("Content-Type", "application/zip")
	rw.Header().Set("Content-Disposition", `attachment; filename="`+name+`.zip"`)
	_, err := rw.Write(files)
	return err
}

// changesPage is two versions side by side.
type changesPage struct {
	view
	before, after version
	others        []version // that it can be compared with
	list          []pack.Difference
}

// changes compares with the version of the query (from), else with the one
// before.
func (w *Web) changes(rw http.ResponseWriter, r *http.Request) error {
	v := w.view(r)
	after, err := v.find(r)
	if err != nil {
		return w.absent(rw, r, err)
	}
	p := changesPage{view: v, after: after}
	from := r.URL.Query().Get("from")
	if from == "" && after.before != nil {
		from = after.before.Version
	}
	for _, x := range v.versions() {
		if x.ID == after.ID && x.Version != after.Version {
			p.others = append(p.others, x)
			if x.Version == from {
				p.before = x
			}
		}
	}
	if p.before.Package == nil {
		return errs.New(errs.NotFound, "versions.notFound")
	}
	p.list = pack.Compare(v.Locale, p.before.Package, after.Package)
	return web.Render(rw, r, http.StatusOK, p.page())
}

// section is the differences of one section.
func (p changesPage) section(s pack.Section) []pack.Difference {
	var out []pack.Difference
	for _, d := range p.list {
		if d.Section == s {
			out = append(out, d)
		}
	}
	return out
}

// sorted parts the lines for people from those that only programs read.
func sorted(all []pack.MarkedLine) (told, written []pack.MarkedLine) {
	for _, line := range all {
		if line.Raw {
			written = append(written, line)
		} else {
			told = append(told, line)
		}
	}
	return told, written
}

// in are the differences of a language.
func in(lang i18n.Lang, list []pack.Difference) (out []pack.Difference) {
	for _, d := range list {
		if d.Lang == lang {
			out = append(out, d)
		}
	}
	return out
}

// marked are the lines of a difference; what is new or gone as a whole is not
// marked word by word.
func marked(d pack.Difference) (was, is []pack.MarkedLine) {
	if d.New || d.Gone {
		return pack.Unmarked(d.Was), pack.Unmarked(d.Is)
	}
	return pack.Mark(d.Was, d.Is)
}

// inWords reports whether lines tell a person anything.
func inWords(lines []pack.Line) bool {
	return slices.ContainsFunc(lines, func(x pack.Line) bool { return !x.Raw })
}

// runs writes the words of a line; those that differ are marked for eyes and ears.
// It is put together here because a template would put blanks between them.
func (v view) runs(mark string, all []pack.Run) string {
	var b strings.Builder
	aside := func(text string) {
		b.WriteString(`<span class="govuk-visually-hidden" lang="` + string(v.Lang()) + `">` + html.EscapeString(text) + `</span>`)
	}
	for _, run := range all {
		text := html.EscapeString(run.Text)
		if !run.Changed {
			b.WriteString(text)
			continue
		}
		b.WriteString("<" + mark + ` class="pa-` + mark + `">`)
		if mark == "ins" {
			aside(v.T("versions.mark.added"))
		} else {
			aside(v.T("versions.mark.removed"))
		}
		b.WriteString(text)
		aside(v.T("versions.mark.end"))
		b.WriteString("</" + mark + ">")
	}
	return b.String()
}

// diagram draws a version's process.
func (v view) diagram(x version, id string) string {
	var b strings.Builder
	err := x.Process.SVG(&b, bpmn.Drawing{ID: id, Title: v.T("versions.diagram", "version", x.Version), Text: func(element string) string {
		if key := "process." + element; x.Has(key) {
			return x.T(v.Lang(), key)
		}
		return ""
	}})
	if err != nil {
		return ""
	}
	return b.String()
}
