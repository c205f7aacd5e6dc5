package cases

import (
	"context"
	"encoding/json"
	"strings"
	"time"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"passerelle/engine/bpmn"
	"passerelle/internal/module/services/pack"
	"passerelle/internal/platform/db"
)

// Row is one case in a list.
type Row struct {
	ID, Number       string
	Kind             Kind
	Service, Version string
	Name             string
	Status           Status
	Outcome          pack.Outcome
	SubmittedAt      time.Time
	DueAt            time.Time // zero: none
	DecidedAt        time.Time
}

// QueueRow is one task in an authority's queue.
type QueueRow struct {
	Row
	Task       string
	Element    string
	TaskKind   TaskKind
	Role       string
	Assignee   string
	Assigned   string
	TaskStatus TaskStatus
	TaskDueAt  time.Time
	Account    string // who acts in the case, to leave out one's own
	Person     string // for whom
}

// Cursor is the row's place in the queue, for QueueFilter.After.
func (r QueueRow) Cursor() Cursor { return Cursor{Due: due(r.TaskDueAt), ID: r.Task} }

// QueueFilter narrows an authority's queue. Zero fields do not.
type QueueFilter struct {
	Authority string
	Service   string
	Kind      TaskKind
	Status    TaskStatus // zero: open
	Assignee  string     // account; "none" for unassigned
	Search    string     // number or name, part of it
	DueFrom   time.Time
	DueBefore time.Time
	After     Cursor // keyset: rows after this one
	Limit     int    // zero: 50

	takers *takers // only what this person may take; nil: all
}

// takers says whose tasks are left in a queue: those that nobody else has, in
// nobody's own case, within the person's role.
type takers struct {
	account, person string
	headOfUnit      bool
	except          string // a case to leave out, or ""
}

// Cursor is a place in a queue.
type Cursor struct {
	Due int64
	ID  string
}

func (store) ofPerson(ctx context.Context, q db.Querier, account, person, before string, limit int) ([]Row, error) {
	if before == "" {
		before = "g" // after every UUID, in any collation
	}
	return list(ctx, q, scanRow, `SELECT id, number, kind, service, version, name, status, outcome, submitted_at, due_at, decided_at FROM cases_case
		WHERE (account = $1 OR (person = $2 AND person <> '')) AND id < $3 ORDER BY id DESC LIMIT $4`, account, person, before, limit)
}

func scanRow(row scanner) (Row, error) {
	var r Row
	var submitted, dueAt, decided int64
	err := row.Scan(&r.ID, &r.Number, &r.Kind, &r.Service, &r.Version, &r.Name, &r.Status, &r.Outcome, &submitted, &dueAt, &decided)
	r.SubmittedAt, r.DueAt, r.DecidedAt = db.Time(submitted), dueTime(dueAt), db.Time(decided)
	return r, err
}

// insideOnly leaves out the tasks that are nobody's of the authority.
func insideOnly(column string) string {
	return column + " NOT IN ('" + roleApplicant + "', '" + roleParty + "')"
}

// queue lists tasks of an authority, most urgent first.
func (store) queue(ctx context.Context, q db.Querier, f QueueFilter) ([]QueueRow, error) {
	where := []string{"t.authority = $1", "t.status = $2", "(t.due_at, t.id) > ($3, $4)", insideOnly("t.role")}
	status := f.Status
	if status == "" {
		status = TaskOpen
	}
	args := []any{f.Authority, string(status), f.After.Due, f.After.ID}
	add := func(condition string, arg any) {
		args = append(args, arg)
		where = append(where, strings.ReplaceAll(condition, "?", "$"+itoa(len(args))))
	}
	if f.Service != "" {
		add("t.service = ?", f.Service)
	}
	if f.Kind != "" {
		add("t.kind = ?", string(f.Kind))
	}
	switch f.Assignee {
	case "":
	case "none":
		add("t.assignee = ?", "")
	default:
		add("t.assignee = ?", f.Assignee)
	}
	for _, pattern := range searchPatterns(f.Search) {
		add(`c.search LIKE ? ESCAPE '\'`, pattern)
	}
	if !f.DueFrom.IsZero() {
		add("t.due_at >= ?", db.Micros(f.DueFrom))
	}
	if !f.DueBefore.IsZero() {
		add("t.due_at < ?", db.Micros(f.DueBefore))
	}
	if by := f.takers; by != nil {
		add("t.assignee IN ('', ?)", by.account)
		add("c.account <> ?", by.account)
		if by.person != "" {
			add("c.person <> ?", by.person)
		}
		if !by.headOfUnit {
			add("t.role <> ?", RoleHeadOfUnit)
		}
		if by.except != "" {
			add("c.id <> ?", by.except)
		}
	}
	limit := f.Limit
	if limit <= 0 || limit > 200 {
		limit = 50
	}
	args = append(args, limit)
	return list(ctx, q, scanQueueRow, `SELECT c.id, c.number, c.kind, c.service, c.version, c.name, c.status, c.outcome, c.submitted_at, c.due_at, c.decided_at,
		t.id, t.element, t.kind, t.role, t.assignee, t.assigned, t.status, t.due_at, c.account, c.person
		FROM cases_task t JOIN cases_case c ON c.id = t.case_id
		WHERE `+strings.Join(where, " AND ")+` ORDER BY t.due_at, t.id LIMIT $`+itoa(len(args)), args...)
}

func scanQueueRow(row scanner) (QueueRow, error) {
	var r QueueRow
	var submitted, dueAt, decided, taskDue int64
	err := row.Scan(&r.ID, &r.Number, &r.Kind, &r.Service, &r.Version, &r.Name, &r.Status, &r.Outcome, &submitted, &dueAt, &decided,
		&r.Task, &r.Element, &r.TaskKind, &r.Role, &r.Assignee, &r.Assigned, &r.TaskStatus, &taskDue, &r.Account, &r.Person)
	r.SubmittedAt, r.DueAt, r.DecidedAt, r.TaskDueAt = db.Time(submitted), dueTime(dueAt), db.Time(decided), dueTime(taskDue)
	return r, err
}

// lookup lists an authority's cases that hold all words of the search, newest
// first.
func (store) lookup(ctx context.Context, q db.Querier, authority, text string, limit int) ([]Row, error) {
	patterns := searchPatterns(text)
	if len(patterns) == 0 {
		return nil, nil
	}
	where, args := "authority = $1", []any{authority}
	for _, pattern := range patterns {
		args = append(args, pattern)
		where += ` AND search LIKE $` + itoa(len(args)) + ` ESCAPE '\'`
	}
	args = append(args, limit)
	return list(ctx, q, scanRow, `SELECT id, number, kind, service, version, name, status, outcome, submitted_at, due_at, decided_at FROM cases_case
		WHERE `+where+` ORDER BY id DESC LIMIT $`+itoa(len(args)), args...)
}

// maxWords is how many words of a search count.
const maxWords = 8

// searchPatterns are the LIKE patterns of a search, one for each word: all must
// be found, in any order.
func searchPatterns(text string) []string {
	words := strings.Fields(fold(text))
	if len(words) > maxWords {
		words = words[:maxWords]
	}
	for i, w := range words {
		words[i] = "%" + likeEscape(w) + "%"
	}
	return words
}

// workers are who worked on a case, as far as it bars them from a task.
type workers struct {
	Excluded []string                       `json:"excluded"`
	Involved []string                       `json:"involved"`
	Results  map[string]struct{ By string } `json:"results"`
}

// workersOf reads who worked on some cases, by their id.
func (store) workersOf(ctx context.Context, q db.Querier, ids []string) (map[string]workers, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	places, args := make([]string, len(ids)), make([]any, len(ids))
	for i, id := range ids {
		places[i], args[i] = "$"+itoa(i+1), id
	}
	all := make(map[string]workers, len(ids))
	_, err := list(ctx, q, func(row scanner) (struct{}, error) {
		var id, file string
		var one workers
		if err := row.Scan(&id, &file); err != nil {
			return struct{}{}, err
		}
		err := json.Unmarshal([]byte(file), &one)
		all[id] = one
		return struct{}{}, err
	}, `SELECT id, file FROM cases_case WHERE id IN (`+strings.Join(places, ",")+`)`, args...)
	return all, err
}

// Stuck is a case in which a step of the process failed.
type Stuck struct {
	Row
	Authority string
	Steps     []string // the elements of the process that failed
	Cause     string   // for the operator, without personal data
}

// stuck lists cases with a failed step, the nearest deadline first.
func (store) stuck(ctx context.Context, q db.Querier, limit int) ([]Stuck, error) {
	return list(ctx, q, func(row scanner) (Stuck, error) {
		var s Stuck
		var submitted, dueAt, decided int64
		var text string
		if err := row.Scan(&s.ID, &s.Number, &s.Kind, &s.Service, &s.Version, &s.Name, &s.Status, &s.Outcome, &submitted, &dueAt, &decided, &s.Authority, &s.Cause, &text); err != nil {
			return s, err
		}
		s.SubmittedAt, s.DueAt, s.DecidedAt = db.Time(submitted), dueTime(dueAt), db.Time(decided)
		var file struct{ Process bpmn.State }
		err := json.Unmarshal([]byte(text), &file)
		for _, w := range file.Process.Waits() {
			if w.Kind == bpmn.WaitIncident {
				s.Steps = append(s.Steps, w.Element)
			}
		}
		return s, err
	}, `SELECT id, number, kind, service, version, name, status, outcome, submitted_at, due_at, decided_at, authority, incident, file FROM cases_case
		WHERE incident <> '' ORDER BY due_at, id LIMIT $1`, limit)
}

// Counts are the figures above a queue.
type Counts struct {
	Open, Unassigned, Mine, DueSoon, Overdue, Waiting int64
}

func (store) counts(ctx context.Context, q db.Querier, authority, account string, now, soon time.Time) (Counts, error) {
	var c Counts
	err := q.QueryRowContext(ctx, `SELECT
		COALESCE(SUM(CASE WHEN status = 'open' THEN 1 ELSE 0 END), 0),
		COALESCE(SUM(CASE WHEN status = 'open' AND assignee = '' THEN 1 ELSE 0 END), 0),
		COALESCE(SUM(CASE WHEN status = 'open' AND assignee = $2 THEN 1 ELSE 0 END), 0),
		COALESCE(SUM(CASE WHEN status = 'open' AND due_at >= $3 AND due_at < $4 THEN 1 ELSE 0 END), 0),
		COALESCE(SUM(CASE WHEN status = 'open' AND due_at < $3 THEN 1 ELSE 0 END), 0),
		COALESCE(SUM(CASE WHEN status = 'waiting' THEN 1 ELSE 0 END), 0)
		FROM cases_task WHERE authority = $1 AND status IN ('open', 'waiting') AND `+insideOnly("role"),
		authority, account, db.Micros(now), db.Micros(soon)).Scan(&c.Open, &c.Unassigned, &c.Mine, &c.DueSoon, &c.Overdue, &c.Waiting)
	return c, err
}

const taskColumns = `id, case_id, element, kind, role, authority, service, assignee, assigned, status, created_at, due_at, done_at, done_by`

func scanTask(row scanner) (Task, error) {
	var t Task
	var created, dueAt, done int64
	err := row.Scan(&t.ID, &t.Case, &t.Element, &t.Kind, &t.Role, &t.Authority, &t.Service, &t.Assignee, &t.Assigned, &t.Status, &created, &dueAt, &done, &t.DoneBy)
	t.CreatedAt, t.DueAt, t.DoneAt = db.Time(created), dueTime(dueAt), db.Time(done)
	return t, err
}

func (store) tasks(ctx context.Context, q db.Querier, caseID string) ([]Task, error) {
	return list(ctx, q, scanTask, `SELECT `+taskColumns+` FROM cases_task WHERE case_id = $1 ORDER BY created_at, id`, caseID)
}

func (store) addTask(ctx context.Context, tx db.Querier, t Task) error {
	return db.Send(ctx, tx, `INSERT INTO cases_task (`+taskColumns+`) VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$11,$12,$13,$14)`,
		t.ID, t.Case, t.Element, string(t.Kind), t.Role, t.Authority, t.Service, t.Assignee, t.Assigned, string(t.Status),
		db.Micros(t.CreatedAt), due(t.DueAt), db.Micros(t.DoneAt), t.DoneBy)
}

func (store) saveTask(ctx context.Context, tx db.Querier, t Task) error {
	return db.Send(ctx, tx, `UPDATE cases_task SET assignee = $1, assigned = $2, status = $3, due_at = $4, done_at = $5, done_by = $6 WHERE id = $7`,
		t.Assignee, t.Assigned, string(t.Status), due(t.DueAt), db.Micros(t.DoneAt), t.DoneBy, t.ID)
}

// moveTask stores where a task stands in the process, and whose it is.
func (store) moveTask(ctx context.Context, tx db.Querier, t Task) error {
	return db.Send(ctx, tx, `UPDATE cases_task SET element = $1, role = $2 WHERE id = $3`, t.Element, t.Role, t.ID)
}

// Notice is a message with what its line in the inbox shows.
type Notice struct {
	Message
	Number, Service, Version string
}

func (store) inbox(ctx context.Context, q db.Querier, account, before string, limit int) ([]Notice, error) {
	if before == "" {
		before = "g" // after every UUID, in any collation
	}
	return list(ctx, q, func(row scanner) (Notice, error) {
		var n Notice
		var at, read int64
		err := row.Scan(&n.ID, &n.Account, &n.Case, &n.Kind, &at, &read, &n.Number, &n.Service, &n.Version)
		n.At, n.ReadAt = db.Time(at), db.Time(read)
		return n, err
	}, `SELECT m.id, m.account, m.case_id, m.kind, m.at, m.read_at, c.number, c.service, c.version
		FROM cases_message m JOIN cases_case c ON c.id = m.case_id
		WHERE m.account = $1 AND m.id < $2 ORDER BY m.id DESC LIMIT $3`, account, before, limit)
}

func (store) unread(ctx context.Context, q db.Querier, account string) (int, error) {
	var n int
	err := q.QueryRowContext(ctx, `SELECT COUNT(*) FROM cases_message WHERE account = $1 AND read_at = 0`, account).Scan(&n)
	return n, err
}

func (store) linked(ctx context.Context, q db.Querier, caseID string) ([]Row, error) {
	return list(ctx, q, scanRow, `SELECT id, number, kind, service, version, name, status, outcome, submitted_at, due_at, decided_at FROM cases_case
		WHERE linked = $1 AND linked <> '' ORDER BY id`, caseID)
}

// sameShown is how many other applications an officer is told of.
const sameShown = 5

// same lists other applications of the case's person to its service.
func (store) same(ctx context.Context, q db.Querier, c *Case) ([]Row, error) {
	if c.Person == "" {
		return nil, nil
	}
	return list(ctx, q, scanRow, `SELECT id, number, kind, service, version, name, status, outcome, submitted_at, due_at, decided_at FROM cases_case
		WHERE person = $1 AND service = $2 AND kind = $3 AND id <> $4 ORDER BY id DESC LIMIT $5`, c.Person, c.Service, string(Application), c.ID, sameShown)
}

// fold removes case and accents, so that "helene" finds Hélène on every
// database.
func fold(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Mn, r) {
			return -1
		}
		return r
	}, norm.NFD.String(strings.ToLower(s)))
}

// likeEscape makes LIKE's own signs ordinary.
func likeEscape(s string) string {
	return strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`).Replace(s)
}
