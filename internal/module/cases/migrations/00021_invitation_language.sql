-- +goose Up
ALTER TABLE cases_invitation ADD COLUMN lang TEXT NOT NULL DEFAULT 'fr'; -- in which the party is written to
UPDATE cases_invitation SET lang = COALESCE((SELECT lang FROM cases_case WHERE cases_case.id = cases_invitation.case_id), 'fr');

-- +goose Down
ALTER TABLE cases_invitation DROP COLUMN lang;
