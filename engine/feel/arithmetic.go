package feel

import "math/big"

// Arithmetic of numbers, strings, dates and durations (DMN 1.5, table 51 to 53).

func negate(v Value) Value {
	switch v.kind {
	case KindNumber:
		if v.num().IsZero() {
			return v
		}
		return number(v.num().Neg())
	case KindDaysDuration:
		v.a, v.b = uint64(-int64(v.a)), uint64(-int64(v.b))
	case KindMonthsDuration:
		v.a = uint64(-int64(v.a))
	}
	return v
}

func add(e *env, p at, x, y Value) Value {
	switch {
	case x.kind == KindNumber && y.kind == KindNumber:
		return e.finite(p, decAdd(x.num(), y.num()))
	case x.kind == KindString && y.kind == KindString:
		e.callPos = p
		e.text(len(x.str()) + len(y.str()))
		return String(x.str() + y.str())
	case x.kind == KindMonthsDuration && y.kind == KindMonthsDuration:
		return e.orRange(p, MonthsDuration(int64(x.a)+int64(y.a)))
	case x.kind == KindDaysDuration && y.kind == KindDaysDuration:
		return e.orRange(p, daysDuration(int64(x.a)+int64(y.a), int64(x.b)+int64(y.b)))
	case (x.kind == KindDaysDuration || x.kind == KindMonthsDuration) && y.isTemporal():
		x, y = y, x
	}
	switch {
	case y.kind == KindMonthsDuration && (x.kind == KindDate || x.kind == KindDateTime):
		return e.orRange(p, x.addMonths(int64(y.a)))
	case y.kind == KindDaysDuration && x.isTemporal():
		return e.orRange(p, x.addDuration(int64(y.a), int64(y.b)))
	}
	return e.null(p, "a %s and a %s cannot be added", x.kind, y.kind)
}

func (v Value) isTemporal() bool {
	return v.kind == KindDate || v.kind == KindTime || v.kind == KindDateTime
}

// orRange warns when a date or duration left its range.
func (e *env) orRange(p at, v Value) Value {
	if v.IsNull() || (v.kind == KindDaysDuration || v.kind == KindMonthsDuration) && (int64(v.a) > 1<<59 || int64(v.a) < -(1<<59)) {
		return e.null(p, "the date or duration is out of range")
	}
	return v
}

func subtract(e *env, p at, x, y Value) Value {
	switch {
	case x.kind == KindNumber && y.kind == KindNumber:
		return e.finite(p, decSub(x.num(), y.num()))
	case y.kind == KindDaysDuration || y.kind == KindMonthsDuration:
		if x.isTemporal() || x.kind == y.kind {
			return add(e, p, x, negate(y))
		}
	case x.kind == KindTime && y.kind == KindTime:
		if (x.zone == zoneNone) == (y.zone == zoneNone) {
			ox, _ := x.offsetAt()
			oy, _ := y.offsetAt()
			return daysDuration(oy-ox, x.nanos()-y.nanos())
		}
	case (x.kind == KindDate || x.kind == KindDateTime) && (y.kind == KindDate || y.kind == KindDateTime):
		sx, nx, zx := x.epoch()
		sy, ny, zy := y.epoch()
		if zx == zy {
			return daysDuration(sx-sy, nx-ny)
		}
		return e.null(p, "one of the two has a zone, the other has none")
	}
	return e.null(p, "a %s cannot be taken from a %s", y.kind, x.kind)
}

func multiply(e *env, p at, x, y Value) Value {
	if x.kind == KindNumber && y.kind == KindNumber {
		return e.finite(p, decMul(x.num(), y.num()))
	}
	if x.kind == KindNumber {
		x, y = y, x
	}
	if y.kind == KindNumber && (x.kind == KindDaysDuration || x.kind == KindMonthsDuration) {
		return e.orRange(p, x.scale(y.num().Rat(nil)))
	}
	return e.null(p, "a %s and a %s cannot be multiplied", x.kind, y.kind)
}

// scale multiplies a duration and cuts it to whole months or nanoseconds.
func (v Value) scale(by *big.Rat) Value {
	n := v.units()
	n.Mul(n, by.Num())
	n.Quo(n, by.Denom())
	return ofUnits(v.kind, n)
}

// units returns a duration in months or nanoseconds.
func (v Value) units() *big.Int {
	n := big.NewInt(int64(v.a))
	if v.kind == KindDaysDuration {
		n.Mul(n, big.NewInt(secondNanos)).Add(n, big.NewInt(int64(v.b)))
	}
	return n
}

func ofUnits(k Kind, n *big.Int) Value {
	if k == KindMonthsDuration {
		if n.BitLen() > 59 {
			return Value{}
		}
		return MonthsDuration(n.Int64())
	}
	sec, nano := new(big.Int).QuoRem(n, big.NewInt(secondNanos), new(big.Int))
	if sec.BitLen() > 59 {
		return Value{}
	}
	return daysDuration(sec.Int64(), nano.Int64())
}

func divide(e *env, p at, x, y Value) Value {
	switch {
	case x.kind == KindNumber && y.kind == KindNumber:
		if y.num().IsZero() {
			return e.null(p, "division by zero")
		}
		return e.finite(p, decQuo(x.num(), y.num()))
	case x.kind == y.kind && (x.kind == KindDaysDuration || x.kind == KindMonthsDuration):
		a, b := x.units(), y.units()
		if b.Sign() == 0 {
			return e.null(p, "division by zero")
		}
		if b.Sign() < 0 {
			a.Neg(a)
			b.Neg(b)
		}
		return e.finite(p, quoBig(a, b))
	case y.kind == KindNumber && (x.kind == KindDaysDuration || x.kind == KindMonthsDuration):
		if y.num().IsZero() {
			return e.null(p, "division by zero")
		}
		return e.orRange(p, x.scale(new(big.Rat).Inv(y.num().Rat(nil))))
	}
	return e.null(p, "a %s cannot be divided by a %s", x.kind, y.kind)
}
