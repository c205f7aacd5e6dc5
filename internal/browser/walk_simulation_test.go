package browser

import (
	"strings"
	"testing"
)

const designer = "Claire Wagener"

// A designer asks what a limit raised by five per cent would do: who gains, what
// it costs, and who is entitled today and has not applied.
func TestSimulation(t *testing.T) {
	s := shared(t)
	for _, h := range []how{{width: desktop}, {width: phone}, {width: desktop, noScript: true}, {width: phone, noScript: true}} {
		t.Run(h.String(), func(t *testing.T) {
			v := s.visitor(t, h)
			v.signIn(designer, "/en/simulations")
			v.follow("Cost-of-living allowance")
			v.fill("percent.monthlyLimit", "five")
			v.goOn()
			v.sees("write a whole number from -90 to 200")
			v.fill("percent.monthlyLimit", "5 %")
			v.goOn()
			v.await("the result", func() bool {
				if strings.Contains(v.text("h1"), "running") {
					v.open(v.path())
					return false
				}
				return true
			})
			v.sees("applicants gain, nobody loses", "It costs €", "By size of the household", "under 10", "Entitled and not applied")
			if h.width == phone {
				if x := v.overflow(); x != "" {
					t.Error(x)
				}
			}
			v.follow("Simulations")
			v.sees("applicants gain, nobody loses")
		})
	}
}
