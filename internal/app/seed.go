package app

import (
	"context"
	"fmt"
	"os"

	"passerelle/internal/demo/seed"
)

// SeedCases returns a step that gives the demonstration n past and running
// cases at its first start, heatPumps of them on top as applications for the heat
// pump that nobody has examined yet; it does nothing at later ones.
func SeedCases(n, heatPumps int) func(context.Context, *App) error {
	return func(ctx context.Context, a *App) error {
		if a.demo == nil || !a.demo.first {
			return nil
		}
		if n+heatPumps > 0 {
			fmt.Fprintf(os.Stderr, "Writing the past of the demonstration: %d cases …\nThree of them stop on purpose, for an operator to mend; each writes an ERROR line.\n", n+heatPumps)
			err := seed.Run(ctx, seed.Deps{Cases: a.cases, Accounts: a.accounts, Packages: a.packages, Registers: a.registers, Faulty: a.demo.registers.SetFaulty,
				People: a.demo.people, IDP: a.demo.idp, Bank: a.demo.bank, Clock: &a.demo.clock.Shifted, Queue: a.queue, HeatPumps: heatPumps}, n)
			if err != nil {
				return fmt.Errorf("the demonstration's past: %w", err)
			}
		}
		return a.demo.clock.Keep() // from now on this is not the first start
	}
}
