package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"strings"

	"passerelle/internal/app"
	"passerelle/internal/platform/config"
)

type serveCmd struct {
	Config string `required:"" type:"existingfile" help:"Configuration file (see check-config --example)."`
}

func (c *serveCmd) Run(ctx context.Context) error {
	cfg, err := config.Load(c.Config)
	if err != nil {
		return err
	}
	return run(ctx, cfg)
}

type demoCmd struct {
	Addr     string `default:"localhost:8080" help:"Address to listen on, host:port."`
	Data     string `default:"data/demo" help:"Folder for the demonstration's data; delete it to begin again."`
	Database string `help:"Database URL (postgres://…); SQLite in the data folder by default."`
	Cases    int    `default:"300" help:"Past and running cases at the first start."`

	HeatPumps int `default:"0" help:"Besides, applications for the heat pump that wait: to see a migration of many running cases."`
}

func (c *demoCmd) Run(ctx context.Context) error {
	cfg := config.Demo(c.Data, c.Addr)
	cfg.Database.URL = c.Database
	if err := cfg.Validate(); err != nil {
		return err
	}
	return run(ctx, cfg, app.SeedCases(c.Cases, c.HeatPumps))
}

// run builds the installation, prints the one address to open, and serves
// until ctx ends.
func run(ctx context.Context, cfg config.Config, prepare ...func(context.Context, *app.App) error) error {
	log := logger(cfg)
	l, err := net.Listen("tcp", cfg.Server.Listen)
	if err != nil {
		return fmt.Errorf("cannot listen on %s (another address: server.listen in the configuration, --addr for the demonstration): %w", cfg.Server.Listen, err)
	}
	a, err := app.New(ctx, cfg, log)
	if err != nil {
		return errors.Join(err, l.Close())
	}
	for _, p := range prepare {
		if err := p(ctx, a); err != nil {
			return errors.Join(err, l.Close(), a.Close())
		}
	}
	fmt.Println("Passerelle is open at", cfg.Server.PublicURL)
	err = a.Run(ctx, l)
	if err == nil {
		fmt.Println("Passerelle has stopped.")
	}
	return err
}

func logger(cfg config.Config) *slog.Logger {
	var level slog.Level
	_ = level.UnmarshalText([]byte(strings.ToUpper(cfg.Log.Level))) // validated with the configuration
	o := &slog.HandlerOptions{Level: level}
	var h slog.Handler = slog.NewJSONHandler(os.Stderr, o)
	if cfg.Log.Format == "text" {
		h = slog.NewTextHandler(os.Stderr, o)
	}
	return slog.New(h)
}

type checkConfigCmd struct {
	File    string `arg:"" optional:"" type:"existingfile" help:"Configuration file."`
	Example bool   `help:"Print a commented example instead."`
}

func (c *checkConfigCmd) Run() error {
	if c.Example || c.File == "" {
		fmt.Print(config.Example())
		return nil
	}
	if _, err := config.Load(c.File); err != nil {
		return err
	}
	fmt.Println(c.File, "is valid")
	return nil
}
