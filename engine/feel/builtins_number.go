package feel

import (
	"math/big"

	"github.com/woodsbury/decimal128"
)

// Numeric functions (DMN 1.5, 10.3.4.5).
func init() {
	define("decimal", "n:n, scale:n", scaled(decimal128.ToNearestEven))
	define("floor", "n:n", floor0, "n:n, scale:n", scaled(decimal128.ToNegativeInf))
	define("ceiling", "n:n", ceiling0, "n:n, scale:n", scaled(decimal128.ToPositiveInf))
	define("round up", "n:n, scale:n", scaled(decimal128.AwayFromZero))
	define("round down", "n:n, scale:n", scaled(decimal128.ToZero))
	define("round half up", "n:n, scale:n", scaled(decimal128.ToNearestAway))
	define("round half down", "n:n, scale:n", func(c callCtx, a []Value) Value {
		scale, ok := scaleOf(a[1])
		if !ok {
			return c.null("the scale is out of range")
		}
		return number(roundHalfDown(a[0].num(), scale))
	})
	define("abs", "n:a", func(c callCtx, a []Value) Value {
		v := a[0]
		if v.kind == KindList && len(v.Items()) == 1 {
			v = v.Items()[0]
		}
		switch v.kind {
		case KindNumber:
			return number(decimal128.Abs(v.num()))
		case KindDaysDuration, KindMonthsDuration:
			if int64(v.a) < 0 || int64(v.b) < 0 && v.kind == KindDaysDuration {
				return negate(v)
			}
			return v
		}
		return c.null("abs: a %s has no absolute value", v.kind)
	})
	define("modulo", "dividend:n, divisor:n", modulo)
	define("sqrt", "number:n", func(c callCtx, a []Value) Value {
		if a[0].num().Sign() < 0 {
			return c.null("sqrt: the number is negative")
		}
		return number(sqrt34(a[0].num()))
	})
	define("log", "number:n", func(c callCtx, a []Value) Value {
		if a[0].num().Sign() <= 0 {
			return c.null("log: the number is not positive")
		}
		return Number(decimal128.Log(a[0].num()))
	})
	define("exp", "number:n", func(c callCtx, a []Value) Value {
		v := Number(decimal128.Exp(a[0].num()))
		if v.IsNull() {
			return c.null("exp: the result is too large")
		}
		return v
	})
	define("odd", "number:n", func(c callCtx, a []Value) Value { return parity(c, a[0], 1) })
	define("even", "number:n", func(c callCtx, a []Value) Value { return parity(c, a[0], 0) })
}

func floor0(_ callCtx, a []Value) Value   { return number(round34(decimal128.Floor(a[0].num()))) }
func ceiling0(_ callCtx, a []Value) Value { return number(round34(decimal128.Ceil(a[0].num()))) }

func scaled(mode decimal128.RoundingMode) builtinFunc {
	return func(c callCtx, a []Value) Value {
		scale, ok := scaleOf(a[1])
		if !ok {
			return c.null("the scale is out of range")
		}
		d := a[0].num()
		switch mode {
		case decimal128.ToNegativeInf:
			return number(round34(d.Floor(scale)))
		case decimal128.ToPositiveInf:
			return number(round34(d.Ceil(scale)))
		case decimal128.AwayFromZero: // the library's Round may leave a unit out
			if down := d.Round(scale, decimal128.ToZero); down.Equal(d) {
				return number(d)
			}
			if d.Signbit() {
				return number(round34(d.Floor(scale)))
			}
			return number(round34(d.Ceil(scale)))
		}
		return number(roundTo(d, scale, mode))
	}
}

// scaleOf cuts the scale to a whole number in the range of DMN's decimals.
func scaleOf(v Value) (int, bool) {
	n, ok := decimalInt(v.num().Round(0, decimal128.ToZero))
	return int(n), ok && n >= -6111 && n <= 6176
}

// modulo is dividend - divisor × floor(dividend/divisor), computed exactly.
func modulo(c callCtx, a []Value) Value {
	x, y := a[0].num(), a[1].num()
	if y.IsZero() {
		return c.null("modulo: the divisor is zero")
	}
	_, _, _, ex := unpack(x)
	_, _, _, ey := unpack(y)
	if ex-ey > 400 || ey-ex > 400 { // far apart: exact arithmetic would be huge
		q := decimal128.Floor(decQuo(x, y))
		return c.env.finite(c.pos, decSub(x, decMul(y, q)))
	}
	rx, ry := x.Rat(nil), y.Rat(nil)
	q := new(big.Rat).Quo(rx, ry)
	floor := new(big.Int).Div(q.Num(), q.Denom()) // the denominator is positive: this floors
	r := rx.Sub(rx, new(big.Rat).Mul(ry, new(big.Rat).SetInt(floor)))
	return c.env.finite(c.pos, quoBig(r.Num(), r.Denom()))
}

func parity(c callCtx, v Value, want int64) Value {
	d := v.num()
	if !isInteger(d) {
		return c.null("%s is no whole number", v)
	}
	half := decimal128.FromInt64(2)
	rem := d.Sub(decimal128.Trunc(d.Quo(half)).Mul(half))
	if _, _, _, exp := unpack(d); exp > 0 { // a multiple of ten
		return Bool(want == 0)
	}
	n, _ := decimalInt(decimal128.Abs(rem))
	return Bool(n == want)
}

// sqrt34 is the square root rounded half-even to 34 digits, computed with
// integers.
func sqrt34(d decimal128.Decimal) decimal128.Decimal {
	if d.IsZero() {
		return d
	}
	_, hi, lo, exp := unpack(d)
	n := new(big.Int).SetUint64(hi)
	n.Lsh(n, 64).Or(n, new(big.Int).SetUint64(lo))
	shift := 74 - digits(n)
	if (exp-shift)%2 != 0 {
		shift++
	}
	n.Mul(n, pow10(shift))
	root := new(big.Int).Sqrt(n)
	exactly := new(big.Int).Mul(root, root).Cmp(n) == 0
	return roundBig(false, root, (exp-shift)/2, !exactly)
}
