package browser

import "testing"

// Somebody says that a register is wrong: the rules do not decide, and the
// officer sees what is contested before anything else.
func TestContestedFact(t *testing.T) {
	s := shared(t)
	for _, h := range []how{{width: desktop}, {width: phone, noScript: true}} {
		t.Run(h.String(), func(t *testing.T) {
			citizen := s.visitor(t, h)
			citizen.signIn(family, "/en/account")
			citizen.begin(allowance)
			citizen.page("household")
			citizen.unfold(`[name="contest.persons"]`)
			citizen.choose("contest.persons", "yes")
			citizen.fill("contest.persons.claimed", "7")
			citizen.fill("contest.persons.comment", "My mother has lived with us since May.")
			citizen.fillAllowance()
			citizen.sees("you contest: 7")
			r := citizen.send()

			worker := s.desk(t, fnsWorker, h)
			worker.takeUp(r)
			worker.sees("My mother has lived with us since May.")
			if worker.has(`main button[name=action][value=confirm]`) {
				t.Error("the rules propose a decision on a contested fact")
			}
			worker.choose("outcome", "granted")
			worker.fill("amount", "4,837.00")
			worker.click(`main button[name=action][value=decide]`)
			if worker.status != 422 || worker.value("amount") != "4,837.00" {
				t.Fatalf("a decision without reasons answered %d and kept the amount %q", worker.status, worker.value("amount"))
			}
			worker.fill("reasons", "The commune confirms the mother's address. Seven people share the home.")
			worker.act("decide")

			citizen.open("/en/cases/" + r.id)
			citizen.sees("€4,837.00", "Seven people share the home.", fnsWorker)
		})
	}
}
