package browser

import (
	"strings"
	"testing"
)

// A visitor notices what the content security policy forbids: else a page that
// breaks it would pass every test here.
func TestVisitorHearsViolations(t *testing.T) {
	v := shared(t).visitor(t, how{width: desktop})
	v.open("/en")
	eval[bool](v, `() => { document.body.insertAdjacentHTML("beforeend", "<p style='color: red'>styled</p>"); return true }`)
	v.await("the browser complains", func() bool {
		v.mu.Lock()
		defer v.mu.Unlock()
		return len(v.trouble) > 0
	})
	v.mu.Lock()
	defer v.mu.Unlock()
	if !strings.Contains(v.trouble[0], "Content Security Policy") {
		t.Errorf("the complaint is %q", v.trouble[0])
	}
	v.trouble = nil
}

// A checker that finds nothing wrong with a wrong page would be worth nothing.
func TestVisitorFindsBarriers(t *testing.T) {
	v := shared(t).visitor(t, how{width: phone})
	v.open("/en")
	eval[bool](v, `() => { document.querySelector("main").insertAdjacentHTML("beforeend", "<img src='/assets/none.png'><div class='pa-figures'><pre>" + "wide ".repeat(80) + "</pre></div>"); return true }`)
	if found := v.axe(); len(found) == 0 || !strings.Contains(strings.Join(found, " "), "image-alt") {
		t.Errorf("a picture without a text was not found: %v", found)
	}
	if v.overflow() == "" {
		t.Error("a page wider than the window was not found")
	}
	v.await("the missing picture is complained about", func() bool {
		v.mu.Lock()
		defer v.mu.Unlock()
		return len(v.trouble) > 0
	})
	v.mu.Lock()
	defer v.mu.Unlock()
	v.trouble = nil
}
