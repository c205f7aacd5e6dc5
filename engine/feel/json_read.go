package feel

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// FromJSON reads one JSON value. Numbers become decimals as they are written,
// strings stay strings, objects become contexts in the order of their members.
// Values that nest deeper than 500 and numbers out of range are errors.
func FromJSON(data []byte) (Value, error) {
	r := jsonReader{src: string(data)}
	v, err := r.value(0)
	if err != nil {
		return Value{}, err
	}
	if r.space(); r.at < len(r.src) {
		return Value{}, errors.New("more follows after the JSON value")
	}
	return v, nil
}

// UnmarshalJSON implements json.Unmarshaler as FromJSON reads.
func (v *Value) UnmarshalJSON(data []byte) error {
	read, err := FromJSON(data)
	if err != nil {
		return err
	}
	*v = read
	return nil
}

// jsonReader reads a text from front to back, each byte once. Strings without
// escapes are parts of the text.
type jsonReader struct {
	src     string
	at      int
	items   []Value // of all open arrays
	entries []Entry // of all open objects
}

// syntaxError says in the words of encoding/json what is wrong with the text.
func (r *jsonReader) syntaxError() error {
	var raw json.RawMessage
	err := json.Unmarshal([]byte(r.src), &raw)
	var syntax *json.SyntaxError
	if errors.As(err, &syntax) {
		return err
	}
	return fmt.Errorf("the JSON text is wrong at byte %d", r.at)
}

func (r *jsonReader) space() {
	for r.at < len(r.src) {
		switch r.src[r.at] {
		case ' ', '\t', '\r', '\n':
			r.at++
		default:
			return
		}
	}
}

// next reports whether the next byte after white space is c, and goes past it.
func (r *jsonReader) next(c byte) bool {
	r.space()
	if r.at < len(r.src) && r.src[r.at] == c {
		r.at++
		return true
	}
	return false
}

func (r *jsonReader) value(depth int) (Value, error) {
	if depth >= maxNesting {
		return Value{}, errors.New("the JSON value nests too deep")
	}
	r.space()
	if r.at >= len(r.src) {
		return Value{}, r.syntaxError()
	}
	switch c := r.src[r.at]; c {
	case '{':
		return r.object(depth)
	case '[':
		return r.array(depth)
	case '"':
		s, err := r.text()
		return String(s), err
	case 't':
		return Bool(true), r.word("true")
	case 'f':
		return Bool(false), r.word("false")
	case 'n':
		return Value{}, r.word("null")
	}
	return r.number()
}

func (r *jsonReader) word(w string) error {
	if !strings.HasPrefix(r.src[r.at:], w) {
		return r.syntaxError()
	}
	r.at += len(w)
	return nil
}

func (r *jsonReader) array(depth int) (Value, error) {
	r.at++
	if r.next(']') {
		return List(), nil
	}
	from := len(r.items)
	for {
		v, err := r.value(depth + 1)
		if err != nil {
			return Value{}, err
		}
		r.items = append(r.items, v)
		if r.next(',') {
			continue
		}
		if !r.next(']') {
			return Value{}, r.syntaxError()
		}
		items := slices.Clone(r.items[from:])
		r.items = r.items[:from]
		return List(items...), nil
	}
}

func (r *jsonReader) object(depth int) (Value, error) {
	r.at++
	if r.next('}') {
		return Context(), nil
	}
	from := len(r.entries)
	for {
		if r.space(); r.at >= len(r.src) || r.src[r.at] != '"' {
			return Value{}, r.syntaxError()
		}
		name, err := r.text()
		if err != nil {
			return Value{}, err
		}
		if !r.next(':') {
			return Value{}, r.syntaxError()
		}
		v, err := r.value(depth + 1)
		if err != nil {
			return Value{}, err
		}
		r.entries = append(r.entries, Entry{name, v})
		if r.next(',') {
			continue
		}
		if !r.next('}') {
			return Value{}, r.syntaxError()
		}
		entries := slices.Clone(r.entries[from:])
		r.entries = r.entries[:from]
		return Context(entries...), nil
	}
}

// text reads a string. encoding/json decodes the escapes, and replaces what is
// not UTF-8.
func (r *jsonReader) text() (string, error) {
	start := r.at
	plain := true
	for r.at++; r.at < len(r.src); r.at++ {
		switch c := r.src[r.at]; {
		case c == '"':
			s := r.src[start+1 : r.at]
			r.at++
			if plain || utf8.ValidString(s) && strings.IndexByte(s, '\\') < 0 {
				return s, nil
			}
			if err := json.Unmarshal([]byte(r.src[start:r.at]), &s); err != nil {
				return "", r.syntaxError()
			}
			return s, nil
		case c == '\\':
			plain = false
			r.at++
		case c < ' ':
			return "", r.syntaxError()
		case c >= utf8.RuneSelf:
			plain = false
		}
	}
	return "", r.syntaxError()
}

// number reads a number in JSON's grammar.
func (r *jsonReader) number() (Value, error) {
	start := r.at
	digits := func() bool {
		from := r.at
		for r.at < len(r.src) && r.src[r.at]-'0' <= 9 {
			r.at++
		}
		return r.at > from
	}
	is := func(set string) bool {
		if r.at < len(r.src) && strings.IndexByte(set, r.src[r.at]) >= 0 {
			r.at++
			return true
		}
		return false
	}
	is("-")
	if !is("0") && !digits() {
		return Value{}, r.syntaxError()
	}
	if is(".") && !digits() {
		return Value{}, r.syntaxError()
	}
	if is("eE") {
		if is("+-"); !digits() {
			return Value{}, r.syntaxError()
		}
	}
	v, ok := parseNumber(r.src[start:r.at])
	if !ok {
		return Value{}, fmt.Errorf("the number %s is out of range", r.src[start:r.at])
	}
	return v, nil
}
