-- +goose Up
CREATE TABLE services_delegation (
    id          TEXT PRIMARY KEY,
    draft_id    TEXT NOT NULL,
    page        TEXT NOT NULL,             -- of the form
    code        TEXT NOT NULL UNIQUE,      -- in the link; worth nothing without signing in
    name        TEXT NOT NULL,             -- whom the author named
    email       TEXT NOT NULL DEFAULT '',  -- where the link goes; '' the author passes it on
    owner       TEXT NOT NULL,             -- account of the author
    owner_name  TEXT NOT NULL,
    owner_email TEXT NOT NULL DEFAULT '',
    lang        TEXT NOT NULL,
    account     TEXT NOT NULL DEFAULT '',  -- who took it
    answered_by TEXT NOT NULL DEFAULT '',  -- display name of the account
    status      TEXT NOT NULL,             -- open, taken, returned, ended
    answers     TEXT NOT NULL,             -- of the page, until they are handed back
    rev         BIGINT NOT NULL,
    asked_at    BIGINT NOT NULL,
    ended_at    BIGINT NOT NULL DEFAULT 0
);
CREATE UNIQUE INDEX services_delegation_page ON services_delegation (draft_id, page) WHERE status IN ('open', 'taken');
CREATE INDEX services_delegation_account ON services_delegation (account) WHERE account <> '';

-- +goose Down
DROP TABLE services_delegation;
