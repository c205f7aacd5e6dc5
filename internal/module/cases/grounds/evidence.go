package grounds

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"

	"passerelle/engine/form"
	"passerelle/internal/module/cases"
	"passerelle/internal/module/exchange"
	"passerelle/internal/module/services"
	"passerelle/internal/module/services/pack"
	"passerelle/internal/platform/i18n"
	"passerelle/internal/platform/ui"
)

// Proof is one piece of evidence, readable.
type Proof struct {
	Title, Source string // Source: register, date, article
	Missing       bool   // the register knows nothing
	Rows          []ui.SummaryListRow
	Caption       string // of the table
	Head          []ui.TableCell
	Table         [][]ui.TableCell
	Raw           string // a shape that is not known here, as indented JSON
}

// Proofs are the answers of the registers in the order of the service.
func Proofs(d *cases.Dossier, l *i18n.Locale) []Proof {
	p := reader{Dossier: d, l: l}
	var all []Proof
	for _, spec := range p.Package.Service.Evidence {
		e, ok := p.File.Evidence[spec.ID]
		missing := slices.Contains(p.File.Missing, spec.ID)
		if !ok && !missing {
			continue
		}
		x := Proof{Title: p.Package.T(p.l.Lang(), "evidence."+spec.ID+".label"), Missing: missing}
		if ok {
			x.Source = p.l.T("grounds.source", "register", p.l.T("exchange.register."+e.Source), "date", p.l.Date(e.AsOf))
			if ref, ok := p.Package.Legal(p.l.Lang(), spec.Legal); ok {
				x.Source += " · " + Cite(ref)
			}
			p.tellProof(&x, spec, e)
		}
		all = append(all, x)
	}
	return all
}

// reader tells one case in one language.
type reader struct {
	*cases.Dossier
	l *i18n.Locale
}

// Cite names an article, or the whole law where none is known. An article
// stays on one line.
func Cite(ref pack.LegalRef) string {
	if ref.Article != "" {
		return strings.ReplaceAll(ref.Article, " ", "\u00a0")
	}
	return ref.Title
}

// incomeSource says what a month's income is, and who paid it.
func incomeSource(l *i18n.Locale, m exchange.MonthIncome) string {
	kind := word(l, "exchange.income.", m.Kind)
	if m.Payer != "" {
		return kind + ", " + m.Payer
	}
	return kind
}

// tellProof turns a register's answer into rows and a table; what it cannot
// read it shows as it is.
func (p reader) tellProof(x *Proof, spec pack.EvidenceSpec, e exchange.Evidence) {
	l := p.l
	row := func(key, value string) {
		if value != "" {
			x.Rows = append(x.Rows, ui.SummaryListRow{Key: ui.ContentOptions{Text: l.T("grounds.evidence." + key)}, Value: ui.ContentOptions{Text: value}})
		}
	}
	ok := false
	switch spec.Type {
	case "person":
		var v exchange.Person
		if ok = e.Decode(&v) == nil; ok {
			row("name", v.GivenName+" "+v.FamilyName)
			row("id", v.ID)
			row("birthDate", l.DateISO(v.BirthDate))
			row("nationality", services.Country(l, v.Nationality))
			row("marital", word(l, "exchange.marital.", v.MaritalStatus))
			row("address", address(v.Address))
			row("residentSince", l.DateISO(v.ResidentSince))
			row("register", l.T("grounds.evidence.register_"+v.Register))
		}
	case "household":
		var v exchange.Household
		if ok = e.Decode(&v) == nil; ok {
			row("address", address(v.Address))
			x.Caption = l.T("grounds.evidence.members")
			x.Head = heads(l, "name", "relation", "birthDate")
			for _, m := range v.Members {
				x.Table = append(x.Table, []ui.TableCell{{Text: m.GivenName + " " + m.FamilyName}, {Text: word(l, "exchange.relation.", m.Relation)}, {Text: l.DateISO(m.BirthDate)}})
			}
		}
	case "income":
		ok = p.tellIncome(x, spec, e)
	case "employment":
		var v exchange.Employment
		if ok = e.Decode(&v) == nil; ok {
			x.Caption = l.T("grounds.evidence.employments")
			x.Head = heads(l, "employer", "from", "to", "weeklyHours")
			for _, m := range v.Periods {
				x.Table = append(x.Table, []ui.TableCell{{Text: m.Employer}, {Text: l.DateISO(m.From)}, {Text: lastDay(l, m)}, {Text: weeklyHours(l, m), Format: "numeric"}})
			}
		}
	case "business":
		var v exchange.Business
		if ok = e.Decode(&v) == nil; ok {
			row("name", v.Name)
			row("id", v.Number)
			row("form", word(l, "exchange.form.", v.LegalForm))
			row("nace", v.NACE)
			row("founded", l.DateISO(v.Founded))
			row("address", address(v.Address))
			x.Caption = l.T("grounds.evidence.managers")
			x.Head = heads(l, "name", "since")
			for _, m := range v.Managers {
				x.Table = append(x.Table, []ui.TableCell{{Text: m.Name}, {Text: l.DateISO(m.Since)}})
			}
		}
	case "criminal-record":
		var v exchange.CriminalRecord
		if ok = e.Decode(&v) == nil; ok {
			row("bulletin", v.Bulletin)
			row("issued", l.DateISO(v.Issued))
			if len(v.Entries) == 0 {
				row("entries", l.T("grounds.evidence.noEntries"))
				break
			}
			x.Caption = l.T("grounds.evidence.entries")
			x.Head = heads(l, "date", "court", "offence", "sentence")
			for _, c := range v.Entries {
				x.Table = append(x.Table, []ui.TableCell{{Text: l.DateISO(c.Date)}, {Text: word(l, "exchange.court.", c.Court)}, {Text: word(l, "exchange.offence.", c.Offence)}, {Text: word(l, "exchange.sentence.", c.Sentence)}})
			}
		}
	case "bank-account":
		var v exchange.BankAccount
		if ok = e.Decode(&v) == nil; ok {
			row("iban", services.Words{Locale: l, Pack: p.Package}.Answer(&form.Field{Type: form.IBAN}, v.IBAN))
		}
	}
	if !ok {
		var b bytes.Buffer
		if json.Indent(&b, e.Value, "", "  ") == nil {
			x.Raw = b.String()
		}
	}
}

func lastDay(l *i18n.Locale, m exchange.EmploymentPeriod) string {
	if m.To == nil {
		return l.T("grounds.evidence.ongoing")
	}
	return l.DateISO(*m.To)
}

// weeklyHours are the hours, or that somebody works on their own account.
func weeklyHours(l *i18n.Locale, m exchange.EmploymentPeriod) string {
	if m.WeeklyHours == nil {
		return word(l, "exchange.income.", m.Kind)
	}
	return l.Number(*m.WeeklyHours)
}

// tellIncome shows incomes by month, one column for each person.
func (p reader) tellIncome(x *Proof, spec pack.EvidenceSpec, e exchange.Evidence) bool {
	var people []*exchange.Income
	if bytes.HasPrefix(bytes.TrimSpace(e.Value), []byte("[")) {
		if e.Decode(&people) != nil {
			return false
		}
	} else {
		var one exchange.Income
		if e.Decode(&one) != nil {
			return false
		}
		people = []*exchange.Income{&one}
	}
	names := p.subjectNames(spec)
	x.Caption = p.l.T("grounds.evidence.incomes")
	x.Head = heads(p.l, "month")
	cells := map[string]map[int]ui.TableCell{}
	var months []string
	for i, person := range people {
		name := p.l.T("grounds.evidence.person", "n", i+1)
		if i < len(names) && names[i] != "" {
			name = names[i]
		}
		x.Head = append(x.Head, ui.TableCell{Text: name, Format: "numeric"})
		if person == nil {
			continue
		}
		for _, m := range person.Months {
			if cells[m.Month] == nil {
				cells[m.Month] = map[int]ui.TableCell{}
				months = append(months, m.Month)
			}
			cells[m.Month][i] = ui.TableCell{HTML: incomeCell(p.l, m), Format: "numeric"}
		}
	}
	slices.SortFunc(months, func(a, b string) int { return strings.Compare(b, a) })
	for _, month := range months {
		line := []ui.TableCell{{Text: p.l.DateISO(month)}}
		for i := range people {
			cell, ok := cells[month][i]
			if !ok {
				cell = ui.TableCell{Text: "–", Format: "numeric"}
			}
			line = append(line, cell)
		}
		x.Table = append(x.Table, line)
	}
	return true
}

// subjectNames are the names of those whom evidence is about, as far as the
// household or the applicant tells them.
func (p reader) subjectNames(spec pack.EvidenceSpec) []string {
	facts := p.Facts()
	ids, _, err := p.Package.Subjects(spec, facts)
	if err != nil {
		return nil
	}
	known := map[string]string{p.File.Applicant.ID: p.File.Applicant.GivenName + " " + p.File.Applicant.FamilyName}
	for _, e := range p.File.Evidence {
		var h exchange.Household
		if e.Type == "household" && e.Decode(&h) == nil {
			for _, m := range h.Members {
				known[m.ID] = m.GivenName + " " + m.FamilyName
			}
		}
	}
	names := make([]string, len(ids))
	for i, id := range ids {
		names[i] = known[id]
	}
	return names
}

func heads(l *i18n.Locale, keys ...string) []ui.TableCell {
	cells := make([]ui.TableCell, len(keys))
	for i, k := range keys {
		cells[i] = ui.TableCell{Text: l.T("grounds.evidence." + k)}
	}
	return cells
}

// word is the text for a register's code; the code itself where there is none.
func word(l *i18n.Locale, prefix, code string) string {
	if code == "" || !l.Has(prefix+code) {
		return code
	}
	return l.T(prefix + code)
}

// address writes an address on one line.
func address(a exchange.Address) string {
	if a.Street == "" && a.Commune == "" {
		return ""
	}
	place := a.Postcode + " " + a.Commune
	if a.Country == "LU" {
		place = "L-" + place
	}
	return strings.TrimPrefix(strings.TrimSpace(a.Number+", "+a.Street)+", "+place, ", ")
}
