package people

import (
	"passerelle/internal/platform/i18n"
	"passerelle/internal/platform/ui"
)

// languageItems offers each language under its own name.
func languageItems() []ui.SelectItem {
	items := make([]ui.SelectItem, len(i18n.Langs))
	for i, lang := range i18n.Langs {
		items[i] = ui.SelectItem{Text: lang.Name(), Value: string(lang), Attributes: ui.Attributes{"lang": string(lang)}}
	}
	return items
}

// knownRows lists what the account holds that its person does not choose.
func knownRows(l *i18n.Locale, a Account, roles []string) []ui.SummaryListRow {
	row := func(key, value string) ui.SummaryListRow {
		return ui.SummaryListRow{Key: ui.ContentOptions{Text: key}, Value: ui.ContentOptions{Text: value}}
	}
	rows := []ui.SummaryListRow{row(l.T("people.account.name"), a.Name)}
	if a.Person != "" {
		rows = append(rows, row(l.T("people.account.number"), grouped(a.Person)))
	}
	for _, r := range roles {
		rows = append(rows, row(l.T("people.account.role"), r))
	}
	return append(rows,
		row(l.T("people.account.since"), l.Date(a.Created)),
		row(l.T("people.account.last"), l.DateTime(a.LastSignIn)))
}
