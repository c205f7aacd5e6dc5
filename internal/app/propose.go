package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strings"

	"passerelle/internal/demo/console"
	"passerelle/internal/module/people"
	"passerelle/internal/module/services/pack"
	"passerelle/internal/module/services/simulation"
	"passerelle/internal/module/services/versions"
	"passerelle/internal/platform/clock"
	"passerelle/internal/platform/config"
	"passerelle/internal/platform/db"
	"passerelle/internal/platform/web"
)

// Propose hands in a version of a service on the database of an installation that
// was started before, whether or not it runs now, in the name of a designer who
// has signed in there. See versions.Service.Propose.
func Propose(ctx context.Context, cfg config.Config, log *slog.Logger, f pack.Folder, by, remark string) (id string, v versions.Verdict, err error) {
	url, err := cfg.DatabaseURL()
	if err != nil {
		return "", v, err
	}
	if file, ok := strings.CutPrefix(url, "sqlite:"); ok { // opening would make it
		if _, err := os.Stat(file); err != nil {
			return "", v, fmt.Errorf("there is no installation: %w", err)
		}
	}
	d, err := db.Open(ctx, url)
	if err != nil {
		return "", v, err
	}
	defer func() { err = errors.Join(err, d.Close()) }()
	var now clock.Clock = clock.System{}
	if cfg.Demo.On { // the demonstration has a time of its own
		if now, _, err = console.OpenClock(cfg.Server.DataDir, clock.System{}, demoBegins); err != nil {
			return "", v, err
		}
	}
	who, err := designer(ctx, people.New(d, now), by)
	if err != nil {
		return "", v, err
	}
	s := versions.New(versions.Deps{DB: d, Clock: now, Packages: loadPackages(cfg, log), Loose: cfg.Demo.On, Log: log})
	if err := s.Refresh(ctx); err != nil {
		return "", v, err
	}
	return s.Propose(ctx, who, f, remark)
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
