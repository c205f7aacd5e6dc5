-- +goose Up
CREATE TABLE mail_message (
	id        TEXT   PRIMARY KEY,
	recipient TEXT   NOT NULL,
	subject   TEXT   NOT NULL,
	body      TEXT   NOT NULL,
	at        BIGINT NOT NULL
);
CREATE INDEX mail_message_recipient ON mail_message (recipient, at, id);
CREATE INDEX mail_message_at ON mail_message (at, id);

-- +goose Down
DROP TABLE mail_message;
