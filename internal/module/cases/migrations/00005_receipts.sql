-- +goose Up
-- The receipt of each decision that rules had a part in, as it was written with
-- the decision: later rules and engines cannot alter it.
CREATE TABLE cases_receipt (
    hash    TEXT PRIMARY KEY,               -- SHA-256, as it stands in the receipt itself
    case_id TEXT NOT NULL,
    receipt TEXT NOT NULL                   -- canonical JSON
);
CREATE INDEX cases_receipt_case ON cases_receipt (case_id);

-- +goose Down
DROP TABLE cases_receipt;
