-- +goose Up
ALTER TABLE services_delegation ADD COLUMN helper_lang TEXT NOT NULL DEFAULT 'fr'; -- in which the other person is written to
ALTER TABLE services_delegation ADD COLUMN applicant TEXT NOT NULL DEFAULT '{}';   -- what the page's conditions read of the author
UPDATE services_delegation SET helper_lang = lang;

-- +goose Down
ALTER TABLE services_delegation DROP COLUMN applicant;
ALTER TABLE services_delegation DROP COLUMN helper_lang;
