package cases

import (
	"fmt"
	"strconv"
	"strings"
)

func itoa(n int) string { return strconv.Itoa(n) }

// parseCents reads an amount in euro with at most two decimals ("1817.00").
func parseCents(s string) (int64, error) {
	whole, frac, _ := strings.Cut(s, ".")
	if len(frac) > 2 {
		return 0, fmt.Errorf("amount %q has more than two decimals", s)
	}
	n, err := strconv.ParseUint(whole+(frac + "00")[:2], 10, 63)
	if err != nil {
		return 0, fmt.Errorf("amount %q: %w", s, err)
	}
	return int64(n), nil
}

// formatCents is the inverse of parseCents.
func formatCents(cents int64) string { return fmt.Sprintf("%d.%02d", cents/100, cents%100) }
