package cases

import (
	"context"
	"testing"

	"passerelle/internal/module/services/pack"
)

// The receipt of a decision stays what it was, whatever becomes of the rules, the
// facts that are kept, and the engine.
func TestReceiptStays(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx := context.Background()
		id := w.apply(alice, "grant", "granted")
		d := w.file(id)
		if r, err := w.DecisionReceipt(ctx, d); r != nil || err != nil {
			t.Fatalf("before the decision: %v %v", r, err)
		}
		w.must(w.Decide(ctx, fritz, id, w.task(id, "examine"), pack.Granted, "", ""))
		d = w.file(id)
		issued, err := w.DecisionReceipt(ctx, d)
		if err != nil || issued == nil || issued.Hash != d.File.Decision.Receipt || issued.Case != d.Number {
			t.Fatalf("%+v %v", issued, err)
		}
		later := *d.Package
		later.Rules, later.Hash = "of later rules", "of a later package"
		d.Package, d.File.Evidence = &later, nil
		again, err := w.DecisionReceipt(ctx, d)
		if err != nil || again == nil || again.Hash != issued.Hash || again.Package.Rules != issued.Package.Rules {
			t.Fatalf("under later rules: %+v %v", again, err)
		}
		if replayed, err := w.file(id).Package.Replay(*again); err != nil || !replayed.Same() {
			t.Errorf("%+v %v", replayed, err)
		}

		// From before receipts were kept: written anew where that is possible.
		w.exec(`DELETE FROM cases_receipt`)
		if r, err := w.DecisionReceipt(ctx, w.file(id)); err != nil || r == nil || r.Hash != issued.Hash {
			t.Errorf("written anew: %+v %v", r, err)
		}
		if r, err := w.DecisionReceipt(ctx, d); err != nil || r != nil {
			t.Errorf("what cannot be written any more is not made up: %+v %v", r, err)
		}
	})
}
