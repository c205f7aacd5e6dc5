package tck

import (
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var (
	update = flag.Bool("update", false, "record the baseline anew")
	show   = flag.String("show", "", "log the failed cases of the folders whose name contains this")
)

// suite returns the folder of the official suite, which is not part of this
// repository.
func suite(t *testing.T) string {
	shared := os.Getenv("PASSERELLE_SHARED")
	if shared == "" {
		shared = filepath.Join("..", "..", "..", "..", "shared")
	}
	dir := filepath.Join(shared, "data", "dmn-tck")
	if _, err := os.Stat(dir); err != nil {
		t.Skipf("the official DMN suite is not at %s (set PASSERELLE_SHARED)", dir)
	}
	return dir
}

const baselineFile = "testdata/baseline.json"

// No directory of the suite may pass fewer cases than it did.
func TestOfficialSuite(t *testing.T) {
	report, err := Run(suite(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Log(report)
	got := map[string]Count{}
	for _, f := range report.Folders() {
		got[f.Name] = f.Count
		if f.Failed > 0 {
			t.Logf("%s: %d passed, %d failed", f.Name, f.Passed, f.Failed)
		}
	}
	for _, c := range report.Cases {
		if *show != "" && c.Status != Passed && strings.Contains(c.Folder, *show) {
			t.Logf("%s %s %s: %s", c.Status, c.File, c.ID, c.Comment)
		}
	}
	if *update {
		data, err := json.MarshalIndent(got, "", "  ")
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(baselineFile, append(data, '\n'), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	data, err := os.ReadFile(baselineFile)
	if err != nil {
		t.Fatal(err)
	}
	var baseline map[string]Count
	if err := json.Unmarshal(data, &baseline); err != nil {
		t.Fatal(err)
	}
	for name, want := range baseline {
		if got[name].Passed < want.Passed {
			t.Errorf("%s: %d passed, it was %d", name, got[name].Passed, want.Passed)
			for _, c := range report.Cases {
				if c.Folder == name && c.Status == Failed {
					t.Logf("  %s: %s", c.ID, c.Comment)
				}
			}
		}
	}
}

func TestReportCSV(t *testing.T) {
	r := Report{[]Case{
		{"compliance-level-2/0001-input-data-string", "0001-input-data-string-test-01", "001", Passed, ""},
		{"compliance-level-3/0076-feel-external-java", "0076-feel-external-java-test-01", "boxed_001", Unsupported, `a "Java" function`},
	}}
	var b strings.Builder
	if err := r.WriteCSV(&b); err != nil {
		t.Fatal(err)
	}
	want := `"compliance-level-2/0001-input-data-string","0001-input-data-string-test-01","001","SUCCESS",""
"compliance-level-3/0076-feel-external-java","0076-feel-external-java-test-01","boxed_001","IGNORED","a ""Java"" function"
`
	if b.String() != want {
		t.Errorf("got\n%s\nwant\n%s", b.String(), want)
	}
	back, err := ReadCSV(strings.NewReader(b.String()))
	if err != nil || len(back.Cases) != 2 || back.Cases[1] != r.Cases[1] {
		t.Errorf("read back %v, %v", back, err)
	}
	if r.String() != "1 passed, 0 failed, 1 unsupported" {
		t.Error(r)
	}
}
