package services

import (
	"context"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"passerelle/engine/form"
	"passerelle/internal/platform/db"
	"passerelle/internal/platform/db/dbtest"
	"passerelle/internal/platform/errs"
	"passerelle/internal/platform/i18n"
	"passerelle/internal/platform/mail"
	"passerelle/internal/platform/web"
	"passerelle/internal/platform/web/webtest"
	"passerelle/internal/platform/web/webtest/htmlcheck"
)

// given is a draft whose page of helpers anna has given to boris.
func given(t *testing.T, o *office) (*Draft, *Delegation) {
	t.Helper()
	ctx := context.Background()
	d := begin(t, o)
	answer(d, form.Answers{"ares": json.Number("4"), "shed": false, "rules": true})
	if err := o.Save(ctx, d); err != nil {
		t.Fatal(err)
	}
	if err := o.Delegate(ctx, anna, d.ID, "helpers", Helper{"Boris", "boris@example.test", i18n.PT}, i18n.EN); err != nil {
		t.Fatal(err)
	}
	all, err := o.Delegations(ctx, anna, d.ID)
	if err != nil || len(all) != 1 {
		t.Fatalf("%v %v", all, err)
	}
	return d, all[0]
}

// letters is a sender that keeps what it sends.
type letters struct{ sent []mail.Message }

func (l *letters) Send(_ context.Context, m mail.Message) error {
	l.sent = append(l.sent, m)
	return nil
}

var helper = form.Answers{"helpers": []any{map[string]any{"name": "Kim", "born": "2015-05-01", "kin": "family"}}}

func wants(t *testing.T, err error, kind errs.Kind, key string) {
	t.Helper()
	if e := errs.New(kind, key); err == nil || !e.Is(err) && errs.KindOf(err) != kind || !strings.Contains(err.Error(), key) {
		t.Errorf("got %v, want %s", err, key)
	}
}

func TestAPageIsGivenAwayAndComesBack(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx := context.Background()
		o := newOffice(t, d)
		post := &letters{}
		o.Mail = post
		anna := anna
		anna.Email = "anna@example.test"
		draft, given := given(t, o)
		if _, err := o.queue.RunDue(ctx); err != nil {
			t.Fatal(err)
		}
		if len(post.sent) != 1 || post.sent[0].To != "boris@example.test" || !strings.Contains(post.sent[0].Text, o.Link(given)) || strings.Contains(post.sent[0].Text, "Anna") {
			t.Errorf("mailed: %+v", post.sent)
		}
		if !strings.Contains(post.sent[0].Text, "/pt/parts/") || post.sent[0].Subject != o.Texts.For(i18n.PT).T("services.delegate.mail.subject") {
			t.Errorf("not in the language that was chosen: %+v", post.sent)
		}
		x, err := o.delegated(ctx, boris, given.Code)
		if err != nil {
			t.Fatal(err)
		}
		if err := o.take(ctx, boris, x); err != nil {
			t.Fatal(err)
		}
		x, _ = o.delegated(ctx, boris, given.Code)
		a := x.answers()
		a["helpers"] = []any{map[string]any{"kin": "family"}}
		if err := o.keep(ctx, x, a); err != nil {
			t.Fatal(err)
		}
		x, _ = o.delegated(ctx, boris, given.Code)
		if wrong, err := o.handBack(ctx, x); err != nil || len(wrong) == 0 {
			t.Errorf("half a page went back: %v %v", wrong, err)
		}
		a["helpers"], a["ares"] = helper["helpers"], json.Number("1") // what is not on the page is not theirs to change
		if err := o.keep(ctx, x, a); err != nil {
			t.Fatal(err)
		}
		x, _ = o.delegated(ctx, boris, given.Code)
		if wrong, err := o.handBack(ctx, x); err != nil || len(wrong) > 0 {
			t.Fatalf("%v %v", wrong, err)
		}
		back, _, err := o.Draft(ctx, anna, draft.ID)
		if err != nil || back.Answers["ares"] != json.Number("4") || back.Answers["helpers"] == nil || back.Rev != draft.Rev+1 {
			t.Fatalf("the draft: %+v %v", back, err)
		}
		if _, err := o.handBack(ctx, x); err != nil {
			t.Errorf("handed back twice: %v", err)
		}
		if _, wrong, err := o.Send(ctx, anna, draft.ID, rev(t, o, draft.ID), i18n.EN); err != nil || len(wrong) > 0 {
			t.Fatalf("%v %v", wrong, err)
		}
		for _, s := range o.received {
			if s.Helpers["helpers"] != boris.Name {
				t.Errorf("the case does not know who answered: %+v", s.Helpers)
			}
		}
	})
}

func TestAPageIsGivenToOneOnly(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx := context.Background()
		o := newOffice(t, d)
		draft, first := given(t, o)
		wants(t, o.Delegate(ctx, anna, draft.ID, "helpers", Helper{"Carla", "", i18n.EN}, i18n.EN), errs.Conflict, "services.delegate.given")
		wants(t, o.Delegate(ctx, anna, draft.ID, "plot", Helper{"Carla", "", i18n.EN}, i18n.EN), errs.NotFound, "services.delegate.page")
		wants(t, o.Delegate(ctx, boris, draft.ID, "helpers", Helper{"Carla", "", i18n.EN}, i18n.EN), errs.NotFound, "services.draft.notFound")
		_, err := o.delegated(ctx, anna, first.Code)
		wants(t, err, errs.Forbidden, "services.delegate.own")
		x, err := o.delegated(ctx, boris, first.Code)
		if err != nil {
			t.Fatal(err)
		}
		if err := o.take(ctx, boris, x); err != nil {
			t.Fatal(err)
		}
		carla := web.Identity{Account: "a-carla", Name: "Carla"}
		_, err = o.delegated(ctx, carla, first.Code)
		wants(t, err, errs.Forbidden, "services.delegate.taken")

		if err := o.TakeBack(ctx, anna, draft.ID, "helpers"); err != nil {
			t.Fatal(err)
		}
		x, err = o.delegated(ctx, boris, first.Code)
		if err != nil {
			t.Fatal(err)
		}
		wants(t, o.keep(ctx, x, helper), errs.Gone, "services.delegate.over")
		if err := o.Delegate(ctx, anna, draft.ID, "helpers", Helper{"Carla", "", i18n.EN}, i18n.EN); err != nil {
			t.Errorf("taken back, and yet not to be given again: %v", err)
		}
	})
}

// TestAHelperIsAskedWhatTheAuthorIs: a condition that reads the applicant asks the
// same of both, and what it read is neither shown nor kept.
func TestAHelperIsAskedWhatTheAuthorIs(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx := context.Background()
		o := newOffice(t, d)
		from, _ := o.Packages.Version("allotment-garden", "2025")
		asks, problems := form.Parse([]byte(`
pages:
  - id: plot
    fields:
      - {id: ares, type: integer}
      - {id: shed, type: yesNo}
  - id: helpers
    when: "applicant != null"
    fields:
      - {id: grown, type: text, when: 'applicant.birthDate < date("2000-01-01")'}
      - {id: young, type: text, when: 'applicant.birthDate >= date("2000-01-01")'}
      - {id: other, type: text, required: false, checks: [{id: self, that: "value != applicant.id"}]}
  - id: declare
    fields:
      - {id: rules, type: declaration}
`), "form.yaml", nil)
		if asks == nil {
			t.Fatal(problems)
		}
		changed := *from
		changed.Form = asks
		o.Packages.Put(&changed)
		anna := anna
		anna.BirthDate = "1984-05-06"
		draft := begin(t, o)
		answer(draft, form.Answers{"ares": json.Number("4"), "shed": false})
		if err := o.Save(ctx, draft); err != nil {
			t.Fatal(err)
		}
		if err := o.Delegate(ctx, anna, draft.ID, "helpers", Helper{"Boris", "", i18n.DE}, i18n.EN); err != nil {
			t.Fatal(err)
		}
		all, err := o.Delegations(ctx, anna, draft.ID)
		if err != nil || len(all) != 1 {
			t.Fatal(all, err)
		}
		given := all[0]
		x, err := o.delegated(ctx, boris, given.Code)
		if err != nil {
			t.Fatal(err)
		}
		if err := o.take(ctx, boris, x); err != nil {
			t.Fatal(err)
		}
		for _, c := range []struct {
			answers form.Answers
			wrong   string
		}{
			{form.Answers{}, "grown"},
			{form.Answers{"grown": "so", "other": anna.Person}, "other"},
			{form.Answers{"grown": "so", "young": "never asked"}, ""},
		} {
			x, _ = o.delegated(ctx, boris, given.Code)
			if err := o.keep(ctx, x, c.answers); err != nil {
				t.Fatal(err)
			}
			x, _ = o.delegated(ctx, boris, given.Code)
			wrong, err := o.handBack(ctx, x)
			if err != nil || len(wrong) > 1 || len(wrong) == 1 && wrong[0].Field != c.wrong || len(wrong) == 0 && c.wrong != "" {
				t.Errorf("%v: %v %v, want %q", c.answers, wrong, err, c.wrong)
			}
		}
		var kept string
		if err := d.Read().QueryRowContext(ctx, `SELECT applicant FROM services_delegation WHERE id = $1`, given.ID).Scan(&kept); err != nil || kept != "{}" {
			t.Errorf("the author's data stay behind: %q %v", kept, err)
		}
	})
}

func TestWhatIsSentIsNoLongerAskedOfOthers(t *testing.T) {
	o := newOffice(t, dbtest.SQLite(t))
	ctx := context.Background()
	draft, x := given(t, o)
	answer(draft, helper)
	if err := o.Save(ctx, draft); err != nil {
		t.Fatal(err)
	}
	if _, wrong, err := o.Send(ctx, anna, draft.ID, rev(t, o, draft.ID), i18n.EN); err != nil || len(wrong) > 0 {
		t.Fatal(wrong, err)
	}
	_, err := o.delegated(ctx, boris, x.Code)
	wants(t, err, errs.Gone, "services.delegate.over")
}

// Whoever takes a page back and gives it again does not send mails without end.
func TestPagesAreGivenAwayALimitedNumberOfTimes(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx := context.Background()
		o := newOffice(t, d)
		post := &letters{}
		o.Mail = post
		draft, _ := given(t, o)
		for range maxDelegations - 1 {
			if err := o.TakeBack(ctx, anna, draft.ID, "helpers"); err != nil {
				t.Fatal(err)
			}
			if err := o.Delegate(ctx, anna, draft.ID, "helpers", Helper{"Boris", "boris@example.test", i18n.EN}, i18n.EN); err != nil {
				t.Fatal(err)
			}
			if _, err := o.queue.RunDue(ctx); err != nil {
				t.Fatal(err)
			}
		}
		wants(t, o.Delegate(ctx, anna, draft.ID, "helpers", Helper{"Boris", "", i18n.EN}, i18n.EN), errs.Conflict, "services.delegate.given")
		if err := o.TakeBack(ctx, anna, draft.ID, "helpers"); err != nil {
			t.Fatal(err)
		}
		wants(t, o.Delegate(ctx, anna, draft.ID, "helpers", Helper{"Boris", "boris@example.test", i18n.EN}, i18n.EN), errs.TooMany, "services.delegate.tooMany")
		if _, err := o.queue.RunDue(ctx); err != nil {
			t.Fatal(err)
		}
		if all, err := o.Delegations(ctx, anna, draft.ID); err != nil || len(all) != maxDelegations || len(post.sent) != maxDelegations-1 { // the first was taken back before its mail went out
			t.Errorf("%d given away, %d mails, %v", len(all), len(post.sent), err)
		}
	})
}

// Names, addresses and answers of others do not outlive the draft.
func TestADiscardedDraftTakesItsDelegationsWithIt(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx := context.Background()
		o := newOffice(t, d)
		draft, x := given(t, o)
		left := func() (n int) {
			t.Helper()
			if err := d.Read().QueryRowContext(ctx, `SELECT COUNT(*) FROM services_delegation WHERE draft_id = $1`, draft.ID).Scan(&n); err != nil {
				t.Fatal(err)
			}
			return n
		}
		if err := o.Discard(ctx, boris, draft.ID); err != nil || left() != 1 {
			t.Errorf("somebody else discarded it: %v, %d left", err, left())
		}
		if err := o.Discard(ctx, anna, draft.ID); err != nil || left() != 0 {
			t.Errorf("%v, %d left", err, left())
		}
		_, err := o.delegated(ctx, boris, x.Code)
		wants(t, err, errs.NotFound, "services.delegate.unknown")
		if _, err := o.queue.RunDue(ctx); err != nil {
			t.Error(err)
		}
	})
}

// anotherVersion puts another version of the garden in force, whose page of helpers asks
// for their kin in another way, and no more for who they are.
func (o *office) anotherVersion(t *testing.T) {
	t.Helper()
	from, _ := o.Packages.Version("allotment-garden", "2025")
	next, problems := form.Parse([]byte(`
pages:
  - id: plot
    fields:
      - {id: ares, type: integer}
      - {id: shed, type: yesNo}
  - id: helpers
    fields:
      - {id: note, type: text, maxLength: 60, required: false}
      - {id: hours, type: integer}
  - id: declare
    fields:
      - {id: rules, type: declaration}
`), "form.yaml", nil)
	if next == nil {
		t.Fatal(problems)
	}
	to := *from
	to.Form, to.Version = next, "2027"
	o.Packages.Put(&to)
	o.Packages.Drop(from.ID, from.Version)
}

// The author's draft goes over to another version while a page is with somebody:
// what comes back fits the version, and the application can be sent.
func TestAPageComesBackIntoAnotherVersion(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx := context.Background()
		o := newOffice(t, d)
		draft, given := given(t, o)
		x, err := o.delegated(ctx, boris, given.Code)
		if err != nil {
			t.Fatal(err)
		}
		if err := o.take(ctx, boris, x); err != nil {
			t.Fatal(err)
		}
		x, _ = o.delegated(ctx, boris, given.Code)
		if err := o.keep(ctx, x, helper); err != nil {
			t.Fatal(err)
		}
		before, _ := o.delegated(ctx, boris, given.Code)

		o.anotherVersion(t)
		moved, _, err := o.Draft(ctx, anna, draft.ID)
		if err != nil || moved.Version != "2027" {
			t.Fatal(moved, err)
		}
		if err := o.Save(ctx, moved); err != nil {
			t.Fatal(err)
		}
		_, err = o.handBack(ctx, before) // on the page as it was before
		wants(t, err, errs.Conflict, "services.draft.changed")

		x, err = o.delegated(ctx, boris, given.Code)
		if err != nil || len(x.Delegation.Answers) != 0 {
			t.Fatalf("%v %v", x.Delegation.Answers, err)
		}
		if wrong, err := o.handBack(ctx, x); err != nil || len(wrong) != 1 || wrong[0].Field != "hours" {
			t.Errorf("the new question: %v %v", wrong, err)
		}
		if err := o.keep(ctx, x, form.Answers{"hours": json.Number("3")}); err != nil {
			t.Fatal(err)
		}
		x, _ = o.delegated(ctx, boris, given.Code)
		if wrong, err := o.handBack(ctx, x); err != nil || len(wrong) > 0 {
			t.Fatal(wrong, err)
		}
		r, wrong, err := o.Send(ctx, anna, draft.ID, rev(t, o, draft.ID), i18n.EN)
		if err != nil || len(wrong) > 0 || r == nil {
			t.Fatalf("cannot be sent: %v %v", wrong, err)
		}
	})
}

// Facts are as old as the author's last visit, whenever a page comes back.
func TestWhatComesBackDoesNotMakeFactsYounger(t *testing.T) {
	ctx := context.Background()
	o := newOffice(t, dbtest.SQLite(t))
	draft, given := given(t, o)
	x, err := o.delegated(ctx, boris, given.Code)
	if err != nil {
		t.Fatal(err)
	}
	if err := o.take(ctx, boris, x); err != nil {
		t.Fatal(err)
	}
	o.clock.Advance(72 * time.Hour)
	o.moved = true
	x, _ = o.delegated(ctx, boris, given.Code)
	if err := o.keep(ctx, x, helper); err != nil {
		t.Fatal(err)
	}
	x, _ = o.delegated(ctx, boris, given.Code)
	if wrong, err := o.handBack(ctx, x); err != nil || len(wrong) > 0 {
		t.Fatal(wrong, err)
	}
	if d, _, err := o.Draft(ctx, anna, draft.ID); err != nil || !d.Refreshed || d.Answers["address"] != "rue du Bois" || d.Answers["helpers"] == nil {
		t.Errorf("%+v %v", d, err)
	}
}

// TestAPageThroughTheBrowser is the same as two people see it.
func TestAPageThroughTheBrowser(t *testing.T) {
	o, c := site(t)
	begun(c)
	c.Submit(main, webtest.Values{"ares": "4", "shed": "no"}).WantStatus(200)
	page := c.Page.URL.Path
	c.Submit(main, webtest.Values{"action": "add:helpers"}).WantStatus(200)
	c.Submit(main, webtest.Values{"helpers.0.name": "Lou", "action": "delegate"}).WantStatus(200).Want(htmlcheck.In("input[name=name]"), htmlcheck.In("input[name=email]"))
	if c.Page.URL.Path != page+"/delegate" {
		t.Errorf("at %s", c.Page.URL.Path)
	}
	c.Submit(main, webtest.Values{"name": "", "email": "nonsense"}).WantStatus(422).Want(htmlcheck.In(".govuk-error-summary a[href='#delegate-name']"), htmlcheck.In(".govuk-error-summary a[href='#delegate-email']"))
	c.Submit(main, webtest.Values{"name": "Boris", "email": ""}).WantStatus(200).Want(htmlcheck.In("#delegated", htmlcheck.Contains("/en/parts/")),
		htmlcheck.In("input[value='Lou']"), htmlcheck.NotIn("button[value=delegate]")) // what was typed is not lost
	c.Get(page + "/delegate").WantStatus(200).Want(htmlcheck.In("#delegated"))
	id := strings.Split(page, "/")[3]
	all, err := o.Delegations(t.Context(), anna, id)
	if err != nil || len(all) != 1 {
		t.Fatal(all, err)
	}
	b := c.Another()
	b.Get("/en/be/boris")
	b.Get("/en/parts/" + all[0].Code).WantStatus(200).Want(htmlcheck.In("main", htmlcheck.Contains("Anna Exemple asks you")))
	if strings.Contains(b.Page.Body, "rue du Lac") {
		t.Error("the other person sees what registers say of the author")
	}
	b.Submit(main, nil).WantStatus(200).Want(htmlcheck.In("input[name=rev]"), htmlcheck.NotIn("button[value=delegate]"))
	b.Submit(main, webtest.Values{"helpers.0.name": "Kim", "helpers.0.born-day": "1", "helpers.0.born-month": "5", "helpers.0.born-year": "2015", "helpers.0.kin": "family"}).WantStatus(200)
	b.Page.Want(htmlcheck.In("main", htmlcheck.Contains("Kim"), htmlcheck.Contains("Hand back to Anna Exemple")))
	b.Submit(main, nil).WantStatus(200).Want(htmlcheck.In(".pa-info--granted", htmlcheck.Contains("Handed back on")))

	c.Get(page).WantStatus(200).Want(htmlcheck.In("main", htmlcheck.Contains("Boris Exemple answered this page")), htmlcheck.In("input[value='Kim']"))
	c.Get("/en/parts/" + all[0].Code).WantStatus(403)

	for range maxDelegations - 1 {
		if err := o.Delegate(t.Context(), anna, id, "helpers", Helper{"Boris", "", i18n.EN}, i18n.EN); err != nil {
			t.Fatal(err)
		}
		if err := o.TakeBack(t.Context(), anna, id, "helpers"); err != nil {
			t.Fatal(err)
		}
	}
	c.Get(page + "/delegate").WantStatus(200)
	c.Submit(main, webtest.Values{"name": "Boris", "email": ""}).WantStatus(429).Want(htmlcheck.In(".govuk-error-summary", htmlcheck.Contains("12 times")), htmlcheck.In("input[value='Boris']"))
	c.Get(strings.Replace(page, "/helpers", "/plot", 1) + "/delegate").WantStatus(200).Want(htmlcheck.NotIn("input[name=email]"))
}
