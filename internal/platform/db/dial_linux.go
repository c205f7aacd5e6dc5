package db

import (
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// boundUnanswered ends a connection whose peer leaves sent data unanswered for
// 20 seconds; without it Linux repeats for a quarter of an hour.
func boundUnanswered(network, _ string, c syscall.RawConn) error {
	if !strings.HasPrefix(network, "tcp") {
		return nil
	}
	var err error
	if e := c.Control(func(fd uintptr) {
		err = unix.SetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_USER_TIMEOUT, 20_000)
	}); e != nil {
		return e
	}
	return err
}
