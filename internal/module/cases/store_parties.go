package cases

import (
	"context"
	"database/sql"
	"errors"

	"passerelle/internal/platform/db"
	"passerelle/internal/platform/errs"
)

const invitationColumns = `task_id, code, case_id, party, name, email, person, account, answered_by, status, asked_at, due_at, ended_at, sent, lang`

func scanInvitation(row scanner) (Invitation, error) {
	var i Invitation
	var asked, dueAt, ended int64
	err := row.Scan(&i.Task, &i.Code, &i.Case, &i.Party, &i.Name, &i.Email, &i.Person, &i.Account, &i.AnsweredBy, &i.Status, &asked, &dueAt, &ended, &i.Sent, &i.Lang)
	i.AskedAt, i.DueAt, i.EndedAt = db.Time(asked), dueTime(dueAt), db.Time(ended)
	return i, err
}

func (store) addInvitation(ctx context.Context, tx db.Querier, i Invitation) error {
	return db.Send(ctx, tx, `INSERT INTO cases_invitation (`+invitationColumns+`) VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$11,$12,$13,$14,$15)`,
		i.Task, i.Code, i.Case, i.Party, i.Name, i.Email, i.Person, i.Account, i.AnsweredBy, string(i.Status), db.Micros(i.AskedAt), due(i.DueAt), db.Micros(i.EndedAt), i.Sent, string(i.Lang))
}

func (store) saveInvitation(ctx context.Context, tx db.Querier, i Invitation) error {
	return db.Send(ctx, tx, `UPDATE cases_invitation SET code = $1, email = $2, account = $3, answered_by = $4, status = $5, due_at = $6, ended_at = $7, sent = $8, lang = $9 WHERE task_id = $10`,
		i.Code, i.Email, i.Account, i.AnsweredBy, string(i.Status), due(i.DueAt), db.Micros(i.EndedAt), i.Sent, string(i.Lang), i.Task)
}

// invitations lists those of a case, oldest first.
func (store) invitations(ctx context.Context, q db.Querier, caseID string) ([]Invitation, error) {
	return list(ctx, q, scanInvitation, `SELECT `+invitationColumns+` FROM cases_invitation WHERE case_id = $1 ORDER BY asked_at, task_id`, caseID)
}

func (store) invitation(ctx context.Context, q db.Querier, column, value string) (Invitation, error) {
	i, err := scanInvitation(q.QueryRowContext(ctx, `SELECT `+invitationColumns+` FROM cases_invitation WHERE `+column+` = $1`, value))
	if errors.Is(err, sql.ErrNoRows) {
		return i, errs.New(errs.NotFound, "cases.party.unknown")
	}
	return i, err
}

// invited lists the invitations that are meant for a person or taken by an
// account, newest first, and the open ones before all.
func (store) invited(ctx context.Context, q db.Querier, account, person string, limit int) ([]Invitation, error) {
	return list(ctx, q, scanInvitation, `SELECT `+invitationColumns+` FROM cases_invitation
		WHERE (account = $1 AND account <> '') OR (person = $2 AND person <> '' AND status IN ('open', 'taken'))
		ORDER BY CASE WHEN status IN ('open', 'taken') THEN 0 ELSE 1 END, asked_at DESC, task_id LIMIT $3`, account, person, limit)
}
