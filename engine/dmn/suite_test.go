package dmn_test

import (
	"os"
	"path/filepath"
	"testing"

	"passerelle/engine/dmn"
	"passerelle/engine/dmn/tck"
)

// Every expression and every table that the official suite evaluates, with its
// inputs, has the same value in the reference.
func TestTheSuiteAgreesWithTheReference(t *testing.T) {
	shared := os.Getenv("PASSERELLE_SHARED")
	if shared == "" {
		shared = filepath.Join("..", "..", "..", "shared")
	}
	dir := filepath.Join(shared, "data", "dmn-tck")
	if _, err := os.Stat(dir); err != nil {
		t.Skipf("the official DMN suite is not at %s (set PASSERELLE_SHARED)", dir)
	}
	var c dmn.Compared
	if _, err := tck.Run(dir, func(m *dmn.Model) { dmn.SetAgainstReference(m, &c) }); err != nil {
		t.Fatal(err)
	}
	for _, d := range c.Differences {
		t.Error(d)
	}
	if c.Expressions < 2000 || c.Tables < 50 || c.Skipped*5 > c.Expressions {
		t.Errorf("too little was compared: %d expressions, %d tables, %d of them not", c.Expressions, c.Tables, c.Skipped)
	}
	t.Logf("%d expressions and %d tables; %d could not be compared", c.Expressions, c.Tables, c.Skipped)
}
