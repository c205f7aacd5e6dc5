package browser

import (
	"testing"
)

// desk opens the workbench of an official.
func (s *site) desk(t testing.TB, name string, h how) *visitor {
	t.Helper()
	v := s.visitor(t, h)
	v.signIn(name, "/en/workbench")
	return v
}

// find searches the queue for a case.
func (v *visitor) find(number string) {
	v.t.Helper()
	v.open("/en/workbench")
	v.fill("q", number)
	v.click(`main form[role=search] button`)
	v.sees(number)
}

// takeUp claims a case in the queue and opens its file.
func (v *visitor) takeUp(r receipt) {
	v.t.Helper()
	v.find(r.number)
	v.click(`main .pa-rowbutton[data-claim]`)
	v.click(`main a[href*="/workbench/cases/` + r.id + `"]`)
	v.sees(r.number)
}

// look opens the file of a case.
func (v *visitor) look(r receipt) {
	v.t.Helper()
	v.open("/en/workbench/cases/" + r.id)
}

// act presses the button of an action on the open file.
func (v *visitor) act(action string) {
	v.t.Helper()
	v.click(`main button[name=action][value=` + action + `]`)
	if v.status != 200 {
		v.t.Fatalf("%s answered %d", action, v.status)
	}
}

// unfold opens what is folded around an element, as a person does who looks
// for it.
func (v *visitor) unfold(inside string) {
	v.t.Helper()
	if eval[bool](v, `s => { const d = document.querySelector(s)?.closest("details"); return !!d && !d.open }`, inside) {
		eval[bool](v, `s => { document.querySelector(s).closest("details").querySelector("summary").setAttribute("data-unfold", ""); return true }`, inside)
		v.press("[data-unfold]")
	}
}

// TestAnOfficerOnAPhone: no table of the workbench has to be scrolled sideways.
func TestAnOfficerOnAPhone(t *testing.T) {
	s := shared(t)
	v := s.desk(t, fnsWorker, how{width: phone})
	v.quiet = true
	upright := func() {
		t.Helper()
		if wide := eval[string](v, `() => [...document.querySelectorAll(".pa-scroll:has(table)")].filter(e => e.scrollWidth > e.clientWidth).map(e => e.getAttribute("aria-label")).join(", ")`); wide != "" {
			t.Errorf("%s: %s", v.path(), wide)
		}
	}
	for _, lang := range langs {
		v.open("/" + lang + "/workbench")
		upright()
		v.open("/" + lang + "/workbench/cases/" + v.caseIDs()[0] + "/grounds")
		upright()
	}
}

// TestWhatToActWithStaysInSight beside a file, all of it, in a window of 900 px:
// nothing in it scrolls by itself.
func TestWhatToActWithStaysInSight(t *testing.T) {
	s := shared(t)
	v := s.desk(t, fnsWorker, how{width: desktop})
	v.open("/en/workbench/cases/" + v.caseIDs()[0])
	for _, to := range []string{"0", "document.documentElement.scrollHeight / 2"} {
		hidden := eval[string](v, `() => {
			window.scrollTo({top: `+to+`, behavior: "instant"});
			const column = document.querySelector(".pa-work__act"), box = column.getBoundingClientRect();
			if (column.scrollHeight > column.clientHeight) return "it scrolls by itself";
			return window.scrollY > 0 && box.bottom > innerHeight ? "it ends " + (box.bottom - innerHeight) + " px below the window" : "";
		}`)
		if hidden != "" {
			t.Errorf("at %s: %s", to, hidden)
		}
	}
}
