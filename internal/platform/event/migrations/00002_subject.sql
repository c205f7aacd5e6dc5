-- +goose Up
-- Nobody asks for the events of a subject, and each event paid for the answer.
DROP INDEX event_log_subject;

-- +goose Down
CREATE INDEX event_log_subject ON event_log (subject, at, id);
