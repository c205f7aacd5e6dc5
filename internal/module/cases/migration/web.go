package migration

import (
	"context"
	"embed"
	"errors"
	"net/http"
	"net/url"
	"slices"

	"passerelle/engine/bpmn"
	"passerelle/internal/module/cases"
	"passerelle/internal/module/services/pack"
	"passerelle/internal/platform/db"
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
const Path = "/migrations"

// Web is the pages. It is safe for concurrent use.
type Web struct{ Cases *cases.Service }

var roles = []string{cases.RoleDesigner, "operator"}

// Routes registers the pages.
func (w *Web) Routes(rt *web.Router) {
	allowed := web.RequireRole(roles...)
	rt.Page("GET "+Path, allowed(w.list))
	rt.Page("GET "+Path+"/new/{service}", allowed(w.form))
	rt.Page("POST "+Path+"/new/{service}", allowed(w.plan))
	rt.Page("GET "+Path+"/plans/{migration}", allowed(w.show))
	rt.Page("POST "+Path+"/plans/{migration}/start", allowed(w.start))
	rt.Page("POST "+Path+"/plans/{migration}/continue", allowed(w.act((*cases.Service).ContinueMigration)))
	rt.Page("POST "+Path+"/plans/{migration}/stop", allowed(w.act((*cases.Service).StopMigration)))
}

// MenuLinks are the items of the menu that those who may migrate have.
func MenuLinks(l *i18n.Locale, who web.Identity) []ui.NavLink {
	if !slices.ContainsFunc(roles, who.Has) {
		return nil
	}
	return []ui.NavLink{{Key: "migrations", Text: l.T("migration.title"), Path: Path}}
}

// view is what every page needs.
type view struct {
	*i18n.Locale
	set *pack.Set
}

func (w *Web) view(r *http.Request) view {
	return view{i18n.FromContext(r.Context()), w.Cases.Packages}
}

// versions lists the versions of a service, the oldest first.
func (v view) versions(service string) []*pack.Package {
	var all []*pack.Package
	for _, p := range v.set.All() {
		if p.ID == service {
			all = append(all, p)
		}
	}
	return all
}

// services lists the services that have more than one version, each by its
// newest.
func (v view) services() []*pack.Package {
	var out []*pack.Package
	all := v.set.All()
	for i, p := range all {
		last := i+1 == len(all) || all[i+1].ID != p.ID
		if last && len(v.versions(p.ID)) > 1 {
			out = append(out, p)
		}
	}
	return out
}

func (v view) title(service, version string) string {
	if p, ok := v.set.Version(service, version); ok {
		return p.T(v.Lang(), "service.title")
	}
	return service
}

// pageSize is how many migrations, or cases of one, a page shows.
const pageSize = 50

type listPage struct {
	view
	all   []*cases.Migration
	older string // where older ones are, "" when there are none
	paged bool
}

func (w *Web) list(rw http.ResponseWriter, r *http.Request) error {
	who, _ := web.IdentityFrom(r.Context())
	p := listPage{view: w.view(r)}
	var before *cases.Migration
	var err error
	if id := r.URL.Query().Get("before"); id != "" {
		if before, err = w.Cases.FindMigration(r.Context(), who, id); err != nil {
			return err
		}
		p.paged = true
	}
	if p.all, err = w.Cases.ListMigrations(r.Context(), who, before, pageSize+1); err != nil {
		return err
	}
	if len(p.all) > pageSize {
		p.all = p.all[:pageSize]
		p.older = Path + "?before=" + url.QueryEscape(p.all[pageSize-1].ID)
	}
	return web.Render(rw, r, http.StatusOK, p.page())
}

// formPage asks for the plan: the versions, the counterparts of elements, and
// which timers begin again.
type formPage struct {
	view
	all      []*pack.Package
	from, to *pack.Package // nil: to be chosen first
	chosen   bpmn.Mapping
	problems []ui.ErrorItem
	wrong    map[string]string // sentence by field
	key      string            // of the migration, so that a double click is one
	designer bool              // who alone may see what differs
}

func (w *Web) formPage(r *http.Request, values url.Values) (formPage, error) {
	who, _ := web.IdentityFrom(r.Context())
	p := formPage{view: w.view(r), wrong: map[string]string{}, designer: who.Has(cases.RoleDesigner)}
	p.all = p.versions(r.PathValue("service"))
	if len(p.all) < 2 {
		return p, errs.New(errs.NotFound, "cases.migration.versions")
	}
	for _, x := range p.all {
		if x.Version == values.Get("from") {
			p.from = x
		}
		if x.Version == values.Get("to") {
			p.to = x
		}
	}
	if p.from != nil && p.from == p.to {
		p.wrong["to"] = p.T("migration.wrong.same")
		p.problems = append(p.problems, ui.ErrorItem{Text: p.wrong["to"], Href: "#to"})
		p.to = nil
	}
	return p, nil
}

func (w *Web) form(rw http.ResponseWriter, r *http.Request) error {
	p, err := w.formPage(r, r.URL.Query())
	if err != nil {
		return err
	}
	if p.ready() {
		p.chosen = p.from.Process.ProposeMapping(p.to.Process)
		p.key = db.NewID(w.Cases.Clock)
	}
	return web.Render(rw, r, http.StatusOK, p.page())
}

func (p formPage) ready() bool { return p.from != nil && p.to != nil }

func (w *Web) plan(rw http.ResponseWriter, r *http.Request) error {
	if err := r.ParseForm(); err != nil {
		return errs.Wrap(errs.Invalid, "", err)
	}
	p, err := w.formPage(r, r.PostForm)
	if err != nil {
		return err
	}
	if !p.ready() {
		return errs.New(errs.Invalid, "cases.migration.versions")
	}
	p.key = r.PostForm.Get("key")
	p.chosen = bpmn.Mapping{Elements: map[string]string{}}
	for _, e := range p.asked() {
		if to := r.PostForm.Get("element." + e.ID); to != e.ID {
			p.chosen.Elements[e.ID] = to
		}
	}
	for _, e := range p.timers() {
		if slices.Contains(r.PostForm["restart"], e.ID) {
			p.chosen.Restart = append(p.chosen.Restart, e.ID)
		}
	}
	who, _ := web.IdentityFrom(r.Context())
	plan := cases.MigrationPlan{Service: p.from.ID, From: p.from.Version, To: p.to.Version, Mapping: p.chosen}
	err = w.Cases.PlanMigration(r.Context(), who, p.key, plan)
	if errors.Is(err, errs.New(errs.Conflict, "cases.migration.other")) { // somebody went back and chose otherwise
		p.key = db.NewID(w.Cases.Clock)
		err = w.Cases.PlanMigration(r.Context(), who, p.key, plan)
	}
	var invalid cases.InvalidMapping
	if errors.As(err, &invalid) {
		for _, m := range invalid.Misfits {
			field := "element." + m.Element
			p.wrong[field] = p.T("migration.problem." + string(m.Reason))
			p.problems = append(p.problems, ui.ErrorItem{Text: p.step(p.from, m.Element) + ": " + p.wrong[field], Href: "#" + field})
		}
		return web.Render(rw, r, http.StatusUnprocessableEntity, p.page())
	}
	if err != nil {
		return err
	}
	return web.SeeOther(rw, r, Path+"/plans/"+p.key)
}

// waits are the kinds of elements at which a process stands, or which wait for
// something beside.
var waits = []string{"userTask", "serviceTask", "businessRuleTask", "sendTask", "receiveTask", "scriptTask", "subProcess", "callActivity",
	"intermediateCatchEvent", "boundaryEvent", "eventBasedGateway"}

// asked are the elements whose counterpart can be chosen: where a process can
// stand, and what has none by itself.
func (p formPage) asked() []bpmn.Element {
	var all []bpmn.Element
	for _, e := range p.from.Process.Elements() {
		now, same := p.to.Process.Element(e.ID)
		if slices.Contains(waits, e.Kind) || (e.Kind == "startEvent" && e.Event != "") || !same || now.Kind != e.Kind {
			all = append(all, e)
		}
	}
	return all
}

// timers are the timers of the new version that the old one has too.
func (p formPage) timers() []bpmn.Element {
	had := map[string]bool{}
	for _, e := range p.from.Process.Elements() {
		had[p.from.Process.Counterpart(p.to.Process, p.chosen, e.ID)] = true
	}
	var all []bpmn.Element
	for _, e := range p.to.Process.Elements() {
		if e.Event == "timer" && had[e.ID] {
			all = append(all, e)
		}
	}
	return all
}

// counterparts are what can be chosen for an element.
func (p formPage) counterparts(e bpmn.Element) []ui.SelectItem {
	items := []ui.SelectItem{{Text: p.T("migration.form.none"), Value: ""}}
	for _, x := range p.to.Process.Elements() {
		if x.Kind == e.Kind && x.Event == e.Event {
			items = append(items, ui.SelectItem{Text: p.step(p.to, x.ID), Value: x.ID})
		}
	}
	return items
}

func (p formPage) counterpart(e bpmn.Element) string {
	return p.from.Process.Counterpart(p.to.Process, p.chosen, e.ID)
}

// show is one migration: its dry run, its progress, its result, and its cases.
func (w *Web) show(rw http.ResponseWriter, r *http.Request) error {
	p, err := w.showPage(r)
	if err != nil {
		return err
	}
	return web.Render(rw, r, http.StatusOK, p.page())
}

func (w *Web) showPage(r *http.Request) (showPage, error) {
	who, _ := web.IdentityFrom(r.Context())
	m, err := w.Cases.FindMigration(r.Context(), who, r.PathValue("migration"))
	if err != nil {
		return showPage{}, err
	}
	p := showPage{view: w.view(r), m: m, own: m.Account == who.Account, today: w.Cases.Clock.Now(), filter: r.URL.Query().Get("show"), after: r.URL.Query().Get("after")}
	p.from, _ = p.set.Kept(m.Plan.Service, m.Plan.From) // cases stand on it, withdrawn or not
	p.to, _ = p.set.Kept(m.Plan.Service, m.Plan.To)
	if !slices.Contains(filters, p.filter) {
		p.filter = ""
	}
	f := cases.MigrationFilter{After: p.after, Limit: pageSize + 1, Changing: p.filter == "changing"}
	switch p.filter {
	case "changing":
		f.States = []cases.CaseState{cases.CaseReady, cases.CaseMigrated}
	case "refused", "left", "migrated", "ready":
		f.States = []cases.CaseState{cases.CaseState(p.filter)}
	}
	if p.rows, err = w.Cases.MigrationCases(r.Context(), who, m.ID, f); err != nil {
		return p, err
	}
	if len(p.rows) > pageSize {
		p.rows = p.rows[:pageSize]
		p.next = p.address(p.filter, p.rows[pageSize-1].Case)
	}
	return p, nil
}

// start begins the run, or says at their fields what is missing.
func (w *Web) start(rw http.ResponseWriter, r *http.Request) error {
	if err := r.ParseForm(); err != nil {
		return errs.Wrap(errs.Invalid, "", err)
	}
	who, _ := web.IdentityFrom(r.Context())
	id, with := r.PathValue("migration"), cases.MigrationStart{Reasons: r.PostForm.Get("reasons"), Confirmed: r.PostForm.Get("sure") != ""}
	err := w.Cases.StartMigration(r.Context(), who, id, with)
	var invalid *errs.Error
	if !errors.As(err, &invalid) || invalid.Kind != errs.Invalid {
		if err != nil {
			return err
		}
		return web.SeeOther(rw, r, Path+"/plans/"+id)
	}
	fields := map[string]string{"cases.reasons.needed": "reasons", "cases.reasons.long": "reasons", "cases.migration.sure": "sure"}
	if fields[invalid.Key] == "" {
		return err
	}
	p, err := w.showPage(r)
	if err != nil {
		return err
	}
	p.reasons, p.sure, p.wrong = with.Reasons, with.Confirmed, map[string]string{}
	wrong := []*errs.Error{invalid}
	if !with.Confirmed && invalid.Key != "cases.migration.sure" {
		wrong = append(wrong, errs.New(errs.Invalid, "cases.migration.sure"))
	}
	for _, x := range wrong {
		field := fields[x.Key]
		p.wrong[field] = p.T(x.Key, "max", x.Args["max"])
		p.problems = append(p.problems, ui.ErrorItem{Text: p.wrong[field], Href: "#" + field})
	}
	return web.Render(rw, r, http.StatusUnprocessableEntity, p.page())
}

// filters of the cases; "" is all.
var filters = []string{"", "changing", "refused", "ready", "migrated", "left"}

// act goes on with a run or stops it, and shows it.
func (w *Web) act(do func(*cases.Service, context.Context, web.Identity, string) error) web.Handler {
	return func(rw http.ResponseWriter, r *http.Request) error {
		who, _ := web.IdentityFrom(r.Context())
		id := r.PathValue("migration")
		if err := do(w.Cases, r.Context(), who, id); err != nil {
			return err
		}
		return web.SeeOther(rw, r, Path+"/plans/"+id)
	}
}
