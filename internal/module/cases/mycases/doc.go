// Package mycases is what an applicant sees of their cases: the list, the page
// of one case, the answers they give to the authority, letters, certificates
// and the inbox; and the public page on which anybody verifies a certificate.
//
// Invariants:
//   - A case page answers in this order: what is decided or happening; why;
//     what one can do and until when; the path; the receipt.
//   - Nothing changes on GET: opening a message marks it read with a POST.
//   - Whoever is not the applicant gets 404 (cases.Service.Open records it).
//   - Every date comes with its consequence, every fact with its source.
//
// Tables owned: none; events: none. It stands on package cases.
package mycases
