package browser

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/chromedp/chromedp"
)

// Two clicks on "send" are one case with one receipt, and so is going back and
// sending again; with scripts, going back already shows the receipt.
func TestSentTwice(t *testing.T) {
	s := shared(t)
	for _, h := range []how{{width: desktop}, {width: phone, noScript: true}} {
		t.Run(h.String(), func(t *testing.T) {
			v := s.visitor(t, h)
			v.signIn(family, "/en/cases")
			before := len(v.caseIDs())
			v.begin(certificate)
			v.fillCertificate()
			check := v.path()
			x, y := v.point(mainButton)
			v.do(chromedp.MouseClickXY(x, y), chromedp.MouseClickXY(x, y))
			v.await("the receipt", func() bool { return v.formPage() == "receipt" && v.has(".govuk-panel") })
			first := v.receipt()

			if h.noScript {
				v.back()
				if v.path() != check {
					t.Fatalf("back leads to %s, want %s", v.path(), check)
				}
				// The page may be the one that the browser kept: press until
				// something happens.
				v.await("the receipt again", func() bool {
					eval[bool](v, `s => { document.querySelector(s)?.click(); return true }`, mainButton)
					return v.formPage() == "receipt" && v.has(".govuk-panel")
				})
			} else {
				// With scripts a kept page loads again: what is sent is shown as sent.
				v.visit(check)
				v.await("the receipt in place of what was sent", func() bool { return v.formPage() == "receipt" && v.has(".govuk-panel") })
			}
			if again := v.receipt(); again != first {
				t.Errorf("sent again, the receipt is %v, want %v", again, first)
			}
			v.open("/en/cases")
			if after := len(v.caseIDs()); after != before+1 {
				t.Errorf("there are %d cases after %d", after, before)
			}
		})
	}
}

// A page that another tab has overtaken overwrites nothing and loses nothing:
// what was typed is shown, and sent again it counts.
func TestStalePage(t *testing.T) {
	s := shared(t)
	for _, h := range []how{{width: desktop}, {width: phone, noScript: true}} {
		t.Run(h.String(), func(t *testing.T) {
			v := s.visitor(t, h)
			v.signIn(newcomer, "/en/account")
			v.begin(allowance)
			v.fillAllowance()
			draft := v.path()[:len(v.path())-len("check")]
			v.open(draft + "payment")

			other := v.secondTab()
			other.open(draft + "payment")
			other.fill("iban", "LU28 0019 4006 4475 0000")
			other.goOn()

			v.fill("holder", "Priya Anita Nair")
			v.goOn()
			if v.status != 409 {
				t.Fatalf("the stale page answered %d", v.status)
			}
			v.sees("another window")
			if got := v.value("holder"); got != "Priya Anita Nair" {
				t.Fatalf("what was typed became %q", got)
			}
			v.goOn()
			v.open(draft + "check")
			v.sees("Priya Anita Nair")
			v.discard()
		})
	}
}

// Whoever goes back with the browser's button, changes an answer and continues
// is understood. Without scripts the browser may show the page as it was: then
// nothing is overwritten unseen, and sent again it counts.
func TestBackButton(t *testing.T) {
	s := shared(t)
	for _, h := range []how{{width: phone}, {width: desktop, noScript: true}} {
		t.Run(h.String(), func(t *testing.T) {
			v := s.visitor(t, h)
			v.signIn(family, "/en/account")
			v.begin(allowance)
			v.choose("agreed", "yes")
			v.goOn()
			v.page("income")
			v.choose("otherIncome", "no")
			v.goOn()
			v.page("situation")
			now := v.revision()
			v.back()
			v.await("the page with the stored answers", func() bool {
				return v.formPage() == "income" && v.has(mainButton) && v.chosen("otherIncome", "no")
			})
			if !h.noScript {
				v.await("the present revision", func() bool { return v.revision() == now })
			}
			v.choose("otherIncome", "yes")
			v.goOn()
			if h.noScript && v.status == 409 {
				v.sees("another window")
			} else if v.status != 200 {
				t.Errorf("the changed answer answered %d", v.status)
			}
			if v.formPage() != "income" || !v.has(`button[value="add:otherIncomes"]`) {
				t.Errorf("the changed answer led to %s (%d)", v.path(), v.status)
			}
		})
	}
}

// revision is the hidden number that says with which answers a page was shown.
func (v *visitor) revision() string {
	v.t.Helper()
	return eval[string](v, `() => document.querySelector("form input[name=rev]")?.value ?? ""`)
}

// A session that expires during a form asks to sign in, in another tab; what
// was typed is still there, and sent again it counts.
func TestExpiredSession(t *testing.T) {
	s := shared(t)
	for _, h := range []how{{width: desktop}, {width: phone, noScript: true}} {
		t.Run(h.String(), func(t *testing.T) {
			v := s.visitor(t, h)
			v.signIn(student, "/en/account")
			v.begin(allowance)
			v.fillAllowance()
			draft := v.path()[:len(v.path())-len("check")]
			v.open(draft + "situation")
			v.choose("stay", "student")
			v.forget()
			v.goOn()
			if v.status != 401 {
				t.Fatalf("without a session the form answered %d", v.status)
			}
			v.secondTab().signIn(student, v.href(`main a[href*="/sign-in"]`))
			v.goOn()
			v.open(draft + "check")
			v.sees("Mainly to study")
			v.discard()
		})
	}
}

// The address of another citizen's case is no page, whoever asks.
func TestSomebodyElsesCase(t *testing.T) {
	s := shared(t)
	owner := s.visitor(t, how{width: desktop})
	owner.signIn(pensioner, "/en/cases")
	id := owner.caseIDs()[0]
	v := s.visitor(t, how{width: phone})
	v.signIn(highIncome, "/en/account")
	for _, page := range []string{"", "/letter", "/appeal", "/withdraw"} {
		v.visit("/en/cases/" + id + page)
		if v.status != 404 {
			t.Errorf("%s answered %d", page, v.status)
		}
		if text := v.text("main"); text == "" || v.has(".pa-casehead") {
			t.Errorf("%s shows %q", page, text)
		}
	}
}

// A file that is not what its name says is refused with its name, and the other
// answers are kept. A file that is far too large ends on a page that says so.
func TestFilesThatLie(t *testing.T) {
	s := shared(t)
	for _, h := range []how{{width: desktop}, {width: phone, noScript: true}} {
		t.Run(h.String(), func(t *testing.T) {
			v := s.visitor(t, h)
			v.signIn(founderWithRecord, "/en/account")
			v.begin(permit)
			v.fillPermit("Garage Marchand", pdf(t))
			draft := v.path()[:len(v.path())-len("check")]
			v.open(draft + "qualification")
			v.choose("qualification", "foreign")
			v.attach("diploma", file(t, "certificate.pdf", []byte("This is a letter, and no PDF.\n")))
			v.goOn()
			if v.status != 422 {
				t.Fatalf("a text called PDF answered %d", v.status)
			}
			v.sees("“certificate.pdf” is in none of these formats", "diploma.pdf")
			if !v.chosen("qualification", "foreign") {
				t.Error("the other answer is gone")
			}

			v.choose("qualification", "universityDegree")
			v.attach("diploma", huge(t))
			v.goOn()
			if v.status != 413 {
				t.Fatalf("60 MB answered %d", v.status)
			}
			v.sees("50")
			v.open(draft + "qualification")
			v.sees("diploma.pdf")
			v.open(draft + "check")
			v.discard()
		})
	}
}

// huge is a file of 60 MB, most of which takes no space on the disk.
func huge(t testing.TB) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "film.pdf")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.WriteString("%PDF-1.7\n"); err != nil {
		t.Fatal(err)
	}
	if err := f.Truncate(60 << 20); err != nil {
		t.Fatal(err)
	}
	return path
}
