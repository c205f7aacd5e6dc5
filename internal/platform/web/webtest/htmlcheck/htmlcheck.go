package htmlcheck

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/PuerkitoBio/goquery"
)

// Check looks at the elements selected so far and returns what is wrong with
// them, or nil.
type Check func(*goquery.Selection) error

// In applies all checks to the elements that match selector below the present
// ones. It fails when there is none.
func In(selector string, checks ...Check) Check {
	return func(s *goquery.Selection) error {
		found := s.Find(selector)
		if found.Length() == 0 {
			return fmt.Errorf("no %s", selector)
		}
		for _, c := range checks {
			if err := c(found); err != nil {
				return fmt.Errorf("%s: %w", selector, err)
			}
		}
		return nil
	}
}

// NotIn fails when something matches selector.
func NotIn(selector string) Check {
	return func(s *goquery.Selection) error {
		if found := s.Find(selector); found.Length() > 0 {
			return fmt.Errorf("there is %s: %q", selector, Plain(found))
		}
		return nil
	}
}

// Count wants exactly n elements.
func Count(n int) Check {
	return func(s *goquery.Selection) error {
		if s.Length() != n {
			return fmt.Errorf("%d elements, want %d", s.Length(), n)
		}
		return nil
	}
}

// Text wants exactly this text, white space folded.
func Text(want string) Check {
	return func(s *goquery.Selection) error {
		if got := Plain(s); got != want {
			return fmt.Errorf("text %q, want %q", got, want)
		}
		return nil
	}
}

// Contains wants this text somewhere.
func Contains(want string) Check {
	return func(s *goquery.Selection) error {
		if got := Plain(s); !strings.Contains(got, want) {
			return fmt.Errorf("text %q does not contain %q", got, want)
		}
		return nil
	}
}

// Matches wants a text that the regular expression finds.
func Matches(pattern string) Check {
	re := regexp.MustCompile(pattern)
	return func(s *goquery.Selection) error {
		if got := Plain(s); !re.MatchString(got) {
			return fmt.Errorf("text %q does not match %s", got, pattern)
		}
		return nil
	}
}

// Attr wants the first element to have an attribute of this value.
func Attr(name, want string) Check {
	return func(s *goquery.Selection) error {
		got, ok := s.First().Attr(name)
		if !ok {
			return fmt.Errorf("no attribute %s", name)
		}
		if got != want {
			return fmt.Errorf("%s=%q, want %q", name, got, want)
		}
		return nil
	}
}

// Plain returns the text of a selection with white space folded.
func Plain(s *goquery.Selection) string {
	return strings.Join(strings.FieldsFunc(s.Text(), func(r rune) bool {
		return r == ' ' || r == '\n' || r == '\t' || r == '\r' // no-break spaces are text
	}), " ")
}
