package bpmn

import (
	"os"
	"testing"
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
