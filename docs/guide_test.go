// Package docs_test keeps the guides true: the code they show is code that the
// tests run, and what they link to is there.
package docs_test

import (
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// guides returns the Markdown files of the repository's root and of docs.
func guides(t *testing.T) map[string]string {
	t.Helper()
	all := map[string]string{}
	root := os.DirFS("..")
	for _, pattern := range []string{"*.md", "docs/*.md", "docs/*/*.md"} {
		names, err := fs.Glob(root, pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range names {
			text, err := fs.ReadFile(root, name)
			if err != nil {
				t.Fatal(err)
			}
			all[name] = string(text)
		}
	}
	if len(all) < 20 {
		t.Fatalf("only %d guides found: the search is broken", len(all))
	}
	return all
}

func TestCodeInTheGuidesIsRun(t *testing.T) {
	snippet := regexp.MustCompile("(?s)(?:<!-- (\\S+) -->\n)?```go\n(.*?)```")
	shown := 0
	for name, text := range guides(t) {
		for _, m := range snippet.FindAllStringSubmatch(text, -1) {
			shown++
			if !strings.HasSuffix(m[1], "example_test.go") {
				t.Errorf("%s: no example is named above:\n%s", name, m[2])
				continue
			}
			source, err := os.ReadFile(filepath.Join("..", filepath.FromSlash(m[1])))
			if err != nil {
				t.Errorf("%s: %v", name, err)
			} else if !strings.Contains(string(source), m[2]) {
				t.Errorf("%s: %s does not contain:\n%s", name, m[1], m[2])
			}
		}
	}
	if shown == 0 {
		t.Error("no code was found in the guides: the search is broken")
	}
}

// What a command prints is what its test compares with.
func TestOutputInTheGuidesIsCompared(t *testing.T) {
	snippet := regexp.MustCompile("(?s)<!-- (\\S+\\.txt) -->\n```text\n(.*?)```")
	shown := 0
	for name, text := range guides(t) {
		for _, m := range snippet.FindAllStringSubmatch(text, -1) {
			shown++
			output, err := os.ReadFile(filepath.Join("..", filepath.FromSlash(m[1])))
			if err != nil {
				t.Errorf("%s: %v", name, err)
			} else if !strings.Contains(string(output), m[2]) {
				t.Errorf("%s: %s does not contain:\n%s", name, m[1], m[2])
			}
		}
	}
	if shown == 0 {
		t.Error("no output was found in the guides: the search is broken")
	}
}

func TestLinksBetweenTheGuidesLeadSomewhere(t *testing.T) {
	link := regexp.MustCompile(`\]\(([^)#\s]*)(?:#([^)\s]+))?\)`)
	all := guides(t)
	drawn, err := filepath.Glob("guide/*.png")
	if err != nil {
		t.Fatal(err)
	}
	pictures := len(drawn) > 0 // the browser test draws them, all at once
	for name, text := range all {
		for _, m := range link.FindAllStringSubmatch(text, -1) {
			target, anchor := m[1], m[2]
			if strings.Contains(target, "://") || (strings.HasSuffix(target, ".png") && !pictures) {
				continue
			}
			if target == "" {
				target = name
			} else {
				target = path.Join(path.Dir(name), target)
			}
			if _, err := os.Stat(filepath.Join("..", filepath.FromSlash(target))); err != nil {
				t.Errorf("%s links to %s, which is not there", name, m[1])
				continue
			}
			if anchor != "" && !anchors(all[target])[anchor] {
				t.Errorf("%s links to #%s of %s, which has no such heading", name, anchor, target)
			}
		}
	}
}

// anchors are the names that a renderer gives to the headings of a text.
func anchors(text string) map[string]bool {
	names := map[string]bool{}
	dropped := regexp.MustCompile(`[^\p{L}\p{N} _-]`)
	for _, m := range regexp.MustCompile(`(?m)^#+ (.+)$`).FindAllStringSubmatch(text, -1) {
		names[strings.ReplaceAll(dropped.ReplaceAllString(strings.ToLower(m[1]), ""), " ", "-")] = true
	}
	return names
}

// The worked example of the package format is the package that the reader's
// tests use: what the guide shows of its scenarios and form stands in it.
func TestTheWorkedExampleIsTheTestedPackage(t *testing.T) {
	guide, err := os.ReadFile("guide/service-packages.md")
	if err != nil {
		t.Fatal(err)
	}
	dir := "../internal/module/services/pack/testdata/set/allotment-garden/2025/"
	comment := regexp.MustCompile(`\s+# .*$`)
	files := []string{"service.yaml", "form.yaml", "parameters.yaml", "explanation.yaml", "scenarios/rent.yaml", "simulation.yaml"}
	var known strings.Builder
	for _, f := range files {
		text, err := os.ReadFile(dir + f)
		if err != nil {
			t.Fatal(err)
		}
		known.Write(text)
	}
	same := func(s string) string { return strings.ReplaceAll(s, `\"`, `"`) }
	quotes := strings.NewReplacer(`"`, "", `'`, "")
	source := quotes.Replace(same(known.String()))
	for _, m := range regexp.MustCompile("(?s)```yaml\n(.*?)```").FindAllStringSubmatch(string(guide), -1) {
		for line := range strings.SplitSeq(m[1], "\n") {
			line = strings.TrimSpace(comment.ReplaceAllString(line, ""))
			if line != "" && !strings.Contains(source, quotes.Replace(same(line))) {
				t.Errorf("the package does not say: %s", line)
			}
		}
	}
}
