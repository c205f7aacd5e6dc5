// Package mail sends plain-text e-mail: over SMTP, or, in the demonstration,
// into a mailbox kept in the database that a page shows.
//
// # Invariants
//
//   - A message has a deterministic ID. The mailbox keeps one message per ID;
//     over SMTP it becomes the Message-ID, by which mail systems recognise a
//     message that was sent again after a crash.
//   - A line break or control character in an address or a subject is refused:
//     nobody writes headers of their own.
//   - Errors never contain the address, so that logs and incidents do not.
//
// E-mail crosses other people's machines unprotected: the caller keeps personal
// data out of subjects and texts, and says only that there is news.
//
// Tables owned: mail_message (the demonstration's mailbox).
package mail
