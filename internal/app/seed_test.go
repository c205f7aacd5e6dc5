package app

import (
	"log/slog"
	"testing"

	"passerelle/internal/module/cases"
	"passerelle/internal/platform/config"
	"passerelle/internal/platform/web"
)

// TestThreeCasesStopWithOneError, however many there are: the guide lets an
// operator correct one of them, and then all with the same error.
func TestThreeCasesStopWithOneError(t *testing.T) {
	for _, n := range []int{1, 300} {
		ctx := t.Context()
		a, err := New(ctx, config.Demo(t.TempDir(), "localhost:0"), slog.New(slog.DiscardHandler))
		if err != nil {
			t.Fatal(err)
		}
		defer a.Close()
		if err := SeedCases(n, 0)(ctx, a); err != nil {
			t.Fatal(err)
		}
		operator := cases.Actor{Account: "a-operator", Roles: []web.Role{{Name: "operator"}}}
		groups, err := a.cases.Causes(ctx, operator, 10)
		if err != nil || len(groups) != 1 || groups[0].Cases != 3 {
			t.Errorf("%d cases: %+v %v", n, groups, err)
		}
	}
}
