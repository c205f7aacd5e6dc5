package form

import (
	"encoding/json"
	"sort"
	"time"
	"unicode/utf8"

	"github.com/woodsbury/decimal128"

	"passerelle/engine/feel"
)

const (
	maxClaim   = 500  // characters of what is right instead
	maxComment = 2000 // characters of the comment on it
)

// Validate checks the whole document. clean holds the answers that count, in
// canonical form: those on unreachable pages and to hidden questions are
// dropped. It is fit for submission when there are no errors.
func (f *Form) Validate(env Env) (clean Answers, errs []FieldError) {
	errs = f.unknown(env.Answers)
	w := f.walk(env)
	for _, p := range f.Pages {
		if w.reachable(p) {
			errs = append(errs, w.check(p, w.page(p))...)
		}
	}
	return w.clean, errs
}

// unknown reports answers to questions that the form does not have.
func (f *Form) unknown(a Answers) []FieldError {
	var errs []FieldError
	report := func(path string) { errs = append(errs, FieldError{Field: path, Code: "unknown"}) }
	for id, v := range a {
		fd := f.fields[id]
		switch {
		case id == "contested":
			claims, ok := v.(map[string]any)
			if !ok && v != nil {
				errs = append(errs, FieldError{Field: id, Code: "shape"})
			}
			for c := range claims {
				if f.fields[c] == nil {
					report("contested." + c)
				}
			}
		case fd == nil || fd.Group != nil:
			report(id)
		case fd.Type == Group:
			rows, _ := v.([]any)
			for i, r := range rows {
				row, _ := r.(map[string]any)
				for k := range row {
					if f.fields[id+"."+k] == nil {
						report(rowPath(id, i, k))
					}
				}
			}
		}
	}
	sort.Slice(errs, func(i, j int) bool { return errs[i].Field < errs[j].Field })
	return errs
}

// check applies the rules of a page to what it asked.
func (w *walker) check(p *Page, asked []taken) []FieldError {
	var errs []FieldError
	fail := func(t taken, code string, args map[string]any) {
		errs = append(errs, FieldError{Page: p.ID, Field: t.path, Code: code, Args: args})
	}
	for _, t := range asked {
		w.checkOne(t, nil, fail)
		for i, r := range t.rows {
			row := []feel.Entry{{Name: "item", Value: r.item}, {Name: "index", Value: feel.Int(int64(i + 1))}}
			for _, s := range r.fields {
				w.checkOne(s, row, fail)
			}
		}
		w.checkClaim(t, fail)
	}
	return errs
}

type failFunc func(t taken, code string, args map[string]any)

func (w *walker) checkOne(t taken, row []feel.Entry, fail failFunc) {
	fd := t.fd
	switch {
	case t.code != "":
		fail(t, t.code, t.args)
		return
	case fd.Type == Declaration:
		if ticked, _ := t.answer.(bool); !ticked && t.required {
			fail(t, "declaration", nil)
			return
		}
	case !t.given && t.required:
		fail(t, "required", nil)
		return
	}
	if !t.given && fd.Type != Group {
		return
	}
	if w.checkText(t, fail) && w.checkLimits(t, row, fail) && t.given {
		for _, c := range fd.Checks {
			if !w.holds(c.That, append(row[:len(row):len(row)], feel.Entry{Name: "value", Value: t.value})...) {
				fail(t, "check."+c.ID, nil)
				return
			}
		}
	}
}

func (w *walker) checkText(t taken, fail failFunc) bool {
	s, ok := t.answer.(string)
	if !ok {
		return true
	}
	n := utf8.RuneCountInString(s)
	switch {
	case t.fd.MaxLength > 0 && n > t.fd.MaxLength:
		fail(t, "tooLong", map[string]any{"max": t.fd.MaxLength, "n": n})
	case n < t.fd.MinLength:
		fail(t, "tooShort", map[string]any{"min": t.fd.MinLength})
	case t.fd.Pattern != nil && !t.fd.Pattern.MatchString(s):
		fail(t, "pattern", nil)
	default:
		return true
	}
	return false
}

// limitCodes are the codes of an answer that is too small and too large.
var limitCodes = map[Type][2]string{
	Number: {"min", "max"}, Integer: {"min", "max"}, Money: {"min", "max"},
	Date: {"dateMin", "dateMax"}, Month: {"dateMin", "dateMax"},
	Group: {"rowsMin", "rowsMax"}, File: {"filesMin", "filesMax"}, Choices: {"rowsMin", "rowsMax"},
}

// checkLimits compares an answer with min and max. A limit that is null, because
// what it reads is not known, does not limit.
func (w *walker) checkLimits(t taken, row []feel.Entry, fail failFunc) bool {
	codes, ok := limitCodes[t.fd.Type]
	if !ok {
		return true
	}
	if t.fd.Min != nil {
		limit := w.eval(t.fd.Min, row...)
		if c, ok := compare(t, limit); ok && c < 0 {
			fail(t, codes[0], map[string]any{"min": limitArg(t.fd, limit)})
			return false
		}
	}
	if t.fd.Max != nil {
		limit := w.eval(t.fd.Max, row...)
		if c, ok := compare(t, limit); ok && c > 0 {
			fail(t, codes[1], map[string]any{"max": limitArg(t.fd, limit)})
			return false
		}
	}
	return true
}

// compare compares an answer, or how many there are, with a limit.
func compare(t taken, limit feel.Value) (int, bool) {
	switch t.fd.Type {
	case Group, File, Choices:
		l, ok := limit.AsNumber()
		n := len(t.rows)
		if list, isList := t.answer.([]any); isList && t.fd.Type != Group {
			n = len(list)
		}
		return int(decimal128.FromInt64(int64(n)).Cmp(l)), ok
	case Date, Month:
		l, ok := limitDate(limit)
		s, isString := t.answer.(string)
		if len(l) > len(s) {
			l = l[:len(s)]
		}
		switch {
		case s < l:
			return -1, ok && isString
		case s > l:
			return 1, ok && isString
		}
		return 0, ok && isString
	}
	a, ok1 := t.value.AsNumber()
	l, ok2 := limit.AsNumber()
	return int(a.Cmp(l)), ok1 && ok2
}

// limitDate returns a date or a text "2025-03" as ISO text.
func limitDate(limit feel.Value) (string, bool) {
	if t, ok := limit.AsTime(time.UTC); ok {
		return t.Format(time.DateOnly), true
	}
	return limit.AsString()
}

func limitArg(fd *Field, limit feel.Value) any {
	if fd.Type == Date || fd.Type == Month {
		s, _ := limitDate(limit)
		if fd.Type == Month && len(s) > 7 {
			s = s[:7]
		}
		return s
	}
	if n, ok := fromFeel(limit).(json.Number); ok {
		return string(n)
	}
	return ""
}

func (w *walker) checkClaim(t taken, fail failFunc) {
	claim, ok := w.claims[t.fd.ID].(map[string]any)
	if !ok {
		return
	}
	claimed, comment := claim["claimed"].(string), claim["comment"].(string)
	at := t
	switch {
	case claimed == "" && comment == "":
		at.path = "contest." + t.path + ".claimed"
		fail(at, "contest", nil)
	case utf8.RuneCountInString(claimed) > maxClaim:
		at.path = "contest." + t.path + ".claimed"
		fail(at, "tooLong", map[string]any{"max": maxClaim, "n": utf8.RuneCountInString(claimed)})
	case utf8.RuneCountInString(comment) > maxComment:
		at.path = "contest." + t.path + ".comment"
		fail(at, "tooLong", map[string]any{"max": maxComment, "n": utf8.RuneCountInString(comment)})
	}
}
