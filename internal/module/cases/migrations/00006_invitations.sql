-- +goose Up
CREATE TABLE cases_invitation (
    task_id     TEXT PRIMARY KEY,          -- the task of the party
    code        TEXT NOT NULL UNIQUE,      -- in the link; worth nothing without signing in
    case_id     TEXT NOT NULL,
    party       TEXT NOT NULL,
    name        TEXT NOT NULL,             -- whom the applicant named
    email       TEXT NOT NULL DEFAULT '',  -- where the link goes; '' the applicant passes it on
    person      TEXT NOT NULL DEFAULT '',  -- the only one who may answer; '' whoever has the link
    account     TEXT NOT NULL DEFAULT '',  -- who took it
    answered_by TEXT NOT NULL DEFAULT '',  -- display name of the account
    status      TEXT NOT NULL,             -- open, taken, answered, declined, ended
    asked_at    BIGINT NOT NULL,
    due_at      BIGINT NOT NULL,
    ended_at    BIGINT NOT NULL DEFAULT 0,
    sent        BIGINT NOT NULL DEFAULT 0  -- mails so far
);
CREATE INDEX cases_invitation_case ON cases_invitation (case_id);
CREATE INDEX cases_invitation_person ON cases_invitation (person, task_id) WHERE person <> '';
CREATE INDEX cases_invitation_account ON cases_invitation (account, task_id) WHERE account <> '';

-- +goose Down
DROP TABLE cases_invitation;
