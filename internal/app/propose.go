package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strings"

	"passerelle/internal/demo/console"
	"passerelle/internal/module/cases"
	"passerelle/internal/module/people"
	"passerelle/internal/module/services"
	"passerelle/internal/module/services/pack"
	"passerelle/internal/module/services/simulation"
	"passerelle/internal/module/services/versions"
	"passerelle/internal/platform/clock"
	"passerelle/internal/platform/config"
	"passerelle/internal/platform/db"
	"passerelle/internal/platform/errs"
	"passerelle/internal/platform/i18n"
	"passerelle/internal/platform/web"
)

// Propose hands in a version of a service in the name of a designer who has signed
// in to the installation. See versions.Service.Propose.
func Propose(ctx context.Context, cfg config.Config, log *slog.Logger, f pack.Folder, by, remark string) (id string, v versions.Verdict, err error) {
	err = publishing(ctx, cfg, log, by, func(s *versions.Service, who web.Identity) error {
		id, v, err = s.Propose(ctx, who, f, remark)
		return err
	})
	return id, v, err
}

// ProposeWithdrawal asks to take a published version back, in the name of a
// designer. See versions.Service.ProposeWithdrawal.
func ProposeWithdrawal(ctx context.Context, cfg config.Config, log *slog.Logger, service, version, by, reason string) (id string, err error) {
	err = publishing(ctx, cfg, log, by, func(s *versions.Service, who web.Identity) error {
		id, err = s.ProposeWithdrawal(ctx, who, service, version, reason)
		return err
	})
	return id, err
}

// versionInUse reports whether anything needs a version to be served.
func versionInUse(ctx context.Context, q db.Querier, service, version string) (bool, error) {
	used, err := cases.Uses(ctx, q, service, version)
	if err != nil || used {
		return used, err
	}
	return services.HasDrafts(ctx, q, service, version)
}

// publishing opens the database of an installation that was started before,
// whether or not it runs now, for what a designer does there.
func publishing(ctx context.Context, cfg config.Config, log *slog.Logger, by string, do func(*versions.Service, web.Identity) error) (err error) {
	url, err := cfg.DatabaseURL()
	if err != nil {
		return err
	}
	if file, ok := strings.CutPrefix(url, "sqlite:"); ok { // opening would make it
		if _, err := os.Stat(file); err != nil {
			return fmt.Errorf("there is no installation: %w", err)
		}
	}
	d, err := db.Open(ctx, url)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, d.Close()) }()
	var now clock.Clock = clock.System{}
	if cfg.Demo.On { // the demonstration has a time of its own
		if now, _, err = console.OpenClock(cfg.Server.DataDir, clock.System{}, demoBegins); err != nil {
			return err
		}
	}
	who, err := designer(ctx, people.New(d, now), by)
	if err != nil {
		return err
	}
	s := versions.New(versions.Deps{DB: d, Clock: now, Packages: loadPackages(cfg, log), Loose: cfg.Demo.On, InUse: versionInUse, Migrating: cases.Migrating, Log: log})
	if err := s.Refresh(ctx); err != nil {
		return err
	}
	return do(s, who)
}

// Sentence tells an error on a command line: the sentence that a page would have,
// in English, and its cause.
func Sentence(err error) string {
	var e *errs.Error
	if !errors.As(err, &e) || e.Key == "" {
		return err.Error()
	}
	texts, problem := loadTexts()
	if problem != nil {
		return err.Error()
	}
	l := texts.For(i18n.EN)
	if !l.Has(e.Key) {
		return err.Error()
	}
	var args []any
	for name, x := range e.Args {
		args = append(args, name, x)
	}
	said := l.T(e.Key, args...)
	if e.Err != nil {
		said += " (" + e.Err.Error() + ")"
	}
	return said
}

// designer finds a designer by name.
func designer(ctx context.Context, accounts *people.Service, name string) (web.Identity, error) {
	all, err := accounts.WithRole(ctx, simulation.RoleDesigner)
	if err != nil {
		return web.Identity{}, err
	}
	var found []people.Account
	var names []string
	for _, a := range all {
		if names = append(names, a.Name); a.Name == name {
			found = append(found, a)
		}
	}
	switch len(found) {
	case 0:
		return web.Identity{}, fmt.Errorf("no designer called %q has signed in to this installation; there are: %s", name, strings.Join(names, ", "))
	case 1:
		return web.Identity{Account: found[0].ID, Name: found[0].Name, Roles: []web.Role{{Name: simulation.RoleDesigner}}}, nil
	}
	return web.Identity{}, fmt.Errorf("several designers are called %q: propose it on the pages", name)
}
