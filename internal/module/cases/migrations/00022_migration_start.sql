-- +goose Up
-- A run is started with reasons, by somebody else than who made the plan; either
-- may go on with it. Runs from before have no reasons.
ALTER TABLE cases_migration ADD COLUMN reasons TEXT NOT NULL DEFAULT '';
ALTER TABLE cases_migration ADD COLUMN continued_by TEXT NOT NULL DEFAULT ''; -- account
ALTER TABLE cases_migration ADD COLUMN continuer TEXT NOT NULL DEFAULT '';    -- display name
ALTER TABLE cases_migration ADD COLUMN continued_at BIGINT NOT NULL DEFAULT 0;

-- +goose Down
ALTER TABLE cases_migration DROP COLUMN continued_at;
ALTER TABLE cases_migration DROP COLUMN continuer;
ALTER TABLE cases_migration DROP COLUMN continued_by;
ALTER TABLE cases_migration DROP COLUMN reasons;
