package ui

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/a-h/templ"
	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v3"

	"passerelle/internal/platform/i18n"
	"passerelle/internal/platform/i18n/i18ntest"
)

const govuk = "../../../web/node_modules/govuk-frontend/dist/govuk/components"

// ported maps the package's component names to our functions.
var ported = map[string]func(options any) (templ.Component, error){
	"accordion":           fixture(Accordion),
	"back-link":           fixture(BackLink),
	"breadcrumbs":         fixture(Breadcrumbs),
	"button":              fixture(Button),
	"character-count":     fixture(CharacterCount),
	"checkboxes":          fixture(Checkboxes),
	"date-input":          fixture(DateInput),
	"details":             fixture(Details),
	"error-message":       fixture(ErrorMessage),
	"error-summary":       fixture(ErrorSummary),
	"fieldset":            fixture(Fieldset),
	"file-upload":         fixture(FileUpload),
	"hint":                fixture(Hint),
	"input":               fixture(Input),
	"inset-text":          fixture(InsetText),
	"label":               fixture(Label),
	"notification-banner": fixture(NotificationBanner),
	"pagination":          fixture(Pagination),
	"panel":               fixture(Panel),
	"phase-banner":        fixture(PhaseBanner),
	"radios":              fixture(Radios),
	"select":              fixture(Select),
	"skip-link":           fixture(SkipLink),
	"summary-list":        fixture(SummaryList),
	"table":               fixture(Table),
	"tabs":                fixture(Tabs),
	"tag":                 fixture(Tag),
	"task-list":           fixture(TaskList),
	"textarea":            fixture(Textarea),
	"warning-text":        fixture(WarningText),
}

// fixture adapts a component to options as they stand in fixtures.json.
func fixture[O any](component func(O) templ.Component) func(any) (templ.Component, error) {
	return func(options any) (templ.Component, error) {
		var o O
		if err := decode(options, &o); err != nil {
			return nil, err
		}
		return component(o), nil
	}
}

type fixtureFile struct {
	Component string
	Fixtures  []struct {
		Name    string
		Options any
		HTML    string
	}
}

func english(t testing.TB) context.Context {
	return WithView(t.Context(), View{Locale: i18ntest.Locale(t, i18n.EN, Locales), Path: "/"})
}

// The port renders what govuk-frontend's own macros render. A fixture listed
// in testdata/fixtures-skipped.yaml must really differ: an entry that would
// pass, or that names no fixture, fails.
func TestPortRendersTheFixturesOfGovukFrontend(t *testing.T) {
	if _, err := os.Stat(govuk); errors.Is(err, fs.ErrNotExist) {
		t.Skip("web/node_modules is not there: run make build (npm ci in web)")
	}
	skipped := readSkipped(t)
	ctx := english(t)
	for name, render := range ported {
		t.Run(name, func(t *testing.T) {
			file := readFixtures(t, name)
			for _, f := range file.Fixtures {
				reason := skipped[name][f.Name]
				delete(skipped[name], f.Name)
				diff := compare(ctx, render, f.Options, f.HTML)
				switch {
				case diff != "" && reason == "":
					t.Errorf("%s: %s", f.Name, diff)
				case diff == "" && reason != "":
					t.Errorf("%s passes: remove it from fixtures-skipped.yaml", f.Name)
				}
			}
			for stale := range skipped[name] {
				t.Errorf("fixtures-skipped.yaml names %q, which is no fixture", stale)
			}
			delete(skipped, name)
		})
	}
	for name := range skipped {
		t.Errorf("fixtures-skipped.yaml names the component %q, which is not ported", name)
	}
}

// compare returns what differs between our rendering and the expected HTML.
func compare(ctx context.Context, render func(any) (templ.Component, error), options any, want string) string {
	c, err := render(options)
	if err != nil {
		return err.Error()
	}
	var got bytes.Buffer
	if err := c.Render(ctx, &got); err != nil {
		return err.Error()
	}
	if d := cmp.Diff(tree(want), tree(got.String())); d != "" {
		return "(-govuk +ours)\n" + d
	}
	return ""
}

func readFixtures(t *testing.T, name string) (f fixtureFile) {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(govuk, name, "fixtures.json"))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(b, &f); err != nil {
		t.Fatal(err)
	}
	return f
}

func readSkipped(t *testing.T) map[string]map[string]string {
	t.Helper()
	b, err := os.ReadFile("testdata/fixtures-skipped.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var byReason map[string]map[string][]string
	if err := yaml.Unmarshal(b, &byReason); err != nil {
		t.Fatal(err)
	}
	out := map[string]map[string]string{}
	for reason, components := range byReason {
		for component, names := range components {
			for _, n := range names {
				if out[component] == nil {
					out[component] = map[string]string{}
				}
				out[component][n] = reason
			}
		}
	}
	return out
}
