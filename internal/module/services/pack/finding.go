package pack

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"sync"

	"passerelle/internal/platform/i18n"
)

// Severity says whether a finding keeps a package from being served.
type Severity string

// The severities of findings.
const (
	Error   Severity = "error"
	Warning Severity = "warning"
)

// Finding is something wrong with a package. File is relative to the root of
// the file system the package was loaded from; Line is 0 when the whole file
// (or its absence) is meant. Code is the key of its sentence; Msg is the sentence
// in English, Tell says it in other languages.
type Finding struct {
	File     string   `json:"file"`
	Line     int      `json:"line,omitempty"`
	Severity Severity `json:"severity"`
	Code     string   `json:"code"`
	Msg      string   `json:"message"`

	args string // names and values in the sentence, as JSON: findings can be compared
}

// reason is why something is needed, told within a finding.
type reason struct {
	Code string `json:"code"`
	Args []any  `json:"args"`
}

func asReason(code string, args ...any) reason {
	return reason{Code: "pack.finding.why." + code, Args: args}
}

// ProgramFault is the finding that a package could not be checked, through no
// fault of its own.
func ProgramFault(file string) Finding {
	return newFinding(Error, file, 0, "pack.finding.programFault")
}

// inEnglish are the sentences as operators, logs and the command line read them.
var inEnglish = sync.OnceValue(func() *i18n.Locale {
	b := i18n.New()
	if err := b.Add(Locales()); err != nil {
		panic(err) // compiled in, and tested
	}
	return b.For(i18n.EN)
})

func newFinding(s Severity, file string, line int, code string, args ...any) Finding {
	for i, x := range args {
		if err, ok := x.(error); ok {
			args[i] = err.Error()
		} else if _, nested := x.(reason); !nested {
			args[i] = fmt.Sprint(x)
		}
	}
	written, err := json.Marshal(args)
	if err != nil {
		panic(err) // texts only
	}
	f := Finding{File: file, Line: line, Severity: s, Code: code, args: string(written)}
	f.Msg = inEnglish().T(code, f.values(func(x reason) string { return inEnglish().T(x.Code, x.Args...) }, func(text string) string { return text })...)
	return f
}

// values are the names and values of the sentence.
func (f Finding) values(why func(reason) string, show func(string) string) []any {
	var parts []json.RawMessage
	if json.Unmarshal([]byte(f.args), &parts) != nil {
		return nil // a finding that was made by hand has none
	}
	out := make([]any, len(parts))
	for i, raw := range parts {
		var text string
		var nested reason
		if json.Unmarshal(raw, &text) == nil {
			out[i] = text
			if i%2 == 1 {
				out[i] = show(text)
			}
		} else if json.Unmarshal(raw, &nested) == nil {
			out[i] = why(nested)
		}
	}
	return out
}

// engineWords stands for what an engine says, in English, while the sentence
// around it is made.
const engineWords = "\x00"

var isoDay = regexp.MustCompile(`^[0-9]{4}-[0-9]{2}-[0-9]{2}$`)

// Tell says a finding in the locale's language. What an engine says of a formula
// or a file is English: it stands in english, between before and after.
func (f Finding) Tell(loc *i18n.Locale) (before, english, after string) {
	if f.args == "" || !loc.Has(f.Code) {
		return "", f.Msg, ""
	}
	args := f.values(func(x reason) string { return loc.T(x.Code, x.Args...) }, func(text string) string {
		if isoDay.MatchString(text) {
			return loc.DateISO(text)
		}
		return text
	})
	for i := 0; i+1 < len(args); i += 2 {
		if args[i] == "msg" {
			english, _ = args[i+1].(string)
			args[i+1] = engineWords
		}
	}
	before, after, _ = strings.Cut(loc.T(f.Code, args...), engineWords)
	return before, english, after
}
