package pack

import (
	"io/fs"
	"path"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"passerelle/internal/platform/i18n"
)

// Authority is an administration that is competent for services.
type Authority struct {
	ID      string  `yaml:"id"`
	Name    Lingual `yaml:"name"`
	Kind    string  `yaml:"kind"` // state, commune or court
	URL     string  `yaml:"url"`
	Email   string  `yaml:"email"`
	Phone   string  `yaml:"phone"`
	Address string  `yaml:"address"`
}

// LifeEvent is a situation in which people need services.
type LifeEvent struct {
	ID      string  `yaml:"id"`
	Name    Lingual `yaml:"name"`
	Summary Lingual `yaml:"summary"`
}

// Set is all service packages of an installation. A package is immutable; what
// is published while the set serves comes in with Put. It is safe for concurrent
// use.
type Set struct {
	Authorities []Authority
	LifeEvents  []LifeEvent
	Calendar    []CalendarDay

	packages atomic.Pointer[[]*Package] // by id, then by the start of their time in force; never changed, only replaced
	shelf    atomic.Pointer[[]*Package] // withdrawn, for the cases that are on them; never changed, only replaced
	edition  atomic.Int64
	putting  sync.Mutex
}

// LoadSet loads and checks all packages below the root of fsys:
// <service>/<version>/, beside authorities.yaml, life-events.yaml and, if there is
// one, calendar.yaml. A package
// with an error is left out; the others serve.
func LoadSet(fsys fs.FS) (*Set, []Finding) {
	l := &loader{fsys: fsys}
	s := &Set{}
	s.Authorities, s.LifeEvents = l.loadRoot()
	s.Calendar = l.loadCalendar()
	var all []*Package
	for _, dir := range l.packageDirs() {
		p, findings := s.checked(load(fsys, dir, names(s.Authorities), names(s.LifeEvents)))
		l.findings = append(l.findings, findings...)
		if p != nil {
			all = append(all, p)
		}
	}
	s.keep(all)
	l.siblings(all)
	return s, l.findings
}

// Open reads and checks a version as if it stood among the others; it is nil
// when a finding is an error. The set does not change.
func (s *Set) Open(f Folder) (*Package, []Finding) {
	l := &loader{dir: f.Service + "/" + f.Version, files: f.Files}
	p, findings := s.checked(l.load(names(s.Authorities), names(s.LifeEvents)))
	if p == nil {
		return nil, findings
	}
	beside := &loader{}
	beside.siblings(inOrder(append(s.without(p.ID, p.Version), p)))
	for _, f := range beside.findings {
		if strings.HasPrefix(f.File, p.Dir+"/") {
			findings = append(findings, f)
		}
	}
	return p, findings
}

func (s *Set) checked(p *Package, findings []Finding) (*Package, []Finding) {
	if p != nil {
		p.calendar = calendarFacts(s.Calendar)
		findings = append(findings, p.check()...)
	}
	if hasError(findings) {
		return nil, findings
	}
	return p, findings
}

// Put adds a package, in place of one of the same service and version. Who asks
// the set from now on gets it; who holds the earlier one keeps it.
func (s *Set) Put(p *Package) {
	s.putting.Lock()
	defer s.putting.Unlock()
	s.keep(append(s.without(p.ID, p.Version), p))
}

// Drop takes a version out: it may not be served.
func (s *Set) Drop(id, version string) {
	s.putting.Lock()
	defer s.putting.Unlock()
	s.keep(s.without(id, version))
}

// Shelve takes a version out, and keeps it for the cases that are on it all the
// same: Kept finds it, nothing else does.
func (s *Set) Shelve(p *Package) {
	s.putting.Lock()
	defer s.putting.Unlock()
	s.keep(s.without(p.ID, p.Version))
	kept := []*Package{p}
	if before := s.shelf.Load(); before != nil {
		kept = append(slices.Clone(*before), p)
	}
	s.shelf.Store(&kept)
}

func (s *Set) without(id, version string) []*Package {
	return slices.DeleteFunc(s.All(), func(x *Package) bool { return x.ID == id && x.Version == version })
}

// keep makes all the packages of the set.
func (s *Set) keep(all []*Package) {
	inOrder(all)
	s.packages.Store(&all)
	s.edition.Add(1)
}

// inOrder sorts packages by service and time in force.
func inOrder(all []*Package) []*Package {
	slices.SortFunc(all, func(a, b *Package) int {
		if c := strings.Compare(a.ID, b.ID); c != 0 {
			return c
		}
		if c := a.Service.InForce.From.Compare(b.Service.InForce.From); c != 0 {
			return c
		}
		return strings.Compare(a.Version, b.Version)
	})
	return all
}

// Edition grows whenever the set changes, for those who keep what they made of
// it: ask before reading the set.
func (s *Set) Edition() int64 { return s.edition.Load() }

// list is the packages as they are now, not to be changed.
func (s *Set) list() []*Package {
	if p := s.packages.Load(); p != nil {
		return *p
	}
	return nil
}

func hasError(findings []Finding) bool {
	return slices.ContainsFunc(findings, func(f Finding) bool { return f.Severity == Error })
}

// siblings reports what only shows when all packages are together.
func (l *loader) siblings(packages []*Package) {
	prefixes := map[string]*Package{}
	for i, p := range packages {
		file := p.Dir + "/service.yaml"
		if other := prefixes[p.Service.Prefix]; other != nil && other.ID != p.ID {
			l.warn(file, p.lines.at("prefix"), "pack.finding.set.prefix", "prefix", p.Service.Prefix, "other", other.ID)
		}
		prefixes[p.Service.Prefix] = p
		if i == 0 || packages[i-1].ID != p.ID {
			continue
		}
		if before := packages[i-1]; before.Service.InForce.To.IsZero() || !before.Service.InForce.To.Before(p.Service.InForce.From) {
			l.warn(file, p.lines.at("inForce"), "pack.finding.set.overlap", "version", p.Version, "before", before.Version, "from", p.Service.InForce.From.Format(time.DateOnly))
		}
	}
}

// packageDirs returns <service>/<version> of all packages.
func (l *loader) packageDirs() []string {
	var dirs []string
	services, err := fs.ReadDir(l.fsys, ".")
	if err != nil {
		l.fault(".", 0, "pack.finding.file.unreadable", "msg", err)
		return nil
	}
	for _, s := range services {
		if !s.IsDir() || strings.HasPrefix(s.Name(), ".") {
			continue
		}
		if !folderRE.MatchString(s.Name()) {
			l.fault(s.Name(), 0, "pack.finding.set.folder")
			continue
		}
		versions, err := fs.ReadDir(l.fsys, s.Name())
		if err != nil {
			l.fault(s.Name(), 0, "pack.finding.file.unreadable", "msg", err)
		}
		for _, v := range versions {
			if v.IsDir() && !strings.HasPrefix(v.Name(), ".") {
				dirs = append(dirs, path.Join(s.Name(), v.Name()))
			}
		}
	}
	return dirs
}

// loadRoot reads the two files beside the services.
func (l *loader) loadRoot() ([]Authority, []LifeEvent) {
	var a struct {
		Authorities []Authority `yaml:"authorities"`
	}
	var e struct {
		LifeEvents []LifeEvent `yaml:"lifeEvents"`
	}
	l.rootFile("authorities.yaml", &a)
	l.rootFile("life-events.yaml", &e)
	for _, x := range a.Authorities {
		l.checkRoot("authorities.yaml", x.ID, x.Name)
		if !slices.Contains([]string{"state", "commune", "court"}, x.Kind) {
			l.fault("authorities.yaml", 0, "pack.finding.set.kind", "id", x.ID)
		}
	}
	for _, x := range e.LifeEvents {
		l.checkRoot("life-events.yaml", x.ID, x.Name)
	}
	return a.Authorities, e.LifeEvents
}

func (l *loader) rootFile(file string, into any) {
	src, err := fs.ReadFile(l.fsys, file)
	if err != nil {
		l.fault(file, 0, "pack.finding.file.missing")
		return
	}
	l.decode(src, file, into)
}

func (l *loader) checkRoot(file, id string, name Lingual) {
	if !folderRE.MatchString(id) {
		l.fault(file, 0, "pack.finding.set.id", "id", id)
	}
	for _, lang := range name.missing() {
		l.fault(file, 0, "pack.finding.set.noName", "id", id, "lang", lang)
	}
}

// names returns the names of authorities or life events by id.
func names[T interface{ named() (string, Lingual) }](list []T) map[string]Lingual {
	m := make(map[string]Lingual, len(list))
	for _, x := range list {
		id, name := x.named()
		m[id] = name
	}
	return m
}

func (a Authority) named() (string, Lingual) { return a.ID, a.Name }
func (e LifeEvent) named() (string, Lingual) { return e.ID, e.Name }

// Services returns the packages in force on the day of date, one per service,
// by id.
func (s *Set) Services(date time.Time) []*Package {
	var out []*Package
	for _, p := range s.list() {
		switch {
		case !p.Service.InForce.Contains(date):
		case len(out) > 0 && out[len(out)-1].ID == p.ID:
			out[len(out)-1] = p // the newer version
		default:
			out = append(out, p)
		}
	}
	return out
}

// InForce returns the version of a service that takes applications on the day
// of date.
func (s *Set) InForce(id string, date time.Time) (*Package, bool) {
	var found *Package
	for _, p := range s.list() {
		if p.ID == id && p.Service.InForce.Contains(date) {
			found = p
		}
	}
	return found, found != nil
}

// Nearest returns the version of a service that is in force on the day of date,
// else the one that ended last before it, else the first that is still to come.
func (s *Set) Nearest(id string, date time.Time) (*Package, bool) {
	if p, ok := s.InForce(id, date); ok {
		return p, true
	}
	var ended, later *Package
	for _, p := range s.list() {
		switch {
		case p.ID != id:
		case p.Service.InForce.From.After(day(date)):
			if later == nil {
				later = p
			}
		default:
			ended = p
		}
	}
	if ended != nil {
		return ended, true
	}
	return later, later != nil
}

// Version returns one version of a service, in force or not.
func (s *Set) Version(id, version string) (*Package, bool) {
	for _, p := range s.list() {
		if p.ID == id && p.Version == version {
			return p, true
		}
	}
	return nil, false
}

// Kept returns one version of a service, also one that was withdrawn while a case
// came to it: for what concerns a case that is there.
func (s *Set) Kept(id, version string) (*Package, bool) {
	if p, ok := s.Version(id, version); ok {
		return p, true
	}
	if shelf := s.shelf.Load(); shelf != nil {
		for _, p := range *shelf {
			if p.ID == id && p.Version == version {
				return p, true
			}
		}
	}
	return nil, false
}

// All returns every package, by service and time in force.
func (s *Set) All() []*Package { return slices.Clone(s.list()) }

// Authority returns the authority called id.
func (s *Set) Authority(id string) (Authority, bool) {
	for _, a := range s.Authorities {
		if a.ID == id {
			return a, true
		}
	}
	return Authority{}, false
}

// LifeEvent returns the life event called id.
func (s *Set) LifeEvent(id string) (LifeEvent, bool) {
	for _, e := range s.LifeEvents {
		if e.ID == id {
			return e, true
		}
	}
	return LifeEvent{}, false
}

// AuthorityName returns an authority's name, or its id when it is not known.
func (s *Set) AuthorityName(lang i18n.Lang, id string) string {
	if a, ok := s.Authority(id); ok {
		return a.Name.In(lang)
	}
	return id
}
