package feel

import (
	"encoding/json"
	"errors"
	"unicode/utf8"
)

// MarshalJSON writes the value as JSON: numbers exactly, dates, times and
// durations as strings in ISO 8601, ranges and functions as FEEL text. A text
// longer than 16 MB is an error.
func (v Value) MarshalJSON() ([]byte, error) { return v.appendJSON(nil, 0) }

// AppendJSON appends what MarshalJSON writes.
func (v Value) AppendJSON(b []byte) ([]byte, error) { return v.appendJSON(b, len(b)) }

// appendJSON appends to a buffer in which the text began at from.
func (v Value) appendJSON(b []byte, from int) ([]byte, error) {
	if len(b)-from > maxText {
		return nil, errors.New("the JSON text becomes too long")
	}
	var err error
	switch v.kind {
	case KindNull, KindBoolean, KindNumber:
		return append(b, v.Text()...), nil
	case KindString:
		return AppendQuoted(b, v.str()), nil
	case KindList:
		b = append(b, '[')
		for i, item := range v.Items() {
			if i > 0 {
				b = append(b, ',')
			}
			if b, err = item.appendJSON(b, from); err != nil {
				return nil, err
			}
		}
		return append(b, ']'), nil
	case KindContext:
		b = append(b, '{')
		entries := v.Entries()
		for i := range entries {
			if i > 0 {
				b = append(b, ',')
			}
			b = append(AppendQuoted(b, entries[i].Name), ':')
			if b, err = entries[i].Value.appendJSON(b, from); err != nil {
				return nil, err
			}
		}
		return append(b, '}'), nil
	}
	return AppendQuoted(b, v.Text()), nil
}

// AppendQuoted appends s as a JSON string, byte for byte as encoding/json
// writes it.
func AppendQuoted(b []byte, s string) []byte {
	for i := 0; i < len(s); {
		c := s[i]
		switch {
		case c < ' ' || c == '"' || c == '\\' || c == '<' || c == '>' || c == '&':
			return appendEscaped(b, s)
		case c < utf8.RuneSelf:
			i++
			continue
		}
		r, n := utf8.DecodeRuneInString(s[i:])
		if r == utf8.RuneError || r == '\u2028' || r == '\u2029' {
			return appendEscaped(b, s)
		}
		i += n
	}
	b = append(b, '"')
	b = append(b, s...)
	return append(b, '"')
}

func appendEscaped(b []byte, s string) []byte {
	text, err := json.Marshal(s)
	if err != nil {
		panic(err) // every string has a JSON text
	}
	return append(b, text...)
}
