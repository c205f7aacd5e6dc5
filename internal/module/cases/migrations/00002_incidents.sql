-- +goose Up
-- The failed step of a case, so that an operator finds it; '' while all is well.
ALTER TABLE cases_case ADD COLUMN incident TEXT NOT NULL DEFAULT '';
CREATE INDEX cases_case_incident ON cases_case (id) WHERE incident <> '';

-- +goose Down
DROP INDEX cases_case_incident;
ALTER TABLE cases_case DROP COLUMN incident;
