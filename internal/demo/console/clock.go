package console

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"

	"passerelle/internal/platform/clock"
)

const clockFile = "demo-clock"

// Clock is the demonstration's time: the machine's, displaced by what is kept
// in the data folder. It is safe for concurrent use.
type Clock struct {
	clock.Shifted
	path string
	mu   sync.Mutex // one change at a time
}

// OpenClock returns the clock of the data folder. At the first start it shows
// begin.
func OpenClock(dir string, base clock.Clock, begin time.Time) (c *Clock, first bool, err error) {
	c = &Clock{Shifted: clock.Shifted{Base: base}, path: filepath.Join(dir, clockFile)}
	b, err := os.ReadFile(c.path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		c.SetOffset(begin.Sub(base.Now()))
		return c, true, nil
	case err != nil:
		return nil, false, err
	}
	seconds, err := strconv.ParseInt(strings.TrimSpace(string(b)), 10, 64)
	if err != nil {
		return nil, false, fmt.Errorf("%s: %w", c.path, err)
	}
	c.SetOffset(time.Duration(seconds) * time.Second)
	return c, false, nil
}

// Keep writes the displacement down, in seconds and rounded up: at a restart
// the clock must not go back.
func (c *Clock) Keep() error {
	offset := c.Offset()
	seconds := int64(offset / time.Second)
	if time.Duration(seconds)*time.Second < offset {
		seconds++
	}
	tmp := c.path + ".new"
	if err := os.WriteFile(tmp, []byte(strconv.FormatInt(seconds, 10)+"\n"), 0o600); err != nil {
		return err
	}
	return os.Rename(tmp, c.path)
}

// Forward moves the clock by whole months and days and keeps that.
func (c *Clock) Forward(months, days int) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := c.Now()
	c.Advance(now.AddDate(0, months, days).Sub(now))
	return c.Keep()
}
