package api

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"mime/multipart"
	"net/http"
	"path"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"passerelle/engine/form"
	"passerelle/internal/module/cases"
	"passerelle/internal/platform/errs"
	"passerelle/internal/platform/i18n"
	"passerelle/internal/platform/web"
)

// codeFile is the code of a file that is named in the JSON document instead of
// being sent.
const codeFile = "file"

// files are the files of a multipart request. Its parts above a few kilobytes
// lie in temporary files until RemoveAll.
type files = multipart.Form

const inMemory = 64 << 10

// readMultipart returns the part called submission and the files.
func readMultipart(l *i18n.Locale, r *http.Request) ([]byte, *files, error) {
	if err := web.ParseForm(r, inMemory); err != nil {
		if errs.KindOf(err) != errs.Invalid {
			return nil, nil, err
		}
		return nil, nil, malformed(web.Field{Code: "multipart", Message: l.T("api.body")})
	}
	all := r.MultipartForm
	if v := all.Value["submission"]; len(v) == 1 {
		return []byte(v[0]), all, nil
	}
	// A part that says it is JSON and has a file name is a file to net/http.
	if v := all.File["submission"]; len(v) == 1 {
		body, err := readPart(v[0])
		delete(all.File, "submission")
		return body, all, err
	}
	_ = all.RemoveAll()
	return nil, nil, malformed(web.Field{Field: "submission", Code: "required", Message: l.T("api.required", "field", "submission")})
}

func readPart(h *multipart.FileHeader) ([]byte, error) {
	f, err := h.Open()
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, 1<<20))
}

// claimedFiles reports file answers in the JSON document: whoever names a hash
// would claim a file they may never have had.
func claimedFiles(f *form.Form, answers form.Answers) []form.FieldError {
	var wrong []form.FieldError
	report := func(fd *form.Field, v any, path string) {
		if list, isList := v.([]any); fd.Type == form.File && v != nil && (!isList || len(list) > 0) {
			wrong = append(wrong, form.FieldError{Field: path, Code: codeFile})
		}
	}
	for _, p := range f.Pages {
		for _, fd := range p.Fields {
			report(fd, answers[fd.ID], fd.ID)
			rows, _ := answers[fd.ID].([]any)
			for _, sub := range fd.Fields {
				for i, x := range rows {
					row, _ := x.(map[string]any)
					report(sub, row[sub.ID], fd.ID+"."+strconv.Itoa(i)+"."+sub.ID)
				}
			}
		}
	}
	return wrong
}

// takeFiles stores the files and puts them into the answers.
func (a *API) takeFiles(ctx context.Context, f *form.Form, answers form.Answers, all *files) ([]form.FieldError, error) {
	var wrong []form.FieldError
	for name, headers := range all.File {
		fd := f.Field(name)
		if fd == nil || fd.Type != form.File || fd.Group != nil {
			wrong = append(wrong, form.FieldError{Field: name, Code: "unknown"})
			continue
		}
		var have []any
		for _, h := range headers {
			d, code, err := a.keep(ctx, h, fd.Accept, fd.MaxSize)
			if err != nil {
				return nil, err
			}
			if code != "" {
				wrong = append(wrong, form.FieldError{Field: name, Code: code, Args: map[string]any{"name": d.Name, "accept": fd.Accept, "max": fd.MaxSize}})
				continue
			}
			have = append(have, map[string]any{"name": d.Name, "type": d.MediaType, "size": json.Number(strconv.FormatInt(d.Size, 10)), "hash": d.Hash})
		}
		answers[name] = have
	}
	for name := range all.Value {
		if name != "submission" {
			wrong = append(wrong, form.FieldError{Field: name, Code: "unknown"})
		}
	}
	return wrong, nil
}

// keep stores one file. code says what is wrong with it: fileSize, or fileType
// by its content, whatever its name says.
func (a *API) keep(ctx context.Context, h *multipart.FileHeader, accept []string, maxSize int64) (d cases.Document, code string, err error) {
	d.Name = fileName(h.Filename)
	if h.Size > maxSize {
		return d, "fileSize", nil
	}
	f, err := h.Open()
	if err != nil {
		return d, "", err
	}
	defer f.Close()
	head := make([]byte, 512)
	n, err := io.ReadFull(f, head)
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) && !errors.Is(err, io.EOF) {
		return d, "", err
	}
	d.MediaType = http.DetectContentType(head[:n])
	if !slices.ContainsFunc(accept, func(kind string) bool { return form.MediaType(kind) == d.MediaType }) {
		return d, "fileType", nil
	}
	d.Hash, d.Size, err = a.Blobs.Put(ctx, io.MultiReader(bytes.NewReader(head[:n]), f), maxSize)
	if errs.KindOf(err) == errs.TooLarge {
		return d, "fileSize", nil
	}
	return d, "", err
}

// fileName is a name that is safe to show and to save under.
func fileName(s string) string {
	s = path.Base(strings.ReplaceAll(s, `\`, "/"))
	s = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || r == utf8.RuneError || strings.ContainsRune(`"<>|:*?`, r) {
			return '_'
		}
		return r
	}, s)
	if r := []rune(s); len(r) > 120 {
		s = string(r[:100]) + "…" + path.Ext(s)
	}
	if s == "." || s == "/" || s == "" {
		return "file"
	}
	return s
}
