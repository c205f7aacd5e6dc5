-- +goose Up
-- Migrations of running cases to another version of their service: the plan, and
-- what it changes case by case.
CREATE TABLE cases_migration (
    id          TEXT PRIMARY KEY,
    account     TEXT NOT NULL,              -- who made the plan
    name        TEXT NOT NULL,
    plan        TEXT NOT NULL,              -- versions, mapping, timers
    state       TEXT NOT NULL,              -- checking, checked, running, stopped, done, failed
    why         TEXT NOT NULL DEFAULT '',   -- locale key, when it has failed
    place       TEXT NOT NULL DEFAULT '',   -- the last case that the dry run has looked at
    starts      BIGINT NOT NULL DEFAULT 0,  -- how often the run was started or continued
    sums        TEXT NOT NULL,              -- of the dry run
    created_at  BIGINT NOT NULL,
    checked_at  BIGINT NOT NULL DEFAULT 0,
    started_at  BIGINT NOT NULL DEFAULT 0,
    started_by  TEXT NOT NULL DEFAULT '',   -- account
    starter     TEXT NOT NULL DEFAULT '',   -- display name
    finished_at BIGINT NOT NULL DEFAULT 0
);

CREATE TABLE cases_migration_case (
    migration TEXT NOT NULL,
    case_id   TEXT NOT NULL,
    number    TEXT NOT NULL,
    state     TEXT NOT NULL,                -- ready, refused, migrated, left
    changes   BIGINT NOT NULL,              -- 1: more than the version
    effect    TEXT NOT NULL,
    PRIMARY KEY (migration, case_id)
);
CREATE INDEX cases_migration_case_state ON cases_migration_case (migration, state, case_id);

-- +goose Down
DROP TABLE cases_migration_case;
DROP TABLE cases_migration;
