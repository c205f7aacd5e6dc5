package console

import (
	"context"
	"embed"
	"net/http"

	"passerelle/internal/platform/errs"
	"passerelle/internal/platform/i18n"
	"passerelle/internal/platform/mail"
	"passerelle/internal/platform/web"
	"passerelle/internal/platform/work"
)

// Locales holds the package's texts, for i18n.Bundle.Add.
//
//go:embed locales/*.yaml
var Locales embed.FS

// The addresses of the console's pages.
const (
	ClockPath = "/demo/clock"
	MailPath  = "/demo/mail"
)

// Console is the pages.
type Console struct {
	Clock   *Clock
	Queue   *work.Queue
	Mailbox *mail.Mailbox
}

// Routes registers the pages: the clock for operators, the mailbox for
// everybody who is shown the demonstration.
func (c *Console) Routes(rt *web.Router) {
	operator := web.RequireRole("operator")
	rt.Page("GET "+ClockPath, operator(c.showClock))
	rt.Page("POST "+ClockPath, operator(c.moveClock))
	rt.Page("GET "+MailPath, c.showMail)
}

// Now is the demonstration's moment as a person reads it.
func (c *Console) Now(l *i18n.Locale) string {
	now := c.Clock.Now()
	return l.T("console.now", "date", l.Date(now), "time", l.Time(now))
}

func (c *Console) showClock(w http.ResponseWriter, r *http.Request) error {
	return web.Render(w, r, http.StatusOK, clockPage(c.Now(i18n.FromContext(r.Context()))))
}

// steps by which the clock moves.
var steps = map[string]struct{ months, days int }{
	"day": {0, 1}, "week": {0, 7}, "month": {1, 0}, "quarter": {3, 0},
}

func (c *Console) moveClock(w http.ResponseWriter, r *http.Request) error {
	s, ok := steps[r.PostFormValue("step")]
	if !ok {
		return errs.New(errs.Invalid, "console.clock.invalid")
	}
	if err := c.Clock.Forward(s.months, s.days); err != nil {
		return err
	}
	if err := c.catchUp(r.Context()); err != nil {
		return err
	}
	return web.SeeOther(w, r, ClockPath)
}

// catchUp does everything that has become due, and what follows from it.
func (c *Console) catchUp(ctx context.Context) error {
	for {
		n, err := c.Queue.RunDue(ctx)
		if err != nil || n == 0 {
			return err
		}
	}
}

// perPage is how many e-mails one page of the mailbox shows.
const perPage = 50

func (c *Console) showMail(w http.ResponseWriter, r *http.Request) error {
	kept, err := c.Mailbox.List(r.Context(), "", r.URL.Query().Get("before"), perPage)
	if err != nil {
		return err
	}
	return web.Render(w, r, http.StatusOK, mailPage(kept))
}
