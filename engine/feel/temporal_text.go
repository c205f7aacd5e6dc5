package feel

import (
	"fmt"
	"math/big"
	"strconv"
	"strings"
	"sync"
	"time"
)

// ParseTemporal reads a date, time, date and time or duration as FEEL's
// @"…" literals do.
func ParseTemporal(s string) (Value, bool) {
	for _, parse := range []func(string) (Value, bool){parseDate, parseDateTime, parseTime, parseDuration} {
		if v, ok := parse(s); ok {
			return v, true
		}
	}
	return Value{}, false
}

// parseDate reads "2025-01-31"; years have four to nine digits.
func parseDate(s string) (Value, bool) {
	t := strings.TrimPrefix(s, "-")
	i := strings.IndexByte(t, '-')
	if i < 4 || i > 9 || len(t) != i+6 || t[i+3] != '-' || i > 4 && t[0] == '0' {
		return Value{}, false
	}
	y, ok1 := digitsOf(t[:i])
	m, ok2 := digitsOf(t[i+1 : i+3])
	d, ok3 := digitsOf(t[i+4:])
	if !ok1 || !ok2 || !ok3 {
		return Value{}, false
	}
	if len(t) != len(s) {
		y = -y
	}
	v := dateOf(y, m, d)
	return v, !v.IsNull()
}

func digitsOf(s string) (int64, bool) {
	if s == "" || len(s) > 18 || !allDigits(s) {
		return 0, false
	}
	n, err := strconv.ParseInt(s, 10, 64)
	return n, err == nil
}

// parseClock reads "10:30:00.25" and returns the rest (the zone). 24:00:00 is
// allowed and returns a whole day.
func parseClock(s string) (nanos int64, rest string, ok bool) {
	if len(s) < 8 || s[2] != ':' || s[5] != ':' {
		return 0, "", false
	}
	h, ok1 := digitsOf(s[:2])
	m, ok2 := digitsOf(s[3:5])
	sec, ok3 := digitsOf(s[6:8])
	if !ok1 || !ok2 || !ok3 || h > 24 || m > 59 || sec > 59 {
		return 0, "", false
	}
	nanos = (h*3600 + m*60 + sec) * secondNanos
	rest = s[8:]
	if strings.HasPrefix(rest, ".") {
		end := 1
		for end < len(rest) && rest[end] >= '0' && rest[end] <= '9' {
			end++
		}
		if end == 1 {
			return 0, "", false
		}
		nanos += fraction(rest[1:end])
		rest = rest[end:]
	}
	return nanos, rest, nanos <= dayNanos
}

// fraction reads the digits after the point as nanoseconds, cut at nine.
func fraction(s string) int64 {
	if len(s) > 9 {
		s = s[:9]
	}
	n, _ := strconv.ParseInt(s+"000000000"[len(s):], 10, 64)
	return n
}

// parseZone reads "", "Z", "+01:00", "+01:00:30" or "@Europe/Luxembourg".
func parseZone(s string) (Zone, bool) {
	switch {
	case s == "":
		return Zone{}, true
	case s == "Z" || s == "z":
		return OffsetZone(0), true
	case s[0] == '@':
		loc := location(s[1:])
		return NamedZone(loc), loc != nil
	case s[0] != '+' && s[0] != '-':
		return Zone{}, false
	}
	if len(s) != 6 && len(s) != 9 || s[3] != ':' {
		return Zone{}, false
	}
	h, ok1 := digitsOf(s[1:3])
	m, ok2 := digitsOf(s[4:6])
	if !ok1 || !ok2 || m > 59 {
		return Zone{}, false
	}
	offset := h*3600 + m*60
	if len(s) == 9 {
		sec, ok := digitsOf(s[7:])
		if !ok || s[6] != ':' || sec > 59 {
			return Zone{}, false
		}
		offset += sec
	}
	if offset > maxOffset {
		return Zone{}, false
	}
	if s[0] == '-' {
		offset = -offset
	}
	return OffsetZone(int(offset)), true
}

var locations sync.Map // name → *time.Location

// location loads a zone of the IANA database; nil when there is none.
func location(name string) *time.Location {
	if name == "" || name == "Local" || len(name) > 64 {
		return nil
	}
	if l, ok := locations.Load(name); ok {
		return l.(*time.Location)
	}
	l, err := time.LoadLocation(name)
	if err != nil {
		return nil
	}
	locations.Store(name, l) // bounded by the database: unknown names are not kept
	return l
}

// parseTime reads "10:30:00", optionally with a zone.
func parseTime(s string) (Value, bool) {
	n, rest, ok := parseClock(s)
	if !ok {
		return Value{}, false
	}
	z, ok := parseZone(rest)
	if !ok {
		return Value{}, false
	}
	return timeOf(n%dayNanos, z), true
}

// parseDateTime reads "2025-01-31T10:30:00", optionally with a zone.
func parseDateTime(s string) (Value, bool) {
	day, clock, found := strings.Cut(s, "T")
	if !found {
		return Value{}, false
	}
	d, ok := parseDate(day)
	if !ok {
		return Value{}, false
	}
	n, rest, ok := parseClock(clock)
	if !ok {
		return Value{}, false
	}
	z, ok := parseZone(rest)
	if !ok {
		return Value{}, false
	}
	if n == dayNanos {
		y, m, dd := dateAt(d.days() + 1)
		if d = dateOf(y, int64(m), int64(dd)); d.IsNull() {
			return d, false
		}
		n = 0
	}
	return dateTimeOf(d.a, n, z), true
}

// parseDuration reads "P1Y2M" or "P1DT2H3M4.5S" with an optional minus.
func parseDuration(s string) (Value, bool) {
	t := strings.TrimPrefix(s, "-")
	neg := len(t) != len(s)
	if len(t) < 3 || t[0] != 'P' {
		return Value{}, false
	}
	date, clock, hasT := strings.Cut(t[1:], "T")
	if hasT && clock == "" {
		return Value{}, false
	}
	years, date, okY := component(date, 'Y')
	months, date, okM := component(date, 'M')
	days, date, okD := component(date, 'D')
	hours, clock, okH := component(clock, 'H')
	minutes, clock, okMin := component(clock, 'M')
	seconds, nanos, clock, okS := secondsComponent(clock)
	if date != "" || clock != "" {
		return Value{}, false
	}
	isDays := okD || okH || okMin || okS
	if (okY || okM) == isDays {
		return Value{}, false
	}
	if !isDays {
		n, fits := sumProducts(years, 12, months, 1)
		if neg {
			n = -n
		}
		return MonthsDuration(n), fits
	}
	n, fits := sumProducts(days, 86400, hours, 3600, minutes, 60, seconds, 1)
	if neg {
		n, nanos = -n, -nanos
	}
	return daysDuration(n, nanos), fits
}

func component(s string, unit byte) (n int64, rest string, ok bool) {
	i := strings.IndexByte(s, unit)
	if i <= 0 {
		return 0, s, false
	}
	n, ok = digitsOf(s[:i])
	if !ok {
		return 0, s, false
	}
	return n, s[i+1:], true
}

func secondsComponent(s string) (sec, nano int64, rest string, ok bool) {
	i := strings.IndexByte(s, 'S')
	if i <= 0 {
		return 0, 0, s, false
	}
	whole, frac, _ := strings.Cut(s[:i], ".")
	sec, ok = digitsOf(whole)
	if !ok || !allDigits(frac) {
		return 0, 0, s, false
	}
	return sec, fraction(frac), s[i+1:], true
}

// sumProducts adds pairs multiplied, and tells whether the sum fits.
func sumProducts(pairs ...int64) (int64, bool) {
	sum := new(big.Int)
	for i := 0; i < len(pairs); i += 2 {
		sum.Add(sum, new(big.Int).Mul(big.NewInt(pairs[i]), big.NewInt(pairs[i+1])))
	}
	return sum.Int64(), sum.IsInt64() && sum.BitLen() < 60
}

func formatDate(a uint64) string {
	y, m, d := unpackDate(a)
	sign := ""
	if y < 0 {
		sign, y = "-", -y
	}
	return fmt.Sprintf("%s%04d-%02d-%02d", sign, y, m, d)
}

func formatClock(n int64) string {
	sec := n / secondNanos
	s := fmt.Sprintf("%02d:%02d:%02d", sec/3600, sec/60%60, sec%60)
	if frac := n % secondNanos; frac != 0 {
		s += strings.TrimRight(fmt.Sprintf(".%09d", frac), "0")
	}
	return s
}

func (v Value) formatZone() string {
	switch v.zone {
	case zoneNamed:
		return "@" + (*time.Location)(v.ptr).String()
	case zoneOffset:
		o := v.aux
		if o == 0 {
			return "Z"
		}
		sign := '+'
		if o < 0 {
			sign, o = '-', -o
		}
		s := fmt.Sprintf("%c%02d:%02d", sign, o/3600, o/60%60)
		if o%60 != 0 {
			s += fmt.Sprintf(":%02d", o%60)
		}
		return s
	}
	return ""
}

func formatMonths(n int64) string {
	sign := ""
	if n < 0 {
		sign, n = "-", -n
	}
	switch y, m := n/12, n%12; {
	case y == 0:
		return fmt.Sprintf("%sP%dM", sign, m)
	case m == 0:
		return fmt.Sprintf("%sP%dY", sign, y)
	default:
		return fmt.Sprintf("%sP%dY%dM", sign, y, m)
	}
}

func formatDays(sec, nano int64) string {
	if sec == 0 && nano == 0 {
		return "PT0S"
	}
	var b strings.Builder
	if sec < 0 || nano < 0 {
		b.WriteByte('-')
		sec, nano = -sec, -nano
	}
	b.WriteByte('P')
	if d := sec / daySeconds; d > 0 {
		fmt.Fprintf(&b, "%dD", d)
	}
	sec %= daySeconds
	if sec == 0 && nano == 0 {
		return b.String()
	}
	b.WriteByte('T')
	if h := sec / 3600; h > 0 {
		fmt.Fprintf(&b, "%dH", h)
	}
	if m := sec / 60 % 60; m > 0 {
		fmt.Fprintf(&b, "%dM", m)
	}
	if s := sec % 60; s > 0 || nano > 0 {
		fmt.Fprintf(&b, "%d", s)
		if nano > 0 {
			b.WriteString(strings.TrimRight(fmt.Sprintf(".%09d", nano), "0"))
		}
		b.WriteByte('S')
	}
	return b.String()
}
