package cases

import (
	"context"
	"slices"

	"passerelle/internal/module/services/pack"
	"passerelle/internal/platform/i18n"
)

// Letter writes the package's letter about the issued decision in the locale's
// language, as HTML that is safe to show. It returns false where the package
// has no words of its own: while nothing is decided, for silence without a
// letter, for a refusal for want of evidence, and for the answer to an appeal.
func (d *Dossier) Letter(loc *i18n.Locale) (html string, ok bool, err error) {
	issued := d.Issued()
	if issued == nil || d.Kind == Appeal || d.Incomplete() {
		return "", false, nil
	}
	name := map[pack.Outcome]string{
		pack.Granted: "granted", pack.Refused: "refused", pack.TacitGrant: "tacit-grant", pack.ImpliedRefusal: "implied-refusal",
	}[issued.Outcome]
	if !slices.Contains(d.Package.Letters, name) {
		return "", false, nil
	}
	html, err = d.Package.Letter(loc, name, d.letterData(loc))
	return html, err == nil, err
}

// CertificateText writes the page of a certificate: the package's letter that
// bears the name of the output.
func (d *Dossier) CertificateText(loc *i18n.Locale, output string) (html string, err error) {
	return d.Package.Letter(loc, output, d.letterData(loc))
}

func (d *Dossier) letterData(loc *i18n.Locale) pack.LetterData {
	x, _ := d.Explain(loc)
	data := pack.LetterData{Scope: scopeOf(d.Package, d.Case), Explained: x}
	if issued := d.Issued(); issued != nil && d.Package.Has("appeal."+issued.Appeal.To+".name") {
		data.AppealTo, data.AppealUntil = issued.Appeal.To, issued.Appeal.Until
	}
	return data
}

// Statement is what anybody who holds its code may know of a certificate.
type Statement struct {
	Certificate
	Authority string
	Package   *pack.Package
}

// Statement returns what the certificate with the code states, with the
// package that has the words for it. Anybody may ask; the code is the right
// to. An unknown code is errs.NotFound.
func (s *Service) Statement(ctx context.Context, code string) (Statement, error) {
	cert, err := s.Verify(ctx, code)
	if err != nil {
		return Statement{}, err
	}
	c, err := s.store.byID(ctx, s.DB.Read(), cert.Case)
	if err != nil {
		return Statement{}, err
	}
	p, err := s.Package(c)
	if err != nil {
		return Statement{}, err
	}
	return Statement{Certificate: cert, Authority: c.Authority, Package: p}, nil
}
