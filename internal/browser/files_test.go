package browser

import (
	"os"
	"path/filepath"
	"testing"
)

// pdf is a real, small PDF on the disk.
func pdf(t testing.TB) string {
	t.Helper()
	return file(t, "diploma.pdf", []byte("%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[]/Count 0>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"))
}

// file writes a file to choose in a form.
func file(t testing.TB, name string, content []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}
