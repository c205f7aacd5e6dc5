package pack

import (
	"encoding/json"
	"reflect"
	"time"

	"passerelle/engine/feel"
	"passerelle/engine/form"
)

// Facts is what a decision is made from.
type Facts struct {
	Application form.Answers               `json:"application"`
	Evidence    map[string]json.RawMessage `json:"evidence"`           // by evidence id, register JSON as is; absent: not fetched
	Applicant   feel.Value                 `json:"applicant"`          // context {id, givenName, familyName, birthDate}, or null
	Missing     []string                   `json:"missing,omitempty"`  // evidence ids that their registers do not have
	Date        time.Time                  `json:"date"`               // the day of submission; its calendar date counts
	Parties     map[string]Contribution    `json:"parties,omitempty"`  // by party id; absent: not asked, or not answered yet
	Calendar    []CalendarFact             `json:"calendar,omitempty"` // nil: the calendar of the installation

	// Reading remembers what has been read of the evidence; nil reads it anew
	// every time.
	Reading *Reading `json:"-"`
}

// Reading keeps the answers and the pieces of evidence as FEEL sees them, so
// that one application whose process asks for them many times reads each once.
// It belongs to one goroutine; answers and evidence must not be changed in
// place. The zero Reading is ready.
type Reading struct {
	pieces map[string]piece

	form    *form.Form
	answers form.Answers
	values  feel.Value // of answers
}

type piece struct {
	raw   json.RawMessage
	value feel.Value
}

// read returns a piece of evidence as FEEL sees it.
func (r *Reading) read(id string, raw json.RawMessage) (feel.Value, error) {
	if r == nil {
		return feel.FromJSON(raw)
	}
	if p, ok := r.pieces[id]; ok && len(p.raw) == len(raw) && &p.raw[0] == &raw[0] {
		return p.value, nil
	}
	v, err := feel.FromJSON(raw)
	if err != nil {
		return v, err
	}
	if r.pieces == nil {
		r.pieces = map[string]piece{}
	}
	r.pieces[id] = piece{raw, v}
	return v, nil
}

// application returns the answers as FEEL sees them.
func (p *Package) application(f Facts) feel.Value {
	r := f.Reading
	if r == nil || f.Application == nil {
		return p.Form.Values(f.Application)
	}
	same := r.form == p.Form && reflect.ValueOf(r.answers).Pointer() == reflect.ValueOf(f.Application).Pointer()
	if !same {
		r.form, r.answers, r.values = p.Form, f.Application, p.Form.Values(f.Application)
	}
	return r.values
}

// Decision is the result of a package's decision on certain facts, and what is
// needed to explain it later. It marshals to JSON and back without loss.
type Decision struct {
	Outcome       Outcome               // granted, refused or judgement
	Amount        string                // euro with two decimals, such as "1817.00"; "" for none
	Reasons       []string              // text keys below "reasons."
	Value         feel.Value            // the main decision's context
	Values        map[string]feel.Value // every decision by name
	Parameters    []ParameterUse        // the legal values the decision rests on
	Rules         map[string][]string   // matched rules of decision tables, by decision
	Calendar      []CalendarFact        // the installation's calendar, if the rules read it
	ReferenceDate time.Time             // midnight UTC
	Package       string                // service/version
	Hash          string                // of the package's content
}

// Outcome is what was decided.
type Outcome string

// The outcomes. Judgement: a person must decide. The last two come from silence
// of the authority, never from a decision model.
const (
	Granted        Outcome = "granted"
	Refused        Outcome = "refused"
	Judgement      Outcome = "judgement"
	TacitGrant     Outcome = "tacitGrant"
	ImpliedRefusal Outcome = "impliedRefusal"
)

// ParameterUse is one legal value as it was in force.
type ParameterUse struct {
	ID     string    `json:"id"`
	From   time.Time `json:"from"`
	Status Status    `json:"status"`
	Legal  string    `json:"legal,omitempty"` // resource/article
}

// EvidenceMeta says where a piece of evidence came from, and the date its
// register stood at.
type EvidenceMeta struct {
	Source string
	AsOf   time.Time
}

// LegalRef is a citation ready to be shown.
type LegalRef struct {
	Resource string // id
	Title    string // official title
	Article  string // such as "art. 2 (1) b)", "" for the whole text
	Date     time.Time
	URL      string
	Status   Status
}

// State is the state of a condition.
type State string

// The states of conditions.
const (
	Met     State = "met"
	Failed  State = "failed"
	Unknown State = "unknown" // not assessed
)

// Explained is a decision told to a person in one language.
type Explained struct {
	Headline   string // outcome, amount, date in one sentence
	Conditions []Condition
	Rows       []Row // the arithmetic, top to bottom
	Result     *Row  // nil: the service has no amount
	Reasons    []string
	Legal      []LegalRef // every citation above, once
}

// Condition is one decisive condition.
type Condition struct {
	ID     string
	Text   string
	State  State
	Source string    // register, "" when it is not from one
	Date   time.Time // the register's date
	Legal  *LegalRef
}

// Row is one line of the arithmetic.
type Row struct {
	ID     string
	Label  string
	Value  string     // formatted in the language, with unit
	Raw    feel.Value // as computed
	Unit   string
	Minus  bool // shown with a minus
	Source RowSource
}

// RowSource says where a row's value comes from; at most one part is set.
type RowSource struct {
	Evidence  string    // evidence id
	Register  string    // the register's id
	Date      time.Time // the register's date
	Parameter string    // parameter id
	Label     string    // text of the parameter or the evidence
	From      time.Time // the parameter is in force since
	Status    Status    // of the parameter
	Legal     *LegalRef
}
