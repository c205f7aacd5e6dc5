package main

import (
	"errors"
	"fmt"
	"os"

	"passerelle/engine/dmn/tck"
)

type dmnCmd struct {
	Eval    dmnEvalCmd    `cmd:"" help:"Evaluate the decisions of a model."`
	Check   dmnCheckCmd   `cmd:"" help:"Find mistakes in models: types, names, gaps and overlaps of tables."`
	Explain dmnExplainCmd `cmd:"" help:"Say how the decisions of a model come about."`
	Tck     tckCmd        `cmd:"" help:"Run the official DMN test suite."`
}

type tckCmd struct {
	Dir string `arg:"" type:"existingdir" help:"Folder of the suite (compliance-level-2, compliance-level-3)."`
	CSV string `help:"Write the results of each case to this file, in the suite's format."`
}

// Run prints how many cases passed; the exit code is 1 when one failed.
func (c *tckCmd) Run() error {
	report, err := tck.Run(c.Dir)
	if err != nil {
		return err
	}
	if c.CSV != "" {
		f, err := os.Create(c.CSV)
		if err != nil {
			return err
		}
		if err := errors.Join(report.WriteCSV(f), f.Close()); err != nil {
			return err
		}
	}
	fmt.Println(report)
	if report.Total().Failed > 0 {
		return exitError(1)
	}
	return nil
}
