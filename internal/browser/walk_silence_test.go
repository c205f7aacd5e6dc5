package browser

import "testing"

// When the authority says nothing for three months, the permit is granted by
// law: the operator moves the demonstration's clock, and the permit is there.
func TestTacitGrant(t *testing.T) {
	shared(t) // for the browser
	s, err := open(t.TempDir(), 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.stop(); err != nil {
			t.Error(err)
		}
	})
	h := how{width: desktop}
	citizen := s.visitor(t, h)
	citizen.signIn(founder, "/en/services/"+permit+"/apply")
	citizen.goOn()
	citizen.fillPermit("Walsh Bakery", pdf(t))
	r := citizen.send()
	citizen.pay(r)

	keeper := s.visitor(t, how{width: phone, noScript: true})
	keeper.signIn(operator, "/en/demo/clock")
	keeper.sees("24 November 2025")
	keeper.click(`main button[name=step][value=quarter]`)
	keeper.sees("24 February 2026")
	keeper.click(`main button[name=step][value=week]`)

	citizen.open("/en/cases/" + r.id)
	certified := `main a[href*="/cases/` + r.id + `/certificate/"]`
	citizen.until(certified)
	citizen.sees("silence")
	citizen.click(certified)
	citizen.sees("Walsh Bakery")
}
