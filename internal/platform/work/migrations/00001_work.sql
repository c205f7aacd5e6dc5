-- +goose Up
CREATE TABLE work_job (
	id          TEXT   PRIMARY KEY,
	kind        TEXT   NOT NULL,
	job_key     TEXT   NOT NULL,
	due         BIGINT NOT NULL,            -- when it was meant to run
	ready       BIGINT NOT NULL,            -- when it may run: due, or later after a failure
	payload     BYTEA,
	state       TEXT   NOT NULL,            -- waiting, incident, discarded
	attempt     BIGINT NOT NULL,            -- times it was started
	lease       TEXT   NOT NULL,            -- who runs it; '' nobody
	lease_until BIGINT NOT NULL,            -- by the machine's clock
	error       TEXT   NOT NULL,            -- of the last attempt
	failed      BIGINT NOT NULL,            -- when the last attempt failed; 0 never
	reason      TEXT   NOT NULL             -- why an operator discarded it
);
CREATE INDEX work_job_ready ON work_job (kind, ready, id) WHERE state = 'waiting';
CREATE INDEX work_job_incident ON work_job (id) WHERE state = 'incident';

CREATE TABLE work_effect (
	id TEXT PRIMARY KEY
);

-- +goose Down
DROP TABLE work_effect;
DROP TABLE work_job;
