package dbtest

import (
	"context"
	"crypto/rand"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"passerelle/internal/platform/db"
)

// Each runs fn as the subtests "sqlite" and "postgresql", each on an empty file
// or schema of its own that is closed and removed afterwards.
func Each(t *testing.T, fn func(t *testing.T, d *db.DB)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) { fn(t, SQLite(t)) })
	t.Run("postgresql", func(t *testing.T) { fn(t, PostgreSQL(t)) })
}

// SQLite opens a new database file in the test's temporary folder.
func SQLite(t testing.TB) *db.DB {
	t.Helper()
	return open(t, "sqlite:"+filepath.Join(t.TempDir(), "test.db"))
}

// PostgreSQL opens a new database on the test server, or skips the test when
// there is no server.
func PostgreSQL(t testing.TB) *db.DB {
	t.Helper()
	return open(t, PostgreSQLURL(t))
}

// PostgreSQLURL creates a new schema on the test server and returns an address
// that has it as its only search path, or skips the test when there is no
// server. A schema is as empty as a database and made in a fiftieth of the time.
func PostgreSQLURL(t testing.TB) string {
	t.Helper()
	server, err := server()
	if err != nil {
		t.Skipf("PostgreSQL is left out: %v", err)
	}
	name := fmt.Sprintf("test_%x", random())
	admin(t, server, "CREATE SCHEMA "+name)
	t.Cleanup(func() { admin(t, server, "DROP SCHEMA "+name+" CASCADE") })
	u, err := url.Parse(server)
	if err != nil {
		t.Fatal(err)
	}
	q := u.Query()
	q.Set("search_path", name)
	u.RawQuery = q.Encode()
	return u.String()
}

func open(t testing.TB, url string) *db.DB {
	t.Helper()
	d, err := db.Open(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := d.Close(); err != nil {
			t.Errorf("close the database: %v", err)
		}
	})
	return d
}

// server returns the URL of the test server, starting one on the first call.
var server = sync.OnceValues(func() (string, error) {
	if given := os.Getenv("PASSERELLE_TEST_POSTGRES"); given != "" {
		return given, nil
	}
	c, err := StartCluster(Quick)
	if err != nil {
		return "", err
	}
	return c.URL, nil // it stops when this process ends
})

func admin(t testing.TB, server, text string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	conn, err := pgx.Connect(ctx, server)
	if err != nil {
		t.Fatalf("connect to the test server: %v", err)
	}
	defer conn.Close(ctx)
	if _, err := conn.Exec(ctx, text); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
}

func random() []byte {
	b := make([]byte, 8)
	_, _ = rand.Read(b)
	return b
}
