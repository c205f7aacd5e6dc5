package app

import (
	"io/fs"
	"net/http"
	"time"

	"passerelle/internal/demo/console"
	"passerelle/internal/demo/idp"
	"passerelle/internal/demo/payments"
	"passerelle/internal/demo/population"
	"passerelle/internal/demo/registers"
	"passerelle/internal/module/exchange"
	"passerelle/internal/module/people"
	"passerelle/internal/module/services/simulation"
	"passerelle/internal/platform/clock"
	"passerelle/internal/platform/config"
	"passerelle/internal/platform/db"
	"passerelle/internal/platform/mail"
	"passerelle/internal/platform/ui"
	"passerelle/internal/platform/web"
	"passerelle/internal/platform/work"
)

// demoBegins is the moment the demonstration shows at its first start: within
// the time to apply for the allowance of 2025.
var demoBegins = time.Date(2025, time.November, 24, 9, 0, 0, 0, time.UTC)

// demoClient is the relying party's name at the demonstration's provider.
const (
	demoClient   = "passerelle"
	demoProvider = "demo"
)

// demonstration is what stands in for the rest of a State.
type demonstration struct {
	people    *population.Population
	registers *registers.Registers
	clock     *console.Clock
	first     bool // nothing has been seeded yet
	bank      *payments.Bank
	mailbox   *mail.Mailbox
	idp       *idp.Provider
	console   *console.Console
}

func newDemonstration(cfg config.Config, d *db.DB, directory *exchange.Directory) (*demonstration, error) {
	demo := &demonstration{people: population.New()}
	var err error
	if demo.clock, demo.first, err = console.OpenClock(cfg.Server.DataDir, clock.System{}, demoBegins); err != nil {
		return nil, err
	}
	if demo.bank, err = payments.Open(cfg.Server.DataDir); err != nil {
		return nil, err
	}
	demo.registers = registers.New(demo.people, demo.clock)
	demo.registers.Connect(directory)
	demo.mailbox = mail.NewMailbox(d, demo.clock)
	demo.idp, err = idp.New(idp.Options{
		People: demo.people, PublicURL: cfg.Server.PublicURL, DataDir: cfg.Server.DataDir, ClientID: demoClient,
		Redirects: []string{people.CallbackURL(cfg.Server.PublicURL, demoProvider)}, SignedOut: []string{cfg.Server.PublicURL + "/"},
		Clock: clock.System{},
	})
	return demo, err
}

func (d *demonstration) provider(cfg config.Config) people.Provider {
	return people.Provider{
		ID: demoProvider, Issuer: d.idp.Issuer(), ClientID: demoClient, Label: "Passerelle Demo",
		NationalIDClaim: "national_id", RolesClaim: "passerelle_roles",
		HTTP: idp.Client(cfg.Server.PublicURL, cfg.Server.Listen),
	}
}

// population is everybody on whom services are tried.
func (d *demonstration) population(source exchange.Source) simulation.Population {
	return simulation.Registered{Source: source, Applicants: d.people.Applicants(), Basis: "demonstration: invented people"}
}

func (d *demonstration) routes(rt *web.Router, q *work.Queue) {
	d.console = &console.Console{Clock: d.clock, Queue: q, Mailbox: d.mailbox}
	d.console.Routes(rt)
	d.bank.Routes(rt)
	d.idp.Routes(rt)
}

// banner says on every page that this is a demonstration, and which moment its
// clock shows.
func (d *demonstration) banner(r *http.Request, v *ui.View) {
	b := &ui.DemoBanner{Now: d.console.Now(v.Locale), MailPath: console.MailPath}
	if who, ok := web.IdentityFrom(r.Context()); ok && who.Has("operator") {
		b.ClockPath = console.ClockPath
	}
	v.Demo = b
}

func demoLocales() []fs.FS {
	return []fs.FS{console.Locales, payments.Locales, idp.Locales}
}

// Population is the demonstration's invented people as they are on a day, for
// trying services without an installation.
func Population(day time.Time) simulation.Population {
	people, directory := population.New(), exchange.NewDirectory()
	registers.New(people, clock.Fixed(day.Add(12*time.Hour))).Connect(directory)
	return (&demonstration{people: people}).population(directory)
}
