package web

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strings"
	"time"
)

// asset is a built file, read and compressed once at start.
type asset struct {
	name, kind, etag string
	plain, gzipped   []byte // gzipped is nil where it would save nothing
	immutable        bool
}

// readAssets reads all files of fsys. The names in the manifest carry a hash of
// the content, so a browser may keep them for ever.
func readAssets(fsys fs.FS) (map[string]*asset, error) {
	assets := map[string]*asset{}
	err := fs.WalkDir(fsys, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || strings.HasPrefix(path.Base(name), ".") {
			return err
		}
		data, err := fs.ReadFile(fsys, name)
		if err != nil {
			return err
		}
		sum := sha256.Sum256(data)
		a := &asset{name: name, kind: kindOf(name), plain: data, etag: `"` + hex.EncodeToString(sum[:12]) + `"`}
		a.immutable = strings.Contains(path.Base(name), "-")
		if strings.HasPrefix(a.kind, "text/") || strings.HasPrefix(a.kind, "application/json") || strings.HasPrefix(a.kind, "image/svg") {
			var b bytes.Buffer
			gz, _ := gzip.NewWriterLevel(&b, gzip.BestCompression) // a valid level
			_, _ = gz.Write(data)                                  // memory
			_ = gz.Close()
			if b.Len() < len(data)*9/10 {
				a.gzipped = b.Bytes()
			}
		}
		assets[name] = a
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("assets: %w", err)
	}
	return assets, nil
}

// kindOf does not ask the machine's own table of types, which differs.
func kindOf(name string) string {
	switch path.Ext(name) {
	case ".css":
		return "text/css; charset=utf-8"
	case ".js", ".mjs":
		return "text/javascript; charset=utf-8"
	case ".svg":
		return "image/svg+xml"
	case ".woff2":
		return "font/woff2"
	case ".json", ".map":
		return "application/json"
	case ".png":
		return "image/png"
	case ".ico":
		return "image/x-icon"
	}
	if kind := mime.TypeByExtension(path.Ext(name)); kind != "" {
		return kind
	}
	return "application/octet-stream"
}

func (s *Server) serveAsset(w http.ResponseWriter, r *http.Request) error {
	a := s.assets[r.PathValue("name")]
	if a == nil {
		return errNoPage
	}
	h := w.Header()
	h.Set("Content-Type", a.kind)
	h.Set("ETag", a.etag)
	h.Set("Cache-Control", "public, max-age=300")
	if a.immutable {
		h.Set("Cache-Control", "public, max-age=31536000, immutable")
	}
	body := a.plain
	if a.gzipped != nil {
		if acceptsGzip(r) && r.Header.Get("Range") == "" {
			h.Set("Content-Encoding", "gzip")
			h.Set("ETag", strings.TrimSuffix(a.etag, `"`)+`-gz"`)
			h.Add("Vary", "Accept-Encoding")
			body = a.gzipped
		}
	}
	http.ServeContent(w, r, a.name, time.Time{}, bytes.NewReader(body))
	return nil
}
