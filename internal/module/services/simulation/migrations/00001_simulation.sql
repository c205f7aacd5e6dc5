-- +goose Up
CREATE TABLE services_simulation (
    id          TEXT PRIMARY KEY,
    account     TEXT NOT NULL,             -- who started it
    name        TEXT NOT NULL,
    service     TEXT NOT NULL,
    state       TEXT NOT NULL,             -- waiting, running, done, failed
    total       BIGINT NOT NULL,           -- applications; 0: not known yet
    done        BIGINT NOT NULL,
    plan        TEXT NOT NULL,             -- versions, day, changes
    result      TEXT NOT NULL DEFAULT '',  -- protected counts, or why there are none
    created_at  BIGINT NOT NULL,
    finished_at BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX services_simulation_created ON services_simulation (created_at, id);

-- +goose Down
DROP TABLE services_simulation;
