package pack

import (
	"archive/zip"
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"testing"

	"passerelle/internal/platform/errs"
)

type entry struct {
	name, text string
	mode       fs.FileMode
}

func zipOf(t *testing.T, entries ...entry) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, e := range entries {
		h := &zip.FileHeader{Name: e.name, Method: zip.Deflate}
		h.SetMode(e.mode | 0o644)
		w, err := z.CreateHeader(h)
		if err == nil {
			_, err = w.Write([]byte(e.text))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

var head = entry{name: "service.yaml", text: "service: garden\nversion: \"2027\"\n"}

func in(folder string, e entry) entry { e.name = folder + e.name; return e }

func TestAVersionIsFoundInAZip(t *testing.T) {
	for name, src := range map[string][]byte{
		"at the top":    zipOf(t, head, entry{name: "texts/en.yaml", text: "a: b"}),
		"in its folder": zipOf(t, in("garden/2027/", head), entry{name: "garden/2027/texts/en.yaml", text: "a: b"}),
		"from a Mac":    zipOf(t, in("2027/", head), entry{name: "2027/texts/en.yaml", text: "a: b"}, entry{name: "__MACOSX/2027/._service.yaml"}, entry{name: "2027/.DS_Store"}),
	} {
		f, err := ReadZip(src)
		if err != nil || f.Service != "garden" || f.Version != "2027" || len(f.Files) != 2 || string(f.Files["texts/en.yaml"]) != "a: b" {
			t.Errorf("%s: %+v %v", name, f, err)
		}
	}
}

// What a stranger's zip may try is refused and names the file.
func TestWhatAZipMayNotHold(t *testing.T) {
	many := []entry{head}
	for i := range maxFiles {
		many = append(many, entry{name: fmt.Sprintf("letters/%d.md", i)})
	}
	large := strings.Repeat("a", maxFile)
	bomb := []entry{head}
	for i := range maxFolder/maxFile + 1 {
		bomb = append(bomb, entry{name: fmt.Sprintf("letters/%d.md", i), text: large})
	}
	for name, src := range map[string][]byte{
		"out of the folder":     zipOf(t, head, entry{name: "../evil.yaml"}),
		"out of it deeper":      zipOf(t, head, entry{name: "texts/../../evil.yaml"}),
		"an absolute path":      zipOf(t, head, entry{name: "/etc/evil.yaml"}),
		"a Windows path":        zipOf(t, head, entry{name: `texts\en.yaml`}),
		"a link":                zipOf(t, head, entry{name: "texts/en.yaml", text: "/etc/passwd", mode: fs.ModeSymlink}),
		"a device":              zipOf(t, head, entry{name: "texts/en.yaml", mode: fs.ModeDevice}),
		"a program":             zipOf(t, head, entry{name: "run.sh"}),
		"a page":                zipOf(t, head, entry{name: "texts/en.html"}),
		"a name with a line":    zipOf(t, head, entry{name: "texts/e\nn.yaml"}),
		"one file twice":        zipOf(t, head, entry{name: "form.yaml"}, entry{name: "form.yaml"}),
		"no text":               zipOf(t, head, entry{name: "form.yaml", text: "\xff\xfe"}),
		"beside the version":    zipOf(t, in("2027/", head), entry{name: "form.yaml"}),
		"two versions":          zipOf(t, in("2027/", head), in("2028/", head)),
		"no version":            zipOf(t, entry{name: "form.yaml"}),
		"no name":               zipOf(t, entry{name: "service.yaml", text: "service: ../../etc\nversion: \"1\""}),
		"a version that climbs": zipOf(t, entry{name: "service.yaml", text: "service: garden\nversion: \"../1\""}),
		"too many files":        zipOf(t, many...),
		"a file too large":      zipOf(t, head, entry{name: "form.yaml", text: large + "a"}),
		"a bomb":                zipOf(t, bomb...),
		"more than is accepted": make([]byte, MaxZip+1),
		"no zip":                []byte("PK\x03\x04 but not really"),
	} {
		f, err := ReadZip(src)
		if kind := errs.KindOf(err); err == nil || kind != errs.Invalid && kind != errs.TooLarge {
			t.Errorf("%s: %d files, %v", name, len(f.Files), err)
		}
	}
}

func TestAFolderIsReadByTheSameRules(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{"service.yaml": head.text, ".git": "x", "form.yaml": "pages: []"} {
		if err := os.WriteFile(dir+"/"+name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	f, err := ReadDir(os.DirFS(dir))
	if err != nil || len(f.Files) != 2 {
		t.Fatalf("%+v %v", f, err)
	}
	if err := os.Symlink("/etc/passwd", dir+"/passwd.yaml"); err != nil {
		t.Fatal(err)
	}
	if f, err := ReadDir(os.DirFS(dir)); errs.KindOf(err) != errs.Invalid {
		t.Errorf("a link: %+v %v", f, err)
	}
}

// What is kept comes back as it was, or not at all.
func TestAFolderIsKept(t *testing.T) {
	set, _ := LoadSet(os.DirFS("testdata/set"))
	p := set.All()[0]
	f := p.Folder()
	var b bytes.Buffer
	if err := f.WriteZip(&b); err != nil {
		t.Fatal(err)
	}
	kept, err := ReadKept(f.Service, f.Version, b.Bytes(), f.Digest())
	if err != nil {
		t.Fatal(err)
	}
	again, findings := set.Open(kept)
	if again == nil || again.Hash != p.Hash || len(findings) != 0 {
		t.Errorf("%v", findings)
	}
	if _, err := ReadKept(f.Service, f.Version, b.Bytes(), strings.Repeat("0", 64)); err == nil {
		t.Error("another content passes for it")
	}
	if sent, err := ReadZip(b.Bytes()); err != nil || sent.Digest() != f.Digest() {
		t.Errorf("handed in again: %v", err)
	}
}

// FuzzReadZip: whatever is sent, nothing ends the program, and what is accepted
// can be kept.
func FuzzReadZip(f *testing.F) {
	f.Add([]byte("PK\x05\x06" + strings.Repeat("\x00", 18)))
	var b bytes.Buffer
	if err := (Folder{"garden", "2027", map[string][]byte{"service.yaml": []byte(head.text)}}).WriteZip(&b); err != nil {
		f.Fatal(err)
	}
	f.Add(b.Bytes())
	f.Fuzz(func(t *testing.T, src []byte) {
		folder, err := ReadZip(src)
		if err != nil {
			return
		}
		for name := range folder.Files {
			if !fs.ValidPath(name) {
				t.Errorf("%q was accepted", name)
			}
		}
	})
}
