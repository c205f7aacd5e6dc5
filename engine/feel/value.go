package feel

import (
	"time"
	"unsafe"

	"github.com/woodsbury/decimal128"
)

// Kind tells what a Value is.
type Kind uint8

// The kinds of FEEL values (DMN 1.5, 10.3.2.3).
const (
	KindNull Kind = iota
	KindBoolean
	KindNumber
	KindString
	KindDate
	KindTime
	KindDateTime
	KindDaysDuration   // days and time duration
	KindMonthsDuration // years and months duration
	KindList
	KindContext
	KindRange
	KindFunction
)

var kindNames = [...]string{"null", "boolean", "number", "string", "date", "time", "date and time",
	"days and time duration", "years and months duration", "list", "context", "range", "function"}

// String returns the FEEL name of the kind, such as "date and time".
func (k Kind) String() string {
	if int(k) < len(kindNames) {
		return kindNames[k]
	}
	return "unknown"
}

// Value is one immutable FEEL value. The zero Value is null.
//
// It is a struct of 32 bytes without an interface: numbers, booleans, dates and
// times live inside it, strings are pointed at, so that reading and comparing
// them allocates nothing. Compare values with Equal, never with ==.
type Value struct {
	kind Kind
	zone zoneKind // times: which zone
	aux  int32    // strings: length; times: offset in seconds
	a, b uint64   // numbers: decimal128 bits; others: see the constructors
	ptr  unsafe.Pointer
}

// Entry is one named value of a context.
type Entry struct {
	Name  string
	Value Value
}

// Null returns null.
func Null() Value { return Value{} }

// Bool returns a boolean.
func Bool(b bool) Value {
	v := Value{kind: KindBoolean}
	if b {
		v.a = 1
	}
	return v
}

// Number returns a number, rounded half-even to 34 digits. NaN and infinities
// are not FEEL numbers: they become null.
func Number(d decimal128.Decimal) Value {
	if d.IsNaN() || d.IsInf(0) {
		return Value{}
	}
	return number(round34(d))
}

// number wraps a decimal that is known to be finite and of 34 digits.
func number(d decimal128.Decimal) Value {
	bits := decimalBits(d)
	return Value{kind: KindNumber, a: bits[0], b: bits[1]}
}

// Int returns the number i.
func Int(i int64) Value { return number(decimal128.FromInt64(i)) }

// MustNumber returns the number written in s, such as "1817.00" or "1e-3". It
// panics on anything else; it is for constants in programs and tests.
func MustNumber(s string) Value {
	v, ok := parseNumber(s)
	if !ok {
		panic("feel: not a number: " + s)
	}
	return v
}

// String returns a string; one of more than 2 GB is null. Its bytes should be
// valid UTF-8.
func String(s string) Value {
	if s == "" {
		return Value{kind: KindString}
	}
	if len(s) > maxStringBytes {
		return Value{}
	}
	return Value{kind: KindString, aux: int32(len(s)), ptr: unsafe.Pointer(unsafe.StringData(s))}
}

const maxStringBytes = 1<<31 - 1

func (v Value) str() string {
	if v.aux == 0 {
		return ""
	}
	return unsafe.String((*byte)(v.ptr), int(v.aux))
}

type listData struct {
	items  []Value
	depth  int
	weight int
}

// maxNesting is how deep lists and contexts may nest.
const maxNesting = 500

// List returns a list of items, or null when they nest deeper than 500. The
// slice is kept: do not change it afterwards.
func List(items ...Value) Value {
	depth, weight := 0, 0
	for i := range items {
		depth = max(depth, items[i].depth())
		weight = heavier(weight, &items[i])
	}
	return listOf(items, depth+1, weight)
}

// listOf makes a list whose depth and weight are known.
func listOf(items []Value, depth, weight int) Value {
	if depth > maxNesting {
		return Value{}
	}
	return Value{kind: KindList, ptr: unsafe.Pointer(&listData{items, depth, weight})}
}

// ListBuilder makes a list item by item. Lists made on the way share its memory
// and cost nothing. The zero value is an empty list.
type ListBuilder struct {
	items         []Value
	depth, weight int
}

// Append adds an item. Lists made before do not change.
func (b *ListBuilder) Append(v Value) {
	b.depth, b.weight = max(b.depth, v.depth()), heavier(b.weight, &v)
	b.items = append(b.items, v)
}

// Len is how many items there are.
func (b *ListBuilder) Len() int { return len(b.items) }

// List returns the list of the items so far, or null when they nest too deep.
func (b *ListBuilder) List() Value {
	return listOf(b.items[:len(b.items):len(b.items)], b.depth+1, b.weight)
}

// weight is how many values v consists of, shared parts counted as often as they
// occur: the work of going through all of it. 64 bytes of text weigh one.
func (v *Value) weight() int {
	switch v.kind {
	case KindString:
		return int(v.aux) / 64
	case KindList:
		return (*listData)(v.ptr).weight
	case KindContext:
		return v.ctx().weight
	case KindRange:
		r := v.rng()
		return r.low.weight() + r.high.weight()
	}
	return 0
}

// maxWeight is where weights stop growing: values may share parts so often that
// no integer could count them.
const maxWeight = 1 << 40

// heavier is the weight with one more item.
func heavier(weight int, item *Value) int { return min(weight+1+item.weight(), maxWeight) }

// depth tells how deep lists and contexts nest in v: 0 for anything else.
func (v *Value) depth() int {
	switch v.kind {
	case KindList:
		return (*listData)(v.ptr).depth
	case KindContext:
		return v.ctx().depth
	}
	return 0
}

type rangeData struct {
	low, high             Value // null: unbounded
	lowClosed, highClosed bool
	op                    string // of a comparison such as (< 5); "" of an interval
	bad                   bool   // an end that was given is null: no value is in it
}

// Range returns the range from low to high. A null end is unbounded, and an
// unbounded end is never closed.
func Range(low Value, lowClosed bool, high Value, highClosed bool) Value {
	return rangeValue(rangeData{low: low, lowClosed: lowClosed && !low.IsNull(), high: high, highClosed: highClosed && !high.IsNull()})
}

func rangeValue(r rangeData) Value {
	return Value{kind: KindRange, ptr: unsafe.Pointer(&r)}
}

// Kind returns the kind of the value.
func (v Value) Kind() Kind { return v.kind }

// IsNull reports whether the value is null.
func (v Value) IsNull() bool { return v.kind == KindNull }

// AsBool returns the boolean, and whether the value is one.
func (v Value) AsBool() (b, ok bool) { return v.a == 1 && v.kind == KindBoolean, v.kind == KindBoolean }

// AsNumber returns the number, and whether the value is one.
func (v Value) AsNumber() (decimal128.Decimal, bool) {
	if v.kind != KindNumber {
		return decimal128.Decimal{}, false
	}
	return v.num(), true
}

func (v Value) num() decimal128.Decimal { return decimalOf([2]uint64{v.a, v.b}) }

// AsInt returns the number as an int64, and whether the value is an integer in
// that range.
func (v Value) AsInt() (int64, bool) {
	if v.kind != KindNumber {
		return 0, false
	}
	return decimalInt(v.num())
}

// AsString returns the string, and whether the value is one.
func (v Value) AsString() (string, bool) {
	if v.kind != KindString {
		return "", false
	}
	return v.str(), true
}

// Items returns the items of a list, nil for any other kind. Do not change them.
func (v Value) Items() []Value {
	if v.kind != KindList {
		return nil
	}
	return (*listData)(v.ptr).items
}

func (v Value) rng() *rangeData { return (*rangeData)(v.ptr) }

// Bounds returns the ends of a range (null: unbounded) and whether they belong
// to it. ok is false when the value is no range.
func (v Value) Bounds() (low Value, lowClosed bool, high Value, highClosed, ok bool) {
	if v.kind != KindRange {
		return
	}
	r := v.rng()
	return r.low, r.lowClosed, r.high, r.highClosed, true
}

// Equal reports whether both values are equal as FEEL's "=" sees it. Values of
// different kinds are never equal; null equals null only.
func (v Value) Equal(o Value) bool { return equal(v, o) == yes }

// AsTime returns the instant of a date (midnight UTC) or a date and time; one
// without a zone is read in loc. ok is false for other kinds, and for years
// that time.Time cannot hold.
func (v Value) AsTime(loc *time.Location) (t time.Time, ok bool) {
	switch v.kind {
	case KindDate:
		y, m, d := v.ymd()
		return time.Date(int(y), time.Month(m), d, 0, 0, 0, 0, time.UTC), true
	case KindDateTime:
		return v.instantIn(loc), true
	}
	return time.Time{}, false
}
