package mail

import (
	"context"
	"errors"
	"fmt"
	"net/mail"
	"strings"
	"time"

	gomail "github.com/wneessen/go-mail"

	"passerelle/internal/platform/clock"
	"passerelle/internal/platform/errs"
)

// Security says how the connection to the mail server is protected.
type Security string

const (
	StartTLS Security = "starttls" // port 587: TLS is begun, or nothing is sent
	TLS      Security = "tls"      // port 465: TLS from the first byte
	Plain    Security = "plain"    // port 25: for a relay on the same machine
)

// Config names the mail server.
type Config struct {
	Host     string
	Port     int      // 0: the usual one of Security
	Security Security // "": StartTLS
	Username string   // "": without signing in
	Password string
	From     string // "Name <address>" or an address
}

// Relay sends over SMTP. It connects for each message.
type Relay struct {
	client *gomail.Client
	from   *mail.Address
	clock  clock.Clock
}

// SMTP makes a sender for the server of cfg, or says what is wrong with cfg. It
// does not connect yet.
func SMTP(cfg Config, c clock.Clock) (*Relay, error) {
	from, err := mail.ParseAddress(cfg.From)
	if err != nil || control(cfg.From) {
		return nil, errors.New("mail: the sender is not an e-mail address")
	}
	opts := []gomail.Option{gomail.WithTimeout(20 * time.Second), gomail.WithoutNoop()}
	port := 587
	switch cfg.Security {
	case StartTLS, "":
		opts = append(opts, gomail.WithTLSPolicy(gomail.TLSMandatory))
	case TLS:
		port = 465
		opts = append(opts, gomail.WithSSL())
	case Plain:
		port = 25
		opts = append(opts, gomail.WithTLSPolicy(gomail.NoTLS))
	default:
		return nil, fmt.Errorf("mail: security %q is not one of starttls, tls, plain", cfg.Security)
	}
	if cfg.Port != 0 {
		port = cfg.Port
	}
	opts = append(opts, gomail.WithPort(port))
	if cfg.Username != "" {
		if cfg.Security == Plain {
			return nil, errors.New("mail: a password is not sent over a plain connection")
		}
		opts = append(opts, gomail.WithSMTPAuth(gomail.SMTPAuthAutoDiscover), gomail.WithUsername(cfg.Username), gomail.WithPassword(cfg.Password))
	}
	client, err := gomail.NewClient(cfg.Host, opts...)
	if err != nil {
		return nil, fmt.Errorf("mail: %w", err)
	}
	return &Relay{client: client, from: from, clock: c}, nil
}

// Send hands m to the mail server.
func (r *Relay) Send(ctx context.Context, m Message) error {
	if err := m.check(); err != nil {
		return err
	}
	msg := gomail.NewMsg(gomail.WithNoDefaultUserAgent())
	msg.FromMailAddress(r.from)
	msg.ToMailAddress(&mail.Address{Address: m.To})
	msg.Subject(m.Subject)
	msg.SetDateWithValue(r.clock.Now())
	_, domain, _ := strings.Cut(r.from.Address, "@")
	msg.SetMessageIDWithValue(m.messageID(domain))
	msg.SetGenHeader("Auto-Submitted", "auto-generated") // RFC 3834: nobody's absence notice answers it
	msg.SetBodyString(gomail.TypeTextPlain, m.Text)
	if err := r.client.DialAndSendWithContext(ctx, msg); err != nil {
		kind := errs.Unavailable
		var refused *gomail.SendError
		if errors.As(err, &refused) && !refused.IsTemp() && refused.ErrorCode() >= 500 {
			kind = errs.Invalid
		}
		// Servers repeat the address in their answers.
		return errs.New(kind, "").Because("mail: message %s: %s", m.ID, strings.ReplaceAll(err.Error(), m.To, "(recipient)"))
	}
	return nil
}
