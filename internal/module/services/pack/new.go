package pack

import (
	"embed"
	"fmt"
	"io/fs"
	"maps"
	"regexp"
	"strings"
	"time"

	"passerelle/internal/platform/i18n"
)

//go:embed template
var template embed.FS

// New returns a version to begin a service with: it checks clean, its scenarios
// pass, a person decides every application, and each text is TODO. Service and
// version are called as their folders are.
func New(service, version, authority string, from time.Time) (Folder, error) {
	f := Folder{Service: service, Version: version, Files: map[string][]byte{}}
	if !folderRE.MatchString(service) {
		return f, fmt.Errorf("%q: a service is called in small letters, digits and hyphens", service)
	}
	if !versionRE.MatchString(version) {
		return f, fmt.Errorf("%q: a version is called in letters, digits, points and hyphens", version)
	}
	fill := strings.NewReplacer("SERVICE", service, "VERSION", version, "AUTHORITY", authority, "PREFIX", prefixOf(service), "FROM", from.Format(time.DateOnly))
	err := fs.WalkDir(template, "template", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		src, err := template.ReadFile(name)
		if err != nil {
			return err
		}
		text := []byte(fill.Replace(string(src)))
		name = strings.TrimPrefix(name, "template/")
		if !strings.Contains(name, "TODO") {
			f.Files[name] = text
			return nil
		}
		for _, lang := range i18n.Langs { // one in each language
			f.Files[strings.Replace(name, "TODO", string(lang), 1)] = text
		}
		return nil
	})
	return f, err
}

var (
	versionLine   = regexp.MustCompile(`(?m)^version:.*$`)
	inForceLines  = regexp.MustCompile(`(?m)^inForce:.*$(\n[ \t]+.*$)*`)
	authorityLine = regexp.MustCompile(`(?m)^authority:.*$`)
)

// Next returns a version to begin the one after p with: all that p has, in force
// from another day on and without an end. An empty authority leaves p's.
func (p *Package) Next(version, authority string, from time.Time) (Folder, error) {
	was := p.Folder()
	f := Folder{Service: was.Service, Version: version, Files: maps.Clone(was.Files)}
	if !versionRE.MatchString(version) {
		return f, fmt.Errorf("%q: a version is called in letters, digits, points and hyphens", version)
	}
	if !from.After(p.Service.InForce.From) {
		return f, fmt.Errorf("%s/%s begins on %s: the one after it begins later (--from)", p.ID, p.Version, p.Service.InForce.From.Format(time.DateOnly))
	}
	text := versionLine.ReplaceAll(f.Files["service.yaml"], []byte(fmt.Sprintf("version: %q", version)))
	text = inForceLines.ReplaceAll(text, []byte("inForce: {from: "+from.Format(time.DateOnly)+"}"))
	if authority != "" {
		text = authorityLine.ReplaceAll(text, []byte("authority: "+authority))
	}
	f.Files["service.yaml"] = text
	return f, nil
}

var vowels = regexp.MustCompile(`[^a-z]|\B[aeiou]`)

// prefixOf proposes the prefix of case numbers: PRN for parental-leave.
func prefixOf(service string) string {
	return (strings.ToUpper(vowels.ReplaceAllString(service, "")) + "XXX")[:3]
}
