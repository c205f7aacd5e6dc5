package seed

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"passerelle/engine/form"
	"passerelle/internal/module/cases"
	"passerelle/internal/module/services"
)

// leave is what a parent of a couple says: whoever heads the household takes the
// second leave, the other one the first.
func (p *past) leave(person int) form.Answers {
	home := p.People.Household(person)
	now := p.Clock.Now()
	a := form.Answers{
		"arrival": "birth", "leave": "second", "model": "fullTime4", "otherParent": false,
		"start": now.AddDate(0, 5, 1-now.Day()).Format(time.DateOnly), "requested": now.AddDate(0, 0, -2).Format(time.DateOnly),
		"employerEmail": p.People.Email(p.employer(person)), "iban": p.iban(person), "truthful": true, "shared": true,
	}
	born := ""
	for _, m := range home.Members[1:] {
		switch m.Relation {
		case "spouse", "partner":
			i, _ := p.People.Find(m.ID)
			a["otherParent"], a["otherParentId"] = true, m.ID
			a["otherParentName"], a["otherParentEmail"] = m.GivenName+" "+m.FamilyName, p.People.Email(i)
		case "child":
			born = max(born, m.BirthDate)
		}
	}
	if p.People.Members(person)[0] != person {
		child, _ := time.Parse(time.DateOnly, born)
		a["leave"], a["model"], a["maternityLeave"] = "first", "fullTime6", true
		a["maternityStart"], a["requested"] = child.AddDate(0, -2, 0).Format(time.DateOnly), child.AddDate(0, -5, 0).Format(time.DateOnly)
	}
	return a
}

// employer is the person who manages the company for which somebody works.
func (p *past) employer(person int) int {
	works := p.People.Employment(person, p.Clock.Now()).Periods[0].Employer
	for i := range p.People.Businesses() {
		if b := p.People.Business(i); b.Name == works {
			manager, _ := p.People.Find(b.Managers[0].ID)
			return manager
		}
	}
	return person
}

// employerAgrees answers for the employer whom an applicant has named.
func (p *past) employerAgrees(ctx context.Context, who cases.Actor, person int, caseID string) error {
	d, err := p.Cases.Open(ctx, who, caseID, "seed", false)
	if err != nil {
		return err
	}
	manager := p.employer(person)
	boss, err := p.account(ctx, p.IDP.SubjectOfPerson(manager))
	if err != nil {
		return err
	}
	for _, inv := range d.Invitations {
		if inv.Party != "employer" {
			continue
		}
		p.Clock.Advance(3 * time.Hour)
		if err := p.Cases.Accept(ctx, boss, inv); err != nil {
			return err
		}
		_, err := p.Cases.Contribute(ctx, services.Part{Task: inv.Task, Actor: boss, Answers: form.Answers{
			"agreement": "agrees", "noticeKept": true, "fullTime": true, "entitled": true,
			"hoursPerWeek": json.Number(*p.People.Employment(person, p.Clock.Now()).Periods[0].WeeklyHours),
			"signatory":    p.People.Name(manager), "position": "Gérance",
		}})
		return err
	}
	return fmt.Errorf("seed: %s has asked no employer", caseID)
}
