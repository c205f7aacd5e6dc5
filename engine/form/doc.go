// Package form is a form engine for questions that people answer over several
// pages: conditions, repeatable groups, values prefilled from elsewhere, and
// one set of rules for a posted page and for the whole document.
//
// A form is a YAML file (Parse). Conditions, limits and checks are FEEL. The
// package is pure: it renders nothing, stores nothing, knows no clock and no
// language. What is wrong with an answer is data (FieldError), not a sentence.
//
// # Answers
//
// Answers is the JSON document of what was answered, by field id:
//
//	text, textarea, email, phone, iban, country, nationalId,
//	businessNumber, choice, select      string
//	number, integer, money              json.Number; money always with two decimals
//	date "2025-03-09", month "2025-03"  string
//	yesNo, declaration                  bool
//	choices                             []any of string
//	file                                []any of {name, size, hash, type}
//	group                               []any of map[string]any
//	fact                                whatever the register gave
//
// A text that could not be read as its type ("abc" for a number) is kept as the
// raw string, so that it can be shown again; Values gives null for it and
// Validate reports it. The entry "contested" holds by field what the applicant
// says of a registered value: {registered, claimed, comment}.
//
// # Which answers count
//
// Pages are asked in order. A condition (when, required) sees the answers asked
// before it, and of these only the ones that are themselves asked: a page that
// became unreachable keeps its answers in the draft, but they influence nothing
// and are not part of what Validate returns. Limits and checks of a page see the
// answers up to and including that page. A condition holds only if it is true;
// null counts as false.
//
// # Names in FEEL
//
// application, evidence, parameters, date, applicant (Env); in a check also
// value, the answer that is checked; in a group also item, the row, and index,
// its number from 1.
package form
