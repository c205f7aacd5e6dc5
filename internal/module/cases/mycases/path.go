package mycases

import (
	"time"

	"passerelle/internal/module/cases"
	"passerelle/internal/module/services/pack"
	"passerelle/internal/platform/ui"
)

// steps is the path of the case: what happened, where it stands, what comes
// next and by when.
func (v *view) steps() []ui.TimelineStep {
	steps := v.past()
	here := func(title, text string) {
		steps = append(steps, ui.TimelineStep{Title: title, Text: text, State: ui.StepHere})
	}
	next := func(title, text string) {
		steps = append(steps, ui.TimelineStep{Title: title, Text: text, State: ui.StepNext})
	}
	authority := v.authority(v.d.Authority)
	decision := func() {
		text := ""
		if deadline, ok := v.d.File.Clock.Deadline(); ok {
			text = v.T("mycases.path.by", "date", deadline)
		}
		next(v.T("mycases.path.decision"), text)
		if v.paysOut() {
			next(v.T("mycases.path.payment"), v.T("mycases.path.ifGranted"))
		}
	}
	switch v.phase() {
	case answering:
		here(v.T("mycases.path.yourAnswer"), v.T("mycases.path.by", "date", v.request().DueAt))
		next(v.T("mycases.path.examination"), authority)
		decision()
	case paying:
		text := v.feeAmount()
		if due := v.fee().DueAt; !due.IsZero() {
			text = v.T("mycases.path.by", "date", due)
		}
		here(v.T("mycases.path.yourFee"), text)
		next(v.T("mycases.path.examination"), authority)
		decision()
	case awaiting:
		for _, i := range v.awaited() {
			here(v.T("mycases.path.awaiting", "name", v.pack("party."+i.Party+".name")), v.T("mycases.path.by", "date", i.DueAt))
		}
		next(v.T("mycases.path.examination"), authority)
		decision()
	case checking:
		here(v.T("mycases.path.checking"), "")
		decision()
	case examining:
		here(v.T("mycases.path.examination"), authority)
		decision()
	case silent:
		here(v.T("mycases.path.owed"), authority)
		v.appealStep(next)
	case withdrawn:
		here(v.T("mycases.path.end"), v.T("mycases.path.endWithdrawn"))
	default:
		if v.d.Status == cases.Decided {
			title, text := v.running()
			here(title, text)
			v.appealStep(next)
			break
		}
		v.appealStep(here)
	}
	return steps
}

// running is the step of a decided case that has not ended.
func (v *view) running() (title, text string) {
	for _, p := range v.d.Payments {
		if p.Direction == "out" && p.Status != "done" {
			return v.T("mycases.path.payment"), v.T("mycases.path.paymentOrdered", "amount", v.Money(p.Cents))
		}
	}
	return v.T("mycases.path.execution"), v.authority(v.d.Authority)
}

// appealStep is the last step of a decided case: until when it can be
// contested.
func (v *view) appealStep(add func(title, text string)) {
	issued := v.d.Issued()
	switch {
	case issued.Outcome == pack.TacitGrant:
		add(v.T("mycases.path.end"), v.T("mycases.path.endDone"))
	case len(v.d.Linked) > 0:
		add(v.T("mycases.path.contested"), v.d.Linked[0].Number)
	case issued.Appeal.Open(v.now):
		add(v.T("mycases.path.end"), v.T("mycases.path.appealUntil", "date", issued.Appeal.Until))
	default:
		add(v.T("mycases.path.end"), v.T("mycases.path.appealOver", "date", issued.Appeal.Until))
	}
}

// paysOut reports whether a granted application is money.
func (v *view) paysOut() bool {
	for _, o := range v.p.Service.Outputs {
		if o.Type == "payment" && v.d.Kind == cases.Application {
			return true
		}
	}
	return false
}

// past are the entries of the timeline in the applicant's words.
func (v *view) past() []ui.TimelineStep {
	var steps []ui.TimelineStep
	done := func(title, text string) {
		steps = append(steps, ui.TimelineStep{Title: title, Text: text, State: ui.StepDone})
	}
	paid := v.has("paid")
	for _, e := range v.d.Timeline {
		at := v.DateTime(e.At)
		switch e.Kind {
		case "submitted":
			text := at
			if took := e.At.Sub(v.d.File.StartedAt); !v.d.File.StartedAt.IsZero() && took >= time.Minute && took < 2*time.Hour {
				text = v.T("mycases.path.took", "at", at, "time", v.Duration(took))
			}
			done(v.T("mycases.path.submitted"), text)
			if n := v.registers(); n > 0 && !v.has("fetched") {
				done(v.T("mycases.path.fetched"), v.N("mycases.path.fetchedFrom", n))
			}
		case "appealSubmitted":
			done(v.T("mycases.path.appealSubmitted"), v.T("mycases.path.against", "at", at, "number", e.Data["number"]))
		case "fetched":
			done(v.T("mycases.path.fetched"), sentences(v.N("mycases.path.fetchedFrom", max(1, v.registers()))))
		case "asked":
			done(v.T("mycases.path.asked"), at)
		case "answered":
			done(v.T("mycases.path.answered"), at)
		case "lapsed":
			done(v.T("mycases.path.lapsed"), at)
		case "extended":
			done(v.T("mycases.path.extended"), sentences(v.T("mycases.path.extendedUntil", "date", date(e.Data["until"])), e.Data["text"]))
		case "migrated":
			done(v.T("mycases.path.migrated"), sentences(at+".", v.migratedTo(e)))
		case "migratedDeadline":
			done(v.T("mycases.path.migrated"), sentences(at+".", v.migratedTo(e), v.T("mycases.path.migratedUntil", "date", date(e.Data["until"]))))
		case "migratedLimit":
			done(v.T("mycases.path.migrated"), sentences(at+".", v.migratedTo(e), v.T("mycases.path.migratedLimit")))
		case "invited":
			done(v.T("mycases.path.invited", "name", v.pack("party."+e.Data["party"]+".name")), at)
		case "reminded":
			done(v.T("mycases.path.reminded", "name", v.pack("party."+e.Data["party"]+".name")), at)
		case "done.contribute":
			done(v.contributed(e), at)
		case "silent":
			done(v.T("mycases.path.silent", "name", v.pack("party."+e.Data["party"]+".name")), at)
		case "done.pay":
			done(v.T("mycases.path.feePaid"), at)
		case "decided":
			done(v.T("mycases.path.decided"), v.decidedShort(at))
		case "tacitGrant":
			done(v.T("mycases.path.tacitGrant"), at)
		case "impliedRefusal":
			done(v.T("mycases.path.impliedRefusal"), at)
		case "certificate":
			done(v.T("mycases.path.certificate", "name", v.pack("outputs."+e.Data["output"])), at)
		case "paymentOrdered":
			if !paid && v.d.Status != cases.Decided {
				done(v.T("mycases.path.payment"), v.T("mycases.path.paymentOrdered", "amount", v.MoneyDecimal(e.Data["amount"])))
			}
		case "paid":
			done(v.T("mycases.path.paid"), v.T("mycases.path.paidText", "amount", v.MoneyDecimal(e.Data["amount"]), "at", at))
		case "appealed":
			done(v.T("mycases.path.appealed"), at)
		case "reopened":
			done(v.T("mycases.path.reopened"), at)
		case "recounted":
			done(v.T("mycases.path.recounted"), cases.TellMoved(v.Locale, e, v.label))
		case "inspected":
			done(v.T("mycases.path.inspected"), sentences(at+".", v.T("mycases.path.inspectedBy", "name", e.Name, "purpose", e.Data["text"])))
		case "corrected", "refetched", "givenUp":
			done(v.T("mycases.path.mended"), sentences(at+".", e.Data["text"]))
		case "withdrawn":
			done(v.T("mycases.path.withdrawn"), at)
		}
	}
	return steps
}

// migratedTo says under which version the case goes on.
func (v *view) migratedTo(e cases.Entry) string {
	return v.T("mycases.path.migratedTo", "version", e.Data["version"], "from", e.Data["from"])
}

// contributed says that a party has answered, or that it is not concerned.
func (v *view) contributed(e cases.Entry) string {
	name := v.pack("party." + e.Data["party"] + ".name")
	if e.Data["status"] == pack.Declined {
		return v.T("mycases.path.partDeclined", "name", name)
	}
	return v.T("mycases.path.partAnswered", "name", name)
}

// decidedShort says in a few words who decided.
func (v *view) decidedShort(at string) string {
	d := v.d.Issued()
	switch {
	case d == nil || v.d.Incomplete() || d.Outcome == pack.ImpliedRefusal:
		return at
	case d.DecidedBy == "":
		return v.T("mycases.path.byRule", "at", at)
	case d.ApprovedBy != "":
		return v.T("mycases.path.byTwo", "at", at, "name", d.DecidedBy, "second", d.ApprovedBy)
	}
	return v.T("mycases.path.byPerson", "at", at, "name", d.DecidedBy)
}

func (v *view) has(kind string) bool {
	for _, e := range v.d.Timeline {
		if e.Kind == kind {
			return true
		}
	}
	return false
}

// registers counts the registers that facts of the case came from.
func (v *view) registers() int {
	seen := map[string]bool{}
	for _, e := range v.d.File.Evidence {
		if e.Source != "" {
			seen[e.Source] = true
		}
	}
	return len(seen)
}

// date reads an instant as the timeline keeps it.
func date(s string) time.Time {
	t, _ := time.Parse(time.RFC3339, s)
	return t
}
