package cases

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"time"

	"passerelle/engine/bpmn"
	"passerelle/engine/feel"
	"passerelle/engine/form"
	"passerelle/internal/module/exchange"
	"passerelle/internal/module/services/pack"
	"passerelle/internal/platform/i18n"
)

// Status is where a case stands, in the words a person needs: whose turn it is.
type Status string

// The statuses of a case.
const (
	Received  Status = "received"  // nobody has to act: facts are being fetched or rules run
	Examined  Status = "examined"  // the authority's turn
	Waiting   Status = "waiting"   // the applicant's turn: evidence or a fee is due
	Asking    Status = "asking"    // the turn of somebody whom the application names
	Decided   Status = "decided"   // decided; something is still to be done (payment)
	Closed    Status = "closed"    // the process has ended
	Withdrawn Status = "withdrawn" // by the applicant
)

// Kind tells an application from an appeal against a decision.
type Kind string

// The kinds of cases.
const (
	Application Kind = "application"
	Appeal      Kind = "appeal"
)

// Case is one application on its way, or decided. It is a value read from the
// store: only Service changes cases.
type Case struct {
	ID, Number                  string
	Kind                        Kind
	Service, Version, Authority string
	Account                     string // who acts
	Person, Name, Email         string // for whom
	Lang                        i18n.Lang
	Idempotency                 string
	Linked                      string // appeal: id of the contested case
	Status                      Status
	Outcome                     pack.Outcome // "" until decided
	SubmittedAt, DecidedAt      time.Time
	ContentHash                 string // hex SHA-256 of the application as submitted
	Application                 form.Answers
	File                        File

	rev, entries int64
	reading      pack.Reading // of the evidence, so that each piece is read once
}

// File is what a case gathers on its way.
type File struct {
	Applicant  Applicant                    `json:"applicant"`
	StartedAt  time.Time                    `json:"startedAt,omitzero"` // when the applicant opened the form
	Helpers    map[string]string            `json:"helpers,omitempty"`  // who answered a page for the applicant, by page
	Evidence   map[string]exchange.Evidence `json:"evidence,omitempty"` // by evidence id of the service
	Missing    []string                     `json:"missing,omitempty"`  // evidence its register does not have
	Clock      LegalClock                   `json:"clock"`
	Process    bpmn.State                   `json:"process"`
	Results    map[string]Result            `json:"results,omitempty"` // of user tasks, by element
	Parties    map[string]pack.Contribution `json:"parties,omitempty"` // what became of the parts of others, by party
	Proposal   *pack.Decision               `json:"proposal,omitempty"`
	Decision   *Decision                    `json:"decision,omitempty"`
	Superseded []Decision                   `json:"superseded,omitempty"` // decisions that a granted appeal has lifted, oldest first
	PaidOut    int64                        `json:"paidOut,omitempty"`    // euro cents ordered so far
	Silence    *Decision                    `json:"silence,omitempty"`    // implied refusal, until somebody decides after all
	Involved   []string                     `json:"involved,omitempty"`   // accounts and identification numbers of parties: they decide nothing here
	Excluded   []string                     `json:"excluded,omitempty"`   // appeal: accounts that took part in the contested decision
	AppealText string                       `json:"appealText,omitempty"` // appeal: what the person contests
	Timers     map[string]Timer             `json:"timers,omitempty"`     // of the process that wait, by their id there
	Spans      map[string]pack.Span         `json:"spans,omitempty"`      // of the time for requests and fees, by request or task
	Vars       map[string]string            `json:"vars,omitempty"`       // variables of the process, as FEEL literals
	Migrations []Migrated                   `json:"migrations,omitempty"` // to other versions of the service, oldest first
	Incident   string                       `json:"incident,omitempty"`   // process step that failed, until it is resumed
}

// Applicant is the signed-in person as the service's rules see them.
type Applicant struct {
	ID         string `json:"id,omitempty"` // national identification number
	GivenName  string `json:"givenName,omitempty"`
	FamilyName string `json:"familyName,omitempty"`
	BirthDate  string `json:"birthDate,omitempty"` // ISO 8601
}

// Value returns the FEEL context "applicant", null for nobody.
func (a Applicant) Value() feel.Value {
	if a.ID == "" {
		return feel.Null()
	}
	birth, _ := feel.ParseTemporal(a.BirthDate) // null when it is not known
	return feel.Context(
		feel.Entry{Name: "id", Value: feel.String(a.ID)},
		feel.Entry{Name: "givenName", Value: feel.String(a.GivenName)},
		feel.Entry{Name: "familyName", Value: feel.String(a.FamilyName)},
		feel.Entry{Name: "birthDate", Value: birth},
	)
}

// Result is what a person answered in a user task.
type Result struct {
	Outcome  pack.Outcome `json:"outcome,omitempty"`  // decide
	Amount   string       `json:"amount,omitempty"`   // decide: euro, "" for the rule's
	Met      *bool        `json:"met,omitempty"`      // judge
	Approved *bool        `json:"approved,omitempty"` // approve
	Paid     bool         `json:"paid,omitempty"`     // pay
	Status   string       `json:"status,omitempty"`   // contribute: pack.Answered or pack.Declined
	Reasons  string       `json:"reasons,omitempty"`  // in the words of the person who decided
	By       string       `json:"by"`                 // account
	Name     string       `json:"name"`               // display name
	At       time.Time    `json:"at"`
}

// Decision is a decision as it was issued.
type Decision struct {
	Outcome    pack.Outcome `json:"outcome"`
	Amount     string       `json:"amount,omitempty"` // euro with two decimals
	Reasons    []string     `json:"reasons,omitempty"`
	Statement  string       `json:"statement,omitempty"` // reasons given by a person
	ByRule     bool         `json:"byRule"`              // the rule decided, or a person followed its proposal
	DecidedBy  string       `json:"decidedBy,omitempty"` // display name; empty: nobody had to judge
	ApprovedBy string       `json:"approvedBy,omitempty"`
	At         time.Time    `json:"at"`
	Appeal     AppealLimit  `json:"appeal,omitzero"`
	Receipt    string       `json:"receipt,omitempty"` // SHA-256 of the receipt, see Service.DecisionReceipt; "": no rule had a part
}

// AppealLimit says to whom a decision can be contested, and until when.
type AppealLimit struct {
	To    string    `json:"to"`    // text key appeal.<to>
	Until time.Time `json:"until"` // the last day, at its end
	Legal string    `json:"legal,omitempty"`
	Span  pack.Span `json:"span,omitzero"` // from which Until was counted
}

// Open reports whether an appeal can still be made at t.
func (l AppealLimit) Open(t time.Time) bool { return !l.Until.IsZero() && !t.After(l.Until) }

// Task is something a person has to do in a case.
type Task struct {
	ID, Case           string
	Element            string
	Kind               TaskKind
	Role, Authority    string // role "applicant": the person the case is about; "party": somebody it names
	Service            string
	Assignee, Assigned string // account and display name; "" is nobody yet
	Status             TaskStatus
	CreatedAt, DueAt   time.Time // DueAt zero: no deadline
	DoneAt             time.Time
	DoneBy             string
}

// TaskKind says what is asked of the person.
type TaskKind string

// The kinds of tasks.
const (
	TaskDecide  TaskKind = "decide"
	TaskJudge   TaskKind = "judge"
	TaskApprove TaskKind = "approve"
	TaskPay     TaskKind = "pay"

	TaskContribute TaskKind = "contribute"
)

// TaskStatus is the state of a task. Waiting tasks are in nobody's queue while
// the applicant answers a request.
type TaskStatus string

// The states of a task.
const (
	TaskOpen      TaskStatus = "open"
	TaskWaiting   TaskStatus = "waiting"
	TaskDone      TaskStatus = "done"
	TaskCancelled TaskStatus = "cancelled"
)

// Entry is one line of a case's timeline.
type Entry struct {
	Seq    int64
	At     time.Time
	Kind   string // locale key cases.entry.<kind>
	Actor  string // account, or "system"
	Name   string // display name of the actor
	Public bool   // the applicant sees it
	Data   map[string]string
}

// Request asks the applicant for evidence; the legal clock stands still until
// it is answered or lapses.
type Request struct {
	ID, Case           string
	AskedBy, AskedName string
	AskedAt, DueAt     time.Time
	Text               string
	AnsweredAt         time.Time
	Answer             string
	Status             RequestStatus
}

// RequestStatus is the state of a request for evidence.
type RequestStatus string

// The states of a request.
const (
	RequestOpen     RequestStatus = "open"
	RequestAnswered RequestStatus = "answered"
	RequestLapsed   RequestStatus = "lapsed"
	RequestEnded    RequestStatus = "ended" // the case ended first
)

// Document is a file in a case; its content lies in the blob store by hash.
type Document struct {
	ID, Case, Request string
	Field             string // the form field it answered, or ""
	Name, MediaType   string
	Size              int64
	Hash              string // hex SHA-256
	AddedBy           string
	AddedAt           time.Time
}

// Message is one item of a person's inbox. Its words are made from Kind and
// the case, so that they follow the reader's language.
type Message struct {
	ID, Account, Case string
	Kind              string // locale key cases.message.<kind>
	At, ReadAt        time.Time
}

// Certificate is a document anybody can verify by its code.
type Certificate struct {
	Code       string
	Case       string
	Output     string // output id of the service
	IssuedAt   time.Time
	ValidUntil time.Time // zero: no end
	RevokedAt  time.Time
	Document   map[string]string // what it states: text key → value
}

// Payment is money in (a fee) or out (an allowance).
type Payment struct {
	ID, Case  string
	Direction string // "in", "out"
	Cents     int64
	Status    string // "ordered", "done", "failed"
	Provider  string
	Reference string
	OrderedAt time.Time
	DoneAt    time.Time
}

// alphabet is Crockford's base 32: no I, L, O or U, so that numbers survive
// being read out.
const alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"

// randomCode returns n characters of alphabet from the system's randomness.
func randomCode(n int) string {
	b := make([]byte, n)
	if _, err := rand.Read(b); err != nil {
		panic(err) // crypto/rand never fails on a supported system
	}
	for i := range b {
		b[i] = alphabet[b[i]&31]
	}
	return string(b)
}

// newNumber makes a case number such as AVC-2025-7K3M-9QXD: 40 random bits and
// no counter, so that nobody can guess a neighbour's and no two submissions
// wait for one another.
func newNumber(prefix string, year int) string {
	c := randomCode(8)
	return fmt.Sprintf("%s-%d-%s-%s", prefix, year, c[:4], c[4:])
}

// newCode makes a verification code of 60 random bits such as 7K3M-9QXD-2TVW.
func newCode() string {
	c := randomCode(12)
	return c[:4] + "-" + c[4:8] + "-" + c[8:]
}

// hashOf returns the application's canonical JSON (sorted keys, no spaces) and
// its hex SHA-256.
func hashOf(a form.Answers) (canonical []byte, hash string, err error) {
	canonical, err = json.Marshal(a) // encoding/json sorts the keys of maps
	if err != nil {
		return nil, "", err
	}
	sum := sha256.Sum256(canonical)
	return canonical, hex.EncodeToString(sum[:]), nil
}
