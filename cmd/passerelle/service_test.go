package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"passerelle/internal/module/services/pack"
	packages "passerelle/services"
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

// The next version of a service begins as the newest one beside it.
func TestTheNextVersionBeginsAsTheNewest(t *testing.T) {
	root := t.TempDir()
	if err := os.CopyFS(root, packages.Luxembourg()); err != nil {
		t.Fatal(err)
	}
	service := filepath.Join(root, "klimabonus-heat-pump")
	dir := filepath.Join(service, "2027")
	if got := command(t, "", "service", "new", filepath.Join(service, "2024"), "--from", "2026-01-01"); !strings.Contains(got, "begins on 2026-01-01") {
		t.Errorf("before the newest: %s", got)
	}
	if got := command(t, "", "service", "new", dir, "--from", "2027-01-01"); !strings.Contains(got, "as in version 2026, in force from 2027-01-01") {
		t.Fatal(got)
	}
	was, err := pack.ReadDir(os.DirFS(filepath.Join(service, "2026")))
	if err != nil {
		t.Fatal(err)
	}
	is, err := pack.ReadDir(os.DirFS(dir))
	if err != nil {
		t.Fatal(err)
	}
	if is.Version != "2027" || len(is.Files) != len(was.Files) {
		t.Errorf("version %s with %d files of %d", is.Version, len(is.Files), len(was.Files))
	}
	for name, text := range was.Files {
		want := string(text)
		if name == "service.yaml" {
			want = strings.NewReplacer(`version: "2026"`, `version: "2027"`, "inForce: {from: 2026-01-01}", "inForce: {from: 2027-01-01}").Replace(want)
		}
		if string(is.Files[name]) != want {
			t.Errorf("%s is another", name)
		}
	}
	if got := command(t, "", "service", "check", dir); !strings.Contains(got, "1 package, 0 errors") {
		t.Errorf("service check: %s", got)
	}
	for _, version := range []string{"2025", "2026", "2027"} {
		if err := os.WriteFile(filepath.Join(service, version, "service.yaml"), []byte("version: ["), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if got := command(t, "", "service", "new", filepath.Join(service, "2028"), "--from", "2028-01-01"); !strings.Contains(got, "mend it first") {
		t.Errorf("beside what cannot be read: %s", got)
	}
}
