package workbench

import (
	"errors"
	"net/http"
	"time"

	"passerelle/internal/module/cases"
	"passerelle/internal/module/services/pack"
	"passerelle/internal/platform/errs"
	"passerelle/internal/platform/i18n"
	"passerelle/internal/platform/ui"
)

func (p queuePage) title() string {
	return p.l.T("workbench.queue.title")
}

// deadline is a task's deadline as its strongest sign.
func deadline(l *i18n.Locale, now, due time.Time, status cases.TaskStatus) ui.DeadlineOptions {
	switch {
	case status == cases.TaskWaiting:
		return ui.DeadlineOptions{Kind: "paused", Text: l.T("workbench.deadline.paused")}
	case due.IsZero():
		return ui.DeadlineOptions{Text: l.T("workbench.deadline.none")}
	}
	days := i18n.Days(now, due)
	o := ui.DeadlineOptions{Text: l.DaysLeft(days), Date: l.DateShort(due)}
	switch {
	case now.After(due):
		o.Kind = "late"
	case days <= soonDays:
		o.Kind = "soon"
	}
	return o
}

// age is how long ago something was received.
func age(l *i18n.Locale, now, t time.Time) string {
	if days := i18n.Days(t, now); days > 0 {
		return l.Count(days, i18n.Day)
	}
	return l.Relative(0)
}

// serviceTitle names a service in the reader's language; its id while its
// package is not loaded.
func (b *Bench) serviceTitle(l *i18n.Locale, id, version string) string {
	if p, ok := b.Service.Packages.Kept(id, version); ok {
		return p.T(l.Lang(), "service.title")
	}
	return id
}

// todo says in a word what is to be done in a row.
func todo(l *i18n.Locale, r cases.QueueRow) string {
	word := l.T("workbench.kind." + string(r.TaskKind))
	if r.Kind == cases.Appeal {
		return l.T("workbench.queue.appeal", "step", word)
	}
	return word
}

// step names an element of a case's process: the service's own words, or ours
// for the process of an appeal.
func step(l *i18n.Locale, p *pack.Package, kind cases.Kind, element string) string {
	if kind == cases.Appeal {
		if key := "workbench.appeal.step." + element; l.Has(key) {
			return l.T(key)
		}
		return element
	}
	if p != nil && p.Has("process."+element) {
		return p.T(l.Lang(), "process."+element)
	}
	return element
}

// outcome says what was decided or proposed, with the amount if there is one.
func outcome(l *i18n.Locale, o pack.Outcome, amount string) string {
	word := l.T("workbench.outcome." + string(o))
	if amount == "" || o == pack.Refused {
		return word
	}
	return l.T("workbench.outcome.with", "outcome", word, "amount", l.MoneyDecimal(amount))
}

// span writes a legal period.
func span(l *i18n.Locale, s pack.Span) string {
	var parts []string
	if s.Months > 0 {
		parts = append(parts, l.Count(s.Months, i18n.Month))
	}
	if s.Days > 0 {
		parts = append(parts, l.Count(s.Days, i18n.Day))
	}
	return l.List(parts)
}

// shown reports whether an error is one that the person can act on: it is shown
// on the page they stand on.
func shown(err error) bool {
	if err == nil {
		return false
	}
	switch errs.KindOf(err) {
	case errs.Invalid, errs.Forbidden, errs.Conflict:
		return true
	}
	return false
}

// status is the HTTP status of a refusal that is shown on a page.
func status(err error) int {
	switch errs.KindOf(err) {
	case errs.Forbidden:
		return http.StatusForbidden
	case errs.Conflict:
		return http.StatusConflict
	}
	return http.StatusUnprocessableEntity
}

// sentence is what a refusal says to the person.
func sentence(l *i18n.Locale, err error) string {
	if key := keyOf(err); key != "" && l.Has(key) {
		var e *errs.Error
		errors.As(err, &e)
		return l.T(key, e.Args)
	}
	return l.T("workbench.error.refused")
}

// keyOf is the key of the sentence of an error, "" for none.
func keyOf(err error) string {
	var e *errs.Error
	if errors.As(err, &e) {
		return e.Key
	}
	return ""
}
