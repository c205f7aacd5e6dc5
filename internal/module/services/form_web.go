package services

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"mime/multipart"
	"net/http"
	"net/url"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"passerelle/engine/form"
	"passerelle/internal/module/services/pack"
	"passerelle/internal/platform/errs"
	"passerelle/internal/platform/i18n"
	"passerelle/internal/platform/web"
)

// formRoutes registers the pages on which an application is written.
func (w *Web) formRoutes(rt *web.Router) {
	rt.Page("GET /services/{service}/apply", web.RequireIdentity(w.beforeYouStart))
	rt.Page("POST /services/{service}/apply", web.RequireIdentity(w.start))
	rt.Page("GET /applications/{draft}", web.RequireIdentity(w.resume))
	rt.Page("GET /applications/{draft}/{page}", web.RequireIdentity(w.showPage))
	rt.Page("POST /applications/{draft}/{page}", w.signedInOrKept(w.savePage))
	rt.Page("GET /applications/{draft}/check", web.RequireIdentity(w.check))
	rt.Page("POST /applications/{draft}/check", web.RequireIdentity(w.send))
	rt.Page("GET /applications/{draft}/receipt", web.RequireIdentity(w.receipt))
	rt.Page("GET /applications/{draft}/discard", web.RequireIdentity(w.askDiscard))
	rt.Page("POST /applications/{draft}/discard", web.RequireIdentity(w.discard))
}

// signedInOrKept lets the author through to h. When the session has ended while
// somebody was typing, what they typed is shown on a page that sends it again
// after the sign-in: nothing is lost but files, which must be chosen again.
func (w *Web) signedInOrKept(h web.Handler) web.Handler {
	return func(rw http.ResponseWriter, r *http.Request) error {
		if _, ok := web.IdentityFrom(r.Context()); ok {
			return h(rw, r)
		}
		values, err := w.parse(r)
		if err != nil {
			return err
		}
		return web.Render(rw, r, http.StatusUnauthorized, sessionEndedPage(r.URL.Path, values))
	}
}

// writing is a draft open before its author.
type writing struct {
	*Draft
	pack  *pack.Package
	form  *form.Form
	given *delegated // a page of another's draft; nil: one's own
	who   web.Identity
	env   form.Env
	pages []*form.Page // reachable now

	delegations []*Delegation // pages that the author gave to others
}

func (w *Web) open(r *http.Request) (*writing, error) {
	if r.PathValue("code") != "" {
		x, err := w.openPart(r)
		if err == nil && x.given.Status != DelegationTaken {
			return nil, errs.New(errs.Gone, "services.delegate.over")
		}
		return x, err
	}
	who, _ := web.IdentityFrom(r.Context())
	d, p, err := w.service.Draft(r.Context(), who, r.PathValue("draft"))
	if err != nil {
		return nil, err
	}
	x := &writing{Draft: d, pack: p, form: d.Form(p), who: who}
	x.refresh(w.service)
	if len(p.Service.Delegable) > 0 && d.Party == "" {
		x.delegations, err = w.service.Delegations(r.Context(), who, d.ID)
	}
	return x, err
}

// refresh computes anew what depends on the answers.
func (x *writing) refresh(s *Service) {
	if x.given != nil {
		x.env, x.pages = s.delegatedEnv(x.given, x.Answers), onlyPage(x.form, x.given.Page)
		return
	}
	x.env = s.Env(x.pack, x.Draft, x.who)
	x.pages = x.form.Reachable(x.env)
}

// page returns the reachable page with the id and its number from 1.
func (x *writing) page(id string) (*form.Page, int) {
	for i, p := range x.pages {
		if p.ID == id {
			return p, i + 1
		}
	}
	return nil, 0
}

// start is where the person begins, or goes on.
func (x *writing) start() string {
	if x.given != nil {
		return "/parts/" + x.given.Code
	}
	return "/applications/" + x.ID
}

// name is what is being written: the application, or somebody's part in one.
func (x *writing) name(w Words) string {
	if x.Party != "" {
		return w.pack("party." + x.Party + ".title")
	}
	return w.pack("service.title")
}

func (x *writing) sendWord(w Words) string {
	if x.Party != "" {
		return w.T("services.part.send")
	}
	return w.T("services.check.send")
}

func (x *writing) receivedWord(w Words) string {
	if x.Party != "" {
		return w.T("services.part.title")
	}
	return w.T("services.receipt.title")
}

// next says what happens once it is sent.
func (x *writing) next(w Words) string {
	if x.Party != "" {
		return w.T("services.part.next")
	}
	return w.pack("service.receiptNext")
}

func (x *writing) path(page string) string {
	if x.given != nil {
		return "/parts/" + x.given.Code + "/" + page
	}
	return "/applications/" + x.ID + "/" + page
}

// after returns the path that follows page n (from 1).
func (x *writing) after(n int) string {
	if n < len(x.pages) {
		return x.path(x.pages[n].ID)
	}
	return x.path("check")
}

// beforeYouStart says what will be fetched, by which right, before anything is.
func (w *Web) beforeYouStart(rw http.ResponseWriter, r *http.Request) error {
	p, ok := w.service.Packages.InForce(r.PathValue("service"), w.service.Today())
	if !ok {
		return errs.New(errs.NotFound, "services.notFound")
	}
	who, _ := web.IdentityFrom(r.Context())
	draft, err := w.service.store.open(r.Context(), w.service.DB.Read(), who.Account, p.ID)
	if err != nil && errs.KindOf(err) != errs.NotFound {
		return err
	}
	return web.Render(rw, r, http.StatusOK, startPage(w.view(r), p, draft))
}

func (w *Web) start(rw http.ResponseWriter, r *http.Request) error {
	who, _ := web.IdentityFrom(r.Context())
	d, err := w.service.Begin(r.Context(), who, r.PathValue("service"))
	if err != nil {
		return err
	}
	return web.SeeOther(rw, r, "/applications/"+d.ID)
}

// resume goes on where the person left off.
func (w *Web) resume(rw http.ResponseWriter, r *http.Request) error {
	x, err := w.open(r)
	if err != nil {
		return err
	}
	switch {
	case x.Receipt != nil:
		return web.SeeOther(rw, r, x.path("receipt"))
	case x.Page == "check":
		return web.SeeOther(rw, r, x.path("check"))
	}
	if p, _ := x.page(x.Page); p != nil {
		return web.SeeOther(rw, r, x.path(p.ID))
	}
	return web.SeeOther(rw, r, x.path(x.pages[0].ID))
}

func (w *Web) showPage(rw http.ResponseWriter, r *http.Request) error {
	x, err := w.open(r)
	if err != nil {
		return err
	}
	if x.Receipt != nil {
		return web.SeeOther(rw, r, x.path("receipt"))
	}
	p, n := x.page(r.PathValue("page"))
	if p == nil {
		return web.SeeOther(rw, r, x.start()) // became unreachable, or never was a page
	}
	return web.Render(rw, r, http.StatusOK, formPage(w.view(r), x, p, n, nil, ""))
}

// savePage keeps what was answered, right or wrong, and goes on when it is
// right.
func (w *Web) savePage(rw http.ResponseWriter, r *http.Request) error {
	x, err := w.open(r)
	if err != nil {
		return err
	}
	if x.Receipt != nil {
		return web.SeeOther(rw, r, x.path("receipt"))
	}
	p, n := x.page(r.PathValue("page"))
	if p == nil {
		return web.SeeOther(rw, r, x.start())
	}
	values, err := w.parse(r)
	if err != nil {
		return err
	}
	if rev, err := strconv.ParseInt(values.Get("rev"), 10, 64); err != nil || rev != x.Rev {
		return w.stale(rw, r, x, values)
	}
	seen := paths(x.form.Show(p, x.env))

	wrongFiles, err := w.takeFiles(r, x, p, values)
	if err != nil {
		return err
	}
	merged, wrong := x.form.Read(p, values, x.env)
	if a, ok := form.ParseAction(values); ok {
		merged = x.form.Apply(p, a, merged)
	}
	x.Answers = merged
	x.refresh(w.service)
	wrong = append(wrongFiles, wrong...)

	stay := values.Get("action") != ""
	notice := ""
	if now := paths(x.form.Show(p, x.env)); !subset(now, seen) {
		// An answer asked for more: that is no mistake of the person's.
		wrong = slices.DeleteFunc(wrong, func(e form.FieldError) bool {
			return !seen[e.Field] && slices.Contains([]string{"required", "declaration", "rowsMin", "filesMin"}, e.Code)
		})
		if len(wrong) == 0 && !stay {
			notice, stay = "services.form.more", true
		}
	}
	x.Page = p.ID
	if len(wrong) == 0 && !stay {
		if _, m := x.page(p.ID); m < len(x.pages) {
			x.Page = x.pages[m].ID
		} else {
			x.Page = "check"
		}
	}
	if err := w.save(r.Context(), x); errs.KindOf(err) == errs.Conflict && err != nil { // between our look and our writing
		if x, err = w.open(r); err != nil {
			return err
		}
		return w.stale(rw, r, x, values)
	} else if err != nil {
		return err
	}
	switch {
	case values.Get("action") == "later":
		return web.SeeOther(rw, r, "/cases")
	case values.Get("action") == "delegate" && len(wrongFiles) == 0:
		return web.SeeOther(rw, r, x.path(p.ID)+"/delegate")
	case values.Get("action") != "" && len(wrongFiles) == 0:
		return web.SeeOther(rw, r, x.path(p.ID)) // a row or file was added or removed
	case stay:
		return web.Render(rw, r, http.StatusOK, formPage(w.view(r), x, p, n, wrongFiles, notice))
	case len(wrong) > 0:
		return web.Render(rw, r, http.StatusUnprocessableEntity, formPage(w.view(r), x, p, n, wrong, ""))
	}
	_, n = x.page(p.ID)
	if values.Get("return") == "check" {
		return web.SeeOther(rw, r, x.path("check"))
	}
	return web.SeeOther(rw, r, x.after(n))
}

// stale answers whoever saves a page that another window has changed meanwhile:
// nothing is overwritten, and what was typed here is shown on top of what is
// stored.
func (w *Web) stale(rw http.ResponseWriter, r *http.Request, x *writing, values url.Values) error {
	p, n := x.page(r.PathValue("page"))
	if p == nil || x.Receipt != nil {
		return web.SeeOther(rw, r, x.start())
	}
	x.Answers, _ = x.form.Read(p, values, x.env)
	x.refresh(w.service)
	return web.Render(rw, r, http.StatusConflict, formPage(w.view(r), x, p, n, nil, "services.draft.changed"))
}

func paths(shown []form.Shown) map[string]bool {
	all := map[string]bool{}
	for _, s := range shown {
		all[s.Path] = true
		for _, row := range s.Rows {
			for p := range paths(row) {
				all[p] = true
			}
		}
	}
	return all
}

func subset(a, b map[string]bool) bool {
	for k := range a {
		if !b[k] {
			return false
		}
	}
	return true
}

// check shows all answers before they are sent; what is wrong is said with a
// way to mend it.
func (w *Web) check(rw http.ResponseWriter, r *http.Request) error {
	x, err := w.open(r)
	if err != nil {
		return err
	}
	if x.Receipt != nil {
		return web.SeeOther(rw, r, x.path("receipt"))
	}
	_, wrong := x.form.Validate(x.env)
	return web.Render(rw, r, http.StatusOK, checkPage(w.view(r), x, wrong, ""))
}

func (w *Web) send(rw http.ResponseWriter, r *http.Request) error {
	x, err := w.open(r)
	if err != nil {
		return err
	}
	if x.Receipt == nil && (r.PostFormValue("rev") != strconv.FormatInt(x.Rev, 10) || x.Refreshed) {
		// What would be sent is not what was shown: show it again.
		if x.Refreshed {
			if err := w.service.Save(r.Context(), x.Draft); err != nil {
				return err
			}
		}
		_, wrong := x.form.Validate(x.env)
		return web.Render(rw, r, http.StatusConflict, checkPage(w.view(r), x, wrong, "services.check.changed"))
	}
	receipt, wrong, err := w.service.Send(r.Context(), x.who, x.ID, x.Rev, i18n.FromContext(r.Context()).Lang())
	if err != nil {
		return err
	}
	if receipt == nil {
		return web.Render(rw, r, http.StatusUnprocessableEntity, checkPage(w.view(r), x, wrong, ""))
	}
	return web.SeeOther(rw, r, x.path("receipt"))
}

func (w *Web) receipt(rw http.ResponseWriter, r *http.Request) error {
	x, err := w.open(r)
	if err != nil {
		return err
	}
	if x.Receipt == nil {
		return web.SeeOther(rw, r, "/applications/"+x.ID)
	}
	return web.Render(rw, r, http.StatusOK, receiptPage(w.view(r), x))
}

// askDiscard makes sure that a draft is not lost by a slip of the thumb.
func (w *Web) askDiscard(rw http.ResponseWriter, r *http.Request) error {
	x, err := w.open(r)
	if err != nil {
		return err
	}
	return web.Render(rw, r, http.StatusOK, discardPage(w.view(r), x))
}

func (w *Web) discard(rw http.ResponseWriter, r *http.Request) error {
	who, _ := web.IdentityFrom(r.Context())
	if err := w.service.Discard(r.Context(), who, r.PathValue("draft")); err != nil {
		return err
	}
	return web.SeeOther(rw, r, "/cases")
}

// formMemory is how much of a posted form is held in memory; larger files wait
// on the disk.
const formMemory = 4 << 20

// parse reads a posted form, with or without files.
func (w *Web) parse(r *http.Request) (url.Values, error) {
	if err := web.ParseForm(r, formMemory); err != nil {
		return nil, err
	}
	for name, vs := range r.PostForm {
		for _, v := range vs {
			if !utf8.ValidString(v) {
				return nil, errs.New(errs.Invalid, "").Because("field %q is not UTF-8", name)
			}
		}
	}
	return r.PostForm, nil
}

// takeFiles puts posted files into the answers, each by what it is, not by what
// it is called, and removes those that the person takes back.
func (w *Web) takeFiles(r *http.Request, x *writing, p *form.Page, values url.Values) ([]form.FieldError, error) {
	var wrong []form.FieldError
	for _, f := range p.Fields {
		if f.Type != form.File {
			continue
		}
		have, _ := x.Answers[f.ID].([]any)
		if rest, ok := strings.CutPrefix(values.Get("action"), "removeFile:"+f.ID+":"); ok {
			if i, err := strconv.Atoi(rest); err == nil && i >= 0 && i < len(have) {
				have = slices.Delete(slices.Clone(have), i, i+1)
			}
		}
		if r.MultipartForm != nil {
			for _, h := range r.MultipartForm.File[f.ID] {
				if h.Size == 0 && h.Filename == "" {
					continue
				}
				answer, fault, err := w.keep(r, f, h)
				if err != nil {
					return nil, err
				}
				if fault != nil {
					fault.Page = p.ID
					wrong = append(wrong, *fault)
					continue
				}
				have = append(slices.Clone(have), answer)
			}
		}
		if x.Answers == nil {
			x.Answers = form.Answers{}
		}
		if len(have) > 0 || x.Answers[f.ID] != nil {
			x.Answers[f.ID] = have
		}
	}
	return wrong, nil
}

// keep stores one file and returns its answer, or what is wrong with it.
func (w *Web) keep(r *http.Request, f *form.Field, h *multipart.FileHeader) (map[string]any, *form.FieldError, error) {
	name := fileName(h.Filename)
	if h.Size > f.MaxSize {
		return nil, &form.FieldError{Field: f.ID, Code: "fileSize", Args: map[string]any{"name": name, "max": f.MaxSize}}, nil
	}
	file, err := h.Open()
	if err != nil {
		return nil, nil, err
	}
	defer file.Close()
	head := make([]byte, 512)
	n, err := io.ReadFull(file, head)
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) && !errors.Is(err, io.EOF) {
		return nil, nil, err
	}
	media := http.DetectContentType(head[:n])
	if !slices.ContainsFunc(f.Accept, func(kind string) bool { return form.MediaType(kind) == media }) {
		return nil, &form.FieldError{Field: f.ID, Code: "fileType", Args: map[string]any{"name": name, "accept": f.Accept}}, nil
	}
	hash, size, err := w.service.Blobs.Put(r.Context(), io.MultiReader(bytes.NewReader(head[:n]), file), f.MaxSize)
	if err != nil {
		return nil, nil, err
	}
	return map[string]any{"name": name, "size": json.Number(strconv.FormatInt(size, 10)), "hash": hash, "type": media}, nil, nil
}

// fileName is a name that is safe to show and to save under.
func fileName(s string) string {
	s = filepath.Base(strings.ReplaceAll(s, "\\", "/"))
	s = strings.Map(func(r rune) rune {
		if r < ' ' || strings.ContainsRune(`"<>|:*?`, r) || r == utf8.RuneError {
			return '_'
		}
		return r
	}, s)
	if r := []rune(s); len(r) > 120 {
		s = string(r[:100]) + "…" + filepath.Ext(s)
	}
	if s == "." || s == "/" || s == "" {
		s = "file"
	}
	return s
}
