package cases

import "context"

// PaymentProvider moves money. The sandbox of the demonstration implements it;
// a real provider is an adapter of the same size. Both directions are
// idempotent by id: asking twice moves money once. Implementations are safe
// for concurrent use.
type PaymentProvider interface {
	// Name identifies the provider in records.
	Name() string
	// Collect returns the address of the page on which the person pays the
	// charge. The provider leads them back to the charge's ReturnURL, with a
	// receipt added as the query parameter "receipt".
	Collect(ctx context.Context, c Charge) (payURL string, err error)
	// Confirm checks a receipt for the charge and returns the provider's
	// reference. It fails with errs.Invalid for a receipt that is not genuine.
	Confirm(ctx context.Context, chargeID, receipt string) (reference string, err error)
	// Status reports whether a charge was paid, with the provider's reference: the
	// person may have paid and never come back.
	Status(ctx context.Context, chargeID string) (reference string, paid bool, err error)
	// PayOut sends money to an account and returns the provider's reference.
	PayOut(ctx context.Context, o Transfer) (reference string, err error)
}

// Charge is a fee to be paid by a person.
type Charge struct {
	ID        string
	Cents     int64  // euro cents
	Purpose   string // shown to the payer
	ReturnURL string
}

// Transfer is money to a person.
type Transfer struct {
	ID        string
	Cents     int64
	IBAN      string
	Reference string // shown on the account statement: the case number
}
