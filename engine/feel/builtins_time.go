package feel

// Functions of dates, times and durations (DMN 1.5, 10.3.4.1, 10.3.4.7 and
// 10.3.4.10).
func init() {
	define("date", "from:a", func(c callCtx, a []Value) Value { return toDate(c, single(a[0])) },
		"year:n, month:n, day:n", func(c callCtx, a []Value) Value {
			y, ok1 := a[0].AsInt()
			m, ok2 := a[1].AsInt()
			d, ok3 := a[2].AsInt()
			if v := dateOf(y, m, d); ok1 && ok2 && ok3 && !v.IsNull() {
				return v
			}
			return c.null("there is no such date")
		})
	define("time", "from:a", func(c callCtx, a []Value) Value { return toTime(c, single(a[0])) },
		"hour:n, minute:n, second:n, offset?:a", timeOfParts)
	define("date and time", "from:a", func(c callCtx, a []Value) Value { return toDateTime(c, single(a[0])) },
		"date:d, time:a", func(c callCtx, a []Value) Value {
			t := single(a[1])
			if t.kind != KindTime {
				return c.null("date and time: a %s is no time", t.kind)
			}
			return dateTimeOf(a[0].a, t.nanos(), t.zoneOf())
		})
	define("duration", "from:a", func(c callCtx, a []Value) Value {
		v := single(a[0])
		switch v.kind {
		case KindDaysDuration, KindMonthsDuration:
			return v
		case KindString:
			if d, ok := parseDuration(v.str()); ok {
				return d
			}
		}
		return c.null("%s is no duration", v)
	})
	define("years and months duration", "from:d, to:d", func(c callCtx, a []Value) Value {
		return MonthsDuration(monthsBetween(a[0], a[1]))
	})
	define("now", "", func(c callCtx, _ []Value) Value {
		if c.env.cfg.clock == nil {
			return c.null("this evaluation has no clock")
		}
		return DateTime(c.env.cfg.clock())
	})
	define("today", "", func(c callCtx, _ []Value) Value {
		if c.env.cfg.clock == nil {
			return c.null("this evaluation has no clock")
		}
		return DateOf(c.env.cfg.clock())
	})
	define("day of year", "date:d", func(_ callCtx, a []Value) Value { return Int(int64(a[0].dayOfYear())) })
	define("week of year", "date:d", func(_ callCtx, a []Value) Value { return Int(int64(a[0].weekOfYear())) })
	define("day of week", "date:d", func(_ callCtx, a []Value) Value { return String(dayNames[a[0].weekday()]) })
	define("month of year", "date:d", func(_ callCtx, a []Value) Value {
		_, m, _ := a[0].ymd()
		return String(monthNames[m])
	})
}

// DMN fixes these names in English (1.5, table 86).
var (
	dayNames   = [...]string{"", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"}
	monthNames = [...]string{"", "January", "February", "March", "April", "May", "June", "July", "August",
		"September", "October", "November", "December"}
)

// single takes the item out of a list of one.
func single(v Value) Value {
	if items := v.Items(); len(items) == 1 {
		return items[0]
	}
	return v
}

func toDate(c callCtx, v Value) Value {
	switch v.kind {
	case KindDate:
		return v
	case KindDateTime:
		return Value{kind: KindDate, a: v.a}
	case KindString:
		if d, ok := parseDate(v.str()); ok {
			return d
		}
	}
	return c.null("%s is no date", v)
}

func toTime(c callCtx, v Value) Value {
	switch v.kind {
	case KindTime:
		return v
	case KindDateTime:
		return timeOf(v.nanos(), v.zoneOf())
	case KindDate:
		return timeOf(0, OffsetZone(0))
	case KindString:
		if t, ok := parseTime(v.str()); ok {
			return t
		}
	}
	return c.null("%s is no time", v)
}

func toDateTime(c callCtx, v Value) Value {
	switch v.kind {
	case KindDateTime:
		return v
	case KindDate:
		return v.atMidnightUTC()
	case KindString:
		if t, ok := parseDateTime(v.str()); ok {
			return t
		}
		if d, ok := parseDate(v.str()); ok {
			return dateTimeOf(d.a, 0, Zone{})
		}
	}
	return c.null("%s is no date and time", v)
}

func timeOfParts(c callCtx, a []Value) Value {
	h, ok1 := a[0].AsInt()
	m, ok2 := a[1].AsInt()
	units := scaleUnits(a[2], secondNanos)
	if !ok1 || !ok2 || h < 0 || h > 23 || m < 0 || m > 59 || units < 0 || units >= 60*secondNanos {
		return c.null("there is no such time")
	}
	z := Zone{}
	switch off := single(a[3]); {
	case off.kind == KindDaysDuration:
		sec := int64(off.a)
		if sec > maxOffset || sec < -maxOffset {
			return c.null("there is no such offset")
		}
		z = OffsetZone(int(sec))
	case !off.IsNull():
		return c.null("time: the offset is a %s", off.kind)
	}
	return timeOf((h*3600+m*60)*secondNanos+units, z)
}

// scaleUnits returns a number × unit cut to an integer, or -1.
func scaleUnits(v Value, unit int64) int64 {
	n, ok := decimalInt(truncate(decMul(v.num(), Int(unit).num())))
	if !ok {
		return -1
	}
	return n
}
