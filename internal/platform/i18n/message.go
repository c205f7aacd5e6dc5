package i18n

import (
	"fmt"
	"strings"
	"time"
)

// message is one text of one language, parsed.
type message struct {
	text  template            // when forms is nil
	forms map[string]template // plural form → text; has "other"
	line  int
}

// template is text cut at its placeholders: literal, name, literal, name, …
// An odd index is a placeholder's name.
type template []string

// cut parses "Hello {name}". A brace that does not enclose a plain name is text.
func cut(s string) template {
	var t template
	literal := 0
	for i := 0; i < len(s); i++ {
		if s[i] != '{' {
			continue
		}
		end := strings.IndexByte(s[i:], '}')
		if end < 2 || !isName(s[i+1:i+end]) {
			continue
		}
		t = append(t, s[literal:i], s[i+1:i+end])
		i += end
		literal = i + 1
	}
	return append(t, s[literal:])
}

func isName(s string) bool {
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c != '_' && (c < '0' || c > '9') && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') {
			return false
		}
	}
	return s != ""
}

// names returns the placeholders, in order of appearance.
func (t template) names() []string {
	var names []string
	for i := 1; i < len(t); i += 2 {
		names = append(names, t[i])
	}
	return names
}

// render fills the placeholders. One that has no argument stays visible as
// {name}: wrong, but never silently empty.
func (t template) render(l *Locale, args []any) string {
	if len(t) == 1 {
		return t[0]
	}
	var b strings.Builder
	for i, part := range t {
		if i%2 == 0 {
			b.WriteString(part)
			continue
		}
		if v, ok := argument(args, part); ok {
			b.WriteString(l.value(v))
		} else {
			b.WriteString("{" + part + "}")
		}
	}
	return b.String()
}

// argument finds name in args: pairs of name and value, and maps.
func argument(args []any, name string) (any, bool) {
	for i := 0; i < len(args); i++ {
		switch a := args[i].(type) {
		case map[string]any:
			if v, ok := a[name]; ok {
				return v, true
			}
		case string:
			if i+1 >= len(args) {
				return nil, false
			}
			i++
			if a == name {
				return args[i], true
			}
		}
	}
	return nil, false
}

// value shows an argument: a time as a date, anything else as fmt does.
func (l *Locale) value(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case time.Time:
		return l.Date(v)
	}
	return fmt.Sprint(v)
}

// plural returns the CLDR category of the whole number n (CLDR 46, cardinal
// rules of fr, de, lb, en and pt-PT, for v = 0 and e = 0).
func plural(lang Lang, n int) string {
	if n < 0 {
		n = -n
	}
	switch {
	case n == 1, n == 0 && lang == FR:
		return "one"
	case n != 0 && n%1_000_000 == 0 && (lang == FR || lang == PT):
		return "many"
	}
	return "other"
}

// form chooses the text for n.
func (m *message) form(lang Lang, n int) template {
	if m.forms == nil {
		return m.text
	}
	if n == 0 {
		if t, ok := m.forms["zero"]; ok {
			return t
		}
	}
	if t, ok := m.forms[plural(lang, n)]; ok {
		return t
	}
	return m.forms["other"]
}

// plain is what T shows.
func (m *message) plain() template {
	if m.forms == nil {
		return m.text
	}
	return m.forms["other"]
}
