package app

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"passerelle/internal/module/about"
	"passerelle/internal/module/cases"
	"passerelle/internal/module/cases/api"
	"passerelle/internal/module/cases/grounds"
	"passerelle/internal/module/cases/migration"
	"passerelle/internal/module/cases/mycases"
	"passerelle/internal/module/cases/workbench"
	"passerelle/internal/module/exchange"
	"passerelle/internal/module/people"
	"passerelle/internal/module/services"
	"passerelle/internal/module/services/pack"
	"passerelle/internal/module/services/simulation"
	"passerelle/internal/module/services/versions"
	"passerelle/internal/platform/blob"
	"passerelle/internal/platform/clock"
	"passerelle/internal/platform/config"
	"passerelle/internal/platform/db"
	"passerelle/internal/platform/event"
	"passerelle/internal/platform/i18n"
	"passerelle/internal/platform/mail"
	"passerelle/internal/platform/pdf"
	"passerelle/internal/platform/ui"
	"passerelle/internal/platform/web"
	"passerelle/internal/platform/work"
	packages "passerelle/services"
	assets "passerelle/web"
)

// App is a built installation, ready to run.
type App struct {
	cfg    config.Config
	log    *slog.Logger
	db     *db.DB
	queue  *work.Queue
	server *web.Server
	demo   *demonstration // nil in a real State

	cases     *cases.Service
	accounts  *people.Service
	packages  *pack.Set
	published *versions.Service
	registers *exchange.Directory
}

// New opens the database and builds every module. It fails, and leaves nothing
// open, when the configuration cannot work; service packages with errors are
// only left out, each finding in the log.
func New(ctx context.Context, cfg config.Config, log *slog.Logger) (_ *App, err error) {
	if err := os.MkdirAll(cfg.Server.DataDir, 0o700); err != nil {
		return nil, err
	}
	a := &App{cfg: cfg, log: log}
	url, err := cfg.DatabaseURL()
	if err != nil {
		return nil, err
	}
	if a.db, err = db.Open(ctx, url); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, a.db.Close())
		}
	}()
	if err := migrate(ctx, a.db); err != nil {
		return nil, err
	}

	set := loadPackages(cfg, log)
	texts, err := loadTexts()
	if err != nil {
		return nil, err
	}
	blobs, err := blob.Open(filepath.Join(cfg.Server.DataDir, "blobs"))
	if err != nil {
		return nil, err
	}

	var now clock.Clock = clock.System{}
	registers := exchange.NewDirectory()
	var payments cases.PaymentProvider
	var population simulation.Population
	var sender mail.Sender
	if cfg.Demo.On {
		if a.demo, err = newDemonstration(cfg, a.db, registers); err != nil {
			return nil, err
		}
		now, payments, sender = a.demo.clock, a.demo.bank, a.demo.mailbox
		population = a.demo.population(registers)
	} else if sender, err = relay(cfg); err != nil {
		return nil, err
	}

	a.published = versions.New(versions.Deps{DB: a.db, Clock: now, Packages: set, Loose: cfg.Demo.On, InUse: versionInUse, Migrating: cases.Migrating, Log: log})
	if err := a.published.Start(ctx); err != nil {
		return nil, fmt.Errorf("published versions: %w", err)
	}

	a.queue = work.New(a.db, now, log, work.Options{})
	events := event.New(a.queue)
	accounts := people.New(a.db, clock.System{})
	caseService := cases.New(cases.Deps{
		DB: a.db, Clock: now, Queue: a.queue, Events: events, Packages: set, Evidence: registers,
		Address: func(ctx context.Context, account string) (string, error) {
			acc, err := accounts.Account(ctx, account)
			return acc.Email, err
		},
		Payments: payments, Mail: sender, Texts: texts, URL: cfg.Server.PublicURL, Log: log,
	})
	if err := caseService.FollowCalendar(ctx); err != nil {
		return nil, err
	}
	catalogue := services.New(services.Deps{
		DB: a.db, Clock: now, Packages: set, Evidence: registers, Events: events, Blobs: blobs, Submit: caseService.Submit, PartFacts: caseService.PartFacts, Contribute: caseService.Contribute,
		Queue: a.queue, Mail: sender, Texts: texts, URL: cfg.Server.PublicURL, Log: log,
	})

	a.server, err = web.New(web.Deps{
		Config: cfg, DB: a.db, Clock: clock.System{}, Log: log, Texts: texts, Assets: assets.FS(),
		FormOrigins: providerOrigins(cfg), View: a.frame,
	})
	if err != nil {
		return nil, err
	}
	a.server.Ready("assets", func(context.Context) error { _, err := assets.Manifest(); return err })

	a.measure(a.server.Metrics())
	providers, err := a.providers()
	if err != nil {
		return nil, err
	}
	rt := a.server.Router()
	people.NewWeb(people.WebOptions{Service: accounts, PublicURL: cfg.Server.PublicURL, Clock: clock.System{}, Providers: providers,
		AuthorityName: func(id string, lang i18n.Lang) string { return set.AuthorityName(lang, id) }}).Routes(rt)
	a.cases, a.accounts, a.packages, a.registers = caseService, accounts, set, registers
	mine := mycases.New(mycases.Options{Service: caseService, Blobs: blobs, PDF: pdf.Find(), URL: cfg.Server.PublicURL})
	pages := services.NewWeb(catalogue, services.WebOptions{Waiting: mine.Waiting, URL: cfg.Server.PublicURL})
	mine.Drafts = pages.Drafts
	mine.BeginPart = catalogue.BeginPart
	mine.Routes(rt)
	pages.Routes(rt)
	workbench.New(workbench.Options{Service: caseService, Blobs: blobs, Queue: a.queue, Officials: officials(accounts)}).Routes(rt)
	trials := simulation.New(simulation.Deps{DB: a.db, Clock: now, Queue: a.queue, Packages: set, People: population, Applied: caseService.Applied, Log: log})
	(&simulation.Web{Service: trials}).Routes(rt)
	(&versions.Web{Service: a.published, Migrate: migration.Path}).Routes(rt)
	(&migration.Web{Cases: caseService}).Routes(rt)
	about.NewWeb(about.Options{Demo: cfg.Demo.On, PublicURL: cfg.Server.PublicURL, SessionIdle: time.Duration(cfg.Session.Idle),
		SessionLifetime: time.Duration(cfg.Session.Lifetime), Contacts: contacts(set), Services: inForce(set, now)}).Routes(rt)
	api.New(api.Options{Cases: caseService, Services: catalogue, Blobs: blobs, URL: cfg.Server.PublicURL}).Routes(rt)
	if a.demo != nil {
		a.demo.routes(rt, a.queue)
	}
	return a, nil
}

// Pages lists the paths of all pages, without language, for tests.
func (a *App) Pages() []string { return a.server.Router().Pages() }

// Server is the HTTP handler of the whole, for tests.
func (a *App) Server() http.Handler { return a.server }

// Run serves on l and works the queue until ctx is done, then stops in order
// and closes the database.
func (a *App) Run(ctx context.Context, l net.Listener) error {
	working, stopWork := context.WithCancel(context.WithoutCancel(ctx))
	go a.published.Watch(working, publishedPoll)
	worked := make(chan error, 1)
	go func() { worked <- a.queue.Run(working) }()
	err := a.server.Run(ctx, l)
	stopWork()
	if werr := <-worked; werr != nil && !errors.Is(werr, context.Canceled) {
		err = errors.Join(err, werr)
	}
	return errors.Join(err, a.db.Close())
}

// publishedPoll is how often a node asks what others have published: one small
// query. A case of a version that it does not know yet is tried again later.
const publishedPoll = 2 * time.Second

// Close closes what New opened, for an App that is not run.
func (a *App) Close() error { return a.db.Close() }

func migrate(ctx context.Context, d *db.DB) error {
	for _, m := range []struct {
		name string
		run  func(context.Context, *db.DB) error
	}{
		{"work", work.Migrate}, {"event", event.Migrate}, {"mail", mail.Migrate}, {"web", web.Migrate},
		{"people", people.Migrate}, {"services", services.Migrate}, {"simulation", simulation.Migrate}, {"versions", versions.Migrate}, {"cases", cases.Migrate},
	} {
		if err := m.run(ctx, d); err != nil {
			return fmt.Errorf("migrate %s: %w", m.name, err)
		}
	}
	return nil
}

// loadPackages reads the service packages. A broken one is named with file and
// line, and the others serve.
func loadPackages(cfg config.Config, log *slog.Logger) *pack.Set {
	files := packages.Luxembourg()
	if cfg.Services.Dir != "" {
		files = os.DirFS(cfg.Services.Dir)
	}
	set, findings := pack.LoadSet(files)
	for _, f := range findings {
		if f.Severity == pack.Error {
			log.Error("service package not served", "file", f.File, "line", f.Line, "problem", f.Msg)
		}
	}
	return set
}

func loadTexts() (*i18n.Bundle, error) {
	b := i18n.New()
	all := []fs.FS{ui.Locales, web.Locales, people.Locales, exchange.Locales, services.Locales, pack.Locales(), simulation.Locales, versions.Locales,
		about.Locales, cases.Locales, grounds.Locales, migration.Locales, mycases.Locales, workbench.Locales, api.Locales}
	for _, f := range append(all, demoLocales()...) {
		if err := b.Add(f); err != nil {
			return nil, err
		}
	}
	return b, nil
}

// relay returns the mail server of the configuration, nil when there is none.
func relay(cfg config.Config) (mail.Sender, error) {
	if cfg.Mail.Host == "" {
		return nil, nil
	}
	password, err := secret(cfg.Mail.PasswordFile)
	if err != nil {
		return nil, err
	}
	security := mail.StartTLS
	if cfg.Mail.Port == 465 {
		security = mail.TLS
	}
	return mail.SMTP(mail.Config{Security: security, Host: cfg.Mail.Host, Port: cfg.Mail.Port, Username: cfg.Mail.User, Password: password, From: cfg.Mail.From}, clock.System{})
}

func secret(file string) (string, error) {
	if file == "" {
		return "", nil
	}
	return config.Secret(file)
}

// providers are the identity providers of the configuration, and the
// demonstration's own.
func (a *App) providers() ([]people.Provider, error) {
	var all []people.Provider
	for _, i := range a.cfg.SignIn.Issuers {
		s, err := secret(i.SecretFile)
		if err != nil {
			return nil, fmt.Errorf("identity provider %s: %w", i.ID, err)
		}
		all = append(all, people.Provider{ID: i.ID, Issuer: i.Issuer, ClientID: i.ClientID, Secret: s, Label: i.Label,
			NationalIDClaim: "national_id", Roles: i.Roles, KeepsSession: true})
	}
	if a.demo != nil {
		all = append(all, a.demo.provider(a.cfg))
	}
	return all, nil
}

func providerOrigins(cfg config.Config) []string {
	var all []string
	for _, i := range cfg.SignIn.Issuers {
		all = append(all, i.Issuer)
	}
	return all
}

// frame completes what every page's frame shows.
func (a *App) frame(r *http.Request, v *ui.View) {
	if v.User != "" {
		v.Menu = append(append(v.Menu, mycases.MenuLinks(v.Locale)...), people.MenuLinks(v.Locale)...)
	}
	if who, ok := web.IdentityFrom(r.Context()); ok {
		v.Links = slices.Concat(v.Links, workbench.NavLinks(v.Locale, who), versions.NavLinks(v.Locale, who), simulation.NavLinks(v.Locale, who))
		v.Menu = append(v.Menu, migration.MenuLinks(v.Locale, who)...)
	}
	for prefix, item := range map[string]string{"/services": "services", "/applications": "services", "/cases": "cases", "/inbox": "cases", "/workbench": "workbench", simulation.Path: "simulations", versions.Path: "versions", migration.Path: "versions"} {
		if strings.HasPrefix(v.Path, prefix) {
			v.Nav = item
		}
	}
	if a.demo != nil {
		a.demo.banner(r, v)
	}
}

// officials lists to whom a task of an authority can be handed.
func officials(s *people.Service) func(context.Context, string) ([]workbench.Official, error) {
	return func(ctx context.Context, authority string) ([]workbench.Official, error) {
		var all []workbench.Official
		for _, role := range []string{cases.RoleCaseWorker, cases.RoleHeadOfUnit} {
			accounts, err := s.Officials(ctx, authority, role)
			if err != nil {
				return nil, err
			}
			for _, acc := range accounts {
				o := workbench.Official{Account: acc.ID, Name: acc.Name}
				if !slices.Contains(all, o) {
					all = append(all, o)
				}
			}
		}
		return all, nil
	}
}

// contacts lists the authorities for the page of contacts.
func contacts(set *pack.Set) func(i18n.Lang) []about.Contact {
	return func(lang i18n.Lang) []about.Contact {
		var all []about.Contact
		for _, a := range set.Authorities {
			all = append(all, about.Contact{Name: a.Name[lang], Phone: a.Phone, Email: a.Email, Address: a.Address})
		}
		return all
	}
}

// inForce lists the services that take applications today.
func inForce(set *pack.Set, now clock.Clock) func(i18n.Lang) []about.Service {
	return func(lang i18n.Lang) []about.Service {
		var all []about.Service
		for _, p := range set.Services(now.Now()) {
			all = append(all, about.Service{ID: p.ID, Title: p.T(lang, "service.title")})
		}
		return all
	}
}
