// Package ui is the design system in Go: the govuk-frontend components that
// pages use, ported to templ, and our own layer on top (frame, hero, cards,
// status, path, facts, figures, workbench).
//
// A component is a templ function with one options struct named after the
// govuk-frontend macro's options, so its documentation applies here too:
//
//	@ui.Input(ui.InputOptions{
//		Name:  "iban",
//		Label: ui.LabelOptions{Text: l.T("pay.iban")},
//		ErrorMessage: ui.ErrorMessageOptions{Text: problem},
//	})
//
// Invariants:
//   - The port renders what govuk-frontend's own fixtures expect; the test
//     compares both trees. What is not supported is listed with its reason in
//     testdata/fixtures-skipped.yaml.
//   - Text is escaped; HTML fields take a templ.Component, never a string.
//   - No inline style, no inline script except the one that carries the
//     page's nonce: the Content-Security-Policy allows nothing else.
//   - Words of the components themselves come from locales/ under "ui.".
//   - Everything works without JavaScript.
//
// A zero options struct inside another means "not given": an Input with an
// empty Hint has no hint.
package ui
