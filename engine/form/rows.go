package form

import (
	"maps"
	"net/url"
	"strconv"
	"strings"
)

// Action adds a row to a group or removes one. It comes from a button named
// "action", so that it works without scripts: add:members, remove:members:2.
type Action struct {
	Group  string
	Remove bool
	Row    int // to remove, from 0
}

// ParseAction returns the row action that was posted, if any.
func ParseAction(values url.Values) (Action, bool) {
	parts := strings.Split(values.Get("action"), ":")
	switch {
	case len(parts) == 2 && parts[0] == "add":
		return Action{Group: parts[1]}, true
	case len(parts) == 3 && parts[0] == "remove":
		row, err := strconv.Atoi(parts[2])
		return Action{Group: parts[1], Remove: true, Row: row}, err == nil && row >= 0
	}
	return Action{}, false
}

// Apply returns the answers with the action done on page p; the answers given
// are not changed. An action on a group that the page does not have, on a row
// that does not exist, or beyond the greatest number of rows does nothing. Read
// the page first, so that what was typed is kept.
func (f *Form) Apply(p *Page, a Action, answers Answers) Answers {
	fd := f.fields[a.Group]
	if fd == nil || fd.Type != Group || fd.Page != p {
		return answers
	}
	rows, _ := answers[a.Group].([]any)
	changed := append(make([]any, 0, len(rows)+1), rows...)
	switch {
	case a.Remove && a.Row < len(rows):
		changed = append(changed[:a.Row], changed[a.Row+1:]...)
	case !a.Remove && len(rows) < fd.mostRows():
		changed = append(changed, map[string]any{})
	default:
		return answers
	}
	out := maps.Clone(answers)
	if out == nil {
		out = Answers{}
	}
	out[a.Group] = changed
	return out
}

// mostRows is the group's max where it is a constant, else the general limit.
func (fd *Field) mostRows() int {
	if fd.Max != nil && fd.Max.constant {
		if n, ok := fd.Max.value.AsInt(); ok {
			return min(int(n), maxRows)
		}
	}
	return maxRows
}
