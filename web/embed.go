package web

import (
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"sync"
)

//go:embed all:dist
var dist embed.FS

// ErrNotBuilt says that the binary was compiled before the assets were built.
var ErrNotBuilt = errors.New("the pages' styles and scripts are missing from this binary: run make build")

// FS holds the built files by their hashed names, without a folder.
func FS() fs.FS {
	sub, err := fs.Sub(dist, "dist")
	if err != nil {
		panic(err) // dist is a constant that embed has checked
	}
	return sub
}

// Manifest maps a plain name ("main.css") to the hashed one ("main-3F2A.css").
// It returns ErrNotBuilt when dist is empty. The map must not be changed.
var Manifest = sync.OnceValues(func() (map[string]string, error) { return readManifest(FS()) })

func readManifest(fsys fs.FS) (map[string]string, error) {
	b, err := fs.ReadFile(fsys, "manifest.json")
	if errors.Is(err, fs.ErrNotExist) {
		return nil, ErrNotBuilt
	}
	if err != nil {
		return nil, fmt.Errorf("web/dist/manifest.json: %w", err)
	}
	var m map[string]string
	if err := json.Unmarshal(b, &m); err != nil {
		return nil, fmt.Errorf("web/dist/manifest.json: %w", err)
	}
	for plain, hashed := range m {
		if _, err := fs.Stat(fsys, hashed); err != nil {
			return nil, fmt.Errorf("web/dist/manifest.json names %s for %s, which is not there; run make build again", hashed, plain)
		}
	}
	return m, nil
}
