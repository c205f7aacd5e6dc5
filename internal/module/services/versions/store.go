package versions

import (
	"bytes"
	"context"
	"database/sql"
	"embed"
	"errors"
	"io/fs"
	"time"

	"passerelle/internal/module/services/pack"
	"passerelle/internal/platform/db"
	"passerelle/internal/platform/errs"
)

//go:embed migrations/*.sql
var migrations embed.FS

// Migrate brings the tables up to date.
func Migrate(ctx context.Context, d *db.DB) error {
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return err
	}
	return d.Migrate(ctx, "versions", files)
}

// store holds the SQL.
type store struct{}

type scanner interface{ Scan(dest ...any) error }

// keep stores the files of a version unless they are there.
func (store) keep(ctx context.Context, tx db.Querier, f pack.Folder) error {
	var b bytes.Buffer
	if err := f.WriteZip(&b); err != nil {
		return err
	}
	_, err := tx.ExecContext(ctx, `INSERT INTO services_folder (digest, files) VALUES ($1, $2) ON CONFLICT (digest) DO NOTHING`, f.Digest(), b.Bytes())
	return err
}

// files returns the zip that was kept under a digest.
func (store) files(ctx context.Context, q db.Querier, digest string) (files []byte, err error) {
	err = q.QueryRowContext(ctx, `SELECT files FROM services_folder WHERE digest = $1`, digest).Scan(&files)
	return files, err
}

// publishedQuery reads what was published, with the proposal that took it back.
const publishedQuery = `SELECT v.service, v.version, v.hash, v.digest, v.proposal, v.published_at, COALESCE(w.id, '') FROM services_version v
	LEFT JOIN services_proposal w ON w.service = v.service AND w.version = v.version AND w.kind = 'withdraw' AND w.state = 'approved'`

func scanPublished(row scanner) (p Published, err error) {
	var at int64
	err = row.Scan(&p.Service, &p.Version, &p.Hash, &p.digest, &p.Proposal, &at, &p.Withdrawal)
	p.At = db.Time(at)
	return p, err
}

// published lists all that was published, what was withdrawn too. An installation
// has some dozens.
func (store) published(ctx context.Context, q db.Querier) ([]Published, error) {
	rows, err := q.QueryContext(ctx, publishedQuery+` ORDER BY v.service, v.version`)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all []Published
	for rows.Next() {
		p, err := scanPublished(rows)
		if err != nil {
			return nil, err
		}
		all = append(all, p)
	}
	return all, rows.Err()
}

// publish stores a version; it returns false when there is one of that name.
func (store) publish(ctx context.Context, tx db.Querier, p Published) (bool, error) {
	res, err := tx.ExecContext(ctx, `INSERT INTO services_version (service, version, hash, digest, proposal, published_at)
		VALUES ($1,$2,$3,$4,$5,$6) ON CONFLICT (service, version) DO NOTHING`, p.Service, p.Version, p.Hash, p.digest, p.Proposal, db.Micros(p.At))
	if err != nil {
		return false, err
	}
	n, err := res.RowsAffected()
	return n == 1, err
}

// one returns what is published under a name.
func (store) one(ctx context.Context, q db.Querier, service, version string) (p Published, ok bool, err error) {
	p, err = scanPublished(q.QueryRowContext(ctx, publishedQuery+` WHERE v.service = $1 AND v.version = $2`, service, version))
	if errors.Is(err, sql.ErrNoRows) {
		return p, false, nil
	}
	return p, err == nil, err
}

const proposalColumns = `id, service, version, hash, digest, state, proposer, proposer_name, remark, proposed_at, reviewer, reviewer_name, reason, reviewed_at, kind,
	CASE WHEN kind = 'publish' AND state = 'approved' THEN COALESCE((SELECT w.id FROM services_proposal w WHERE w.service = services_proposal.service
		AND w.version = services_proposal.version AND w.kind = 'withdraw' AND w.state = 'approved'), '') ELSE '' END`

func scanProposal(row scanner) (Proposal, error) {
	var p Proposal
	var proposed, reviewed int64
	err := row.Scan(&p.ID, &p.Service, &p.Version, &p.Hash, &p.digest, &p.State, &p.Proposer.Account, &p.Proposer.Name, &p.Remark, &proposed,
		&p.Reviewer.Account, &p.Reviewer.Name, &p.Reason, &reviewed, &p.Kind, &p.TakenBack)
	if errors.Is(err, sql.ErrNoRows) {
		return p, errs.New(errs.NotFound, "versions.proposal.notFound")
	}
	p.ProposedAt = db.Time(proposed)
	if reviewed != 0 {
		p.ReviewedAt = db.Time(reviewed)
	}
	return p, err
}

func (store) proposal(ctx context.Context, q db.Querier, id string) (Proposal, error) {
	return scanProposal(q.QueryRowContext(ctx, `SELECT `+proposalColumns+` FROM services_proposal WHERE id = $1`, id))
}

// proposals lists the newest of a state before a moment.
func (store) proposals(ctx context.Context, q db.Querier, open bool, before time.Time, id string, limit int) ([]Proposal, error) {
	cond := `state <> 'open'`
	if open {
		cond = `state = 'open'`
	}
	rows, err := q.QueryContext(ctx, `SELECT `+proposalColumns+` FROM services_proposal WHERE `+cond+` AND (proposed_at, id) < ($1, $2)
		ORDER BY proposed_at DESC, id DESC LIMIT $3`, db.Micros(before), id, limit)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all []Proposal
	for rows.Next() {
		p, err := scanProposal(rows)
		if err != nil {
			return nil, err
		}
		all = append(all, p)
	}
	return all, rows.Err()
}

// waiting lists the digests of the open proposals, at most one for a version.
func (store) waiting(ctx context.Context, q db.Querier) ([]string, error) {
	rows, err := q.QueryContext(ctx, `SELECT digest FROM services_proposal WHERE state = 'open'`)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all []string
	for rows.Next() {
		var digest string
		if err := rows.Scan(&digest); err != nil {
			return nil, err
		}
		all = append(all, digest)
	}
	return all, rows.Err()
}

// propose stores an open proposal; it returns false when the version has one.
func (store) propose(ctx context.Context, tx db.Querier, p Proposal) (bool, error) {
	res, err := tx.ExecContext(ctx, `INSERT INTO services_proposal (id, service, version, hash, digest, state, proposer, proposer_name, remark, proposed_at, kind)
		VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$11) ON CONFLICT DO NOTHING`,
		p.ID, p.Service, p.Version, p.Hash, p.digest, Open, p.Proposer.Account, p.Proposer.Name, p.Remark, db.Micros(p.ProposedAt), string(p.Kind))
	if err != nil {
		return false, err
	}
	n, err := res.RowsAffected()
	return n == 1, err
}

// review ends an open proposal; it returns false when it is not open.
func (store) review(ctx context.Context, tx db.Querier, id string, state State, by Person, reason string, at time.Time) (bool, error) {
	res, err := tx.ExecContext(ctx, `UPDATE services_proposal SET state = $1, reviewer = $2, reviewer_name = $3, reason = $4, reviewed_at = $5
		WHERE id = $6 AND state = 'open'`, state, by.Account, by.Name, reason, db.Micros(at), id)
	if err != nil {
		return false, err
	}
	n, err := res.RowsAffected()
	return n == 1, err
}
