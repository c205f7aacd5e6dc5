package cases

import (
	"slices"
	"time"

	"passerelle/engine/feel"
	"passerelle/internal/module/services/pack"
	"passerelle/internal/platform/errs"
)

// decideByRule runs the package's decision on the case's facts and keeps the
// result as the proposal. For an appeal there is none: a person decides.
func (ch *change) decideByRule() (pack.Decision, error) {
	d, err := ch.p.Decide(ch.facts())
	if err != nil {
		return d, err
	}
	ch.c.File.Proposal = &d
	ch.enter("ruled", false, map[string]string{"outcome": string(d.Outcome), "amount": d.Amount})
	return d, nil
}

// issue makes the decision final: from the last person who decided, else from
// the rule. It stops the legal clock and opens the appeal.
func (ch *change) issue() error {
	if ch.c.File.Decision != nil {
		return errs.New(errs.Internal, "").Because("case %s: a second decision is issued", ch.c.ID)
	}
	d := Decision{At: ch.now}
	var last Result
	for _, r := range ch.c.File.Results {
		switch {
		case r.Outcome != "" && r.At.After(last.At):
			last = r
		case r.Approved != nil && *r.Approved:
			d.ApprovedBy = r.Name
		}
	}
	proposal := ch.c.File.Proposal
	switch {
	case last.Outcome != "":
		d.Outcome, d.Amount, d.Statement, d.DecidedBy = last.Outcome, last.Amount, last.Reasons, last.Name
		if proposal != nil && follows(proposal, d.Outcome, d.Amount) {
			d.ByRule, d.Reasons = true, proposal.Reasons
		}
	case proposal != nil && proposal.Outcome != pack.Judgement:
		d.Outcome, d.Amount, d.Reasons, d.ByRule = proposal.Outcome, proposal.Amount, proposal.Reasons, true
	default:
		return errs.New(errs.Internal, "").Because("case %s: nothing to issue: no person decided and the rule leaves it open", ch.c.ID)
	}
	if proposal != nil {
		r, err := receiptOf(ch.p, ch.c, d)
		if err != nil {
			return err
		}
		d.Receipt, ch.receipt = r.Hash, &r
	}
	ch.conclude(d, EndDecided, "decided")
	if ch.c.Kind == Appeal && d.Outcome == pack.Granted {
		ch.reopens = ch.c.Linked
	}
	return nil
}

// follows reports whether an outcome is what the rule proposes. A refusal has
// no amount, whatever the rule computed on its way there.
func follows(proposal *pack.Decision, outcome pack.Outcome, amount string) bool {
	return proposal.Outcome == outcome && (outcome == pack.Refused || proposal.Amount == amount)
}

// conclude records a decision, however it came about. What was still asked of
// the applicant is not wanted any more.
func (ch *change) conclude(d Decision, end ClockEnd, message string) {
	ch.endRequests()
	ch.holdTasks(false)
	d.Appeal = ch.appealFrom(d.At)
	ch.c.File.Decision, ch.c.File.Silence = &d, nil
	ch.c.Outcome, ch.c.DecidedAt = d.Outcome, d.At
	ch.setClock(ch.c.File.Clock.Start(d.At).Stop(d.At, end))
	ch.enter(message, true, map[string]string{"outcome": string(d.Outcome), "amount": d.Amount})
	ch.notify(message)
	ch.publish("case.decided")
}

// appealFrom computes the limit for an appeal against something notified at t.
func (ch *change) appealFrom(t time.Time) AppealLimit {
	l := AppealLimit{To: courtAppeal}
	if a := ch.p.Service.Deadlines.Appeal; a != nil && ch.c.Kind != Appeal {
		l = AppealLimit{To: a.To, Legal: a.Legal}
	}
	l.Span = appealSpan(ch.p, ch.c.Kind)
	l.Until = endOf(ch.s.calendar.lastDay(l.Span, t, ofPerson))
	return l
}

// appealSpan is how long a decision can be contested. Against an answer to a
// non-contentious appeal there is the court (law of 1.12.1978; règlement
// grand-ducal of 8.6.1979).
func appealSpan(p *pack.Package, kind Kind) pack.Span {
	if a := p.Service.Deadlines.Appeal; a != nil && kind != Appeal {
		return a.Span()
	}
	return pack.Span{Months: 3}
}

// courtAppeal names the Tribunal administratif in texts.
const courtAppeal = "tribunal"

// expire gives silence its consequence when the deadline has passed.
func (ch *change) expire() error {
	ch.recount()
	clock, ended := ch.c.File.Clock.Expire(ch.now)
	if !ended {
		return nil // paused, extended or decided meanwhile
	}
	switch clock.End {
	case EndTacitGrant:
		ch.conclude(Decision{Outcome: pack.TacitGrant, At: clock.Stopped, Amount: ""}, EndTacitGrant, "tacitGrant")
		caught, err := ch.signal("legal-deadline")
		if err != nil {
			return err
		}
		if !caught {
			ch.endProcess()
			ch.close()
		}
	case EndImpliedRefusal:
		d := Decision{Outcome: pack.ImpliedRefusal, At: clock.Stopped, Appeal: ch.appealFrom(clock.Stopped)}
		ch.c.File.Silence, ch.c.File.Clock = &d, clock
		ch.c.Outcome = pack.ImpliedRefusal
		ch.enter("impliedRefusal", true, nil)
		ch.notify("impliedRefusal")
	}
	ch.settle()
	return nil
}

// lapse ends a request for evidence that nobody answered in time.
func (ch *change) lapse(requestID string) {
	r := ch.request(requestID)
	if r == nil || r.Status != RequestOpen || !ch.now.After(r.DueAt) || ch.c.File.Decision != nil {
		return
	}
	r.Status, r.AnsweredAt = RequestLapsed, ch.now
	ch.touch(r.ID)
	if ch.p.Service.Deadlines.Incomplete != "refusal" || ch.c.Kind == Appeal {
		ch.enter("lapsed", true, nil)
		ch.holdTasks(false)
		ch.setClock(ch.c.File.Clock.Resume(r.DueAt)) // not when we came to notice
		ch.settle()
		return
	}
	ch.enter("lapsed", true, nil)
	ch.conclude(Decision{Outcome: pack.Refused, At: ch.now, Reasons: []string{reasonIncomplete}, ByRule: true}, EndDecided, "decided")
	ch.endProcess()
	ch.close()
}

// reasonIncomplete is the platform's own reason: the file was not completed in
// the time that the service gives.
const reasonIncomplete = "incomplete"

// close ends the case: nothing waits in it any more.
func (ch *change) close() {
	if ch.c.Status == Closed {
		return
	}
	ch.c.Status = Closed
	ch.enter("closed", true, nil)
	ch.publish("case.closed")
}

// orderPayment pays out what is decided and not yet paid, once per process
// step. It is done at once when nothing is left to pay.
func (ch *change) orderPayment(token string) (done bool, err error) {
	d := ch.c.File.Decision
	if d == nil || d.Amount == "" {
		return false, errs.New(errs.Internal, "").Because("case %s: a payment is ordered, but no amount is decided", ch.c.ID)
	}
	if ch.s.Payments == nil {
		return false, errs.New(errs.Unavailable, "").Because("no payment provider is configured")
	}
	cents, err := parseCents(d.Amount)
	if err != nil {
		return false, err
	}
	if cents -= ch.c.File.PaidOut; cents <= 0 {
		return true, nil
	}
	ch.c.File.PaidOut += cents
	id := ch.c.ID + "/payout/" + token
	ch.payments = append(ch.payments, Payment{ID: id, Case: ch.c.ID, Direction: "out", Cents: cents, Status: "ordered",
		Provider: ch.s.Payments.Name(), OrderedAt: ch.now})
	ch.enter("paymentOrdered", true, map[string]string{"amount": formatCents(cents)})
	ch.job("cases.payout", "payout/"+token, ch.now, payoutJob{Case: ch.c.ID, Payment: id, Cents: cents, Token: token})
	return false, nil
}

// issueCertificate makes a document of the service that anybody can verify.
func (ch *change) issueCertificate(output string) error {
	stated, err := ch.p.States(output, ch.scope())
	if err != nil {
		return err
	}
	doc := make(map[string]string, len(stated))
	for _, x := range stated {
		doc[x.ID] = x.Value
	}
	c := Certificate{Code: newCode(), Case: ch.c.ID, Output: output, IssuedAt: ch.now, Document: doc}
	if v := ch.p.Service.Verify; v != nil && v.ValidDays > 0 {
		c.ValidUntil = endOf(ch.now.AddDate(0, 0, v.ValidDays))
	}
	ch.certificates = append(ch.certificates, c)
	ch.enter("certificate", true, map[string]string{"code": c.Code, "output": output})
	return nil
}

// scope is what FEEL sees in the case's process, letters and certificates.
func (ch *change) scope() feel.Value { return scopeOf(ch.p, ch.c) }

func scopeOf(p *pack.Package, c *Case) feel.Value {
	entries := []feel.Entry{
		{Name: "case", Value: feel.Context(
			feel.Entry{Name: "number", Value: feel.String(c.Number)},
			feel.Entry{Name: "submitted", Value: feelDate(c.SubmittedAt)},
			feel.Entry{Name: "authority", Value: feel.String(c.Authority)},
		)},
		{Name: "decision", Value: decisionValue(c)},
	}
	for name, literal := range c.File.Vars {
		if _, result := c.File.Results[name]; result || slices.Contains(reserved, name) {
			continue // what people said and registers know is no variable
		}
		if e, err := feel.Compile(literal); err == nil {
			v, _ := e.Eval(nil)
			entries = append(entries, feel.Entry{Name: name, Value: v})
		}
	}
	for element, r := range c.File.Results {
		entries = append(entries, feel.Entry{Name: element, Value: r.value()})
	}
	return p.Scope(factsOf(c), entries...)
}

func feelDate(t time.Time) feel.Value {
	if t.IsZero() {
		return feel.Null()
	}
	return feel.DateOf(t.In(luxembourg))
}

// decisionValue is `decision` in FEEL: what the rule computed, overlaid with
// what was issued.
func decisionValue(c *Case) feel.Value {
	var entries []feel.Entry
	if p := c.File.Proposal; p != nil {
		entries = append(entries, p.Value.Entries()...)
	}
	if d := c.File.Decision; d != nil {
		entries = overlay(entries, "outcome", feel.String(string(d.Outcome)))
		amount := feel.Null()
		if d.Amount != "" {
			amount = feel.MustNumber(d.Amount)
		}
		entries = overlay(entries, "amount", amount)
		entries = overlay(entries, "issued", feelDate(d.At))
		entries = overlay(entries, "appealUntil", feelDate(d.Appeal.Until))
		entries = overlay(entries, "statement", feel.String(d.Statement))
	}
	if entries == nil {
		return feel.Null()
	}
	return feel.Context(entries...)
}

func overlay(entries []feel.Entry, name string, v feel.Value) []feel.Entry {
	for i := range entries {
		if entries[i].Name == name {
			entries[i].Value = v
			return entries
		}
	}
	return append(entries, feel.Entry{Name: name, Value: v})
}

// value is a task's result in FEEL.
func (r Result) value() feel.Value {
	entries := []feel.Entry{{Name: "reasons", Value: feel.String(r.Reasons)}, {Name: "paid", Value: feel.Bool(r.Paid)}}
	if r.Outcome != "" {
		entries = append(entries, feel.Entry{Name: "outcome", Value: feel.String(string(r.Outcome))})
	}
	if r.Amount != "" {
		entries = append(entries, feel.Entry{Name: "amount", Value: feel.MustNumber(r.Amount)})
	}
	if r.Met != nil {
		entries = append(entries, feel.Entry{Name: "met", Value: feel.Bool(*r.Met)})
	}
	if r.Status != "" {
		entries = append(entries, feel.Entry{Name: "status", Value: feel.String(r.Status)})
	}
	if r.Approved != nil {
		entries = append(entries, feel.Entry{Name: "approved", Value: feel.Bool(*r.Approved)})
	}
	return feel.Context(entries...)
}
