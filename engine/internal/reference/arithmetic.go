package reference

import (
	"math/big"
	"strings"
	"time"

	"passerelle/engine/feel"
)

// rat is a number as a fraction.
func rat(v feel.Value) *big.Rat {
	d, _ := v.AsNumber()
	return d.Rat(nil)
}

var ten = big.NewInt(10)

func power(n int) *big.Int { return new(big.Int).Exp(ten, big.NewInt(int64(n)), nil) }

// numberOf rounds a fraction half-even to 34 digits. Numbers at the ends of the
// range of decimal128, which it rounds to fewer digits, are not compared.
func numberOf(r *big.Rat) feel.Value {
	if r.Sign() == 0 {
		return feel.Int(0)
	}
	n, d := new(big.Int).Abs(r.Num()), r.Denom()
	exp := len(n.String()) - len(d.String()) - 34 // the quotient at this scale has 34 or 35 digits
	for ; ; exp++ {
		q := scaled(n, d, exp)
		if len(q.String()) > 34 {
			continue
		}
		if exp > 6000 || exp < -6000 {
			panic(skip("at the end of the range"))
		}
		text := q.String() + "e" + big.NewInt(int64(exp)).String()
		if r.Sign() < 0 {
			text = "-" + text
		}
		return feel.MustNumber(text)
	}
}

// scaled is n/d × 10^-exp, rounded half-even to a whole number.
func scaled(n, d *big.Int, exp int) *big.Int {
	n, d = new(big.Int).Set(n), new(big.Int).Set(d)
	if exp > 0 {
		d.Mul(d, power(exp))
	} else {
		n.Mul(n, power(-exp))
	}
	q, rest := new(big.Int).QuoRem(n, d, new(big.Int))
	switch rest.Lsh(rest, 1).Cmp(d) {
	case 1:
		q.Add(q, big.NewInt(1))
	case 0:
		if q.Bit(0) == 1 {
			q.Add(q, big.NewInt(1))
		}
	}
	return q
}

func negative(v feel.Value) feel.Value {
	switch v.Kind() {
	case feel.KindNumber:
		return numberOf(new(big.Rat).Neg(rat(v)))
	case feel.KindDaysDuration:
		return daysOf(new(big.Int).Neg(nanosOf(v)))
	case feel.KindMonthsDuration:
		return monthsOf(new(big.Int).Neg(monthsIn(v)))
	}
	return null()
}

func nanosOf(v feel.Value) *big.Int {
	d, ok := v.AsDuration()
	if !ok {
		panic(skip("a long duration"))
	}
	return big.NewInt(int64(d))
}

func daysOf(n *big.Int) feel.Value {
	if n.BitLen() > 62 {
		panic(skip("a long duration"))
	}
	return feel.DaysDuration(time.Duration(n.Int64()))
}

func monthsIn(v feel.Value) *big.Int { n, _ := v.AsMonths(); return big.NewInt(n) }

func monthsOf(n *big.Int) feel.Value {
	if n.BitLen() > 50 {
		panic(skip("a long duration"))
	}
	return feel.MonthsDuration(n.Int64())
}

// dayOf is midnight UTC of a date. time.Time knows the calendar by itself.
func dayOf(v feel.Value) time.Time {
	t, _ := v.AsTime(time.UTC)
	if t.Year() < 1 || t.Year() > 9999 {
		panic(skip("a year of other than four digits"))
	}
	return t
}

func mustTemporal(s string) feel.Value {
	v, ok := feel.ParseTemporal(s)
	if !ok {
		panic(skip("no date or time: " + s))
	}
	return v
}

// clock splits the text of a time, or of a date and time, before its zone.
func clock(v feel.Value) (local, zone string) {
	s := v.Text()
	if i := strings.IndexByte(s, '@'); i >= 0 {
		return s[:i], s[i:]
	}
	from := strings.IndexByte(s, 'T') + 1
	if i := strings.IndexAny(s[from:], "Z+-"); i >= 0 {
		return s[:from+i], s[from+i:]
	}
	return s, ""
}

// instant is a time (of 1970-01-01) or a date and time as a time.Time; without
// zone it is read as UTC.
func instant(v feel.Value) (time.Time, string) {
	local, zone := clock(v)
	if v.Kind() == feel.KindTime {
		if strings.HasPrefix(zone, "@") {
			panic(skip("a time of day in a named zone"))
		}
		local = "1970-01-01T" + local
		v = mustTemporal(local + zone)
	}
	t, ok := v.AsTime(time.UTC)
	if !ok || t.Year() < 1 || t.Year() > 9990 {
		panic(skip("a year of other than four digits"))
	}
	return t, zone
}

const layout = "2006-01-02T15:04:05.999999999"

// plus adds two values (tables 52 and 53).
func plus(x, y feel.Value) feel.Value {
	if x.Kind() == feel.KindDaysDuration && y.Kind() != x.Kind() || x.Kind() == feel.KindMonthsDuration && y.Kind() != x.Kind() {
		x, y = y, x
	}
	switch {
	case x.Kind() == feel.KindNumber && y.Kind() == feel.KindNumber:
		return numberOf(new(big.Rat).Add(rat(x), rat(y)))
	case x.Kind() == feel.KindString && y.Kind() == feel.KindString:
		a, _ := x.AsString()
		b, _ := y.AsString()
		return feel.String(a + b)
	case y.Kind() == feel.KindDaysDuration:
		n := nanosOf(y)
		switch x.Kind() {
		case feel.KindDaysDuration:
			return daysOf(new(big.Int).Add(nanosOf(x), n))
		case feel.KindDate:
			return feel.DateOf(dayOf(x).Add(time.Duration(n.Int64())))
		case feel.KindTime:
			local, zone := clock(x)
			t, _ := instant(mustTemporal("1970-01-01T" + local))
			return mustTemporal(t.Add(time.Duration(n.Int64())).Format(layout)[len("2006-01-02T"):] + zone)
		case feel.KindDateTime:
			t, zone := instant(x)
			return mustTemporal(t.Add(time.Duration(n.Int64())).Format(layout) + zone)
		}
	case y.Kind() == feel.KindMonthsDuration:
		n, _ := y.AsMonths()
		switch x.Kind() {
		case feel.KindMonthsDuration:
			return monthsOf(new(big.Int).Add(monthsIn(x), monthsIn(y)))
		case feel.KindDate:
			return feel.DateOf(laterByMonths(dayOf(x), n))
		case feel.KindDateTime:
			local, zone := clock(x)
			t, _ := instant(mustTemporal(local))
			return mustTemporal(laterByMonths(t, n).Format(layout) + zone)
		}
	}
	return null()
}

// laterByMonths cuts the day to the length of the month.
func laterByMonths(t time.Time, n int64) time.Time {
	if n > 12_000 || n < -12_000 {
		panic(skip("a long duration"))
	}
	for day := t.Day(); ; day-- {
		r := time.Date(t.Year(), t.Month()+time.Month(n), day, t.Hour(), t.Minute(), t.Second(), t.Nanosecond(), time.UTC)
		if r.Day() == day {
			if r.Year() < 1 || r.Year() > 9999 {
				panic(skip("a year of other than four digits"))
			}
			return r
		}
	}
}

func minus(x, y feel.Value) feel.Value {
	isDay := func(v feel.Value) bool { return v.Kind() == feel.KindDate || v.Kind() == feel.KindDateTime }
	switch {
	case x.Kind() == feel.KindNumber && y.Kind() == feel.KindNumber:
		return numberOf(new(big.Rat).Sub(rat(x), rat(y)))
	case y.Kind() == feel.KindDaysDuration && x.Kind() != feel.KindMonthsDuration, y.Kind() == feel.KindMonthsDuration && x.Kind() != feel.KindDaysDuration:
		if x.IsNull() || x.Kind() == feel.KindNumber || x.Kind() == feel.KindString {
			return null()
		}
		return plus(x, negative(y))
	case isDay(x) && isDay(y), x.Kind() == feel.KindTime && y.Kind() == feel.KindTime:
		a, za := moment(x)
		b, zb := moment(y)
		if (za == "") != (zb == "") {
			return null()
		}
		return daysOf(big.NewInt(int64(a.Sub(b))))
	}
	return null()
}

// moment is instant for dates too: their midnight UTC.
func moment(v feel.Value) (time.Time, string) {
	if v.Kind() == feel.KindDate {
		return dayOf(v), "Z"
	}
	return instant(v)
}

func units(v feel.Value) (*big.Int, func(*big.Int) feel.Value) {
	switch v.Kind() {
	case feel.KindDaysDuration:
		return nanosOf(v), daysOf
	case feel.KindMonthsDuration:
		return monthsIn(v), monthsOf
	}
	return nil, nil
}

func times(x, y feel.Value) feel.Value {
	if x.Kind() == feel.KindNumber && y.Kind() == feel.KindNumber {
		return numberOf(new(big.Rat).Mul(rat(x), rat(y)))
	}
	if x.Kind() == feel.KindNumber {
		x, y = y, x
	}
	if n, of := units(x); n != nil && y.Kind() == feel.KindNumber {
		r := new(big.Rat).Mul(new(big.Rat).SetInt(n), rat(y))
		return of(new(big.Int).Quo(r.Num(), r.Denom()))
	}
	return null()
}

func over(x, y feel.Value) feel.Value {
	a, of := units(x)
	b, _ := units(y)
	switch {
	case x.Kind() == feel.KindNumber && y.Kind() == feel.KindNumber && rat(y).Sign() != 0:
		return numberOf(new(big.Rat).Quo(rat(x), rat(y)))
	case a != nil && b != nil && x.Kind() == y.Kind() && b.Sign() != 0:
		return numberOf(new(big.Rat).SetFrac(a, b))
	case a != nil && y.Kind() == feel.KindNumber && rat(y).Sign() != 0:
		r := new(big.Rat).Quo(new(big.Rat).SetInt(a), rat(y))
		return of(new(big.Int).Quo(r.Num(), r.Denom()))
	}
	return null()
}

// raised is x ** y for whole y between -64 and 64.
func raised(x, y feel.Value) feel.Value {
	if x.Kind() != feel.KindNumber || y.Kind() != feel.KindNumber {
		return null()
	}
	n, ok := y.AsInt()
	if !ok || n > 64 || n < -64 || rat(x).Sign() == 0 && n <= 0 {
		panic(skip("a power that is not computed with fractions"))
	}
	if b := rat(x); b.Num().BitLen()+b.Denom().BitLen() > 400 {
		panic(skip("a power of a long number"))
	}
	r := big.NewRat(1, 1)
	for range max(n, -n) {
		r.Mul(r, rat(x))
	}
	if n < 0 {
		r.Inv(r)
	}
	return numberOf(r)
}

func (in *interpreter) binary(op string, x, y feel.Value) feel.Value {
	switch op {
	case "and":
		return conjunction(x, y)
	case "or":
		return disjunction(x, y)
	case "=":
		return logical(equals(x, y))
	case "!=":
		if t := equals(x, y); t != neither {
			return feel.Bool(t == falsehood)
		}
		return null()
	case "+":
		return plus(x, y)
	case "-":
		return minus(x, y)
	case "*":
		return times(x, y)
	case "/":
		return over(x, y)
	case "**":
		return raised(x, y)
	}
	return compared(op, x, y)
}

// path is x.name: an entry, a list of the items' entries, or a property
// (table 54).
func path(x feel.Value, name string) feel.Value {
	switch x.Kind() {
	case feel.KindContext:
		v, _ := x.Get(name)
		return v
	case feel.KindList:
		if weight(x) > 100_000 {
			panic(skip("a huge value"))
		}
		out := []feel.Value{}
		for _, item := range x.Items() {
			out = append(out, path(item, name))
		}
		return feel.List(out...)
	case feel.KindRange:
		low, lowClosed, high, highClosed, _ := x.Bounds()
		return pick(name, map[string]feel.Value{"start": low, "end": high, "start included": feel.Bool(lowClosed), "end included": feel.Bool(highClosed)})
	case feel.KindMonthsDuration:
		n, _ := x.AsMonths()
		return pick(name, map[string]feel.Value{"years": feel.Int(n / 12), "months": feel.Int(n % 12)})
	case feel.KindDaysDuration:
		d := time.Duration(nanosOf(x).Int64())
		return pick(name, map[string]feel.Value{"days": feel.Int(int64(d / (24 * time.Hour))), "hours": feel.Int(int64(d / time.Hour % 24)),
			"minutes": feel.Int(int64(d / time.Minute % 60)), "seconds": numberOf(big.NewRat(int64(d%time.Minute), int64(time.Second)))})
	case feel.KindDate:
		t := dayOf(x)
		return pick(name, calendar(t), map[string]feel.Value{"hour": feel.Int(0), "minute": feel.Int(0), "second": feel.Int(0), "time offset": feel.DaysDuration(0)})
	case feel.KindTime, feel.KindDateTime:
		return clockProperty(x, name)
	}
	return null()
}

func clockProperty(x feel.Value, name string) feel.Value {
	local, zone := clock(x)
	if x.Kind() == feel.KindTime {
		local = "1970-01-01T" + local
	}
	t, _ := instant(mustTemporal(local))
	parts := map[string]feel.Value{"hour": feel.Int(int64(t.Hour())), "minute": feel.Int(int64(t.Minute())), "second": feel.Int(int64(t.Second()))}
	switch {
	case strings.HasPrefix(zone, "@"):
		parts["timezone"] = feel.String(zone[1:])
		if x.Kind() == feel.KindTime && name == "time offset" {
			panic(skip("a time of day in a named zone"))
		}
		fallthrough
	case zone != "":
		t, _ := mustTemporal(local + zone).AsTime(time.UTC)
		_, offset := t.Zone()
		parts["time offset"] = feel.DaysDuration(time.Duration(offset) * time.Second)
	}
	if x.Kind() == feel.KindTime {
		return pick(name, parts)
	}
	return pick(name, calendar(t), parts)
}

func calendar(t time.Time) map[string]feel.Value {
	weekday := (int64(t.Weekday())+6)%7 + 1
	return map[string]feel.Value{"year": feel.Int(int64(t.Year())), "month": feel.Int(int64(t.Month())), "day": feel.Int(int64(t.Day())), "weekday": feel.Int(weekday)}
}

func pick(name string, from ...map[string]feel.Value) feel.Value {
	for _, m := range from {
		if v, ok := m[name]; ok {
			return v
		}
	}
	return null()
}
