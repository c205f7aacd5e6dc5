package payments

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"passerelle/internal/module/cases"
	"passerelle/internal/platform/clock"
	"passerelle/internal/platform/config"
	"passerelle/internal/platform/db/dbtest"
	"passerelle/internal/platform/errs"
	"passerelle/internal/platform/i18n/i18ntest"
	"passerelle/internal/platform/ui"
	"passerelle/internal/platform/web"
	"passerelle/internal/platform/web/webtest"
	"passerelle/internal/platform/web/webtest/htmlcheck"
	assets "passerelle/web"
)

func open(t *testing.T, dir string) *Bank {
	t.Helper()
	b, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// TestReceiptsAreForOneCharge, of one bank, and outlive a restart.
func TestReceiptsAreForOneCharge(t *testing.T) {
	dir, ctx := t.TempDir(), context.Background()
	b := open(t, dir)
	good := b.Receipt("case/fee:1")
	ref, err := b.Confirm(ctx, "case/fee:1", good)
	if err != nil || !strings.HasPrefix(ref, "SB-") {
		t.Fatalf("%q %v", ref, err)
	}
	if again, err := open(t, dir).Confirm(ctx, "case/fee:1", good); err != nil || again != ref {
		t.Errorf("after a restart: %q %v, want %q", again, err, ref)
	}
	charge, err := b.Collect(ctx, cases.Charge{ID: "case/fee:1", Cents: 5000})
	if err != nil {
		t.Fatal(err)
	}
	address, err := url.Parse(charge)
	if err != nil {
		t.Fatal(err)
	}
	body, sum, _ := strings.Cut(good, ".")
	for what, forged := range map[string]string{
		"nothing": "", "a dot": ".", "no signature": body, "another text": "e30." + sum, "a cut signature": good[:len(good)-1],
		"another charge's": b.Receipt("case/fee:2"), "another bank's": open(t, t.TempDir()).Receipt("case/fee:1"),
		"the charge itself": address.Query().Get("charge"), "no base64": "!." + sum,
	} {
		if ref, err := b.Confirm(ctx, "case/fee:1", forged); errs.KindOf(err) != errs.Invalid || ref != "" {
			t.Errorf("%s was taken: %q %v", what, ref, err)
		}
	}
}

func TestPayoutsHaveOneReferenceEach(t *testing.T) {
	b, ctx := open(t, t.TempDir()), context.Background()
	one := cases.Transfer{ID: "case/payout/pay:1", Cents: 181700, IBAN: "LU280019400644750000"}
	first, err := b.PayOut(ctx, one)
	if err != nil {
		t.Fatal(err)
	}
	second, err := b.PayOut(ctx, one)
	if err != nil || second != first {
		t.Errorf("asked twice: %q and %q, %v", first, second, err)
	}
	one.ID = "case/payout/pay:2"
	if other, err := b.PayOut(ctx, one); err != nil || other == first {
		t.Errorf("two transfers, one reference %q, %v", other, err)
	}
	one.IBAN = ""
	if _, err := b.PayOut(ctx, one); errs.KindOf(err) != errs.Invalid {
		t.Errorf("to no account: %v", err)
	}
}

func TestTheKeyIsPrivateAndChecked(t *testing.T) {
	dir := t.TempDir()
	open(t, dir)
	info, err := os.Stat(filepath.Join(dir, keyFile))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v %v", info, err)
	}
	if err := os.WriteFile(filepath.Join(dir, keyFile), []byte("short"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(dir); err == nil {
		t.Error("a damaged key is an error, not a new key")
	}
}

// TestThePage shows what is charged and leads back, with a receipt or without.
func TestThePage(t *testing.T) {
	d := dbtest.SQLite(t)
	if err := web.Migrate(t.Context(), d); err != nil {
		t.Fatal(err)
	}
	cfg := config.Demo(t.TempDir(), "127.0.0.1:0")
	cfg.Limits.RequestsPerMin = 0
	server, err := web.New(web.Deps{Config: cfg, DB: d, Clock: clock.System{}, Log: slog.New(slog.NewTextHandler(io.Discard, nil)),
		Texts: i18ntest.Bundle(t, web.Locales, ui.Locales, Locales), Assets: assets.FS()})
	if err != nil {
		t.Fatal(err)
	}
	b := open(t, t.TempDir())
	b.Routes(server.Router())
	server.Router().Page("GET /back", func(w http.ResponseWriter, r *http.Request) error {
		ref, err := b.Confirm(r.Context(), "case/fee:1", r.URL.Query().Get("receipt"))
		if err != nil {
			return err
		}
		_, err = io.WriteString(w, "<main>"+ref+" "+r.URL.Query().Get("task")+"</main>")
		return err
	})
	c := webtest.New(t, server)
	pay, err := b.Collect(t.Context(), cases.Charge{ID: "case/fee:1", Cents: 5000, Purpose: "Business <permit>", ReturnURL: "/en/back?task=fee"})
	if err != nil {
		t.Fatal(err)
	}
	c.Get("/en"+pay).WantStatus(200).Want(htmlcheck.In("main", htmlcheck.Contains("Business <permit>")), htmlcheck.In("main", htmlcheck.Contains("€50.00")))
	c.Submit("main form", webtest.Values{"answer": "pay"}).WantStatus(200).
		Want(htmlcheck.In("main", htmlcheck.Text(b.reference("fee", "case/fee:1")+" fee")))
	c.Get("/en" + pay)
	if back := c.Submit("main form", webtest.Values{"answer": "cancel"}); back.URL.Query().Has("receipt") || back.Status == http.StatusOK {
		t.Errorf("not paid, but %d at %s", back.Status, back.URL)
	}
	c.Get("/en/demo/pay?charge=forged").WantStatus(404)
}

func TestLocales(t *testing.T) {
	i18ntest.Complete(t, Locales)
	i18ntest.UsedKeys(t, ".", Locales)
}
