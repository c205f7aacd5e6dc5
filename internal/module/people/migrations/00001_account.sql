-- +goose Up
-- One row per person or official who has ever signed in.
CREATE TABLE people_account (
    id           TEXT   NOT NULL PRIMARY KEY,
    person       TEXT   NOT NULL, -- identification number of 13 digits; '' when nobody vouched for one
    name         TEXT   NOT NULL, -- as the provider said at the last sign-in
    email        TEXT   NOT NULL, -- where notices go, chosen by the person; '' for none
    language     TEXT   NOT NULL, -- of letters and notices: fr, de, lb, en, pt
    created      BIGINT NOT NULL,
    last_sign_in BIGINT NOT NULL
);
CREATE UNIQUE INDEX people_account_person ON people_account (person) WHERE person <> '';

-- How an account is reached: one row per provider and the provider's name for
-- the person. Two providers that vouch for the same number lead to one account.
CREATE TABLE people_login (
    issuer       TEXT   NOT NULL,
    subject      TEXT   NOT NULL,
    account      TEXT   NOT NULL REFERENCES people_account (id),
    roles        TEXT   NOT NULL, -- JSON: what this provider's claims gave at the last sign-in
    last_sign_in BIGINT NOT NULL,
    PRIMARY KEY (issuer, subject)
);
CREATE INDEX people_login_account ON people_login (account);
CREATE INDEX people_login_official ON people_login (account) WHERE roles <> '[]';

-- +goose Down
DROP TABLE people_login;
DROP TABLE people_account;
