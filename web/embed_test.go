package web

import (
	"errors"
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"
)

func TestReadManifestSaysWhatToDoWhenAssetsAreMissing(t *testing.T) {
	if _, err := readManifest(fstest.MapFS{}); !errors.Is(err, ErrNotBuilt) {
		t.Fatalf("got %v, want ErrNotBuilt", err)
	}
}

func TestReadManifestRefusesANameWithoutItsFile(t *testing.T) {
	_, err := readManifest(fstest.MapFS{
		"manifest.json": {Data: []byte(`{"main.css":"main-1.css"}`)},
	})
	if err == nil || !strings.Contains(err.Error(), "main-1.css") {
		t.Fatalf("got %v, want an error that names main-1.css", err)
	}
}

func TestManifestNamesEveryFileThatPagesUse(t *testing.T) {
	m, err := Manifest()
	if errors.Is(err, ErrNotBuilt) {
		t.Skip("web/dist is not built: run make build")
	}
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"main.css", "workbench.css", "main.js", "workbench.js", "favicon.svg"} {
		if m[name] == "" {
			t.Errorf("manifest has no %s", name)
		}
	}
}

// The binary must not carry what only another State may use.
func TestBuiltFilesCarryNoOtherStatesMarks(t *testing.T) {
	files, err := fs.Glob(FS(), "*.css")
	if err != nil {
		t.Fatal(err)
	}
	if len(files) == 0 {
		t.Skip("web/dist is not built: run make build")
	}
	for _, name := range files {
		b, err := fs.ReadFile(FS(), name)
		if err != nil {
			t.Fatal(err)
		}
		for _, mark := range []string{"GDS Transport", "crown", "crest"} {
			if strings.Contains(strings.ToLower(string(b)), strings.ToLower(mark)) {
				t.Errorf("%s contains %q", name, mark)
			}
		}
	}
}
