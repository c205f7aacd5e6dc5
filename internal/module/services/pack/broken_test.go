package pack

import (
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write what is found into testdata/broken.txt")

// files reads the example packages into memory.
func files(t testing.TB) fstest.MapFS {
	t.Helper()
	m := fstest.MapFS{}
	err := fs.WalkDir(os.DirFS("testdata/set"), ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		src, err := os.ReadFile(filepath.Join("testdata/set", name))
		m[name] = &fstest.MapFile{Data: src}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// breakage is one case of testdata/broken.txt.
type breakage struct {
	name  string
	steps []string
	want  string
}

func breakages(t *testing.T, src string) (head string, cases []breakage) {
	t.Helper()
	parts := strings.Split(src, "\n=== ")
	for _, part := range parts[1:] {
		name, rest, _ := strings.Cut(part, "\n")
		steps, want, ok := strings.Cut(rest, "\nwant\n")
		if !ok {
			t.Fatalf("%s has no want", name)
		}
		cases = append(cases, breakage{name: name, steps: strings.Split(steps, "\n"), want: strings.TrimSpace(want)})
	}
	return parts[0], cases
}

// apply breaks the example package.
func (b breakage) apply(t *testing.T, m fstest.MapFS) {
	t.Helper()
	const dir = "allotment-garden/2025/"
	var file, old string
	for _, step := range b.steps {
		switch {
		case strings.HasPrefix(step, "edit "):
			file = dir + step[5:]
		case strings.HasPrefix(step, "write "):
			file, old = dir+step[6:], ""
			m[file] = &fstest.MapFile{}
		case strings.HasPrefix(step, "delete "):
			delete(m, dir+step[7:])
		case strings.HasPrefix(step, "-"):
			old = step[1:]
		case strings.HasPrefix(step, "+"):
			src := string(m[file].Data)
			if !strings.Contains(src, old) {
				t.Fatalf("%s does not hold %q", file, old)
			}
			m[file].Data = []byte(strings.Replace(src, old, strings.ReplaceAll(step[1:], `\n`, "\n"), 1))
		}
	}
}

func TestBrokenPackagesAreRefusedWithFileAndLine(t *testing.T) {
	const golden = "testdata/broken.txt"
	src, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	head, cases := breakages(t, string(src))
	var out strings.Builder
	out.WriteString(head)
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			m := files(t)
			c.apply(t, m)
			p, findings := Load(m, "allotment-garden/2025")
			if p != nil {
				findings = append(findings, Check(p)...)
			}
			var got []string
			for _, f := range findings {
				got = append(got, fmt.Sprintf("%s:%d: %s: %s", strings.TrimPrefix(f.File, "allotment-garden/2025/"), f.Line, f.Severity, f.Msg))
			}
			found := strings.Join(got, "\n")
			if found == "" {
				t.Error("nothing was found")
			}
			fmt.Fprintf(&out, "\n=== %s\n%s\nwant\n%s\n", c.name, strings.Join(c.steps, "\n"), found)
			if d := cmp.Diff(c.want, found); d != "" && !*update {
				t.Error(d)
			}
		})
	}
	if *update {
		if err := os.WriteFile(golden, []byte(out.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func TestABrokenPackageDoesNotStopTheOthers(t *testing.T) {
	m := files(t)
	for name, f := range m {
		if rest, ok := strings.CutPrefix(name, "allotment-garden/2025/"); ok {
			m["broken-garden/2025/"+rest] = f
		}
	}
	set, findings := LoadSet(m)
	if len(set.All()) != 1 || set.All()[0].ID != "allotment-garden" {
		t.Error("the sound package does not serve")
	}
	if len(findings) != 1 || findings[0].File != "broken-garden/2025/service.yaml" || findings[0].Line != 1 {
		t.Error(findings)
	}
}
