package browser

import (
	"strings"
	"testing"
)

const arrival = "declaration-of-arrival"

// A couple moves in with somebody. The host and the other adult confirm by a
// link that is passed on to them; the population office registers the arrival,
// and anybody can check the certificate.
func TestArrival(t *testing.T) {
	s := shared(t)
	for _, h := range []how{{width: desktop}, {width: phone, noScript: true}} {
		t.Run(h.String(), func(t *testing.T) {
			citizen := s.visitor(t, h)
			citizen.signIn(crossBorder, "/en/account")
			citizen.begin(arrival)
			citizen.fillArrival(pdf(t))
			citizen.sees(highIncome, "Moritz")
			r := citizen.send()

			citizen.open("/en/cases/" + r.id)
			citizen.until(`main .pa-code`)
			host := s.visitor(t, h)
			_, invited, german := strings.Cut(citizen.invitation(highIncome), "/de/")
			if !german {
				t.Error("the host's link is not in the language that was chosen for them")
			}
			host.signIn(highIncome, "/en/"+invited)
			host.sees("Do these people live at your address?", crossBorder+", "+student, "L-0006 Demonstration")
			host.goOn()
			host.page("hostPage")
			host.choose("hostLives", "yes")
			host.goOn() // now the page asks since when
			host.fillDate("hostSince", "20", "11", "2025")
			host.choose("hostHolds", "owner")
			host.goOn()
			host.goOn()
			host.page("receipt")

			adult := s.visitor(t, h)
			adult.signIn(student, citizen.invitation(student))
			adult.sees("Do you move too?", crossBorder)
			adult.goOn()
			adult.page("adultPage")
			adult.choose("adultMoves", "yes")
			adult.goOn()
			adult.goOn()
			adult.page("receipt")

			worker := s.desk(t, "Nadine Majerus", h)
			worker.takeUp(r)
			worker.sees("The person who lodges the household has confirmed that they live there.", "28 November 2025")
			worker.act("confirm")

			citizen.open("/en/cases/" + r.id)
			certified := `main a[href*="/cases/` + r.id + `/certificate/"]`
			citizen.until(certified)
			citizen.click(certified)
			code := last(citizen.path())
			stranger := s.visitor(t, h)
			stranger.open("/en/verify/" + code)
			stranger.sees(code, crossBorder+", "+student, "6, rue de la Démonstration")
		})
	}
}

// invitation is the link that the applicant passes on to somebody.
func (v *visitor) invitation(name string) string {
	v.t.Helper()
	link := eval[string](v, `name => [...document.querySelectorAll("main .pa-info")].find(e => e.innerText.includes(name))?.querySelector(".pa-code")?.innerText ?? ""`, name)
	path := strings.TrimPrefix(link, v.site.url)
	if path == link {
		v.t.Fatalf("no link for %s to pass on, but %q", name, link)
	}
	return path
}

// fillArrival declares the arrival of two from two places, lodged by somebody.
func (v *visitor) fillArrival(proof string) {
	v.t.Helper()
	v.page("forWhom")
	v.choose("capacity", "self")
	v.choose("withOthers", "yes")
	v.goOn()
	v.page("who")
	v.choose("origin", "abroad")
	v.goOn()
	v.page("household")
	v.click(`main button[value="add:members"]`)
	given, family, _ := strings.Cut(student, " ")
	v.fill("members.0.givenName", given)
	v.fill("members.0.familyName", family)
	v.fillDate("members.0.birthDate", "27", "5", "2003")
	v.choose("members.0.relation", "partner")
	v.pick("members.0.nationality", "DE")
	v.choose("members.0.origin", "commune")
	v.goOn()
	v.page("partner")
	v.goOn()
	v.page("arrival")
	v.fillDate("arrived", "20", "11", "2025")
	v.fill("street", "6, rue de la Démonstration")
	v.fill("postcode", "L-0006")
	v.fill("locality", "Demonstration")
	v.goOn()
	v.page("departure")
	v.choose("departure", "no")
	v.goOn()
	v.page("lodging")
	v.choose("lodging", "hosted")
	v.goOn() // now the page asks for the host
	v.fill("hostName", highIncome)
	v.pick("hostLang", "de")
	v.goOn()
	v.page("papers")
	v.attach("identityProof", proof)
	v.goOn()
	v.page("declare")
	v.choose("truthful", "yes")
	v.choose("passedOn", "yes")
	v.goOn()
	v.page("check")
}

// fillDate types a date into its three boxes.
func (v *visitor) fillDate(name, day, month, year string) {
	v.t.Helper()
	v.fill(name+"-day", day)
	v.fill(name+"-month", month)
	v.fill(name+"-year", year)
}

// pick chooses from a list.
func (v *visitor) pick(name, value string) {
	v.t.Helper()
	if !eval[bool](v, `(name, value) => { const e = document.getElementsByName(name)[0]; e.value = value; return e.value === value }`, name, value) {
		v.t.Fatalf("no choice %s=%s", name, value)
	}
}
