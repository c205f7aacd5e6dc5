package services

import (
	"maps"
	"slices"

	"passerelle/engine/form"
	"passerelle/internal/module/services/pack"
)

// Moved is what became of a draft whose version takes no applications any more:
// it went over to the version in force.
type Moved struct {
	was *pack.Package // the version it began with; nil when that is not loaded any more

	New   []*form.Field // questions that the old version did not ask
	Gone  []*form.Field // answered, and asked no more: the answer is dropped
	Again []*form.Field // answered, and asked in another way: to be answered again
}

// unchanged reports whether all the questions are the same.
func (m *Moved) unchanged() bool {
	return m.was != nil && len(m.New)+len(m.Gone)+len(m.Again) == 0
}

// carry takes a draft over to another version. Answers stay where the question
// is still asked in the same way; what is dropped is told.
func (d *Draft) carry(from, to *pack.Package) {
	d.Moved = &Moved{was: from}
	d.Version = to.Version
	if from == nil {
		d.Answers = withoutUnknown(d.Answers, to.Form)
		return
	}
	m := d.Moved
	answers := d.Answers
	d.Answers = withoutUnknown(answers, to.Form)
	old := map[string]*form.Field{}
	for _, page := range from.Form.Pages {
		for _, f := range page.Fields {
			old[f.ID] = f
			is := to.Form.Field(f.ID)
			switch _, answered := answers[f.ID]; {
			case !answered:
			case is == nil:
				m.Gone = append(m.Gone, f)
			case !sameAnswer(f, is):
				if is.Editable() {
					m.Again = append(m.Again, is)
				}
				delete(d.Answers, f.ID)
			}
		}
	}
	for _, page := range to.Form.Pages {
		for _, f := range page.Fields {
			if old[f.ID] == nil && f.Type != form.Fact {
				m.New = append(m.New, f)
			}
		}
	}
}

// sameAnswer reports whether an answer to a question is one to another too.
func sameAnswer(a, b *form.Field) bool {
	if a.Type != b.Type || !slices.Equal(a.Options, b.Options) || len(a.Fields) != len(b.Fields) {
		return false
	}
	for i := range a.Fields {
		if a.Fields[i].ID != b.Fields[i].ID || !sameAnswer(a.Fields[i], b.Fields[i]) {
			return false
		}
	}
	return true
}

// withoutUnknown leaves out answers, and claims that a known value is wrong,
// that a form has no field for: with them it could not be sent.
func withoutUnknown(a form.Answers, f *form.Form) form.Answers {
	out := form.Answers{}
	for id, v := range a {
		if claims, ok := v.(map[string]any); ok && id == "contested" {
			claims = maps.Clone(claims)
			maps.DeleteFunc(claims, func(claimed string, _ any) bool { return f.Field(claimed) == nil })
			out[id] = claims
		} else if f.Field(id) != nil {
			out[id] = v
		}
	}
	return out
}
