package cases

import (
	"cmp"
	"context"
	"database/sql"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"slices"
	"strings"
	"time"

	"passerelle/internal/module/services/pack"
	"passerelle/internal/platform/db"
	"passerelle/internal/platform/errs"
	"passerelle/internal/platform/i18n"
)

//go:embed migrations/*.sql
var migrations embed.FS

// Migrate brings the module's tables up to date.
func Migrate(ctx context.Context, d *db.DB) error {
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return err
	}
	if err := d.Migrate(ctx, "cases", files); err != nil {
		return err
	}
	return d.LeaveRoom(ctx, "cases_case", 80) // a case changes long after its neighbours
}

// noDeadline stands in due_at while no deadline runs: such rows come last.
const noDeadline = math.MaxInt64

func due(t time.Time) int64 {
	if t.IsZero() {
		return noDeadline
	}
	return db.Micros(t)
}

func dueTime(v int64) time.Time {
	if v == noDeadline {
		return time.Time{}
	}
	return db.Time(v)
}

// store holds the module's SQL. Its methods take the querier, so that reads
// can join a transaction.
type store struct{}

const caseColumns = `id, number, kind, service, version, authority, account, person, name, email, lang,
	idempotency, linked, status, outcome, submitted_at, decided_at, rev, entries, content_hash, application, file`

type scanner interface{ Scan(dest ...any) error }

func scanCase(row scanner) (*Case, error) {
	var r caseRow
	if err := row.Scan(r.columns()...); err != nil {
		if errors.Is(err, sql.ErrNoRows) {
			return nil, errs.New(errs.NotFound, "cases.notFound")
		}
		return nil, err
	}
	return r.decode()
}

// caseRow is a row of cases_case in the order of caseColumns, or of a table that
// was read with it.
type caseRow struct {
	texts [18]string // fifteen before the numbers, three behind
	ints  [4]int64
}

func (r *caseRow) columns() []any {
	all := make([]any, 0, 1+len(r.texts)+len(r.ints))
	for i := range r.texts {
		if i == 15 {
			for k := range r.ints {
				all = append(all, &r.ints[k])
			}
		}
		all = append(all, &r.texts[i])
	}
	return all
}

func (r *caseRow) decode() (*Case, error) {
	t := &r.texts
	c := &Case{ID: t[0], Number: t[1], Kind: Kind(t[2]), Service: t[3], Version: t[4], Authority: t[5], Account: t[6], Person: t[7], Name: t[8], Email: t[9],
		Lang: i18n.Lang(t[10]), Idempotency: t[11], Linked: t[12], Status: Status(t[13]), Outcome: pack.Outcome(t[14]),
		SubmittedAt: db.Time(r.ints[0]), DecidedAt: db.Time(r.ints[1]), rev: r.ints[2], entries: r.ints[3], ContentHash: t[15]}
	if err := decodeNumbers(t[16], &c.Application); err != nil {
		return nil, errs.New(errs.Internal, "").Because("case %s: application: %w", c.ID, err)
	}
	if err := json.Unmarshal([]byte(t[17]), &c.File); err != nil {
		return nil, errs.New(errs.Internal, "").Because("case %s: file: %w", c.ID, err)
	}
	return c, nil
}

func (r *caseRow) task() Task {
	t := &r.texts
	return Task{ID: t[0], Case: t[1], Element: t[2], Kind: TaskKind(t[3]), Role: t[4], Authority: t[5], Service: t[6], Assignee: t[7], Assigned: t[8],
		Status: TaskStatus(t[9]), DoneBy: t[10], CreatedAt: db.Time(r.ints[0]), DueAt: dueTime(r.ints[1]), DoneAt: db.Time(r.ints[2])}
}

func (r *caseRow) request() Request {
	t := &r.texts
	return Request{ID: t[0], Case: t[1], AskedBy: t[2], AskedName: t[3], Text: t[4], Answer: t[5], Status: RequestStatus(t[6]),
		AskedAt: db.Time(r.ints[0]), DueAt: dueTime(r.ints[1]), AnsweredAt: db.Time(r.ints[2])}
}

// whole reads a case with its tasks and requests by one statement: every change
// of a case begins with them, and a round trip costs more than the rows.
func (store) whole(ctx context.Context, q db.Querier, id string) (c *Case, tasks []Task, requests []Request, err error) {
	rows, err := q.QueryContext(ctx, `SELECT 0, `+caseColumns+` FROM cases_case WHERE id = $1
		UNION ALL SELECT 1, id, case_id, element, kind, role, authority, service, assignee, assigned, status, done_by, '', '', '', '',
			created_at, due_at, done_at, 0, '', '', '' FROM cases_task WHERE case_id = $1
		UNION ALL SELECT 2, id, case_id, asked_by, asked_name, text, answer, status, '', '', '', '', '', '', '', '',
			asked_at, due_at, answered_at, 0, '', '', '' FROM cases_request WHERE case_id = $1`, id)
	if err != nil {
		return nil, nil, nil, err
	}
	defer rows.Close()
	var of int64
	var r caseRow
	columns := append([]any{&of}, r.columns()...)
	for rows.Next() {
		if err := rows.Scan(columns...); err != nil {
			return nil, nil, nil, err
		}
		switch of {
		case 0:
			if c, err = r.decode(); err != nil {
				return nil, nil, nil, err
			}
		case 1:
			tasks = append(tasks, r.task())
		case 2:
			requests = append(requests, r.request())
		}
	}
	if err := rows.Err(); err != nil {
		return nil, nil, nil, err
	}
	if c == nil {
		return nil, nil, nil, errs.New(errs.NotFound, "cases.notFound")
	}
	slices.SortFunc(tasks, func(a, b Task) int { return cmp.Or(a.CreatedAt.Compare(b.CreatedAt), cmp.Compare(a.ID, b.ID)) })
	slices.SortFunc(requests, func(a, b Request) int { return cmp.Compare(a.ID, b.ID) })
	return c, tasks, requests, nil
}

func (store) byID(ctx context.Context, q db.Querier, id string) (*Case, error) {
	return scanCase(q.QueryRowContext(ctx, `SELECT `+caseColumns+` FROM cases_case WHERE id = $1`, id))
}

func (store) byKey(ctx context.Context, q db.Querier, account, key string) (*Case, error) {
	return scanCase(q.QueryRowContext(ctx, `SELECT `+caseColumns+` FROM cases_case WHERE account = $1 AND idempotency = $2`, account, key))
}

// json returns the file as JSON. The proposal, most of it, writes itself:
// encoding/json would read it once more, which costs as much as writing.
func (f File) json() ([]byte, error) {
	proposal := f.Proposal
	f.Proposal = nil
	b, err := json.Marshal(f)
	if err != nil || proposal == nil {
		return b, err
	}
	p, err := proposal.MarshalJSON()
	if err != nil {
		return nil, err
	}
	b = append(b[:len(b)-1], `,"proposal":`...) // never the first: clock and process are always there
	return append(append(b, p...), '}'), nil
}

// insert stores a new case, its application and file given as JSON. When the account's key is taken, or, once in a
// very long time, the random number, the transaction ends in taken.
func (store) insert(ctx context.Context, tx *db.Tx, c *Case, application, file []byte, taken error) error {
	return db.SendOne(ctx, tx, taken, `INSERT INTO cases_case (id, number, kind, service, version, authority, account, person, name, email, lang,
		idempotency, linked, status, outcome, submitted_at, due_at, decided_at, rev, entries, content_hash, application, file, incident, search)
		VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$11,$12,$13,$14,$15,$16,$17,$18,$19,$20,$21,$22,$23,$24,$25)
		ON CONFLICT DO NOTHING`,
		c.ID, c.Number, string(c.Kind), c.Service, c.Version, c.Authority, c.Account, c.Person, c.Name, c.Email, string(c.Lang),
		c.Idempotency, c.Linked, string(c.Status), string(c.Outcome), db.Micros(c.SubmittedAt), due(c.deadline()), db.Micros(c.DecidedAt),
		c.rev, c.entries, c.ContentHash, string(application), string(file), c.File.Incident, fold(c.Name+" "+c.Number))
}

// update writes the case back if nobody changed it since it was read; otherwise
// the transaction ends in errs.Conflict. c keeps the revision that was read: a transaction may
// run again.
func (store) update(ctx context.Context, tx *db.Tx, c *Case) error {
	file, err := c.File.json()
	if err != nil {
		return err
	}
	return db.SendOne(ctx, tx, errs.New(errs.Conflict, "cases.changed").Because("case %s: revision %d is gone", c.ID, c.rev),
		`UPDATE cases_case SET version = $1, status = $2, outcome = $3, due_at = $4, decided_at = $5, rev = $6, entries = $7, file = $8, incident = $9
		WHERE id = $10 AND rev = $11`,
		c.Version, string(c.Status), string(c.Outcome), due(c.deadline()), db.Micros(c.DecidedAt), c.rev+1, c.entries, string(file), c.File.Incident, c.ID, c.rev)
}

// entryTexts are the statements that insert 1, 2, … lines of a timeline.
var entryTexts = func() (texts [8]string) {
	const columns = 8
	for n := range texts {
		var b strings.Builder
		b.WriteString("INSERT INTO cases_entry (case_id, seq, at, kind, actor, name, public, data) VALUES ")
		for row := range n + 1 {
			if row > 0 {
				b.WriteByte(',')
			}
			for c := range columns {
				fmt.Fprintf(&b, "%c$%d", "(,"[min(c, 1)], row*columns+c+1)
			}
			b.WriteByte(')')
		}
		texts[n] = b.String()
	}
	return texts
}()

// addEntries adds lines to a timeline, several with one statement.
func (store) addEntries(ctx context.Context, tx db.Querier, caseID string, entries []Entry) error {
	for some := range slices.Chunk(entries, len(entryTexts)) {
		args := make([]any, 0, 8*len(some))
		for _, e := range some {
			data, err := json.Marshal(e.Data)
			if err != nil {
				return err
			}
			args = append(args, caseID, e.Seq, db.Micros(e.At), e.Kind, e.Actor, e.Name, flag(e.Public), string(data))
		}
		if err := db.Send(ctx, tx, entryTexts[len(some)-1], args...); err != nil {
			return err
		}
	}
	return nil
}

// timeline returns a case's entries, oldest first; publicOnly leaves out what
// only the authority sees.
func (store) timeline(ctx context.Context, q db.Querier, caseID string, publicOnly bool) ([]Entry, error) {
	return list(ctx, q, func(row scanner) (Entry, error) {
		var e Entry
		var at, public int64
		var data string
		if err := row.Scan(&e.Seq, &at, &e.Kind, &e.Actor, &e.Name, &public, &data); err != nil {
			return e, err
		}
		e.At, e.Public = db.Time(at), public == 1
		return e, json.Unmarshal([]byte(data), &e.Data)
	}, `SELECT seq, at, kind, actor, name, public, data FROM cases_entry WHERE case_id = $1 AND public >= $2 ORDER BY seq`, caseID, flag(publicOnly))
}

func (store) addRequest(ctx context.Context, tx db.Querier, r Request) error {
	return db.Send(ctx, tx, `INSERT INTO cases_request (id, case_id, asked_by, asked_name, asked_at, text, due_at, status) VALUES ($1,$2,$3,$4,$5,$6,$7,$8)`,
		r.ID, r.Case, r.AskedBy, r.AskedName, db.Micros(r.AskedAt), r.Text, due(r.DueAt), string(r.Status))
}

func (store) saveRequest(ctx context.Context, tx db.Querier, r Request) error {
	return db.Send(ctx, tx, `UPDATE cases_request SET status = $1, answered_at = $2, answer = $3, due_at = $4 WHERE id = $5`,
		string(r.Status), db.Micros(r.AnsweredAt), r.Answer, due(r.DueAt), r.ID)
}

func (store) requests(ctx context.Context, q db.Querier, caseID string) ([]Request, error) {
	return list(ctx, q, func(row scanner) (Request, error) {
		var r Request
		var asked, dueAt, answered int64
		err := row.Scan(&r.ID, &r.Case, &r.AskedBy, &r.AskedName, &asked, &r.Text, &dueAt, &answered, &r.Answer, &r.Status)
		r.AskedAt, r.DueAt, r.AnsweredAt = db.Time(asked), dueTime(dueAt), db.Time(answered)
		return r, err
	}, `SELECT id, case_id, asked_by, asked_name, asked_at, text, due_at, answered_at, answer, status FROM cases_request WHERE case_id = $1 ORDER BY id`, caseID)
}

func (store) addDocument(ctx context.Context, tx db.Querier, d Document) error {
	return db.Send(ctx, tx, `INSERT INTO cases_document (id, case_id, request_id, field, name, media_type, size, hash, added_by, added_at)
		VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9,$10)`,
		d.ID, d.Case, d.Request, d.Field, d.Name, d.MediaType, d.Size, d.Hash, d.AddedBy, db.Micros(d.AddedAt))
}

func (store) documents(ctx context.Context, q db.Querier, caseID string) ([]Document, error) {
	return list(ctx, q, func(row scanner) (Document, error) {
		var d Document
		var at int64
		err := row.Scan(&d.ID, &d.Case, &d.Request, &d.Field, &d.Name, &d.MediaType, &d.Size, &d.Hash, &d.AddedBy, &at)
		d.AddedAt = db.Time(at)
		return d, err
	}, `SELECT id, case_id, request_id, field, name, media_type, size, hash, added_by, added_at FROM cases_document WHERE case_id = $1 ORDER BY id`, caseID)
}

func (store) addMessage(ctx context.Context, tx db.Querier, m Message) error {
	return db.Send(ctx, tx, `INSERT INTO cases_message (id, account, case_id, kind, at) VALUES ($1,$2,$3,$4,$5) ON CONFLICT (id) DO NOTHING`,
		m.ID, m.Account, m.Case, m.Kind, db.Micros(m.At))
}

func (store) markRead(ctx context.Context, tx db.Querier, account, caseID string, at time.Time) error {
	_, err := tx.ExecContext(ctx, `UPDATE cases_message SET read_at = $1 WHERE account = $2 AND case_id = $3 AND read_at = 0`, db.Micros(at), account, caseID)
	return err
}

func (store) addCertificate(ctx context.Context, tx db.Querier, c Certificate) error {
	doc, err := json.Marshal(c.Document)
	if err != nil {
		return err
	}
	return db.Send(ctx, tx, `INSERT INTO cases_certificate (code, case_id, output, issued_at, valid_until, document) VALUES ($1,$2,$3,$4,$5,$6)`,
		c.Code, c.Case, c.Output, db.Micros(c.IssuedAt), db.Micros(c.ValidUntil), string(doc))
}

// revokeCertificates ends what a case has certified: what the certificates say
// is decided again.
func (store) revokeCertificates(ctx context.Context, tx db.Querier, caseID string, at time.Time) error {
	return db.Send(ctx, tx, `UPDATE cases_certificate SET revoked_at = $1 WHERE case_id = $2 AND revoked_at = 0`, db.Micros(at), caseID)
}

const certificateColumns = `code, case_id, output, issued_at, valid_until, revoked_at, document`

func scanCertificate(row scanner) (Certificate, error) {
	var c Certificate
	var issued, until, revoked int64
	var doc string
	if err := row.Scan(&c.Code, &c.Case, &c.Output, &issued, &until, &revoked, &doc); err != nil {
		return c, err
	}
	c.IssuedAt, c.ValidUntil, c.RevokedAt = db.Time(issued), db.Time(until), db.Time(revoked)
	return c, json.Unmarshal([]byte(doc), &c.Document)
}

func (store) certificate(ctx context.Context, q db.Querier, code string) (Certificate, error) {
	c, err := scanCertificate(q.QueryRowContext(ctx, `SELECT `+certificateColumns+` FROM cases_certificate WHERE code = $1`, code))
	if errors.Is(err, sql.ErrNoRows) {
		return c, errs.New(errs.NotFound, "cases.verify.unknown")
	}
	return c, err
}

func (store) certificates(ctx context.Context, q db.Querier, caseID string) ([]Certificate, error) {
	return list(ctx, q, scanCertificate, `SELECT `+certificateColumns+` FROM cases_certificate WHERE case_id = $1 ORDER BY issued_at, code`, caseID)
}

func (store) addPayment(ctx context.Context, tx db.Querier, p Payment) error {
	return db.Send(ctx, tx, `INSERT INTO cases_payment (id, case_id, direction, cents, status, provider, reference, ordered_at, done_at)
		VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9) ON CONFLICT (id) DO NOTHING`,
		p.ID, p.Case, p.Direction, p.Cents, p.Status, p.Provider, p.Reference, db.Micros(p.OrderedAt), db.Micros(p.DoneAt))
}

func (store) settlePayment(ctx context.Context, tx db.Querier, id, status, reference string, at time.Time) error {
	return db.Send(ctx, tx, `UPDATE cases_payment SET status = $1, reference = $2, done_at = $3 WHERE id = $4`, status, reference, db.Micros(at), id)
}

func (store) payments(ctx context.Context, q db.Querier, caseID string) ([]Payment, error) {
	return list(ctx, q, func(row scanner) (Payment, error) {
		var p Payment
		var ordered, done int64
		err := row.Scan(&p.ID, &p.Case, &p.Direction, &p.Cents, &p.Status, &p.Provider, &p.Reference, &ordered, &done)
		p.OrderedAt, p.DoneAt = db.Time(ordered), db.Time(done)
		return p, err
	}, `SELECT id, case_id, direction, cents, status, provider, reference, ordered_at, done_at FROM cases_payment WHERE case_id = $1 ORDER BY ordered_at, id`, caseID)
}

func (store) addRefusedAccess(ctx context.Context, tx db.Querier, id, account, caseID, route string, at time.Time) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO cases_refused_access (id, at, account, case_id, route) VALUES ($1,$2,$3,$4,$5)`,
		id, db.Micros(at), account, caseID, route)
	return err
}

// list reads all rows of a query through scan.
func list[T any](ctx context.Context, q db.Querier, scan func(scanner) (T, error), query string, args ...any) ([]T, error) {
	rows, err := q.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all []T
	for rows.Next() {
		one, err := scan(rows)
		if err != nil {
			return nil, err
		}
		all = append(all, one)
	}
	return all, rows.Err()
}

func flag(b bool) int64 {
	if b {
		return 1
	}
	return 0
}

// deadline is the instant by which somebody must act, or zero.
func (c *Case) deadline() time.Time {
	if c.File.Clock.End == EndImpliedRefusal && c.File.Decision == nil {
		return c.File.Clock.Stopped // overdue: it stays first in the queue
	}
	d, _ := c.File.Clock.Deadline()
	return d
}
