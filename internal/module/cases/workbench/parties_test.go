package workbench_test

import (
	"context"
	"testing"

	"passerelle/engine/form"
	"passerelle/internal/module/cases"
	"passerelle/internal/module/services"
	"passerelle/internal/platform/db"
	"passerelle/internal/platform/web/webtest/htmlcheck"
)

var isabelle = official("a-isabelle", "Isabelle Mertens", "cae", cases.RoleCaseWorker)

// The officer reads what became of each part, in words, and what was said.
func TestTheFileTellsWhatOthersSaid(t *testing.T) {
	s := newSite(t)
	s.known[isabelle.Account] = isabelle
	parent, other, employer := s.persona("parent"), s.persona("other-parent"), s.persona("employer")
	r := s.submit(parent, "parental-leave", form.Answers{"arrival": "birth", "childBirthDate": "2023-05-02", "leave": "second", "model": "fullTime4",
		"start": "2026-06-01", "requested": "2025-11-20", "employerName": "Garage Exemple", "otherParent": true, "otherParentName": other.Name, "otherParentId": other.Person,
		"iban": "LU280019400644750000", "holder": parent.Name, "truthful": true, "shared": true})
	asked := map[string]cases.Invitation{}
	for _, i := range s.file(isabelle, r.Case).Invitations {
		asked[i.Party] = i
	}
	must(t, s.cases.Accept(t.Context(), employer, asked["employer"]))
	c := s.as(isabelle)
	c.Get(casePath(r.Case)).WantStatus(200).Want(
		htmlcheck.In("#parties", htmlcheck.Contains("the employer: Garage Exemple"), htmlcheck.Contains("Opened by "+employer.Name), htmlcheck.Contains("Asked on 24 November 2025")),
		htmlcheck.NotIn("#parties table"),
	)
	_, err := s.cases.Contribute(t.Context(), services.Part{Task: asked["employer"].Task, Actor: employer, Answers: form.Answers{
		"agreement": "postpone", "postponeReason": "Nobody can replace her.", "noticeKept": true, "hoursPerWeek": number("40"), "fullTime": true,
		"signatory": employer.Name, "position": "Manager", "entitled": true}})
	must(t, err)
	must(t, s.cases.Decline(t.Context(), other, asked["otherParent"], "I am not a parent of this child."))
	s.run()
	page := c.Get(casePath(r.Case)).WantStatus(200)
	page.Want(
		htmlcheck.In("#parties", htmlcheck.Contains("Answered by "+employer.Name), htmlcheck.Contains("Declined by "+other.Name), htmlcheck.Contains("I am not a parent of this child.")),
		htmlcheck.In("#parties table", htmlcheck.Contains("Nobody can replace her."), htmlcheck.Contains("No, I ask to postpone the leave")),
	)
	// An answer whose form this version does not have is still on record, and no fault.
	must(t, s.cases.DB.Write(t.Context(), func(ctx context.Context, tx *db.Tx) error {
		for _, query := range []string{`UPDATE cases_invitation SET party = 'landlord' WHERE party = 'employer'`,
			`UPDATE cases_case SET file = replace(file, '"employer":{"status"', '"landlord":{"status"')`} {
			if _, err := tx.ExecContext(ctx, query); err != nil {
				return err
			}
		}
		return nil
	}))
	if s.file(isabelle, r.Case).File.Parties["landlord"].Answers == nil {
		t.Fatal("the answers are where they were")
	}
	c.Get(casePath(r.Case)).WantStatus(200).Want(htmlcheck.In("#parties", htmlcheck.Contains("Answered by "+employer.Name)), htmlcheck.NotIn("#parties table"))
}
