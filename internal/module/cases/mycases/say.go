package mycases

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"passerelle/internal/module/cases"
	"passerelle/internal/module/services/pack"
	"passerelle/internal/platform/i18n"
	"passerelle/internal/platform/ui"
)

// phase is where a case stands for the person it is about.
type phase string

const (
	checking   phase = "checking"   // registers and rules; nobody has to act
	examining  phase = "examining"  // the authority has to act
	answering  phase = "answering"  // the applicant owes an answer
	paying     phase = "paying"     // the applicant owes the fee
	awaiting   phase = "awaiting"   // somebody whom the application names has a part to give
	granted    phase = "granted"    //
	refused    phase = "refused"    //
	incomplete phase = "incomplete" // refused because an answer did not come
	tacit      phase = "tacit"      // granted by silence
	silent     phase = "silent"     // silence counts as refusal, undecided
	withdrawn  phase = "withdrawn"  //
)

func (v *view) phase() phase {
	switch issued := v.d.Issued(); {
	case v.d.Status == cases.Withdrawn:
		return withdrawn
	case v.request() != nil:
		return answering
	case issued != nil:
		switch {
		case v.d.Incomplete():
			return incomplete
		case issued.Outcome == pack.Granted:
			return granted
		case issued.Outcome == pack.TacitGrant:
			return tacit
		case issued.Outcome == pack.ImpliedRefusal:
			return silent
		}
		return refused
	case v.fee() != nil:
		return paying
	case len(v.awaited()) > 0:
		return awaiting
	case v.d.Status == cases.Examined:
		return examining
	}
	return checking
}

// request is what the authority waits for from the applicant, or nil.
func (v *view) request() *cases.Request {
	for i, r := range v.d.Requests {
		if r.Status == cases.RequestOpen {
			return &v.d.Requests[i]
		}
	}
	return nil
}

// lapsedRequest is the request that stayed without an answer, or nil.
func (v *view) lapsedRequest() *cases.Request {
	for i, r := range v.d.Requests {
		if r.Status == cases.RequestLapsed {
			return &v.d.Requests[i]
		}
	}
	return nil
}

// fee is the open task to pay, or nil.
func (v *view) fee() *cases.Task {
	for i, t := range v.d.Tasks {
		if t.Kind == cases.TaskPay && t.Status == cases.TaskOpen {
			return &v.d.Tasks[i]
		}
	}
	return nil
}

// overdue reports whether the fee should have been paid by now.
func (v *view) overdue() bool {
	t := v.fee()
	return t != nil && !t.DueAt.IsZero() && v.now.After(t.DueAt)
}

func (v *view) feeAmount() string {
	if f := v.p.Service.Fee; f != nil {
		return v.MoneyDecimal(f.Amount)
	}
	return ""
}

// headline answers in one sentence: the outcome, or what happens now.
func (v *view) headline() string {
	appeal := v.d.Kind == cases.Appeal
	switch p := v.phase(); p {
	case answering:
		return v.T("mycases.head.answering", "date", v.request().DueAt)
	case paying:
		if due := v.fee().DueAt; v.overdue() {
			return v.T("mycases.head.payingLate", "amount", v.feeAmount(), "date", due)
		} else if !due.IsZero() {
			return v.T("mycases.head.paying", "amount", v.feeAmount(), "date", due)
		}
		return v.T("mycases.head.payingOpen", "amount", v.feeAmount())
	case awaiting:
		return v.T("mycases.head.awaiting", "names", v.awaitedNames())
	case incomplete:
		return v.T("mycases.head." + string(p))
	default:
		if appeal {
			return v.T("mycases.head.appeal." + string(p))
		}
		if v.told.Headline != "" && p != withdrawn {
			return heading(v.told.Headline)
		}
		return v.T("mycases.head." + string(p))
	}
}

// heading drops the full stop of a sentence that stands alone.
func heading(s string) string {
	if strings.Contains(s, ". ") {
		return s
	}
	return strings.TrimSuffix(s, ".")
}

// full is the inverse of heading, for running text.
func full(s string) string {
	if strings.HasSuffix(s, ".") {
		return s
	}
	return s + "."
}

// lead says what follows from the headline: by when, by whom, with what
// consequence.
func (v *view) lead() string {
	clock := v.d.File.Clock
	switch v.phase() {
	case answering:
		then := "mycases.lead.elseDecide"
		if v.p.Service.Deadlines.Incomplete == "refusal" && v.d.Kind != cases.Appeal {
			then = "mycases.lead.elseRefused"
		}
		return sentences(v.left(v.request().DueAt), v.T("mycases.lead.paused"), v.T(then))
	case paying:
		if v.overdue() {
			return v.T("mycases.lead.payingLate")
		}
		return sentences(v.T("mycases.lead.paying"), clockSentence(v.Locale, clock))
	case awaiting:
		all := v.awaited()
		pass := slices.ContainsFunc(all, func(i cases.Invitation) bool { return i.Email == "" && i.Status == cases.InvitationOpen })
		switch {
		case pass && len(all) == 1:
			return v.T("mycases.lead.passOne", "date", v.awaitedUntil())
		case pass:
			return v.T("mycases.lead.pass", "date", v.awaitedUntil())
		case len(all) == 1:
			return v.T("mycases.lead.awaitingOne", "date", v.awaitedUntil())
		}
		return v.T("mycases.lead.awaiting", "date", v.awaitedUntil())
	case examining:
		return sentences(v.T("mycases.lead.examining", "authority", v.authority(v.d.Authority)), clockSentence(v.Locale, clock))
	case checking:
		return sentences(v.T("mycases.lead.checking"), clockSentence(v.Locale, clock))
	case granted, refused:
		return sentences(v.money(), v.decidedBy())
	case incomplete:
		if r := v.lapsedRequest(); r != nil {
			return v.T("mycases.lead.incomplete", "asked", r.AskedAt, "until", r.DueAt)
		}
	case tacit:
		return v.T("mycases.lead.tacit", "date", v.d.Issued().At)
	case silent:
		return v.T("mycases.lead.silent", "date", v.d.Issued().At, "until", v.d.Issued().Appeal.Until)
	case withdrawn:
		if v.d.Kind == cases.Appeal {
			return v.T("mycases.lead.withdrawnAppeal")
		}
		return v.T("mycases.lead.withdrawn")
	}
	return ""
}

// clockSentence names the legal deadline with its consequence, "" when no
// deadline can be named.
func clockSentence(l *i18n.Locale, c cases.LegalClock) string {
	deadline, ok := c.Deadline()
	if !ok {
		if !c.Paused.IsZero() && c.Stopped.IsZero() {
			return l.T("mycases.clock.paused")
		}
		return ""
	}
	switch c.Silence {
	case "grant":
		return l.T("mycases.clock.grant", "date", deadline)
	case "refusal":
		return l.T("mycases.clock.refusal", "date", deadline)
	}
	return l.T("mycases.clock.none", "date", deadline)
}

// decidedBy says who decided: the rule, a person, two persons.
func (v *view) decidedBy() string {
	d := v.d.Issued()
	if d == nil {
		return ""
	}
	var who string
	switch {
	case d.DecidedBy == "":
		who = v.T("mycases.by.rule", "date", d.At)
	case d.ByRule:
		who = v.T("mycases.by.confirmed", "name", d.DecidedBy, "date", d.At)
	default:
		who = v.T("mycases.by.officer", "name", d.DecidedBy, "date", d.At)
	}
	if d.ApprovedBy != "" {
		return sentences(who, v.T("mycases.by.second", "name", d.ApprovedBy))
	}
	return who
}

// money says when and where an amount is paid, "" when none is.
func (v *view) money() string {
	for _, p := range v.d.Payments {
		if p.Direction != "out" {
			continue
		}
		account := maskIBAN(v.d.IBAN())
		switch p.Status {
		case "done":
			return v.T("mycases.money.done", "date", p.DoneAt, "iban", account)
		case "failed":
			return v.T("mycases.money.failed", "iban", account)
		}
		return v.T("mycases.money.ordered", "iban", account)
	}
	return ""
}

// maskIBAN shows enough of an account number to recognise it.
func maskIBAN(iban string) string {
	s := strings.ReplaceAll(iban, " ", "")
	if len(s) < 10 {
		return s
	}
	return s[:4] + "\u00a0…\u00a0" + s[len(s)-4:]
}

// left says how much time remains until a deadline.
func (v *view) left(due time.Time) string {
	return v.T("mycases.lead.left", "left", v.DaysLeft(i18n.Days(v.now, due)))
}

// answerTime is how long the applicant has to answer a request.
func (v *view) answerTime() string {
	limit := v.p.Service.Deadlines.Complete
	switch {
	case limit.Months > 0:
		return v.Period(fmt.Sprintf("P%dM", limit.Months))
	case limit.Days > 0:
		return v.Period(fmt.Sprintf("P%dD", limit.Days))
	}
	return v.Period("P30D") // what cases.Service.Ask gives where the service says nothing
}

// status is the case's state as a pill.
func (v *view) status() ui.StatusOptions {
	turn := func(due time.Time) ui.StatusOptions {
		if due.IsZero() {
			return ui.StatusOptions{Kind: ui.Waiting, Text: v.T("mycases.status.turn")}
		}
		return ui.StatusOptions{Kind: ui.Waiting, Text: v.T("mycases.status.turnLeft", "left", v.DaysLeft(i18n.Days(v.now, due)))}
	}
	p := v.phase()
	switch p {
	case answering:
		return turn(v.request().DueAt)
	case paying:
		return turn(v.fee().DueAt)
	}
	kind := map[phase]ui.StatusKind{
		checking: ui.Examined, examining: ui.Examined, awaiting: ui.Examined, granted: ui.Decided, tacit: ui.Decided,
		refused: ui.Refused, incomplete: ui.Refused, silent: ui.Refused, withdrawn: ui.Neutral,
	}[p]
	return ui.StatusOptions{Kind: kind, Text: v.T("mycases.status." + string(p))}
}

// name is what the case is called in a list: the service, or the appeal.
func (v *view) name() string {
	if v.d.Kind == cases.Appeal {
		return v.T("mycases.appealOf", "service", v.title())
	}
	return v.title()
}

// sentences joins what is not empty.
func sentences(parts ...string) string {
	var all []string
	for _, p := range parts {
		if p != "" {
			all = append(all, p)
		}
	}
	return strings.Join(all, " ")
}
