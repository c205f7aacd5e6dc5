package api

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"passerelle/internal/module/services/pack"
	"passerelle/internal/platform/errs"
	"passerelle/internal/platform/i18n"
)

func (a *API) decisionOperations(h huma.API) {
	huma.Register(h, huma.Operation{
		OperationID: "get-decision", Method: http.MethodGet, Path: base + "/cases/{id}/decision", Tags: []string{tagCases}, Security: signedIn,
		Summary:     "Read a decision and how it came about",
		Description: "Outcome, amount, reasons, each decisive condition and each line of the arithmetic with its source, and how to contest it. 404 while undecided.",
		Errors:      []int{http.StatusUnauthorized, http.StatusNotFound},
	}, a.getDecision)
	huma.Register(h, huma.Operation{
		OperationID: "get-decision-account", Method: http.MethodGet, Path: base + "/cases/{id}/decision/account", Tags: []string{tagCases}, Security: signedIn,
		Summary:     "Read every step that the rules computed",
		Description: "Each value with its formula or the table rules that counted, and each legal value with article, time in force and status. 404 while undecided, or when no rules had a part.",
		Errors:      []int{http.StatusUnauthorized, http.StatusNotFound},
	}, a.getAccount)
	huma.Register(h, huma.Operation{
		OperationID: "get-decision-receipt", Method: http.MethodGet, Path: base + "/cases/{id}/decision/receipt", Tags: []string{tagCases}, Security: signedIn,
		Summary:     "Read the receipt by which the decision can be run again",
		Description: "Facts, rules, engine and result with their SHA-256, as `passerelle decision replay` reads them. It holds personal data. 404 when no rules had a part.",
		Errors:      []int{http.StatusUnauthorized, http.StatusNotFound},
	}, a.getReceipt)
	huma.Register(h, huma.Operation{
		OperationID: "verify", Method: http.MethodGet, Path: base + "/verifications/{code}", Tags: []string{tagVerification},
		Summary:     "Verify a certificate or permit by its code",
		Description: "For anybody who was shown the document. Hyphens, spaces and small letters in the code do not matter.",
		Errors:      []int{http.StatusNotFound},
	}, a.verify)
}

// Decision is a decision as it was issued, and its explanation.
type Decision struct {
	Case        string       `json:"case"`
	Number      string       `json:"number"`
	Outcome     pack.Outcome `json:"outcome" enum:"granted,refused,tacitGrant,impliedRefusal"`
	Amount      string       `json:"amount,omitempty" example:"1817.00" doc:"Euro"`
	DecidedAt   string       `json:"decidedAt" format:"date-time"`
	DecidedBy   string       `json:"decidedBy,omitempty" doc:"The person who decided; absent when a rule or silence did"`
	ApprovedBy  string       `json:"approvedBy,omitempty" doc:"The second person, where the service asks for four eyes"`
	ByRule      bool         `json:"byRule" doc:"The outcome is the rule's"`
	Headline    string       `json:"headline,omitempty" doc:"The decision in one sentence"`
	Reasons     []Reason     `json:"reasons"`
	Statement   string       `json:"statement,omitempty" doc:"Reasons in the words of the person who decided"`
	Conditions  []Condition  `json:"conditions" doc:"The decisive conditions, in order"`
	Rows        []Row        `json:"rows" doc:"The arithmetic, top to bottom"`
	Result      *Row         `json:"result,omitempty" doc:"What the arithmetic comes to"`
	Changes     []string     `json:"changes,omitempty" doc:"What alone would make it another decision, computed, the nearest first; absent where no rule decided"`
	ChangesOpen bool         `json:"changesOpen,omitempty" doc:"True when some change alone would leave the decision to a person"`
	Receipt     string       `json:"receipt,omitempty" doc:"SHA-256 of the decision's receipt"`
	Legal       []LegalRef   `json:"legalBasis"`
	AppealLimit *AppealLimit `json:"appeal,omitempty"`
}

// Reason is one reason of a decision.
type Reason struct {
	Key  string `json:"key" doc:"Stable, for programs"`
	Text string `json:"text"`
}

// Condition is one decisive condition.
type Condition struct {
	ID     string     `json:"id"`
	State  pack.State `json:"state" enum:"met,failed,unknown" doc:"unknown: not assessed"`
	Text   string     `json:"text"`
	Source string     `json:"source,omitempty" doc:"Register the fact comes from"`
	AsOf   string     `json:"asOf,omitempty" format:"date" doc:"Date at which the register stood"`
	Legal  *LegalRef  `json:"legal,omitempty"`
}

// Row is one line of the arithmetic.
type Row struct {
	ID     string     `json:"id,omitempty"`
	Label  string     `json:"label"`
	Value  string     `json:"value" doc:"As a person reads it, with unit"`
	Raw    any        `json:"raw,omitempty" doc:"As it was computed"`
	Unit   string     `json:"unit,omitempty"`
	Minus  bool       `json:"minus,omitempty" doc:"It is subtracted"`
	Source *RowSource `json:"source,omitempty"`
}

// RowSource says where a value comes from.
type RowSource struct {
	Label     string      `json:"label,omitempty"`
	Evidence  string      `json:"evidence,omitempty"`
	Register  string      `json:"register,omitempty"`
	AsOf      string      `json:"asOf,omitempty" format:"date"`
	Parameter string      `json:"parameter,omitempty"`
	InForce   string      `json:"inForceSince,omitempty" format:"date"`
	Status    pack.Status `json:"status,omitempty" doc:"How sure the legal value is"`
	Legal     *LegalRef   `json:"legal,omitempty"`
}

// LegalRef is a citation.
type LegalRef struct {
	Resource string      `json:"resource"`
	Title    string      `json:"title"`
	Article  string      `json:"article,omitempty"`
	Date     string      `json:"date,omitempty" format:"date"`
	URL      string      `json:"url,omitempty"`
	Status   pack.Status `json:"status" enum:"verified,derived,unverified,not-found"`
}

// AppealLimit says to whom a decision can be contested, and until when.
type AppealLimit struct {
	To    string `json:"to"`
	Name  string `json:"name,omitempty"`
	Until string `json:"until" format:"date-time" doc:"The last day, at its end"`
	Open  bool   `json:"open" doc:"It is still possible"`
}

type decisionOutput struct {
	CacheControl    string `header:"Cache-Control"`
	ContentLanguage string `header:"Content-Language"`
	Body            Decision
}

func (a *API) getDecision(ctx context.Context, in *caseInput) (*decisionOutput, error) {
	person, err := who(ctx)
	if err != nil {
		return nil, err
	}
	d, err := a.Cases.Open(ctx, person, in.ID, base+"/cases/{id}/decision", false)
	if err != nil {
		return nil, err
	}
	made := d.Issued()
	if made == nil {
		return nil, errs.New(errs.NotFound, "api.undecided")
	}
	l := i18n.FromContext(ctx)
	out := Decision{Case: d.ID, Number: d.Number, Outcome: made.Outcome, Amount: made.Amount, DecidedAt: instant(made.At), DecidedBy: made.DecidedBy,
		ApprovedBy: made.ApprovedBy, ByRule: made.ByRule, Statement: made.Statement,
		Reasons: []Reason{}, Conditions: []Condition{}, Rows: []Row{}, Legal: []LegalRef{}}
	for _, key := range made.Reasons {
		r := Reason{Key: key, Text: l.T("api.incomplete")}
		if !d.Incomplete() {
			r.Text = d.Package.Reason(l.Lang(), key)
		}
		out.Reasons = append(out.Reasons, r)
	}
	if told, ok := d.Explain(l); ok {
		explain(&out, told)
	}
	out.Changes, out.ChangesOpen, _ = d.Changes(l)
	out.Receipt = made.Receipt
	if limit := made.Appeal; !limit.Until.IsZero() {
		out.AppealLimit = &AppealLimit{To: limit.To, Until: instant(limit.Until), Open: limit.Open(a.Cases.Clock.Now())}
		if key := "appeal." + limit.To + ".name"; d.Package.Has(key) {
			out.AppealLimit.Name = d.Package.T(l.Lang(), key)
		}
	}
	return &decisionOutput{CacheControl: private, ContentLanguage: string(l.Lang()), Body: out}, nil
}

// explain adds how the rules came to their result.
func explain(out *Decision, x pack.Explained) {
	out.Headline = x.Headline
	for _, c := range x.Conditions {
		out.Conditions = append(out.Conditions, Condition{ID: c.ID, State: c.State, Text: c.Text, Source: c.Source, AsOf: date(c.Date), Legal: legalRef(c.Legal)})
	}
	for _, r := range x.Rows {
		out.Rows = append(out.Rows, row(r))
	}
	if x.Result != nil {
		r := row(*x.Result)
		out.Result = &r
	}
	for _, r := range x.Legal {
		out.Legal = append(out.Legal, *legalRef(&r))
	}
}

func row(r pack.Row) Row {
	out := Row{ID: r.ID, Label: r.Label, Value: r.Value, Unit: r.Unit, Minus: r.Minus}
	if !r.Raw.IsNull() {
		out.Raw = r.Raw
	}
	s := r.Source
	src := RowSource{Label: s.Label, Evidence: s.Evidence, Register: s.Register, AsOf: date(s.Date), Parameter: s.Parameter,
		InForce: date(s.From), Status: s.Status, Legal: legalRef(s.Legal)}
	if src != (RowSource{}) {
		out.Source = &src
	}
	return out
}

func legalRef(r *pack.LegalRef) *LegalRef {
	if r == nil {
		return nil
	}
	return &LegalRef{Resource: r.Resource, Title: r.Title, Article: r.Article, Date: date(r.Date), URL: r.URL, Status: r.Status}
}

// Verification is what anybody may know of a document.
type Verification struct {
	Code       string            `json:"code"`
	Status     string            `json:"status" enum:"valid,expired,revoked"`
	Output     string            `json:"output" doc:"What was issued, by its identifier in the service"`
	IssuedAt   string            `json:"issuedAt" format:"date-time"`
	ValidUntil string            `json:"validUntil,omitempty" format:"date-time" doc:"Absent: no end"`
	RevokedAt  string            `json:"revokedAt,omitempty" format:"date-time"`
	States     map[string]string `json:"states" doc:"What the document states"`
}

type verifyInput struct {
	Code string `path:"code" maxLength:"40" doc:"As printed on the document" example:"7K3M-9QXD-2TVW"`
}

type verifyOutput struct {
	CacheControl string `header:"Cache-Control"`
	Body         Verification
}

func (a *API) verify(ctx context.Context, in *verifyInput) (*verifyOutput, error) {
	c, err := a.Cases.Verify(ctx, in.Code)
	if err != nil {
		return nil, err
	}
	v := Verification{Code: c.Code, Status: "valid", Output: c.Output, IssuedAt: instant(c.IssuedAt), ValidUntil: instant(c.ValidUntil),
		RevokedAt: instant(c.RevokedAt), States: c.Document}
	switch {
	case !c.RevokedAt.IsZero():
		v.Status = "revoked"
	case !c.ValidUntil.IsZero() && a.Cases.Clock.Now().After(c.ValidUntil):
		v.Status = "expired"
	}
	return &verifyOutput{private, v}, nil
}
