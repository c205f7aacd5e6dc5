package people

import (
	"passerelle/internal/platform/i18n"
	"passerelle/internal/platform/ui"
	"passerelle/internal/platform/web"
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
func knownRows(l *i18n.Locale, a Account, id web.Identity) []ui.SummaryListRow {
	row := func(key, value string) ui.SummaryListRow {
		return ui.SummaryListRow{Key: ui.ContentOptions{Text: key}, Value: ui.ContentOptions{Text: value}}
	}
	rows := []ui.SummaryListRow{row(l.T("people.account.name"), a.Name)}
	if a.Person != "" {
		rows = append(rows, row(l.T("people.account.number"), grouped(a.Person)))
	}
	for _, r := range id.Roles {
		rows = append(rows, row(l.T("people.account.role"), RoleText(l, r)))
	}
	return append(rows,
		row(l.T("people.account.since"), l.Date(a.Created)),
		row(l.T("people.account.last"), l.DateTime(a.LastSignIn)))
}

// RoleText says a role in the language: "case worker, fns".
func RoleText(l *i18n.Locale, r web.Role) string {
	name := l.T("people.role." + r.Name)
	if r.Authority == "" {
		return name
	}
	return l.T("people.role.in", "role", name, "authority", r.Authority)
}
