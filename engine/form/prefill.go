package form

import (
	"passerelle/engine/feel"
)

// Prefilled is a value that a register knows for a field.
type Prefilled struct {
	Field    string // path
	Evidence string // id of the evidence it comes from
	Value    any    // as in Answers
	Editable bool
}

// Prefill returns what the registers know, as answers and as a list with the
// source of each. It is for the shell to put an answer into a draft where the
// applicant has not given one.
func (f *Form) Prefill(env Env) (Answers, []Prefilled) {
	answers := Answers{}
	var list []Prefilled
	w := f.walk(env)
	w.ctx, w.fresh = f.Values(env.Answers), true
	for _, p := range f.Pages {
		for _, fd := range p.Fields {
			if fd.Prefill == nil {
				continue
			}
			v := f.prefilled(fd, w.eval(fd.Prefill.Value))
			if v == nil {
				continue
			}
			answers[fd.ID] = v
			list = append(list, Prefilled{Field: fd.ID, Evidence: fd.Prefill.Evidence, Value: v, Editable: fd.Editable()})
		}
	}
	return answers, list
}

// prefilled reads a register's value as an answer; what cannot be read as the
// field's type is no answer.
func (f *Form) prefilled(fd *Field, value feel.Value) any {
	raw := fromFeel(value)
	switch fd.Type {
	case Fact:
		return raw
	case Group:
		list, ok := raw.([]any)
		if !ok || len(list) == 0 {
			return nil
		}
		rows := make([]any, 0, len(list))
		for _, item := range list {
			known, ok := item.(map[string]any)
			if !ok {
				return nil
			}
			row := make(map[string]any, len(known))
			for _, sub := range fd.Fields {
				if c, code, _ := f.canon(sub, known[sub.ID]); code == "" && c != nil {
					row[sub.ID] = c
				}
			}
			rows = append(rows, row)
		}
		return rows
	}
	c, code, _ := f.canon(fd, raw)
	if code != "" {
		return nil
	}
	return c
}
