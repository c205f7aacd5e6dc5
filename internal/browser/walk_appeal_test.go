package browser

import "testing"

// Somebody whose allowance was refused contests it; the appeal is a case of its
// own, which another officer sees with what the person says.
func TestAppeal(t *testing.T) {
	s := shared(t)
	for _, h := range []how{{width: phone}, {width: desktop, noScript: true}} {
		t.Run(h.String(), func(t *testing.T) {
			citizen := s.visitor(t, h)
			citizen.signIn(highIncome, "/en/account")
			citizen.begin(allowance)
			citizen.fillAllowance()
			r := citizen.send()
			worker := s.desk(t, fnsWorker, how{width: desktop})
			worker.takeUp(r)
			worker.act("confirm")

			citizen.open("/en/cases/" + r.id)
			citizen.sees("You do not receive the allowance", "income is above the limit")
			citizen.click(`main a[href$="/cases/` + r.id + `/appeal"]`)
			citizen.fill("text", "short")
			citizen.goOn()
			if citizen.status != 422 || citizen.value("text") != "short" {
				t.Fatalf("an appeal without reasons answered %d and kept %q", citizen.status, citizen.value("text"))
			}
			citizen.fill("text", "One of the incomes ended in October, so the mean is wrong.")
			citizen.goOn()
			citizen.sees("One of the incomes ended in October")
			appeal := receipt{id: last(citizen.path())}
			if appeal.id == r.id {
				t.Fatal("the appeal is no case of its own")
			}

			head := s.desk(t, fnsHead, how{width: desktop})
			head.look(appeal)
			head.sees("One of the incomes ended in October", r.number)
			worker.look(appeal)
			if worker.has(`main button[name=action][value=decide]`) {
				t.Error("the officer who refused may decide the appeal")
			}
		})
	}
}
