package browser

import (
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
)

// inspected remembers which addresses the checker has seen, and how many of the
// tests that inspect have run.
var inspected struct {
	sync.Mutex
	paths []string // without language and query
	tests atomic.Int32
}

// inspecting is how many tests inspect pages for the count below.
const inspecting = 9

func remember(path string) {
	path, _, _ = strings.Cut(path, "?")
	if len(path) >= 3 {
		path = path[3:] // the language
	}
	if path == "" {
		path = "/"
	}
	inspected.Lock()
	defer inspected.Unlock()
	inspected.paths = append(inspected.paths, path)
}

// notPages are the addresses that answer with something else than a page, each
// with what it is.
var notPages = map[string]string{
	"/applications/{draft}":                        "leads to a page of the form",
	"/cases/{case}/certificate/{code}/pdf":         "a file",
	"/cases/{case}/documents/{doc}":                "a file",
	"/cases/{case}/grounds.pdf":                    "a file",
	"/cases/{case}/letter.pdf":                     "a file",
	"/cases/{case}/receipt.json":                   "a file",
	"/sign-in/{provider}":                          "leads to the provider",
	"/simulations/runs/{run}/result.csv":           "a file",
	"/simulations/runs/{run}/result.json":          "a file",
	"/versions/proposals/{id}/package.zip":         "a file",
	"/versions/{service}/{version}/package.zip":    "a file",
	"/workbench/cases/{case}/documents/{document}": "a file",
	"/workbench/cases/{case}/receipt.json":         "a file",
}

// Every page that the router knows was inspected by the checker: no page is
// forgotten because nobody wrote it down. It runs last (by its file's name in the
// package, Go runs tests in the order of files) and only when all that inspect ran.
func TestZEveryPageIsInspected(t *testing.T) {
	s := shared(t)
	if n := inspected.tests.Load(); n != inspecting {
		t.Skipf("only %d of the %d tests that inspect pages ran", n, inspecting)
	}
	inspected.Lock()
	defer inspected.Unlock()
	for _, pattern := range s.pages {
		if notPages[pattern] != "" {
			continue
		}
		re := regexp.MustCompile(`^` + regexp.MustCompile(`\\\{[^}]*\\\}`).ReplaceAllString(regexp.QuoteMeta(pattern), `[^/]+`) + `/?$`)
		seen := false
		for _, path := range inspected.paths {
			seen = seen || re.MatchString(path)
		}
		if !seen {
			t.Errorf("no page at %s was inspected", pattern)
		}
	}
	for pattern := range notPages {
		known := false
		for _, p := range s.pages {
			known = known || p == pattern
		}
		if !known {
			t.Errorf("%s is excused, and is no address any more", pattern)
		}
	}
}
