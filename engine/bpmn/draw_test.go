package bpmn

import (
	"bytes"
	"encoding/xml"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// The reference models of the BPMN Model Interchange Working Group parse and
// draw, whatever tool wrote them. They are not in this repository:
// PASSERELLE_MIWG names their folder, by default the one beside the checkout.
// BPMN_SVG_OUT names a folder that keeps the drawings.
func TestReferenceModels(t *testing.T) {
	dir := os.Getenv("PASSERELLE_MIWG")
	if dir == "" {
		dir = "../../../shared/data/bpmn-miwg"
	}
	files, _ := filepath.Glob(filepath.Join(dir, "*.bpmn"))
	if len(files) == 0 {
		t.Skip("no MIWG reference models: PASSERELLE_MIWG does not name their folder")
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			f, err := os.Open(file)
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			d, err := Parse(f)
			if err != nil {
				t.Fatal(err)
			}
			for i := range d.Diagrams() {
				var b bytes.Buffer
				if err := d.SVG(&b, i, Drawing{}); err != nil {
					t.Fatal(err)
				}
				wellFormed(t, b.String())
				if n := strings.Count(b.String(), "<g class="); n < 3 {
					t.Errorf("diagram %d shows %d things", i, n)
				}
				if out := os.Getenv("BPMN_SVG_OUT"); out != "" {
					name := strings.TrimSuffix(filepath.Base(file), ".bpmn") + "-" + string(rune('0'+i)) + ".svg"
					if err := os.WriteFile(filepath.Join(out, name), b.Bytes(), 0o644); err != nil {
						t.Fatal(err)
					}
				}
			}
			for _, info := range d.Processes {
				p, err := Compile(d, info.ID)
				if (p == nil) == (err == nil) {
					t.Fatalf("%s: neither compiled nor refused", info.ID)
				}
				if err != nil {
					t.Logf("%s is refused:\n%v", info.ID, err)
				}
			}
		})
	}
}

func wellFormed(t *testing.T, svg string) {
	t.Helper()
	d := xml.NewDecoder(strings.NewReader(svg))
	for {
		tok, err := d.Token()
		if err == io.EOF {
			return
		} else if err != nil {
			t.Fatal(err)
		}
		e, ok := tok.(xml.StartElement)
		if !ok {
			continue
		}
		if e.Name.Local == "style" || e.Name.Local == "script" {
			t.Fatalf("a strict CSP forbids <%s>", e.Name.Local)
		}
		for _, a := range e.Attr {
			if a.Name.Local == "style" || strings.HasPrefix(a.Name.Local, "on") || strings.Contains(a.Value, "NaN") {
				t.Fatalf("<%s %s=%q>", e.Name.Local, a.Name.Local, a.Value)
			}
		}
	}
}

// A drawing escapes what people wrote, marks an incident, and says so in words.
func TestDrawing(t *testing.T) {
	p := load(t, "testdata/permit.bpmn")
	marks := p.Marks(State{Started: true, Count: map[string]int{"received": 1, "received_fetch": 1, "fetch": 1, "fetch~": 1},
		Tokens: []Token{{ID: "fetch:1", El: "fetch", Wait: WaitIncident, Fail: &Failure{Stage: "act"}}}})
	if len(marks) != 3 || marks["fetch"] != MarkIncident || marks["received_fetch"] != MarkDone {
		t.Fatalf("%v", marks)
	}
	var b bytes.Buffer
	err := p.SVG(&b, Drawing{ID: `a"b`, Title: "A < B & C", Marks: marks,
		Text: func(id string) string { return map[string]string{"fetch": `<script>alert("1")</script>`}[id] },
		Word: func(m Mark) string { return string(m) + " & more" }})
	if err != nil {
		t.Fatal(err)
	}
	wellFormed(t, b.String())
	for _, want := range []string{`role="img"`, "<title id=\"a&#34;b-title\">A &lt; B &amp; C</title>", "bpmn-incident", "bpmn-pin-incident", "(incident &amp; more)", "Application received (done &amp; more)"} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("the SVG lacks %s", want)
		}
	}
	q := load(t, "matrix/cases/sequence.bpmn")
	if err := q.SVG(&b, Drawing{}); err == nil {
		t.Error("a process without a diagram was drawn")
	}
}
