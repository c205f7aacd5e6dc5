package load

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"time"
)

// Conn is one kept HTTP/1.1 connection. Not for concurrent use.
type Conn struct {
	addr string
	c    net.Conn
	r    *bufio.Reader
}

// timeout is when an answer counts as an error.
const timeout = 30 * time.Second

// Conn opens a connection to the server.
func (s *Server) Conn() (*Conn, error) {
	c := &Conn{addr: strings.TrimPrefix(s.URL, "http://")}
	return c, c.dial()
}

func (c *Conn) dial() error {
	conn, err := net.Dial("tcp", c.addr)
	if err != nil {
		return err
	}
	c.c, c.r = conn, bufio.NewReaderSize(conn, 16<<10)
	return nil
}

// Close closes the connection.
func (c *Conn) Close() error { return c.c.Close() }

// Do sends a complete request and reads the answer. The body goes into body,
// which may be nil. After an error the connection is opened anew.
func (c *Conn) Do(request []byte, body *bytes.Buffer) (status int, err error) {
	status, err = c.do(request, body)
	if err != nil {
		_ = c.c.Close()
		if again := c.dial(); again != nil {
			return status, again
		}
	}
	return status, err
}

func (c *Conn) do(request []byte, body *bytes.Buffer) (int, error) {
	_ = c.c.SetDeadline(time.Now().Add(timeout))
	if _, err := c.c.Write(request); err != nil {
		return 0, err
	}
	line, err := c.line()
	if err != nil {
		return 0, err
	}
	if len(line) < 12 || !bytes.HasPrefix(line, []byte("HTTP/1.1 ")) {
		return 0, fmt.Errorf("no HTTP: %q", line)
	}
	status, err := strconv.Atoi(string(line[9:12]))
	if err != nil {
		return 0, err
	}
	length, chunked, last := int64(0), false, false
	for {
		line, err := c.line()
		if err != nil {
			return status, err
		}
		if len(line) == 0 {
			break
		}
		name, value, _ := bytes.Cut(line, []byte(": "))
		switch {
		case bytes.EqualFold(name, []byte("Content-Length")):
			length, err = strconv.ParseInt(string(value), 10, 64)
		case bytes.EqualFold(name, []byte("Transfer-Encoding")):
			chunked = true
		case bytes.EqualFold(name, []byte("Connection")):
			last = bytes.EqualFold(value, []byte("close"))
		}
		if err != nil {
			return status, err
		}
	}
	if chunked {
		err = c.chunks(body)
	} else {
		err = c.take(length, body)
	}
	if err == nil && last {
		_ = c.c.Close()
		err = c.dial()
	}
	return status, err
}

func (c *Conn) line() ([]byte, error) {
	line, err := c.r.ReadSlice('\n')
	return bytes.TrimRight(line, "\r\n"), err
}

func (c *Conn) chunks(body *bytes.Buffer) error {
	for {
		line, err := c.line()
		if err != nil {
			return err
		}
		n, err := strconv.ParseInt(string(line), 16, 64)
		if err != nil {
			return err
		}
		if err := c.take(n, body); err != nil {
			return err
		}
		if _, err := c.line(); err != nil {
			return err
		}
		if n == 0 {
			return nil
		}
	}
}

func (c *Conn) take(n int64, body *bytes.Buffer) error {
	if body == nil {
		_, err := c.r.Discard(int(n))
		return err
	}
	_, err := io.CopyN(body, c.r, n)
	return err
}
