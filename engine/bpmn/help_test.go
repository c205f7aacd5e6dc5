package bpmn

import (
	"encoding/json"
	"os"
	"testing"

	"passerelle/engine/feel"
)

func load(t testing.TB, file string) *Process {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	d, err := Parse(f)
	if err != nil {
		t.Fatal(err)
	}
	id := ""
	if d.find("p", "process") != nil {
		id = "p"
	}
	p, err := Compile(d, id)
	if err != nil {
		t.Fatal(err)
	}
	return p
}
func eval(t testing.TB, src string) feel.Value {
	t.Helper()
	e, err := feel.Compile(src)
	if err != nil {
		t.Fatalf("%s: %v", src, err)
	}
	v, _ := e.Eval(nil)
	return v
}
func asJSON(t testing.TB, v any) string {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
