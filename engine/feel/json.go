package feel

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// FromJSON reads one JSON value. Numbers become decimals as they are written,
// strings stay strings, objects become contexts in the order of their members.
func FromJSON(data []byte) (Value, error) {
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.UseNumber()
	v, err := readJSON(dec, 0)
	if err != nil {
		return Value{}, err
	}
	if _, err := dec.Token(); err != io.EOF {
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

func readJSON(dec *json.Decoder, depth int) (Value, error) {
	if depth >= maxNesting {
		return Value{}, errors.New("the JSON value nests too deep")
	}
	t, err := dec.Token()
	if err != nil {
		return Value{}, err
	}
	switch t := t.(type) {
	case bool:
		return Bool(t), nil
	case string:
		return String(t), nil
	case json.Number:
		v, ok := parseNumber(t.String())
		if !ok {
			return Value{}, fmt.Errorf("the number %s is out of range", t)
		}
		return v, nil
	case json.Delim:
		if t == '[' {
			return readArray(dec, depth)
		}
		return readObject(dec, depth)
	}
	return Value{}, nil
}

func readArray(dec *json.Decoder, depth int) (Value, error) {
	items := []Value{}
	for dec.More() {
		v, err := readJSON(dec, depth+1)
		if err != nil {
			return Value{}, err
		}
		items = append(items, v)
	}
	_, err := dec.Token()
	return List(items...), err
}

func readObject(dec *json.Decoder, depth int) (Value, error) {
	var entries []Entry
	for dec.More() {
		key, err := dec.Token()
		if err != nil {
			return Value{}, err
		}
		v, err := readJSON(dec, depth+1)
		if err != nil {
			return Value{}, err
		}
		entries = append(entries, Entry{key.(string), v})
	}
	_, err := dec.Token()
	return Context(entries...), err
}

// MarshalJSON writes the value as JSON: numbers exactly, dates, times and
// durations as strings in ISO 8601, ranges and functions as FEEL text. A text
// longer than 16 MB is an error.
func (v Value) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	if err := v.writeJSON(&b); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

func (v Value) writeJSON(b *bytes.Buffer) error {
	if b.Len() > maxText {
		return errors.New("the JSON text becomes too long")
	}
	switch v.kind {
	case KindNull, KindBoolean, KindNumber:
		b.WriteString(v.Text())
		return nil
	case KindList:
		b.WriteByte('[')
		for i, item := range v.Items() {
			if i > 0 {
				b.WriteByte(',')
			}
			if err := item.writeJSON(b); err != nil {
				return err
			}
		}
		b.WriteByte(']')
		return nil
	case KindContext:
		b.WriteByte('{')
		for i, e := range v.Entries() {
			if i > 0 {
				b.WriteByte(',')
			}
			if err := writeJSONString(b, e.Name); err != nil {
				return err
			}
			b.WriteByte(':')
			if err := e.Value.writeJSON(b); err != nil {
				return err
			}
		}
		b.WriteByte('}')
		return nil
	}
	return writeJSONString(b, v.Text())
}

func writeJSONString(b *bytes.Buffer, s string) error {
	text, err := json.Marshal(s)
	b.Write(text)
	return err
}
