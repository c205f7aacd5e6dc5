package pack

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"passerelle/engine/dmn"
	"passerelle/engine/feel"
)

// ReceiptFormat names the layout of receipts.
const ReceiptFormat = "https://passerelle.lu/receipt/1"

// Receipt is all that is needed to run a decision again years later: the facts,
// the version of the rules and of the engine, and what came of it, each with its
// hash. Hashes are SHA-256 in hex over canonical JSON: members sorted by name, no
// space, numbers as they were written. It holds personal data.
type Receipt struct {
	Format        string          `json:"format"`
	Case          string          `json:"case"`
	DecidedAt     time.Time       `json:"decidedAt"`
	Issued        ReceiptIssued   `json:"issued"`
	Package       ReceiptPackage  `json:"package"`
	Engine        ReceiptEngine   `json:"engine"`
	ReferenceDate string          `json:"referenceDate"` // the day whose law counts
	Inputs        ReceiptInputs   `json:"inputs"`
	InputsHash    string          `json:"inputsHash"`
	Result        json.RawMessage `json:"result"` // what the rules came to
	ResultHash    string          `json:"resultHash"`
	Hash          string          `json:"hash"` // of everything above

	text []byte // as it was read; nil for one that was just made
}

// ReceiptIssued is what was decided in the end, and by whom: ByRule when it is
// what the rules came to.
type ReceiptIssued struct {
	Outcome   Outcome `json:"outcome"`
	Amount    string  `json:"amount,omitempty"`
	ByRule    bool    `json:"byRule"`
	DecidedBy string  `json:"decidedBy,omitempty"`
}

// ReceiptPackage names the rules. Rules is the hash of the files that determine
// the result; Hash is that of the whole package.
type ReceiptPackage struct {
	Service string `json:"service"`
	Version string `json:"version"`
	Hash    string `json:"hash"`
	Rules   string `json:"rules"`
}

// ReceiptEngine names the decision engine.
type ReceiptEngine struct {
	Name    string `json:"name"`
	Version string `json:"version"`
}

// ReceiptInputs is the facts.
type ReceiptInputs struct {
	Application json.RawMessage            `json:"application"`
	Evidence    map[string]json.RawMessage `json:"evidence"`
	Applicant   json.RawMessage            `json:"applicant"`
	Missing     []string                   `json:"missing,omitempty"`
	Date        string                     `json:"date"` // of the application
	Parties     map[string]Contribution    `json:"parties,omitempty"`
	Calendar    []CalendarFact             `json:"calendar,omitempty"` // of the installation, if the rules read it
}

// rulesHash is over the files that determine what a decision comes to.
func rulesHash(files map[string][]byte) string {
	rules := map[string][]byte{}
	for _, name := range []string{"service.yaml", "form.yaml", "parameters.yaml", "decision.dmn", "norms.yaml"} {
		rules[name] = files[name]
	}
	for name := range files {
		if strings.HasPrefix(name, "parties/") {
			rules[name] = files[name]
		}
	}
	return hash(rules)
}

// Receipt writes the receipt of a decision that the package made on the facts.
func (p *Package) Receipt(f Facts, d Decision, caseNumber string, at time.Time, issued ReceiptIssued) (Receipt, error) {
	r := Receipt{Format: ReceiptFormat, Case: caseNumber, DecidedAt: at.UTC(), Issued: issued,
		Package:       ReceiptPackage{Service: p.ID, Version: p.Version, Hash: d.Hash, Rules: p.Rules},
		Engine:        ReceiptEngine{Name: dmn.EngineName, Version: dmn.EngineVersion},
		ReferenceDate: d.ReferenceDate.Format(time.DateOnly),
		Inputs:        ReceiptInputs{Evidence: map[string]json.RawMessage{}, Missing: f.Missing, Date: f.Date.Format(time.DateOnly), Parties: f.Parties, Calendar: d.Calendar},
	}
	var err error
	if r.Inputs.Application, err = canonical(f.Application); err != nil {
		return r, err
	}
	if r.Inputs.Applicant, err = v2json(nil, f.Applicant); err != nil {
		return r, err
	}
	for id, raw := range f.Evidence {
		if r.Inputs.Evidence[id], err = canonical(raw); err != nil {
			return r, err
		}
	}
	if r.Result, err = result(d); err != nil {
		return r, err
	}
	return r, r.seal()
}

// result is what a decision comes to, without what names the package.
func result(d Decision) (json.RawMessage, error) {
	whole, err := json.Marshal(d)
	if err != nil {
		return nil, err
	}
	var members map[string]json.RawMessage
	if err := json.Unmarshal(whole, &members); err != nil {
		return nil, err
	}
	delete(members, "package")
	delete(members, "calendar") // a fact
	delete(members, "hash")
	return canonical(members)
}

// seal computes the hashes.
func (r *Receipt) seal() error {
	inputs, err := canonical(r.Inputs)
	if err != nil {
		return err
	}
	outcome, err := canonical(r.Result)
	if err != nil {
		return err
	}
	r.InputsHash, r.ResultHash, r.Hash = digest(inputs), digest(outcome), ""
	whole, err := canonical(r)
	if err != nil {
		return err
	}
	r.Hash = digest(whole)
	return nil
}

// JSON is the text of the receipt: as it was read, or canonical.
func (r Receipt) JSON() ([]byte, error) {
	if r.text != nil {
		return r.text, nil
	}
	return canonical(r)
}

func digest(b []byte) string {
	h := sha256.Sum256(b)
	return hex.EncodeToString(h[:])
}

// canonical writes JSON with sorted members and without space; numbers stay as
// they are written.
func canonical(v any) (json.RawMessage, error) {
	text, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.UseNumber()
	var tree any
	if err := dec.Decode(&tree); err != nil {
		return nil, err
	}
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(tree); err != nil {
		return nil, err
	}
	return bytes.TrimRight(out.Bytes(), "\n"), nil
}

// ReadReceipt reads a receipt; it does not say whether it is true.
func ReadReceipt(text []byte) (Receipt, error) {
	var r Receipt
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&r); err != nil {
		return r, fmt.Errorf("not a receipt: %w", err)
	}
	r.text = bytes.Clone(text)
	if r.Format != ReceiptFormat {
		return r, fmt.Errorf("not a receipt of the format %s: %q", ReceiptFormat, r.Format)
	}
	return r, nil
}

// facts are the facts of the receipt.
func (r Receipt) facts() (Facts, error) {
	f := Facts{Evidence: r.Inputs.Evidence, Missing: r.Inputs.Missing, Parties: r.Inputs.Parties,
		Calendar: append([]CalendarFact{}, r.Inputs.Calendar...)} // never that of this installation
	var err error
	if f.Date, err = time.Parse(time.DateOnly, r.Inputs.Date); err != nil {
		return f, fmt.Errorf("inputs.date: %w", err)
	}
	dec := json.NewDecoder(bytes.NewReader(r.Inputs.Application))
	dec.UseNumber()
	if err = dec.Decode(&f.Application); err != nil {
		return f, fmt.Errorf("inputs.application: %w", err)
	}
	if f.Applicant, err = restore(r.Inputs.Applicant); err != nil {
		return f, fmt.Errorf("inputs.applicant: %w", err)
	}
	if k := f.Applicant.Kind(); k != feel.KindContext && k != feel.KindNull {
		return f, fmt.Errorf("inputs.applicant is no person")
	}
	return f, nil
}

// Replayed is what came of running a receipt again.
type Replayed struct {
	Untouched   bool     `json:"untouched"`   // the receipt's own hashes are right
	SameIssued  bool     `json:"sameIssued"`  // where it says that the rules decided, what was issued is its result
	SamePackage bool     `json:"samePackage"` // texts and letters included
	SameRules   bool     `json:"sameRules"`
	SameEngine  bool     `json:"sameEngine"`
	SameResult  bool     `json:"sameResult"`
	Differences []string `json:"differences,omitempty"` // members of the result that differ, with both values
	Outcome     Outcome  `json:"outcome"`
	Amount      string   `json:"amount,omitempty"`
}

// Same reports whether the decision was confirmed: the receipt is in itself
// right, and the rules of today come to its result, be they and the engine the
// same files or later ones. That the receipt is the one that was issued, only its
// hash tells, compared with the one at the case: whoever alters a receipt can
// compute its hashes anew.
func (r Replayed) Same() bool { return r.Untouched && r.SameIssued && r.SameResult }

// Replay decides again about the facts of a receipt with p, the package that the
// receipt names, and compares. An error means that nothing can be said.
func (p *Package) Replay(r Receipt) (Replayed, error) {
	var out Replayed
	sealed := r
	if err := sealed.seal(); err != nil {
		return out, err
	}
	out.Untouched = sealed.Hash == r.Hash && sealed.InputsHash == r.InputsHash && sealed.ResultHash == r.ResultHash
	out.SamePackage, out.SameRules = p.Hash == r.Package.Hash, p.Rules == r.Package.Rules
	out.SameEngine = r.Engine == ReceiptEngine{dmn.EngineName, dmn.EngineVersion}
	f, err := r.facts()
	if err != nil {
		return out, err
	}
	d, err := p.Decide(f)
	if err != nil {
		return out, err
	}
	out.Outcome, out.Amount = d.Outcome, d.Amount
	now, err := result(d)
	if err != nil {
		return out, err
	}
	then, err := canonical(r.Result)
	if err != nil {
		return out, err
	}
	if out.SameResult = bytes.Equal(now, then); !out.SameResult {
		out.Differences = differences(then, now)
	}
	out.SameIssued, err = r.issuedAsRuled()
	return out, err
}

// issuedAsRuled reports whether a receipt that names the rules as the ground of
// what was issued has that as its result. A refusal has no amount, whatever the
// rules computed on their way there.
func (r Receipt) issuedAsRuled() (bool, error) {
	if !r.Issued.ByRule {
		return true, nil
	}
	var ruled struct {
		Outcome Outcome `json:"outcome"`
		Amount  string  `json:"amount"`
	}
	if err := json.Unmarshal(r.Result, &ruled); err != nil {
		return false, fmt.Errorf("result: %w", err)
	}
	return r.Issued.Outcome == ruled.Outcome && (r.Issued.Outcome == Refused || r.Issued.Amount == ruled.Amount), nil
}

// differences names the members that differ.
func differences(then, now json.RawMessage) []string {
	var a, b map[string]json.RawMessage
	if json.Unmarshal(then, &a) != nil || json.Unmarshal(now, &b) != nil {
		return []string{"result"}
	}
	for name := range b {
		if _, ok := a[name]; !ok {
			a[name] = nil
		}
	}
	var out []string
	for _, name := range sortedKeys(a) {
		if !bytes.Equal(a[name], b[name]) {
			out = append(out, fmt.Sprintf("%s: %s then, %s now", name, abbreviated(a[name]), abbreviated(b[name])))
		}
	}
	return out
}

func abbreviated(raw json.RawMessage) string {
	switch s := strings.TrimSpace(string(raw)); {
	case s == "":
		return "nothing"
	case len(s) > 200:
		return s[:200] + "…"
	default:
		return s
	}
}
