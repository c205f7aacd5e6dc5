package browser

import (
	"regexp"
	"strings"
)

// The services of the demonstration.
const (
	allowance   = "cost-of-living-allowance"
	certificate = "certificate-of-residence"
	permit      = "business-permit"
)

// People of the demonstration, by the names on the page of personas.
const (
	pensioner         = "Margot Lentz"
	singleParent      = "Sandra Tavares"
	family            = "Julien Garnier"
	founder           = "Aoife Walsh"
	highIncome        = "Luc Schaack"
	student           = "Moritz Lang"
	newcomer          = "Priya Nair"
	crossBorder       = "Katharina Neumann"
	founderWithRecord = "Fabrice Marchand"
	fnsHead           = "Serge Oberweis"
	fnsWorker         = "Danielle Reding"
	permitWorker      = "Virginie Perrin"
	permitHead        = "Monique Goerens"
	operator          = "Kim Steffen"
)

// receipt is what a person knows after sending.
type receipt struct {
	number string // as written on the page, AVC-2025-7K2M-QX4D
	id     string // of the case, in its address
}

// begin opens the page before the form and starts; a draft that another test
// left is deleted first.
func (v *visitor) begin(service string) {
	v.t.Helper()
	before := "/en/services/" + service + "/apply"
	v.open(before)
	left := v.has("main .pa-info--waiting")
	v.goOn()
	if left {
		v.open("/en/applications/" + strings.Split(v.path(), "/")[3] + "/check")
		v.discard()
		v.open(before)
		v.goOn()
	}
}

// discard deletes the draft whose answers are being checked.
func (v *visitor) discard() {
	v.t.Helper()
	v.click(`main a[href$="/discard"]`)
	v.click(`main form .govuk-button--warning`)
}

// page fails unless the form shows this page.
func (v *visitor) page(id string) {
	v.t.Helper()
	if p := v.formPage(); p != id {
		v.t.Fatalf("the form shows %q, want %q", p, id)
	}
}

var formPath = regexp.MustCompile(`/applications/[^/]+/([a-zA-Z]+)`)

func (v *visitor) formPage() string {
	m := formPath.FindStringSubmatch(v.path())
	if m == nil {
		return ""
	}
	return m[1]
}

// send sends from the page of all answers and reads the receipt.
func (v *visitor) send() receipt {
	v.t.Helper()
	v.page("check")
	v.goOn()
	return v.receipt()
}

func (v *visitor) receipt() receipt {
	v.t.Helper()
	v.page("receipt")
	r := receipt{number: v.text(".govuk-panel strong"), id: last(v.href(`main a[href*="/cases/"]`))}
	if !regexp.MustCompile(`^[A-Z]+-\d{4}-[0-9A-Z]{4}-[0-9A-Z]{4}$`).MatchString(r.number) || r.id == "" {
		v.t.Fatalf("the receipt names case %q at %q", r.number, r.id)
	}
	if hash := v.text("main .pa-code"); !regexp.MustCompile(`^[0-9a-f ]{64,}$`).MatchString(hash) {
		v.t.Fatalf("the receipt's fingerprint is %q", hash)
	}
	return r
}

// href is where the first matching link leads.
func (v *visitor) href(selector string) string {
	v.t.Helper()
	return eval[string](v, `s => document.querySelector(s)?.getAttribute("href") ?? ""`, selector)
}

// last is the last step of a path.
func last(path string) string {
	path, _, _ = strings.Cut(path, "?")
	return path[strings.LastIndexByte(path, '/')+1:]
}

// fillAllowance answers the allowance's questions up to the page of all
// answers, for somebody who has nothing to add to what the registers say.
func (v *visitor) fillAllowance() {
	v.t.Helper()
	v.page("household")
	if v.has(`[name=agreed]`) {
		v.choose("agreed", "yes")
	}
	v.goOn()
	v.page("income")
	v.choose("otherIncome", "no")
	v.goOn()
	v.page("situation")
	v.choose("studentAid", "no")
	v.choose("detention", "no")
	v.choose("stay", "ordinary")
	v.goOn()
	v.page("payment")
	if v.value("iban") == "" {
		v.fill("iban", "LU28 0019 4006 4475 0000")
	}
	v.goOn()
	v.page("declare")
	v.choose("truthful", "yes")
	v.choose("changes", "yes")
	v.goOn()
	v.page("check")
}

// fillCertificate answers the questions of the certificate.
func (v *visitor) fillCertificate() {
	v.t.Helper()
	v.page("certificate")
	v.choose("include", "nationality")
	v.fill("purpose", "Inscription à l'école de musique")
	v.goOn()
	v.page("check")
}

// fillPermit answers the permit's questions for a craft, which needs a diploma.
func (v *visitor) fillPermit(name, diploma string) {
	v.t.Helper()
	v.page("business")
	v.fill("tradeName", name)
	v.choose("legalForm", "soleTrader")
	v.fill("street", "23, rue du Moulin")
	v.fill("postcode", "L-3448")
	v.fill("commune", "Dudelange")
	v.choose("fixed", "yes")
	v.goOn()
	v.page("activity")
	v.choose("activity", "craftA")
	v.fill("description", "Bread and cakes, baked and sold in the shop.")
	v.goOn()
	v.page("manager")
	v.choose("present", "yes")
	v.choose("bankruptcy", "no")
	v.goOn()
	v.page("qualification")
	v.choose("qualification", "masterDiploma")
	v.attach("diploma", diploma)
	v.goOn()
	v.page("declare")
	v.choose("truthful", "yes")
	v.choose("record", "yes")
	v.goOn()
	v.page("check")
}
