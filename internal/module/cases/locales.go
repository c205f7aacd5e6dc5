package cases

import "embed"

// Locales holds the sentences of the module's errors and notices, for
// i18n.Bundle.Add.
//
//go:embed locales/*.yaml
var Locales embed.FS
