package feel

import (
	"time"
	"unsafe"
)

// zoneKind tells how a time names its zone.
type zoneKind uint8

const (
	zoneNone   zoneKind = iota // local: no zone
	zoneOffset                 // aux is the offset from UTC in seconds
	zoneNamed                  // ptr is the *time.Location
)

// Zone is the zone of a time: none, an offset, or a named location. The zero
// Zone is none.
type Zone struct {
	kind   zoneKind
	offset int32
	loc    *time.Location
}

// OffsetZone is a fixed offset from UTC, in seconds.
func OffsetZone(seconds int) Zone { return Zone{kind: zoneOffset, offset: int32(seconds)} }

// NamedZone is a location such as Europe/Luxembourg.
func NamedZone(loc *time.Location) Zone { return Zone{kind: zoneNamed, loc: loc} }

const (
	dayNanos    = int64(24 * time.Hour)
	secondNanos = int64(time.Second)
	daySeconds  = int64(86400)
	maxYear     = 999_999_999
	maxOffset   = 18 * 3600
)

// A date's payload a packs year, month and day so that it orders as they do.
func packDate(y int64, m, d int) uint64 { return uint64(y<<9 | int64(m)<<5 | int64(d)) }
func unpackDate(a uint64) (y int64, m, d int) {
	return int64(a) >> 9, int(a >> 5 & 15), int(a & 31)
}

// ymd returns year, month and day of a date or a date and time.
func (v Value) ymd() (y int64, m, d int) { return unpackDate(v.a) }

// nanos returns the nanosecond of the day of a time (a) or date and time (b).
func (v Value) nanos() int64 {
	if v.kind == KindTime {
		return int64(v.a)
	}
	if v.kind == KindDateTime {
		return int64(v.b)
	}
	return 0
}

// Date returns a date; one that does not exist is null. Years are those of ISO
// 8601: 0 is 1 BC.
func Date(year, month, day int) Value { return dateOf(int64(year), int64(month), int64(day)) }

func dateOf(y, m, d int64) Value {
	if y < -maxYear || y > maxYear || m < 1 || m > 12 || d < 1 || d > int64(daysIn(y, int(m))) {
		return Value{}
	}
	return Value{kind: KindDate, a: packDate(y, int(m), int(d))}
}

// DateOf returns the date that t shows in its location.
func DateOf(t time.Time) Value {
	y, m, d := t.Date()
	return Date(y, int(m), d)
}

// Time returns a time of day; one that does not exist is null.
func Time(hour, minute, second, nano int, z Zone) Value {
	if hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 59 || nano < 0 || nano >= int(secondNanos) {
		return Value{}
	}
	n := (int64(hour)*3600+int64(minute)*60+int64(second))*secondNanos + int64(nano)
	return timeOf(n, z)
}

func timeOf(nanos int64, z Zone) Value {
	return Value{kind: KindTime, a: uint64(nanos)}.withZone(z)
}

func (v Value) withZone(z Zone) Value {
	v.zone, v.aux, v.ptr = z.kind, z.offset, unsafe.Pointer(z.loc)
	return v
}

func (v Value) zoneOf() Zone { return Zone{v.zone, v.aux, (*time.Location)(v.ptr)} }

// DateTime returns the date and time that t shows, with t's location as its
// zone.
func DateTime(t time.Time) Value {
	z := NamedZone(t.Location())
	if name := t.Location().String(); name == "UTC" || name == "" || name == "Local" {
		_, offset := t.Zone()
		z = OffsetZone(offset)
	}
	return LocalDateTime(t).withZone(z)
}

// LocalDateTime returns the date and time that t shows, without a zone.
func LocalDateTime(t time.Time) Value {
	d := DateOf(t)
	if d.IsNull() {
		return d
	}
	return dateTimeOf(d.a, int64(t.Hour()*3600+t.Minute()*60+t.Second())*secondNanos+int64(t.Nanosecond()), Zone{})
}

func dateTimeOf(date uint64, nanos int64, z Zone) Value {
	return Value{kind: KindDateTime, a: date, b: uint64(nanos)}.withZone(z)
}

// atMidnightUTC turns a date into a date and time (DMN 1.5, 10.3.2.9.4).
func (v Value) atMidnightUTC() Value { return dateTimeOf(v.a, 0, OffsetZone(0)) }

// DaysDuration returns a days and time duration.
func DaysDuration(d time.Duration) Value {
	return daysDuration(int64(d/time.Second), int64(d%time.Second))
}

// daysDuration normalises seconds and nanoseconds to one sign.
func daysDuration(sec, nano int64) Value {
	sec += nano / secondNanos
	nano %= secondNanos
	if sec > 0 && nano < 0 {
		sec--
		nano += secondNanos
	} else if sec < 0 && nano > 0 {
		sec++
		nano -= secondNanos
	}
	return Value{kind: KindDaysDuration, a: uint64(sec), b: uint64(nano)}
}

// MonthsDuration returns a years and months duration of n months.
func MonthsDuration(n int64) Value { return Value{kind: KindMonthsDuration, a: uint64(n)} }

// AsDuration returns a days and time duration that fits time.Duration.
func (v Value) AsDuration() (time.Duration, bool) {
	if v.kind != KindDaysDuration || int64(v.a) > 9e9 || int64(v.a) < -9e9 {
		return 0, false
	}
	return time.Duration(int64(v.a))*time.Second + time.Duration(int64(v.b)), true
}

// AsMonths returns the number of months of a years and months duration.
func (v Value) AsMonths() (int64, bool) { return int64(v.a), v.kind == KindMonthsDuration }

func leap(y int64) bool { return y%4 == 0 && (y%100 != 0 || y%400 == 0) }

var monthDays = [...]int{0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31}

func daysIn(y int64, m int) int {
	if m == 2 && leap(y) {
		return 29
	}
	return monthDays[m]
}

// dayNumber counts days from 1970-01-01 in the proleptic Gregorian calendar.
func dayNumber(y int64, m, d int) int64 {
	if m <= 2 {
		y--
	}
	era := floorDiv(y, 400)
	yoe := y - era*400
	mp := int64(m+9) % 12
	doy := (153*mp+2)/5 + int64(d) - 1
	doe := yoe*365 + yoe/4 - yoe/100 + doy
	return era*146097 + doe - 719468
}

// dateAt is the inverse of dayNumber.
func dateAt(n int64) (y int64, m, d int) {
	n += 719468
	era := floorDiv(n, 146097)
	doe := n - era*146097
	yoe := (doe - doe/1460 + doe/36524 - doe/146096) / 365
	doy := doe - (365*yoe + yoe/4 - yoe/100)
	mp := (5*doy + 2) / 153
	d = int(doy - (153*mp+2)/5 + 1)
	m = int(mp + 3)
	if m > 12 {
		m -= 12
	}
	y = yoe + era*400
	if m <= 2 {
		y++
	}
	return y, m, d
}

func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b != 0 && (a < 0) != (b < 0) {
		q--
	}
	return q
}

func (v Value) days() int64 {
	y, m, d := v.ymd()
	return dayNumber(y, m, d)
}

// offsetAt returns the offset from UTC in seconds that a date and time, or a
// time, has in its zone; a named zone of a bare time counts as on 1970-01-01.
func (v Value) offsetAt() (seconds int64, ok bool) {
	switch v.zone {
	case zoneOffset:
		return int64(v.aux), true
	case zoneNamed:
		loc := (*time.Location)(v.ptr)
		var t time.Time
		if v.kind == KindDateTime {
			t = v.wall(loc)
		} else {
			t = time.Unix(0, v.nanos()).In(loc)
		}
		_, offset := t.Zone()
		return int64(offset), true
	}
	return 0, false
}

// wall reads the date and time's clock face in loc. Years that time.Time
// handles badly are moved into a near cycle of 400 years.
func (v Value) wall(loc *time.Location) time.Time {
	y, m, d := v.ymd()
	if y > 9000 || y < -9000 {
		y = 2000 + y%400
	}
	n := v.nanos()
	return time.Date(int(y), time.Month(m), d, 0, 0, int(n/secondNanos), int(n%secondNanos), loc)
}

func (v Value) instantIn(loc *time.Location) time.Time {
	switch v.zone {
	case zoneOffset:
		loc = time.FixedZone("", int(v.aux))
	case zoneNamed:
		loc = (*time.Location)(v.ptr)
	}
	y, m, d := v.ymd()
	n := v.nanos()
	return time.Date(int(y), time.Month(m), d, 0, 0, int(n/secondNanos), int(n%secondNanos), loc)
}

// epoch returns seconds since 1970-01-01T00:00:00Z and nanoseconds of a date
// (midnight UTC) or date and time; one without zone counts as UTC, zoned tells.
func (v Value) epoch() (sec, nano int64, zoned bool) {
	n := v.nanos()
	sec = v.days()*daySeconds + n/secondNanos
	nano = n % secondNanos
	if v.kind == KindDate {
		return sec, nano, true
	}
	offset, zoned := v.offsetAt()
	return sec - offset, nano, zoned
}

// fromEpoch is the date and time of an instant, shown in zone z.
func fromEpoch(sec, nano int64, z Zone) Value {
	switch z.kind {
	case zoneOffset:
		sec += int64(z.offset)
	case zoneNamed:
		t := time.Unix(sec, 0)
		if sec > 200_000_000_000 || sec < -300_000_000_000 {
			t = time.Unix(sec%(146097*daySeconds), 0)
		}
		_, offset := t.In(z.loc).Zone()
		sec += int64(offset)
	}
	day := floorDiv(sec, daySeconds)
	y, m, d := dateAt(day)
	if y < -maxYear || y > maxYear {
		return Value{}
	}
	return dateTimeOf(packDate(y, m, d), (sec-day*daySeconds)*secondNanos+nano, z)
}

// addMonths adds months to a date or date and time; the day is cut to the
// length of the month.
func (v Value) addMonths(n int64) Value {
	y, m, d := v.ymd()
	if n > maxYear*24 || n < -maxYear*24 {
		return Value{}
	}
	total := y*12 + int64(m-1) + n
	y = floorDiv(total, 12)
	m = int(total-y*12) + 1
	if y < -maxYear || y > maxYear {
		return Value{}
	}
	v.a = packDate(y, m, min(d, daysIn(y, m)))
	return v
}

// addDuration adds a days and time duration to a date, time or date and time.
func (v Value) addDuration(sec, nano int64) Value {
	if sec > 1<<58 || sec < -(1<<58) {
		return Value{}
	}
	switch v.kind {
	case KindDate: // from midnight, then cut back to a date
		if nano < 0 {
			sec--
		}
		n := v.days() + floorDiv(sec, daySeconds)
		y, m, d := dateAt(n)
		return dateOf(y, int64(m), int64(d))
	case KindTime:
		n := int64(v.a) + (sec%daySeconds)*secondNanos + nano
		n %= dayNanos
		if n < 0 {
			n += dayNanos
		}
		v.a = uint64(n)
		return v
	case KindDateTime:
		s, n, _ := v.epoch()
		s, n = s+sec, n+nano
		if n >= secondNanos {
			s, n = s+1, n-secondNanos
		} else if n < 0 {
			s, n = s-1, n+secondNanos
		}
		return fromEpoch(s, n, v.zoneOf())
	}
	return Value{}
}

// weekday returns 1 for Monday to 7 for Sunday.
func (v Value) weekday() int {
	w := (v.days() + 3) % 7
	if w < 0 {
		w += 7
	}
	return int(w) + 1
}

func (v Value) dayOfYear() int {
	y, _, _ := v.ymd()
	return int(v.days()-dayNumber(y, 1, 1)) + 1
}

// weekOfYear returns the week's number in ISO 8601.
func (v Value) weekOfYear() int {
	thursday := v.days() + int64(4-v.weekday())
	y, _, _ := dateAt(thursday)
	return int(thursday-dayNumber(y, 1, 1))/7 + 1
}

// monthsBetween counts whole months from the date of a to the date of b,
// negative when b is earlier; times of day do not count.
func monthsBetween(a, b Value) int64 {
	ay, am, ad := a.ymd()
	by, bm, bd := b.ymd()
	n := (by-ay)*12 + int64(bm-am)
	if n > 0 && bd < ad {
		n--
	} else if n < 0 && bd > ad {
		n++
	}
	return n
}
