package feel

import "strings"

// TypeKind tells what a Type describes.
type TypeKind uint8

// The types of FEEL (DMN 1.5, 10.3.2.3). TypeAny is everything, TypeNull is
// null alone.
const (
	TypeAny TypeKind = iota
	TypeNull
	TypeBoolean
	TypeNumber
	TypeString
	TypeDate
	TypeTime
	TypeDateTime
	TypeDaysDuration
	TypeMonthsDuration
	TypeList
	TypeContext
	TypeRange
	TypeFunction

	typeUnknown // a name that no type has: nothing conforms to it
)

// Field is one named entry of a context type.
type Field struct {
	Name string
	Type *Type
}

// Type describes a set of values: a FEEL type, or an item definition with a
// name and allowed values. Build it, then leave it unchanged: expressions keep
// pointers to it. A nil *Type is Any.
type Type struct {
	Kind   TypeKind
	Name   string  // of an item definition, for messages; may be empty
	Elem   *Type   // list: items; range: ends
	Fields []Field // context
	Params []*Type // function
	Result *Type   // function

	// Allowed are unary tests, compiled with CompileUnaryTests, that a value of
	// this type must also pass: the allowed values of an item definition (on
	// the element type when the definition is a collection), or its type
	// constraint (on the list). nil: every value.
	Allowed *Expr
}

// The simple types.
var (
	Any                = &Type{Kind: TypeAny}
	NullType           = &Type{Kind: TypeNull}
	BooleanType        = &Type{Kind: TypeBoolean}
	NumberType         = &Type{Kind: TypeNumber}
	StringType         = &Type{Kind: TypeString}
	DateType           = &Type{Kind: TypeDate}
	TimeType           = &Type{Kind: TypeTime}
	DateTimeType       = &Type{Kind: TypeDateTime}
	DaysDurationType   = &Type{Kind: TypeDaysDuration}
	MonthsDurationType = &Type{Kind: TypeMonthsDuration}
	simpleTypes        = map[string]*Type{
		"Any": Any, "Null": NullType, "boolean": BooleanType, "number": NumberType, "string": StringType,
		"date": DateType, "time": TimeType, "date and time": DateTimeType, "dateTime": DateTimeType,
		"days and time duration": DaysDurationType, "dayTimeDuration": DaysDurationType,
		"years and months duration": MonthsDurationType, "yearMonthDuration": MonthsDurationType,
	}
)

// SimpleType returns the type that FEEL or a DMN typeRef calls name, such as
// "number" or "date and time" (also the DMN 1.1 spellings "dateTime",
// "dayTimeDuration", "yearMonthDuration"); nil when there is none.
func SimpleType(name string) *Type { return simpleTypes[name] }

// ListOf returns the type of lists of elem.
func ListOf(elem *Type) *Type { return &Type{Kind: TypeList, Elem: elem} }

// ContextType returns the type of contexts that have at least these fields.
func ContextType(fields ...Field) *Type { return &Type{Kind: TypeContext, Fields: fields} }

// RangeOf returns the type of ranges whose ends are elem.
func RangeOf(elem *Type) *Type { return &Type{Kind: TypeRange, Elem: elem} }

// FunctionType returns the type of functions.
func FunctionType(result *Type, params ...*Type) *Type {
	return &Type{Kind: TypeFunction, Result: result, Params: params}
}

var typeKindNames = [...]string{"Any", "Null", "boolean", "number", "string", "date", "time", "date and time",
	"days and time duration", "years and months duration", "list", "context", "range", "function", "unknown"}

// String returns the type in FEEL's grammar, such as "list<number>".
func (t *Type) String() string {
	if t == nil {
		return "Any"
	}
	if t.Name != "" {
		return t.Name
	}
	switch t.Kind {
	case TypeList, TypeRange:
		return typeKindNames[t.Kind] + "<" + t.Elem.String() + ">"
	case TypeContext:
		var parts []string
		for _, f := range t.Fields {
			parts = append(parts, f.Name+": "+f.Type.String())
		}
		return "context<" + strings.Join(parts, ", ") + ">"
	case TypeFunction:
		var parts []string
		for _, p := range t.Params {
			parts = append(parts, p.String())
		}
		return "function<" + strings.Join(parts, ", ") + "> -> " + t.Result.String()
	}
	return typeKindNames[t.Kind]
}

// Conforms reports whether v is of type t (DMN 1.5, 10.3.2.9). Null conforms to
// every type.
func (t *Type) Conforms(v Value) bool { return t.conforms(nil, v) }

func (t *Type) conforms(e *env, v Value) bool { return v.IsNull() || t.has(e, v, true) }

// has is Conforms without the exception for null at the top; allowed says
// whether allowed values count. e, if there is one, pays for testing them.
func (t *Type) has(e *env, v Value, allowed bool) bool {
	if t == nil {
		return true
	}
	if allowed && t.Allowed != nil && !t.Allowed.allows(e, v) {
		return false
	}
	switch t.Kind {
	case TypeAny:
		return true
	case TypeNull:
		return v.IsNull()
	case TypeBoolean, TypeNumber, TypeString, TypeDate, TypeTime, TypeDateTime, TypeDaysDuration, TypeMonthsDuration:
		return uint8(v.kind) == uint8(t.Kind)-1
	case TypeList:
		if v.kind != KindList {
			return false
		}
		for _, item := range v.Items() {
			if !item.IsNull() && !t.Elem.has(e, item, allowed) {
				return false
			}
		}
		return true
	case TypeContext:
		if v.kind != KindContext {
			return false
		}
		for _, f := range t.Fields {
			entry, ok := v.Get(f.Name)
			if !ok || !entry.IsNull() && !f.Type.has(e, entry, allowed) {
				return false
			}
		}
		return true
	case TypeRange:
		if v.kind != KindRange {
			return false
		}
		r := v.rng()
		return (r.low.IsNull() || t.Elem.has(e, r.low, allowed)) && (r.high.IsNull() || t.Elem.has(e, r.high, allowed))
	case TypeFunction:
		return v.kind == KindFunction && v.fn().conforms(t)
	}
	return false
}

// assignable reports whether every value of type s is one of type t. Types may
// contain themselves: a pair that is being compared already is taken to fit.
func (s *Type) assignable(t *Type, seen map[[2]*Type]bool) bool {
	if t == nil || t.Kind == TypeAny || s == t || seen[[2]*Type{s, t}] {
		return true
	}
	seen[[2]*Type{s, t}] = true
	if s == nil || s.Kind == TypeAny {
		return false
	}
	if s.Kind == TypeNull {
		return true
	}
	if s.Kind != t.Kind {
		return false
	}
	switch s.Kind {
	case TypeList, TypeRange:
		return s.Elem.assignable(t.Elem, seen)
	case TypeContext:
		for _, f := range t.Fields {
			g := s.field(f.Name)
			if g == nil || !g.Type.assignable(f.Type, seen) {
				return false
			}
		}
	case TypeFunction:
		if len(s.Params) != len(t.Params) {
			return false
		}
		for i := range s.Params {
			if !t.Params[i].assignable(s.Params[i], seen) {
				return false
			}
		}
		return s.Result.assignable(t.Result, seen)
	}
	return true
}

func (t *Type) field(name string) *Field {
	for i := range t.Fields {
		if t.Fields[i].Name == name {
			return &t.Fields[i]
		}
	}
	return nil
}

// Coerce returns v as a value of type t (DMN 1.5, 10.3.2.9.4): v itself when it
// conforms; a value for a list type becomes a list of one; a list of one
// becomes its item; a date becomes the date and time of its midnight UTC. One
// such step is taken, not several; items and entries take their own. Otherwise
// it returns null and false.
func (t *Type) Coerce(v Value) (Value, bool) { return t.coerce(nil, v) }

func (t *Type) coerce(e *env, v Value) (Value, bool) {
	if t == nil || t.conforms(e, v) {
		return v, true
	}
	if t.Kind == TypeDateTime && v.kind == KindDate {
		if d := v.atMidnightUTC(); t.conforms(e, d) {
			return d, true
		}
	}
	if t.Kind == TypeList && v.kind != KindList {
		if l := List(v); t.conforms(e, l) {
			return l, true
		}
	}
	if v.kind == KindList && t.Kind != TypeList {
		if items := v.Items(); len(items) == 1 && t.conforms(e, items[0]) {
			return items[0], true
		}
	}
	if t.Kind == TypeList && v.kind == KindList {
		if l, ok := t.coerceItems(e, v); ok {
			return l, true
		}
	}
	if t.Kind == TypeContext && v.kind == KindContext {
		if c, ok := t.coerceFields(e, v); ok {
			return c, true
		}
	}
	return Value{}, false
}

func (t *Type) coerceItems(e *env, v Value) (Value, bool) {
	items := make([]Value, len(v.Items()))
	for i, item := range v.Items() {
		c, ok := t.Elem.coerce(e, item)
		if !ok {
			return Value{}, false
		}
		items[i] = c
	}
	l := List(items...)
	return l, t.conforms(e, l)
}

func (t *Type) coerceFields(e *env, v Value) (Value, bool) {
	entries := make([]Entry, len(v.Entries()))
	for i, entry := range v.Entries() {
		if f := t.field(entry.Name); f != nil {
			c, ok := f.Type.coerce(e, entry.Value)
			if !ok {
				return Value{}, false
			}
			entry.Value = c
		}
		entries[i] = entry
	}
	c := contextOf(entries)
	return c, t.conforms(e, c)
}

// unknown reports whether the type names something that does not exist.
func (t *Type) unknown() bool {
	found := false
	t.walk(map[*Type]bool{}, func(t *Type) { found = found || t.Kind == typeUnknown })
	return found
}

// walk visits the type and its parts, each once: item definitions may contain
// themselves.
func (t *Type) walk(seen map[*Type]bool, visit func(*Type)) {
	if t == nil || seen[t] {
		return
	}
	seen[t] = true
	visit(t)
	t.Elem.walk(seen, visit)
	t.Result.walk(seen, visit)
	for _, f := range t.Fields {
		f.Type.walk(seen, visit)
	}
	for _, p := range t.Params {
		p.walk(seen, visit)
	}
}
