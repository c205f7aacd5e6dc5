package workbench

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"passerelle/internal/module/cases"
	"passerelle/internal/platform/i18n"
	"passerelle/internal/platform/i18n/i18ntest"
)

func TestTextsAreComplete(t *testing.T) {
	i18ntest.Complete(t, Locales)
	i18ntest.UsedKeys(t, ".", Locales,
		"workbench.appeal.step.", "workbench.clock.end.", "workbench.clock.silence_", "workbench.condition.", "workbench.entry.",
		"workbench.incident.button.", "workbench.incident.means.", "workbench.run.kind.", "workbench.kind.", "workbench.mark.", "workbench.obstacle.",
		"workbench.operations.done.", "workbench.outcome.", "workbench.status.", "workbench.template.", "workbench.templateName.")
}

// Every line that the core writes into a timeline has its sentence.
func TestEveryEntryOfTheCoreHasAText(t *testing.T) {
	l := i18ntest.Locale(t, i18n.FR, Locales)
	kinds := coreKinds(t)
	for _, known := range []string{"submitted", "claimed", "decided", "tacitGrant", "done.decide"} {
		if !kinds[known] {
			t.Errorf("the scan of the core misses %q: %v", known, kinds)
		}
	}
	for kind := range kinds {
		if !l.Has("workbench.entry." + kind) {
			t.Errorf("no text workbench.entry.%s", kind)
		}
	}
}

// The file of a case that went over names who planned that, beside who started
// it; one from before two were needed does not.
func TestMigrationNamesThePlanner(t *testing.T) {
	l := i18ntest.Locale(t, i18n.EN, Locales)
	e := cases.Entry{Kind: "migrated", Name: "Otto", Data: map[string]string{"from": "2025", "version": "2026"}}
	alone := "The case goes on under version 2026 of the service (before: 2025)"
	d := &cases.Dossier{Case: &cases.Case{}}
	if got := entryText(l, d, e); got != alone {
		t.Errorf("%q", got)
	}
	e.Data["planner"] = "Dora"
	if got := entryText(l, d, e); got != alone+". Plan by Dora" {
		t.Errorf("%q", got)
	}
	if got := entryActor(l, e); got != "Otto" {
		t.Errorf("%q", got)
	}
}

// coreKinds are the kinds of entries that package cases writes.
func coreKinds(t *testing.T) map[string]bool {
	t.Helper()
	files, err := filepath.Glob("../*.go")
	if err != nil || len(files) == 0 {
		t.Fatal("the core is not where it was", err)
	}
	direct := regexp.MustCompile(`\.enter\("([A-Za-z.]+)"`)
	byHelper := regexp.MustCompile(`\.(?:assign|conclude)\(.*"([A-Za-z]+)"\)`)
	taskKind := regexp.MustCompile(`Task[A-Za-z]+\s+TaskKind = "([a-z]+)"`)
	kinds := map[string]bool{}
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		src, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, pattern := range []*regexp.Regexp{direct, byHelper} {
			for _, m := range pattern.FindAllSubmatch(src, -1) {
				if kind := string(m[1]); kind != "done." {
					kinds[kind] = true
				}
			}
		}
		for _, m := range taskKind.FindAllSubmatch(src, -1) {
			kinds["done."+string(m[1])] = true
		}
	}
	return kinds
}
