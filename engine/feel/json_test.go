package feel

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
)

// readTokens is the reference for FromJSON: the same rules over
// encoding/json's tokens.
func readTokens(data []byte) (Value, error) {
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.UseNumber()
	v, err := tokenValue(dec, 0)
	if err != nil {
		return Value{}, err
	}
	if _, err := dec.Token(); err != io.EOF {
		return Value{}, errors.New("more follows after the JSON value")
	}
	return v, nil
}

func tokenValue(dec *json.Decoder, depth int) (Value, error) {
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
			return tokenArray(dec, depth)
		}
		return tokenObject(dec, depth)
	}
	return Value{}, nil
}

func tokenArray(dec *json.Decoder, depth int) (Value, error) {
	items := []Value{}
	for dec.More() {
		v, err := tokenValue(dec, depth+1)
		if err != nil {
			return Value{}, err
		}
		items = append(items, v)
	}
	_, err := dec.Token()
	return List(items...), err
}

func tokenObject(dec *json.Decoder, depth int) (Value, error) {
	var entries []Entry
	for dec.More() {
		key, err := dec.Token()
		if err != nil {
			return Value{}, err
		}
		v, err := tokenValue(dec, depth+1)
		if err != nil {
			return Value{}, err
		}
		entries = append(entries, Entry{key.(string), v})
	}
	_, err := dec.Token()
	return Context(entries...), err
}

// sameReading checks FromJSON against the reference: the same values, the same
// order, the same texts refused, and our own errors in the same words.
func sameReading(t *testing.T, text string) {
	t.Helper()
	got, err := FromJSON([]byte(text))
	want, wantErr := readTokens([]byte(text))
	if (err == nil) != (wantErr == nil) {
		t.Fatalf("%.200q: %v, want %v", text, err, wantErr)
	}
	if err != nil {
		for _, ours := range []string{"more follows", "nests too deep", "out of range"} {
			if strings.Contains(wantErr.Error(), ours) && err.Error() != wantErr.Error() {
				t.Fatalf("%.200q: %v, want %v", text, err, wantErr)
			}
		}
		return
	}
	if !got.Equal(want) || got.String() != want.String() {
		t.Fatalf("%.200q: %s, want %s", text, got, want)
	}
	written, err := got.MarshalJSON()
	if err != nil {
		t.Fatal(err)
	}
	again, err := FromJSON(written)
	if err != nil || again.String() != got.String() {
		t.Fatalf("%.200q: written as %.200q, read as %s (%v)", text, written, again, err)
	}
}

// jsonTexts has every corner of the grammar.
var jsonTexts = []string{
	"", " ", "null", " true ", "false", "nul", "truex", "tru", "nullnull", "\ufeff1",
	"0", "-0", "01", "-", "+1", "1.", ".5", "1.50", "1e3", "1E+3", "1e-3", "1e", "1e+", "0.1e1x", "1e999999", "1e99999999999", "-1e-9000",
	"123456789012345678901234567890123456789", "0.1000000000000000000000000000000000000000000000000000000000000000000000001", "1 2", "1x",
	`""`, `"a"`, `"`, `"\`, `"\"`, `"\u00e9\n\/"`, `"\ud83d\ude00"`, `"\ud83d"`, `"\x"`, `"\u12"`, "\"a\nb\"", "\"\x7f\"", "\"\xff\xfe\"", "\"é\xc3\"", "\"a\xed\xa0\x80\"", `"é\\"`, `"\\" 1`,
	"[]", "[ ]", "[1]", "[1,]", "[,1]", "[1 2]", "[1,2", "[", "]", "[}", "[1]]", "[[],[[]],{}]", "[1]x",
	"{}", "{ }", `{"a":1}`, `{"a":1,}`, `{,}`, `{"a"}`, `{"a":}`, `{"a" 1}`, `{1:2}`, `{"a":1 "b":2}`, `{"a":1`, "{", "}", "{]", `{"a":1,"a":2,"b":null,"a":3}`, `{"":{"":[]}}`, `{"\u0061":1,"a":2}`, `{"a":1}}`,
	strings.Repeat("[", 499) + "1" + strings.Repeat("]", 499), strings.Repeat("[", 500) + "1" + strings.Repeat("]", 500),
	strings.Repeat("[", 500) + strings.Repeat("]", 500), strings.Repeat("[", 501) + strings.Repeat("]", 501), strings.Repeat(`{"a":`, 600), strings.Repeat("[", 20000),
	` { "person" : { "id" : "1987031412345" , "income" : [ 1817.00 , -0.5e2 , null ] , "name":"Zoë <&>\u2028" } } `,
	"[1,\t2,\r\n3 , [ 4 ] ]", "[1,\v2]", "[1,\u00a02]",
}

func TestFromJSON(t *testing.T) {
	for _, text := range jsonTexts {
		sameReading(t, text)
	}
}

func FuzzFromJSON(f *testing.F) {
	for _, text := range jsonTexts {
		f.Add(text)
	}
	f.Fuzz(sameReading)
}

// AppendQuoted writes as encoding/json does, and AppendJSON after what stands
// there.
func TestAppendQuoted(t *testing.T) {
	for _, s := range []string{"", "plain", "Zoë", "a\"b", `\`, "<&>", "\n\x00\x7f", "\u2028\u2029", "\xff", "\ufffd", "😀"} {
		want, err := json.Marshal(s)
		if err != nil {
			t.Fatal(err)
		}
		if got := AppendQuoted([]byte("x"), s); string(got) != "x"+string(want) {
			t.Errorf("%q: %s, want x%s", s, got, want)
		}
	}
	v := Context(Entry{"a", List(Int(1), String("ü"))})
	if got, err := v.AppendJSON([]byte("x")); err != nil || string(got) != `x{"a":[1,"ü"]}` {
		t.Error(string(got), err)
	}
}

func FuzzAppendQuoted(f *testing.F) {
	f.Add("Zoë <&> \u2028 \xff")
	f.Fuzz(func(t *testing.T, s string) {
		if want, _ := json.Marshal(s); string(AppendQuoted(nil, s)) != string(want) {
			t.Errorf("%q: %s, want %s", s, AppendQuoted(nil, s), want)
		}
	})
}

const evidenceText = `{"person":{"id":"1951041512345","givenName":"Jeanne","familyName":"Muster","birthDate":"1951-04-15"},"members":[{"id":"1951041512345","relation":"head","since":"2010-03-01"},{"id":"1953020212348","relation":"spouse","since":"2010-03-01"}],"months":[{"month":"2025-08","gross":2680.04,"kind":"pension"},{"month":"2025-09","gross":2680.04,"kind":"pension"},{"month":"2025-10","gross":2714.10,"kind":"pension"}],"complete":true,"note":null}`

func BenchmarkFromJSON(b *testing.B) {
	data := []byte(evidenceText)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := FromJSON(data); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkFromJSONTokens(b *testing.B) {
	data := []byte(evidenceText)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := readTokens(data); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkMarshalJSON(b *testing.B) {
	v, err := FromJSON([]byte(evidenceText))
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := v.MarshalJSON(); err != nil {
			b.Fatal(err)
		}
	}
}
