// Package dbtest runs the tests of stores on both databases. [Each] is the one
// conformance entry: every store's tests call it, so that no SQL text is ever
// tried on one database alone.
//
// SQLite runs on a file in the test's temporary folder, with the settings of
// production. PostgreSQL runs on the server named by PASSERELLE_TEST_POSTGRES
// (a URL whose user may create schemas), otherwise on a temporary cluster
// started once per test binary from the installed binaries (PATH, or Debian's
// /usr/lib/postgresql); where there is none, those subtests are skipped and
// say so. The cluster ends with the process that started it, even a killed
// one.
//
// Many packages at once are quicker with one cluster for all:
//
//	go run ./internal/platform/db/dbtest/cmd/pgtemp -- go test ./...
package dbtest
