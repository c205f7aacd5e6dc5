package browser

import (
	"strings"
	"testing"
)

// dryRun plans to take the heat pumps of 2025 to 2026 and waits for the dry run;
// it returns its address.
func (v *visitor) dryRun() string {
	v.t.Helper()
	v.open("/en/versions/klimabonus-heat-pump/2026/changes")
	v.follow("Take running cases from version 2025 to version 2026")
	v.click(`main form[method=post] button`)
	v.await("the dry run", func() bool {
		if v.has(".pa-progress") {
			v.open(v.path())
			return false
		}
		return true
	})
	return v.path()
}

// A designer sees what the new regime would change in the running cases; another
// takes them there, says why, and sees that they are.
func TestMigration(t *testing.T) {
	dir := t.TempDir()
	shared(t) // for the browser
	for _, h := range []how{{width: desktop}, {width: phone, noScript: true}} {
		t.Run(h.String(), func(t *testing.T) {
			s, err := open(dir+"/"+strings.ReplaceAll(h.String(), " ", "-"), seeded)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() {
				if err := s.stop(); err != nil {
					t.Error(err)
				}
			})
			v := s.visitor(t, h)
			v.signIn(designer, "/en/migrations")
			v.sees("No migration yet")
			v.dryRun()
			v.sees("No case has changed yet", "a person decides", "Case by case", "An officer examines and decides")
			if x := v.overflow(); h.width == phone && x != "" {
				t.Error(x)
			}
			v.sees("another person who may migrate")
			where := v.path()
			v = s.visitor(t, h)
			v.signIn(secondDesigner, where)
			v.click(`main form[action$="/start"] button`)
			v.sees("There is a problem", "at least ten characters", "Confirm what the run does.")
			v.fill("reasons", "The old regime ends with the year.")
			v.press("#sure")
			if x := v.overflow(); h.width == phone && x != "" {
				t.Error(x)
			}
			v.click(`main form[action$="/start"] button`)
			v.await("the run", func() bool {
				if v.has(".pa-progress") {
					v.open(v.path())
					return false
				}
				return true
			})
			v.sees("started by "+secondDesigner, "has gone over", designer, "The old regime ends with the year.")
			v.follow("Cannot go over")
			v.follow("Migrations")
			v.sees("From version 2025 to version 2026", "done")
		})
	}
}
