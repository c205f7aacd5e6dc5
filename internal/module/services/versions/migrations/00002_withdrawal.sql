-- +goose Up
-- A proposal publishes a version, or takes a published one back before its first day.
ALTER TABLE services_proposal ADD COLUMN kind TEXT NOT NULL DEFAULT 'publish'; -- publish, withdraw
CREATE UNIQUE INDEX services_proposal_withdrawn ON services_proposal (service, version) WHERE kind = 'withdraw' AND state = 'approved';

-- +goose Down
DROP INDEX services_proposal_withdrawn;
DELETE FROM services_proposal WHERE kind = 'withdraw';
ALTER TABLE services_proposal DROP COLUMN kind;
