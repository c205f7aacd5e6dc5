-- +goose Up
-- A draft may be the part of somebody whom another's application names.
ALTER TABLE services_draft ADD COLUMN task TEXT NOT NULL DEFAULT '';   -- the party's task, '' for an application
ALTER TABLE services_draft ADD COLUMN party TEXT NOT NULL DEFAULT '';
DROP INDEX services_draft_open;
CREATE UNIQUE INDEX services_draft_open ON services_draft (account, service, task) WHERE case_id = '';

-- +goose Down
DROP INDEX services_draft_open;
DELETE FROM services_draft WHERE task <> '';
ALTER TABLE services_draft DROP COLUMN party;
ALTER TABLE services_draft DROP COLUMN task;
CREATE UNIQUE INDEX services_draft_open ON services_draft (account, service) WHERE case_id = '';
