-- +goose Up
CREATE TABLE event_log (
	id      TEXT   PRIMARY KEY,
	type    TEXT   NOT NULL,
	subject TEXT   NOT NULL,
	at      BIGINT NOT NULL,
	payload TEXT   NOT NULL
);
CREATE INDEX event_log_subject ON event_log (subject, at, id);

-- +goose Down
DROP TABLE event_log;
