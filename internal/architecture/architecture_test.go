package architecture

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "passerelle/"

// floors from the ground up: a package imports its own floor or a lower one.
var floors = []string{"engine/", "services", "web", "internal/platform/", "internal/module/", "internal/demo/", "internal/app", "cmd/"}

type source struct {
	path, dir string // slash paths below the root
	file      *ast.File
	set       *token.FileSet
	test      bool
}

func sources(t *testing.T) []source {
	t.Helper()
	var all []source
	root := os.DirFS("../..")
	err := fs.WalkDir(root, ".", func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			if name := d.Name(); name == "node_modules" || name == "testdata" || name == "peers" || name == "dist" || p == "tmp" || p == "bin" || p == "data" || (strings.HasPrefix(name, ".") && p != ".") {
				return fs.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(p, ".go") {
			return nil
		}
		set := token.NewFileSet()
		f, err := parser.ParseFile(set, filepath.Join("../..", p), nil, parser.SkipObjectResolution|parser.ParseComments)
		if err != nil {
			return err
		}
		all = append(all, source{path: p, dir: path.Dir(p), file: f, set: set, test: strings.HasSuffix(p, "_test.go")})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(all) < 20 {
		t.Fatalf("only %d Go files found: the walk is broken", len(all))
	}
	return all
}

func (s source) imports() []string {
	var all []string
	for _, i := range s.file.Imports {
		p, _ := strconv.Unquote(i.Path.Value)
		all = append(all, p)
	}
	return all
}

func floorOf(dir string) int {
	for i := len(floors) - 1; i >= 0; i-- {
		if f := floors[i]; strings.HasPrefix(dir+"/", f) || dir == strings.TrimSuffix(f, "/") {
			return i
		}
	}
	return -1
}

func TestNothingImportsUpwards(t *testing.T) {
	for _, s := range sources(t) {
		from := floorOf(s.dir)
		if from < 0 {
			continue // benchmarks, browser tests and this package look at everything
		}
		for _, imp := range s.imports() {
			to, own := strings.CutPrefix(imp, module)
			if !own {
				continue
			}
			if f := floorOf(to); f > from && !s.test {
				t.Errorf("%s imports %s, which is on a higher floor", s.path, to)
			} else if f < 0 {
				t.Errorf("%s imports %s, which is on no floor", s.path, to)
			}
			if floors[from] == "engine/" && floorOf(to) != from {
				t.Errorf("%s: an engine imports %s; engines know nothing of the rest", s.path, to)
			}
		}
	}
}

func TestModulesImportOneAnotherOnlyAlongDeclaredEdges(t *testing.T) {
	used := map[string]map[string]bool{}
	for _, s := range sources(t) {
		if !strings.HasPrefix(s.dir, "internal/module/") || s.test {
			continue
		}
		for _, imp := range s.imports() {
			to, own := strings.CutPrefix(imp, module)
			if !own || !strings.HasPrefix(to, "internal/module/") {
				continue
			}
			if edges[s.dir][to] == "" {
				t.Errorf("%s imports %s: declare the edge with its reason, or use an event", s.path, to)
				continue
			}
			if used[s.dir] == nil {
				used[s.dir] = map[string]bool{}
			}
			used[s.dir][to] = true
		}
	}
	for from, tos := range edges {
		for to := range tos {
			if !used[from][to] {
				t.Errorf("stale edge: %s no longer imports %s", from, to)
			}
		}
	}
}

func TestTheClockAloneAsksForTheTime(t *testing.T) {
	for _, s := range sources(t) {
		if s.dir == "internal/platform/clock" || s.dir == "internal/browser" || strings.HasPrefix(s.dir, "bench") {
			continue
		}
		ast.Inspect(s.file, func(n ast.Node) bool {
			sel, ok := n.(*ast.SelectorExpr)
			if !ok {
				return true
			}
			if x, ok := sel.X.(*ast.Ident); ok && x.Name == "time" && slices.Contains([]string{"Now", "Since", "Until"}, sel.Sel.Name) {
				t.Errorf("%s: time.%s: take a clock.Clock instead", s.set.Position(sel.Pos()), sel.Sel.Name)
			}
			return true
		})
	}
}

// notStores may import database/sql although they are no store files: they are
// what stores stand on.
var notStores = []string{"internal/platform/db"}

func TestOnlyStoresSpeakSQL(t *testing.T) {
	statement := regexp.MustCompile(`(?s)^\s*(SELECT\s.+\sFROM\s|INSERT INTO |UPDATE \S+ SET |DELETE FROM |CREATE TABLE )`)
	for _, s := range sources(t) {
		if s.test || strings.HasPrefix(s.dir, "bench") || slices.ContainsFunc(notStores, func(d string) bool { return s.dir == d || strings.HasPrefix(s.dir, d+"/") }) {
			continue
		}
		if strings.HasPrefix(path.Base(s.path), "store") {
			continue
		}
		if slices.Contains(s.imports(), "database/sql") {
			t.Errorf("%s imports database/sql: SQL belongs into store*.go", s.path)
		}
		ast.Inspect(s.file, func(n ast.Node) bool {
			lit, ok := n.(*ast.BasicLit)
			if ok && lit.Kind == token.STRING {
				if text, err := strconv.Unquote(lit.Value); err == nil && statement.MatchString(text) {
					t.Errorf("%s: SQL outside a store", s.set.Position(lit.Pos()))
				}
			}
			return true
		})
	}
}

func TestAStoreNamesOnlyItsOwnTables(t *testing.T) {
	table := regexp.MustCompile(`(?i)\b(?:FROM|JOIN|INTO|UPDATE|TABLE|INDEX \S+ ON)\s+(?:IF (?:NOT )?EXISTS\s+)?([a-z_][a-z0-9_]*)`)
	for _, s := range sources(t) {
		if !strings.HasPrefix(path.Base(s.path), "store") || s.test || !strings.HasPrefix(s.dir, "internal/") {
			continue
		}
		parts := strings.Split(s.dir, "/")
		own := parts[2]
		ast.Inspect(s.file, func(n ast.Node) bool {
			lit, ok := n.(*ast.BasicLit)
			if !ok || lit.Kind != token.STRING {
				return true
			}
			text, err := strconv.Unquote(lit.Value)
			if err != nil || !regexp.MustCompile(`\b(SELECT|INSERT INTO|UPDATE|DELETE FROM)\b`).MatchString(text) {
				return true
			}
			for _, m := range table.FindAllStringSubmatch(text, -1) {
				name := strings.ToLower(m[1])
				if name == "set" || name == "skip" || name == "select" || name == "values" || name == "of" {
					continue // FOR UPDATE SKIP LOCKED, ON CONFLICT DO UPDATE SET, FROM (SELECT
				}
				if !strings.HasPrefix(name, own+"_") && !withNames(text)[name] {
					t.Errorf("%s: table %s does not belong to %s", s.set.Position(lit.Pos()), name, own)
				}
			}
			return true
		})
	}
}

// withNames returns the names that WITH gives to parts of a statement.
func withNames(text string) map[string]bool {
	names := map[string]bool{}
	for _, m := range regexp.MustCompile(`(?i)(?:\bWITH(?:\s+RECURSIVE)?|,)\s+([a-z_]+)(?:\s*\([^)]*\))?\s+AS\s+(?:MATERIALIZED\s+)?\(`).FindAllStringSubmatch(text, -1) {
		names[strings.ToLower(m[1])] = true
	}
	return names
}

func TestEveryPackageSaysItsPurpose(t *testing.T) {
	documented, seen := map[string]bool{}, map[string]bool{}
	for _, s := range sources(t) {
		if s.test {
			continue
		}
		seen[s.dir] = true
		if s.file.Doc != nil && (path.Base(s.path) == "doc.go" || s.file.Name.Name == "main") {
			documented[s.dir] = true
		}
	}
	for dir := range seen {
		if !documented[dir] {
			t.Errorf("%s has no package comment in doc.go", dir)
		}
	}
}
