-- +goose Up
-- Name and number without case and accents, for the search in the queue.
ALTER TABLE cases_case ADD COLUMN search TEXT NOT NULL DEFAULT '';
UPDATE cases_case SET search = lower(name || ' ' || number);

-- +goose Down
ALTER TABLE cases_case DROP COLUMN search;
