-- +goose Up
-- The files of versions, by their digest, so that they are kept once.
CREATE TABLE services_folder (
    digest TEXT PRIMARY KEY,  -- SHA-256 of names and contents, hex
    files  BYTEA NOT NULL     -- zip
);

-- What somebody wants to publish. What is proposed never changes; its state does, once.
CREATE TABLE services_proposal (
    id            TEXT PRIMARY KEY,
    service       TEXT NOT NULL,
    version       TEXT NOT NULL,
    hash          TEXT NOT NULL,            -- of what counts for a case, as decisions name it
    digest        TEXT NOT NULL REFERENCES services_folder (digest),
    state         TEXT NOT NULL,            -- open, approved, returned, withdrawn
    proposer      TEXT NOT NULL,            -- account
    proposer_name TEXT NOT NULL,
    remark        TEXT NOT NULL,
    proposed_at   BIGINT NOT NULL,
    reviewer      TEXT NOT NULL DEFAULT '', -- account
    reviewer_name TEXT NOT NULL DEFAULT '',
    reason        TEXT NOT NULL DEFAULT '',
    reviewed_at   BIGINT NOT NULL DEFAULT 0
);
CREATE UNIQUE INDEX services_proposal_open ON services_proposal (service, version) WHERE state = 'open';
CREATE INDEX services_proposal_of ON services_proposal (service, version, proposed_at);

-- What is published. Rows are added, never changed and never deleted.
CREATE TABLE services_version (
    service      TEXT NOT NULL,
    version      TEXT NOT NULL,
    hash         TEXT NOT NULL,
    digest       TEXT NOT NULL REFERENCES services_folder (digest),
    proposal     TEXT NOT NULL,             -- '': stood in the installation's folder when it was first seen
    published_at BIGINT NOT NULL,
    PRIMARY KEY (service, version)
);

-- +goose Down
DROP TABLE services_version;
DROP TABLE services_proposal;
DROP TABLE services_folder;
