package exchange

import "embed"

// Locales holds the sentences of this package's errors and the words for the
// codes in evidence, for i18n.Bundle.Add: exchange.register.<source>,
// exchange.relation, .income, .marital, .sex, .offence, .sentence, .court and
// .form, each with the code as the last part of the key.
//
//go:embed locales/*.yaml
var Locales embed.FS
