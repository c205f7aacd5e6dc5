package exchange

import (
	"context"
	"encoding/json"
	"time"

	"passerelle/internal/platform/errs"
)

// The evidence types that are known by name. A directory may route others.
const (
	TypePerson         = "person"          // Person; subject: national identification number
	TypeHousehold      = "household"       // Household; subject: national identification number
	TypeIncome         = "income"          // Income; subject: national identification number; params ParamMonths, ParamUntil
	TypeEmployment     = "employment"      // Employment; subject: national identification number
	TypeBusiness       = "business"        // Business; subject: business number, or a manager's national number
	TypeCriminalRecord = "criminal-record" // CriminalRecord; subject: national identification number; param ParamBulletin
	TypeBankAccount    = "bank-account"    // BankAccount; subject: national identification number
)

// The parameters a request may carry.
const (
	ParamMonths   = "months"   // income: how many months, 1 to 36, default 3
	ParamUntil    = "until"    // income: newest month as "2025-10", default the last the register has
	ParamBulletin = "bulletin" // criminal record: "3" (default), "4" or "5"
)

// A Request asks for evidence of one type about one subject, and says who asks
// and why.
type Request struct {
	Subject    string            `json:"subject"`          // national identification number or business number
	Type       string            `json:"type"`             // one of the Type constants, or another routed type
	Params     map[string]string `json:"params,omitempty"` // see the Param constants
	Case       string            `json:"case,omitempty"`   // the case it is for; empty before there is one
	Purpose    string            `json:"purpose"`          // what the evidence is used for
	LegalBasis string            `json:"legalBasis"`       // the article that allows the reading
	Actor      string            `json:"actor"`            // account, or "system:…" for a process
}

// Evidence is what a register states about a subject on a date.
type Evidence struct {
	Type      string          `json:"type"`
	Subject   string          `json:"subject"`
	Value     json.RawMessage `json:"value"`     // the shape that belongs to Type
	Source    string          `json:"source"`    // register id: "rnpp", "ccss", "rcs", "casier", "acd"
	AsOf      time.Time       `json:"asOf"`      // the date the register stands at
	Reference string          `json:"reference"` // names this answer at the register; the same state gives the same reference
}

// Decode reads the evidence's value into v, a pointer to the shape of its type.
func (e Evidence) Decode(v any) error {
	if err := json.Unmarshal(e.Value, v); err != nil {
		return errs.New(errs.Internal, "").Because("evidence %s from %s: %w", e.Type, e.Source, err)
	}
	return nil
}

// A Source answers requests for evidence. It returns an error of kind
// errs.NotFound when the register knows nothing of the subject and
// errs.Unavailable when it cannot answer now; in the second case the same
// request may be made again later. Implementations are safe for concurrent use.
type Source interface {
	Fetch(ctx context.Context, r Request) (Evidence, error)
}
