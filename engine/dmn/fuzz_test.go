package dmn

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"passerelle/engine/feel"
)

// Whatever the text: no panic in parsing, compiling, checking and evaluating.
func FuzzParse(f *testing.F) {
	files, err := filepath.Glob("testdata/*.dmn")
	if err != nil {
		f.Fatal(err)
	}
	for _, name := range files {
		data, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		d, err := Parse(bytes.NewReader(data))
		if err != nil {
			return
		}
		m, err := Compile(d)
		if err != nil {
			return
		}
		Check(m)
		for _, name := range m.Decisions() {
			m.Inputs(name)
			if _, err := m.Decide(name, feel.Null(), WithTrace(), WithMaxSteps(1000)); err != nil {
				t.Fatal(err)
			}
		}
	})
}
