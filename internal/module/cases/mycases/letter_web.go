package mycases

import (
	"fmt"
	"html"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/a-h/templ"
	"github.com/skip2/go-qrcode"

	"passerelle/internal/module/cases"
	"passerelle/internal/module/services"
	"passerelle/internal/module/services/pack"
	"passerelle/internal/platform/errs"
	"passerelle/internal/platform/i18n"
	"passerelle/internal/platform/pdf"
	"passerelle/internal/platform/ui"
	"passerelle/internal/platform/web"
)

// sheet is a letter ready to be shown: the package's HTML, or paragraphs in
// the platform's own words.
type sheet struct {
	Subject string
	HTML    string
	Text    []string
}

// letter shows the decision as a letter in the reader's language.
func (w *Web) letter(rw http.ResponseWriter, r *http.Request) error {
	v, s, err := w.openLetter(r)
	if err != nil {
		return err
	}
	return web.Render(rw, r, http.StatusOK, letterPage(v, s, w.pdfPath(v.path()+"/letter.pdf")))
}

func (w *Web) letterPDF(rw http.ResponseWriter, r *http.Request) error {
	v, s, err := w.openLetter(r)
	if err != nil {
		return err
	}
	return w.print(rw, r, s.Subject, v.d.Number+".pdf", letterSheet(v, s))
}

func (w *Web) openLetter(r *http.Request) (*view, sheet, error) {
	v, err := w.open(r)
	if err != nil {
		return nil, sheet{}, err
	}
	if v.d.Issued() == nil {
		return nil, sheet{}, errs.New(errs.NotFound, "mycases.letter.none")
	}
	s, err := v.sheet()
	return v, s, err
}

func (v *view) sheet() (sheet, error) {
	text, ok, err := v.d.Letter(v.Locale)
	if err != nil {
		return sheet{}, err
	}
	s := v.ownLetter()
	if ok {
		if s = cutSubject(text); s.Subject == "" {
			s.Subject = v.headline()
		}
	}
	if x, limited := v.d.AppealDeadline(); limited && v.phase() != tacit {
		s.Text = append(s.Text, v.T("mycases.letter.counted", "date", x.Until, "how", sentences(x.Tell(v.Locale, v.p)...)))
	}
	return s, nil
}

// ownLetter are the platform's words where a package has none: silence, a
// request without an answer, an appeal.
func (v *view) ownLetter() sheet {
	issued := v.d.Issued()
	s := sheet{Subject: v.headline()}
	say := func(key string, args ...any) { s.Text = append(s.Text, v.T(key, args...)) }
	if v.d.Kind == cases.Appeal {
		say("mycases.letter.appealed", "date", v.d.SubmittedAt, "number", v.d.Number)
	} else {
		say("mycases.letter.applied", "date", v.d.SubmittedAt, "service", v.title(), "number", v.d.Number)
	}
	switch v.phase() {
	case tacit:
		say("mycases.letter.tacit", "date", issued.At)
		say("mycases.letter.tacitProof")
	case silent:
		say("mycases.letter.silent", "date", issued.At)
		say("mycases.letter.stillDecides")
	case incomplete:
		if r := v.lapsedRequest(); r != nil {
			say("mycases.letter.incomplete", "asked", r.AskedAt, "until", r.DueAt)
			say("mycases.letter.request", "text", r.Text)
		}
	default:
		s.Text = append(s.Text, v.told.Reasons...)
		if issued.Statement != "" {
			say("mycases.letter.reasons", "text", issued.Statement)
		}
		if by := v.decidedBy(); by != "" {
			s.Text = append(s.Text, by)
		}
	}
	if issued.Outcome != pack.TacitGrant {
		to, how := v.appealTo()
		s.Text = append(s.Text, sentences(v.T("mycases.letter.appeal", "date", issued.Appeal.Until, "to", to), how))
	}
	return s
}

// cutSubject takes the first heading of a letter as its subject.
func cutSubject(text string) sheet {
	rest, heads := strings.CutPrefix(strings.TrimSpace(text), "<h1>")
	title, body, ok := strings.Cut(rest, "</h1>")
	if !heads || !ok {
		return sheet{HTML: text}
	}
	return sheet{Subject: plainText(title), HTML: body}
}

var tags = regexp.MustCompile(`<[^>]*>`)

// plainText is the text of a piece of HTML without its markup.
func plainText(markup string) string {
	return strings.TrimSpace(html.UnescapeString(tags.ReplaceAllString(markup, "")))
}

// certified is a certificate with what makes it verifiable on paper.
type certified struct {
	cases.Certificate
	address string // that verifies its code
	qr      string // the same as SVG
}

// certificate shows a certificate of the case with its verification code.
func (w *Web) certificate(rw http.ResponseWriter, r *http.Request) error {
	v, s, c, err := w.openCertificate(r)
	if err != nil {
		return err
	}
	return web.Render(rw, r, http.StatusOK, certificatePage(v, s, c, w.pdfPath(v.path()+"/certificate/"+c.Code+"/pdf")))
}

func (w *Web) certificatePDF(rw http.ResponseWriter, r *http.Request) error {
	v, s, c, err := w.openCertificate(r)
	if err != nil {
		return err
	}
	return w.print(rw, r, s.Subject, c.Code+".pdf", certificateSheet(v, s, c))
}

func (w *Web) openCertificate(r *http.Request) (*view, sheet, certified, error) {
	v, err := w.open(r)
	if err != nil {
		return nil, sheet{}, certified{}, err
	}
	i := slices.IndexFunc(v.d.Certificates, func(c cases.Certificate) bool { return c.Code == r.PathValue("code") })
	if i < 0 {
		return nil, sheet{}, certified{}, errs.New(errs.NotFound, "mycases.certificate.unknown")
	}
	c := certified{Certificate: v.d.Certificates[i]}
	text, err := v.d.CertificateText(v.Locale, c.Output)
	if err != nil {
		return nil, sheet{}, c, err
	}
	s := cutSubject(text)
	if s.Subject == "" {
		s.Subject = v.pack("outputs." + c.Output)
	}
	c.address = w.verifyURL(c.Code)
	c.qr, err = qr(c.address, v.T("mycases.certificate.qr"))
	return v, s, c, err
}

// pdfPath is the address of a document as PDF, "" when this machine has no
// renderer.
func (w *Web) pdfPath(path string) string {
	if w.PDF == nil {
		return ""
	}
	return path
}

// print answers with a sheet as a PDF to keep.
func (w *Web) print(rw http.ResponseWriter, r *http.Request, title, name string, sheet templ.Component) error {
	if w.PDF == nil {
		return errs.New(errs.NotFound, "mycases.letter.noPDF")
	}
	var body strings.Builder
	if err := sheet.Render(r.Context(), &body); err != nil {
		return err
	}
	file, err := w.PDF.Render(r.Context(), pdf.Document{Lang: string(i18n.FromContext(r.Context()).Lang()), Title: title, Body: body.String()})
	if err != nil {
		return err
	}
	h := rw.Header()
	h.Set("Content-Type", "application/pdf")
	h.Set("Content-Disposition", `attachment; filename="`+name+`"`)
	h.Set("Cache-Control", "private, no-store")
	_, err = rw.Write(file)
	return err
}

// verifyURL is the address that verifies a code: without language, so that
// each reader gets theirs.
func (w *Web) verifyURL(code string) string { return w.URL + "/verify/" + code }

// qr draws a text as a QR code: one SVG path, on white in any mode, so that
// cameras read it.
func qr(text, label string) (string, error) {
	c, err := qrcode.New(text, qrcode.Medium)
	if err != nil {
		return "", errs.Wrap(errs.Internal, "", err)
	}
	bitmap := c.Bitmap() // with the quiet zone
	var b strings.Builder
	n := len(bitmap)
	fmt.Fprintf(&b, `<svg class="pa-qr" role="img" aria-label="%s" viewBox="0 0 %d %d" width="160" height="160" shape-rendering="crispEdges"><path fill="#fff" d="M0 0h%dv%dH0z"/><path fill="#000" d="`, html.EscapeString(label), n, n, n, n)
	for y, row := range bitmap {
		for x := 0; x < n; x++ {
			if !row[x] {
				continue
			}
			from := x
			for x < n && row[x] {
				x++
			}
			fmt.Fprintf(&b, "M%d %dh%dv1h-%dz", from, y, x-from, x-from)
		}
	}
	b.WriteString(`"/></svg>`)
	return b.String(), nil
}

// askVerify is the public page on which a code is typed.
func (w *Web) askVerify(rw http.ResponseWriter, r *http.Request) error {
	code := strings.TrimSpace(r.URL.Query().Get("code"))
	if code == "" {
		return web.Render(rw, r, http.StatusOK, verifyForm("", false))
	}
	return w.showStatement(rw, r, code)
}

// verify is the public page a code leads to.
func (w *Web) verify(rw http.ResponseWriter, r *http.Request) error {
	return w.showStatement(rw, r, r.PathValue("code"))
}

func (w *Web) showStatement(rw http.ResponseWriter, r *http.Request, code string) error {
	s, err := w.Service.Statement(r.Context(), code)
	if errs.KindOf(err) == errs.NotFound && err != nil {
		return web.Render(rw, r, http.StatusNotFound, verifyForm(code, true))
	}
	if err != nil {
		return err
	}
	loc := i18n.FromContext(r.Context())
	return web.Render(rw, r, http.StatusOK, verifyPage(statement{words: w.words(loc, s.Package), Statement: s, now: w.Service.Clock.Now()}))
}

// statement is what a code vouches for, in one language.
type statement struct {
	words
	cases.Statement
	now time.Time
}

// state is the standing of the certificate on the day it is looked at.
func (s statement) state() string {
	switch {
	case !s.RevokedAt.IsZero():
		return "revoked"
	case !s.ValidUntil.IsZero() && s.now.After(s.ValidUntil):
		return "expired"
	}
	return "valid"
}

// rows are what the certificate states, in the order of the service.
func (s statement) rows() []ui.SummaryListRow {
	var rows []ui.SummaryListRow
	for _, o := range s.Package.Service.Outputs {
		if o.ID != s.Output {
			continue
		}
		for _, spec := range o.States {
			if value := s.Document[spec.ID]; value != "" {
				rows = append(rows, ui.SummaryListRow{
					Key:   ui.ContentOptions{Text: s.pack("outputs." + o.ID + ".states." + spec.ID)},
					Value: ui.ContentOptions{Text: s.stated(spec.ID, value)},
				})
			}
		}
	}
	return rows
}

var isoDay = regexp.MustCompile(`^\d{4}-\d{2}-\d{2}$`)

// stated writes a value as people read it: a date, an option of the form's
// field of that name, a nationality by its code.
func (w words) stated(id, value string) string {
	switch {
	case isoDay.MatchString(value):
		return w.DateISO(value)
	case w.p.Has("form." + id + ".options." + value):
		return w.pack("form." + id + ".options." + value)
	case id == "nationality":
		return services.Country(w.Locale, value) + " (" + value + ")" // the document has the code
	}
	return value
}
