package browser

import (
	"strings"
	"testing"

	"passerelle/internal/demo/population"
)

// partyPlaces are the pages of those whom an application names: an employer's
// invitation and form, the applicant's case that waits for it, a page that was
// given to somebody else, and what that person sees.
func partyPlaces(t *testing.T, s *site) []place {
	t.Helper()
	people := population.New()
	named := func(key string) (name, id string) {
		p, ok := people.Persona(key)
		if !ok {
			t.Fatalf("no persona %s", key)
		}
		return p.Name, people.Person(p.Person).ID
	}
	parent, _ := named("parent")
	other, otherID := named("other-parent")
	employer, _ := named("employer")
	v := s.visitor(t, how{width: desktop})
	v.signIn(parent, "/en/account")
	v.begin(leave)
	v.fillLeave(otherID)
	r := v.send()
	v.open("/en/cases/" + r.id)
	invitation := strings.TrimPrefix(v.linkTo("personnel@example.test"), "/en")
	places := []place{
		{name: "case that waits for others", who: parent, path: "/cases/" + r.id},
		{name: "invitation to be declined, with errors", who: other, path: strings.TrimPrefix(v.linkTo("the other parent"), "/en"), press: `main form[action$="/decline"] button`},
	}
	give := v.toOtherParent()
	g := s.visitor(t, how{width: desktop})
	g.signIn(other, "/en/account")
	places = append(places, place{name: "a page to give away", who: other, path: strings.TrimPrefix(g.toOtherParent(), "/en")})
	v.open(give)
	v.fill("name", other)
	v.goOn()
	v.page("otherParent")
	link := eval[string](v, `() => [...document.querySelectorAll("code")].map(c => c.textContent).find(t => t.includes("/parts/")) ?? ""`)
	_, code, ok := strings.Cut(link, "/parts/")
	if !ok {
		t.Fatal("no link to the page that was given away")
	}
	places = append(places, place{name: "a page that was given away", who: parent, path: strings.TrimPrefix(strings.TrimSuffix(give, "/delegate"), "/en")},
		place{name: "a page that one is asked for", who: other, path: "/parts/" + code})

	e := s.visitor(t, how{width: desktop})
	e.signIn(employer, "/en"+invitation)
	e.goOn()
	places = append(places, place{name: "invitation", who: employer, path: invitation},
		place{name: "form of a party", who: employer, path: strings.TrimPrefix(e.path(), "/en")},
		place{name: "list with an invitation", who: employer, path: "/cases"})
	o := s.visitor(t, how{width: desktop})
	o.signIn(other, "/en/parts/"+code)
	o.goOn()
	places = append(places, place{name: "form of a given page", who: other, path: strings.TrimPrefix(o.path(), "/en")})
	o.choose("otherParent", "no")
	o.goOn()
	return append(places, place{name: "check of a given page", who: other, path: "/parts/" + code + "/check"})
}

// toOtherParent begins a parental leave up to the page that can be given away, and
// returns the address where that is done.
func (v *visitor) toOtherParent() string {
	v.t.Helper()
	v.begin(leave)
	draft := strings.TrimSuffix(v.path(), "/child")
	v.choose("arrival", "birth")
	v.goOn()
	v.choose("leave", "second")
	v.choose("model", "fullTime6")
	v.day("start", "1", "9", "2026")
	v.day("requested", "3", "11", "2025")
	v.goOn()
	v.goOn()
	v.page("otherParent")
	return draft + "/otherParent/delegate"
}

func TestAccessibilityParties(t *testing.T) {
	s := shared(t)
	inspectAll(t, s, partyPlaces(t, s))
	inspected.tests.Add(1)
}
