// Command passerelle is the whole digital government in one binary: it serves,
// shows the demonstration, and checks configurations, service packages and
// decision models.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	_ "time/tzdata" // legal days begin and end in Luxembourg, also on a machine without zone files

	"github.com/alecthomas/kong"

	"passerelle/internal/app"
)

// version is set by the release build.
var version = "development"

type cli struct {
	Serve       serveCmd         `cmd:"" help:"Serve a real installation."`
	Demo        demoCmd          `cmd:"" help:"Open the demonstration State."`
	CheckConfig checkConfigCmd   `cmd:"" help:"Say what is wrong with a configuration file, or print a commented example."`
	Service     serviceCmd       `cmd:"" help:"Begin, check, test and publish service packages."`
	Dmn         dmnCmd           `cmd:"" help:"Evaluate, check and explain decision models."`
	Bpmn        bpmnCmd          `cmd:"" help:"Say which constructs of BPMN are supported."`
	Decision    decisionCmd      `cmd:"" help:"Run a past decision again."`
	Simulate    simulateCmd      `cmd:"" help:"Try a changed rule on a population: cost, who gains, who loses."`
	Version     kong.VersionFlag `help:"Print the version."`
}

// exitError carries an exit code; its text has been printed already.
type exitError int

func (e exitError) Error() string { return fmt.Sprintf("exit %d", int(e)) }

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	var c cli
	k := kong.Parse(&c, kong.Name("passerelle"), kong.Description("A digital government in one binary."),
		kong.Vars{"version": version}, kong.UsageOnError(), kong.BindTo(ctx, (*context.Context)(nil)),
		kong.Bind(&streams{os.Stdin, os.Stdout, os.Stderr}))
	err := k.Run()
	var code exitError
	switch {
	case errors.As(err, &code):
		os.Exit(int(code))
	case err != nil:
		fmt.Fprintln(os.Stderr, "passerelle:", app.Sentence(err))
		os.Exit(1)
	}
}
