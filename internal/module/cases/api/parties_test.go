package api_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"passerelle/internal/module/cases"
	"passerelle/internal/module/cases/api"
	"passerelle/internal/platform/db"
)

// leave applies for parental leave as the parent, who names an employer by address
// and the other parent by number, and returns what both are asked, by party.
func (s *site) leave() map[string]cases.Invitation {
	s.t.Helper()
	other := s.identity("other-parent")
	body := fmt.Sprintf(`{"application": {"arrival": "birth", "childBirthDate": "2023-05-02", "leave": "second", "model": "fullTime4", "start": "2026-06-01", "requested": "2025-11-20",
		"employerName": "Garage Exemple", "employerEmail": "garage@example.lu", "otherParent": true, "otherParentName": %q, "otherParentId": %q,
		"iban": "LU280019400644750000", "holder": "Test Person", "truthful": true, "shared": true}}`, other.Name, other.Person)
	var r api.Receipt
	s.as("parent").send("POST", "/api/v1/services/parental-leave/applications", http.Header{"Idempotency-Key": {"leave"}, "Content-Type": {"application/json"}}, []byte(body)).want(201).into(&r)
	d, err := s.cases.Open(s.t.Context(), s.identity("parent"), r.Case, "test", false)
	must(s.t, err)
	asked := map[string]cases.Invitation{}
	for _, i := range d.Invitations {
		asked[i.Party] = i
	}
	if len(asked) != 2 {
		s.t.Fatalf("asked: %+v", d.Invitations)
	}
	return asked
}

func invitationPath(i cases.Invitation, below string) string {
	return "/api/v1/invitations/" + i.Code + below
}

func (p *program) post(path, body string) answer {
	p.t.Helper()
	return p.send("POST", path, http.Header{"Content-Type": {"application/json"}}, []byte(body))
}

const (
	agrees   = `{"agreement": "agrees", "noticeKept": true, "hoursPerWeek": 40, "fullTime": true, "signatory": "Test Person", "position": "Manager", "entitled": true}`
	confirms = `{"otherTakes": "first", "confirmed": true}`
)

func TestAPartyReadsWhatItIsAskedAndAnswersOnce(t *testing.T) {
	s := newSite(t, sqlite(t))
	i := s.leave()["employer"]
	p := s.as("employer")
	var list struct{ Invitations []api.Invitation }
	p.get("/api/v1/invitations").want(200).into(&list)
	if list.Invitations == nil || len(list.Invitations) != 0 {
		t.Errorf("nobody is named, and nothing was opened: %+v", list)
	}
	var x api.Invitation
	p.get(invitationPath(i, "")).want(200).into(&x)
	if x.Status != cases.InvitationOpen || x.Party != "employer" || x.Applicant != s.identity("parent").Name || x.Service != "parental-leave" || x.Authority.ID != "cae" || x.Silence == "" ||
		!strings.Contains(strings.Join(x.Counted, " "), "30 days from ") || !strings.Contains(strings.Join(x.Counted, " "), "Loi du 3 novembre 2016") {
		t.Errorf("the invitation: %+v", x)
	}
	shown := fmt.Sprint(x.Shows)
	if len(x.Shows) != 5 || !strings.Contains(shown, "1 June 2026") || strings.Contains(shown, "LU28") {
		t.Errorf("the employer sees %s", shown)
	}
	compileSchema(t, x.Schema)

	for _, c := range []struct{ body, field, code string }{
		{`[]`, "body", "shape"},
		{`{}`, "agreement", "required"},
		{strings.Replace(agrees, `40`, `"many"`, 1), "hoursPerWeek", "number"},
		{strings.Replace(agrees, `"entitled": true`, `"entitled": false`, 1), "entitled", "declaration"},
		{strings.Replace(agrees, `{`, `{"iban": "LU28", `, 1), "iban", "unknown"},
	} {
		f := p.post(invitationPath(i, "/answer"), c.body).problem(422, "invalid")
		if len(f.Errors) == 0 || f.Errors[0].Field != c.field || f.Errors[0].Code != c.code || f.Errors[0].Message == "" {
			t.Errorf("%s: %+v, want %s (%s)", c.body, f.Errors, c.field, c.code)
		}
	}
	var first, again api.PartReceipt
	p.post(invitationPath(i, "/answer"), agrees).want(201).into(&first)
	p.post(invitationPath(i, "/answer"), agrees).want(201).into(&again)
	if first != again || first.Number != x.Number || len(first.ContentHash) != 64 {
		t.Errorf("receipts %+v, %+v", first, again)
	}
	p.post(invitationPath(i, "/answer"), strings.Replace(agrees, `40`, `20`, 1)).problem(410, "gone")
	p.post(invitationPath(i, "/decline"), `{"reasons": "She does not work for us."}`).problem(410, "gone")
	p.get("/api/v1/invitations").want(200).into(&list)
	if len(list.Invitations) != 1 || list.Invitations[0].Status != cases.InvitationAnswered || list.Invitations[0].Schema != nil {
		t.Errorf("answered: %+v", list)
	}
}

func TestOnlyTheOneWhoIsMeantReadsAnInvitation(t *testing.T) {
	s := newSite(t, sqlite(t))
	asked := s.leave()
	for _, c := range []struct {
		name, who string
		of        cases.Invitation
		status    int
		kind      string
	}{
		{"nobody", "", asked["employer"], 401, "unauthenticated"},
		{"the applicant", "parent", asked["employer"], 403, "forbidden"},
		{"not the person who is named", "employer", asked["otherParent"], 403, "forbidden"},
		{"a link that does not exist", "employer", cases.Invitation{Code: "nothing"}, 404, "not-found"},
	} {
		t.Log(c.name)
		p := s.as(c.who)
		p.get(invitationPath(c.of, "")).problem(c.status, c.kind)
		p.post(invitationPath(c.of, "/answer"), confirms).problem(c.status, c.kind)
		p.post(invitationPath(c.of, "/decline"), `{"reasons": "It does not concern me."}`).problem(c.status, c.kind)
	}
	// Who is named finds it without the link. What one account has answered, no other
	// may read.
	var list struct{ Invitations []api.Invitation }
	named := s.as("other-parent")
	named.get("/api/v1/invitations").want(200).into(&list)
	if len(list.Invitations) != 1 || list.Invitations[0].Code != asked["otherParent"].Code {
		t.Errorf("the other parent is asked %+v", list)
	}
	named.post(invitationPath(asked["otherParent"], "/answer"), confirms).want(201)
	s.as("employer").post(invitationPath(asked["employer"], "/answer"), agrees).want(201)
	s.as("student").get(invitationPath(asked["employer"], "")).problem(410, "gone")
	s.as("").get("/api/v1/invitations").problem(401, "unauthenticated")
}

func TestAPartyDeclines(t *testing.T) {
	s := newSite(t, sqlite(t))
	i := s.leave()["employer"]
	p := s.as("employer")
	p.post(invitationPath(i, "/decline"), `{"reasons": "no"}`).problem(422, "invalid")
	var x api.Invitation
	p.post(invitationPath(i, "/decline"), `{"reasons": "She does not work for us."}`).want(200).into(&x)
	if x.Status != cases.InvitationDeclined {
		t.Errorf("declined: %+v", x)
	}
	p.post(invitationPath(i, "/decline"), `{"reasons": "She does not work for us."}`).problem(410, "gone")
	p.post(invitationPath(i, "/answer"), agrees).problem(410, "gone")
}

func TestNothingIsTakenOnceTheCaseHasEnded(t *testing.T) {
	s := newSite(t, sqlite(t))
	i := s.leave()["employer"]
	must(t, s.cases.Withdraw(t.Context(), s.identity("parent"), i.Case))
	p := s.as("employer")
	p.post(invitationPath(i, "/answer"), agrees).problem(410, "gone")
	p.get(invitationPath(i, "")).problem(410, "gone") // it was nobody's yet
}

// A party that the version of the case does not have is told to come back, and
// never a fault of ours.
func TestAPartyThatTheServiceDoesNotHave(t *testing.T) {
	s := newSite(t, sqlite(t))
	i := s.leave()["employer"]
	must(t, s.cases.DB.Write(t.Context(), func(ctx context.Context, tx *db.Tx) error {
		_, err := tx.ExecContext(ctx, `UPDATE cases_invitation SET party = 'landlord' WHERE task_id = $1`, i.Task)
		return err
	}))
	p := s.as("employer")
	p.get(invitationPath(i, "")).problem(503, "unavailable")
	p.post(invitationPath(i, "/answer"), agrees).problem(503, "unavailable")
}
