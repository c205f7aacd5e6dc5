-- +goose Up
ALTER TABLE services_delegation ADD COLUMN version TEXT NOT NULL DEFAULT ''; -- of the service, that the answers are written for
UPDATE services_delegation SET version = COALESCE((SELECT version FROM services_draft WHERE services_draft.id = services_delegation.draft_id), '');

-- +goose Down
ALTER TABLE services_delegation DROP COLUMN version;
