package form

import (
	"slices"
	"strconv"

	"passerelle/engine/feel"
)

// walker goes through the pages in order and knows, at each question, the
// answers that count so far.
type walker struct {
	f         *Form
	env       Env
	date      feel.Value
	app       []feel.Entry // every field of the form; null until asked
	at        map[string]int
	contested []feel.Entry
	clean     Answers
	claims    map[string]any // clean["contested"]

	ctx   feel.Value // app as a context, built when needed
	fresh bool
}

// taken is an asked question with its answer.
type taken struct {
	fd       *Field
	path     string // members.0.name
	given    bool   // something was answered
	answer   any    // canonical
	value    feel.Value
	code     string // what is wrong with the answer as its type
	args     map[string]any
	required bool
	fixed    bool // comes from the register and cannot be changed
	rows     []takenRow
}

type takenRow struct {
	item   feel.Value
	fields []taken
}

func (f *Form) walk(env Env) *walker {
	w := &walker{f: f, env: env, date: feel.DateOf(env.Date), clean: Answers{}, at: make(map[string]int, len(f.fields))}
	for _, p := range f.Pages {
		for _, fd := range p.Fields {
			w.at[fd.ID] = len(w.app)
			w.app = append(w.app, feel.Entry{Name: fd.ID})
		}
	}
	return w
}

// application returns the answers that count so far.
func (w *walker) application() feel.Value {
	if !w.fresh {
		entries := make([]feel.Entry, len(w.app), len(w.app)+1)
		copy(entries, w.app)
		contested := feel.Null() // nothing is contested
		if len(w.contested) > 0 {
			contested = feel.Context(slices.Clone(w.contested)...)
		}
		w.ctx = feel.Context(append(entries, feel.Entry{Name: "contested", Value: contested})...)
		w.fresh = true
	}
	return w.ctx
}

func (w *walker) eval(c *Condition, extra ...feel.Entry) feel.Value {
	switch {
	case c == nil:
		return feel.Null()
	case c.constant:
		return c.value
	}
	vars := append(make([]feel.Entry, 0, 8),
		feel.Entry{Name: "application", Value: w.application()},
		feel.Entry{Name: "evidence", Value: w.env.Evidence},
		feel.Entry{Name: "parameters", Value: w.env.Parameters},
		feel.Entry{Name: "date", Value: w.date},
		feel.Entry{Name: "applicant", Value: w.env.Applicant})
	vars = append(vars, w.env.More...)
	v, _ := c.expr.EvalContext(feel.Context(append(vars, extra...)...))
	return v
}

func (w *walker) holds(c *Condition, extra ...feel.Entry) bool {
	b, ok := w.eval(c, extra...).AsBool()
	return ok && b
}

func (w *walker) reachable(p *Page) bool { return p.When == nil || w.holds(p.When) }

// page takes the answers of a reachable page and returns what it asks.
func (w *walker) page(p *Page) []taken {
	asked := make([]taken, 0, len(p.Fields))
	for _, fd := range p.Fields {
		if fd.When != nil && !w.holds(fd.When) {
			continue
		}
		t := w.take(fd)
		asked = append(asked, t)
		w.app[w.at[fd.ID]].Value = t.value
		w.fresh = false
		if t.given {
			w.clean[fd.ID] = t.answer
		}
		w.contest(t)
	}
	return asked
}

// take reads the answer to one visible question.
func (w *walker) take(fd *Field) taken {
	t := taken{fd: fd, path: fd.ID, required: w.holds(fd.Required)}
	registered := w.registered(fd)
	if fd.Type == Group {
		w.takeRows(&t, registered)
		return t
	}
	if fd.Type == Fact {
		t.answer, t.value, t.fixed = registered, toFeel(registered), true
		t.given = registered != nil
		return t
	}
	if !fd.Editable() && registered != nil {
		if c, code, _ := w.f.canon(fd, registered); code == "" && c != nil {
			t.answer, t.value, t.given, t.fixed = c, fd.typed(c), true, true
			return t
		}
	}
	w.answer(&t, w.env.Answers[fd.ID])
	return t
}

func (w *walker) answer(t *taken, raw any) {
	t.answer, t.code, t.args = w.f.canon(t.fd, raw)
	switch {
	case t.code != "":
		t.answer, t.given = raw, true
	case t.answer != nil:
		t.given, t.value = true, t.fd.typed(t.answer)
	}
}

// registered returns the value a register gives for a field that the applicant
// cannot change, nil when there is none.
func (w *walker) registered(fd *Field) any {
	if fd.Prefill == nil || fd.Editable() {
		return nil
	}
	return fromFeel(w.eval(fd.Prefill.Value))
}

// takeRows reads the rows of a group. Rows that come from a register are fixed
// in what the register says; what it does not say is asked.
func (w *walker) takeRows(t *taken, registered any) {
	fd := t.fd
	rows, ok := w.env.Answers[fd.ID].([]any)
	if !ok && w.env.Answers[fd.ID] != nil {
		t.code, t.given, t.answer = "shape", true, w.env.Answers[fd.ID]
		return
	}
	fixed, isFixed := registered.([]any)
	t.fixed = isFixed
	count := len(rows)
	if isFixed {
		count = len(fixed)
	}
	clean := make([]any, 0, count)
	items := make([]feel.Value, 0, count)
	for i := range count {
		var known, row map[string]any
		if isFixed {
			known, _ = fixed[i].(map[string]any)
			row = sameRow(fd, rows, i, known)
		} else if row, ok = rows[i].(map[string]any); !ok {
			t.code, t.given, t.answer = "shape", true, rows
			return
		}
		r, answers := w.takeRow(t, i, row, known)
		t.rows = append(t.rows, r)
		clean = append(clean, answers)
		items = append(items, r.item)
	}
	t.value = feel.List(items...)
	if count > 0 {
		t.given, t.answer = true, clean
	}
}

// sameRow finds the answered row that belongs to a row of the register: the one
// with the same first field, else the one in the same place that has none yet.
func sameRow(fd *Field, rows []any, i int, known map[string]any) map[string]any {
	key := fd.Fields[0].ID
	for _, r := range rows {
		if row, ok := r.(map[string]any); ok && known[key] != nil && row[key] == known[key] {
			return row
		}
	}
	if i < len(rows) {
		if row, ok := rows[i].(map[string]any); ok && row[key] == nil {
			return row
		}
	}
	return nil
}

func (w *walker) takeRow(t *taken, i int, row, known map[string]any) (takenRow, map[string]any) {
	entries := make([]feel.Entry, len(t.fd.Fields))
	for j, sub := range t.fd.Fields {
		entries[j].Name = sub.ID
	}
	item := func() []feel.Entry {
		return []feel.Entry{{Name: "item", Value: feel.Context(append([]feel.Entry(nil), entries...)...)}, {Name: "index", Value: feel.Int(int64(i + 1))}}
	}
	r := takenRow{}
	answers := make(map[string]any, len(t.fd.Fields))
	for j, sub := range t.fd.Fields {
		if sub.When != nil && !w.holds(sub.When, item()...) {
			continue
		}
		s := taken{fd: sub, path: t.path + "." + strconv.Itoa(i) + "." + sub.ID}
		if sub.Required != nil {
			s.required = sub.Required.always || w.holds(sub.Required, item()...)
		}
		if c, code, _ := w.f.canon(sub, known[sub.ID]); code == "" && c != nil {
			s.answer, s.value, s.given, s.fixed = c, sub.typed(c), true, true
		} else {
			w.answer(&s, row[sub.ID])
		}
		entries[j].Value = s.value
		if s.given {
			answers[sub.ID] = s.answer
		}
		r.fields = append(r.fields, s)
	}
	r.item = feel.Context(entries...)
	return r, answers
}

// contest takes what the applicant says of a registered value.
func (w *walker) contest(t taken) {
	if !t.fixed || !t.given {
		return
	}
	all, _ := w.env.Answers["contested"].(map[string]any)
	claim, ok := all[t.fd.ID].(map[string]any)
	if !ok {
		return
	}
	claimed, _ := claim["claimed"].(string)
	comment, _ := claim["comment"].(string)
	if w.claims == nil {
		w.claims = map[string]any{}
		w.clean["contested"] = w.claims
	}
	claimed, comment = clean(claimed, true), clean(comment, true)
	w.claims[t.fd.ID] = map[string]any{"registered": t.answer, "claimed": claimed, "comment": comment}
	w.contested = append(w.contested, feel.Entry{Name: t.fd.ID, Value: feel.Context(
		feel.Entry{Name: "registered", Value: t.value}, feel.Entry{Name: "claimed", Value: feel.String(claimed)}, feel.Entry{Name: "comment", Value: feel.String(comment)})})
	w.fresh = false
}

// Reachable returns the pages that are asked, given the answers so far.
func (f *Form) Reachable(env Env) []*Page {
	w := f.walk(env)
	var pages []*Page
	for _, p := range f.Pages {
		if w.reachable(p) {
			w.page(p)
			pages = append(pages, p)
		}
	}
	return pages
}

// upTo takes all answers before and on page p, reachable or not itself.
func (f *Form) upTo(p *Page, env Env) (*walker, []taken) {
	w := f.walk(env)
	for _, q := range f.Pages {
		if q == p {
			break
		}
		if w.reachable(q) {
			w.page(q)
		}
	}
	return w, w.page(p)
}

// Visible returns the fields of page p that are asked, given the answers so
// far. For a group see also VisibleIn.
func (f *Form) Visible(p *Page, env Env) []*Field {
	_, asked := f.upTo(p, env)
	fields := make([]*Field, len(asked))
	for i, t := range asked {
		fields[i] = t.fd
	}
	return fields
}

// VisibleIn returns the fields that row (from 0) of a group asks. A row that
// does not exist yet asks what an empty one would.
func (f *Form) VisibleIn(group *Field, row int, env Env) []*Field {
	var fields []*Field
	for _, t := range f.row(group, row, env).fields {
		fields = append(fields, t.fd)
	}
	return fields
}

func (f *Form) row(group *Field, row int, env Env) takenRow {
	w, asked := f.upTo(group.Page, env)
	for _, t := range asked {
		if t.fd == group && row < len(t.rows) {
			return t.rows[row]
		}
	}
	r, _ := w.takeRow(&taken{fd: group, path: group.ID}, row, nil, nil)
	return r
}

// IsRequired reports whether a field must be answered, given the answers so
// far. row is the row (from 0) of a field in a group.
func (f *Form) IsRequired(fd *Field, row int, env Env) bool {
	if fd.Required == nil || fd.Required.always {
		return fd.Required != nil
	}
	if fd.Group != nil {
		for _, t := range f.row(fd.Group, row, env).fields {
			if t.fd == fd {
				return t.required
			}
		}
		return false
	}
	_, asked := f.upTo(fd.Page, env)
	for _, t := range asked {
		if t.fd == fd {
			return t.required
		}
	}
	return false
}

// Shown is one visible question with its answer as it counts.
type Shown struct {
	Field    *Field
	Path     string // of the input: members.0.name
	Answer   any    // canonical, or the raw text that could not be read; nil: none
	Required bool
	Fixed    bool      // from the register: shown, not asked; can be contested
	Claim    any       // what is contested: {registered, claimed, comment}, or nil
	Rows     [][]Shown // of a group
}

// Show returns what page p asks, with all that a shell needs to draw it.
func (f *Form) Show(p *Page, env Env) []Shown {
	w, asked := f.upTo(p, env)
	return w.show(asked)
}

func (w *walker) show(asked []taken) []Shown {
	out := make([]Shown, len(asked))
	for i, t := range asked {
		out[i] = Shown{Field: t.fd, Path: t.path, Answer: t.answer, Required: t.required, Fixed: t.fixed}
		if t.fd.Group == nil {
			out[i].Claim = w.claims[t.fd.ID]
		}
		for _, r := range t.rows {
			out[i].Rows = append(out[i].Rows, w.show(r.fields))
		}
	}
	return out
}
