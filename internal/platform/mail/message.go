package mail

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"net/mail"
	"strings"
	"unicode"
	"unicode/utf8"

	"passerelle/internal/platform/errs"
)

// Message is one e-mail to one person.
type Message struct {
	ID      string // deterministic: the same cause gives the same id
	To      string // an address without a name: person@example.org
	Subject string // one line, without personal data
	Text    string // UTF-8, lines ended by \n
}

// Sender sends a message; after nil, the next system is responsible for it. It
// may be called again with the same message, and not inside a db.Write: sending
// is the work of a job. errs.Invalid: the message is
// malformed or its recipient refused for good; errs.Unavailable: try later.
type Sender interface {
	Send(ctx context.Context, m Message) error
}

// check refuses what is no message, above all what would smuggle headers in.
func (m Message) check() error {
	invalid := errs.New(errs.Invalid, "")
	addr, err := mail.ParseAddress(m.To)
	switch {
	case m.ID == "":
		return invalid.Because("mail: a message needs an id")
	case err != nil || addr.Name != "" || addr.Address != m.To || control(m.To):
		return invalid.Because("mail: message %s: not an e-mail address", m.ID)
	case m.Subject == "" || control(m.Subject):
		return invalid.Because("mail: message %s: the subject must be one line", m.ID)
	case len(m.Subject) > 500 || len(m.Text) > 1<<20:
		return invalid.Because("mail: message %s is too long", m.ID)
	case !utf8.ValidString(m.Text) || !utf8.ValidString(m.Subject) || strings.ContainsRune(m.Text, 0):
		return invalid.Because("mail: message %s is not text", m.ID)
	}
	return nil
}

func control(s string) bool {
	return strings.ContainsFunc(s, func(r rune) bool {
		return unicode.IsControl(r) || r == '\u2028' || r == '\u2029' // line and paragraph separators
	})
}

// messageID is the value of the Message-ID header (RFC 5322, 3.6.4), without
// the angle brackets.
func (m Message) messageID(domain string) string {
	sum := sha256.Sum256([]byte(m.ID))
	return hex.EncodeToString(sum[:16]) + "@" + domain
}
