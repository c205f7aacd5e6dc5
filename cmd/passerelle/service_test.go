package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A service that is begun in an empty folder checks clean, and nothing is
// written over.
func TestANewServiceChecksClean(t *testing.T) {
	root := t.TempDir()
	dir := filepath.Join(root, "dog-licence", "2027")
	if got := command(t, "", "service", "new", dir, "--from", "2027-01-01"); !strings.Contains(got, "files") {
		t.Fatal(got)
	}
	for _, place := range []string{root, dir} {
		if got := command(t, "", "service", "test", place); !strings.Contains(got, "3 passed, 0 failed") {
			t.Errorf("service test %s: %s", place, got)
		}
	}
	if got := command(t, "", "service", "check", dir); got != "1 package, 0 errors, 0 warnings\n" {
		t.Errorf("service check: %s", got)
	}
	set, findings := load(root)
	if len(set) != 1 || len(findings) != 0 {
		t.Errorf("%d packages, %v", len(set), findings)
	}
	if got := command(t, "", "service", "new", dir); !strings.Contains(got, "exists") {
		t.Errorf("begun again: %s", got)
	}
	if got := command(t, "", "service", "new", filepath.Join(root, "Dog", "2027")); !strings.Contains(got, "small letters") {
		t.Errorf("a wrong name: %s", got)
	}
	if _, err := os.Stat(filepath.Join(root, "Dog")); err == nil {
		t.Error("a wrong name leaves a folder")
	}
	data := filepath.Join(root, "none")
	if got := command(t, "", "service", "publish", dir, "--by", "Claire", "--remark", "x", "--data", data); !strings.Contains(got, "there is no installation") {
		t.Errorf("published nowhere: %s", got)
	}
}
