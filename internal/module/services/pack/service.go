package pack

import (
	"time"
)

// Status says how sure a figure is.
type Status string

// The statuses of figures; only verified needs no mark where it is shown.
const (
	Verified   Status = "verified"
	Derived    Status = "derived" // computed from verified figures
	Unverified Status = "unverified"
	NotFound   Status = "not-found"
	NoValue    Status = "none" // parameters: the law had no such value in that period
)

// Service is service.yaml: the description of the service (CPSV-AP).
type Service struct {
	ID            string          `yaml:"service"`
	Version       string          `yaml:"version"`
	Prefix        string          `yaml:"prefix"` // of case numbers
	Authority     string          `yaml:"authority"`
	Audience      []string        `yaml:"audience"` // citizen, business
	LifeEvents    []string        `yaml:"lifeEvents"`
	InForce       Period          `yaml:"inForce"` // when this version takes applications
	Apply         Apply           `yaml:"apply"`
	ReferenceDate string          `yaml:"referenceDate"` // FEEL; "" is the day of submission
	Fee           *Fee            `yaml:"fee"`           // nil: free
	Time          *DeclaredTime   `yaml:"time"`          // nil: nothing declared
	PaperBaseline *PaperBaseline  `yaml:"paperBaseline"`
	LastChecked   time.Time       `yaml:"lastChecked"`
	Offline       Offline         `yaml:"offline"`
	Legal         []LegalResource `yaml:"legal"`
	Delegable     []string        `yaml:"delegable"` // pages of the form that the applicant may give to somebody else
	Evidence      []EvidenceSpec  `yaml:"evidence"`
	Parties       []PartySpec     `yaml:"parties"` // who else has a part in the procedure
	Outputs       []Output        `yaml:"outputs"`
	Decision      DecisionRef     `yaml:"decision"`
	Deadlines     Deadlines       `yaml:"deadlines"`
	Verify        *Verify         `yaml:"verify"` // nil: no public verification
}

// Takes reports whether the version takes applications on the day of t: it is
// in force, and the yearly closing day has not passed.
func (s *Service) Takes(t time.Time) bool {
	return s.InForce.Contains(t) && (s.Apply.Until == "" || t.Format("01-02") <= s.Apply.Until)
}

// Period is a span of days; both ends belong to it. A zero To is open.
type Period struct {
	From time.Time `yaml:"from"`
	To   time.Time `yaml:"to"`
}

// Contains reports whether the day of t (its calendar date as it stands in t)
// lies in the period.
func (p Period) Contains(t time.Time) bool {
	d := day(t)
	return !d.Before(p.From) && (p.To.IsZero() || !d.After(p.To))
}

// day returns midnight UTC of t's calendar date.
func day(t time.Time) time.Time {
	y, m, d := t.Date()
	return time.Date(y, m, d, 0, 0, 0, 0, time.UTC)
}

// Apply limits when in a year one can apply.
type Apply struct {
	Until string `yaml:"until"` // "12-31": yearly closing day, "" for none
}

// Fee is what the service costs.
type Fee struct {
	Amount   string `yaml:"amount"` // "50.00"
	Currency string `yaml:"currency"`
	Status   Status `yaml:"status"`
	Legal    string `yaml:"legal"`
}

// Span is a length of time as laws state it.
type Span struct {
	Months int `yaml:"months"`
	Days   int `yaml:"days"`
}

// IsZero reports whether the span has no length.
func (s Span) IsZero() bool { return s == Span{} }

// AddTo returns the day that lies the span after t. A month that lacks the day
// ends on its last: one month after 31 January is 28 (29) February.
func (s Span) AddTo(t time.Time) time.Time {
	y, m, d := t.Date()
	last := time.Date(y, m+time.Month(s.Months)+1, 0, 0, 0, 0, 0, t.Location()).Day()
	if s.Months != 0 && d > last {
		d = last
	}
	h, mi, se := t.Clock()
	return time.Date(y, m+time.Month(s.Months), d+s.Days, h, mi, se, t.Nanosecond(), t.Location())
}

// DeclaredTime is how long the authority says it takes.
type DeclaredTime struct {
	Declared Span   `yaml:"declared"`
	Status   Status `yaml:"status"`
	Source   string `yaml:"source"`
}

// PaperBaseline is how long the same errand takes on paper; without minutes the
// figure was not found.
type PaperBaseline struct {
	Minutes int    `yaml:"minutes"`
	Status  Status `yaml:"status"`
	Source  string `yaml:"source"`
}

// Offline says how to apply without the internet: paper, office or none.
type Offline struct {
	Kind string `yaml:"kind"`
}

// LegalResource is a text of law the service rests on.
type LegalResource struct {
	ID       string            `yaml:"id"`
	Title    map[string]string `yaml:"title"` // by language; the official title in its language
	Date     time.Time         `yaml:"date"`  // zero: not found
	URL      string            `yaml:"url"`
	Status   Status            `yaml:"status"`
	Note     string            `yaml:"note"`
	Articles map[string]string `yaml:"articles"` // id → how the article is cited
}

// EvidenceSpec is a piece of evidence the service needs.
type EvidenceSpec struct {
	ID        string            `yaml:"id"`
	Type      string            `yaml:"type"`    // exchange evidence type
	Subject   string            `yaml:"subject"` // FEEL: an id, or a list of ids
	Params    map[string]string `yaml:"params"`
	By        string            `yaml:"by"` // state or applicant
	Legal     string            `yaml:"legal"`
	OnMissing string            `yaml:"onMissing"` // refuse-application, judgement or null
}

// Output is what the service gives: payment, certificate or permit.
type Output struct {
	ID     string      `yaml:"id"`
	Type   string      `yaml:"type"`
	States []StateSpec `yaml:"states"` // of certificates and permits: what the public page shows
}

// StateSpec is one line that a certificate states.
type StateSpec struct {
	ID    string `yaml:"id"`
	Value string `yaml:"value"` // FEEL
}

// DecisionRef names the decision in decision.dmn.
type DecisionRef struct {
	Name string `yaml:"name"`
}

// Deadlines are the legal periods of the procedure.
type Deadlines struct {
	Decide     Span    `yaml:"decide"`     // the legal clock, from completeness
	Extension  Span    `yaml:"extension"`  // once, by the authority with reasons
	Silence    string  `yaml:"silence"`    // refusal, grant or none
	Complete   Span    `yaml:"complete"`   // for the applicant to answer a request for evidence
	Incomplete string  `yaml:"incomplete"` // refusal or decide
	Appeal     *Appeal `yaml:"appeal"`
	Pay        Span    `yaml:"pay"`
	Legal      string  `yaml:"legal"` // where the time to decide comes from; "": the general rule
}

// Appeal is the way to contest a decision. Text keys: appeal.<To>.name, .how.
type Appeal struct {
	Months int    `yaml:"months"`
	Days   int    `yaml:"days"`
	To     string `yaml:"to"`
	Legal  string `yaml:"legal"`
}

// Span returns the length of the appeal period.
func (a Appeal) Span() Span { return Span{Months: a.Months, Days: a.Days} }

// Verify says how long the public verification code of an output is valid.
type Verify struct {
	ValidDays int `yaml:"validDays"`
}
