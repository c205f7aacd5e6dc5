// Package payments is the demonstration State's bank: it implements
// cases.PaymentProvider without moving any money. The page on which a person
// "pays" shows what is charged and leads back with a signed receipt, as a real
// provider does; a payout succeeds at once, and only ever once, because its
// reference follows from its id.
//
// Charges and receipts are signed texts (HMAC-SHA-256, key in the data folder);
// that a charge was paid is an empty file there. Tables owned: none.
package payments
