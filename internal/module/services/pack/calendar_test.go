package pack

import (
	"strings"
	"testing"
	"testing/fstest"
)

// TestTheCalendarIsChecked: a day moves people's rights, so none is half said.
func TestTheCalendarIsChecked(t *testing.T) {
	const name = `name: {fr: "Jour", de: "Tag", lb: "Dag", en: "Day", pt: "Dia"}`
	for _, c := range []struct{ why, days, want string }{
		{"empty", `[]`, ""},
		{"whole", `[{date: 2031-03-14, kind: holiday, ` + name + `, legal: "act", status: unverified}]`, ""},
		{"a Saturday of work", `[{date: 2031-03-15, kind: working, ` + name + `, legal: "act", status: verified}]`, ""},
		{"a Saturday is none anyway", `[{date: 2031-03-15, kind: closing, ` + name + `, legal: "act", status: verified}]`, "no time limit ends on a weekend"},
		{"another kind", `[{date: 2031-03-14, kind: party, ` + name + `, legal: "act", status: verified}]`, `kind "party" is not one of`},
		{"no source", `[{date: 2031-03-14, kind: holiday, ` + name + `, status: verified}]`, "legal is missing"},
		{"no status", `[{date: 2031-03-14, kind: holiday, ` + name + `, legal: "act"}]`, `status "" is not one of`},
		{"no date", `[{kind: holiday, ` + name + `, legal: "act", status: verified}]`, "date is missing"},
		{"no name in a language", `[{date: 2031-03-14, kind: holiday, name: {fr: "Jour"}, legal: "act", status: verified}]`, "has no name in de"},
		{"twice", `[{date: 2031-03-14, kind: holiday, ` + name + `, legal: "act", status: verified}, {date: 2031-03-14, kind: closing, ` + name + `, legal: "act", status: verified}]`, "stands here twice"},
	} {
		m := files(t)
		m["calendar.yaml"] = &fstest.MapFile{Data: []byte("days: " + c.days + "\n")}
		set, findings := LoadSet(m)
		var said []string
		for _, f := range findings {
			if f.File == "calendar.yaml" && f.Severity == Error {
				said = append(said, f.Msg)
			}
		}
		if all := strings.Join(said, "\n"); (c.want == "") != (all == "") || !strings.Contains(all, c.want) {
			t.Errorf("%s: %q, want %q", c.why, all, c.want)
		}
		if c.want == "" && len(set.Calendar) != strings.Count(c.days, "date:") {
			t.Errorf("%s: %+v", c.why, set.Calendar)
		}
	}
}
