package browser

import (
	"context"
	"errors"
	"log/slog"
	"path/filepath"
	"strings"
	"testing"

	"passerelle/internal/platform/clock"
	"passerelle/internal/platform/config"
	"passerelle/internal/platform/db"
	"passerelle/internal/platform/work"
)

// The moments of a case that come by themselves or after a quarrel: withdrawn,
// asked and not answered, contested, answered, granted and refused by silence. An
// installation of its own, whose clock is moved.
func TestAccessibilityMoments(t *testing.T) {
	shared(t) // for the browser
	dir := t.TempDir()
	s, err := open(dir, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.stop(); err != nil {
			t.Error(err)
		}
	})
	h := how{width: desktop}
	apply := func(who, service string, fill func(v *visitor)) (*visitor, receipt) {
		v := s.visitor(t, h)
		v.signIn(who, "/en/account")
		v.begin(service)
		fill(v)
		return v, v.send()
	}
	simple := func(v *visitor) { v.fillAllowance() }
	page := func(r receipt, more ...string) string { return "/cases/" + r.id + strings.Join(more, "") }

	// A permit whose fee is not paid yet, at the bank; then paid, and left alone.
	granted, permitted := apply(founder, permit, func(v *visitor) { v.fillPermit("Walsh Bakery", pdf(t)) })
	sent := strings.TrimPrefix(granted.path(), "/en")
	granted.open("/en" + page(permitted))
	granted.until(`main form[action$="/pay"] button`)
	granted.click(`main form[action$="/pay"] button`)
	bank := strings.TrimPrefix(granted.path(), "/en")
	granted.t = t
	inspectAll(t, s, []place{{name: "sent", who: founder, path: sent}, {name: "bank", who: founder, path: bank}})
	granted.pay(permitted)

	// Silence, withdrawal.
	_, silent := apply(pensioner, allowance, simple)
	left, withdrawn := apply(family, allowance, simple)
	left.open("/en" + page(withdrawn, "/withdraw"))
	left.click(`main form .govuk-button--warning`)

	// Asked, and never answered.
	_, asked := apply(singleParent, allowance, simple)
	worker := s.desk(t, fnsWorker, h)
	worker.takeUp(asked)
	worker.unfold(`main textarea[name=ask]`)
	worker.fill("ask", "Please send us your lease.")
	worker.act("ask")

	// Refused, contested, and the answer to that.
	rich, refused := apply(highIncome, allowance, simple)
	worker.takeUp(refused)
	worker.act("confirm")
	rich.open("/en" + page(refused, "/appeal"))
	rich.fill("text", "One of the incomes ended in October, so the mean is wrong.")
	rich.goOn()
	appeal := receipt{id: last(rich.path())}

	inspectAll(t, s, []place{
		{name: "asked", who: singleParent, path: page(asked)},
		{name: "withdrawn", who: family, path: page(withdrawn)},
		{name: "contested", who: highIncome, path: page(refused)},
		{name: "appeal", who: highIncome, path: page(appeal)},
		{name: "file of an appeal", who: fnsHead, path: "/workbench" + page(appeal)},
		{name: "grounds for the officer", who: fnsWorker, path: "/workbench" + page(refused, "/grounds")},
		{name: "grounds of a proposal", who: fnsWorker, path: "/workbench" + page(silent, "/grounds")},
		{name: "inbox", who: singleParent, path: "/inbox"},
		{name: "mailbox with messages", path: "/demo/mail"},
	})

	incident(t, dir)
	keeper := s.visitor(t, h)
	keeper.signIn(operator, "/en/demo/clock")
	for _, step := range []string{"quarter", "week"} {
		keeper.click(`main button[name=step][value=` + step + `]`)
	}
	granted.open("/en" + page(permitted))
	granted.until(`main a[href*="/certificate/"]`)
	inspectAll(t, s, []place{
		{name: "granted by silence", who: founder, path: page(permitted)},
		{name: "letter of a grant by silence", who: founder, path: page(permitted, "/letter")},
		{name: "refused by silence", who: pensioner, path: page(silent)},
		{name: "letter of a refusal by silence", who: pensioner, path: page(silent, "/letter")},
		{name: "contest a silence", who: pensioner, path: page(silent, "/appeal")},
		{name: "lapsed", who: singleParent, path: page(asked)},
		{name: "letter of a lapse", who: singleParent, path: page(asked, "/letter")},
		{name: "an appeal not answered", who: highIncome, path: page(appeal)},
		{name: "late in the queue", who: fnsWorker, path: "/workbench?view=late"},
		{name: "operations with an incident", who: operator, path: "/operations"},
		{name: "a case that nothing stops any more", who: operator, path: "/operations" + page(asked)},
	})
	inspected.tests.Add(1)
}

// incident makes a job of the installation in dir fail for good.
func incident(t *testing.T, dir string) {
	t.Helper()
	ctx := context.Background()
	cfg := config.Demo(dir, "localhost:0")
	url, err := cfg.DatabaseURL()
	if err != nil {
		t.Fatal(err)
	}
	d, err := db.Open(ctx, url)
	if err != nil {
		t.Fatalf("%s: %v", filepath.Base(dir), err)
	}
	defer d.Close()
	q := work.New(d, clock.System{}, slog.New(slog.DiscardHandler), work.Options{Attempts: 1})
	q.Handle("test.fails", func(context.Context, work.Job) error { return errors.New("the bank does not answer") })
	err = d.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
		return work.Enqueue(ctx, tx, work.Job{ID: "test/fails", Kind: "test.fails", Key: "AVC-2025-TEST", Due: clock.System{}.Now()})
	})
	if err == nil {
		_, err = q.RunDue(ctx)
	}
	if err != nil {
		t.Fatal(err)
	}
}
