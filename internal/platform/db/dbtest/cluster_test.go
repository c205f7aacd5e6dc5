package dbtest

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"testing"
)

// TestTheClusterEndsWithItsProcess kills a process that started a cluster, and
// sees the server hang up.
func TestTheClusterEndsWithItsProcess(t *testing.T) {
	if _, err := binaries(); errors.Is(err, ErrNoBinaries) {
		t.Skip(err)
	}
	child, out, _ := Child(t, func(string) {
		c, err := StartCluster(Quick)
		Must(err)
		fmt.Println(c.URL)
		select {} // until killed
	})
	if !out.Scan() {
		t.Fatal("the child says nothing")
	}
	u, err := url.Parse(out.Text())
	if err != nil {
		t.Fatalf("the child says %q", out.Text())
	}
	conn, err := net.Dial("unix", filepath.Join(u.Query().Get("host"), ".s.PGSQL.5432"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if err := child.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadAll(conn); err != nil && !errors.Is(err, io.EOF) {
		t.Logf("the server hung up: %v", err) // a reset is as good as an end
	}
	_ = child.Wait()
}

func TestStopRemovesTheFolder(t *testing.T) {
	c, err := StartCluster(Quick)
	if errors.Is(err, ErrNoBinaries) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	u, err := url.Parse(c.URL)
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Stop(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(u.Query().Get("host")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the folder is still there: %v", err)
	}
}
