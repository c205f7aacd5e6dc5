-- +goose Up
CREATE TABLE cases_case (
    id           TEXT PRIMARY KEY,
    number       TEXT NOT NULL UNIQUE,
    kind         TEXT NOT NULL,             -- application, appeal
    service      TEXT NOT NULL,
    version      TEXT NOT NULL,
    authority    TEXT NOT NULL,
    account      TEXT NOT NULL,             -- who acts
    person       TEXT NOT NULL,             -- for whom: national identification number
    name         TEXT NOT NULL,             -- of the person, for the queue
    email        TEXT NOT NULL,             -- for notices, may be empty
    lang         TEXT NOT NULL,
    idempotency  TEXT NOT NULL,
    linked       TEXT NOT NULL DEFAULT '',  -- appeal: the case it contests
    status       TEXT NOT NULL,
    outcome      TEXT NOT NULL DEFAULT '',
    submitted_at BIGINT NOT NULL,
    due_at       BIGINT NOT NULL,           -- legal deadline; 9223372036854775807 while there is none
    decided_at   BIGINT NOT NULL DEFAULT 0,
    rev          BIGINT NOT NULL,
    entries      BIGINT NOT NULL,           -- entries of the timeline so far
    content_hash TEXT NOT NULL,             -- SHA-256 of the submitted application
    application  TEXT NOT NULL,
    file         TEXT NOT NULL              -- evidence, clock, process, results, decision as one document
);
CREATE UNIQUE INDEX cases_case_idempotency ON cases_case (account, idempotency);
CREATE INDEX cases_case_person ON cases_case (person, id);
CREATE INDEX cases_case_linked ON cases_case (linked) WHERE linked <> '';

CREATE TABLE cases_task (
    id         TEXT PRIMARY KEY,            -- case id / process token
    case_id    TEXT NOT NULL,
    element    TEXT NOT NULL,
    kind       TEXT NOT NULL,               -- decide, judge, approve, pay
    role       TEXT NOT NULL,
    authority  TEXT NOT NULL,
    service    TEXT NOT NULL,
    assignee   TEXT NOT NULL DEFAULT '',    -- account
    assigned   TEXT NOT NULL DEFAULT '',    -- display name of the assignee
    status     TEXT NOT NULL,               -- open, waiting, done, cancelled
    created_at BIGINT NOT NULL,
    due_at     BIGINT NOT NULL,
    done_at    BIGINT NOT NULL DEFAULT 0,
    done_by    TEXT NOT NULL DEFAULT ''
);
CREATE INDEX cases_task_queue ON cases_task (authority, status, due_at, id);
CREATE INDEX cases_task_case ON cases_task (case_id);

CREATE TABLE cases_entry (
    case_id TEXT NOT NULL,
    seq     BIGINT NOT NULL,
    at      BIGINT NOT NULL,
    kind    TEXT NOT NULL,
    actor   TEXT NOT NULL,                  -- account, or system
    name    TEXT NOT NULL,                  -- display name of the actor
    public  BIGINT NOT NULL,                -- 1: the applicant sees it
    data    TEXT NOT NULL,
    PRIMARY KEY (case_id, seq)
);

CREATE TABLE cases_document (
    id         TEXT PRIMARY KEY,
    case_id    TEXT NOT NULL,
    request_id TEXT NOT NULL DEFAULT '',
    field      TEXT NOT NULL DEFAULT '',
    name       TEXT NOT NULL,
    media_type TEXT NOT NULL,
    size       BIGINT NOT NULL,
    hash       TEXT NOT NULL,
    added_by   TEXT NOT NULL,
    added_at   BIGINT NOT NULL
);
CREATE INDEX cases_document_case ON cases_document (case_id, id);

CREATE TABLE cases_request (
    id          TEXT PRIMARY KEY,
    case_id     TEXT NOT NULL,
    asked_by    TEXT NOT NULL,
    asked_name  TEXT NOT NULL,
    asked_at    BIGINT NOT NULL,
    text        TEXT NOT NULL,
    due_at      BIGINT NOT NULL,
    answered_at BIGINT NOT NULL DEFAULT 0,
    answer      TEXT NOT NULL DEFAULT '',
    status      TEXT NOT NULL               -- open, answered, lapsed, withdrawn
);
CREATE INDEX cases_request_case ON cases_request (case_id, id);

CREATE TABLE cases_message (
    id      TEXT PRIMARY KEY,
    account TEXT NOT NULL,
    case_id TEXT NOT NULL,
    kind    TEXT NOT NULL,
    at      BIGINT NOT NULL,
    read_at BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX cases_message_account ON cases_message (account, id);

CREATE TABLE cases_certificate (
    code        TEXT PRIMARY KEY,
    case_id     TEXT NOT NULL,
    output      TEXT NOT NULL,
    issued_at   BIGINT NOT NULL,
    valid_until BIGINT NOT NULL,            -- 0: no end
    revoked_at  BIGINT NOT NULL DEFAULT 0,
    document    TEXT NOT NULL               -- what the certificate states, by name
);
CREATE INDEX cases_certificate_case ON cases_certificate (case_id);

CREATE TABLE cases_payment (
    id         TEXT PRIMARY KEY,            -- deterministic: case / element
    case_id    TEXT NOT NULL,
    direction  TEXT NOT NULL,               -- in (fee), out (allowance)
    cents      BIGINT NOT NULL,
    status     TEXT NOT NULL,               -- ordered, done, failed
    provider   TEXT NOT NULL,
    reference  TEXT NOT NULL DEFAULT '',
    ordered_at BIGINT NOT NULL,
    done_at    BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX cases_payment_case ON cases_payment (case_id);

CREATE TABLE cases_refused_access (
    id      TEXT PRIMARY KEY,
    at      BIGINT NOT NULL,
    account TEXT NOT NULL,
    case_id TEXT NOT NULL,
    route   TEXT NOT NULL
);

-- +goose Down
DROP TABLE cases_refused_access;
DROP TABLE cases_payment;
DROP TABLE cases_certificate;
DROP TABLE cases_message;
DROP TABLE cases_request;
DROP TABLE cases_document;
DROP TABLE cases_entry;
DROP TABLE cases_task;
DROP TABLE cases_case;
