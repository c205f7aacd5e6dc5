package api

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/mail"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"passerelle/engine/form"
	"passerelle/internal/module/cases"
	"passerelle/internal/module/services"
	"passerelle/internal/platform/errs"
	"passerelle/internal/platform/i18n"
	"passerelle/internal/platform/web"
)

// partyOperations are for those whom an application names: what they are asked,
// and their answer.
func (a *API) partyOperations(h huma.API) {
	huma.Register(h, huma.Operation{
		OperationID: "list-invitations", Method: http.MethodGet, Path: base + "/invitations", Tags: []string{tagParties}, Security: signedIn,
		Summary:     "List what one is asked to contribute to the applications of others",
		Description: "What is still open comes first. An invitation without a named person appears here once it was opened.",
		Errors:      []int{http.StatusUnauthorized},
	}, a.listInvitations)
	huma.Register(h, huma.Operation{
		OperationID: "get-invitation", Method: http.MethodGet, Path: base + "/invitations/{code}", Tags: []string{tagParties}, Security: signedIn,
		Summary:     "Read an invitation",
		Description: "Who asks for what by when, all that the party sees of the application, and the JSON Schema of the answers.",
		Errors:      []int{http.StatusUnauthorized, http.StatusForbidden, http.StatusNotFound},
	}, a.getInvitation)
	huma.Register(h, huma.Operation{
		OperationID: "answer-invitation", Method: http.MethodPost, Path: base + "/invitations/{code}/answer", Tags: []string{tagParties}, Security: signedIn,
		Summary:       "Give one's part",
		Description:   "The same answers again get the same receipt. A part with files is given on the pages.",
		DefaultStatus: http.StatusCreated,
		Errors:        []int{http.StatusUnauthorized, http.StatusForbidden, http.StatusNotFound, http.StatusGone},
	}, a.answerInvitation)
	huma.Register(h, huma.Operation{
		OperationID: "decline-invitation", Method: http.MethodPost, Path: base + "/invitations/{code}/decline", Tags: []string{tagParties}, Security: signedIn,
		Summary:       "Say that an invitation does not concern one",
		DefaultStatus: http.StatusOK,
		Errors:        []int{http.StatusUnauthorized, http.StatusForbidden, http.StatusNotFound, http.StatusGone},
	}, a.declineInvitation)
	huma.Register(h, huma.Operation{
		OperationID: "readdress-invitation", Method: http.MethodPost, Path: base + "/cases/{id}/invitations/{invitation}/address", Tags: []string{tagCases}, Security: signedIn,
		Summary: "Send the link of a party again, to another address",
		Description: "For the applicant. A new link is made and the old one no longer works, also when somebody has taken it who was not meant. Where only one person may answer and has taken it, the link stays, and they are reminded. " +
			"The answer is where the case stands then.",
		DefaultStatus: http.StatusOK,
		Errors:        []int{http.StatusUnauthorized, http.StatusNotFound, http.StatusGone, http.StatusTooManyRequests},
	}, a.readdress)
}

// Asked is an invitation before the applicant.
type Asked struct {
	ID       string                 `json:"id" doc:"Identifier of the invitation within the case"`
	Party    string                 `json:"party" doc:"Identifier of the party in the service"`
	Name     string                 `json:"name,omitempty" doc:"As the application names the party"`
	Email    string                 `json:"email,omitempty" doc:"Where the link goes; absent: the applicant passes it on"`
	Language i18n.Lang              `json:"language" enum:"fr,de,lb,en,pt" doc:"In which the party is written to"`
	Status   cases.InvitationStatus `json:"status" enum:"open,taken,answered,declined,ended" doc:"taken: somebody signed in with the link and may answer; ended: the time is over"`
	AskedAt  string                 `json:"askedAt" format:"date-time"`
	DueAt    string                 `json:"dueAt" format:"date-time"`
	EndedAt  string                 `json:"endedAt,omitempty" format:"date-time"`
	Link     string                 `json:"link,omitempty" format:"uri" doc:"To pass on; absent once somebody has taken it"`
}

func (a *API) asked(d *cases.Dossier, i cases.Invitation) Asked {
	out := Asked{ID: strings.TrimPrefix(i.Task, d.ID+"/"), Party: i.Party, Name: i.Name, Email: i.Email, Language: i.Lang, Status: i.Status,
		AskedAt: instant(i.AskedAt), DueAt: instant(i.DueAt), EndedAt: instant(i.EndedAt)}
	if i.Status == cases.InvitationOpen {
		out.Link = a.Cases.Link(i)
	}
	return out
}

type readdressInput struct {
	ID         string `path:"id" maxLength:"64" doc:"Identifier of the case"`
	Invitation string `path:"invitation" maxLength:"200" doc:"Identifier of the invitation, as the case shows it"`
	Body       struct {
		Email    string    `json:"email" format:"email" maxLength:"254" doc:"Where the link goes"`
		Language i18n.Lang `json:"language,omitempty" enum:"fr,de,lb,en,pt" doc:"In which the party is written to from now on; absent: as before"`
	}
}

func (a *API) readdress(ctx context.Context, in *readdressInput) (*caseOutput, error) {
	person, err := who(ctx)
	if err != nil {
		return nil, err
	}
	if to, err := mail.ParseAddress(in.Body.Email); err != nil || to.Address != in.Body.Email {
		l := i18n.FromContext(ctx)
		return nil, malformed(web.Field{Field: "email", Code: "shape", Message: l.T("api.shape", "field", "email")})
	}
	if err := a.Cases.Readdress(ctx, person, in.ID, in.ID+"/"+in.Invitation, in.Body.Email, in.Body.Language); err != nil {
		return nil, err
	}
	return a.open(ctx, person, in.ID)
}

// Invitation is what somebody is asked to contribute.
type Invitation struct {
	Code      string                 `json:"code" doc:"The code of the link"`
	Party     string                 `json:"party" doc:"Identifier of the party in the service"`
	Title     string                 `json:"title" doc:"What is asked"`
	Service   string                 `json:"service"`
	Number    string                 `json:"number" doc:"Number of the case, for people"`
	Applicant string                 `json:"applicant"`
	Authority Party                  `json:"authority"`
	Status    cases.InvitationStatus `json:"status" enum:"open,taken,answered,declined,ended"`
	AskedAt   string                 `json:"askedAt" format:"date-time"`
	DueAt     string                 `json:"dueAt" format:"date-time"`
	Counted   []string               `json:"counted,omitempty" doc:"What the time to answer was counted from, what moved it, and the law: sentences in the language asked for; absent when it is over"`
	Silence   string                 `json:"silence" doc:"What follows without an answer"`
	Shows     []Line                 `json:"shows" doc:"All that the party sees of the application"`
	Schema    json.RawMessage        `json:"schema,omitempty" doc:"JSON Schema of the answers"`
}

// Line is a label and its value, in words.
type Line struct {
	Label string `json:"label"`
	Value string `json:"value"`
}

func (a *API) tellInvitation(l *i18n.Locale, x *cases.Invited, schema bool) Invitation {
	party := x.Package.Party(x.Party)
	out := Invitation{Code: x.Code, Party: x.Party, Title: x.Package.T(l.Lang(), "party."+x.Party+".title"), Service: x.Package.ID, Number: x.Number,
		Applicant: x.Applicant, Authority: Party{x.Authority, a.Services.Packages.AuthorityName(l.Lang(), x.Authority)}, Status: x.Status,
		AskedAt: instant(x.AskedAt), DueAt: instant(x.DueAt), Silence: x.Package.T(l.Lang(), "party."+x.Party+".silence"), Shows: []Line{}}
	for _, s := range x.Package.Shows(l, party, x.Facts) {
		out.Shows = append(out.Shows, Line(s))
	}
	if x.Deadline != nil {
		out.Counted = x.Deadline.Tell(l, x.Package)
	}
	if schema {
		out.Schema = party.Form.Schema(a.URL + base + "/invitations/" + x.Code)
	}
	return out
}

type listInvitationsOutput struct {
	Body struct {
		Invitations []Invitation `json:"invitations"`
	}
}

// invitationsShown is how many invitations the list has at most.
const invitationsShown = 50

func (a *API) listInvitations(ctx context.Context, _ *struct{}) (*listInvitationsOutput, error) {
	person, err := who(ctx)
	if err != nil {
		return nil, err
	}
	all, err := a.Cases.Invitations(ctx, person, invitationsShown)
	if err != nil {
		return nil, err
	}
	out := &listInvitationsOutput{}
	out.Body.Invitations = []Invitation{}
	for _, x := range all {
		out.Body.Invitations = append(out.Body.Invitations, a.tellInvitation(i18n.FromContext(ctx), x, false))
	}
	return out, nil
}

type invitationInput struct {
	Code string `path:"code" maxLength:"64" doc:"The code of the link"`
}

type invitationOutput struct{ Body Invitation }

func (a *API) invited(ctx context.Context, code string) (web.Identity, *cases.Invited, error) {
	person, err := who(ctx)
	if err != nil {
		return person, nil, err
	}
	x, err := a.Cases.Invited(ctx, person, code, base+"/invitations")
	return person, x, err
}

func (a *API) getInvitation(ctx context.Context, in *invitationInput) (*invitationOutput, error) {
	_, x, err := a.invited(ctx, in.Code)
	if err != nil {
		return nil, err
	}
	return &invitationOutput{a.tellInvitation(i18n.FromContext(ctx), x, true)}, nil
}

type answerInvitationInput struct {
	Code string      `path:"code" maxLength:"64" doc:"The code of the link"`
	Body partAnswers `doc:"The answers, as the schema of the invitation describes them"`
}

// partAnswers are answers whose numbers keep their written form.
type partAnswers form.Answers

func (a *partAnswers) UnmarshalJSON(b []byte) error {
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber()
	return d.Decode((*form.Answers)(a))
}

// Schema is any object: which answers there are the invitation says.
func (partAnswers) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{Type: huma.TypeObject, AdditionalProperties: true}
}

type partReceiptOutput struct{ Body PartReceipt }

// PartReceipt proves what a party gave, and when.
type PartReceipt struct {
	Number      string `json:"number" doc:"Number of the case, for people"`
	ReceivedAt  string `json:"receivedAt" format:"date-time"`
	ContentHash string `json:"contentHash" doc:"SHA-256 of the answers as received (canonical JSON), in hex"`
}

func (a *API) answerInvitation(ctx context.Context, in *answerInvitationInput) (*partReceiptOutput, error) {
	person, x, err := a.invited(ctx, in.Code)
	if err != nil {
		return nil, err
	}
	answers, words := form.Answers(in.Body), services.Words{Locale: i18n.FromContext(ctx), Pack: x.Package}
	party := x.Package.Party(x.Party)
	if wrong := claimedFiles(party.Form, answers); len(wrong) > 0 {
		return nil, invalid(words, wrong)
	}
	if x.Status == cases.InvitationOpen {
		if err := a.Cases.Accept(ctx, person, x.Invitation); err != nil {
			return nil, err
		}
	}
	r, err := a.Cases.Contribute(ctx, services.Part{Task: x.Task, Actor: person, Answers: answers})
	var fields cases.InvalidApplication
	if errors.As(err, &fields) {
		return nil, invalid(words, fields.Fields)
	}
	if err != nil {
		return nil, err
	}
	return &partReceiptOutput{PartReceipt{Number: r.Number, ReceivedAt: instant(r.ReceivedAt), ContentHash: r.ContentHash}}, nil
}

type declineInvitationInput struct {
	Code string `path:"code" maxLength:"64" doc:"The code of the link"`
	Body struct {
		Reasons string `json:"reasons" minLength:"10" maxLength:"10000" doc:"Why it does not concern one"`
	}
}

func (a *API) declineInvitation(ctx context.Context, in *declineInvitationInput) (*invitationOutput, error) {
	person, x, err := a.invited(ctx, in.Code)
	if err != nil {
		return nil, err
	}
	if !x.Open() {
		return nil, errs.New(errs.Gone, "cases.party.over")
	}
	if err := a.Cases.Decline(ctx, person, x.Invitation, in.Body.Reasons); err != nil {
		return nil, err
	}
	_, x, err = a.invited(ctx, in.Code)
	if err != nil {
		return nil, err
	}
	return &invitationOutput{a.tellInvitation(i18n.FromContext(ctx), x, false)}, nil
}
