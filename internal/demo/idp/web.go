package idp

import (
	"embed"
	"maps"
	"net/http"
	"slices"

	"passerelle/internal/demo/population"
	"passerelle/internal/module/exchange"
	"passerelle/internal/platform/errs"
	"passerelle/internal/platform/i18n"
	"passerelle/internal/platform/ui"
	"passerelle/internal/platform/web"
)

// Locales holds the provider's texts, for i18n.Bundle.Add.
//
//go:embed locales/*.yaml
var Locales embed.FS

// shown bounds the answer of a search.
const shown = 20

// Routes mounts the protocol and the page of personas.
func (p *Provider) Routes(rt *web.Router) {
	rt.Mount(Path+"/", p.Handler())
	rt.Page("GET "+ChoosePath, p.choose)
	rt.Page("POST "+ChoosePath, p.chosen)
}

// choosePage is what the page shows.
type choosePage struct {
	action string // where the forms go: this page with the request
	hidden [][2]string
	groups []group
	query  string
	found  []result
	total  int
}

type group struct {
	key   string // of the heading's text
	cards []card
}

type card struct {
	subject string
	name    string
	persona string // key of the story
	lang    i18n.Lang
}

type result struct {
	subject string
	name    string
	born    string
	commune string
}

// choose shows whom one can be.
func (p *Provider) choose(w http.ResponseWriter, r *http.Request) error {
	q := r.URL.Query()
	if !q.Has("client_id") { // somebody opened the page by itself
		http.Redirect(w, r, ui.Href(r.Context(), "/sign-in"), http.StatusSeeOther)
		return nil
	}
	if _, bad := p.read(q); bad != nil {
		return p.refuse(w, r, bad)
	}
	page := choosePage{query: q.Get("q"), groups: p.cards()}
	q.Del("q")
	page.action = ui.Href(r.Context(), ChoosePath+"?"+q.Encode())
	for _, name := range slices.Sorted(maps.Keys(q)) {
		page.hidden = append(page.hidden, [2]string{name, q.Get(name)})
	}
	var found []int
	found, page.total = p.People.Search(page.query, shown)
	for _, i := range found {
		page.found = append(page.found, p.result(i))
	}
	return web.Render(w, r, http.StatusOK, chooseView(page))
}

func (p *Provider) cards() []group {
	groups := []group{{key: population.GroupCitizen}, {key: population.GroupBusiness}, {key: population.GroupAdministration}}
	for _, persona := range p.People.Personas() {
		for i := range groups {
			if groups[i].key == persona.Group {
				groups[i].cards = append(groups[i].cards, card{p.subjectOf(persona), persona.Name, persona.Key, i18n.Lang(persona.Lang)})
			}
		}
	}
	return groups
}

func (p *Provider) result(i int) result {
	person := p.People.Person(i)
	where := person.Address.Commune
	if person.Register == exchange.RegisterNone {
		where += " (" + person.Address.Country + ")"
	}
	return result{p.subject(i), person.GivenName + " " + person.FamilyName, person.BirthDate, where}
}

// chosen answers the relying party for the person who was chosen.
func (p *Provider) chosen(w http.ResponseWriter, r *http.Request) error {
	req, bad := p.read(r.URL.Query())
	if bad != nil {
		return p.refuse(w, r, bad)
	}
	if err := r.ParseForm(); err != nil {
		return errs.Wrap(errs.Invalid, "", err)
	}
	subject := r.PostForm.Get("subject")
	if subject == "" { // the way back without signing in
		return p.refuse(w, r, &refusal{code: "access_denied", redirect: req.redirect, state: req.state})
	}
	if _, ok := p.bySub[subject]; !ok {
		return errs.New(errs.NotFound, "idp.unknown").Because("no such subject")
	}
	w.Header().Set("Cache-Control", "no-store")
	http.Redirect(w, r, p.answer(req, subject), http.StatusSeeOther)
	return nil
}

// refuse tells the relying party, or the person when the address to tell is not
// to be trusted.
func (p *Provider) refuse(w http.ResponseWriter, r *http.Request, bad *refusal) error {
	if bad.redirect == "" {
		return errs.New(errs.Invalid, "idp.request").Because("%w", bad)
	}
	http.Redirect(w, r, bad.address(p.Issuer()), http.StatusSeeOther)
	return nil
}
