-- +goose Up
-- One unsent draft for each account and service, also after a double click.
DELETE FROM services_draft WHERE case_id = ''
    AND id NOT IN (SELECT MAX(id) FROM services_draft WHERE case_id = '' GROUP BY account, service);
CREATE UNIQUE INDEX services_draft_open ON services_draft (account, service) WHERE case_id = '';

-- +goose Down
DROP INDEX services_draft_open;
