package form

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"math"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/woodsbury/decimal128"

	"passerelle/engine/feel"
)

// Decode reads a JSON document of answers; numbers keep every digit.
func Decode(doc []byte) (Answers, error) {
	dec := json.NewDecoder(bytes.NewReader(doc))
	dec.UseNumber()
	var a Answers
	if err := dec.Decode(&a); err != nil {
		return nil, err
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("more than one JSON value")
	}
	return a, nil
}

// Type returns the FEEL type of the application context.
func (f *Form) Type() *feel.Type {
	var fields []feel.Field
	for _, p := range f.Pages {
		for _, fd := range p.Fields {
			fields = append(fields, feel.Field{Name: fd.ID, Type: fd.feelType()})
		}
	}
	// What is contested has the names of the fields, each with three texts.
	return feel.ContextType(append(fields, feel.Field{Name: "contested", Type: feel.Any})...)
}

var fileType = feel.ContextType(feel.Field{Name: "name", Type: feel.StringType}, feel.Field{Name: "size", Type: feel.NumberType},
	feel.Field{Name: "hash", Type: feel.StringType}, feel.Field{Name: "type", Type: feel.StringType})

func (fd *Field) feelType() *feel.Type {
	switch fd.Type {
	case Number, Integer, Money:
		return feel.NumberType
	case Date:
		return feel.DateType
	case YesNo, Declaration:
		return feel.BooleanType
	case Choices:
		return feel.ListOf(feel.StringType)
	case File:
		return feel.ListOf(fileType)
	case Fact:
		return feel.Any
	case Group:
		fields := make([]feel.Field, len(fd.Fields))
		for i, sub := range fd.Fields {
			fields[i] = feel.Field{Name: sub.ID, Type: sub.feelType()}
		}
		return feel.ListOf(feel.ContextType(fields...))
	}
	return feel.StringType
}

// Values returns the answers as a typed FEEL context with an entry for every
// field of the form: null for what was not answered or could not be read. So is
// contested while nothing is.
func (f *Form) Values(a Answers) feel.Value {
	entries := make([]feel.Entry, 0, len(f.fields)+1)
	for _, p := range f.Pages {
		for _, fd := range p.Fields {
			entries = append(entries, feel.Entry{Name: fd.ID, Value: f.value(fd, a[fd.ID])})
		}
	}
	contested := feel.Null() // nothing is contested
	if claims, _ := a["contested"].(map[string]any); len(claims) > 0 {
		contested = toFeel(claims)
	}
	entries = append(entries, feel.Entry{Name: "contested", Value: contested})
	return feel.Context(entries...)
}

// value returns one answer as FEEL sees it, null when it is not readable.
func (f *Form) value(fd *Field, answer any) feel.Value {
	if fd.Type == Group {
		rows, _ := answer.([]any)
		items := make([]feel.Value, len(rows))
		for i, r := range rows {
			row, _ := r.(map[string]any)
			entries := make([]feel.Entry, len(fd.Fields))
			for j, sub := range fd.Fields {
				entries[j] = feel.Entry{Name: sub.ID, Value: f.value(sub, row[sub.ID])}
			}
			items[i] = feel.Context(entries...)
		}
		return feel.List(items...)
	}
	c, code, _ := f.canon(fd, answer)
	if code != "" {
		return feel.Null()
	}
	return fd.typed(c)
}

// typed turns a canonical answer into its FEEL value.
func (fd *Field) typed(c any) feel.Value {
	if fd.Type == Date {
		s, _ := c.(string)
		t, err := time.Parse(time.DateOnly, s)
		if err != nil {
			return feel.Null()
		}
		return feel.DateOf(t)
	}
	return toFeel(c)
}

// toFeel turns a JSON value into FEEL; strings stay strings.
func toFeel(v any) feel.Value {
	switch v := v.(type) {
	case string:
		return feel.String(v)
	case bool:
		return feel.Bool(v)
	case json.Number:
		return number(string(v))
	case float64:
		return number(strconv.FormatFloat(v, 'f', -1, 64))
	case int:
		return feel.Int(int64(v))
	case []any:
		items := make([]feel.Value, len(v))
		for i, item := range v {
			items[i] = toFeel(item)
		}
		return feel.List(items...)
	case map[string]any:
		m := make(map[string]feel.Value, len(v))
		for k, item := range v {
			m[k] = toFeel(item)
		}
		return feel.ContextOf(m)
	}
	return feel.Null()
}

func number(s string) feel.Value {
	d, err := decimal128.Parse(s)
	if err != nil {
		return feel.Null()
	}
	return feel.Number(d)
}

// fromFeel turns a FEEL value into a JSON value: dates become ISO texts.
func fromFeel(v feel.Value) any {
	switch v.Kind() {
	case feel.KindBoolean:
		b, _ := v.AsBool()
		return b
	case feel.KindNumber:
		d, _ := v.AsNumber()
		return json.Number(plain(d))
	case feel.KindString:
		s, _ := v.AsString()
		return s
	case feel.KindDate:
		t, _ := v.AsTime(time.UTC)
		return t.Format(time.DateOnly)
	case feel.KindList:
		items := make([]any, len(v.Items()))
		for i, item := range v.Items() {
			items[i] = fromFeel(item)
		}
		return items
	case feel.KindContext:
		m := make(map[string]any, len(v.Entries()))
		for _, e := range v.Entries() {
			m[e.Name] = fromFeel(e.Value)
		}
		return m
	}
	return nil
}

// plain writes a number without exponent.
func plain(d decimal128.Decimal) string {
	s := d.String()
	if !strings.Contains(s, "e") {
		return s
	}
	s = string(d.Append(nil, ".34f"))
	return strings.TrimRight(strings.TrimRight(s, "0"), ".")
}

var jsonNumber = regexp.MustCompile(`^(-?)(0|[1-9][0-9]*)(\.[0-9]+)?$`)

// canon returns the canonical form of an answer, or the code of what is wrong
// with it. nil is no answer. Groups and facts are not handled here.
func (f *Form) canon(fd *Field, answer any) (canonical any, code string, args map[string]any) {
	switch v := answer.(type) {
	case nil:
		return nil, "", nil
	case string:
		if clean(v, true) == "" {
			return nil, "", nil
		}
		if fd.Type == Choices || fd.Type == File {
			return nil, "shape", nil
		}
		canonical, code = f.scalar(fd, v)
		if code == "decimals" {
			args = map[string]any{"max": fd.Decimals}
		}
		return canonical, code, args
	case bool:
		if fd.Type == YesNo || fd.Type == Declaration {
			return v, "", nil
		}
	case json.Number:
		return fd.canonNumber(string(v))
	case int:
		return fd.canonNumber(strconv.Itoa(v))
	case float64:
		if !math.IsNaN(v) && !math.IsInf(v, 0) {
			return fd.canonNumber(strconv.FormatFloat(v, 'f', -1, 64))
		}
	case []any:
		switch fd.Type {
		case Choices:
			return fd.canonChoices(v)
		case File:
			return fd.canonFiles(v)
		}
	}
	return nil, "shape", nil
}

// canonNumber reads a number as JSON writes it: no separators to guess.
func (fd *Field) canonNumber(s string) (any, string, map[string]any) {
	if fd.Type != Number && fd.Type != Integer && fd.Type != Money {
		return nil, "shape", nil
	}
	if !jsonNumber.MatchString(s) || len(s) > 34 {
		return nil, string(fd.Type), nil
	}
	n, ok := withDecimals(s, fd.Decimals, fd.Type == Money)
	if !ok && fd.Type == Integer {
		return nil, "integer", nil
	}
	if !ok {
		return nil, "decimals", map[string]any{"max": fd.Decimals}
	}
	return json.Number(n), "", nil
}

// canonChoices keeps the options in the order of the form, each once.
func (fd *Field) canonChoices(v []any) (any, string, map[string]any) {
	chosen := make(map[string]bool, len(v))
	for _, item := range v {
		s, ok := item.(string)
		if !ok {
			return nil, "shape", nil
		}
		chosen[s] = true
	}
	out := make([]any, 0, len(v))
	for _, o := range fd.Options {
		if chosen[o] {
			out = append(out, o)
			delete(chosen, o)
		}
	}
	if len(chosen) > 0 {
		return nil, "option", nil
	}
	if len(out) == 0 {
		return nil, "", nil
	}
	return out, "", nil
}

// canonFiles checks what the shell recorded of uploaded files.
func (fd *Field) canonFiles(v []any) (any, string, map[string]any) {
	if len(v) == 0 {
		return nil, "", nil
	}
	for _, item := range v {
		file, ok := item.(map[string]any)
		if !ok || len(file) != 4 {
			return nil, "shape", nil
		}
		name, ok1 := file["name"].(string)
		_, ok2 := file["hash"].(string)
		media, ok3 := file["type"].(string)
		size, ok4 := fileSize(file["size"])
		if !ok1 || !ok2 || !ok3 || !ok4 {
			return nil, "shape", nil
		}
		if !fd.accepts(media) {
			return nil, "fileType", map[string]any{"name": name, "accept": fd.Accept}
		}
		if size > fd.MaxSize {
			return nil, "fileSize", map[string]any{"name": name, "max": fd.MaxSize}
		}
	}
	return v, "", nil
}

func fileSize(v any) (int64, bool) {
	switch v := v.(type) {
	case json.Number:
		n, err := v.Int64()
		return n, err == nil && n >= 0
	case int:
		return int64(v), v >= 0
	case int64:
		return v, v >= 0
	case float64:
		return int64(v), v >= 0 && v == math.Trunc(v)
	}
	return 0, false
}

func (fd *Field) accepts(media string) bool {
	for _, a := range fd.Accept {
		if acceptable[a] == media {
			return true
		}
	}
	return false
}
