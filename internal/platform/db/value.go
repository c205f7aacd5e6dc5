package db

import (
	"database/sql"
	"encoding/binary"
	"sync"
	"time"

	"crypto/rand"

	"github.com/google/uuid"

	"passerelle/internal/platform/clock"
)

// Micros is how an instant is stored: microseconds since 1970-01-01 UTC. The
// zero time is stored as 0.
func Micros(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMicro()
}

// Time is the inverse of [Micros]; 0 gives the zero time.
func Time(micros int64) time.Time {
	if micros == 0 {
		return time.Time{}
	}
	return time.UnixMicro(micros).UTC()
}

// NullMicros is Micros for a column that may be NULL: the zero time is NULL.
func NullMicros(t time.Time) sql.NullInt64 {
	return sql.NullInt64{Int64: Micros(t), Valid: !t.IsZero()}
}

// NullTime is the inverse of [NullMicros].
func NullTime(v sql.NullInt64) time.Time {
	if !v.Valid {
		return time.Time{}
	}
	return Time(v.Int64)
}

// ids keeps the UUIDs of one process ascending within a millisecond.
var ids struct {
	sync.Mutex
	lastMillis int64
	seq        uint16
}

// NewID returns a UUIDv7 as text (RFC 9562, 5.7): ordered by the clock's
// millisecond, within the same millisecond of this process by a 12-bit counter
// that starts at random, then 62 random bits.
func NewID(c clock.Clock) string {
	var u uuid.UUID
	if _, err := rand.Read(u[:]); err != nil {
		panic(err) // crypto/rand never fails on a supported system
	}
	millis := c.Now().UnixMilli()
	ids.Lock()
	if millis != ids.lastMillis {
		ids.lastMillis = millis
		ids.seq = binary.BigEndian.Uint16(u[6:8]) & 0x07ff // leave room to count
	} else {
		ids.seq = (ids.seq + 1) & 0x0fff
	}
	seq := ids.seq
	ids.Unlock()

	var ts [8]byte
	binary.BigEndian.PutUint64(ts[:], uint64(millis))
	copy(u[0:6], ts[2:8])
	binary.BigEndian.PutUint16(u[6:8], 0x7000|seq)
	u[8] = u[8]&0x3f | 0x80
	return u.String()
}
