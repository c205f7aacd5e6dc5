package api

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"passerelle/internal/module/cases"
	"passerelle/internal/module/services/pack"
	"passerelle/internal/platform/i18n"
	"passerelle/internal/platform/web"
)

func (a *API) caseOperations(h huma.API) {
	huma.Register(h, huma.Operation{
		OperationID: "list-cases", Method: http.MethodGet, Path: base + "/cases", Tags: []string{tagCases}, Security: signedIn,
		Summary:     "List one's own cases",
		Description: "Newest first. The header Link leads to the next page; without it, this is the last.",
		Errors:      []int{http.StatusUnauthorized},
	}, a.listCases)
	huma.Register(h, huma.Operation{
		OperationID: "get-case", Method: http.MethodGet, Path: base + "/cases/{id}", Tags: []string{tagCases}, Security: signedIn,
		Summary:     "Read where a case stands",
		Description: "What happens next and by when, the legal clock, and what the applicant is asked for. Another person's case does not exist.",
		Errors:      []int{http.StatusUnauthorized, http.StatusNotFound},
	}, a.getCase)
	huma.Register(h, huma.Operation{
		OperationID: "answer-request", Method: http.MethodPost, Path: base + "/cases/{id}/requests/{request}/answer", Tags: []string{tagCases}, Security: signedIn,
		Summary:       "Answer a request for evidence",
		Description:   "A text, files (PDF, JPEG or PNG, by content), or both. The legal clock runs again. The answer is where the case stands then.",
		DefaultStatus: http.StatusOK, MaxBodyBytes: -1, // the platform limits uploads
		Errors: []int{http.StatusUnauthorized, http.StatusNotFound, http.StatusConflict, http.StatusRequestEntityTooLarge},
	}, a.answer)
	huma.Register(h, huma.Operation{
		OperationID: "withdraw-application", Method: http.MethodPost, Path: base + "/cases/{id}/withdrawal", Tags: []string{tagCases}, Security: signedIn,
		Summary:       "Withdraw an undecided application",
		DefaultStatus: http.StatusOK,
		Errors:        []int{http.StatusUnauthorized, http.StatusNotFound, http.StatusConflict},
	}, a.withdraw)
	huma.Register(h, huma.Operation{
		OperationID: "appeal", Method: http.MethodPost, Path: base + "/cases/{id}/appeal", Tags: []string{tagCases}, Security: signedIn,
		Summary:       "Contest a decision before the authority",
		Description:   "Makes a linked case that somebody decides who had no part in the decision. One appeal is possible for a case: a repetition gets the same receipt.",
		DefaultStatus: http.StatusCreated, MaxBodyBytes: -1,
		Errors: []int{http.StatusUnauthorized, http.StatusNotFound, http.StatusConflict, http.StatusGone, http.StatusRequestEntityTooLarge},
	}, a.appeal)
}

// CaseSummary is a case in the list.
type CaseSummary struct {
	ID          string       `json:"id"`
	Number      string       `json:"number"`
	Kind        cases.Kind   `json:"kind" enum:"application,appeal"`
	Service     string       `json:"service"`
	Version     string       `json:"version"`
	Status      cases.Status `json:"status" enum:"received,examined,waiting,asking,decided,closed,withdrawn" doc:"waiting: the applicant's turn; asking: that of somebody whom the application names; examined: the authority's"`
	Outcome     pack.Outcome `json:"outcome,omitempty" enum:"granted,refused,tacitGrant,impliedRefusal" doc:"Absent while undecided"`
	SubmittedAt string       `json:"submittedAt" format:"date-time"`
	DueAt       string       `json:"dueAt,omitempty" format:"date-time" doc:"By when the authority decides; absent while no time runs"`
	DecidedAt   string       `json:"decidedAt,omitempty" format:"date-time"`
	Href        string       `json:"href" format:"uri"`
}

// CaseList is one page of cases.
type CaseList struct {
	Cases []CaseSummary `json:"cases"`
}

type listCasesInput struct {
	After string `query:"after" maxLength:"64" doc:"Identifier of the last case of the page before"`
	Limit int    `query:"limit" minimum:"1" maximum:"100" default:"20" doc:"Cases per page"`
}

type listCasesOutput struct {
	CacheControl string `header:"Cache-Control"`
	Link         string `header:"Link" doc:"The next page (RFC 8288)"`
	Body         CaseList
}

const private = "no-store"

func (a *API) listCases(ctx context.Context, in *listCasesInput) (*listCasesOutput, error) {
	person, err := who(ctx)
	if err != nil {
		return nil, err
	}
	rows, err := a.Cases.Mine(ctx, person, in.After, in.Limit+1)
	if err != nil {
		return nil, err
	}
	out := &listCasesOutput{CacheControl: private, Body: CaseList{Cases: []CaseSummary{}}}
	if len(rows) > in.Limit {
		rows = rows[:in.Limit]
		q := url.Values{"after": {rows[in.Limit-1].ID}, "limit": {strconv.Itoa(in.Limit)}}
		out.Link = "<" + a.URL + base + "/cases?" + q.Encode() + `>; rel="next"`
	}
	for _, r := range rows {
		out.Body.Cases = append(out.Body.Cases, a.summary(r))
	}
	return out, nil
}

func (a *API) summary(r cases.Row) CaseSummary {
	return CaseSummary{ID: r.ID, Number: r.Number, Kind: r.Kind, Service: r.Service, Version: r.Version, Status: r.Status, Outcome: r.Outcome,
		SubmittedAt: instant(r.SubmittedAt), DueAt: instant(r.DueAt), DecidedAt: instant(r.DecidedAt), Href: a.URL + casePath(r.ID)}
}

// Case is where a case stands.
type Case struct {
	CaseSummary
	Authority    Party         `json:"authority"`
	ContentHash  string        `json:"contentHash" doc:"SHA-256 of the application as received, in hex"`
	Next         Next          `json:"next" doc:"What happens next"`
	Clock        Clock         `json:"legalClock" doc:"The authority's time for a decision"`
	Deadlines    []Deadline    `json:"deadlines" doc:"Every time limit that runs or stands still, with the rule it comes from"`
	Tasks        []Task        `json:"tasks" doc:"What the applicant has to do"`
	Invitations  []Asked       `json:"invitations" doc:"Whom the application names and who has a part to give, or gave it"`
	Requests     []Request     `json:"requests" doc:"Requests for evidence, open and past"`
	Documents    []Document    `json:"documents"`
	Certificates []Certificate `json:"certificates" doc:"Certificates and permits that were issued"`
	Contests     string        `json:"contests,omitempty" doc:"Appeal: identifier of the contested case"`
	Appeals      []CaseSummary `json:"appeals" doc:"Appeals against this case"`
	Decision     string        `json:"decision,omitempty" format:"uri" doc:"Address of the decision; absent while undecided"`
}

// Party is an authority in the language asked for.
type Party struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

// Next says who acts, what is to be done, and by when.
type Next struct {
	Who  string `json:"who" enum:"applicant,party,authority,nobody"`
	What string `json:"what" enum:"answer,pay,contribute,facts,decide,overdue,carry-out,appeal,nothing" doc:"contribute: somebody whom the application names has a part to give; facts: fetched from registers; carry-out: a decision is put into effect; appeal: it can still be contested"`
	By   string `json:"by,omitempty" format:"date-time"`
	Text string `json:"text" doc:"The same in words, in the language asked for"`
}

// Clock is the legal clock.
type Clock struct {
	Limit     string  `json:"limit,omitempty" example:"P3M" doc:"The authority's time; absent: the service has no limit"`
	Extended  string  `json:"extended,omitempty" doc:"By which it was prolonged"`
	StartedAt string  `json:"startedAt,omitempty" format:"date-time" doc:"When the file was complete"`
	PausedAt  string  `json:"pausedAt,omitempty" format:"date-time" doc:"Since when it stands still"`
	Pauses    []Pause `json:"pauses" doc:"When it stood still before"`
	Deadline  string  `json:"deadline,omitempty" format:"date-time" doc:"Absent while it stands still and when it has ended"`
	EndedAt   string  `json:"endedAt,omitempty" format:"date-time"`
	End       string  `json:"end,omitempty" enum:"decided,tacit-grant,implied-refusal,withdrawn"`
	Silence   string  `json:"silence,omitempty" enum:"refusal,grant,none" doc:"What the authority's silence means at the deadline"`
}

// Deadline is a time limit and how it was counted.
type Deadline struct {
	For   cases.DeadlineOf `json:"for" enum:"decision,answer,fee,appeal,timer" doc:"timer: a date for which the process waits"`
	Title string           `json:"title" doc:"In the language asked for"`
	Until string           `json:"until,omitempty" format:"date-time" doc:"Absent while it stands still"`
	Told  []string         `json:"told" doc:"What it was counted from, what moved it, and the law: sentences in the language asked for"`
}

// Pause is a time in which the clock stood still.
type Pause struct {
	From string `json:"from" format:"date-time"`
	To   string `json:"to" format:"date-time"`
}

// Task is something the applicant has to do.
type Task struct {
	ID    string         `json:"id"`
	Kind  cases.TaskKind `json:"kind" enum:"pay"`
	DueAt string         `json:"dueAt,omitempty" format:"date-time"`
	Page  string         `json:"page" format:"uri" doc:"Where a person does it"`
}

// Request is a request for evidence.
type Request struct {
	ID         string              `json:"id"`
	Text       string              `json:"text"`
	AskedAt    string              `json:"askedAt" format:"date-time"`
	DueAt      string              `json:"dueAt,omitempty" format:"date-time"`
	Status     cases.RequestStatus `json:"status" enum:"open,answered,lapsed,ended"`
	AnsweredAt string              `json:"answeredAt,omitempty" format:"date-time"`
	Answer     string              `json:"answer,omitempty"`
}

// Document is a file in the case.
type Document struct {
	ID        string `json:"id"`
	Name      string `json:"name"`
	MediaType string `json:"mediaType"`
	Size      int64  `json:"size"`
	Hash      string `json:"hash" doc:"SHA-256, in hex"`
	AddedAt   string `json:"addedAt" format:"date-time"`
}

// Certificate is an issued document that anybody can verify.
type Certificate struct {
	Code       string `json:"code"`
	Output     string `json:"output"`
	Title      string `json:"title"`
	IssuedAt   string `json:"issuedAt" format:"date-time"`
	ValidUntil string `json:"validUntil,omitempty" format:"date-time" doc:"Absent: no end"`
	RevokedAt  string `json:"revokedAt,omitempty" format:"date-time" doc:"Present: the document does not hold any more, as when an appeal opened the case again"`
	Verify     string `json:"verify" format:"uri"`
}

type caseInput struct {
	ID string `path:"id" maxLength:"64" doc:"Identifier of the case"`
}

type caseOutput struct {
	CacheControl string `header:"Cache-Control"`
	Body         Case
}

func (a *API) getCase(ctx context.Context, in *caseInput) (*caseOutput, error) {
	person, err := who(ctx)
	if err != nil {
		return nil, err
	}
	return a.open(ctx, person, in.ID)
}

func (a *API) open(ctx context.Context, person web.Identity, id string) (*caseOutput, error) {
	d, err := a.Cases.Open(ctx, person, id, base+"/cases/{id}", false)
	if err != nil {
		return nil, err
	}
	return &caseOutput{CacheControl: private, Body: a.show(i18n.FromContext(ctx), d)}, nil
}

func (a *API) show(l *i18n.Locale, d *cases.Dossier) Case {
	deadline, _ := d.File.Clock.Deadline()
	c := Case{
		CaseSummary: a.summary(cases.Row{ID: d.ID, Number: d.Number, Kind: d.Kind, Service: d.Service, Version: d.Version, Status: d.Status,
			Outcome: d.Outcome, SubmittedAt: d.SubmittedAt, DueAt: deadline, DecidedAt: d.DecidedAt}),
		Authority:   Party{d.Authority, a.Services.Packages.AuthorityName(l.Lang(), d.Authority)},
		ContentHash: d.ContentHash, Contests: d.Case.Linked, Next: next(l, d, a.Cases.Clock.Now()), Clock: clockOf(d.File.Clock),
		Deadlines: []Deadline{}, Tasks: []Task{}, Invitations: []Asked{}, Requests: []Request{}, Documents: []Document{}, Certificates: []Certificate{}, Appeals: []CaseSummary{},
	}
	if d.Issued() != nil {
		c.Decision = a.URL + casePath(d.ID) + "/decision"
	}
	step := func(element string) string {
		if d.Kind == cases.Appeal || !d.Package.Has("process."+element) {
			return ""
		}
		return d.Package.T(l.Lang(), "process."+element)
	}
	for _, x := range d.Deadlines(a.Cases.Clock.Now()) {
		c.Deadlines = append(c.Deadlines, Deadline{For: x.Of, Title: x.Title(l, step), Until: instant(x.Until), Told: x.Tell(l, d.Package)})
	}
	for _, t := range d.Tasks {
		if t.Role == applicantRole && t.Status == cases.TaskOpen {
			c.Tasks = append(c.Tasks, Task{ID: t.ID, Kind: t.Kind, DueAt: instant(t.DueAt), Page: a.URL + "/cases/" + d.ID})
		}
	}
	for _, i := range d.Invitations {
		c.Invitations = append(c.Invitations, a.asked(d, i))
	}
	for _, r := range d.Requests {
		c.Requests = append(c.Requests, Request{ID: r.ID, Text: r.Text, AskedAt: instant(r.AskedAt), DueAt: instant(r.DueAt), Status: r.Status,
			AnsweredAt: instant(r.AnsweredAt), Answer: r.Answer})
	}
	for _, f := range d.Documents {
		c.Documents = append(c.Documents, Document{ID: f.ID, Name: f.Name, MediaType: f.MediaType, Size: f.Size, Hash: f.Hash, AddedAt: instant(f.AddedAt)})
	}
	for _, x := range d.Certificates {
		c.Certificates = append(c.Certificates, Certificate{Code: x.Code, Output: x.Output, Title: d.Package.T(l.Lang(), "outputs."+x.Output),
			IssuedAt: instant(x.IssuedAt), ValidUntil: instant(x.ValidUntil), RevokedAt: instant(x.RevokedAt), Verify: a.URL + base + "/verifications/" + x.Code})
	}
	for _, r := range d.Linked {
		c.Appeals = append(c.Appeals, a.summary(r))
	}
	return c
}

// applicantRole is the role of tasks that the applicant does.
const applicantRole = "applicant"

func clockOf(k cases.LegalClock) Clock {
	c := Clock{Limit: duration(k.Limit), Extended: duration(k.Extended), StartedAt: instant(k.Complete), PausedAt: instant(k.Paused),
		Pauses: []Pause{}, EndedAt: instant(k.Stopped), End: string(k.End), Silence: k.Silence}
	for _, p := range k.Pauses {
		c.Pauses = append(c.Pauses, Pause{instant(p.From), instant(p.To)})
	}
	if t, ok := k.Deadline(); ok {
		c.Deadline = instant(t)
	}
	return c
}

// next says what happens next in a case as of now.
func next(l *i18n.Locale, d *cases.Dossier, now time.Time) Next {
	say := func(who, what string, by time.Time) Next {
		key := "api.next." + strings.ReplaceAll(what, "-", "")
		if by.IsZero() {
			return Next{Who: who, What: what, Text: l.T(key + ".text")}
		}
		return Next{Who: who, What: what, By: instant(by), Text: l.T(key+".by", "date", l.Date(by))}
	}
	for _, r := range d.Requests {
		if r.Status == cases.RequestOpen {
			return say("applicant", "answer", r.DueAt)
		}
	}
	for _, t := range d.Tasks {
		if t.Role == applicantRole && t.Status == cases.TaskOpen {
			return say("applicant", string(t.Kind), t.DueAt)
		}
	}
	for _, i := range d.Invitations {
		if i.Open() {
			return say("party", "contribute", i.DueAt)
		}
	}
	deadline, _ := d.File.Clock.Deadline()
	switch {
	case d.Status == cases.Withdrawn:
		return say("nobody", "nothing", time.Time{})
	case d.File.Decision == nil && d.File.Silence != nil && d.Status != cases.Closed:
		return say("authority", "overdue", time.Time{})
	case d.Status == cases.Received:
		return say("authority", "facts", deadline)
	case d.Status == cases.Examined:
		return say("authority", "decide", deadline)
	case d.Status == cases.Decided:
		return say("authority", "carry-out", time.Time{})
	}
	if c := d.Issued(); c != nil && c.Outcome != pack.Granted && c.Outcome != pack.TacitGrant && c.Appeal.Open(now) {
		return say("applicant", "appeal", c.Appeal.Until)
	}
	return say("nobody", "nothing", time.Time{})
}

type answerInput struct {
	ID      string `path:"id" maxLength:"64" doc:"Identifier of the case"`
	Request string `path:"request" maxLength:"64" doc:"Identifier of the request for evidence"`
	RawBody huma.MultipartFormFiles[struct {
		Text  string          `form:"text" required:"false" doc:"The answer in words"`
		Files []huma.FormFile `form:"files" required:"false" doc:"Files: PDF, JPEG or PNG"`
	}]
}

// What files an answer may carry. A request is in words, so there is no field
// that says.
var answerKinds = []string{"pdf", "jpeg", "png"}

const (
	answerMaxSize  = 20 << 20
	answerMaxFiles = 20
)

var fileProblems = map[string]string{"fileSize": "api.fileSize", "fileType": "api.fileType"}

func (a *API) answer(ctx context.Context, in *answerInput) (*caseOutput, error) {
	if in.RawBody.Form != nil {
		defer func() { _ = in.RawBody.Form.RemoveAll() }()
	}
	person, err := who(ctx)
	if err != nil {
		return nil, err
	}
	// First the right to, then the work.
	if _, err := a.Cases.Find(ctx, person, in.ID, base+"/cases/{id}/requests/{request}/answer"); err != nil {
		return nil, err
	}
	var kept []cases.Document
	var wrong web.Fields
	l := i18n.FromContext(ctx)
	headers := in.RawBody.Form.File["files"]
	if len(headers) > answerMaxFiles {
		return nil, malformed(web.Field{Field: "files", Code: "filesMax", Message: l.T("api.filesMax", "max", answerMaxFiles)})
	}
	for _, h := range headers {
		d, code, err := a.keep(ctx, h, answerKinds, answerMaxSize)
		if err != nil {
			return nil, err
		}
		if code != "" {
			wrong = append(wrong, web.Field{Field: "files", Code: code, Message: l.T(fileProblems[code], "name", d.Name, "max", answerMaxSize>>20)})
			continue
		}
		kept = append(kept, d)
	}
	if wrong != nil {
		return nil, malformed(wrong...)
	}
	if err := a.Cases.Answer(ctx, person, in.ID, in.Request, in.RawBody.Data().Text, kept); err != nil {
		return nil, err
	}
	return a.open(ctx, person, in.ID)
}

func (a *API) withdraw(ctx context.Context, in *caseInput) (*caseOutput, error) {
	person, err := who(ctx)
	if err != nil {
		return nil, err
	}
	if err := a.Cases.Withdraw(ctx, person, in.ID); err != nil {
		return nil, err
	}
	return a.open(ctx, person, in.ID)
}

type appealInput struct {
	ID   string `path:"id" maxLength:"64" doc:"Identifier of the contested case"`
	Body struct {
		Text     string    `json:"text" minLength:"10" maxLength:"10000" doc:"What is contested, and why"`
		Language i18n.Lang `json:"language,omitempty" enum:"fr,de,lb,en,pt" doc:"Language of the answer; that of Accept-Language when absent"`
	}
}

type appealOutput struct {
	Location string `header:"Location" doc:"Address of the appeal's case"`
	Body     Receipt
}

func (a *API) appeal(ctx context.Context, in *appealInput) (*appealOutput, error) {
	person, err := who(ctx)
	if err != nil {
		return nil, err
	}
	lang := in.Body.Language
	if lang == "" {
		lang = i18n.FromContext(ctx).Lang()
	}
	r, err := a.Cases.Appeal(ctx, person, in.ID, in.Body.Text, lang)
	if err != nil {
		return nil, err
	}
	return &appealOutput{Location: casePath(r.Case), Body: a.receipt(r)}, nil
}
