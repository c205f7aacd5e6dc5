-- +goose Up
CREATE TABLE services_draft (
    id         TEXT PRIMARY KEY,
    account    TEXT NOT NULL,
    service    TEXT NOT NULL,
    version    TEXT NOT NULL,
    answers    TEXT NOT NULL,          -- every answer given, also those that no longer count
    evidence   TEXT NOT NULL,          -- what registers said, by evidence id
    missing    TEXT NOT NULL,          -- evidence its register does not have
    page       TEXT NOT NULL,          -- where to go on
    rev        BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    case_id    TEXT NOT NULL DEFAULT '',  -- set when it was submitted
    receipt    TEXT NOT NULL DEFAULT ''
);
CREATE INDEX services_draft_account ON services_draft (account, updated_at);

CREATE TABLE services_measure (
    case_id      TEXT PRIMARY KEY,
    service      TEXT NOT NULL,
    version      TEXT NOT NULL,
    submitted_at BIGINT NOT NULL,
    decided_at   BIGINT NOT NULL,
    filling      BIGINT NOT NULL,      -- seconds from opening the form to submitting; 0: unknown
    deciding     BIGINT NOT NULL       -- seconds from submitting to the decision
);
CREATE INDEX services_measure_service ON services_measure (service, decided_at);

-- +goose Down
DROP TABLE services_measure;
DROP TABLE services_draft;
