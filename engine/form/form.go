package form

import (
	"regexp"
	"time"

	"passerelle/engine/feel"
	"passerelle/engine/form/source"
)

// Problem is a fault in a form file, with its line.
type Problem = source.Problem

// Type is the type of a field; it says how an answer is read and shown.
type Type string

// The types of fields.
const (
	Text           Type = "text"
	Textarea       Type = "textarea"
	Number         Type = "number"
	Integer        Type = "integer"
	Money          Type = "money"
	Date           Type = "date"
	Month          Type = "month"
	YesNo          Type = "yesNo"
	Choice         Type = "choice"  // radios
	Select         Type = "select"  // one of many
	Choices        Type = "choices" // checkboxes
	Email          Type = "email"
	Phone          Type = "phone"
	IBAN           Type = "iban"
	Country        Type = "country" // ISO 3166-1 alpha-2
	NationalID     Type = "nationalId"
	BusinessNumber Type = "businessNumber"
	File           Type = "file"
	Group          Type = "group"       // repeatable rows
	Fact           Type = "fact"        // shown from a register
	Declaration    Type = "declaration" // must be ticked
)

// Form is a parsed form; it is immutable and safe for concurrent use.
type Form struct {
	Pages []*Page

	file   string
	types  Types
	fields map[string]*Field // by id, fields of groups as group.field
	exprs  []Expression
}

// Page is one step of the form.
type Page struct {
	ID     string
	When   *Condition // nil: always
	Fields []*Field
	Line   int
}

// Field is one question.
type Field struct {
	ID    string
	Type  Type
	Group *Field // the group the field belongs to, or nil
	Page  *Page
	Line  int

	When     *Condition // nil: always
	Required *Condition // nil: never; see also AlwaysRequired
	Min, Max *Condition // limits: numbers, dates, months; counts for group and file
	Checks   []Check
	Prefill  *Prefill

	MinLength, MaxLength int            // characters; 0: no limit but the type's own
	Pattern              *regexp.Regexp // matches the whole text
	Decimals             int            // of number: at most so many; -1: any
	Options              []string
	Accept               []string // file: pdf, jpeg, png
	MaxSize              int64    // file: bytes
	Autocomplete         string   // the HTML token
	Width                int      // characters the box shows; 0: full
	Fields               []*Field // of a group
}

// Path returns the field's id, for one in a group "group.field": the key of its
// texts.
func (f *Field) Path() string {
	if f.Group != nil {
		return f.Group.ID + "." + f.ID
	}
	return f.ID
}

// AlwaysRequired reports whether the field is required whatever was answered.
func (f *Field) AlwaysRequired() bool { return f.Required != nil && f.Required.always }

// Editable reports whether the applicant may change a prefilled value. A value
// that the register does not have can always be given.
func (f *Field) Editable() bool {
	return f.Type != Fact && (f.Prefill == nil || f.Prefill.Editable)
}

// Condition is a compiled FEEL expression and its text.
type Condition struct {
	Text string
	Line int

	expr     *feel.Expr
	constant bool // reads nothing: value holds its result
	value    feel.Value
	always   bool // the constant true
	never    bool // the constant false
}

// Constant reports whether the condition is written as true or false, and which.
func (c *Condition) Constant() (value, ok bool) { return c.always, c.always || c.never }

// Check is a rule of the package for one answer; That is true when it is fine.
type Check struct {
	ID   string
	That *Condition
}

// Prefill says where a value comes from.
type Prefill struct {
	Evidence string     // id of the evidence shown as the source
	Value    *Condition // FEEL
	Editable bool
}

// Expression is one FEEL text of the form with its place, for checks by those
// who know what evidence and parameters exist.
type Expression struct {
	Text string
	Line int
	Expr *feel.Expr
	What string // such as "pages.income.when"
}

// Expressions returns all FEEL texts of the form in the order of the file.
func (f *Form) Expressions() []Expression { return f.exprs }

// Page returns the page called id, or nil.
func (f *Form) Page(id string) *Page {
	for _, p := range f.Pages {
		if p.ID == id {
			return p
		}
	}
	return nil
}

// Field returns the field at a path as in Field.Path, or nil. Row numbers in
// the path are passed over: members.0.name finds members.name.
func (f *Form) Field(path string) *Field { return f.fields[withoutRows(path)] }

// Answers is the JSON document of what was answered; see the package comment.
type Answers map[string]any

// Env is what conditions can see besides the form itself. Evidence, Parameters
// and Applicant are contexts or null; Date is the reference date.
type Env struct {
	Answers    Answers
	Evidence   feel.Value
	Parameters feel.Value
	Applicant  feel.Value
	Date       time.Time
	More       []feel.Entry // values of the further names given to Parse
}

// Types checks texts whose rules belong to somebody else (a State's numbers).
// A validator returns the canonical text, and whether it is valid. Without a
// validator for its type, the text of nationalId and businessNumber is only
// stripped of spaces.
type Types map[Type]func(text string) (canonical string, ok bool)

// FieldError is one thing wrong with one answer.
type FieldError struct {
	Page  string
	Field string         // path, such as members.0.birthDate
	Code  string         // one of Codes, or "check." and the id of the check
	Args  map[string]any // values for the sentence, such as max
}

// Codes are the codes of FieldError, each with the Args it carries. A shell
// needs a sentence for each of them.
var Codes = map[string][]string{
	"required":       nil,
	"declaration":    nil, // not ticked
	"number":         nil, // the text is no number; and so on for the types
	"integer":        nil,
	"money":          nil,
	"date":           nil,
	"month":          nil,
	"yesNo":          nil,
	"email":          nil,
	"phone":          nil,
	"iban":           nil,
	"country":        nil,
	"nationalId":     nil,
	"businessNumber": nil,
	"option":         nil,          // none of the options
	"decimals":       {"max"},      // more decimals than max
	"min":            {"min"},      // number or money below
	"max":            {"max"},      // number or money above
	"dateMin":        {"min"},      // date (2025-03-09) or month (2025-03) before
	"dateMax":        {"max"},      // after
	"tooShort":       {"min"},      // characters
	"tooLong":        {"max", "n"}, // characters, and how many there are
	"pattern":        nil,
	"rowsMin":        {"min"}, // rows of a group
	"rowsMax":        {"max"},
	"filesMin":       {"min"},
	"filesMax":       {"max"},
	"fileType":       {"name", "accept"}, // accept: list of string
	"fileSize":       {"name", "max"},    // bytes
	"shape":          nil,                // the JSON value is of another kind
	"unknown":        nil,                // the form has no such field
	"contest":        nil,                // contested, but not said what is right
}
