package web

import (
	"errors"
	"io/fs"
	"net/http"

	"passerelle/internal/platform/errs"
)

// ParseForm reads a posted form, with or without files, of which memory bytes are
// held in memory and the rest waits in temporary files. It is errs.TooLarge when the
// body is larger than is accepted, errs.Unavailable when the disk cannot take the
// files, errs.Invalid when the body is no form.
func ParseForm(r *http.Request, memory int64) error {
	err := r.ParseMultipartForm(memory)
	if errors.Is(err, http.ErrNotMultipart) {
		err = r.ParseForm()
	}
	if err == nil {
		return nil
	}
	return BodyError(err)
}

// BodyError gives an error of reading a body its kind, as [ParseForm] does: the
// sender is not to blame when our disk cannot take a temporary file.
func BodyError(err error) error {
	var tooLarge *http.MaxBytesError
	var disk *fs.PathError
	kind := errs.Invalid
	switch {
	case errors.As(err, &tooLarge):
		kind = errs.TooLarge
	case errors.As(err, &disk):
		kind = errs.Unavailable
	}
	return errs.Wrap(kind, "", err)
}
