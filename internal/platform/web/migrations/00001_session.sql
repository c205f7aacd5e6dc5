-- +goose Up
-- One row per session. The token itself is only in the browser's cookie.
CREATE TABLE web_session (
    hash     TEXT   NOT NULL PRIMARY KEY, -- SHA-256 of the token, hex
    account  TEXT   NOT NULL,             -- '' while nobody is signed in
    data     TEXT   NOT NULL,             -- JSON: identity and values
    seen     BIGINT NOT NULL,             -- last use, to a twelfth of the idle time
    deadline BIGINT NOT NULL              -- end, whatever happens
);
CREATE INDEX web_session_account ON web_session (account);
CREATE INDEX web_session_deadline ON web_session (deadline);

-- +goose Down
DROP TABLE web_session;
