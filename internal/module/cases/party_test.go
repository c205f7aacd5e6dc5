package cases

import (
	"context"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"passerelle/engine/form"
	"passerelle/internal/module/services"
	"passerelle/internal/module/services/pack"
	"passerelle/internal/platform/db"
	"passerelle/internal/platform/db/dbtest"
	"passerelle/internal/platform/errs"
	"passerelle/internal/platform/i18n"
	"passerelle/internal/platform/i18n/i18ntest"
)

// firm is somebody at the employer whom alice names by an e-mail address.
var firm = Actor{Account: "a-firm", Person: "1970030312345", Name: "Fanny Firma", Lang: i18n.EN}

// part is the invitation of a party, as the applicant's dossier holds it.
func (w *world) part(id, party string) Invitation {
	w.t.Helper()
	all, err := w.store.invitations(context.Background(), w.DB.Read(), id)
	w.must(err)
	for _, i := range all {
		if i.Party == party {
			return i
		}
	}
	w.t.Fatalf("%s was not asked", party)
	return Invitation{}
}

// answers lets somebody accept an invitation and answer it.
func (w *world) answers(who Actor, id, party string, a form.Answers) {
	w.t.Helper()
	i := w.part(id, party)
	w.must(w.Accept(context.Background(), who, i))
	_, err := w.Contribute(context.Background(), services.Part{Task: i.Task, Actor: who, Answers: a})
	w.must(err)
	w.run()
}

var (
	agrees   = form.Answers{"agrees": true, "hours": json.Number("40")}
	confirms = form.Answers{"confirms": true}
)

func eachParty(t *testing.T, test func(t *testing.T, w *world)) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) { test(t, newWorld(t, d)) })
}

func TestWhenAllHaveAnsweredTheRulesDecide(t *testing.T) {
	eachParty(t, func(t *testing.T, w *world) {
		id := w.apply(alice, "leave", "granted")
		d := w.file(id)
		if d.Status != Asking || d.File.Clock.Running() || len(d.Invitations) != 2 {
			t.Fatalf("%s, clock %+v, %d invitations", d.Status, d.File.Clock, len(d.Invitations))
		}
		mail, ok := w.post.sent["invite/"+w.part(id, "employer").Task+"/1"]
		if !ok || mail.To != "firm@example.test" || !strings.Contains(mail.Text, w.Link(w.part(id, "employer"))) || strings.Contains(mail.Text, "Alice") {
			t.Errorf("the employer's mail: %+v", mail)
		}
		if rows, _, err := w.Tasks(context.Background(), fritz, QueueFilter{Authority: "fund"}); err != nil || len(rows) != 0 {
			t.Errorf("the authority's queue: %v %v", rows, err)
		}
		refused(t, w.Claim(context.Background(), fritz, id, w.part(id, "employer").Task), errs.NotFound, "cases.task.notFound")

		w.answers(firm, id, "employer", agrees)
		if d := w.file(id); d.Status != Asking {
			t.Errorf("one of two has answered: %s", d.Status)
		}
		w.answers(bob, id, "partner", confirms)
		d = w.file(id)
		if d.Status != Closed || d.Outcome != pack.Granted {
			t.Errorf("%s %s: %s", d.Status, d.Outcome, kinds(d))
		}
		if p := d.File.Parties["employer"]; p.Status != pack.Answered || p.Name != firm.Name || p.Answers["hours"] != json.Number("40") {
			t.Errorf("the employer's part: %+v", p)
		}
		if n := w.count(`SELECT COUNT(*) FROM work_job WHERE kind = 'cases.remind'`); n != 0 {
			t.Errorf("%d reminders are still planned", n)
		}
	})
}

func TestThePartnerWhoNeverAnswersHoldsNothingUp(t *testing.T) {
	eachParty(t, func(t *testing.T, w *world) {
		id := w.apply(alice, "leave", "granted")
		w.answers(firm, id, "employer", agrees)
		due := w.part(id, "partner").DueAt
		w.at(due.Add(-time.Minute))
		w.run()
		if d := w.file(id); d.Status != Asking {
			t.Fatalf("before the deadline: %s", d.Status)
		}
		w.at(due.Add(3 * day)) // nobody ran for a weekend
		w.run()
		d := w.file(id)
		if !d.File.Clock.Complete.Equal(due) {
			t.Errorf("the authority's time began on %v, not on %v", d.File.Clock.Complete, due)
		}
		if d.File.Parties["partner"].Status != pack.Silent || d.Status != Examined || !d.File.Clock.Running() {
			t.Fatalf("after the deadline: %s, %+v", d.Status, d.File.Parties)
		}
		i := w.part(id, "partner")
		if i.Status != InvitationEnded || !i.EndedAt.Equal(due) {
			t.Errorf("the invitation is %s, since %v", i.Status, i.EndedAt)
		}
		refused(t, w.Accept(context.Background(), bob, i), errs.Gone, "cases.party.over")
		w.must(w.Decide(context.Background(), fritz, id, w.task(id, "examine"), pack.Granted, "1817.00", ""))
		w.run()
		if d := w.file(id); d.Status != Closed || d.Outcome != pack.Granted {
			t.Errorf("the end: %s %s", d.Status, d.Outcome)
		}
	})
}

func TestAPartyIsRemindedUntilItAnswers(t *testing.T) {
	w := newWorld(t, dbtest.SQLite(t))
	id := w.apply(alice, "leave", "granted")
	task := w.part(id, "employer").Task
	w.pass(15 * day)
	if _, ok := w.post.sent["invite/"+task+"/2"]; !ok {
		t.Error("no reminder after 14 days")
	}
	w.answers(firm, id, "employer", agrees)
	w.pass(11 * day)
	if _, ok := w.post.sent["invite/"+task+"/3"]; ok {
		t.Error("somebody was reminded of what they had done")
	}
}

// TestAPartyIsWrittenToInItsLanguage: the one that the applicant chose for it,
// else theirs; the reminder too, and after a change the one chosen last.
func TestAPartyIsWrittenToInItsLanguage(t *testing.T) {
	eachParty(t, func(t *testing.T, w *world) {
		ctx := context.Background()
		in := func(l i18n.Lang, task, n, subject string) {
			t.Helper()
			mail := w.post.sent["invite/"+task+"/"+n]
			if mail.Subject != w.Texts.For(l).T("cases.mail."+subject+".subject") || !strings.Contains(mail.Text, "/"+string(l)+"/invitations/") {
				t.Errorf("mail %s is not in %s: %+v", n, l, mail)
			}
		}
		for amount, want := range map[string]i18n.Lang{"1817.00": alice.Lang, "2.00": i18n.DE, "3.00": alice.Lang} { // la is none of ours
			a := wish("granted", amount)
			delete(a, "name")
			r, err := w.Submit(ctx, w.submission(alice, "leave", db.NewID(w.clock), a))
			w.must(err)
			w.run()
			task := w.part(r.Case, "employer").Task
			in(want, task, "1", "invite")
			if amount != "2.00" {
				continue
			}
			w.pass(15 * day)
			in(i18n.DE, task, "2", "remind")
			w.must(w.Readdress(ctx, alice, r.Case, task, "firm@example.test", i18n.PT))
			w.run()
			in(i18n.PT, task, "3", "invite")
			w.must(w.Readdress(ctx, alice, r.Case, task, "firm@example.test", ""))
			w.run()
			in(i18n.PT, task, "4", "invite")
		}
	})
}

func TestOnlyTheOneWhoIsMeantCanAnswer(t *testing.T) {
	eachParty(t, func(t *testing.T, w *world) {
		ctx := context.Background()
		id := w.apply(alice, "leave", "granted")
		employer, partner := w.part(id, "employer"), w.part(id, "partner")
		_, err := w.Invited(ctx, alice, employer.Code, "test")
		refused(t, err, errs.Forbidden, "cases.party.own")
		_, err = w.Invited(ctx, firm, partner.Code, "test")
		refused(t, err, errs.Forbidden, "cases.party.other")
		_, err = w.Invited(ctx, firm, "nothing", "test")
		refused(t, err, errs.NotFound, "cases.party.unknown")
		if n := w.count(`SELECT COUNT(*) FROM cases_refused_access WHERE case_id = $1`, id); n != 2 {
			t.Errorf("%d refusals on record", n)
		}

		x, err := w.Invited(ctx, firm, employer.Code, "test")
		w.must(err)
		lines := x.Package.Shows(i18ntest.Bundle(t, Locales, pack.Locales()).For(i18n.EN), x.Package.Party("employer"), x.Facts)
		if len(lines) != 2 || lines[0].Value != "Yes" || !strings.Contains(lines[1].Value, "1,817") {
			t.Errorf("the employer sees %+v", lines)
		}
		w.must(w.Accept(ctx, firm, employer))
		_, err = w.Invited(ctx, bob, employer.Code, "test")
		refused(t, err, errs.Forbidden, "cases.party.taken")
		_, err = w.PartFacts(ctx, bob, employer.Task)
		refused(t, err, errs.NotFound, "cases.party.unknown")
		_, err = w.Contribute(ctx, services.Part{Task: employer.Task, Actor: bob, Answers: agrees})
		refused(t, err, errs.Forbidden, "cases.party.taken")

		asked, err := w.Invitations(ctx, bob, 10)
		if w.must(err); len(asked) != 1 || asked[0].Party != "partner" || asked[0].Applicant != alice.Name {
			t.Errorf("bob is asked %+v", asked)
		}
	})
}

func TestAPartCountsOnce(t *testing.T) {
	eachParty(t, func(t *testing.T, w *world) {
		ctx := context.Background()
		id := w.apply(alice, "leave", "granted")
		i := w.part(id, "employer")
		w.must(w.Accept(ctx, firm, i))
		part := services.Part{Task: i.Task, Actor: firm, Answers: form.Answers{"agrees": true}}
		_, err := w.Contribute(ctx, part)
		refused(t, err, errs.Invalid, "cases.invalid")
		part.Answers = form.Answers{"agrees": true, "hours": json.Number("40"), "capped": json.Number("1817.01")}
		_, err = w.Contribute(ctx, part) // more than was asked for
		refused(t, err, errs.Invalid, "cases.invalid")
		part.Answers = agrees
		first, err := w.Contribute(ctx, part)
		w.must(err)
		w.pass(time.Minute)
		again, err := w.Contribute(ctx, part)
		if w.must(err); again != first {
			t.Errorf("sent twice: %+v, then %+v", first, again)
		}
		part.Answers = form.Answers{"agrees": false}
		_, err = w.Contribute(ctx, part)
		refused(t, err, errs.Gone, "cases.party.over")
	})
}

func TestAPartyMayDecline(t *testing.T) {
	w := newWorld(t, dbtest.SQLite(t))
	id := w.apply(alice, "leave", "granted")
	w.answers(bob, id, "partner", confirms)
	refused(t, w.Decline(context.Background(), firm, w.part(id, "employer"), "no"), errs.Invalid, "cases.reasons.needed")
	w.must(w.Decline(context.Background(), firm, w.part(id, "employer"), "She does not work for us."))
	w.run()
	d := w.file(id)
	if d.Status != Examined || d.File.Parties["employer"].Status != pack.Declined || d.File.Results["employerAnswers"].Reasons != "She does not work for us." {
		t.Errorf("%s %+v", d.Status, d.File.Parties)
	}
}

func TestTheApplicantMendsAWrongAddress(t *testing.T) {
	w := newWorld(t, dbtest.SQLite(t))
	ctx := context.Background()
	id := w.apply(alice, "leave", "granted")
	before := w.part(id, "employer")
	w.must(w.Readdress(ctx, alice, id, before.Task, "right@example.test", ""))
	w.run()
	after := w.part(id, "employer")
	if mail := w.post.sent["invite/"+before.Task+"/2"]; mail.To != "right@example.test" || !strings.Contains(mail.Text, after.Code) {
		t.Errorf("mailed: %+v", mail)
	}
	_, err := w.Invited(ctx, firm, before.Code, "test") // it may lie in a stranger's inbox
	refused(t, err, errs.NotFound, "cases.party.unknown")
	refused(t, w.Readdress(ctx, bob, id, before.Task, "x@example.test", ""), errs.NotFound, "cases.notFound")
	for range maxMails {
		err = w.Readdress(ctx, alice, id, before.Task, "right@example.test", "")
	}
	refused(t, err, errs.TooMany, "cases.party.tooMany")
}

func TestAWithdrawnCaseAsksNobodyAnyMore(t *testing.T) {
	w := newWorld(t, dbtest.SQLite(t))
	id := w.apply(alice, "leave", "granted")
	w.must(w.Withdraw(context.Background(), alice, id))
	w.pass(40 * day)
	if i := w.part(id, "employer"); i.Status != InvitationEnded || i.Sent != 1 {
		t.Errorf("the invitation: %+v", i)
	}
	if d := w.file(id); len(d.File.Parties) != 0 {
		t.Errorf("withdrawn, and yet: %+v", d.File.Parties)
	}
}

// TestAPartyDecidesNothing: whoever has a part in a case is no official in it, nor
// in the appeal against it, by account or by identification number.
func TestAPartyDecidesNothing(t *testing.T) {
	w := newWorld(t, dbtest.SQLite(t))
	ctx := context.Background()
	both := func(a Actor) Actor { // a citizen who works for the fund
		a.Roles = fritz.Roles
		return a
	}
	id := w.apply(alice, "leave", "granted")
	w.answers(both(firm), id, "employer", form.Answers{"agrees": false})
	w.at(w.part(id, "partner").DueAt.Add(time.Second)) // bob, who is named, stays silent
	w.run()
	task := w.task(id, "examine")
	for _, who := range []Actor{both(firm), both(bob)} {
		_, err := w.Open(ctx, who, id, "test", true)
		refused(t, err, errs.Forbidden, "cases.ownCase")
		refused(t, w.Claim(ctx, who, id, task), errs.Forbidden, "cases.ownCase")
		refused(t, w.Decide(ctx, who, id, task, pack.Refused, "", because), errs.Forbidden, "cases.ownCase")
		refused(t, w.Ask(ctx, who, id, because), errs.Forbidden, "cases.ownCase")
		refused(t, w.Extend(ctx, who, id, because), errs.Forbidden, "cases.ownCase")
		if next, err := w.NextTask(ctx, who, QueueFilter{Authority: "fund"}, ""); err != nil || next != nil {
			t.Errorf("%s is offered %+v, %v", who.Name, next, err)
		}
	}
	w.must(w.Decide(ctx, fritz, id, task, pack.Refused, "", because))
	w.run()
	appeal, err := w.Appeal(ctx, alice, id, "I contest this decision.", i18n.FR)
	w.must(err)
	for _, who := range []Actor{both(firm), both(bob)} {
		refused(t, w.Claim(ctx, who, appeal.Case, w.task(appeal.Case, "examineAppeal")), errs.Forbidden, "cases.ownCase")
	}
}

// TestAPartyMendsNothing: whoever has a part in a case is no operator in it, by
// account or by identification number, neither alone nor with all that are alike.
func TestAPartyMendsNothing(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx := context.Background()
		both := func(a Actor) Actor {
			a.Roles = oscar.Roles
			return a
		}
		w.reg.says = `{"income":1e999999}` // no number of ours
		id := w.apply(alice, "leave", "granted")
		w.answers(both(firm), id, "employer", form.Answers{"agrees": false})
		w.at(w.part(id, "partner").DueAt.Add(time.Second)) // bob, who is named, stays silent
		w.run()
		h, err := w.Halted(ctx, oscar, id)
		w.must(err)
		if len(h.Steps) != 1 {
			t.Fatalf("nothing stands still: %s", kinds(w.file(id)))
		}
		element := h.Steps[0].Element.ID
		for _, who := range []Actor{both(firm), both(bob)} {
			_, err := w.Halted(ctx, who, id)
			refused(t, err, errs.Forbidden, "cases.ownCase")
			_, err = w.Inspect(ctx, who, id, sure)
			refused(t, err, errs.Forbidden, "cases.ownCase")
			refused(t, w.Resume(ctx, who, id), errs.Forbidden, "cases.ownCase")
			for _, kind := range []CorrectionKind{CorrectEvidence, CorrectGiveUp} {
				refused(t, w.Correct(ctx, who, id, element, Correction{Kind: kind, Name: "person", Reasons: sure}), errs.Forbidden, "cases.ownCase")
			}
			_, err = w.CorrectAll(ctx, who, h.Cause(element), Correction{Kind: CorrectGiveUp, Reasons: sure})
			w.must(err)
			_, err = w.ResumeAll(ctx, who)
			w.must(err)
			w.run()
			runs, err := w.Runs(ctx, oscar, 2)
			if err != nil || runs[0].Failed != 1 || runs[0].Changed != 0 || runs[1].Failed != 1 || runs[1].Changed != 0 {
				t.Errorf("%s: %+v %v", who.Name, runs, err)
			}
		}
		w.must(w.Correct(ctx, oscar, id, element, Correction{Kind: CorrectGiveUp, Reasons: sure}))
	})
}

// TestAPartWithoutItsReceiptIsSentAgain: the process died after the part was
// stored and before anybody was told.
func TestAPartWithoutItsReceiptIsSentAgain(t *testing.T) {
	w := newWorld(t, dbtest.SQLite(t))
	ctx := context.Background()
	id := w.apply(alice, "leave", "granted")
	w.answers(firm, id, "employer", agrees)
	if _, err := w.PartFacts(ctx, firm, w.part(id, "employer").Task); err != nil {
		t.Errorf("the form cannot be opened to send it again: %v", err)
	}
}

func TestAStrangerWhoTookTheLinkIsReplaced(t *testing.T) {
	w := newWorld(t, dbtest.SQLite(t))
	ctx := context.Background()
	id := w.apply(alice, "leave", "granted")
	before := w.part(id, "employer")
	w.must(w.Accept(ctx, bob, before))
	w.must(w.Readdress(ctx, alice, id, before.Task, "right@example.test", ""))
	after := w.part(id, "employer")
	if after.Status != InvitationOpen || after.Account != "" || after.Code == before.Code {
		t.Fatalf("%+v", after)
	}
	_, err := w.PartFacts(ctx, bob, before.Task)
	refused(t, err, errs.NotFound, "cases.party.unknown")
	w.answers(firm, id, "employer", agrees)
}

func TestALinkShowsNothingOnceItIsOver(t *testing.T) {
	w := newWorld(t, dbtest.SQLite(t))
	ctx := context.Background()
	id := w.apply(alice, "leave", "granted")
	link := w.part(id, "employer")
	w.must(w.Withdraw(ctx, alice, id))
	_, err := w.Invited(ctx, firm, link.Code, "test")
	refused(t, err, errs.Gone, "cases.party.over")
}

// TestNobodyIsSaidToBeRemindedWhoWasNot: without an address the applicant passes
// the link on once more.
func TestNobodyIsSaidToBeRemindedWhoWasNot(t *testing.T) {
	w := newWorld(t, dbtest.SQLite(t))
	a := wish("granted", "1")
	delete(a, "name")
	r, err := w.Submit(context.Background(), w.submission(alice, "leave", "no-address", a)) // the form names no address for one euro
	w.must(err)
	w.run()
	w.pass(15 * day)
	if d := w.file(r.Case); strings.Contains(kinds(d), "reminded") {
		t.Errorf("%s", kinds(d))
	}
	if n := w.count(`SELECT COUNT(*) FROM cases_message WHERE case_id = $1 AND kind = 'invited'`, r.Case); n < 2 {
		t.Errorf("alice was asked %d times to pass the link on", n)
	}
}

// TestWhatIsNoticedLateRemindsNobodyTwice: after an outage that outlasts both
// reminders and the deadline, nobody is reminded of what is over.
func TestWhatIsNoticedLateRemindsNobodyTwice(t *testing.T) {
	w := newWorld(t, dbtest.SQLite(t))
	id := w.apply(alice, "leave", "granted")
	w.pass(26 * day) // both reminders were due
	if n := strings.Count(kinds(w.file(id)), "reminded"); n != 1 {
		t.Errorf("reminded %d times at once", n)
	}
	other := w.apply(bob, "leave", "granted")
	w.pass(60 * day)
	if k := kinds(w.file(other)); strings.Contains(k, "reminded") {
		t.Errorf("reminded of what is over: %s", k)
	}
}
