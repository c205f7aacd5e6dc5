package pack

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"

	"passerelle/internal/platform/errs"
)

// Folder is the files of one version of a service, as designers hand them in
// and as they are kept.
type Folder struct {
	Service, Version string
	Files            map[string][]byte // by path below <service>/<version>
}

// What a folder from elsewhere may hold. The largest of the demonstration State
// has 30 files and 300 kB.
const (
	MaxZip    = 8 << 20  // bytes of the zip
	maxFolder = 16 << 20 // bytes of all files
	maxFiles  = 500
)

var (
	versionRE = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,31}$`)
	fileRE    = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]*(/[A-Za-z0-9][A-Za-z0-9._-]*)*\.(yaml|dmn|bpmn|md)$`)
)

// ReadZip reads a version from a zip that somebody sent: the folder itself, or
// one that holds it at any depth. It trusts nothing: what is too much, too deep,
// no regular file, or no file of a package is refused by name (errs.Invalid,
// errs.TooLarge).
func ReadZip(src []byte) (Folder, error) {
	if len(src) > MaxZip {
		return Folder{}, errs.New(errs.TooLarge, "pack.folder.tooLarge").With("max", MaxZip>>20).Because("the zip is larger than %d MB", MaxZip>>20)
	}
	r, err := zip.NewReader(bytes.NewReader(src), int64(len(src)))
	if err != nil {
		return Folder{}, errs.New(errs.Invalid, "pack.folder.noZip").Because("no zip: %w", err)
	}
	files, err := unzip(r, true)
	if err != nil {
		return Folder{}, err
	}
	return folder(files)
}

// ReadDir reads a version from a folder of this machine, by the same rules.
func ReadDir(fsys fs.FS) (Folder, error) {
	files, size := map[string][]byte{}, 0
	err := fs.WalkDir(fsys, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || name == "." {
			return err
		}
		if hidden(name) {
			if d.IsDir() {
				return fs.SkipDir
			}
			return nil
		}
		if d.IsDir() {
			return nil
		}
		if !d.Type().IsRegular() {
			return refusedFile(name)
		}
		src, err := fs.ReadFile(fsys, name)
		if err != nil {
			return err
		}
		if size += len(src); len(src) > maxFile || size > maxFolder || len(files) >= maxFiles {
			return tooMuch(name)
		}
		files[name] = src
		return nil
	})
	if err != nil {
		return Folder{}, err
	}
	return folder(files)
}

// unzip returns the files of a zip. A strange one is held to the limits, which
// count what comes out, not what its directory says.
func unzip(r *zip.Reader, strange bool) (map[string][]byte, error) {
	files, size := map[string][]byte{}, 0
	for _, f := range r.File {
		if f.FileInfo().IsDir() || strange && hidden(f.Name) {
			continue
		}
		if !fs.ValidPath(f.Name) || !f.Mode().IsRegular() || files[f.Name] != nil {
			return nil, refusedFile(f.Name)
		}
		src, err := inflate(f)
		if err != nil {
			return nil, errs.New(errs.Invalid, "pack.folder.noZip").Because("%s: %w", f.Name, err)
		}
		if size += len(src); strange && (len(src) > maxFile || size > maxFolder || len(files) >= maxFiles) {
			return nil, tooMuch(f.Name)
		}
		files[f.Name] = src
	}
	return files, nil
}

// inflate reads a file of a zip, one byte more at most than a package may have.
func inflate(f *zip.File) ([]byte, error) {
	in, err := f.Open()
	if err != nil {
		return nil, err
	}
	defer in.Close()
	src, err := io.ReadAll(io.LimitReader(in, maxFile+1))
	if src == nil {
		src = []byte{}
	}
	return src, err
}

// hidden are the files that machines add: .DS_Store, __MACOSX, .git.
func hidden(name string) bool {
	for part := range strings.SplitSeq(name, "/") {
		if part != ".." && strings.HasPrefix(part, ".") || part == "__MACOSX" {
			return true
		}
	}
	return false
}

func refusedFile(name string) error {
	return errs.New(errs.Invalid, "pack.folder.file").With("file", shortName(name)).Because("%q is no file of a package: YAML, DMN, BPMN and MD only, no links, each once", name)
}

func tooMuch(name string) error {
	return errs.New(errs.TooLarge, "pack.folder.tooMuch").With("max", maxFolder>>20).With("files", maxFiles).With("each", maxFile>>20).Because("with %q it is more than a package may hold", name)
}

func shortName(name string) string {
	if name = strings.ToValidUTF8(name, "?"); len([]rune(name)) > 80 {
		name = string([]rune(name)[:80]) + "…"
	}
	return name
}

// folder finds the version among files: all lie below the place of its
// service.yaml, which says what it is called.
func folder(files map[string][]byte) (Folder, error) {
	root, found := "", false
	for name := range files {
		if path.Base(name) == "service.yaml" {
			if found {
				return Folder{}, errs.New(errs.Invalid, "pack.folder.several").Because("more than one service.yaml")
			}
			root, found = strings.TrimSuffix(name, "service.yaml"), true
		}
	}
	if !found {
		return Folder{}, errs.New(errs.Invalid, "pack.folder.noService").Because("no service.yaml")
	}
	f := Folder{Files: make(map[string][]byte, len(files))}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		rel, below := strings.CutPrefix(name, root)
		if !below || !fileRE.MatchString(rel) || !utf8.Valid(files[name]) {
			return Folder{}, refusedFile(name)
		}
		f.Files[rel] = files[name]
	}
	var head struct {
		Service string `yaml:"service"`
		Version string `yaml:"version"`
	}
	if err := yaml.Unmarshal(f.Files["service.yaml"], &head); err != nil {
		return Folder{}, errs.New(errs.Invalid, "pack.folder.noName").Because("service.yaml: %w", err)
	}
	if !folderRE.MatchString(head.Service) || len(head.Service) > 64 || !versionRE.MatchString(head.Version) {
		return Folder{}, errs.New(errs.Invalid, "pack.folder.noName").Because("service.yaml: service %q version %q", shortName(head.Service), shortName(head.Version))
	}
	f.Service, f.Version = head.Service, head.Version
	return f, nil
}

// Folder returns the files of the package.
func (p *Package) Folder() Folder { return Folder{p.ID, p.Version, p.files} }

// Digest is SHA-256 over every name and content, hex.
func (f Folder) Digest() string {
	h := sha256.New()
	for _, name := range slices.Sorted(maps.Keys(f.Files)) {
		fmt.Fprintf(h, "%s\n%d\n", name, len(f.Files[name]))
		h.Write(f.Files[name])
	}
	return hex.EncodeToString(h.Sum(nil))
}

// WriteZip writes the files below <service>/<version>.
func (f Folder) WriteZip(w io.Writer) error {
	z := zip.NewWriter(w)
	for _, name := range slices.Sorted(maps.Keys(f.Files)) {
		out, err := z.Create(path.Join(f.Service, f.Version, name))
		if err != nil {
			return err
		}
		if _, err := out.Write(f.Files[name]); err != nil {
			return err
		}
	}
	return z.Close()
}

// ReadKept reads a folder that WriteZip wrote, and fails unless it has the
// digest that it had then.
func ReadKept(service, version string, src []byte, digest string) (Folder, error) {
	f := Folder{service, version, map[string][]byte{}}
	r, err := zip.NewReader(bytes.NewReader(src), int64(len(src)))
	if err != nil {
		return f, err
	}
	files, err := unzip(r, false)
	if err != nil {
		return f, err
	}
	for name, text := range files {
		rel, ok := strings.CutPrefix(name, service+"/"+version+"/")
		if !ok {
			return f, fmt.Errorf("%s/%s: %s does not belong to it", service, version, name)
		}
		f.Files[rel] = text
	}
	if got := f.Digest(); got != digest {
		return f, fmt.Errorf("%s/%s: what is kept has the digest %s, not %s", service, version, got, digest)
	}
	return f, nil
}
