package mycases_test

import (
	"context"
	"testing"

	"passerelle/engine/form"
	"passerelle/internal/module/cases"
	"passerelle/internal/module/services"
	"passerelle/internal/platform/web"
	"passerelle/internal/platform/web/webtest"
	"passerelle/internal/platform/web/webtest/htmlcheck"
)

// leave applies for parental leave as the parent and returns what others are asked,
// by party.
func (s *site) leave(parent, other web.Identity) (string, map[string]cases.Invitation) {
	s.t.Helper()
	r := s.submit(parent, "parental-leave", form.Answers{"arrival": "birth", "childBirthDate": "2023-05-02", "leave": "second", "model": "fullTime4",
		"start": "2026-06-01", "requested": "2025-11-20", "employerName": "Garage Exemple", "otherParent": true, "otherParentName": other.Name, "otherParentId": other.Person,
		"iban": "LU280019400644750000", "holder": parent.Name, "truthful": true, "shared": true})
	d, err := s.cases.Open(s.t.Context(), parent, r.Case, "test", false)
	must(s.t, err)
	asked := map[string]cases.Invitation{}
	for _, i := range d.Invitations {
		asked[i.Party] = i
	}
	return r.Case, asked
}

func invitation(i cases.Invitation) string { return "/en/invitations/" + i.Code }

func TestAPartySeesWhatItIsAskedAndBegins(t *testing.T) {
	s := newSite(t)
	parent, other, employer := s.persona("parent"), s.persona("other-parent"), s.persona("employer")
	id, asked := s.leave(parent, other)
	var begun services.PartOf
	s.mine.BeginPart = func(_ context.Context, _ web.Identity, of services.PartOf) (*services.Draft, error) {
		begun = of
		return &services.Draft{ID: "draft"}, nil
	}
	c := s.as(employer)
	c.Get(invitation(asked["employer"])).WantStatus(200).Want(
		htmlcheck.In("main h1", htmlcheck.Text("Answer to a request for parental leave")),
		htmlcheck.In(".pa-info--waiting", htmlcheck.Contains("does not answer within 30 days")),
		htmlcheck.In(".pa-deadlines", htmlcheck.Contains("30 days from 24 November 2025"), htmlcheck.Contains("rests on: Loi du 3 novembre 2016")),
		htmlcheck.In(".govuk-summary-list", htmlcheck.Contains(parent.Name), htmlcheck.Contains("1 June 2026")),
		htmlcheck.In("form[action$=accept] button", htmlcheck.Text("Give my answer")),
	)
	if page := c.Submit("form[action$=accept]", nil); page.URL.Path != "/en/applications/draft" {
		t.Errorf("accepting leads to %s", page.URL.Path)
	}
	if begun.Party != "employer" || begun.Task != asked["employer"].Task || begun.Service != "parental-leave" {
		t.Errorf("begun: %+v", begun)
	}
	c.Get(invitation(asked["employer"])).Want(htmlcheck.In("form[action$=accept] button", htmlcheck.Text("Go on with my answer")))
	s.as(parent).Get(at(id)).WantStatus(200).Want(htmlcheck.In("main", htmlcheck.Contains(employer.Name+" has opened the link.")))

	// Nobody else gets to it: the applicant, a stranger with the link, the one who is
	// not named.
	s.as(parent).Get(invitation(asked["employer"])).WantStatus(403)
	s.as(s.persona("student")).Get(invitation(asked["employer"])).WantStatus(403)
	c.Get(invitation(asked["otherParent"])).WantStatus(403)
	c.Post(invitation(asked["otherParent"])+"/accept", nil).WantStatus(403)
	c.Get("/en/invitations/nothing").WantStatus(404)
}

func TestAPartyDeclinesWithReasons(t *testing.T) {
	s := newSite(t)
	parent, other := s.persona("parent"), s.persona("other-parent")
	id, asked := s.leave(parent, other)
	s.as(parent).Get(at(id)).Want(htmlcheck.In(".pa-lead", htmlcheck.Contains("The first answer is due by 24 December 2025")))
	c := s.as(other)
	c.Get("/en/cases").WantStatus(200).Want(htmlcheck.In("main a[href='"+invitation(asked["otherParent"])+"']", htmlcheck.Contains("Confirm who takes which parental leave")))
	c.Get(invitation(asked["otherParent"]))
	c.Submit("form[action$=decline]", webtest.Values{"reasons": "no"}).WantStatus(422).Want(
		htmlcheck.In(".govuk-error-summary a[href='#reasons']"), htmlcheck.In("textarea#reasons", htmlcheck.Text("no")))
	c.Submit("form[action$=decline]", webtest.Values{"reasons": "I am not a parent of this child."}).WantStatus(200).Want(
		htmlcheck.In(".pa-info--stone", htmlcheck.Contains("Declined on 24 November 2025")), htmlcheck.NotIn("form[action$=accept]"), htmlcheck.NotIn(".pa-deadlines"))
	s.as(parent).Get(at(id)).Want(htmlcheck.In(".pa-lead", htmlcheck.Contains("The answer is due by 24 December 2025")))
	s.as(parent).Get(at(id)).Want(htmlcheck.In("main", htmlcheck.Contains(other.Name+" said on 24 November 2025 that this does not concern them.")))
}
