package simulation

import (
	"embed"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"

	"passerelle/engine/feel"
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
const Path = "/simulations"

// Web is the pages. It is safe for concurrent use.
type Web struct{ Service *Service }

// Routes registers the pages.
func (w *Web) Routes(rt *web.Router) {
	designer := web.RequireRole(RoleDesigner)
	rt.Page("GET "+Path, designer(w.list))
	rt.Page("GET "+Path+"/services/{service}", designer(w.form))
	rt.Page("POST "+Path+"/services/{service}", designer(w.start))
	rt.Page("GET "+Path+"/runs/{run}", designer(w.show))
	rt.Page("GET "+Path+"/runs/{run}/result.csv", designer(w.csv))
	rt.Page("GET "+Path+"/runs/{run}/result.json", designer(w.json))
}

// NavLinks are the items of the main navigation that designers have.
func NavLinks(l *i18n.Locale, who web.Identity) []ui.NavLink {
	if !who.Has(RoleDesigner) {
		return nil
	}
	return []ui.NavLink{{Key: "simulations", Text: l.T("simulation.title"), Path: Path}}
}

// view is what every page needs.
type view struct {
	*i18n.Locale
	set *pack.Set
}

func (w *Web) view(r *http.Request) view {
	return view{i18n.FromContext(r.Context()), w.Service.Packages}
}

// title is the name of a service.
func (v view) title(service, version string) string {
	if p, ok := v.set.Version(service, version); ok {
		return p.T(v.Lang(), "service.title")
	}
	return service
}

func (w *Web) today() time.Time {
	return w.Service.Clock.Now().In(i18n.Luxembourg)
}

// lawOf is the day whose law is shown: today, or the last day on which the version
// was in force.
func (w *Web) lawOf(p *pack.Package) time.Time {
	if to := p.Service.InForce.To; !to.IsZero() && to.Before(w.today()) {
		return to
	}
	return w.today()
}

// listPage is the start.
type listPage struct {
	view
	services []*pack.Package
	people   Population
	runs     []*Run
	older    string // where older runs are, "" when there are none
	paged    bool
}

func (w *Web) list(rw http.ResponseWriter, r *http.Request) error {
	who, _ := web.IdentityFrom(r.Context())
	p := listPage{view: w.view(r), services: w.Service.Services(w.today()), people: w.Service.People}
	var before *Run
	if id := r.URL.Query().Get("before"); id != "" {
		var err error
		if before, err = w.Service.Find(r.Context(), who, id); err != nil {
			return err
		}
		p.paged = true
	}
	var more bool
	var err error
	if p.runs, more, err = w.Service.List(r.Context(), who, before); err != nil {
		return err
	}
	if more {
		p.older = Path + "?before=" + url.QueryEscape(p.runs[len(p.runs)-1].ID)
	}
	return web.Render(rw, r, http.StatusOK, p.page())
}

// formPage asks what is to be tried.
type formPage struct {
	view
	p        *pack.Package
	versions []*pack.Package
	fields   []field
	typed    url.Values
	problems []ui.ErrorItem
	wrong    map[string]string // sentence by field
	key      string            // of the run, so that a double click is one
}

// field is one legal value that can be changed.
type field struct{ id, label, value, unit string }

func (w *Web) form(rw http.ResponseWriter, r *http.Request) error {
	p, err := w.formPage(r)
	if err != nil {
		return err
	}
	p.key = db.NewID(w.Service.Clock)
	p.typed = url.Values{"date": {w.lawOf(p.p).Format(time.DateOnly)}, "variant": {p.p.Version}}
	return web.Render(rw, r, http.StatusOK, p.page())
}

func (w *Web) formPage(r *http.Request) (formPage, error) {
	f := formPage{view: w.view(r), wrong: map[string]string{}}
	var ok bool
	if f.p, ok = w.Service.Packages.Nearest(r.PathValue("service"), w.today()); !ok || !f.p.Simulated() {
		return f, errs.New(errs.NotFound, "simulation.notFound")
	}
	for _, v := range w.Service.Packages.All() {
		if v.ID == f.p.ID {
			f.versions = append(f.versions, v)
		}
	}
	for _, x := range f.p.Parameters.List {
		v, ok := x.At(w.lawOf(f.p))
		if !ok || v.Value.IsNull() || !numeric(v.Value) {
			continue
		}
		f.fields = append(f.fields, field{id: x.ID, label: f.p.T(f.Lang(), "parameters."+x.ID), value: f.values(v.Value), unit: x.Unit})
	}
	return f, nil
}

func numeric(v feel.Value) bool {
	if v.Kind() == feel.KindList {
		return len(v.Items()) > 0 && numeric(v.Items()[0])
	}
	return v.Kind() == feel.KindNumber
}

// values writes a legal value, a list with its first and last.
func (v view) values(x feel.Value) string {
	one := func(x feel.Value) string { return v.Number(x.String()) }
	if items := x.Items(); len(items) > 2 {
		return v.T("simulation.form.from", "first", one(items[0]), "last", one(items[len(items)-1]))
	}
	if x.Kind() == feel.KindList {
		var parts []string
		for _, i := range x.Items() {
			parts = append(parts, one(i))
		}
		return strings.Join(parts, ", ")
	}
	return one(x)
}

func (w *Web) start(rw http.ResponseWriter, r *http.Request) error {
	f, err := w.formPage(r)
	if err != nil {
		return err
	}
	if err := r.ParseForm(); err != nil {
		return errs.Wrap(errs.Invalid, "", err)
	}
	f.typed, f.key = r.PostForm, r.PostForm.Get("key")
	plan := Plan{Base: f.p.Version, Variant: r.PostForm.Get("variant"), Date: strings.TrimSpace(r.PostForm.Get("date")), Changes: f.changes()}
	status := http.StatusUnprocessableEntity
	if len(f.problems) == 0 {
		who, _ := web.IdentityFrom(r.Context())
		id, err := w.Service.Start(r.Context(), who, f.key, f.p.ID, plan)
		if err == nil {
			return web.SeeOther(rw, r, Path+"/runs/"+id)
		}
		switch errs.KindOf(err) {
		case errs.Invalid:
			f.refuse(err)
		case errs.TooMany: // what was typed stays
			status = http.StatusTooManyRequests
			f.refuse(err)
		default:
			return err
		}
	}
	return web.Render(rw, r, status, f.page())
}

// changes reads what was typed: whole percentages (see protect.go).
func (f *formPage) changes() []pack.Change {
	var all []pack.Change
	for _, x := range f.fields {
		percent := strings.TrimSpace(f.typed.Get("percent." + x.id))
		if percent == "" {
			continue
		}
		formula, ok := byPercent(percent, x.unit)
		if !ok {
			f.problem("percent."+x.id, f.T("simulation.wrong.percent", "parameter", x.label))
			continue
		}
		all = append(all, pack.Change{Parameter: x.id, Value: formula})
	}
	return all
}

// percentage is a whole number as people write it: "5", "-2 %".
var percentage = regexp.MustCompile(`^([+−-]?)(\d{1,3})[ \x{a0}\x{202f}]*%?$`)

// The percentages that can be tried.
const (
	mostLess = 90
	mostMore = 200
)

// byPercent is the formula that changes a value by a percentage, rounded as
// values of the unit are: euro to the cent, half up.
func byPercent(text, unit string) (formula string, ok bool) {
	m := percentage.FindStringSubmatch(text)
	if m == nil {
		return "", false
	}
	n, _ := strconv.Atoi(m[2])
	if m[1] == "-" || m[1] == "−" {
		n = -n
	}
	if n < -mostLess || n > mostMore {
		return "", false
	}
	places := "2"
	switch unit {
	case "count", "months", "days", "years":
		places = "0"
	case "factor", "percent":
		places = "4"
	}
	return fmt.Sprintf("round half up(value * %d / 100, %s)", 100+n, places), true
}

// problem marks a field.
func (f *formPage) problem(field, sentence string) {
	f.wrong[field] = sentence
	f.problems = append(f.problems, ui.ErrorItem{Text: sentence, Href: "#" + field})
}

// refuse marks the field that an error is about.
func (f *formPage) refuse(err error) {
	var e *errs.Error
	if !errors.As(err, &e) {
		f.problem("date", f.T("simulation.wrong.date"))
		return
	}
	args := []any{}
	for k, v := range e.Args {
		if k == "parameter" {
			id, _ := v.(string)
			v = f.p.T(f.Lang(), "parameters."+id)
		}
		args = append(args, k, v)
	}
	field := "date"
	switch id, about := e.Args["parameter"].(string); {
	case about:
		field = "percent." + id
	case e.Key == "simulation.wrong.service":
		field = "variant"
	case e.Kind == errs.TooMany: // nothing that was typed is wrong
		f.problems = append(f.problems, ui.ErrorItem{Text: f.T(e.Key, args...)})
		return
	}
	f.problem(field, f.T(e.Key, args...))
}

func (w *Web) show(rw http.ResponseWriter, r *http.Request) error {
	who, _ := web.IdentityFrom(r.Context())
	run, err := w.Service.Find(r.Context(), who, r.PathValue("run"))
	if err != nil {
		return err
	}
	return web.Render(rw, r, http.StatusOK, runPage{view: w.view(r), run: run}.page())
}

// done returns a run that has a result.
func (w *Web) done(r *http.Request) (*Run, error) {
	who, _ := web.IdentityFrom(r.Context())
	run, err := w.Service.Find(r.Context(), who, r.PathValue("run"))
	if err == nil && run.Result == nil {
		err = errs.New(errs.NotFound, "simulation.notFound")
	}
	return run, err
}

func (w *Web) json(rw http.ResponseWriter, r *http.Request) error {
	run, err := w.done(r)
	if err != nil {
		return err
	}
	rw.Header().Set("Content-Type", "application/json")
	return json.NewEncoder(rw).Encode(Report{Service: run.Service, Plan: run.Plan, Result: *run.Result, Note: w.view(r).T("simulation.rounded")})
}

func (w *Web) csv(rw http.ResponseWriter, r *http.Request) error {
	run, err := w.done(r)
	if err != nil {
		return err
	}
	rw.Header().Set("Content-Type", "text/csv; charset=utf-8")
	rw.Header().Set("Content-Disposition", `attachment; filename="simulation-`+run.Service+`.csv"`)
	return run.Result.WriteCSV(csv.NewWriter(rw))
}
