package matrix

import (
	"bytes"
	"flag"
	"os"
	"slices"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the matrix of docs/bpmn-matrix.md anew")

// Every construct runs as it should, or is refused with its name.
func TestMatrix(t *testing.T) {
	used := map[string]bool{}
	for _, f := range Features() {
		t.Run(f.Group+"/"+f.Name, func(t *testing.T) {
			if r := f.Check(); !r.Passed {
				t.Error(r.Problem)
			}
		})
		for _, c := range f.Cases {
			used[c] = true
		}
	}
	for _, c := range Cases() {
		if !used[c] {
			t.Run(c, func(t *testing.T) {
				if err := Run(c); err != nil {
					t.Error(err)
				}
			})
		}
	}
	for c := range used {
		if !slices.Contains(Cases(), c) {
			t.Errorf("there is no case %s", c)
		}
	}
}

// A case that expects something else fails, with the line.
func TestCasesCanFail(t *testing.T) {
	src := whole("", `<startEvent id="s"/><userTask id="a"/><endEvent id="e"/>`+flow("s", "a", "a", "e"))
	for script, want := range map[string]string{
		"start\nwaits user:b:1":       "line 2: waits for [user:a:1], not for user:b:1",
		"start\ncomplete a:1\nends f": "line 3: has not ended at f",
		"start\ncomplete x:1":         "line 2: complete x:1: bpmn: the process does not wait for this",
		"dance":                       "line 1: unknown line: dance",
	} {
		if err := play(src, script); err == nil || len(err.Error()) < len(want) || err.Error()[:len(want)] != want {
			t.Errorf("%q: %v, want %s", script, err, want)
		}
	}
}

// The matrix in the documentation is what the engine does.
func TestDocumentation(t *testing.T) {
	var results []Result
	for _, f := range Features() {
		results = append(results, f.Check())
	}
	var now bytes.Buffer
	if err := Write(&now, results); err != nil {
		t.Fatal(err)
	}
	const file, fence = "../../../docs/bpmn-matrix.md", "```"
	doc, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	parts := strings.Split(string(doc), fence+"text\n")
	if len(parts) != 2 {
		t.Fatalf("%s shows no matrix", file)
	}
	shown, rest, _ := strings.Cut(parts[1], fence)
	if shown == now.String() {
		return
	}
	if !*update {
		t.Errorf("%s is not what the engine does now; write it anew with -update", file)
		return
	}
	if err := os.WriteFile(file, []byte(parts[0]+fence+"text\n"+now.String()+fence+rest), 0o644); err != nil {
		t.Fatal(err)
	}
}
