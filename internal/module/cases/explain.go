package cases

import (
	"context"
	"slices"
	"strings"

	"passerelle/engine/form"
	"passerelle/internal/module/services/pack"
	"passerelle/internal/platform/i18n"
)

// Issued is the decision that the applicant holds in hand: the one that was
// made, or the refusal that the authority's silence counts as. It is nil while
// there is neither.
func (d *Dossier) Issued() *Decision { return d.contested() }

// StepTitle names a step by the key of its result: in the words of the service, and
// with the version when a migration has set it aside (what an earlier version
// called so is another step now).
func (d *Dossier) StepTitle(l *i18n.Locale, key string) string {
	element, version, aside := strings.Cut(key, setAside)
	p := d.Package
	if aside && d.packages != nil {
		p, _ = d.packages.Kept(d.Service, version)
	}
	title := element
	if p != nil && p.Has("process."+element) {
		title = p.T(l.Lang(), "process."+element)
	}
	if aside {
		return l.T("cases.step.earlier", "step", title, "version", version)
	}
	return title
}

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

// Facts are the facts that the case's rules see.
func (d *Dossier) Facts() pack.Facts { return factsOf(d.Case) }

// EvidenceMeta says of each piece of evidence where it came from.
func (d *Dossier) EvidenceMeta() map[string]pack.EvidenceMeta { return evidenceMeta(d.Case) }

// most is how many changes are told.
const most = 3

// Changes tells what alone would make the decision another one, the nearest
// first: what would make it better, then what would make it worse. asked is false
// where no rule decided, or the service does not say what may be varied; then
// nothing can be promised. person is true when a change would leave the decision to
// a person.
func (d *Dossier) Changes(loc *i18n.Locale) (told []string, person, asked bool) {
	issued, proposal := d.Issued(), d.File.Proposal
	if issued == nil || proposal == nil || d.Kind == Appeal || !issued.ByRule || d.Incomplete() || !d.Package.Varies() {
		return nil, false, false
	}
	found, person := d.Package.Nearest(d.Facts(), *proposal)
	for _, n := range found {
		if len(told) < most && (n.Better || issued.Outcome == pack.Granted) {
			told = append(told, d.Package.Tell(loc, n))
		}
	}
	return told, person, true
}

// LiftedReceipts are the receipts of decisions that a granted appeal has lifted,
// oldest first.
func (s *Service) LiftedReceipts(ctx context.Context, d *Dossier) ([]*pack.Receipt, error) {
	var out []*pack.Receipt
	for _, lifted := range d.File.Superseded {
		if lifted.Receipt == "" {
			continue
		}
		r, err := s.store.receipt(ctx, s.DB.Read(), lifted.Receipt)
		if err != nil {
			return nil, err
		}
		if r != nil {
			out = append(out, r)
		}
	}
	return out, nil
}

// DecisionReceipt returns the receipt that was written with the decision of a
// case: nil when rules had no part in it, and for a decision from before receipts
// were kept whose receipt the rules of today cannot write any more.
func (s *Service) DecisionReceipt(ctx context.Context, d *Dossier) (*pack.Receipt, error) {
	issued := d.File.Decision
	if issued == nil || d.File.Proposal == nil || issued.Receipt == "" {
		return nil, nil
	}
	if r, err := s.store.receipt(ctx, s.DB.Read(), issued.Receipt); r != nil || err != nil {
		return r, err
	}
	r, err := receiptOf(d.Package, d.Case, *issued)
	if err != nil || r.Hash != issued.Receipt {
		s.Log.Warn("receipt not kept and not to be made any more", "case", d.ID, "receipt", issued.Receipt, "err", err)
		return nil, nil
	}
	return &r, nil
}

// receiptOf writes the receipt of a decision.
func receiptOf(p *pack.Package, c *Case, d Decision) (pack.Receipt, error) {
	return p.Receipt(factsOf(c), *c.File.Proposal, c.Number, d.At, pack.ReceiptIssued{Outcome: d.Outcome, Amount: d.Amount, ByRule: d.ByRule, DecidedBy: d.DecidedBy})
}
