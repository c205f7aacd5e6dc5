package mycases

import (
	"bytes"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"passerelle/internal/module/cases"
	"passerelle/internal/platform/errs"
	"passerelle/internal/platform/i18n"
	"passerelle/internal/platform/ui"
	"passerelle/internal/platform/web"
)

// What an answer may carry.
const (
	maxFiles     = 5
	maxFile      = 10 << 20 // bytes of one file
	answerMemory = 4 << 20  // of a posted form; larger files wait on the disk
)

// fileTypes are the media types an answer takes, by content.
var fileTypes = []string{"application/pdf", "image/jpeg", "image/png"}

// takeAnswer reads a posted answer. The files are stored before the case knows
// of them; each is what its content says, whatever its name.
func (w *Web) takeAnswer(r *http.Request, l *i18n.Locale) (text string, files []cases.Document, wrong []ui.ErrorItem, err error) {
	if err := web.ParseForm(r, answerMemory); err != nil {
		return "", nil, nil, err
	}
	text = strings.TrimSpace(r.PostFormValue("text"))
	if !utf8.ValidString(text) {
		return "", nil, nil, errs.New(errs.Invalid, "").Because("the answer is not UTF-8")
	}
	if r.MultipartForm == nil {
		return text, nil, nil, nil
	}
	fault := func(key string, args ...any) {
		wrong = append(wrong, ui.ErrorItem{Text: l.T(key, args...), Href: "#files"})
	}
	sent := slices.DeleteFunc(slices.Clone(r.MultipartForm.File["files"]), func(h *multipart.FileHeader) bool { return h.Filename == "" && h.Size == 0 })
	if len(sent) > maxFiles {
		fault("mycases.answer.tooMany", "max", maxFiles)
		return text, nil, wrong, nil
	}
	for _, h := range sent {
		name := safeName(h.Filename)
		if h.Size > maxFile {
			fault("mycases.answer.tooLarge", "name", name)
			continue
		}
		doc, ok, err := w.keep(r, h)
		if err != nil {
			return "", nil, nil, err
		}
		if !ok {
			fault("mycases.answer.wrongType", "name", name)
			continue
		}
		doc.Name = name
		files = append(files, doc)
	}
	return text, files, wrong, nil
}

// keep stores one file; ok is false when it is of no type we take.
func (w *Web) keep(r *http.Request, h *multipart.FileHeader) (doc cases.Document, ok bool, err error) {
	file, err := h.Open()
	if err != nil {
		return doc, false, err
	}
	defer file.Close()
	head := make([]byte, 512)
	n, err := io.ReadFull(file, head)
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) && !errors.Is(err, io.EOF) {
		return doc, false, err
	}
	media := http.DetectContentType(head[:n])
	if !slices.Contains(fileTypes, media) {
		return doc, false, nil
	}
	hash, size, err := w.Blobs.Put(r.Context(), io.MultiReader(bytes.NewReader(head[:n]), file), maxFile)
	return cases.Document{MediaType: media, Size: size, Hash: hash}, err == nil, err
}

// document hands a file of the case to its applicant.
func (w *Web) document(rw http.ResponseWriter, r *http.Request) error {
	v, err := w.open(r)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(v.d.Documents, func(d cases.Document) bool { return d.ID == r.PathValue("doc") })
	if i < 0 {
		return errs.New(errs.NotFound, "mycases.document.unknown")
	}
	doc := v.d.Documents[i]
	content, err := w.Blobs.Get(r.Context(), doc.Hash)
	if err != nil {
		return err
	}
	defer content.Close()
	h := rw.Header()
	h.Set("Content-Type", doc.MediaType)
	h.Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": doc.Name}))
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cache-Control", "no-store")
	http.ServeContent(rw, r, "", time.Time{}, content)
	return nil
}

// safeName is a name that is safe to show and to save under.
func safeName(s string) string {
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
	if s == "." || s == ".." || s == "/" || s == "" {
		s = "file"
	}
	return s
}

// size writes a number of bytes as people read it.
func (w words) size(bytes int64) string {
	if bytes >= 1<<20 {
		tenths := (bytes*10 + 1<<19) >> 20
		return w.T("mycases.size.mb", "n", w.Number(decimal(tenths)))
	}
	return w.T("mycases.size.kb", "n", w.Int(int(max(1, bytes>>10))))
}
