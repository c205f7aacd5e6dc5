package pack

import (
	"strings"

	"passerelle/engine/form"
	"passerelle/internal/module/people"
)

// types are the State's own numbers, for the form engine.
func types() form.Types {
	return form.Types{
		form.NationalID:     digits(people.ValidNationalID),
		form.BusinessNumber: digits(people.ValidBusinessNumber),
	}
}

// digits takes a number as people group it.
func digits(valid func(string) bool) func(string) (string, bool) {
	return func(text string) (string, bool) {
		s := strings.NewReplacer(" ", "", "\u00a0", "", "\u202f", "", ".", "", "-", "").Replace(text)
		return s, valid(s)
	}
}
