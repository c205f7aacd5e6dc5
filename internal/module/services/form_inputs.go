package services

import (
	"context"
	"encoding/json"
	"slices"
	"strconv"
	"strings"

	"passerelle/engine/form"
	"passerelle/internal/platform/ui"
)

// problem returns the sentence for the first error of a field, "" for none.
func (w Words) problem(wrong []form.FieldError, path string) string {
	for _, e := range wrong {
		if e.Field == path {
			return w.Error(e)
		}
	}
	return ""
}

// errorItems links each error to its field on the same page.
func (w Words) errorItems(wrong []form.FieldError) []ui.ErrorItem {
	items := make([]ui.ErrorItem, len(wrong))
	for i, e := range wrong {
		items[i] = ui.ErrorItem{Text: w.Error(e), Href: "#" + w.anchor(e.Field)}
	}
	return items
}

// anchor is the id of the first input of a field.
func (w Words) anchor(path string) string {
	if f := w.Pack.Field(path); f != nil && f.Type == form.Date {
		return path + "-day"
	}
	return path
}

// errorLinks links each error to its field on the page that asks for it.
func (w Words) errorLinks(ctx context.Context, x *writing, wrong []form.FieldError) []ui.ErrorItem {
	items := make([]ui.ErrorItem, len(wrong))
	for i, e := range wrong {
		items[i] = ui.ErrorItem{Text: w.Error(e)}
		if e.Page != "" {
			items[i].Href = ui.Href(ctx, x.path(e.Page)+"?return=check#"+w.anchor(e.Field))
		}
	}
	return items
}

// labelOf is the question, marked when it may be left out.
func (w Words) labelOf(s form.Shown) string {
	if !s.Required && s.Field.Type != form.Group {
		return w.T("services.form.optional", "label", w.Label(s.Field))
	}
	return w.Label(s.Field)
}

// hintOf is the help of a field, and the source of a value that was filled in.
func (w Words) hintOf(d *Draft, s form.Shown) string {
	hint := w.Hint(s.Field)
	if p := s.Field.Prefill; p != nil && s.Answer != nil && !s.Fixed {
		if source := w.Source(d, p.Evidence); source != "" {
			hint = strings.TrimSpace(hint + " " + source)
		}
	}
	return hint
}

func (w Words) choices(f *form.Field) []ui.ChoiceItem {
	items := make([]ui.ChoiceItem, len(f.Options))
	for i, o := range f.Options {
		items[i] = ui.ChoiceItem{Value: o, Text: w.Option(f, o)}
		if k := fieldKey(f) + ".optionHints." + o; w.Pack.Has(k) {
			items[i].Hint.Text = w.pack(k)
		}
	}
	return items
}

func (w Words) selectItems(f *form.Field) []ui.SelectItem {
	items := []ui.SelectItem{{Text: w.T("services.form.choose")}}
	for _, o := range f.Options {
		items = append(items, ui.SelectItem{Value: o, Text: w.Option(f, o)})
	}
	return items
}

func (w Words) countries() []ui.SelectItem {
	items := []ui.SelectItem{}
	for _, code := range form.Countries() {
		items = append(items, ui.SelectItem{Value: code, Text: Country(w.Locale, code)})
	}
	slices.SortFunc(items, func(a, b ui.SelectItem) int { return strings.Compare(fold(a.Text), fold(b.Text)) })
	return append([]ui.SelectItem{{Text: w.T("services.form.choose")}}, items...)
}

// editable is an answer as the person would type it in their language.
func (w Words) editable(f *form.Field, v any) string {
	if n, ok := v.(json.Number); ok {
		if f.Type == form.Money || f.Type == form.Number {
			return w.Number(n.String())
		}
		return n.String()
	}
	if s, ok := v.(string); ok && f.Type == form.IBAN {
		return groups(withoutSpaces(s), 4)
	}
	return raw(v)
}

// withoutSpaces is a number as it is kept; one that was refused is as it was typed.
func withoutSpaces(s string) string { return strings.Join(strings.Fields(s), "") }

func inputType(f *form.Field) string {
	switch f.Type {
	case form.Email:
		return "email"
	case form.Phone:
		return "tel"
	}
	return "text"
}

func inputMode(f *form.Field) string {
	switch f.Type {
	case form.Integer, form.NationalID, form.BusinessNumber:
		return "numeric"
	case form.Money, form.Number:
		return "decimal"
	}
	return ""
}

func spellcheck(f *form.Field) string {
	switch f.Type {
	case form.Text, form.Textarea:
		return ""
	}
	return "false"
}

func prefix(f *form.Field) string {
	if f.Type == form.Money {
		return "€"
	}
	return ""
}

// width is the class of an input that shows how much is expected.
func width(f *form.Field) string {
	n := f.Width
	if n == 0 {
		switch f.Type {
		case form.Money, form.Number, form.Month:
			n = 10
		case form.Integer:
			n = 5
		case form.NationalID, form.BusinessNumber:
			n = 20
		default:
			return ""
		}
	}
	return "govuk-input--width-" + strconv.Itoa(n)
}

func encoding(p *form.Page) string {
	if slices.ContainsFunc(p.Fields, func(f *form.Field) bool { return f.Type == form.File }) {
		return "multipart/form-data"
	}
	return "application/x-www-form-urlencoded"
}

func acceptAttribute(f *form.Field) string {
	kinds := make([]string, len(f.Accept))
	for i, k := range f.Accept {
		kinds[i] = form.MediaType(k)
	}
	return strings.Join(kinds, ",")
}

// fileRules says which files are taken.
func (w Words) fileRules(f *form.Field) string {
	return w.T("services.form.fileRules", "kinds", w.arg(f, "accept", f.Accept), "size", size(w.Locale, f.MaxSize))
}

func (w Words) fileSize(file map[string]any) string {
	n, err := strconv.ParseInt(raw(file["size"]), 10, 64)
	if err != nil {
		return ""
	}
	return size(w.Locale, n)
}

// answerRows are the questions of a page with their answers, rows of groups
// after one another.
func (w Words) answerRows(d *Draft, shown []form.Shown) []ui.SummaryListRow {
	var rows []ui.SummaryListRow
	for _, s := range shown {
		if s.Field.Type == form.Group {
			for i, row := range s.Rows {
				for _, r := range w.answerRows(d, row) {
					r.Key.Text = w.pack("form."+s.Field.ID+".item", "n", i+1) + ": " + r.Key.Text
					rows = append(rows, r)
				}
			}
			continue
		}
		answer := w.Answer(s.Field, s.Answer)
		if answer == "" {
			answer = w.T("services.form.none")
		}
		if claim, ok := s.Claim.(map[string]any); ok {
			answer = w.T("services.contest.said", "value", answer, "claimed", raw(claim["claimed"]))
		}
		rows = append(rows, ui.SummaryListRow{Key: ui.ContentOptions{Text: w.Label(s.Field)}, Value: ui.ContentOptions{Text: answer}})
	}
	return rows
}
