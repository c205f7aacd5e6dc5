package api_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"passerelle/internal/module/cases"
	"passerelle/internal/module/cases/api"
	"passerelle/internal/platform/db"
	"passerelle/internal/platform/db/dbtest"
	"passerelle/internal/platform/i18n"
)

const leave = `{"application": {"arrival": "birth", "childBirthDate": "2025-09-20", "leave": "first", "maternityLeave": false, "model": "fullTime6",
	"start": "2026-02-02", "requested": "2025-11-20", "employerName": "Example Sàrl", "employerEmail": "wrong@example.test", "otherParent": false,
	"iban": "LU280019400644750000", "holder": "Test Person", "truthful": true, "shared": true}}`

// An applicant sees by a program whom their case waits for, and sends the link
// to another address.
func TestTheApplicantSendsAnInvitationToAnotherAddress(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newSite(t, d)
		p := s.as("parent")
		typed := http.Header{"Content-Type": {"application/json"}}
		var r api.Receipt
		p.send("POST", "/api/v1/services/parental-leave/applications", http.Header{"Idempotency-Key": {"key"}, "Content-Type": {"application/json"}}, []byte(leave)).want(201).into(&r)
		at := "/api/v1/cases/" + r.Case
		var c api.Case
		p.get(at).want(200).into(&c)
		if len(c.Invitations) != 1 || c.Next.Who != "party" {
			t.Fatalf("%+v %+v", c.Invitations, c.Next)
		}
		first := c.Invitations[0]
		if first.Party != "employer" || first.Name != "Example Sàrl" || first.Email != "wrong@example.test" || first.Status != cases.InvitationOpen || first.DueAt == "" || first.Language != i18n.EN ||
			!strings.Contains(first.Link, "/invitations/") {
			t.Errorf("%+v", first)
		}
		if first.ID == "" || url.PathEscape(first.ID) != first.ID {
			t.Errorf("the identifier %q does not fit into an address", first.ID)
		}
		address := at + "/invitations/" + first.ID + "/address"
		right := []byte(`{"email": "staff@example.test", "language": "de"}`)
		s.as("").send("POST", address, typed, right).problem(401, "unauthenticated")
		s.as("single-parent").send("POST", address, typed, right).problem(404, "not-found")
		p.send("POST", at+"/invitations/nobody/address", typed, right).problem(404, "not-found")
		for _, wrong := range []string{`{}`, `{"email": ""}`, `{"email": "nonsense"}`, `{"email": "Name <staff@example.test>"}`, `{"email": "staff@example.test", "language": "la"}`} {
			p.send("POST", address, typed, []byte(wrong)).problem(422, "invalid")
		}
		var after api.Case
		p.send("POST", address, typed, right).want(200).into(&after)
		if got := after.Invitations[0]; got.ID != first.ID || got.Email != "staff@example.test" || got.Link == first.Link || got.Language != "de" || !strings.Contains(got.Link, "/de/invitations/") {
			t.Errorf("%+v", got)
		}
		employer := s.as("employer")
		code := func(link string) string { return "/api/v1" + link[strings.LastIndex(link, "/invitations/"):] }
		employer.get(code(first.Link)).problem(404, "not-found")
		employer.get(code(after.Invitations[0].Link)).want(200)
		employer.send("POST", code(after.Invitations[0].Link)+"/decline", typed, []byte(`{"reasons": "I do not employ this person."}`)).want(200)
		var over api.Case
		p.get(at).want(200).into(&over)
		if got := over.Invitations[0]; got.Status != cases.InvitationDeclined || got.Link != "" || got.EndedAt == "" {
			t.Errorf("declined: %+v", got)
		}
		p.send("POST", address, typed, right).problem(410, "gone")
	})
}

// A party is written to a limited number of times, by programs too.
func TestAnInvitationIsNotSentWithoutEnd(t *testing.T) {
	s := newSite(t, sqlite(t))
	p := s.as("parent")
	typed := http.Header{"Content-Type": {"application/json"}}
	var r api.Receipt
	p.send("POST", "/api/v1/services/parental-leave/applications", http.Header{"Idempotency-Key": {"key"}, "Content-Type": {"application/json"}}, []byte(leave)).want(201).into(&r)
	var c api.Case
	p.get("/api/v1/cases/" + r.Case).want(200).into(&c)
	address := "/api/v1/cases/" + r.Case + "/invitations/" + c.Invitations[0].ID + "/address"
	sent := 1
	for ; sent < 100; sent++ {
		if a := p.send("POST", address, typed, []byte(`{"email": "staff@example.test"}`)); a.status != 200 {
			a.problem(429, "too-many")
			break
		}
	}
	if sent != 12 {
		t.Errorf("sent %d times", sent)
	}
}
