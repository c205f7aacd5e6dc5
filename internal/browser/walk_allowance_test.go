package browser

import (
	"testing"
)

// A pensioner finds the allowance in her own words, applies and gets a receipt;
// a case worker confirms what the rules propose; she finds the news in her
// inbox and reads the decision, the arithmetic and the letter.
func TestAllowance(t *testing.T) {
	s := shared(t)
	for _, h := range []how{{width: desktop}, {width: phone}, {width: desktop, noScript: true}, {width: phone, noScript: true}} {
		t.Run(h.String(), func(t *testing.T) {
			citizen := s.visitor(t, h)
			citizen.open("/en")
			citizen.fill("q", "my pension is small and prices went up")
			citizen.click(`main form[action$="/services"] button`)
			citizen.click(`main a[href$="/services/` + allowance + `"]`)
			citizen.sees("Who may apply", "Legal basis", "Without the internet")
			citizen.click(`main a[href$="/services/` + allowance + `/apply"]`)
			citizen.be(pensioner)
			citizen.goOn()
			citizen.fillAllowance()
			citizen.sees("Margot Lentz", "€1,986.40")
			r := citizen.send()

			worker := s.desk(t, fnsWorker, h)
			worker.takeUp(r)
			worker.sees("Margot Lentz")
			proposal := worker.text(".pa-task__proposal strong")
			worker.act("confirm")
			worker.sees(r.number) // and the next case is open
			if next := worker.path(); last(next) == r.id {
				t.Errorf("after the decision the worker is still at %s", next)
			}
			worker.look(r)
			worker.sees(proposal)

			citizen.open("/en/inbox")
			citizen.click(`main form[action$="/inbox/open/` + r.id + `"] button`)
			citizen.sees("You receive", r.number, "Gross household income", "appeal")
			citizen.click(`main a[href$="/cases/` + r.id + `/letter"]`)
			citizen.sees(r.number, "Margot Lentz")
			if !citizen.has(".pa-letter") {
				t.Error("the letter is not a letter")
			}
		})
	}
}
