-- +goose Up
-- Results so far were protected by hiding cells: beside the new ones they would
-- tell what those keep.
DELETE FROM services_simulation;

-- The secret of this installation from which the figures take their offsets.
CREATE TABLE services_simulation_key (
    id  BIGINT PRIMARY KEY CHECK (id = 1),
    key BYTEA NOT NULL
);
CREATE INDEX services_simulation_account ON services_simulation (account, created_at);

-- +goose Down
DROP INDEX services_simulation_account;
DROP TABLE services_simulation_key;
