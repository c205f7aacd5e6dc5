package mycases_test

import (
	"net/url"
	"strings"
	"testing"

	"passerelle/engine/form"
	"passerelle/internal/module/cases"
	"passerelle/internal/module/services/pack"
	"passerelle/internal/platform/i18n"
	"passerelle/internal/platform/ui"
	"passerelle/internal/platform/web"
	"passerelle/internal/platform/web/webtest"
	"passerelle/internal/platform/web/webtest/htmlcheck"
)

func TestAGrantedAllowanceExplainsItself(t *testing.T) {
	s := newSite(t)
	who := s.persona("pensioner")
	r := s.allowance(who)
	c := s.as(who)
	c.Get(at(r.Case)).WantStatus(200).Want(
		htmlcheck.In("main h1", htmlcheck.Text("We are examining your application")),
		htmlcheck.In(".pa-lead", htmlcheck.Contains("If nobody answers by 24 February 2026, this counts as a refusal")),
		htmlcheck.In(".pa-path [aria-current=step]", htmlcheck.Contains("Examination")),
		htmlcheck.NotIn(".pa-facts"), // what the rule proposes is no decision
	)
	s.decide(danielle, r.Case, pack.Granted, "", "")
	c.Get(at(r.Case)).Want(
		htmlcheck.In("main h1", htmlcheck.Matches(`^You receive €[\d,]+\.\d\d$`)),
		htmlcheck.In(".pa-lead", htmlcheck.Contains("Paid on 24 November 2025 to LU28\u00a0…\u00a00000."), htmlcheck.Contains("Danielle Reding checked the result of the rule")),
		htmlcheck.In(".pa-facts__row--total", htmlcheck.Contains("You receive")),
		htmlcheck.In(".pa-facts__source", htmlcheck.Contains("social security"), htmlcheck.Contains("art. 3, in force since 1 January 2025"), htmlcheck.Contains("not verified")),
		htmlcheck.In(".pa-facts", htmlcheck.Contains("You are on the main national register."), htmlcheck.Contains("met")),
		htmlcheck.In("main", htmlcheck.Contains("Appeal until 5 January 2026"), htmlcheck.Contains("steering committee")), // 40 days end on Saturday 3 January
		htmlcheck.In("code", htmlcheck.Contains(r.ContentHash)),
		htmlcheck.In("details svg.bpmn"),
	)
	moved := "Moved to Monday 5 January 2026: 3 January 2026 is a Saturday and 4 January 2026 is a Sunday."
	c.Get(at(r.Case)).Want(htmlcheck.In("details.pa-deadlines", htmlcheck.Contains("Time to contest the decision: until Monday 5 January 2026"), htmlcheck.Contains(moved)))
	c.Get(at(r.Case, "letter")).Want(htmlcheck.In("main h1", htmlcheck.Count(1), htmlcheck.Text("Cost-of-living allowance: granted")), htmlcheck.In(".pa-letter table"),
		htmlcheck.In(".pa-letter", htmlcheck.Contains("is counted so: 40 days from 24 November 2025"), htmlcheck.Contains(moved)))
}

func TestAnOfficerWhoDecidesOtherwiseIsQuotedWithReasons(t *testing.T) {
	s := newSite(t)
	who := s.persona("pensioner")
	r := s.allowance(who)
	s.decide(danielle, r.Case, pack.Granted, "1000.50", "Half of the year was spent abroad.")
	c := s.as(who)
	c.Get(at(r.Case)).Want(
		htmlcheck.In("main h1", htmlcheck.Text("You receive €1,000.50")),
		htmlcheck.In(".govuk-inset-text", htmlcheck.Contains("Half of the year was spent abroad."), htmlcheck.Contains("Danielle Reding")),
		htmlcheck.In(".pa-info--stone", htmlcheck.Contains("The rule came to: €")),
	)
}

func TestARequestIsAnsweredWithTextAndFiles(t *testing.T) {
	s := newSite(t)
	who := s.persona("pensioner")
	r := s.allowance(who)
	must(t, s.cases.Ask(t.Context(), danielle, r.Case, "Please send a bank statement.\nWith your name on it."))
	c := s.as(who)
	c.Get(at(r.Case)).Want(
		htmlcheck.In("main h1", htmlcheck.Text("We need something from you by 24 December 2025")),
		htmlcheck.In(".pa-lead", htmlcheck.Text("Time for your answer: 30 days left. Until you answer, our own time stands still. Without an answer, your application is refused.")),
		htmlcheck.In(".pa-info--waiting", htmlcheck.Contains("With your name on it.")),
	)
	c.Submit("form#answer", nil).WantStatus(422).Want(htmlcheck.In(".govuk-error-summary a[href='#text']"), htmlcheck.In("textarea#text"))
	liar := webtest.File{Name: "statement.pdf", Content: []byte("<html>not what it says</html>")}
	c.Submit("form#answer", webtest.Values{"text": "Here it is.", "files": liar}).WantStatus(422).Want(
		htmlcheck.In(".govuk-error-summary a[href='#files']", htmlcheck.Contains("statement.pdf")),
		htmlcheck.In("textarea#text", htmlcheck.Text("Here it is.")),
	)
	honest := webtest.File{Name: "bank.pdf", Content: []byte("%PDF-1.7 statement")}
	page := c.Submit("form#answer", webtest.Values{"text": "Here it is.", "files": honest}).WantStatus(200)
	page.Want(htmlcheck.In("main h1", htmlcheck.Text("We are examining your application")), htmlcheck.In(".govuk-notification-banner", htmlcheck.Contains("We have your answer.")))

	file := c.Click("main a[download]").WantStatus(200)
	if file.Body != "%PDF-1.7 statement" || file.Header.Get("X-Content-Type-Options") != "nosniff" || !strings.Contains(file.Header.Get("Content-Disposition"), "bank.pdf") {
		t.Errorf("download: %q %v", file.Body, file.Header)
	}
	s.as(s.persona("student")).Get(file.URL.Path).WantStatus(404)
}

func TestNobodySeesAnothersCase(t *testing.T) {
	s := newSite(t)
	r := s.certificate(s.persona("pensioner"))
	c := s.as(s.persona("student"))
	for _, page := range []string{at(r.Case), at(r.Case, "letter"), at(r.Case, "withdraw"), at(r.Case, "appeal")} {
		c.Get(page).WantStatus(404)
	}
	c.Post(at(r.Case, "withdraw"), nil).WantStatus(404)
	c.Another().Get(at(r.Case)).WantStatus(404) // signed out: there is no sign-in in this test, and no case either
}

func TestTheFeeIsPaidAtTheBankAndConfirmedWithAPost(t *testing.T) {
	s := newSite(t)
	who := s.persona("founder")
	r := s.permit(who)
	c := s.as(who)
	c.Get(at(r.Case)).Want(htmlcheck.In("main h1", htmlcheck.Text("Pay the fee of €50.00 by 24 December 2025")))
	c.Submit("form[action$='/pay']", nil)
	c.Submit("main form", webtest.Values{"answer": "cancel"}).Want(htmlcheck.In("main h1", htmlcheck.Text("You have not paid")))
	c.Submit("form[action$='/pay']", nil)
	back := c.Submit("main form", webtest.Values{"answer": "pay"}).WantStatus(200)
	back.Want(htmlcheck.In("main h1", htmlcheck.Text("Confirm your payment")))
	c.Submit("main form", nil).Want(htmlcheck.In(".govuk-notification-banner", htmlcheck.Contains("The fee is paid.")))
	s.run()
	c.Get(at(r.Case)).Want(htmlcheck.In(".pa-lead", htmlcheck.Contains("If nobody answers by 24 February 2026, it is granted.")))

	s.later(3, 2)
	c.Get(at(r.Case)).Want(
		htmlcheck.In("main h1", htmlcheck.Text("We have not answered in time. Your business permit is granted.")),
		htmlcheck.In(".pa-info--granted", htmlcheck.Contains("Verification code")),
		htmlcheck.NotIn("a[href$='/appeal']"),
	)
	c.Get(at(r.Case, "letter")).Want(htmlcheck.In(".pa-letter__body", htmlcheck.Contains("our silence grants your application")))
}

// TestWhatAPersonWouldDecideIsNotCalledUnchangeable: a place of business would not
// be enough, for then a person would judge the entry in the record.
func TestWhatAPersonWouldDecideIsNotCalledUnchangeable(t *testing.T) {
	for persona, says := range map[string]string{
		"founder":             "With a fixed establishment",
		"founder-with-record": "With some, a person would decide.",
	} {
		s := newSite(t)
		who := s.persona(persona)
		r := s.submit(who, "business-permit", form.Answers{"tradeName": "Walsh & Cie", "legalForm": "soleTrader", "street": "1, rue du Test", "postcode": "1111",
			"commune": "Luxembourg", "fixed": false, "activity": "commerce", "description": "A bakery.", "present": true, "bankruptcy": false, "truthful": true, "record": true})
		d, err := s.cases.Open(t.Context(), who, r.Case, "test", false)
		must(t, err)
		for _, task := range d.Tasks {
			if task.Kind == cases.TaskPay {
				must(t, s.cases.Paid(t.Context(), who, r.Case, task.ID, s.bank.Receipt(task.ID)))
			}
		}
		s.run()
		worker := web.Identity{Account: "a-virginie", Name: "Virginie Perrin", Roles: []web.Role{{Authority: "permits", Name: cases.RoleCaseWorker}}}
		head := web.Identity{Account: "a-monique", Name: "Monique Goerens", Roles: []web.Role{{Authority: "permits", Name: cases.RoleHeadOfUnit}}}
		s.decide(worker, r.Case, pack.Refused, "", "")
		d, err = s.cases.Open(t.Context(), head, r.Case, "test", true)
		must(t, err)
		for _, task := range d.Tasks {
			if task.Kind == cases.TaskApprove {
				must(t, s.cases.Approve(t.Context(), head, r.Case, task.ID, true, ""))
			}
		}
		s.run()
		s.as(who).Get(at(r.Case)).WantStatus(200).Want(htmlcheck.In("main", htmlcheck.Contains("What would change it"), htmlcheck.Contains(says)))
	}
}

func TestAForgedReceiptPaysNothing(t *testing.T) {
	s := newSite(t)
	who := s.persona("founder")
	r := s.permit(who)
	c := s.as(who)
	c.Get(at(r.Case, "paid") + "?receipt=forged")
	c.Submit("main form", nil).WantStatus(422)
	c.Get(at(r.Case)).Want(htmlcheck.In("main h1", htmlcheck.Contains("Pay the fee")))
}

func TestSilenceIsARefusalThatCanBeContested(t *testing.T) {
	s := newSite(t)
	who := s.persona("pensioner")
	r := s.allowance(who)
	s.later(3, 1)
	c := s.as(who)
	c.Get(at(r.Case)).Want(
		htmlcheck.In(".pa-lead", htmlcheck.Contains("You can appeal until 7 April 2026."), htmlcheck.Contains("We can still decide.")),
		htmlcheck.In(".pa-path [aria-current=step]", htmlcheck.Contains("We still owe you a decision")),
	)
	c.Get(at(r.Case, "appeal"))
	c.Submit("main form", webtest.Values{"text": "too short"}).WantStatus(422).Want(htmlcheck.In(".govuk-error-summary a[href='#text']"))
	page := c.Submit("main form", webtest.Values{"text": "Three months have passed, and I have heard nothing."}).WantStatus(200)
	page.Want(
		htmlcheck.In("main h1", htmlcheck.Text("We are looking at the decision again")),
		htmlcheck.In(".govuk-inset-text", htmlcheck.Contains("I have heard nothing.")),
		htmlcheck.In(".pa-info", htmlcheck.Contains(r.Number)),
	)
	appeal := strings.TrimPrefix(page.URL.Path, "/en/cases/")
	c.Get(at(r.Case)).Want(htmlcheck.In(".pa-info a[href$='"+appeal+"']"), htmlcheck.NotIn("a[href$='/appeal']"))

	s.decide(serge, appeal, pack.Refused, "", "The household is above the limit.")
	c.Get(at(appeal)).Want(
		htmlcheck.In("main h1", htmlcheck.Text("Your appeal is rejected")),
		htmlcheck.In("main", htmlcheck.Contains("The household is above the limit."), htmlcheck.Contains("Tribunal administratif")),
	)
	c.Get(at(appeal, "letter")).Want(htmlcheck.In(".pa-letter__body", htmlcheck.Contains("The reasons: The household is above the limit.")))
}

func TestWithoutAnAnswerTheApplicationIsRefused(t *testing.T) {
	s := newSite(t)
	who := s.persona("pensioner")
	r := s.allowance(who)
	must(t, s.cases.Ask(t.Context(), danielle, r.Case, "Please send a bank statement."))
	s.later(1, 2)
	c := s.as(who)
	c.Get(at(r.Case)).Want(
		htmlcheck.In("main h1", htmlcheck.Text("Your application is refused, because an answer is missing")),
		htmlcheck.In(".pa-lead", htmlcheck.Text("We asked you on 24 November 2025. The time for an answer ended on 24 December 2025.")),
		htmlcheck.NotIn(".pa-facts"),
	)
	c.Get(at(r.Case, "letter")).Want(htmlcheck.In(".pa-letter__body", htmlcheck.Contains("No answer came."), htmlcheck.Contains("You can contest this until")))
}

func TestTheWrongFactsOfADecisionAreNamedInTheAppeal(t *testing.T) {
	s := newSite(t)
	who := s.persona("pensioner")
	r := s.allowance(who)
	s.decide(danielle, r.Case, pack.Granted, "", "")
	c := s.as(who)
	c.Get(at(r.Case))
	c.Click("a[href$='/appeal#facts']")
	c.Submit("main form", webtest.Values{"fact": []string{"income"}, "text": "My pension is lower since October."}).WantStatus(200).Want(
		htmlcheck.In(".govuk-inset-text", htmlcheck.Matches(`Contested: Gross household income.*: €.*My pension is lower since October\.`)))
}

func TestAnApplicationIsWithdrawnOnlyAfterAQuestion(t *testing.T) {
	s := newSite(t)
	who := s.persona("pensioner")
	r := s.allowance(who)
	c := s.as(who)
	c.Get(at(r.Case))
	c.Click("a[href$='/withdraw']").Want(htmlcheck.In("main h1", htmlcheck.Text("Withdraw this application?")))
	c.Submit("main form", nil).Want(htmlcheck.In("main h1", htmlcheck.Text("You have withdrawn your application")), htmlcheck.NotIn("a[href$='/withdraw']"))
	c.Get(at(r.Case, "letter")).WantStatus(404)
}

func TestACertificateIsVerifiedByAnybody(t *testing.T) {
	s := newSite(t)
	who := s.persona("single-parent")
	r := s.certificate(who)
	c := s.as(who)
	c.Get(at(r.Case)).Want(htmlcheck.In(".pa-lead", htmlcheck.Text("Decided by rule on 24 November 2025; nobody had to judge.")))
	page := c.Click(".pa-info--granted a").WantStatus(200)
	page.Want(htmlcheck.In(".pa-letter", htmlcheck.Contains("Sandra Tavares")), htmlcheck.In("svg.pa-qr[role=img]"))
	code := page.URL.Path[strings.LastIndex(page.URL.Path, "/")+1:]

	anybody := c.Another()
	anybody.Get("/verify/" + code).Want( // as the QR code has it
		htmlcheck.In("main h1", htmlcheck.Text("Ce document est authentique")),
	)
	anybody.Get("/en/verify")
	anybody.Submit("main form", webtest.Values{"code": strings.ToLower(strings.ReplaceAll(code, "-", " "))}).WantStatus(200).Want(
		htmlcheck.In("main h1", htmlcheck.Text("This document is genuine")),
		htmlcheck.In(".govuk-summary-list", htmlcheck.Contains("Sandra Tavares"), htmlcheck.Contains("21 August 1987"), htmlcheck.Contains("Portugal")),
	)
	anybody.Get("/en/verify?code=0000-0000-0000").WantStatus(404).Want(htmlcheck.In("input#code", htmlcheck.Attr("value", "0000-0000-0000")), htmlcheck.In(".govuk-error-summary"))
	anybody.Get(at(r.Case)).WantStatus(404)

	s.later(3, 1)
	anybody.Get("/en/verify/" + code).Want(htmlcheck.In("main h1", htmlcheck.Text("This document has expired")))
}

func TestOpeningAMessageMarksItReadWithAPost(t *testing.T) {
	s := newSite(t)
	who := s.persona("pensioner")
	r := s.allowance(who)
	must(t, s.cases.Ask(t.Context(), danielle, r.Case, "Please send a bank statement."))
	c := s.as(who)
	c.Get(at(r.Case)) // looking at the case changes nothing
	c.Get("/en/inbox").Want(htmlcheck.In(".pa-card", htmlcheck.Contains("New"), htmlcheck.Contains("We need something from you")))
	c.Submit("form[action$='/inbox/open/"+r.Case+"']", nil).Want(htmlcheck.In("main h1", htmlcheck.Contains("We need something from you")))
	c.Get("/en/inbox").Want(htmlcheck.In(".pa-lead", htmlcheck.Text("You have read everything.")), htmlcheck.In(".pa-card a[href$='"+r.Case+"']"), htmlcheck.NotIn(".pa-status"))
	c.Post("/en/inbox/read", url.Values{"case": {r.Case}}).WantStatus(200)
}

func TestTheListIsPagedFromTheNewest(t *testing.T) {
	s := newSite(t)
	who := s.persona("pensioner")
	c := s.as(who)
	c.Get("/en/cases").Want(htmlcheck.In(".pa-empty__title", htmlcheck.Text("You have no case yet")))
	for range 21 {
		s.certificate(who)
	}
	c.Get("/en/cases").Want(htmlcheck.In(".pa-card", htmlcheck.Count(20)))
	c.Click(".govuk-pagination__next a").Want(htmlcheck.In(".pa-card", htmlcheck.Count(1)), htmlcheck.NotIn(".govuk-pagination__next"))
	c.Click(".govuk-pagination__prev a").Want(htmlcheck.In(".pa-card", htmlcheck.Count(20)))
}

// The first page shows what is the person's turn first, then what is examined
// with its consequence, then the news.
func TestWhatAwaitsThePersonComesInTheOrderOfUrgency(t *testing.T) {
	s := newSite(t)
	who := s.persona("founder")
	first := s.permit(who)
	s.allowance(who)
	s.certificate(who)
	cards, err := s.mine.Waiting(t.Context(), who, s.texts.For(i18n.EN))
	must(t, err)
	if len(cards) != 3 {
		t.Fatalf("%d cards: %+v", len(cards), cards)
	}
	for i, want := range []ui.CardOptions{
		{Title: "Business permit", Href: at(first.Case), Status: ui.StatusOptions{Kind: ui.Waiting, Text: "Your turn, 30 days left"}, Text: "Pay the fee of €50.00 by 24 December 2025"},
		{Title: "Cost-of-living allowance and energy premium", Href: cards[1].Href, Status: ui.StatusOptions{Kind: ui.Examined, Text: "Being examined"}, Text: "If nobody answers by 24 February 2026, this counts as a refusal, and you can appeal."},
		{Title: "Certificate of residence", Href: cards[2].Href, Status: ui.StatusOptions{Kind: ui.Decided, Text: "Granted"}, Text: "You receive your certificate. Can be verified until 22 February 2026."},
	} {
		want.Meta = cards[i].Meta
		if cards[i] != want {
			t.Errorf("card %d: %+v, want %+v", i+1, cards[i], want)
		}
	}
	s.later(2, 0) // the certificate is no news any more
	cards, err = s.mine.Waiting(t.Context(), who, s.texts.For(i18n.EN))
	must(t, err)
	if len(cards) != 2 || cards[0].Status.Text != "Your turn, 31 days late" {
		t.Errorf("two months later: %+v", cards)
	}
}

// Every page of a case is written in every language: nothing shows a key.
func TestEveryPageIsThereInEveryLanguage(t *testing.T) {
	s := newSite(t)
	who := s.persona("pensioner")
	waits, decided, certified := s.allowance(who), s.allowance(who), s.certificate(who)
	must(t, s.cases.Ask(t.Context(), danielle, waits.Case, "Please send a bank statement."))
	s.decide(danielle, decided.Case, pack.Granted, "", "")
	c := s.as(who)
	for _, lang := range i18n.Langs {
		for _, page := range []string{"/cases", "/inbox", "/verify", "/cases/" + waits.Case, "/cases/" + waits.Case + "/withdraw", "/cases/" + decided.Case,
			"/cases/" + decided.Case + "/letter", "/cases/" + decided.Case + "/appeal", "/cases/" + certified.Case, "/cases/" + certified.Case + "/letter"} {
			p := c.Get("/" + string(lang) + page).WantStatus(200)
			p.Want(htmlcheck.In("html", htmlcheck.Attr("lang", string(lang))), htmlcheck.In("main h1", htmlcheck.Count(1)))
			if text := htmlcheck.Plain(p.Doc.Find("main")); strings.ContainsAny(text, "[]{}") {
				t.Errorf("/%s%s shows a key or a placeholder: %s", lang, page, text)
			}
		}
	}
}
