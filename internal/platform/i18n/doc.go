// Package i18n gives every text, date and figure its form in the five
// languages of the State's pages: French, German, Luxembourgish, English,
// Portuguese (European).
//
// Texts live in YAML files, one per language, beside the module that speaks
// them: locales/{fr,de,lb,en,pt}.yaml. Keys nest with dots and begin with the
// module's name. A placeholder is a name in braces; a text that depends on a
// number is a map of CLDR plural forms:
//
//	cases:
//	  queue:
//	    title: "Cases of {authority}"
//	    waiting:
//	      one: "{n} case waits"
//	      other: "{n} cases wait"
//
// Forms: "one" and "other" always; "many" (French, Portuguese: whole millions)
// where the sentence needs it; "zero" for a sentence of its own at 0.
//
// Invariants:
//   - A Bundle is filled at start and only read afterwards; a Locale is
//     immutable and safe for concurrent use.
//   - Nothing fails at run time: a missing text is the English one, then the
//     key in brackets; both are counted and logged once. Package i18ntest
//     makes them fail in tests instead.
//   - Every date is shown in the calendar of Europe/Luxembourg, whatever zone
//     the value has; the zone database is compiled in.
//   - Amounts are integer cents or decimal texts, never floats.
package i18n
