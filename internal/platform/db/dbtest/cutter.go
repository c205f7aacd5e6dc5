package dbtest

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"io"
	"net"
	"net/url"
	"path/filepath"
	"sync/atomic"
	"testing"
)

// Cutter passes connections on to a PostgreSQL socket, and cuts the one on which a
// chosen COMMIT is seen.
type Cutter struct {
	left atomic.Int64 // COMMITs until the one that is cut; 0 for none
	late atomic.Bool
	cuts atomic.Int64
}

// Arm cuts the connection of the n-th COMMIT from now, after the server has answered
// it (late) or before the server got it. With n = 0 none is cut any more.
func (c *Cutter) Arm(n int, late bool) {
	c.late.Store(late)
	c.left.Store(int64(n))
}

// Cuts is how many connections were cut.
func (c *Cutter) Cuts() int { return int(c.cuts.Load()) }

// preparedCommit is the name under which the driver has prepared COMMIT.
var preparedCommit = func() []byte {
	sum := sha256.Sum256([]byte("COMMIT"))
	return fmt.Appendf(nil, "stmtcache_%x", sum[:24])
}()

// Serve returns the address that leads to the server through c. The test is skipped
// where the server is not reached through a unix socket.
func (c *Cutter) Serve(t testing.TB, server string) (through string) {
	t.Helper()
	u, err := url.Parse(server)
	if err != nil {
		t.Fatal(err)
	}
	const socket = ".s.PGSQL.5432"
	to := filepath.Join(u.Query().Get("host"), socket)
	if u.Query().Get("host") == "" {
		t.Skip("the test server is not reached through a unix socket")
	}
	dir := t.TempDir()
	l, err := net.Listen("unix", filepath.Join(dir, socket))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			client, err := l.Accept()
			if err != nil {
				return
			}
			server, err := net.Dial("unix", to)
			if err != nil {
				_ = client.Close()
				return
			}
			go c.pass(client, server)
		}
	}()
	q := u.Query()
	q.Set("host", dir)
	u.RawQuery = q.Encode()
	return u.String()
}

// its reports whether the COMMIT just seen is the one to cut at.
func (c *Cutter) its() bool {
	for {
		left := c.left.Load()
		if left == 0 {
			return false
		}
		if c.left.CompareAndSwap(left, left-1) {
			return left == 1
		}
	}
}

func (c *Cutter) pass(client, server net.Conn) {
	defer client.Close()
	defer server.Close()
	var cut atomic.Bool
	answered := make(chan bool)
	go func() { // server → client
		defer close(answered)
		buf := make([]byte, 1<<16)
		for {
			n, err := server.Read(buf)
			if err != nil || cut.Load() {
				return
			}
			if _, err := client.Write(buf[:n]); err != nil {
				return
			}
		}
	}()
	buf := make([]byte, 1<<16)
	for {
		n, err := client.Read(buf)
		if err != nil {
			return
		}
		// A BEGIN at READ COMMITTED is none.
		if (bytes.Contains(buf[:n], []byte("COMMIT\x00")) || bytes.Contains(buf[:n], preparedCommit)) && c.its() {
			c.cuts.Add(1)
			if !c.late.Load() {
				return
			}
			cut.Store(true)
			if _, err := server.Write(buf[:n]); err != nil {
				return
			}
			<-answered // the server has committed; the client never hears it
			return
		}
		if _, err := server.Write(buf[:n]); err != nil && err != io.EOF {
			return
		}
	}
}
