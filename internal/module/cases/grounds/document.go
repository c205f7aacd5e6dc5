package grounds

import (
	"context"
	"embed"
	"slices"
	"strings"
	"time"

	"passerelle/engine/form"
	"passerelle/internal/module/cases"
	"passerelle/internal/module/services"
	"passerelle/internal/module/services/pack"
	"passerelle/internal/platform/i18n"
	"passerelle/internal/platform/ui"
)

// Locales holds the package's texts, for i18n.Bundle.Add.
//
//go:embed locales/*.yaml
var Locales embed.FS

// Document is the full account of one decided case in one language.
type Document struct {
	*cases.Dossier
	l          *i18n.Locale
	told       pack.Explained
	account    pack.Account
	receipt    *pack.Receipt
	lifted     []*pack.Receipt // of decisions that a granted appeal has lifted
	receiptURL string          // without the language; "" for none
}

// New prepares the document of a case; ok is false while nothing is decided, for
// an officer while the rules have not run.
// receiptURL is where its receipt is downloaded.
func New(ctx context.Context, s *cases.Service, d *cases.Dossier, l *i18n.Locale, receiptURL string) (doc *Document, ok bool, err error) {
	doc = &Document{Dossier: d, l: l, receiptURL: receiptURL}
	if doc.told, ok = d.Explain(l); !ok && d.Officer { // before the decision: what the rules propose
		doc.told, ok = d.ExplainProposal(l)
	}
	if !ok {
		return nil, false, nil
	}
	// Silence does not rest on what the rules would have proposed.
	rests := d.Officer || len(doc.told.Conditions)+len(doc.told.Rows) > 0
	if p := d.File.Proposal; p != nil && rests {
		doc.account = d.Package.Account(l, *p)
	}
	if doc.receipt, err = s.DecisionReceipt(ctx, d); err == nil {
		doc.lifted, err = s.LiftedReceipts(ctx, d)
	}
	return doc, true, err
}

// Title is the document's heading.
func (d *Document) Title() string {
	if d.Issued() == nil {
		return d.l.T("grounds.proposal", "number", d.Number)
	}
	return d.l.T("grounds.title", "number", d.Number)
}

// about are the case and its decision.
func (d *Document) about() []ui.SummaryListRow {
	rows := []ui.SummaryListRow{
		row(d.l.T("grounds.service"), d.Package.T(d.l.Lang(), "service.title")),
		row(d.l.T("grounds.applicant"), d.Name),
		row(d.l.T("grounds.submitted"), d.l.DateTime(d.SubmittedAt)),
	}
	if p := d.File.Proposal; p != nil {
		rows = append(rows, row(d.l.T("grounds.lawOf"), d.l.Date(p.ReferenceDate)))
	}
	issued := d.Issued()
	if issued == nil {
		return rows
	}
	rows = append(rows, row(d.l.T("grounds.decided"), d.l.DateTime(issued.At)), row(d.l.T("grounds.by"), d.by(*issued)))
	if !issued.Appeal.Until.IsZero() {
		rows = append(rows, row(d.l.T("grounds.appealUntil"), d.l.Date(issued.Appeal.Until)))
	}
	return rows
}

// by says who decided.
func (d *Document) by(x cases.Decision) string {
	switch {
	case x.Outcome == pack.TacitGrant || x.Outcome == pack.ImpliedRefusal:
		return d.l.T("grounds.bySilence")
	case x.DecidedBy == "":
		return d.l.T("grounds.byRule")
	case x.ByRule:
		return d.l.T("grounds.byPersonAsRule", "name", x.DecidedBy)
	}
	return d.l.T("grounds.byPerson", "name", x.DecidedBy)
}

func row(key, value string) ui.SummaryListRow {
	return ui.SummaryListRow{Key: ui.ContentOptions{Text: key}, Value: ui.ContentOptions{Text: value}}
}

// conditions with state, register and article.
func (d *Document) conditions() [][]ui.TableCell {
	var rows [][]ui.TableCell
	for _, c := range d.told.Conditions {
		from := ""
		if c.Source != "" {
			from = d.l.T("grounds.source", "register", d.l.T("exchange.register."+c.Source), "date", d.l.Date(c.Date))
		}
		rows = append(rows, []ui.TableCell{{Text: c.Text}, {Text: d.l.T("grounds.state." + string(c.State))}, {Text: from}, {Text: d.article(c.Legal)}})
	}
	return rows
}

// arithmetic with source and article.
func (d *Document) arithmetic() [][]ui.TableCell {
	var rows [][]ui.TableCell
	add := func(r pack.Row) {
		value := r.Value
		if r.Minus {
			value = "\u2212\u00a0" + value
		}
		rows = append(rows, []ui.TableCell{{Text: r.Label}, {Text: d.from(r.Source)}, {Text: value, Format: "numeric"}})
	}
	for _, r := range d.told.Rows {
		add(r)
	}
	if d.told.Result != nil {
		add(*d.told.Result)
	}
	return rows
}

func (d *Document) from(s pack.RowSource) string {
	var parts []string
	if s.Register != "" {
		parts = append(parts, d.l.T("grounds.source", "register", d.l.T("exchange.register."+s.Register), "date", d.l.Date(s.Date)))
	} else if s.Label != "" {
		parts = append(parts, s.Label)
	}
	if a := d.article(s.Legal); a != "" {
		parts = append(parts, a)
	}
	return strings.Join(parts, ", ")
}

func (d *Document) article(ref *pack.LegalRef) string {
	if ref == nil {
		return ""
	}
	return Cite(*ref)
}

// law lists the legal values that the rules read.
func (d *Document) law() [][]ui.TableCell {
	var rows [][]ui.TableCell
	for _, x := range d.account.Parameters {
		until := "–"
		if !x.To.IsZero() {
			until = d.l.Date(x.To)
		}
		sure := d.l.T("grounds.status." + string(x.Status))
		if x.Note != "" {
			sure += ". " + x.Note
		}
		source := d.article(x.Legal)
		if x.Source != "" {
			source = strings.TrimPrefix(source+"; "+x.Source, "; ")
		}
		rows = append(rows, []ui.TableCell{{Text: x.Label}, {Text: x.Value}, {Text: d.l.Date(x.From)}, {Text: until}, {Text: source}, {Text: sure}})
	}
	return rows
}

func (d *Document) heads(keys ...string) []ui.TableCell {
	cells := make([]ui.TableCell, len(keys))
	for i, k := range keys {
		cells[i] = ui.TableCell{Text: d.l.T("grounds.head." + k)}
	}
	return cells
}

// answers are the application as it was sent.
func (d *Document) answers() []ui.SummaryListRow {
	w := services.Words{Locale: d.l, Pack: d.Package}
	env := d.FormEnv()
	var rows []ui.SummaryListRow
	for _, page := range d.Package.Form.Reachable(env) {
		for _, s := range d.Package.Form.Show(page, env) {
			if s.Field.Type == form.Group {
				for i, fields := range s.Rows {
					var parts []string
					for _, f := range fields {
						if a := w.Answer(f.Field, f.Answer); a != "" {
							parts = append(parts, w.Label(f.Field)+": "+a)
						}
					}
					rows = append(rows, row(d.Package.T(d.l.Lang(), "form."+s.Field.ID+".item", "n", i+1), strings.Join(parts, "; ")))
				}
				continue
			}
			value := w.Answer(s.Field, s.Answer)
			if claim, ok := s.Claim.(map[string]any); ok {
				if claimed, _ := claim["claimed"].(string); claimed != "" {
					value = d.l.T("grounds.contested", "value", value, "claimed", claimed)
				}
			}
			if value != "" {
				rows = append(rows, row(w.Label(s.Field), value))
			}
		}
	}
	return rows
}

// said is what a person decided on the way, with their reasons.
type said struct {
	what, reasons, by string
	at                time.Time
}

// people are for the applicant those judgements alone that are part of the grounds:
// a draft that was sent back, and what colleagues wrote to one another, is not.
func (d *Document) people() []said {
	var all []said
	for element, r := range d.File.Results {
		if !d.Officer && r.Met == nil {
			continue
		}
		if r.Reasons == "" && r.Outcome == "" && r.Met == nil && r.Approved == nil {
			continue
		}
		x := said{what: d.StepTitle(d.l, element), reasons: r.Reasons, by: d.l.T("grounds.source", "register", r.Name, "date", d.l.DateTime(r.At)), at: r.At}
		all = append(all, x)
	}
	slices.SortFunc(all, func(a, b said) int { return a.at.Compare(b.at) })
	return all
}

// legal lists every citation, once.
func (d *Document) legal() []string {
	var all []string
	for _, ref := range d.told.Legal {
		text := ref.Title
		if ref.Article != "" {
			text = Cite(ref) + ", " + text
		}
		all = append(all, text+" ("+d.l.T("grounds.status."+string(ref.Status))+")")
	}
	return all
}

// hashes are the receipt's.
func (d *Document) hashes() []ui.SummaryListRow {
	r := d.receipt
	code := func(key, value string) ui.SummaryListRow {
		return ui.SummaryListRow{Key: ui.ContentOptions{Text: d.l.T("grounds.receipt." + key)}, Value: ui.ContentOptions{HTML: hash(value)}}
	}
	return []ui.SummaryListRow{
		code("hash", r.Hash), row(d.l.T("grounds.receipt.package"), r.Package.Service+"/"+r.Package.Version), code("packageHash", r.Package.Hash),
		code("rules", r.Package.Rules), row(d.l.T("grounds.receipt.engine"), r.Engine.Name+" "+r.Engine.Version), code("inputs", r.InputsHash), code("result", r.ResultHash),
	}
}
