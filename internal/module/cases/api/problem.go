package api

import (
	"context"
	"errors"
	"io"
	"mime/multipart"
	"net/http"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"passerelle/internal/platform/errs"
	"passerelle/internal/platform/i18n"
	"passerelle/internal/platform/web"
)

// Problem is how a failure looks outside; internal/platform/web writes it. Here
// it only describes it.
type Problem struct {
	Type    string    `json:"type" doc:"Always about:blank: kind says what happened"`
	Title   string    `json:"title" doc:"What happened, for a person, in the language asked for"`
	Status  int       `json:"status" doc:"HTTP status"`
	Detail  string    `json:"detail" doc:"What became of the request and what to do, for a person"`
	Kind    string    `json:"kind" doc:"What happened, for a program; stable" enum:"internal,invalid,unauthenticated,forbidden,not-found,conflict,gone,too-large,too-many,unavailable,method,cross-origin"`
	Request string    `json:"request" doc:"The request's identifier in our log"`
	Errors  []Mistake `json:"errors,omitempty" doc:"What is wrong with the input, field by field"`
}

// Mistake is one thing that is wrong with the input.
type Mistake struct {
	Field   string `json:"field" doc:"Path of the field, such as otherIncomes.0.amount; empty: the whole"`
	Code    string `json:"code" doc:"What is wrong, for a program; stable"`
	Message string `json:"message" doc:"What is wrong, for a person, in the language asked for"`
}

// Error, GetStatus and ContentType make Problem what huma describes as the
// answer to every failure.
func (p *Problem) Error() string             { return p.Title }
func (p *Problem) GetStatus() int            { return p.Status }
func (p *Problem) ContentType(string) string { return "application/problem+json" }

// huma asks these package variables for its errors; nothing else in the
// program uses huma.
func init() {
	huma.NewError = func(status int, msg string, _ ...error) huma.StatusError {
		return &Problem{Status: status, Title: msg}
	}
	huma.NewErrorWithContext = func(c huma.Context, status int, msg string, causes ...error) huma.StatusError {
		if c, ok := c.(*call); ok {
			c.fail(status, msg, causes)
		}
		return &Problem{Status: status, Title: msg}
	}
}

// humaContext is embedded under another name than its method Context.
type humaContext = huma.Context

// call is huma's view of a request. A failure is not written but kept, so that
// the platform answers it like every other.
type call struct {
	humaContext
	err    error
	unread error // why the body could not be read, when the sender's form is not to blame
}

func (c *call) fail(status int, msg string, causes []error) {
	if c.err != nil {
		return
	}
	for _, cause := range causes {
		var own *errs.Error
		if status == http.StatusInternalServerError && errors.As(cause, &own) {
			c.err = cause
			return
		}
	}
	switch {
	case c.unread != nil:
		c.err = c.unread
	case status == http.StatusRequestEntityTooLarge:
		c.err = errs.New(errs.TooLarge, "").Because("%s", msg)
	case status >= 500:
		c.err = errs.New(errs.Internal, "").Because("%s: %w", msg, errors.Join(causes...))
	default:
		c.err = errs.Wrap(errs.Invalid, "api.invalid", c.mistakes(msg, causes))
	}
}

// mistakes says in our words what huma found wrong with a request's shape.
func (c *call) mistakes(msg string, causes []error) web.Fields {
	l := i18n.FromContext(c.Context())
	var all web.Fields
	for _, cause := range causes {
		var d *huma.ErrorDetail
		if !errors.As(cause, &d) {
			continue
		}
		field := d.Location
		for _, prefix := range []string{"body.", "query.", "header.", "path."} {
			field = strings.TrimPrefix(field, prefix)
		}
		all = append(all, web.Field{Field: field, Code: "shape", Message: l.T("api.shape", "field", field)})
	}
	if all == nil {
		all = web.Fields{{Code: "shape", Message: l.T("api.body")}}
	}
	return all
}

// SetStatus keeps back the status of a failure.
func (c *call) SetStatus(code int) {
	if c.err == nil {
		c.humaContext.SetStatus(code)
	}
}

// SetHeader keeps back the headers of a failure.
func (c *call) SetHeader(name, value string) {
	if c.err == nil {
		c.humaContext.SetHeader(name, value)
	}
}

// BodyWriter drops the body of a failure.
func (c *call) BodyWriter() io.Writer {
	if c.err != nil {
		return io.Discard
	}
	return c.humaContext.BodyWriter()
}

// GetMultipartForm and BodyReader remember that a body was too large, or our disk
// too full for it: huma tells only that it could not be read.
func (c *call) GetMultipartForm() (*multipart.Form, error) {
	f, err := c.humaContext.GetMultipartForm()
	c.noteUnread(err)
	return f, err
}

func (c *call) BodyReader() io.Reader { return reader{c} }

type reader struct{ c *call }

func (r reader) Read(b []byte) (int, error) {
	n, err := r.c.humaContext.BodyReader().Read(b)
	r.c.noteUnread(err)
	return n, err
}

func (c *call) noteUnread(err error) {
	if e := web.BodyError(err); errs.KindOf(e) != errs.Invalid {
		c.unread = e
	}
}

// who returns the signed-in person.
func who(ctx context.Context) (web.Identity, error) {
	id, ok := web.IdentityFrom(ctx)
	if !ok {
		return id, errs.New(errs.Unauthenticated, "")
	}
	return id, nil
}
