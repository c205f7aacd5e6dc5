package cases

import (
	"slices"

	"passerelle/engine/form"
	"passerelle/internal/module/services/pack"
	"passerelle/internal/platform/i18n"
)

// Issued is the decision that the applicant holds in hand: the one that was
// made, or the refusal that the authority's silence counts as. It is nil while
// there is neither.
func (d *Dossier) Issued() *Decision { return d.contested() }

// Incomplete reports whether the case was refused because a request for
// evidence stayed without an answer; no rule is then the reason.
func (d *Dossier) Incomplete() bool {
	issued := d.Issued()
	return issued != nil && slices.Contains(issued.Reasons, reasonIncomplete)
}

// Explain tells the issued decision in the locale's language. The sentence at
// the top is always there; conditions and arithmetic are there when the rule
// has computed them and they are the ground of the decision (silence has none),
// with the outcome, amount and reasons as they were finally decided; the words
// of a person who decided are in Issued().Statement. It returns false while nothing is decided, and for an appeal, whose
// answer is a person's alone.
func (d *Dossier) Explain(loc *i18n.Locale) (pack.Explained, bool) {
	issued := d.Issued()
	if issued == nil || d.Kind == Appeal {
		return pack.Explained{}, false
	}
	told := pack.Decision{}
	if p := d.File.Proposal; p != nil {
		told = *p
	} else if ref, err := d.Package.ReferenceDate(d.Application, d.SubmittedAt.In(luxembourg)); err == nil {
		told.ReferenceDate = ref
	}
	told.Outcome, told.Amount, told.Reasons = issued.Outcome, issued.Amount, nil
	if !d.Incomplete() {
		told.Reasons = issued.Reasons
	}
	x := d.Package.Explain(loc, told, factsOf(d.Case), evidenceMeta(d.Case))
	if d.File.Proposal == nil || d.Incomplete() || issued.Outcome == pack.TacitGrant || issued.Outcome == pack.ImpliedRefusal {
		x.Conditions, x.Rows, x.Result = nil, nil, nil
	}
	return x, true
}

// ExplainProposal tells what the rule proposes, for the officer who decides.
// It returns false while the rule has not run.
func (d *Dossier) ExplainProposal(loc *i18n.Locale) (pack.Explained, bool) {
	if d.File.Proposal == nil {
		return pack.Explained{}, false
	}
	return d.Package.Explain(loc, *d.File.Proposal, factsOf(d.Case), evidenceMeta(d.Case)), true
}

// IBAN returns the account named in the application, "" when there is none.
func (d *Dossier) IBAN() string { return ibanOf(d.Package.Form, d.Application) }

// FormEnv is what the conditions of the form see of the application as it was
// sent, for form.Form.Show.
func (d *Dossier) FormEnv() form.Env { return d.Package.FormEnv(factsOf(d.Case)) }

// evidenceMeta says of each piece of evidence where it came from.
func evidenceMeta(c *Case) map[string]pack.EvidenceMeta {
	meta := make(map[string]pack.EvidenceMeta, len(c.File.Evidence))
	for id, e := range c.File.Evidence {
		meta[id] = pack.EvidenceMeta{Source: e.Source, AsOf: e.AsOf}
	}
	return meta
}
