package form

import (
	"maps"
	"net/url"
	"strconv"
	"strings"
)

// Read takes one posted page. It returns the answers of env with those of the
// page put in, and what is wrong with the page. Texts that cannot be read as
// their type stay in the answers as they were typed.
//
// The names of inputs are the paths of fields (iban, members.0.givenName). A
// date comes as one text or as <path>-year, -month and -day, a month as one
// text or as -year and -month. A name that was not posted leaves the answer as
// it is, except that boxes which were asked and not ticked are empty. Files are
// put into the answers by the shell. Values that come from a register cannot be
// posted, only contested: contest.<field> = yes, contest.<field>.claimed,
// contest.<field>.comment.
func (f *Form) Read(p *Page, values url.Values, env Env) (Answers, []FieldError) {
	_, before := f.upTo(p, env)
	merged := make(Answers, len(env.Answers)+len(p.Fields))
	maps.Copy(merged, env.Answers)
	asked := map[string]taken{}
	for _, t := range before {
		asked[t.path] = t
		if t.fixed && t.given {
			merged[t.fd.ID] = t.answer
		}
		for _, r := range t.rows {
			for _, s := range r.fields {
				asked[s.path] = s
			}
		}
	}
	for _, fd := range p.Fields {
		if fd.Type == Group {
			f.readRows(fd, values, asked, merged)
			continue
		}
		f.read(fd, fd.ID, values, asked, merged)
	}
	readClaims(p, values, merged)
	env.Answers = merged
	w, now := f.upTo(p, env)
	for _, t := range now {
		if t.fixed && t.given {
			merged[t.fd.ID] = t.answer
		}
	}
	return merged, w.check(p, now)
}

// read puts the posted answer of one field into a document. asked says what the
// page asked when it was drawn.
func (f *Form) read(fd *Field, path string, values url.Values, asked map[string]taken, into map[string]any) {
	was, drawn := asked[path]
	if was.fixed || fd.Type == File || fd.Type == Fact {
		return
	}
	if fd.Type == Choices {
		posted, ok := values[path]
		if !ok && !drawn {
			return
		}
		set(into, fd.ID, options(fd, posted))
		return
	}
	text, ok := posted(fd, path, values)
	if !ok {
		if drawn && (fd.Type == Choice || fd.Type == YesNo || fd.Type == Declaration) {
			delete(into, fd.ID)
		}
		return
	}
	text = clean(text, fd.Type == Textarea)
	if text == "" {
		delete(into, fd.ID)
		return
	}
	if c, code := f.scalar(fd, text); code == "" {
		into[fd.ID] = c
	} else {
		into[fd.ID] = text
	}
}

func set(into map[string]any, id string, v []any) {
	if len(v) == 0 {
		delete(into, id)
		return
	}
	into[id] = v
}

// options returns what was ticked, in the order of the form; what is no option
// follows, so that it is reported.
func options(fd *Field, posted []string) []any {
	var out []any
	ticked := map[string]bool{}
	for _, s := range posted {
		ticked[s] = s != ""
	}
	for _, o := range fd.Options {
		if ticked[o] {
			out = append(out, o)
			delete(ticked, o)
		}
	}
	for _, s := range posted {
		if ticked[s] {
			out = append(out, clean(s, false))
			delete(ticked, s)
		}
	}
	return out
}

// posted returns the text of a field, and whether it was on the page. Of several
// values the last counts: a hidden empty one may stand before a box.
func posted(fd *Field, path string, values url.Values) (string, bool) {
	if v, ok := values[path]; ok && len(v) > 0 {
		return v[len(v)-1], true
	}
	year, isYear := values[path+"-year"]
	month, isMonth := values[path+"-month"]
	dayOf, isDay := values[path+"-day"]
	one := func(v []string) string {
		if len(v) == 0 {
			return ""
		}
		return strings.TrimSpace(v[len(v)-1])
	}
	switch {
	case fd.Type == Date && (isYear || isMonth || isDay):
		y, m, d := one(year), one(month), one(dayOf)
		if y+m+d == "" {
			return "", true
		}
		if iso, ok := isoDate(y, m, d); ok {
			return iso, true
		}
		return y + "-" + m + "-" + d, true
	case fd.Type == Month && (isYear || isMonth):
		y, m := one(year), one(month)
		if y+m == "" {
			return "", true
		}
		return y + "-" + m, true
	}
	return "", false
}

// readRows reads the rows that were posted. Rows are only removed by an action.
func (f *Form) readRows(fd *Field, values url.Values, asked map[string]taken, into map[string]any) {
	old, _ := into[fd.ID].([]any)
	count := len(old)
	if asked[fd.ID].fixed {
		values = within(fd, values, count)
	}
	for name := range values {
		rest, ok := strings.CutPrefix(name, fd.ID+".")
		if !ok {
			continue
		}
		index, _, _ := strings.Cut(rest, ".")
		if i, err := strconv.Atoi(index); err == nil && i >= 0 && i < maxRows && strconv.Itoa(i) == index {
			count = max(count, i+1)
		}
	}
	if count == 0 {
		return
	}
	rows := make([]any, count)
	for i := range rows {
		row := map[string]any{}
		if i < len(old) {
			if o, ok := old[i].(map[string]any); ok {
				maps.Copy(row, o)
			}
		}
		for _, sub := range fd.Fields {
			f.read(sub, rowPath(fd.ID, i, sub.ID), values, asked, row)
		}
		rows[i] = row
	}
	into[fd.ID] = rows
}

// within drops what was posted for rows that a register does not have.
func within(fd *Field, values url.Values, count int) url.Values {
	out := url.Values{}
	for i := range count {
		prefix := fd.ID + "." + strconv.Itoa(i) + "."
		for name, v := range values {
			if strings.HasPrefix(name, prefix) {
				out[name] = v
			}
		}
	}
	return out
}

func rowPath(group string, i int, field string) string {
	return group + "." + strconv.Itoa(i) + "." + field
}

// withoutRows drops row numbers from a path: members.0.name → members.name.
func withoutRows(path string) string {
	parts := strings.Split(path, ".")
	if len(parts) == 3 {
		return parts[0] + "." + parts[2]
	}
	return path
}

// readClaims reads what is contested. A claim is only taken back where the page
// offered to make one.
func readClaims(p *Page, values url.Values, into Answers) {
	old, _ := into["contested"].(map[string]any)
	claims := make(map[string]any, len(old))
	maps.Copy(claims, old)
	for _, fd := range p.Fields {
		name := "contest." + fd.ID
		if fd.Editable() || !values.Has(name+".claimed") && !values.Has(name+".comment") && !values.Has(name) {
			continue
		}
		claimed, comment := clean(values.Get(name+".claimed"), true), clean(values.Get(name+".comment"), true)
		ticked := values[name]
		if before, had := old[fd.ID].(map[string]any); had && len(ticked) == 0 && before["claimed"] == claimed && before["comment"] == comment {
			delete(claims, fd.ID) // the tick was taken away, and nothing was written since
			continue
		}
		if len(ticked) > 0 && ticked[len(ticked)-1] != "yes" || len(ticked) == 0 && claimed == "" && comment == "" {
			delete(claims, fd.ID)
			continue
		}
		claims[fd.ID] = map[string]any{"claimed": claimed, "comment": comment}
	}
	if len(claims) == 0 {
		delete(into, "contested")
		return
	}
	into["contested"] = claims
}
