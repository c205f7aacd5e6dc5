package feel

import "github.com/woodsbury/decimal128"

// member is x.name (DMN 1.5, table 54 and 10.3.2.5).
func member(e *env, p at, v Value, name string) Value {
	switch v.kind {
	case KindContext:
		return e.null(p, "the context has no entry %s", name)
	case KindNull:
		return e.null(p, "null has no %s", name)
	case KindList:
		items := v.Items()
		e.step(len(items))
		out := make([]Value, len(items))
		for i, item := range items {
			if got, ok := item.Get(name); ok {
				out[i] = got
			} else if item.kind != KindContext {
				out[i] = member(e, p, item, name)
			}
		}
		return List(out...)
	}
	if r, ok := property(v, name); ok {
		return r
	}
	return e.null(p, "a %s has no %s", v.kind, name)
}

// propertyNames are the properties whose names have spaces.
var propertyNames = func() nameSet {
	s := nameSet{}
	for _, name := range []string{"time offset", "start included", "end included"} {
		s.add(name)
	}
	return s
}()

// property returns a property of a date, time, duration or range.
func property(v Value, name string) (Value, bool) {
	switch v.kind {
	case KindDate, KindDateTime:
		y, m, d := v.ymd()
		switch name {
		case "year":
			return Int(y), true
		case "month":
			return Int(int64(m)), true
		case "day":
			return Int(int64(d)), true
		case "weekday":
			return Int(int64(v.weekday())), true
		}
		if v.kind == KindDate {
			return dateAsTime(v, name)
		}
		return clockProperty(v, name)
	case KindTime:
		return clockProperty(v, name)
	case KindMonthsDuration:
		n := int64(v.a)
		switch name {
		case "years":
			return Int(n / 12), true
		case "months":
			return Int(n % 12), true
		}
	case KindDaysDuration:
		sec := int64(v.a)
		switch name {
		case "days":
			return Int(sec / daySeconds), true
		case "hours":
			return Int(sec % daySeconds / 3600), true
		case "minutes":
			return Int(sec / 60 % 60), true
		case "seconds":
			return secondsOf(sec%60, int64(v.b)), true
		}
	case KindRange:
		r := v.rng()
		switch name {
		case "start":
			return r.low, true
		case "end":
			return r.high, true
		case "start included":
			return Bool(r.lowClosed), true
		case "end included":
			return Bool(r.highClosed), true
		}
	}
	return Value{}, false
}

func clockProperty(v Value, name string) (Value, bool) {
	n := v.nanos()
	sec := n / secondNanos
	switch name {
	case "hour":
		return Int(sec / 3600), true
	case "minute":
		return Int(sec / 60 % 60), true
	case "second":
		return secondsOf(sec%60, 0), true
	case "time offset":
		if offset, ok := v.offsetAt(); ok {
			return daysDuration(offset, 0), true
		}
		return Value{}, true
	case "timezone":
		if v.zone == zoneNamed {
			return String(v.zoneOf().loc.String()), true
		}
		return Value{}, true
	}
	return Value{}, false
}

// dateAsTime gives a date the properties of its midnight UTC.
func dateAsTime(v Value, name string) (Value, bool) {
	switch name {
	case "hour", "minute", "second", "time offset":
		return clockProperty(v.atMidnightUTC(), name)
	case "timezone":
		return Value{}, true
	}
	return Value{}, false
}

func secondsOf(sec, nano int64) Value {
	return number(decAdd(decimal128.FromInt64(sec), decimal128.New(nano, -9)))
}
