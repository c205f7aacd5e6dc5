package api

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"passerelle/engine/form"
	"passerelle/internal/module/cases"
	"passerelle/internal/module/exchange"
	"passerelle/internal/module/services"
	"passerelle/internal/module/services/pack"
	"passerelle/internal/platform/errs"
	"passerelle/internal/platform/i18n"
	"passerelle/internal/platform/web"
)

// Application is the body of a submission.
type Application struct {
	Version     string         `json:"version,omitempty" doc:"Version of the service; the one in force when absent"`
	Language    i18n.Lang      `json:"language,omitempty" enum:"fr,de,lb,en,pt" doc:"Language of the letters; that of Accept-Language when absent"`
	Application map[string]any `json:"application" doc:"The answers, as the schema of the service describes them"`
}

// Receipt proves what was received, and when.
type Receipt struct {
	Case        string `json:"case" doc:"Identifier of the case"`
	Number      string `json:"number" doc:"Number of the case, for people" example:"AVC-2025-7K3M-9QXD"`
	ReceivedAt  string `json:"receivedAt" format:"date-time"`
	ContentHash string `json:"contentHash" doc:"SHA-256 of the application as received (canonical JSON), in hex"`
	Href        string `json:"href" format:"uri" doc:"Address of the case"`
}

func (a *API) receipt(r cases.Receipt) Receipt {
	return Receipt{Case: r.Case, Number: r.Number, ReceivedAt: instant(r.ReceivedAt), ContentHash: r.ContentHash, Href: a.URL + casePath(r.Case)}
}

func casePath(id string) string { return base + "/cases/" + id }

// instant writes a time in UTC to the microsecond, which is what is stored.
func instant(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Truncate(time.Microsecond).Format(time.RFC3339Nano)
}

// submitOperation describes the submission to huma and registers its handler
// with the router itself: huma would read amounts as binary fractions, takes
// one media type per operation, and checks the shape against a schema that the
// form then checks again and better. (Its own cost is small: BenchmarkHuma
// shows 14 µs of some 900 that a submission takes.)
func (a *API) submitOperation(h huma.API, rt *web.Router) {
	schemas := h.OpenAPI().Components.Schemas
	body := schemas.Schema(reflect.TypeFor[Application](), true, "")
	op := &huma.Operation{
		OperationID: "submit-application", Method: http.MethodPost, Path: base + "/services/{id}/applications", Tags: []string{tagCases},
		Summary: "Submit an application",
		Description: "When the answer is 201, the application is stored for good. The same key with the same content gets the same receipt, " +
			"however often it is sent; with another content it is a conflict. What the State knows already is fetched from its registers. " +
			"To send files, post multipart/form-data: the part `submission` is the JSON document, and each file is a part named like its field.",
		Security: signedIn,
		Parameters: []*huma.Param{
			{Name: "id", In: "path", Required: true, Description: "Identifier of the service", Schema: &huma.Schema{Type: huma.TypeString}},
			{Name: "Idempotency-Key", In: "header", Required: true, Description: "Chosen by the sender, one for each application", Schema: &huma.Schema{Type: huma.TypeString, MinLength: new(1), MaxLength: new(200)}},
		},
		RequestBody: &huma.RequestBody{Required: true, Content: map[string]*huma.MediaType{
			"application/json": {Schema: body},
			"multipart/form-data": {
				Schema: &huma.Schema{Type: huma.TypeObject, Required: []string{"submission"}, Properties: map[string]*huma.Schema{"submission": body},
					AdditionalProperties: &huma.Schema{Type: huma.TypeString, Format: "binary"}},
				Encoding: map[string]*huma.Encoding{"submission": {ContentType: "application/json"}},
			},
		}},
		Responses: map[string]*huma.Response{"201": {
			Description: "Received",
			Headers:     map[string]*huma.Param{"Location": {Description: "Address of the case", Schema: &huma.Schema{Type: huma.TypeString}}},
			Content:     map[string]*huma.MediaType{"application/json": {Schema: schemas.Schema(reflect.TypeFor[Receipt](), true, "")}},
		}},
	}
	problem := schemas.Schema(reflect.TypeFor[Problem](), true, "")
	for _, status := range []int{http.StatusUnauthorized, http.StatusNotFound, http.StatusConflict, http.StatusGone, http.StatusRequestEntityTooLarge,
		http.StatusUnprocessableEntity, http.StatusTooManyRequests, http.StatusInternalServerError, http.StatusServiceUnavailable} {
		op.Responses[strconv.Itoa(status)] = &huma.Response{Description: http.StatusText(status),
			Content: map[string]*huma.MediaType{"application/problem+json": {Schema: problem}}}
	}
	h.OpenAPI().AddOperation(op)
	rt.Raw(op.Method+" "+op.Path, a.submit)
}

func (a *API) submit(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	person, err := who(ctx)
	if err != nil {
		return err
	}
	key := r.Header.Get("Idempotency-Key")
	if key == "" {
		return errs.New(errs.Invalid, "cases.key")
	}
	l := i18n.FromContext(ctx)
	sub, files, err := readSubmission(l, r)
	if err != nil {
		return err
	}
	if files != nil {
		defer func() { _ = files.RemoveAll() }()
	}
	s := cases.Submission{Service: r.PathValue("id"), Version: sub.Version, Key: "api/" + key, Actor: person, Lang: sub.Language, Application: sub.Application}
	if s.Lang == "" {
		s.Lang = l.Lang()
	}
	receipt, err := a.receive(ctx, l, s, files)
	if err != nil {
		return err
	}
	body, err := json.Marshal(a.receipt(receipt))
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Location", casePath(receipt.Case))
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(http.StatusCreated)
	_, _ = w.Write(append(body, '\n')) // whoever left finds the receipt with the same key
	return nil
}

// receive completes a submission with its files and with what the State knows,
// and hands it in. What the form refuses comes back as web.Fields.
func (a *API) receive(ctx context.Context, l *i18n.Locale, s cases.Submission, files *files) (cases.Receipt, error) {
	p, ok := a.version(s.Service, s.Version)
	if !ok {
		return a.Cases.Submit(ctx, s) // no such service, or a repetition from when there was
	}
	words := services.Words{Locale: l, Pack: p}
	wrong := claimedFiles(p.Form, s.Application)
	if files != nil && len(wrong) == 0 {
		var err error
		if wrong, err = a.takeFiles(ctx, p.Form, s.Application, files); err != nil {
			return cases.Receipt{}, err
		}
	}
	if len(wrong) > 0 {
		return cases.Receipt{}, invalid(words, wrong)
	}
	var missing []string
	s.Evidence, missing = a.evidence(ctx, p, s.Actor, s.Application)
	for _, e := range p.Service.Evidence {
		if e.OnMissing == "refuse-application" && slices.Contains(missing, e.ID) {
			return cases.Receipt{}, errs.New(errs.Invalid, "services.evidenceMissing").With("evidence", p.T(l.Lang(), "evidence."+e.ID+".label"))
		}
	}
	receipt, err := a.Cases.Submit(ctx, s)
	var fields cases.InvalidApplication
	if errors.As(err, &fields) {
		err = invalid(words, fields.Fields)
	}
	return receipt, err
}

// version is the version of the service that was named, or the one in force.
func (a *API) version(service, version string) (*pack.Package, bool) {
	if version != "" {
		return a.Services.Packages.Version(service, version)
	}
	return a.Services.Packages.InForce(service, a.Services.Today())
}

// evidence fetches what the State knows already, as the form does for a page.
// A register that cannot answer stops nobody: its facts are fetched later.
func (a *API) evidence(ctx context.Context, p *pack.Package, person web.Identity, answers form.Answers) (got map[string]exchange.Evidence, missing []string) {
	f := pack.Facts{Application: answers, Applicant: services.Applicant(person), Date: a.Services.Today()}
	got, missing, err := services.Gather(ctx, a.Services.Evidence, p, f, nil, nil, services.Asker{Actor: person.Account})
	if err != nil {
		a.Services.Log.Warn("evidence is fetched later", "service", p.ID, "err", err)
	}
	return got, missing
}

// invalid tells a program what is wrong with an application.
func invalid(w services.Words, fields []form.FieldError) error {
	all := make(web.Fields, len(fields))
	for i, f := range fields {
		all[i] = web.Field{Field: f.Field, Code: f.Code}
		if f.Code == codeFile {
			all[i].Message = w.T("api.file")
		} else {
			all[i].Message = w.Error(f)
		}
	}
	return errs.Wrap(errs.Invalid, "cases.invalid", all)
}

// readSubmission reads the body, JSON or multipart. Unknown members are
// refused: they are answers that nobody would read.
func readSubmission(l *i18n.Locale, r *http.Request) (Application, *files, error) {
	kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	var body []byte
	var fs *files
	var err error
	switch kind {
	case "application/json", "":
		body, err = readAll(r)
	case "multipart/form-data":
		body, fs, err = readMultipart(l, r)
	default:
		err = malformed(web.Field{Code: "mediaType", Message: l.T("api.mediaType")})
	}
	if err != nil {
		return Application{}, nil, err
	}
	sub, err := decodeSubmission(l, body)
	return sub, fs, err
}

func readAll(r *http.Request) ([]byte, error) {
	var b bytes.Buffer
	if n := r.ContentLength; n > 0 && n < 1<<20 {
		b.Grow(int(n) + bytes.MinRead)
	}
	_, err := b.ReadFrom(r.Body)
	return b.Bytes(), err
}

func decodeSubmission(l *i18n.Locale, body []byte) (Application, error) {
	var sub Application
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber() // amounts keep their written form
	d.DisallowUnknownFields()
	if err := d.Decode(&sub); err != nil {
		return sub, malformed(jsonField(l, err))
	}
	if _, err := d.Token(); err != io.EOF {
		return sub, malformed(web.Field{Code: "json", Message: l.T("api.json", "n", d.InputOffset())})
	}
	if sub.Application == nil {
		return sub, malformed(web.Field{Field: "application", Code: "required", Message: l.T("api.required", "field", "application")})
	}
	if sub.Language != "" {
		if _, ok := i18n.Parse(string(sub.Language)); !ok {
			return sub, malformed(web.Field{Field: "language", Code: "option", Message: l.T("api.shape", "field", "language")})
		}
	}
	return sub, nil
}

// jsonField says what is wrong with a JSON document.
func jsonField(l *i18n.Locale, err error) web.Field {
	var syntax *json.SyntaxError
	var kind *json.UnmarshalTypeError
	switch {
	case errors.As(err, &syntax):
		return web.Field{Code: "json", Message: l.T("api.json", "n", syntax.Offset)}
	case errors.As(err, &kind):
		return web.Field{Field: kind.Field, Code: "shape", Message: l.T("api.shape", "field", kind.Field)}
	}
	if name, ok := strings.CutPrefix(err.Error(), "json: unknown field "); ok {
		name = strings.Trim(name, `"`)
		return web.Field{Field: name, Code: "unknown", Message: l.T("api.unknown", "field", name)}
	}
	return web.Field{Code: "json", Message: l.T("api.body")}
}

func malformed(f ...web.Field) error { return errs.Wrap(errs.Invalid, "api.invalid", web.Fields(f)) }
