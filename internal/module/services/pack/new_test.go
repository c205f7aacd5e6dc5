package pack

import (
	"os"
	"testing"
	"time"
)

// What a designer begins with has nothing to mend but its texts.
func TestANewServiceIsSound(t *testing.T) {
	set, _ := LoadSet(os.DirFS("testdata/set"))
	f, err := New("dog-licence", "2027", "gardens", time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC))
	if err != nil {
		t.Fatal(err)
	}
	p, findings := set.Open(f)
	for _, x := range findings {
		t.Errorf("%s:%d: %s", x.File, x.Line, x.Msg)
	}
	if p == nil {
		t.FailNow()
	}
	for _, x := range Check(p) {
		t.Errorf("%s:%d: %s", x.File, x.Line, x.Msg)
	}
	if r := Test(p); r.Failed > 0 || r.Passed != 3 {
		t.Errorf("%d scenarios pass: %v", r.Passed, r.Failures)
	}
	if p.ID != "dog-licence" || p.Version != "2027" || p.Service.Prefix != "DGL" {
		t.Errorf("%s/%s with %s", p.ID, p.Version, p.Service.Prefix)
	}
	for _, wrong := range [][2]string{{"Dog", "2027"}, {"../dog", "2027"}, {"dog", "../2027"}, {"", "1"}} {
		if _, err := New(wrong[0], wrong[1], "gardens", time.Time{}); err == nil {
			t.Errorf("%q is accepted", wrong)
		}
	}
}
