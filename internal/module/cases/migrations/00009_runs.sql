-- +goose Up
-- Work over many cases, batch by batch: what a changed calendar counts again,
-- what an operator repeats or corrects. A run goes on where it was cut.
CREATE TABLE cases_run (
    id       TEXT PRIMARY KEY,
    kind     TEXT NOT NULL,                 -- calendar, resume, correct
    at       BIGINT NOT NULL,
    actor    TEXT NOT NULL,                 -- account, or system
    name     TEXT NOT NULL,                 -- display name of the actor
    detail   TEXT NOT NULL,                 -- what is done, as JSON
    total    BIGINT NOT NULL,               -- cases when it began
    place    TEXT NOT NULL DEFAULT '',      -- the last case that was looked at
    done     BIGINT NOT NULL DEFAULT 0,     -- cases looked at
    changed  BIGINT NOT NULL DEFAULT 0,     -- of these: changed, or going on again
    failed   BIGINT NOT NULL DEFAULT 0,     -- of these: could not be changed, or stand still again
    ended_at BIGINT NOT NULL DEFAULT 0
);

-- +goose Down
DROP TABLE cases_run;
