package workbench_test

import (
	"bytes"
	"net/url"
	"strings"
	"testing"
	"time"

	"passerelle/engine/form"
	"passerelle/internal/module/cases"
	"passerelle/internal/module/cases/workbench"
	"passerelle/internal/module/services/pack"
	"passerelle/internal/platform/i18n"
	"passerelle/internal/platform/i18n/i18ntest"
	"passerelle/internal/platform/web/webtest"
	"passerelle/internal/platform/web/webtest/htmlcheck"
)

func TestAWorkerTakesConfirmsAndStandsInTheNextCase(t *testing.T) {
	s := newSite(t)
	first := s.allowance(s.persona("pensioner"), nil)
	second := s.allowance(s.persona("large-household"), nil)
	c := s.as(danielle)
	c.Get("/en/workbench").WantStatus(200).Want(
		htmlcheck.In(".pa-filter__link[aria-current]", htmlcheck.Text("Open 2")),
		htmlcheck.In("[data-row]", htmlcheck.Count(2)),
		htmlcheck.In("[data-row] .pa-deadline", htmlcheck.Contains("days left")),
		htmlcheck.In("[data-row] button[data-claim]", htmlcheck.Count(2)),
	)
	// One click takes the most urgent case and opens it.
	page := c.Submit("form:has(button[value=next])", webtest.Values{"action": "next"}).WantStatus(200)
	page.Want(
		htmlcheck.In("main h1", htmlcheck.Text("Margot Lentz")),
		htmlcheck.In(".pa-task", htmlcheck.Contains("This task is yours."), htmlcheck.Contains("granted, €")),
		htmlcheck.In(".pa-conditions li .pa-status--decided"),
		htmlcheck.In(".pa-facts__row--total"),
		htmlcheck.In("#evidence", htmlcheck.Contains("Ettelbruck")),
		htmlcheck.In("#process svg.bpmn"),
		htmlcheck.In(".pa-clock", htmlcheck.Contains("3 months")),
	)
	// One click confirms, and leads to the next case, which is then taken too.
	page = c.Submit("form:has(button[value=confirm])", webtest.Values{"action": "confirm"}).WantStatus(200)
	page.Want(
		htmlcheck.In("main h1", htmlcheck.Text("Amina Begović")),
		htmlcheck.In(".pa-info--granted", htmlcheck.Contains(first.Number), htmlcheck.Contains("The applicant is informed.")),
		htmlcheck.In(".pa-task", htmlcheck.Contains("This task is yours.")),
	)
	if d := s.file(danielle, first.Case); d.File.Decision == nil || d.File.Decision.Outcome != pack.Granted || !d.File.Decision.ByRule || d.File.Decision.DecidedBy != "Danielle Reding" {
		t.Errorf("decision %+v", d.File.Decision)
	}
	// The last one leads back to the queue, which is empty now.
	c.Submit("form:has(button[value=confirm])", webtest.Values{"action": "confirm"}).WantStatus(200).Want(
		htmlcheck.In(".pa-empty__title", htmlcheck.Text("The queue is empty")),
		htmlcheck.In(".pa-info--granted", htmlcheck.Contains(second.Number)),
	)
}

func TestDecidingOtherwiseNeedsReasonsAndKeepsWhatWasTyped(t *testing.T) {
	s := newSite(t)
	r := s.allowance(s.persona("pensioner"), nil)
	c := s.as(danielle)
	c.Get(casePath(r.Case))
	page := c.Submit("details form:has(button[value=decide])", webtest.Values{"action": "decide", "outcome": "granted", "amount": "1.000,50", "reasons": "short"}).WantStatus(422)
	page.Want(
		htmlcheck.In("title", htmlcheck.Matches("^Error: ")),
		htmlcheck.In(".govuk-error-summary a[href='#reasons']", htmlcheck.Text("Give your reasons, at least ten characters.")),
		htmlcheck.In("details[open] input#amount", htmlcheck.Attr("value", "1.000,50")),
		htmlcheck.In("details[open] textarea#reasons", htmlcheck.Text("short")),
		htmlcheck.In("details[open] input[name=outcome][value=granted][checked]"),
	)
	if d := s.file(danielle, r.Case); d.File.Decision != nil {
		t.Fatalf("decided without reasons: %+v", d.File.Decision)
	}
	c.Submit("details form:has(button[value=decide])", webtest.Values{"action": "decide", "outcome": "granted", "amount": "1.000,50", "reasons": "Half of the year was spent abroad."}).WantStatus(200)
	d := s.file(danielle, r.Case)
	if d.File.Decision == nil || d.File.Decision.Amount != "1000.50" || d.File.Decision.ByRule || d.File.Decision.Statement != "Half of the year was spent abroad." {
		t.Errorf("decision %+v", d.File.Decision)
	}
}

func TestWhoIsSlowerIsToldWhatHappened(t *testing.T) {
	s := newSite(t)
	r := s.allowance(s.persona("pensioner"), nil)
	mine, theirs := s.as(danielle), s.as(paulo)
	mine.Get(casePath(r.Case))
	theirs.Get(casePath(r.Case))
	mine.Submit("form:has(button[value=confirm])", webtest.Values{"action": "confirm"}).WantStatus(200)
	theirs.Submit("form:has(button[value=confirm])", webtest.Values{"action": "confirm"}).WantStatus(409).Want(
		htmlcheck.In(".govuk-error-summary", htmlcheck.Contains("This case has changed meanwhile")),
		htmlcheck.In(".pa-info--granted", htmlcheck.Contains("By Danielle Reding.")),
		htmlcheck.NotIn("button[value=confirm]"),
	)
}

func TestAskingStopsTheClockAndTheTemplateSpeaksTheApplicantsLanguage(t *testing.T) {
	s := newSite(t)
	r := s.allowance(s.persona("pensioner"), nil)
	c := s.as(danielle)
	c.Get(casePath(r.Case))
	page := c.Click("a[href*='template=income']")
	page.Want(htmlcheck.In("details[open] textarea#ask", htmlcheck.Contains("prova do seu rendimento")))
	c.Submit("form:has(button[value=ask])", webtest.Values{"action": "ask", "ask": page.Doc.Find("textarea#ask").Text()}).WantStatus(200)
	c.Get("/en/workbench?view=waiting").Want(htmlcheck.In("[data-row] .pa-deadline--paused"))
	c.Get(casePath(r.Case)).Want(
		htmlcheck.In(".pa-info--waiting", htmlcheck.Contains("The clock stands still until the answer, at most until 24 December 2025.")),
		htmlcheck.In(".pa-task", htmlcheck.Contains("The case waits for the applicant.")),
		htmlcheck.NotIn("button[value=confirm]"),
		htmlcheck.In("#requests", htmlcheck.Contains("open until 24 December 2025")),
	)
	if d := s.file(danielle, r.Case); d.Status != cases.Waiting || d.File.Clock.Paused.IsZero() {
		t.Errorf("status %s, clock %+v", d.Status, d.File.Clock)
	}
}

// permitAnswers is an application for a business permit.
var permitAnswers = form.Answers{
	"tradeName": "Garage Marchand", "legalForm": "soleTrader", "street": "1, rue du Test", "postcode": "1111", "commune": "Luxembourg", "fixed": true,
	"activity": "commerce", "description": "A shop for bicycles and repairs.", "present": true, "bankruptcy": false, "truthful": true, "record": true,
}

// permit is an application for a business permit whose fee is paid.
func (s *site) permit(key string) cases.Receipt {
	s.t.Helper()
	who := s.persona(key)
	r := s.submit(who, "business-permit", permitAnswers)
	task := s.file(virginie, r.Case).Tasks[0].ID
	must(s.t, s.cases.Paid(s.t.Context(), who, r.Case, task, s.bank.Receipt(task)))
	s.run()
	return r
}

func TestTheSecondPairOfEyesIsAnotherPerson(t *testing.T) {
	s := newSite(t)
	r := s.permit("founder-with-record")
	both := monique // a head of unit may decide too, but not approve herself
	c := s.as(both)
	c.Get(casePath(r.Case)).Want(
		htmlcheck.In("#evidence", htmlcheck.Contains("Convictions")),
		htmlcheck.In(".pa-task", htmlcheck.Contains("The rules leave this to your judgement.")),
		htmlcheck.NotIn("button[value=confirm]"),
		htmlcheck.In("input[name=outcome][data-key-focus=d]", htmlcheck.Count(1)))
	c.Submit("form:has(button[value=decide])", webtest.Values{"action": "decide", "outcome": "granted", "reasons": "The conviction has nothing to do with the activity."}).WantStatus(200).Want(
		htmlcheck.In(".pa-info--granted", htmlcheck.Contains("The case goes on to the next step.")))
	page := c.Get(casePath(r.Case))
	page.Want(
		htmlcheck.In(".pa-task", htmlcheck.Contains("Another person looks at it.")),
		htmlcheck.NotIn("button[value=approve]"),
	)
	// The page does not offer it, and the core refuses it.
	c.Post(casePath(r.Case), url.Values{"action": {"approve"}, "task": {s.open(both, r.Case).ID}, "approved": {"yes"}}).WantStatus(403).Want(
		htmlcheck.In(".govuk-error-summary", htmlcheck.Contains("Somebody else approves it.")))
	// A case worker sees that this is for a head of unit.
	s.as(virginie).Get(casePath(r.Case)).Want(htmlcheck.In(".pa-task", htmlcheck.Contains("A head of unit does this step.")))

	other := official("a-second", "Second Chef", "permits", cases.RoleHeadOfUnit)
	c = s.as(other)
	c.Get(casePath(r.Case)).Want(htmlcheck.In(".pa-task .pa-info", htmlcheck.Contains("Monique Goerens"), htmlcheck.Contains("granted")))
	c.Submit("form:has(input[name=approved][value=yes])", webtest.Values{"action": "approve"}).WantStatus(200)
	if d := s.file(other, r.Case); d.File.Decision == nil || d.File.Decision.ApprovedBy != "Second Chef" || d.File.Decision.DecidedBy != "Monique Goerens" {
		t.Errorf("decision %+v", d.File.Decision)
	}
}

func TestAHeadOfUnitHandsATaskOverAndExtendsTheTime(t *testing.T) {
	s := newSite(t)
	r := s.permit("founder")
	c := s.as(monique)
	c.Get(casePath(r.Case))
	c.Submit("form:has(button[value=reassign])", webtest.Values{"action": "reassign"}).WantStatus(422).Want(
		htmlcheck.In(".govuk-error-summary a[href='#to']", htmlcheck.Text("Choose a person of the authority.")))
	c.Submit("form:has(button[value=reassign])", webtest.Values{"action": "reassign", "to": virginie.Account}).WantStatus(200)
	c.Get("/en/workbench").Want(htmlcheck.In("[data-row]", htmlcheck.Contains("Virginie Perrin")), htmlcheck.NotIn("button[data-claim]"))
	s.as(virginie).Get("/en/workbench?view=mine").Want(htmlcheck.In("[data-row]", htmlcheck.Contains("you")))

	c.Get(casePath(r.Case))
	c.Submit("form:has(button[value=extend])", webtest.Values{"action": "extend", "extend": "The chamber of trades has not answered."}).WantStatus(200).Want(
		htmlcheck.In(".pa-info--granted", htmlcheck.Contains("The deadline is now 24 March 2026.")),
		htmlcheck.In(".pa-clock", htmlcheck.Contains("1 month")),
		htmlcheck.NotIn("button[value=extend]"))
	// Only people of the authority can have the task.
	task := s.open(monique, r.Case)
	if task.Assignee != virginie.Account {
		t.Errorf("task %+v", task)
	}
	c.Post(casePath(r.Case), url.Values{"action": {"reassign"}, "task": {task.ID}, "to": {danielle.Account}}).WantStatus(422)
}

func TestAnAppealIsDecidedBySomebodyElseWhoSeesWhatIsContested(t *testing.T) {
	s := newSite(t)
	who := s.persona("pensioner")
	r := s.allowance(who, nil)
	c := s.as(danielle)
	c.Get(casePath(r.Case))
	c.Submit("details form:has(button[value=decide])", webtest.Values{"action": "decide", "outcome": "refused", "reasons": "The household is not complete."}).WantStatus(200)
	appeal, err := s.cases.Appeal(t.Context(), who, r.Case, "My sister moved out in May.", "fr")
	must(t, err)
	c.Get("/en/workbench").Want(htmlcheck.In("[data-row]", htmlcheck.Contains("appeal")))
	c.Submit("[data-row] form", webtest.Values{"action": "claim"}).WantStatus(403).Want(
		htmlcheck.In(".govuk-error-summary", htmlcheck.Contains("You took part in the contested decision.")))
	c.Get(casePath(appeal.Case)).Want(htmlcheck.In(".pa-task", htmlcheck.Contains("You took part in the contested decision.")),
		htmlcheck.NotIn("button[value=claim]"), htmlcheck.NotIn("button[value=ask]"), htmlcheck.NotIn("button[value=extend]"))
	// The page does not offer it, and the core refuses it.
	c.Post(casePath(appeal.Case), url.Values{"action": {"ask"}, "ask": {"Send me the lease of your flat."}}).WantStatus(403).Want(
		htmlcheck.In(".govuk-error-summary", htmlcheck.Contains("contested")))
	// "The next case" leaves it to a colleague.
	c.Get("/en/workbench")
	c.Submit("form:has(button[value=next])", webtest.Values{"action": "next"}).Want(htmlcheck.In("[data-row]", htmlcheck.Contains("appeal")), htmlcheck.NotIn(".pa-task"))
	c = s.as(serge)
	c.Get(casePath(appeal.Case)).Want(
		htmlcheck.In(".pa-info--waiting", htmlcheck.Contains("My sister moved out in May.")),
		htmlcheck.In(".pa-info--stone", htmlcheck.Contains("refused"), htmlcheck.Contains("The household is not complete."), htmlcheck.Contains(r.Number)),
		htmlcheck.In(".pa-facts__row--total"),
		htmlcheck.In("#process", htmlcheck.Contains("Examine again")),
		htmlcheck.In("button[value=ask]"), htmlcheck.NotIn("button[value=extend]"),
		htmlcheck.NotIn("#application"))
	c.Submit("form:has(button[value=decide])", webtest.Values{"action": "decide", "outcome": "granted", "reasons": "The register was late by two months."}).WantStatus(200)
	if d := s.file(serge, appeal.Case); d.File.Decision == nil || d.File.Decision.Outcome != pack.Granted {
		t.Errorf("decision %+v", d.File.Decision)
	}
	c.Get(casePath(r.Case)).Want(htmlcheck.In("#process", htmlcheck.Contains(appeal.Number)))
}

func TestTheOfficerSeesWhereAnAnswerDiffersFromTheRegister(t *testing.T) {
	s := newSite(t)
	r := s.allowance(s.persona("pensioner"), form.Answers{"holder": "Somebody Else",
		"contested": map[string]any{"persons": map[string]any{"registered": number("1"), "claimed": "2", "comment": "My sister lives here."}}})
	s.as(danielle).Get(casePath(r.Case)).Want(
		htmlcheck.In(".pa-answers__contested", htmlcheck.Contains("the register says Margot Lentz")),
		htmlcheck.In(".pa-info--waiting", htmlcheck.Contains("The applicant says: 2."), htmlcheck.Contains("My sister lives here.")))
}

func TestNobodyWorksOnTheirOwnCase(t *testing.T) {
	s := newSite(t)
	worker := s.persona("pensioner")
	r := s.allowance(worker, nil)
	worker.Roles = danielle.Roles
	c := s.as(worker)
	c.Get("/en/workbench").Want(htmlcheck.In("[data-row]", htmlcheck.Contains("your own case")), htmlcheck.NotIn("button[data-claim]"))
	page := c.Get(casePath(r.Case)).WantStatus(403)
	page.Want(htmlcheck.In("main h1", htmlcheck.Text("This is your own case")), htmlcheck.NotIn("#timeline"))
	if strings.Contains(plain(page), "internal") {
		t.Error("internal notes are shown to the applicant")
	}
	c.Post(casePath(r.Case), url.Values{"action": {"confirm"}, "task": {s.open(danielle, r.Case).ID}, "outcome": {"granted"}}).WantStatus(403)
	// "The next case" leaves it out.
	c.Get("/en/workbench")
	c.Submit("form:has(button[value=next])", webtest.Values{"action": "next"}).Want(htmlcheck.In("[data-row]", htmlcheck.Count(1)))
}

func TestOtherAuthoritiesSeeNothing(t *testing.T) {
	s := newSite(t)
	r := s.allowance(s.persona("pensioner"), nil)
	c := s.as(virginie)
	c.Get(casePath(r.Case)).WantStatus(404)
	c.Get("/en/workbench?authority=fns").WantStatus(403)
	c.Post(casePath(r.Case), url.Values{"action": {"note"}, "note": {"hello"}}).WantStatus(404)
	c.Get("/en/workbench?done=" + r.Case).Want(htmlcheck.NotIn(".pa-info--granted"))
}

func TestTheQueueFindsNarrowsAndPages(t *testing.T) {
	s := newSite(t)
	for _, key := range []string{"pensioner", "single-parent", "family"} {
		s.allowance(s.persona(key), nil)
	}
	c := s.as(danielle)
	c.Get("/en/workbench?q=lentz").Want(htmlcheck.In("[data-row]", htmlcheck.Count(1), htmlcheck.Contains("Margot Lentz")),
		htmlcheck.In("[data-row] .pa-deadline__rule", htmlcheck.Text("Law of 1 December 1978")))
	c.Get("/en/workbench?q=nobody").Want(htmlcheck.In(".pa-empty__title", htmlcheck.Text("No case found")))
	c.Get("/en/workbench?kind=approve").Want(htmlcheck.In(".pa-empty"))
	c.Get("/en/workbench?view=late").Want(htmlcheck.In(".pa-empty__title", htmlcheck.Text("Nothing here")))

	// Taking a row stays in the queue, on that row.
	c.Get("/en/workbench")
	page := c.Submit("[data-row]:nth-child(2) form", webtest.Values{"action": "claim"}).WantStatus(200)
	page.Want(htmlcheck.In("[data-row]:nth-child(2)[aria-current]", htmlcheck.Contains("you")), htmlcheck.In("button[data-claim]", htmlcheck.Count(2)))
	c.Get("/en/workbench?view=mine").Want(htmlcheck.In("[data-row]", htmlcheck.Count(1)))

	// Three days before the end a deadline is near, after it it is late.
	s.clock.Advance(89 * 24 * time.Hour)
	c.Get("/en/workbench?view=soon").Want(htmlcheck.In("[data-row] .pa-deadline--soon", htmlcheck.Count(3)))
	s.clock.Advance(5 * 24 * time.Hour)
	s.run()
	c.Get("/en/workbench?view=late").Want(htmlcheck.In("[data-row] .pa-deadline--late", htmlcheck.Count(3)))
}

func TestASearchFindsWhatIsInNobodysQueue(t *testing.T) {
	s := newSite(t)
	r := s.allowance(s.persona("pensioner"), nil)
	unpaid := s.submit(s.persona("founder"), "business-permit", permitAnswers)
	must(t, s.cases.Decide(t.Context(), danielle, r.Case, s.open(danielle, r.Case).ID, pack.Granted, "", ""))
	s.run()
	other := s.allowance(s.persona("single-parent"), nil)
	s.allowance(s.persona("family"), nil)

	c := s.as(paulo)
	c.Get("/en/workbench").Want(htmlcheck.NotIn("#others"))
	// A citizen phones with the number of a decided case.
	page := c.Get("/en/workbench?q=" + url.QueryEscape(strings.ToLower(strings.ReplaceAll(r.Number, "-", " "))))
	page.Want(
		htmlcheck.NotIn("[data-row]"), htmlcheck.NotIn(".pa-empty"),
		htmlcheck.In("#others tbody tr", htmlcheck.Count(1), htmlcheck.Contains(r.Number), htmlcheck.Contains("Margot Lentz"), htmlcheck.Contains("granted"), htmlcheck.Contains("24/11/2025")),
	)
	c.Click("#others a").WantStatus(200).Want(htmlcheck.In("main h1", htmlcheck.Text("Margot Lentz")), htmlcheck.In(".pa-info--granted", htmlcheck.Contains("By Danielle Reding.")))
	// What stands in the rows above is not repeated; what their filter leaves out is.
	c.Get("/en/workbench?q="+other.Number).Want(htmlcheck.In("[data-row]", htmlcheck.Count(1)), htmlcheck.NotIn("#others"))
	c.Get("/en/workbench?view=mine&q="+other.Number).Want(htmlcheck.NotIn("[data-row]"), htmlcheck.In("#others tbody tr", htmlcheck.Count(1), htmlcheck.Contains("being examined")))
	// A case of another authority is not found.
	c.Get("/en/workbench?q="+unpaid.Number).Want(htmlcheck.NotIn("#others"), htmlcheck.In(".pa-empty__title", htmlcheck.Text("No case found")))
	s.as(virginie).Get("/en/workbench?q="+unpaid.Number).Want(htmlcheck.NotIn("[data-row]"), htmlcheck.In("#others tbody tr", htmlcheck.Count(1), htmlcheck.Contains("waiting for the applicant")))
}

// Where all parts of a case stand one below the other, a list leads to each.
func TestACaseHasContents(t *testing.T) {
	s := newSite(t)
	r := s.allowance(s.persona("pensioner"), nil)
	page := s.as(danielle).Get(casePath(r.Case)).WantStatus(200)
	links := page.Doc.Find(".pa-contents a")
	if links.Length() < 8 {
		t.Errorf("%d links: %s", links.Length(), links.Text())
	}
	for _, a := range links.EachIter() {
		target := a.AttrOr("href", "")
		if page.Doc.Find(target).Length() != 1 || strings.TrimSpace(a.Text()) == "" {
			t.Errorf("%q leads to %q, which is not there", a.Text(), target)
		}
	}
}

func TestADocumentIsForTheAuthorityOnly(t *testing.T) {
	s := newSite(t)
	pdf := []byte("%PDF-1.4 a proof of rent")
	hash, size, err := s.blobs.Put(t.Context(), bytes.NewReader(pdf), 1<<20)
	must(t, err)
	r := s.allowance(s.persona("pensioner"), form.Answers{"otherIncome": true,
		"otherIncomes": []any{map[string]any{"kind": "rent", "amount": number("100.00")}},
		"proofs":       []any{map[string]any{"name": "rent.pdf", "size": number("24"), "hash": hash, "type": "application/pdf"}}})
	if size != int64(len(pdf)) {
		t.Fatal(size)
	}
	c := s.as(danielle)
	c.Get(casePath(r.Case)).Want(htmlcheck.In("#documents", htmlcheck.Contains("rent.pdf")), htmlcheck.In("#application", htmlcheck.Contains("€100.00")))
	page := c.Click("#documents a").WantStatus(200)
	if page.Body != string(pdf) || page.Header.Get("Content-Type") != "application/pdf" || page.Header.Get("Content-Disposition") != "inline; filename=rent.pdf" {
		t.Errorf("%v %q", page.Header, page.Body)
	}
	s.as(virginie).Get(page.URL.Path).WantStatus(404)
	c.Get(casePath(r.Case) + "/documents/unknown").WantStatus(404)
}

func TestTheOperatorRepeatsWhatFailed(t *testing.T) {
	s := newSite(t)
	l := i18ntest.Locale(t, i18n.LB, workbench.Locales)
	if links := workbench.NavLinks(l, kim); len(links) != 1 || links[0].Path != "/operations" || workbench.NavLinks(l, danielle) != nil {
		t.Errorf("navigation %+v", links)
	}
	c := s.as(kim)
	c.Get("/en/operations").WantStatus(200).Want(htmlcheck.In(".pa-empty__title", htmlcheck.Text("Nothing has failed")))
	must(t, s.failingJob())
	s.run()
	c.Get("/en/operations").Want(htmlcheck.In(".pa-incident", htmlcheck.Contains("test.fails"), htmlcheck.Contains("1 attempt"), htmlcheck.Contains("the printer is out of paper")))
	c.Submit("form:has(button[value=discard])", webtest.Values{"action": "discard", "reason": "no"}).WantStatus(422).Want(
		htmlcheck.In(".govuk-error-summary a[href^='#reason-']", htmlcheck.Contains("at least ten characters")), htmlcheck.In("details[open] .govuk-error-message", htmlcheck.Contains("at least ten characters")), htmlcheck.In("details[open] input[name=reason]", htmlcheck.Attr("value", "no")))
	c.Submit("form:has(button[value=resume])", webtest.Values{"action": "resume"}).WantStatus(200).Want(
		htmlcheck.In(".pa-info--granted", htmlcheck.Contains("The job runs again.")), htmlcheck.NotIn(".pa-incident"))
	s.run()
	c.Get("/en/operations").Want(htmlcheck.In(".pa-incident"))
	c.Submit("form:has(button[value=discard])", webtest.Values{"action": "discard", "reason": "The printer was given away."}).Want(htmlcheck.NotIn(".pa-incident"))
	s.as(danielle).Get("/en/operations").WantStatus(403)
	c.Get("/en/workbench").WantStatus(403)
}

// TestTheOperatorCorrectsWhatStopped: they see which step, why, and how many are
// alike; they see values for a purpose, and give the step up in one case and in all.
func TestTheOperatorCorrectsWhatStopped(t *testing.T) {
	s := newSite(t)
	bank := s.cases.Payments
	s.cases.Payments = nil
	var stopped []string
	for _, key := range []string{"pensioner", "single-parent", "family"} {
		r := s.allowance(s.persona(key), nil)
		must(t, s.cases.Decide(t.Context(), danielle, r.Case, s.open(danielle, r.Case).ID, pack.Granted, "100.00", "The household is smaller than the register says."))
		stopped = append(stopped, r.Case)
	}
	s.cases.Payments = bank
	c := s.as(kim)
	c.Get("/en/operations").WantStatus(200).Want(
		htmlcheck.In(".pa-queue tbody tr", htmlcheck.Count(1), htmlcheck.Contains("no payment provider is configured"), htmlcheck.Contains("3")),
		htmlcheck.In(".pa-incident", htmlcheck.Count(3)))
	path := "/en/operations/cases/" + stopped[0]
	c.Get(path).WantStatus(200).Want(
		htmlcheck.In(".pa-incident h2", htmlcheck.Text("We pay")),
		htmlcheck.In(".pa-incident__cause", htmlcheck.Contains("no payment provider is configured")),
		htmlcheck.In(".pa-incident__head", htmlcheck.Contains("3 cases stand still with this error")),
		htmlcheck.NotIn(".govuk-summary-list"))
	c.Submit("form:has(textarea[name=purpose])", webtest.Values{"action": "inspect", "purpose": "no"}).WantStatus(422).Want(
		htmlcheck.In(".govuk-error-summary a[href='#purpose']"), htmlcheck.In("textarea[name=purpose][aria-describedby~=purpose-error]", htmlcheck.Text("no")))
	c.Submit("form:has(textarea[name=purpose])", webtest.Values{"action": "inspect", "purpose": "To see which account the payment goes to."}).WantStatus(200).Want(
		htmlcheck.In(".govuk-summary-list", htmlcheck.Contains("application.iban"), htmlcheck.Contains("LU")))
	if log := s.file(danielle, stopped[0]).Timeline; log[len(log)-1].Kind != "inspected" || log[len(log)-1].Name != kim.Name {
		t.Errorf("%+v", log[len(log)-1])
	}
	c.Get(path)
	giveUp := "form:has(input[value=giveUp])"
	c.Submit(giveUp, webtest.Values{"value": "BANK-1", "reasons": "The bank paid it by hand on the phone."}).WantStatus(422).Want(
		htmlcheck.In(".govuk-error-summary", htmlcheck.Contains("Confirm that you have understood")), htmlcheck.In("details[open] input[name=value]", htmlcheck.Attr("value", "BANK-1")))
	c.Submit(giveUp, webtest.Values{"value": "BANK-1", "reasons": "The bank paid it by hand on the phone.", "sure": "yes"}).WantStatus(200).Want(
		htmlcheck.In(".pa-info--granted", htmlcheck.Contains("corrected and on record")), htmlcheck.In(".pa-empty__title", htmlcheck.Text("Nothing stands still in this case")))
	if d := s.file(danielle, stopped[0]); len(d.Payments) != 1 || d.Payments[0].Reference != "BANK-1" {
		t.Errorf("%+v", d.Payments)
	}
	s.as(danielle).Get(casePath(stopped[0])).Want(htmlcheck.In(".pa-log", htmlcheck.Contains("Given up by hand: We pay"), htmlcheck.Contains("The bank paid it by hand on the phone.")))

	c.Get("/en/operations")
	c.Submit("form:has(button[value=allCases])", webtest.Values{"action": "allCases"}).WantStatus(200).Want(
		htmlcheck.In(".pa-info--granted", htmlcheck.Contains("The repetition has begun.")), htmlcheck.In(".pa-incident", htmlcheck.Contains("0 of 2 cases.")))
	s.run()
	c.Get("/en/operations").Want(htmlcheck.In(".pa-incident", htmlcheck.Count(1), htmlcheck.Contains("2 of 2 cases. 2 cases go on."), htmlcheck.Contains("ended")))
	s.as(danielle).Get(path).WantStatus(403)
	c.Get("/en/operations/cases/unknown").WantStatus(404)
}

// TestAWrongCorrectionIsNotPraised: the register that the failing rule reads is
// chosen from the start; whoever asks another is told that the step failed again.
func TestAWrongCorrectionIsNotPraised(t *testing.T) {
	s := newSite(t)
	s.registers.SetFaulty(true)
	r := s.allowance(s.persona("family"), nil)
	s.run()
	s.registers.SetFaulty(false)
	c := s.as(kim)
	path := "/en/operations/cases/" + r.Case
	c.Get(path).WantStatus(200).Want(htmlcheck.In("select[name=name] option[selected]", htmlcheck.Attr("value", "incomes")))
	s.saysWhyInFrench(c, "/fr/operations/cases/"+r.Case)
	c.Get(path)
	ask := "form:has(input[name=action][value=evidence])"
	c.Submit(ask, webtest.Values{"name": "incomes", "reasons": "so"}).WantStatus(422).Want(
		htmlcheck.In("details[open] textarea[name=reasons][id^=reasons-evidence-][aria-describedby*=error]", htmlcheck.Count(1)), htmlcheck.In("details[open] .govuk-error-message", htmlcheck.Count(1)),
		htmlcheck.In(".govuk-error-summary a[href^='#reasons-evidence-']", htmlcheck.Count(1)))
	c.Submit(ask, webtest.Values{"name": "person", "reasons": "The person moved while we asked."}).WantStatus(200).Want(
		htmlcheck.NotIn(".pa-info--granted"), htmlcheck.In(".pa-info--waiting", htmlcheck.Contains("failed again, with the same error")))
	c.Submit(ask, webtest.Values{"name": "incomes", "reasons": "The register writes amounts rightly again."}).WantStatus(200).Want(
		htmlcheck.In(".pa-info--granted", htmlcheck.Contains("corrected and on record")), htmlcheck.NotIn(".pa-incident"))
	c.Get(path + "?done=again").Want(htmlcheck.NotIn(".pa-info")) // an old address
}

// saysWhyInFrench: an operator reads which decision of which service failed and
// what to do; the engine's words are folded, and so is what that decision does
// not read.
func (s *site) saysWhyInFrench(c *webtest.Client, path string) {
	s.t.Helper()
	c.Get(path).Want(
		htmlcheck.In(".pa-incident__why", htmlcheck.Contains("« Revenu par mois »")),
		htmlcheck.In(".pa-incident details:not([open]) .pa-incident__cause", htmlcheck.Contains("the outcome is null")))
	c.Submit("form:has(textarea[name=purpose])", webtest.Values{"action": "inspect", "purpose": "Pour lire les montants du registre."}).WantStatus(200).Want(
		htmlcheck.In("main .govuk-summary-list", htmlcheck.Count(2)), htmlcheck.In("main h2 + .govuk-summary-list", htmlcheck.Count(1), htmlcheck.Contains("evidence.incomes")),
		htmlcheck.In("details:not([open]) .govuk-summary-list", htmlcheck.Contains("evidence.bank")))
}

// TestTheFileSaysWhereItsDeadlinesComeFrom: a limit that a weekend moved, and one
// that the calendar moved.
func TestTheFileSaysWhereItsDeadlinesComeFrom(t *testing.T) {
	s := newSite(t)
	r := s.allowance(s.persona("pensioner"), nil)
	c := s.as(danielle)
	c.Get(casePath(r.Case)).Want(htmlcheck.In("details.pa-deadlines", htmlcheck.Contains("Time to decide: until Tuesday 24 February 2026"),
		htmlcheck.Contains("3 months from 24 November 2025, when the file was complete."), htmlcheck.Contains("general rule")))
	must(t, s.cases.Decide(t.Context(), danielle, r.Case, s.open(danielle, r.Case).ID, pack.Granted, "", ""))
	c.Get(casePath(r.Case)).Want(htmlcheck.In("details.pa-deadlines", htmlcheck.Contains("40 days from 24 November 2025, when the decision was made."),
		htmlcheck.Contains("Moved to Monday 5 January 2026: 3 January 2026 is a Saturday and 4 January 2026 is a Sunday."), htmlcheck.Contains("Rule: ")))
}
