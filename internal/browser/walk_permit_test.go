package browser

import "testing"

// A founder applies with her diploma and pays; the case worker asks for a
// paper, which she sends; the case worker decides with reasons, the head of
// unit approves, and the permit can be verified.
func TestPermit(t *testing.T) {
	s := shared(t)
	for _, h := range []how{{width: desktop}, {width: phone}, {width: desktop, noScript: true}, {width: phone, noScript: true}} {
		t.Run(h.String(), func(t *testing.T) {
			citizen := s.visitor(t, h)
			citizen.signIn(founder, "/en/services/"+permit+"/apply")
			citizen.goOn()
			citizen.fillPermit("Walsh Bakery", pdf(t))
			citizen.sees("diploma.pdf")
			r := citizen.send()
			citizen.pay(r)

			worker := s.desk(t, permitWorker, h)
			worker.takeUp(r)
			worker.unfold("[name=ask]")
			worker.fill("ask", "Please send us a copy of your lease.")
			worker.act("ask")

			citizen.open("/en/cases/" + r.id)
			citizen.sees("Please send us a copy of your lease.")
			citizen.fill("text", "Here is the lease of the shop.")
			citizen.attach("files", pdf(t))
			citizen.click(`main form[action$="/answer"] .govuk-button`)
			if citizen.status != 200 || citizen.has(".govuk-error-summary") {
				t.Fatalf("the answer was not taken (%d)", citizen.status)
			}

			worker.look(r)
			worker.sees("Walsh Bakery")
			worker.unfold("[name=outcome]")
			worker.choose("outcome", "granted")
			worker.fill("reasons", "The diploma covers the trade, the record is clean, the lease names the premises.")
			worker.act("decide")

			head := s.desk(t, permitHead, h)
			head.look(r)
			head.sees("The diploma covers the trade")
			head.act("approve")

			citizen.open("/en/cases/" + r.id)
			certified := `main a[href*="/cases/` + r.id + `/certificate/"]`
			citizen.until(certified)
			citizen.sees("The diploma covers the trade", permitHead)
			citizen.click(certified)
			code := last(citizen.path())

			stranger := s.visitor(t, h)
			stranger.open("/en/verify/" + code)
			stranger.sees(code, "Walsh Bakery", founder)
		})
	}
}

// pay pays the fee of a case in the sandbox of the bank.
func (v *visitor) pay(r receipt) {
	v.t.Helper()
	v.open("/en/cases/" + r.id)
	v.until(`main form[action$="/pay"] button`)
	v.click(`main form[action$="/pay"] button`)
	v.sees("€50.00")
	v.click(`main button[name=answer][value=pay]`)
	v.click(`main form[action$="/paid"] button`)
	if v.has(`main form[action$="/pay"]`) {
		v.t.Fatal("the fee is still asked for")
	}
}
