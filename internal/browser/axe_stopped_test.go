package browser

import (
	"strings"
	"testing"
)

// TestAccessibilityStopped walks an operator through the cases that a register's
// bad answer stopped: all together, one with what was refused and with what it
// read, after it was mended, and after the others were mended with it.
func TestAccessibilityStopped(t *testing.T) {
	shared(t) // for the browser
	s, err := open(t.TempDir(), seeded)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.stop(); err != nil {
			t.Error(err)
		}
	})
	v := s.visitor(t, how{width: desktop})
	v.signIn(operator, "/en/operations")
	v.sees("is no number")
	v.click(`main .pa-queue a[href*="/operations/cases/"]`)
	v.sees("3 cases stand still with this error")
	path := strings.TrimPrefix(v.path(), "/en")
	inspectAll(t, s, []place{
		{name: "operations with stopped cases", who: operator, path: "/operations"},
		{name: "a stopped case", who: operator, path: path},
		{name: "asked again without reasons", who: operator, path: path, press: `main form:has(input[value=evidence]) button`},
		{name: "given up without reasons", who: operator, path: path, press: `main form:has(input[value=giveUp]) button`},
		{name: "values without a purpose", who: operator, path: path, press: `main button[value=inspect]`},
	})

	v.fill("purpose", "To see what social security answered.")
	v.click(`main button[value=inspect]`)
	v.inspect("en")
	v.sees("evidence.incomes")

	mend := func(button string) {
		v.open("/en" + path)
		again := `main form:has(input[value=evidence]) `
		v.unfold(again + "button")
		if !eval[bool](v, `s => { const e = document.querySelector(s); e.value = "incomes"; return e.value === "incomes" }`, again+"select") {
			t.Fatal("the register of the incomes cannot be chosen")
		}
		v.fill("reasons", "Social security has mended its answer.")
		v.click(again + button)
	}
	mend(`button:not([name])`)
	v.sees("corrected and on record", "Nothing stands still in this case")
	mended := path
	v.open("/en/operations")
	v.click(`main .pa-queue a[href*="/operations/cases/"]`)
	path = strings.TrimPrefix(v.path(), "/en")
	mend(`button[name=all]`)
	v.await("the other two", func() bool { v.open("/en/operations"); return !v.has(".pa-queue") })
	v.sees("2 of 2 cases")
	inspectAll(t, s, []place{
		{name: "a mended case", who: operator, path: mended + "?done=corrected"},
		{name: "operations after a run", who: operator, path: "/operations"},
	})
	inspected.tests.Add(1)
}
