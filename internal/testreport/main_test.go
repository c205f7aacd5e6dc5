package main

import (
	"strings"
	"testing"
)

func TestReportNamesFailuresAndReasonsAndCounts(t *testing.T) {
	in := `{"Action":"run","Package":"p","Test":"TestA"}
{"Action":"output","Package":"p","Test":"TestA","Output":"    a_test.go:3: got 1, want 2\n"}
{"Action":"fail","Package":"p","Test":"TestA"}
{"Action":"pass","Package":"p","Test":"TestB"}
{"Action":"output","Package":"p","Test":"TestC","Output":"    c_test.go:9: SKIP: no Chromium on this machine\n"}
{"Action":"output","Package":"p","Test":"TestC","Output":"--- SKIP: TestC (0.00s)\n"}
{"Action":"skip","Package":"p","Test":"TestC"}
{"Action":"fail","Package":"p","Elapsed":1.5}
`
	var out strings.Builder
	if report(strings.NewReader(in), &out) {
		t.Error("a failed test must fail the report")
	}
	for _, want := range []string{"FAILED p TestA", "got 1, want 2", "1  no Chromium on this machine", "1 passed, 1 failed, 1 skipped"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %q in:\n%s", want, out.String())
		}
	}
}

func TestAPackageThatDoesNotCompileFailsTheReport(t *testing.T) {
	in := `{"ImportPath":"q","Action":"build-output","Output":"q.go:1: syntax error\n"}
{"ImportPath":"q","Action":"build-fail"}
`
	var out strings.Builder
	if report(strings.NewReader(in), &out) || !strings.Contains(out.String(), "syntax error") {
		t.Errorf("reported as fine:\n%s", out.String())
	}
}
