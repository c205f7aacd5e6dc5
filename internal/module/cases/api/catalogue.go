package api

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"passerelle/internal/module/services"
	"passerelle/internal/module/services/pack"
	"passerelle/internal/platform/errs"
	"passerelle/internal/platform/i18n"
)

func (a *API) catalogueOperations(h huma.API) {
	huma.Register(h, huma.Operation{
		OperationID: "list-services", Method: http.MethodGet, Path: base + "/services", Tags: []string{tagCatalogue},
		Summary:     "List the services that take applications today",
		Description: "The whole list, by id; with q the best match first. Titles and summaries are in the language asked for.",
	}, a.listServices)
	huma.Register(h, huma.Operation{
		OperationID: "get-service", Method: http.MethodGet, Path: base + "/services/{id}", Tags: []string{tagCatalogue},
		Summary:     "Read everything about a service",
		Description: "Texts are objects with one member for each of the five languages.",
		Errors:      []int{http.StatusNotFound},
	}, a.getService)
	huma.Register(h, huma.Operation{
		OperationID: "get-application-schema", Method: http.MethodGet, Path: base + "/services/{id}/schema", Tags: []string{tagCatalogue},
		Summary:     "Read the JSON Schema of a service's application",
		Description: "JSON Schema 2020-12. What depends on other answers is checked at submission.",
		Errors:      []int{http.StatusNotFound},
		Responses: map[string]*huma.Response{"200": {Description: "The schema",
			Content: map[string]*huma.MediaType{schemaType: {Schema: &huma.Schema{Type: huma.TypeObject}}}}},
	}, a.getSchema)
}

const schemaType = "application/schema+json"

// Texts is one text in each language.
type Texts map[i18n.Lang]string

// Lists is one list of texts in each language.
type Lists map[i18n.Lang][]string

type listServicesInput struct {
	LifeEvent string `query:"lifeEvent" maxLength:"100" doc:"Only services for this life event"`
	Audience  string `query:"audience" enum:"citizen,business" doc:"Only services for these people"`
	Authority string `query:"authority" maxLength:"100" doc:"Only services of this authority"`
	Q         string `query:"q" maxLength:"200" doc:"Words to search for, in the language asked for"`
}

// ServiceSummary is a service in the list.
type ServiceSummary struct {
	ID         string   `json:"id"`
	Version    string   `json:"version" doc:"The version in force today"`
	Title      string   `json:"title"`
	Summary    string   `json:"summary"`
	Authority  string   `json:"authority" doc:"Identifier of the competent authority"`
	Audience   []string `json:"audience"`
	LifeEvents []string `json:"lifeEvents"`
	Href       string   `json:"href" doc:"Address of the description"`
}

// ServiceList is the catalogue.
type ServiceList struct {
	Services []ServiceSummary `json:"services"`
}

type listServicesOutput struct {
	ContentLanguage string `header:"Content-Language"`
	Vary            string `header:"Vary"`
	Body            ServiceList
}

func (a *API) listServices(ctx context.Context, in *listServicesInput) (*listServicesOutput, error) {
	lang := i18n.FromContext(ctx).Lang()
	today := a.Services.Today()
	found := a.Services.Packages.Services(today)
	if q := strings.TrimSpace(in.Q); q != "" {
		found = a.Services.Find(q, lang, today)
	}
	out := &listServicesOutput{ContentLanguage: string(lang), Vary: "Accept-Language", Body: ServiceList{Services: []ServiceSummary{}}}
	for _, p := range found {
		s := p.Service
		if in.LifeEvent != "" && !slices.Contains(s.LifeEvents, in.LifeEvent) ||
			in.Audience != "" && !slices.Contains(s.Audience, in.Audience) ||
			in.Authority != "" && s.Authority != in.Authority {
			continue
		}
		out.Body.Services = append(out.Body.Services, ServiceSummary{ID: p.ID, Version: p.Version,
			Title: p.T(lang, "service.title"), Summary: p.T(lang, "service.summary"), Authority: s.Authority,
			Audience: s.Audience, LifeEvents: s.LifeEvents, Href: a.URL + base + "/services/" + p.ID})
	}
	return out, nil
}

type serviceInput struct {
	ID string `path:"id" maxLength:"100" doc:"Identifier of the service"`
}

func (a *API) inForce(id string) (*pack.Package, error) {
	p, ok := a.Services.Packages.InForce(id, a.Services.Today())
	if !ok {
		return nil, errs.New(errs.NotFound, "services.notFound")
	}
	return p, nil
}

type getServiceOutput struct{ Body ServiceDetail }

func (a *API) getService(ctx context.Context, in *serviceInput) (*getServiceOutput, error) {
	p, err := a.inForce(in.ID)
	if err != nil {
		return nil, err
	}
	m, err := a.Services.Measure(ctx, p.ID)
	if err != nil {
		return nil, err
	}
	return &getServiceOutput{a.detail(p, m)}, nil
}

type getSchemaOutput struct {
	ContentType string `header:"Content-Type"`
	Body        []byte
}

func (a *API) getSchema(_ context.Context, in *serviceInput) (*getSchemaOutput, error) {
	p, err := a.inForce(in.ID)
	if err != nil {
		return nil, err
	}
	return &getSchemaOutput{schemaType, p.Form.Schema(a.URL + base + "/services/" + p.ID + "/schema")}, nil
}

// ServiceDetail is everything there is to know about a service.
type ServiceDetail struct {
	ID            string        `json:"id"`
	Version       string        `json:"version" doc:"The version in force today"`
	Title         Texts         `json:"title"`
	Summary       Texts         `json:"summary"`
	Who           Lists         `json:"who" doc:"Who may apply"`
	Gives         Texts         `json:"gives" doc:"What one gets"`
	Steps         Lists         `json:"steps"`
	Authority     Named         `json:"authority"`
	Audience      []string      `json:"audience"`
	LifeEvents    []Named       `json:"lifeEvents"`
	InForce       Period        `json:"inForce" doc:"When this version takes applications"`
	ClosesOn      string        `json:"closesOn,omitempty" doc:"Yearly closing day, month and day" example:"12-31"`
	Fee           *Fee          `json:"fee,omitempty" doc:"Absent: the service is free"`
	Time          *DeclaredTime `json:"time,omitempty" doc:"How long it takes, as the authority says"`
	Measured      *MeasuredTime `json:"measured,omitempty" doc:"How long the last decisions took; absent: there are none yet"`
	PaperMinutes  *PaperMinutes `json:"paperBaseline,omitempty" doc:"How long the same errand takes on paper"`
	LastChecked   string        `json:"lastChecked" format:"date"`
	Offline       Offline       `json:"offline" doc:"How to apply without the internet"`
	Legal         []Legal       `json:"legalResources"`
	Evidence      []Evidence    `json:"evidence"`
	Outputs       []Output      `json:"outputs"`
	Deadlines     Deadlines     `json:"deadlines"`
	Schema        string        `json:"schema" format:"uri" doc:"JSON Schema of the application"`
	Applications  string        `json:"applications" format:"uri" doc:"Where to submit"`
	Page          string        `json:"page" format:"uri"`
	LinkedDataURL string        `json:"linkedData" format:"uri" doc:"CPSV-AP in JSON-LD"`
}

// Named is something with an identifier and a name.
type Named struct {
	ID   string `json:"id"`
	Name Texts  `json:"name"`
}

// Period is a span of days; both ends belong to it.
type Period struct {
	From string `json:"from" format:"date"`
	To   string `json:"to,omitempty" format:"date" doc:"Absent: open"`
}

// Fee is what a service costs.
type Fee struct {
	Amount   string      `json:"amount,omitempty" example:"50.00" doc:"Absent when it was not found"`
	Currency string      `json:"currency" example:"EUR"`
	Status   pack.Status `json:"status" enum:"verified,derived,unverified,not-found" doc:"How sure the figure is"`
	Legal    string      `json:"legal,omitempty" doc:"Legal resource, with the article after a slash"`
}

// DeclaredTime is a time that the authority states.
type DeclaredTime struct {
	Duration string      `json:"duration,omitempty" example:"P3M" doc:"ISO 8601; absent when it was not found"`
	Status   pack.Status `json:"status" enum:"verified,derived,unverified,not-found"`
	Source   string      `json:"source,omitempty"`
}

// MeasuredTime is a median over the last decisions.
type MeasuredTime struct {
	Decisions       int   `json:"decisions" doc:"Over how many decisions"`
	FillingSeconds  int64 `json:"fillingSeconds,omitempty" doc:"Median time to fill in the form"`
	DecidingSeconds int64 `json:"decidingSeconds" doc:"Median time from submission to decision"`
}

// PaperMinutes is what the errand takes on paper.
type PaperMinutes struct {
	Minutes int         `json:"minutes,omitempty" doc:"Absent when it was not found"`
	Status  pack.Status `json:"status" enum:"verified,derived,unverified,not-found"`
	Source  string      `json:"source,omitempty"`
}

// Offline is the way without the internet.
type Offline struct {
	Kind string `json:"kind" enum:"paper,office,none"`
	Text Texts  `json:"text"`
}

// Legal is a text of law the service rests on.
type Legal struct {
	ID       string            `json:"id"`
	Title    map[string]string `json:"title" doc:"Official title, by language"`
	Date     string            `json:"date,omitempty" format:"date" doc:"Absent when it was not found"`
	URL      string            `json:"url,omitempty" doc:"Absent when it was not found"`
	Status   pack.Status       `json:"status" enum:"verified,derived,unverified,not-found"`
	Note     string            `json:"note,omitempty"`
	Articles map[string]string `json:"articles,omitempty" doc:"How each article is cited, by its identifier"`
}

// Evidence is a piece of evidence the service needs.
type Evidence struct {
	ID      string `json:"id"`
	Type    string `json:"type"`
	By      string `json:"by" enum:"state,applicant" doc:"state: fetched from a register; applicant: brought by the applicant"`
	Label   Texts  `json:"label"`
	Purpose Texts  `json:"purpose"`
	Legal   string `json:"legal,omitempty" doc:"Legal basis: legal resource, with the article after a slash"`
}

// Output is what the service gives.
type Output struct {
	ID    string `json:"id"`
	Type  string `json:"type" enum:"payment,certificate,permit"`
	Title Texts  `json:"title"`
}

// Deadlines are the legal periods, as ISO 8601 durations.
type Deadlines struct {
	Decide     string  `json:"decide,omitempty" example:"P3M" doc:"The authority's time, from a complete file"`
	Extension  string  `json:"extension,omitempty" doc:"By which the authority can prolong it once"`
	Silence    string  `json:"silence,omitempty" doc:"What the authority's silence means: refusal, grant or none"`
	Complete   string  `json:"complete,omitempty" doc:"The applicant's time to answer a request for evidence"`
	Incomplete string  `json:"incomplete,omitempty" doc:"What follows without an answer: refusal or decide"`
	Pay        string  `json:"pay,omitempty" doc:"The applicant's time to pay the fee"`
	Appeal     *Appeal `json:"appeal,omitempty"`
}

// Appeal is the way to contest a decision.
type Appeal struct {
	Within string `json:"within" example:"P40D"`
	To     string `json:"to"`
	Name   Texts  `json:"name"`
	Legal  string `json:"legal,omitempty"`
}

func (a *API) detail(p *pack.Package, m services.Measured) ServiceDetail {
	s, set := p.Service, a.Services.Packages
	at := a.URL + base + "/services/" + p.ID
	d := ServiceDetail{
		ID: p.ID, Version: p.Version, Title: texts(p, "service.title"), Summary: texts(p, "service.summary"),
		Who: lists(p, "service.who"), Gives: texts(p, "service.gives"), Steps: lists(p, "service.steps"),
		Authority: Named{ID: s.Authority, Name: Texts{}}, Audience: s.Audience, LifeEvents: []Named{},
		InForce: Period{From: date(s.InForce.From), To: date(s.InForce.To)}, ClosesOn: s.Apply.Until, LastChecked: date(s.LastChecked),
		Offline: Offline{Kind: s.Offline.Kind, Text: texts(p, "service.offline")},
		Legal:   []Legal{}, Evidence: []Evidence{}, Outputs: []Output{},
		Schema: at + "/schema", Applications: at + "/applications", Page: a.URL + "/services/" + p.ID, LinkedDataURL: a.URL + "/id/services/" + p.ID,
	}
	for _, l := range i18n.Langs {
		d.Authority.Name[l] = set.AuthorityName(l, s.Authority)
	}
	for _, id := range s.LifeEvents {
		if e, ok := set.LifeEvent(id); ok {
			d.LifeEvents = append(d.LifeEvents, Named{ID: id, Name: Texts(e.Name)})
		}
	}
	if f := s.Fee; f != nil {
		d.Fee = &Fee{Amount: f.Amount, Currency: f.Currency, Status: f.Status, Legal: f.Legal}
	}
	if t := s.Time; t != nil {
		d.Time = &DeclaredTime{Duration: duration(t.Declared), Status: t.Status, Source: t.Source}
	}
	if b := s.PaperBaseline; b != nil {
		d.PaperMinutes = &PaperMinutes{Minutes: b.Minutes, Status: b.Status, Source: b.Source}
	}
	if m.Decisions > 0 {
		d.Measured = &MeasuredTime{Decisions: m.Decisions, FillingSeconds: int64(m.Filling / time.Second), DecidingSeconds: int64(m.Deciding / time.Second)}
	}
	for _, r := range s.Legal {
		d.Legal = append(d.Legal, Legal{ID: r.ID, Title: r.Title, Date: date(r.Date), URL: r.URL, Status: r.Status, Note: r.Note, Articles: r.Articles})
	}
	for _, e := range s.Evidence {
		d.Evidence = append(d.Evidence, Evidence{ID: e.ID, Type: e.Type, By: e.By, Legal: e.Legal,
			Label: texts(p, "evidence."+e.ID+".label"), Purpose: texts(p, "evidence."+e.ID+".purpose")})
	}
	for _, o := range s.Outputs {
		d.Outputs = append(d.Outputs, Output{ID: o.ID, Type: o.Type, Title: texts(p, "outputs."+o.ID)})
	}
	x := s.Deadlines
	d.Deadlines = Deadlines{Decide: duration(x.Decide), Extension: duration(x.Extension), Silence: x.Silence,
		Complete: duration(x.Complete), Incomplete: x.Incomplete, Pay: duration(x.Pay)}
	if x.Appeal != nil {
		d.Deadlines.Appeal = &Appeal{Within: duration(x.Appeal.Span()), To: x.Appeal.To, Name: texts(p, "appeal."+x.Appeal.To+".name"), Legal: x.Appeal.Legal}
	}
	return d
}

func texts(p *pack.Package, key string) Texts {
	all := make(Texts, len(i18n.Langs))
	for _, l := range i18n.Langs {
		all[l] = p.T(l, key)
	}
	return all
}

func lists(p *pack.Package, key string) Lists {
	all := make(Lists, len(i18n.Langs))
	for _, l := range i18n.Langs {
		if all[l] = p.List(l, key); all[l] == nil {
			all[l] = []string{}
		}
	}
	return all
}

// date writes a day, "" for none.
func date(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.Format(time.DateOnly)
}

// duration writes a span as ISO 8601, "" for none.
func duration(s pack.Span) string {
	if s.IsZero() {
		return ""
	}
	return services.ISODuration(s)
}
