package cases

import (
	"context"
	"time"

	"passerelle/internal/platform/db"
)

// applied reads a whole service's cases: it serves simulations, which read a
// whole population, never a page.
func (store) applied(ctx context.Context, q db.Querier, service string, since time.Time) (map[string]bool, error) {
	rows, err := q.QueryContext(ctx, `SELECT DISTINCT person FROM cases_case WHERE service = $1 AND kind = $2 AND status <> $3 AND submitted_at >= $4 AND person <> ''`,
		service, Application, Withdrawn, db.Micros(since))
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	all := map[string]bool{}
	for rows.Next() {
		var person string
		if err := rows.Scan(&person); err != nil {
			return nil, err
		}
		all[person] = true
	}
	return all, rows.Err()
}
