package api

import (
	"context"
	"encoding/json"

	"passerelle/internal/module/cases"
	"passerelle/internal/module/services/pack"
	"passerelle/internal/platform/errs"
	"passerelle/internal/platform/i18n"
)

// Account is everything the rules computed on the way to a decision.
type Account struct {
	Package    string       `json:"package" doc:"service/version"`
	Hash       string       `json:"hash" doc:"SHA-256 of the package"`
	LawOf      string       `json:"lawOf" format:"date" doc:"The day whose law counts"`
	Steps      []Step       `json:"steps" doc:"In the order of the calculation"`
	Parameters []LegalValue `json:"parameters" doc:"The legal values that the rules name, as they were in force"`
}

// Step is one computed value.
type Step struct {
	Name     string   `json:"name"`
	Value    string   `json:"value" doc:"As a person reads it; empty for a set of values, see raw"`
	Unit     string   `json:"unit,omitempty" doc:"Such as EUR/month"`
	Raw      any      `json:"raw,omitempty"`
	Formula  string   `json:"formula,omitempty" doc:"FEEL"`
	Rules    []Rule   `json:"rules,omitempty" doc:"Of a decision table: the rules that counted"`
	Rounding []string `json:"rounding,omitempty" doc:"The FEEL functions by which the rule rounds"`
}

// Rule is a rule of a decision table.
type Rule struct {
	Number int    `json:"number"`
	Text   string `json:"text,omitempty" doc:"Its conditions, FEEL"`
	Source string `json:"source,omitempty" doc:"Article and source"`
}

// LegalValue is a legal value as it was in force.
type LegalValue struct {
	ID     string      `json:"id"`
	Label  string      `json:"label"`
	Value  string      `json:"value"`
	From   string      `json:"from" format:"date"`
	To     string      `json:"to,omitempty" format:"date" doc:"Absent: still"`
	Status pack.Status `json:"status" enum:"verified,derived,unverified,not-found,none"`
	Source string      `json:"source,omitempty"`
	Legal  *LegalRef   `json:"legal,omitempty"`
}

type accountOutput struct {
	CacheControl    string `header:"Cache-Control"`
	ContentLanguage string `header:"Content-Language"`
	Body            Account
}

// decided opens a case that the rules had a part in.
func (a *API) decided(ctx context.Context, id, route string) (*cases.Dossier, error) {
	person, err := who(ctx)
	if err != nil {
		return nil, err
	}
	d, err := a.Cases.Open(ctx, person, id, base+route, false)
	if err != nil {
		return nil, err
	}
	if d.Issued() == nil || d.File.Proposal == nil {
		return nil, errs.New(errs.NotFound, "api.undecided")
	}
	return d, nil
}

func (a *API) getAccount(ctx context.Context, in *caseInput) (*accountOutput, error) {
	d, err := a.decided(ctx, in.ID, "/cases/{id}/decision/account")
	if err != nil {
		return nil, err
	}
	l, p := i18n.FromContext(ctx), d.File.Proposal
	told := d.Package.Account(l, *p)
	out := Account{Package: p.Package, Hash: p.Hash, LawOf: date(p.ReferenceDate), Steps: []Step{}, Parameters: []LegalValue{}}
	for _, s := range told.Steps {
		step := Step{Name: s.Name, Value: s.Value, Unit: s.Unit, Formula: s.Expr, Rounding: s.Rounds}
		if !s.Raw.IsNull() {
			step.Raw = s.Raw
		}
		for _, r := range s.Rules {
			step.Rules = append(step.Rules, Rule(r))
		}
		out.Steps = append(out.Steps, step)
	}
	for _, x := range told.Parameters {
		out.Parameters = append(out.Parameters, LegalValue{ID: x.ID, Label: x.Label, Value: x.Value, From: date(x.From), To: date(x.To), Status: x.Status, Source: x.Source, Legal: legalRef(x.Legal)})
	}
	return &accountOutput{CacheControl: private, ContentLanguage: string(l.Lang()), Body: out}, nil
}

type receiptOutput struct {
	CacheControl string `header:"Cache-Control"`
	Body         json.RawMessage
}

func (a *API) getReceipt(ctx context.Context, in *caseInput) (*receiptOutput, error) {
	d, err := a.decided(ctx, in.ID, "/cases/{id}/decision/receipt")
	if err != nil {
		return nil, err
	}
	r, err := a.Cases.DecisionReceipt(ctx, d)
	if err != nil {
		return nil, err
	}
	if r == nil {
		return nil, errs.New(errs.NotFound, "api.undecided")
	}
	text, err := r.JSON()
	return &receiptOutput{CacheControl: private, Body: text}, err
}
