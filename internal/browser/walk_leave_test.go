package browser

import (
	"strings"
	"testing"

	"passerelle/internal/demo/population"
)

// leave is the service in which an employer and a second parent have a part.
const leave = "parental-leave"

// caeWorker and caeHead decide on parental leave.
const (
	caeWorker = "Isabelle Mertens"
	caeHead   = "Georges Kremer"
)

// fillLeave answers the questions of a parent who asks for six months from
// September, and names the other parent by identification number.
func (v *visitor) fillLeave(other string) {
	v.t.Helper()
	v.page("child")
	v.choose("arrival", "birth")
	v.goOn()
	v.page("leave")
	v.choose("leave", "second")
	v.choose("model", "fullTime6")
	v.day("start", "1", "9", "2026")
	v.day("requested", "3", "11", "2025")
	v.goOn()
	v.page("work")
	v.fill("employerEmail", "personnel@example.test")
	v.goOn()
	v.page("otherParent")
	v.choose("otherParent", "yes")
	v.goOn() // an answer asked for more
	v.fill("otherParentName", "the other parent")
	v.fill("otherParentId", other)
	v.goOn()
	v.page("payment")
	if v.value("iban") == "" {
		v.fill("iban", "LU28 0019 4006 4475 0000")
	}
	v.goOn()
	v.page("declare")
	v.choose("truthful", "yes")
	v.choose("shared", "yes")
	v.goOn()
}

// day types a date into its three boxes.
func (v *visitor) day(name, day, month, year string) {
	v.t.Helper()
	v.fill(name+"-day", day)
	v.fill(name+"-month", month)
	v.fill(name+"-year", year)
}

// linkTo is the address that the applicant can pass on to a party, by its place
// on the page of the case.
func (v *visitor) linkTo(party string) string {
	v.t.Helper()
	link := eval[string](v, `name => {
		const panel = [...document.querySelectorAll(".pa-info")].find(p => p.innerText.includes(name));
		return [...(panel?.querySelectorAll("code") ?? [])].map(c => c.textContent).find(t => t.includes("/invitations/")) ?? "";
	}`, party)
	_, path, ok := strings.Cut(link, "/invitations/")
	if !ok {
		v.t.Fatalf("no link for %s", party)
	}
	return "/en/invitations/" + path
}

// The case of two parents whose second parent never answers: the employer signs
// by a link, the other parent is reminded and stays silent, the case goes on the
// way that the service declares, and two officials decide it.
func TestTheSecondParentNeverAnswers(t *testing.T) {
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
	people := population.New()
	named := func(key string) (string, string) {
		p, ok := people.Persona(key)
		if !ok {
			t.Fatalf("no persona %s", key)
		}
		return p.Name, people.Person(p.Person).ID
	}
	parentName, _ := named("parent")
	_, otherID := named("other-parent")
	employerName, _ := named("employer")

	parent := s.visitor(t, how{width: phone, noScript: true})
	parent.signIn(parentName, "/en/services/"+leave+"/apply")
	parent.goOn()
	parent.fillLeave(otherID)
	r := parent.send()
	parent.open("/en/cases/" + r.id)
	parent.sees("We are waiting for", "personnel@example.test")

	employer := s.visitor(t, how{width: phone})
	employer.signIn(employerName, parent.linkTo("personnel@example.test"))
	employer.sees(parentName, "Your answer is possible until")
	employer.goOn()
	employer.page("agreement")
	employer.choose("agreement", "agrees")
	employer.goOn()
	employer.choose("noticeKept", "yes")
	employer.fill("hoursPerWeek", "40")
	employer.choose("fullTime", "yes")
	employer.goOn()
	employer.fill("signatory", employerName)
	employer.fill("position", "Manager")
	employer.choose("entitled", "yes")
	employer.goOn()
	employer.page("check")
	employer.goOn()
	employer.sees("The authority has your answers")
	employer.visit("/en/cases/" + r.id)
	if employer.status != 404 {
		t.Errorf("the case itself answers the employer with %d", employer.status)
	}

	parent.open("/en/cases/" + r.id)
	parent.sees("answered on", "the other parent")
	keeper := s.visitor(t, how{width: desktop})
	keeper.signIn(operator, "/en/demo/clock")
	keeper.click(`main button[name=step][value=month]`)
	keeper.click(`main button[name=step][value=week]`)
	parent.until(`main .pa-info--stone`)
	parent.open("/en/demo/mail")
	parent.sees("personnel@example.test")

	worker := s.desk(t, caeWorker, how{width: desktop})
	worker.takeUp(r)
	worker.press(`a[href="#parties"]`)
	worker.sees(employerName, "No answer by")
	worker.unfold("[name=outcome]")
	worker.choose("outcome", "granted")
	worker.fill("amount", "4000.00")
	worker.fill("reasons", "The other parent was reminded twice; nothing speaks against the leave.")
	worker.act("decide")
	head := s.desk(t, caeHead, how{width: desktop})
	head.look(r)
	head.act("approve")

	parent.open("/en/cases/" + r.id)
	parent.until(`main a[href$="/letter"]`)
	parent.sees("nothing speaks against the leave", caeHead)
}
