package pdf

import (
	"bytes"
	"context"
	_ "embed"
	"errors"
	"fmt"
	"html"
	"os/exec"
	"strings"
	"time"

	"passerelle/internal/platform/errs"
)

//go:embed letter.css
var letterCSS string

// limits of one run.
const (
	timeout   = 30 * time.Second
	maxOutput = 20 << 20 // bytes
)

// Renderer prints documents; it is safe for concurrent use. Renderers run at
// most two at a time, for they are hungry.
type Renderer struct {
	path  string
	slots chan struct{}
}

// Find returns the renderer of this machine, and nil when none is installed.
func Find() *Renderer {
	path, err := exec.LookPath("weasyprint")
	if err != nil {
		return nil
	}
	return &Renderer{path: path, slots: make(chan struct{}, 2)}
}

// Document is one letter.
type Document struct {
	Lang  string // BCP 47
	Title string
	Body  string // safe HTML, self-contained: no addresses are fetched
}

// Render prints the document. Trouble of the renderer is errs.Unavailable.
func (r *Renderer) Render(ctx context.Context, d Document) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	select {
	case r.slots <- struct{}{}:
		defer func() { <-r.slots }()
	case <-ctx.Done():
		return nil, errs.Wrap(errs.Unavailable, "", ctx.Err())
	}
	page := "<!doctype html><html lang=\"" + html.EscapeString(d.Lang) + "\"><head><meta charset=\"utf-8\"><title>" + html.EscapeString(d.Title) +
		"</title><style>" + letterCSS + "</style></head><body>" + d.Body + "</body></html>"
	cmd := exec.CommandContext(ctx, r.path, "--quiet", "--encoding", "utf-8", "--base-url", "about:blank", "--pdf-variant", "pdf/ua-1", "-", "-")
	cmd.Stdin = strings.NewReader(page)
	out := &bounded{max: maxOutput}
	problems := &bounded{max: 64 << 10}
	cmd.Stdout, cmd.Stderr = out, problems
	if err := cmd.Run(); err != nil {
		return nil, errs.New(errs.Unavailable, "").Because("weasyprint: %w: %s", err, problems.String())
	}
	if !bytes.HasPrefix(out.Bytes(), []byte("%PDF-")) {
		return nil, errs.New(errs.Unavailable, "").Because("weasyprint wrote no PDF, but %d bytes", out.Len())
	}
	return out.Bytes(), nil
}

// bounded is a buffer that refuses more than max bytes.
type bounded struct {
	bytes.Buffer
	max int
}

var errTooLong = errors.New("too much output")

func (b *bounded) Write(p []byte) (int, error) {
	if b.Len()+len(p) > b.max {
		return 0, fmt.Errorf("%w: more than %d bytes", errTooLong, b.max)
	}
	return b.Buffer.Write(p)
}
