package browser

import "testing"

// A certificate of residence is there within seconds, and anybody who holds it
// can verify it by its code without signing in.
func TestCertificate(t *testing.T) {
	s := shared(t)
	for _, h := range []how{{width: desktop}, {width: phone}, {width: desktop, noScript: true}, {width: phone, noScript: true}} {
		t.Run(h.String(), func(t *testing.T) {
			citizen := s.visitor(t, h)
			citizen.signIn(singleParent, "/en/services/"+certificate)
			citizen.click(`main a[href$="/services/` + certificate + `/apply"]`)
			citizen.goOn()
			citizen.fillCertificate()
			r := citizen.send()

			citizen.click(`main a[href$="/cases/` + r.id + `"]`)
			certified := `main a[href*="/cases/` + r.id + `/certificate/"]`
			citizen.until(certified)
			citizen.click(certified)
			code := last(citizen.path())
			citizen.sees(code, "Sandra Tavares", "Esch-sur-Alzette")

			stranger := s.visitor(t, h)
			stranger.open("/en/verify")
			stranger.fill("code", code)
			stranger.goOn()
			stranger.sees(code, "Sandra Tavares", "Esch-sur-Alzette")
			stranger.open("/en/verify/" + code) // where the code's square leads
			stranger.sees(code, "Sandra Tavares")
			stranger.visit("/en/verify?code=AAAA-BBBB-CCCC")
			if !stranger.has(".govuk-error-summary") {
				t.Error("an invented code is not refused")
			}
		})
	}
}
