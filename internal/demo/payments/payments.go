package payments

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"embed"
	"encoding/base32"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"passerelle/internal/module/cases"
	"passerelle/internal/platform/errs"
	"passerelle/internal/platform/web"
)

// Locales holds the package's texts, for i18n.Bundle.Add.
//
//go:embed locales/*.yaml
var Locales embed.FS

const (
	keyFile    = "demo-payments-key"
	paidFolder = "demo-payments-paid"
)

// Bank is the sandbox provider. It is safe for concurrent use.
type Bank struct {
	key []byte
	dir string // a file in it for each charge that was paid
}

// Open returns the bank; its signing key lies in dir and is made at the first
// start.
func Open(dir string) (*Bank, error) {
	path, paid := filepath.Join(dir, keyFile), filepath.Join(dir, paidFolder)
	if err := os.MkdirAll(paid, 0o700); err != nil {
		return nil, err
	}
	key, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		key = make([]byte, 32)
		if _, err := rand.Read(key); err != nil {
			return nil, err
		}
		if err := os.WriteFile(path, key, 0o600); err != nil {
			return nil, err
		}
		return &Bank{key, paid}, nil
	}
	if err != nil {
		return nil, err
	}
	if len(key) != 32 {
		return nil, fmt.Errorf("%s holds %d bytes instead of 32", path, len(key))
	}
	return &Bank{key, paid}, nil
}

// Name is "sandbox".
func (b *Bank) Name() string { return "sandbox" }

// Collect returns the address of the page on which the charge is paid.
func (b *Bank) Collect(_ context.Context, c cases.Charge) (string, error) {
	return "/demo/pay?charge=" + url.QueryEscape(b.sign("charge", c)), nil
}

type receipt struct{ ID, Reference string }

// Confirm checks that the receipt was made by this bank for the charge.
func (b *Bank) Confirm(_ context.Context, chargeID, signed string) (string, error) {
	var r receipt
	if err := b.open("receipt", signed, &r); err != nil || r.ID != chargeID {
		return "", errs.New(errs.Invalid, "payments.receipt").Because("receipt for %q shown for %q: %w", r.ID, chargeID, err)
	}
	return r.Reference, nil
}

// Status reports whether somebody paid the charge here.
func (b *Bank) Status(_ context.Context, chargeID string) (reference string, paid bool, err error) {
	reference = b.reference("fee", chargeID)
	_, err = os.Stat(filepath.Join(b.dir, reference))
	if errors.Is(err, fs.ErrNotExist) {
		return "", false, nil
	}
	return reference, err == nil, err
}

// PayOut answers with a reference that is the same whenever the same transfer
// is asked for.
func (b *Bank) PayOut(_ context.Context, t cases.Transfer) (string, error) {
	if t.IBAN == "" {
		return "", errs.New(errs.Invalid, "payments.iban").Because("transfer %s has no account", t.ID)
	}
	return b.reference("payout", t.ID), nil
}

// Routes registers the page of the bank.
func (b *Bank) Routes(rt *web.Router) {
	rt.Page("GET /demo/pay", b.show)
	rt.Page("POST /demo/pay", b.pay)
}

func (b *Bank) show(w http.ResponseWriter, r *http.Request) error {
	var c cases.Charge
	signed := r.URL.Query().Get("charge")
	if err := b.open("charge", signed, &c); err != nil {
		return errs.Wrap(errs.NotFound, "payments.charge", err)
	}
	return web.Render(w, r, http.StatusOK, payPage(c, signed))
}

func (b *Bank) pay(w http.ResponseWriter, r *http.Request) error {
	var c cases.Charge
	if err := b.open("charge", r.PostFormValue("charge"), &c); err != nil {
		return errs.Wrap(errs.NotFound, "payments.charge", err)
	}
	back, err := url.Parse(c.ReturnURL)
	if err != nil {
		return errs.Wrap(errs.Invalid, "payments.charge", err)
	}
	q := back.Query()
	if r.PostFormValue("answer") == "pay" {
		if err := os.WriteFile(filepath.Join(b.dir, b.reference("fee", c.ID)), nil, 0o600); err != nil {
			return err
		}
		q.Set("receipt", b.Receipt(c.ID))
	}
	back.RawQuery = q.Encode()
	http.Redirect(w, r, back.String(), http.StatusSeeOther)
	return nil
}

// reference names a movement of money: short enough to be read out, and the
// same for the same id.
func (b *Bank) reference(kind, id string) string {
	return "SB-" + base32.StdEncoding.EncodeToString(b.mac(kind + "\x00" + id))[:10]
}

func (b *Bank) mac(text string) []byte {
	m := hmac.New(sha256.New, b.key)
	m.Write([]byte(text))
	return m.Sum(nil)
}

var encoding = base64.RawURLEncoding

func (b *Bank) sign(kind string, v any) string {
	body, err := json.Marshal(v)
	if err != nil {
		panic(err) // plain structs of ours
	}
	text := encoding.EncodeToString(body)
	return text + "." + encoding.EncodeToString(b.mac(kind+"."+text))
}

func (b *Bank) open(kind, signed string, into any) error {
	text, sum, _ := strings.Cut(signed, ".")
	mac, err := encoding.DecodeString(sum)
	if err != nil || !hmac.Equal(mac, b.mac(kind+"."+text)) {
		return fmt.Errorf("%s: the signature is not ours", kind)
	}
	body, err := encoding.DecodeString(text)
	if err != nil {
		return err
	}
	return json.Unmarshal(body, into)
}

// Receipt is what the page of the bank gives after a payment: for programs
// that play an applicant.
func (b *Bank) Receipt(chargeID string) string {
	return b.sign("receipt", receipt{ID: chargeID, Reference: b.reference("fee", chargeID)})
}
