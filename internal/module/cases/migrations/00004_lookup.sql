-- +goose Up
-- Finds a case of an authority by a part of its name or number without reading
-- the case itself, newest first.
CREATE INDEX cases_case_lookup ON cases_case (authority, id, search);

-- +goose Down
DROP INDEX cases_case_lookup;
