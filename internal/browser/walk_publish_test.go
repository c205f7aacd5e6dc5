package browser

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"

	"passerelle/internal/module/services/pack"
)

const secondDesigner = "Rui Marques"

// nextCertificate is the zip of a version of the certificate of residence from 2090 on.
func nextCertificate(t *testing.T, version, days string, replace ...string) string {
	t.Helper()
	f, err := pack.ReadDir(os.DirFS("../../services/lu/certificate-of-residence/2025"))
	if err != nil {
		t.Fatal(err)
	}
	r := strings.NewReplacer(append([]string{`version: "2025"`, fmt.Sprintf("version: %q", version), "inForce: {from: 2025-01-01}", "inForce: {from: 2090-01-01}", "validDays: 90", "validDays: " + days}, replace...)...)
	f.Version = version
	for name, text := range f.Files {
		f.Files[name] = []byte(r.Replace(string(text)))
	}
	var b bytes.Buffer
	if err := f.WriteZip(&b); err != nil {
		t.Fatal(err)
	}
	return file(t, version+".zip", b.Bytes())
}

// A designer proposes a version, another reads what changes and publishes it; and
// before its day they withdraw it.
func TestPublish(t *testing.T) {
	s := shared(t)
	for i, h := range []how{{width: desktop}, {width: phone}, {width: desktop, noScript: true}, {width: phone, noScript: true}} {
		t.Run(h.String(), func(t *testing.T) {
			version, days := fmt.Sprintf("2090-%d", i), strconv.Itoa(730+i)
			one := s.visitor(t, h)
			one.signIn(designer, "/en/versions")
			one.fits()
			one.follow("Propose a version")
			one.goOn()
			one.sees("Choose the zip file", "Write why")
			one.fits()
			one.fill("remark", "The certificate is verified for two years")
			one.attach("package", nextCertificate(t, version, days, "authority: rnpp", "authority: nobody"))
			one.goOn()
			one.sees("The check found errors", "nobody")
			one.fits()
			one.attach("package", nextCertificate(t, version, days))
			one.goOn()
			one.sees("Another person decides", "added: "+days+" (end) days")
			one.fits()
			place := one.path()

			two := s.visitor(t, h)
			two.signIn(secondDesigner, place)
			two.sees("The certificate is verified for two years", "It takes applications from 1 January 2090 on")
			two.choose("decision", "return")
			two.goOn()
			two.sees("Write why")
			two.fits()
			two.choose("decision", "approve")
			two.goOn()
			two.sees("published", secondDesigner)
			two.fits()
			two.open("/en/versions/certificate-of-residence/" + version)
			two.sees(designer, secondDesigner, "Fingerprint")
			two.fits()

			// Its day has not come: it can still be taken back, by two as well.
			two.unfold("#reason")
			two.fill("reason", "The law was put off.")
			two.click("main details button")
			two.sees("You proposed to withdraw this version", "The law was put off.")
			two.fits()
			one.open(two.path())
			one.sees("Is this version withdrawn?")
			one.fits()
			one.choose("decision", "approve")
			one.goOn()
			one.sees("withdrawn", secondDesigner, designer)
			one.fits()
		})
	}
}

// fits inspects the open page: without barriers, and no wider than the window,
// whose size stays: a click follows.
func (v *visitor) fits() {
	v.t.Helper()
	if !v.how.noScript { // the checker is a script
		remember(v.path())
		for _, x := range v.axe() {
			v.t.Errorf("%s: %s", v.path(), x)
		}
	}
	if x := v.overflow(); x != "" {
		v.t.Error(x)
	}
}
