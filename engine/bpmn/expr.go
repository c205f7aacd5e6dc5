package bpmn

import (
	"regexp"
	"strconv"
	"strings"

	"passerelle/engine/feel"
)

// expr is a compiled FEEL expression of the model.
type expr struct {
	src  string
	e    *feel.Expr
	elem string
	pos  Pos
}

// eval returns the value and, when it is null, why.
func (e *expr) eval(vars feel.Value) (feel.Value, string) {
	v, warnings := e.e.EvalContext(vars)
	if !v.IsNull() {
		return v, ""
	}
	why := make([]string, 0, 1)
	for _, w := range warnings {
		why = append(why, feel.Valueless(w.Msg))
	}
	if len(why) == 0 {
		return v, "null"
	}
	return v, strings.Join(why, "; ")
}

// test evaluates a condition. A condition that is neither true nor false has no
// answer: why is then not empty, because a silent default would decide instead
// of the rule.
func (e *expr) test(vars feel.Value) (ok bool, why string) {
	v, reason := e.eval(vars)
	if b, is := v.AsBool(); is {
		return b, ""
	}
	if reason == "" {
		reason = "a " + v.Kind().String()
	}
	return false, "condition is neither true nor false: " + e.src + " (" + reason + ")"
}

type timerKind uint8

const (
	timerDate timerKind = iota
	timerDuration
	timerCycle
)

// timer is a timer definition; exactly one of text and expr is set.
type timer struct {
	kind timerKind
	text string // ISO 8601
	expr *expr
}

var looksISO = regexp.MustCompile(`^(R-?\d*/|-?P\d|-?PT\d|\d{4}-)`)

// due is one evaluated timer: when it fires first, and how often again.
type due struct {
	at    feel.Value // date, date and time, or duration
	again int        // firings after the first; -1 without end
	every feel.Value // duration between them
}

var cycleText = regexp.MustCompile(`^R(-?\d*)/(?:([^/P][^/]*)/)?(P[^/]+)$`)

// evaluate computes the timer; why is not empty when it cannot be.
func (t *timer) evaluate(vars feel.Value) (d due, why string) {
	v, src := feel.String(t.text), t.text
	if t.expr != nil {
		src = t.expr.src
		var reason string
		if v, reason = t.expr.eval(vars); v.IsNull() {
			return d, "timer has no value: " + src + " (" + reason + ")"
		}
	}
	text, isText := v.AsString()
	if isText && t.kind != timerCycle {
		p, ok := feel.ParseTemporal(text)
		if !ok {
			return d, "timer is no ISO 8601 value: " + src
		}
		v = p
	}
	switch {
	case t.kind == timerDate && (v.Kind() == feel.KindDate || v.Kind() == feel.KindDateTime),
		t.kind == timerDuration && isDuration(v):
		return due{at: v}, ""
	case t.kind == timerCycle && isDuration(v):
		d = due{at: v, again: -1, every: v}
	case t.kind == timerCycle && isText:
		var ok bool
		if d, ok = parseCycle(text); !ok {
			return d, "timer is no repeating interval such as R3/P7D: " + src
		}
	default:
		return d, "timer is " + v.Kind().String() + ": " + src
	}
	if d.again != 0 && !positive(d.every) {
		return d, "timer repeats without any time between: " + src
	}
	return d, ""
}

// parseCycle reads an ISO 8601 repeating interval: R<n>/<duration> or
// R<n>/<start>/<duration>. R without number repeats without end; the number
// counts the firings.
func parseCycle(s string) (due, bool) {
	m := cycleText.FindStringSubmatch(s)
	if m == nil {
		return due{}, false
	}
	d := due{again: -1}
	if m[1] != "" && m[1] != "-1" {
		n, err := strconv.Atoi(m[1])
		if err != nil || n < 1 {
			return due{}, false
		}
		d.again = n - 1
	}
	every, ok := feel.ParseTemporal(m[3])
	if !ok || !isDuration(every) {
		return due{}, false
	}
	d.every, d.at = every, every
	if m[2] != "" {
		start, ok := feel.ParseTemporal(m[2])
		if !ok || start.Kind() != feel.KindDateTime && start.Kind() != feel.KindDate {
			return due{}, false
		}
		d.at = start
	}
	return d, true
}

func isDuration(v feel.Value) bool {
	return v.Kind() == feel.KindDaysDuration || v.Kind() == feel.KindMonthsDuration
}

func positive(v feel.Value) bool {
	if d, ok := v.AsDuration(); ok {
		return d > 0
	}
	m, ok := v.AsMonths()
	return ok && m > 0
}
