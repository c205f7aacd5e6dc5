package feel

import (
	"math/big"
	"math/bits"
	"unsafe"

	"github.com/woodsbury/decimal128"
)

// Numbers are IEEE 754-2008 decimal128 values of at most 34 significant digits
// (DMN 1.5, 10.3.2.3.1). The library uses every bit of its coefficient and so
// may return a 35th digit; round34 and its users take it away without rounding
// twice.

// The library keeps a Decimal as the two words of the BID encoding, low word
// first. This fails to compile should that size ever change; a test checks the
// layout.
var _ = [1]struct{}{}[unsafe.Sizeof(decimal128.Decimal{})-16]

func decimalBits(d decimal128.Decimal) [2]uint64 { return *(*[2]uint64)(unsafe.Pointer(&d)) }
func decimalOf(b [2]uint64) decimal128.Decimal   { return *(*decimal128.Decimal)(unsafe.Pointer(&b)) }

const (
	maxDigits    = 34
	exponentBias = 6176

	signBit = 1 << 63
	// 10^34, the first coefficient that is too large.
	limitHi, limitLo = 0x0001_ed09_bead_87c0, 0x378d_8e64_0000_0000
)

// unpack splits a finite decimal into sign, coefficient and exponent.
func unpack(d decimal128.Decimal) (neg bool, hi, lo uint64, exp int) {
	word := decimalBits(d)
	lo, hi = word[0], word[1]
	neg = hi&signBit != 0
	if hi&0x6000_0000_0000_0000 == 0x6000_0000_0000_0000 {
		return neg, 0x0002_0000_0000_0000 | hi&0x7fff_ffff_ffff, lo, int(hi>>47&0x3fff) - exponentBias
	}
	return neg, hi & 0x1_ffff_ffff_ffff, lo, int(hi>>49&0x3fff) - exponentBias
}

func over34(d decimal128.Decimal) bool {
	_, hi, lo, _ := unpack(d)
	return hi > limitHi || hi == limitHi && lo >= limitLo
}

func finite(d decimal128.Decimal) bool { return !d.IsNaN() && !d.IsInf(0) }

// round34 rounds half-even to 34 digits.
func round34(d decimal128.Decimal) decimal128.Decimal {
	if !finite(d) || !over34(d) {
		return d
	}
	return drop(d, 0)
}

// drop removes the 35th digit. side tells on which side of d the exact value
// lies, for a 5 in the last place: -1 nearer to zero, 0 exactly d, 1 further.
func drop(d decimal128.Decimal, side int) decimal128.Decimal {
	neg, hi, lo, exp := unpack(d)
	c := new(big.Int).SetUint64(hi)
	c.Lsh(c, 64).Or(c, new(big.Int).SetUint64(lo))
	digit := new(big.Int)
	c.DivMod(c, big.NewInt(10), digit)
	up := false
	switch n := digit.Int64(); {
	case n > 5:
		up = true
	case n == 5:
		up = side > 0 || side == 0 && c.Bit(0) == 1
	}
	if up {
		c.Add(c, big.NewInt(1))
	}
	return composeBig(neg, c, exp+1)
}

// composeBig makes a decimal of a coefficient that fits.
func composeBig(neg bool, c *big.Int, exp int) decimal128.Decimal {
	var d decimal128.Decimal
	if err := d.Compose(0, neg, c.Bytes(), int32(exp)); err != nil {
		return decimal128.NaN()
	}
	return d
}

// exact finishes an operation whose result has a 35th digit: op is the same
// operation with a chosen rounding mode.
func exact(r decimal128.Decimal, op func(decimal128.RoundingMode) decimal128.Decimal) decimal128.Decimal {
	if !finite(r) || !over34(r) {
		return r
	}
	low, high := op(decimal128.ToZero), op(decimal128.AwayFromZero)
	side := 0
	if !low.Equal(high) {
		side = -1
		if low.Equal(r) {
			side = 1
		}
	}
	return drop(r, side)
}

func decAdd(x, y decimal128.Decimal) decimal128.Decimal {
	if r, ok := addSmall(decimalBits(x), decimalBits(y)); ok {
		return r
	}
	r := x.Add(y)
	if over34(r) {
		return exact(r, func(m decimal128.RoundingMode) decimal128.Decimal { return x.AddWithMode(y, m) })
	}
	return r
}

func decSub(x, y decimal128.Decimal) decimal128.Decimal { return decAdd(x, y.Neg()) }

func decMul(x, y decimal128.Decimal) decimal128.Decimal {
	if r, ok := mulSmall(decimalBits(x), decimalBits(y)); ok {
		return r
	}
	r := x.Mul(y)
	if over34(r) {
		return exact(r, func(m decimal128.RoundingMode) decimal128.Decimal { return x.MulWithMode(y, m) })
	}
	return r
}

// decQuo divides; y must not be zero.
func decQuo(x, y decimal128.Decimal) decimal128.Decimal {
	r := x.Quo(y)
	if over34(r) {
		return exact(r, func(m decimal128.RoundingMode) decimal128.Decimal { return x.QuoWithMode(y, m) })
	}
	return r
}

// decPow raises x to y. Small whole exponents are computed exactly and rounded
// once.
func decPow(x, y decimal128.Decimal) decimal128.Decimal {
	if n, ok := decimalInt(y); ok && n >= -maxPower && n <= maxPower && !x.IsZero() {
		if _, _, _, exp := unpack(x); exp >= -maxDigits && exp <= maxDigits {
			return powInt(x, n)
		}
	}
	return round34(x.Pow(y))
}

const maxPower = 64

func powInt(x decimal128.Decimal, n int64) decimal128.Decimal {
	r := x.Rat(nil)
	neg := n < 0
	if neg {
		n = -n
	}
	num := new(big.Int).Exp(r.Num(), big.NewInt(n), nil)
	den := new(big.Int).Exp(r.Denom(), big.NewInt(n), nil)
	if neg {
		if den.Sign() < 0 {
			den.Neg(den)
		}
		num, den = den, num
		if den.Sign() < 0 {
			num.Neg(num)
			den.Neg(den)
		}
	}
	return quoBig(num, den)
}

// quoBig returns num/den rounded half-even to 34 digits; den is positive.
func quoBig(num, den *big.Int) decimal128.Decimal {
	if num.Sign() == 0 {
		return decimal128.Decimal{}
	}
	neg := num.Sign() < 0
	n := new(big.Int).Abs(num)
	// Scale so that the quotient has 35 or 36 digits: two more than needed.
	shift := 36 - (digits(n) - digits(den))
	d := den
	if shift > 0 {
		n.Mul(n, pow10(shift))
	} else if shift < 0 {
		d = new(big.Int).Mul(den, pow10(-shift))
	}
	q, rem := new(big.Int).QuoRem(n, d, new(big.Int))
	return roundBig(neg, q, -shift, rem.Sign() != 0)
}

// roundBig rounds coefficient × 10^exp half-even to 34 digits; sticky says that
// a remainder was cut off already.
func roundBig(neg bool, c *big.Int, exp int, sticky bool) decimal128.Decimal {
	if over := digits(c) - maxDigits; over > 0 {
		p := pow10(over)
		q, rem := new(big.Int).QuoRem(c, p, new(big.Int))
		cmp := rem.Lsh(rem, 1).Cmp(p)
		if cmp > 0 || cmp == 0 && (sticky || q.Bit(0) == 1) {
			q.Add(q, big.NewInt(1))
		}
		c, exp = q, exp+over
	}
	switch {
	case c.Sign() == 0:
		return decimal128.Decimal{}
	case exp > 6200:
		return decimal128.Inf(1)
	case exp < -6300:
		return decimal128.Decimal{}
	}
	return composeBig(neg, c, exp)
}

func digits(x *big.Int) int {
	n := int(float64(x.BitLen()) * 0.30102999566398120)
	if n < 1 {
		return 1
	}
	if x.CmpAbs(pow10(n)) >= 0 {
		n++
	}
	return n
}

func pow10(n int) *big.Int { return new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(n)), nil) }

// decCompare returns -1, 0 or 1. Numbers as people write them have coefficients
// of 64 bits and exponents that differ little; those are compared here.
func decCompare(x, y decimal128.Decimal) int {
	xb, yb := decimalBits(x), decimalBits(y)
	if small(xb[1]) && small(yb[1]) {
		xn, yn := xb[1]&signBit != 0 && xb[0] != 0, yb[1]&signBit != 0 && yb[0] != 0
		if xn != yn {
			if xn {
				return -1
			}
			return 1
		}
		if xb[0] == 0 || yb[0] == 0 { // a zero's exponent says nothing
			c := 0
			if xb[0] != yb[0] {
				c = 1
				if xn || !xn && xb[0] == 0 {
					c = -1
				}
			}
			return c
		}
		xe, ye := int(xb[1]>>49&0x3fff), int(yb[1]>>49&0x3fff)
		if c, ok := compareScaled(xb[0], xe, yb[0], ye); ok {
			if xn {
				return -c
			}
			return c
		}
	}
	return int(x.Cmp(y))
}

// small reports whether the coefficient lies in the low word alone.
func small(hi uint64) bool {
	return hi&0x6000_0000_0000_0000 != 0x6000_0000_0000_0000 && hi&0x0001_ffff_ffff_ffff == 0
}

// addSmall adds numbers whose coefficients and their sum fit 63 bits. That sum is
// exact.
func addSmall(x, y [2]uint64) (decimal128.Decimal, bool) {
	if !small(x[1]) || !small(y[1]) {
		return decimal128.Decimal{}, false
	}
	xe, ye := int(x[1]>>49&0x3fff), int(y[1]>>49&0x3fff)
	a, b := x[0], y[0]
	switch d := xe - ye; {
	case d == 0:
	case d > 0 && d < len(powers):
		hi, lo := bits.Mul64(a, powers[d])
		if hi != 0 {
			return decimal128.Decimal{}, false
		}
		a, xe = lo, ye
	case d < 0 && -d < len(powers):
		hi, lo := bits.Mul64(b, powers[-d])
		if hi != 0 {
			return decimal128.Decimal{}, false
		}
		b = lo
	default:
		return decimal128.Decimal{}, false
	}
	if a >= 1<<62 || b >= 1<<62 {
		return decimal128.Decimal{}, false
	}
	sa, sb := int64(a), int64(b)
	if x[1]&signBit != 0 {
		sa = -sa
	}
	if y[1]&signBit != 0 {
		sb = -sb
	}
	sum := sa + sb
	if sum < 0 {
		return pack(true, uint64(-sum), xe), true
	}
	return pack(false, uint64(sum), xe), true
}

// mulSmall multiplies numbers whose product fits 64 bits and is exact.
func mulSmall(x, y [2]uint64) (decimal128.Decimal, bool) {
	if !small(x[1]) || !small(y[1]) {
		return decimal128.Decimal{}, false
	}
	hi, lo := bits.Mul64(x[0], y[0])
	exp := int(x[1]>>49&0x3fff) + int(y[1]>>49&0x3fff) - exponentBias
	if hi != 0 || exp < 0 || exp > 2*exponentBias-100 {
		return decimal128.Decimal{}, false
	}
	return pack((x[1]^y[1])&signBit != 0, lo, exp), true
}

// pack is the inverse of unpack for a coefficient of 64 bits and a biased
// exponent.
func pack(neg bool, c uint64, exp int) decimal128.Decimal {
	if c == 0 {
		return decimal128.Decimal{}
	}
	hi := uint64(exp) << 49
	if neg {
		hi |= signBit
	}
	return decimalOf([2]uint64{c, hi})
}

// compareScaled compares x×10^xe with y×10^ye when the scaled coefficients fit
// 128 bits.
func compareScaled(x uint64, xe int, y uint64, ye int) (int, bool) {
	var xh, yh uint64
	switch d := xe - ye; {
	case d == 0:
	case d > 0 && d < len(powers):
		xh, x = bits.Mul64(x, powers[d])
	case d < 0 && -d < len(powers):
		yh, y = bits.Mul64(y, powers[-d])
	default:
		return 0, false
	}
	if xh != yh {
		x, y = xh, yh
	}
	switch {
	case x < y:
		return -1, true
	case x > y:
		return 1, true
	}
	return 0, true
}

// powers of ten that fit 64 bits.
var powers = func() (p [20]uint64) {
	p[0] = 1
	for i := 1; i < len(p); i++ {
		p[i] = p[i-1] * 10
	}
	return p
}()

// decimalInt returns a whole number that fits int64.
func decimalInt(d decimal128.Decimal) (int64, bool) {
	b := decimalBits(d)
	if b[1]&^signBit == exponentBias<<49 && b[0] < 1<<63 { // exponent 0, small
		if b[1]&signBit != 0 {
			return -int64(b[0]), true
		}
		return int64(b[0]), true
	}
	if !decimal128.Trunc(d).Equal(d) {
		return 0, false
	}
	return d.Int64()
}

func isInteger(d decimal128.Decimal) bool {
	if _, _, _, exp := unpack(d); exp >= 0 {
		return true
	}
	return decimal128.Trunc(d).Equal(d)
}

// roundTo rounds to scale digits after the point (negative: before it).
func roundTo(d decimal128.Decimal, scale int, mode decimal128.RoundingMode) decimal128.Decimal {
	return round34(d.Round(scale, mode))
}

// roundHalfDown rounds to nearest, ties towards zero, which the library lacks.
func roundHalfDown(d decimal128.Decimal, scale int) decimal128.Decimal {
	down := d.Round(scale, decimal128.ToZero)
	up := d.Round(scale, decimal128.AwayFromZero)
	if d.Sub(down).CmpAbs(up.Sub(d)).Greater() {
		return round34(up)
	}
	return round34(down)
}

func truncate(d decimal128.Decimal) decimal128.Decimal { return d.Round(0, decimal128.ToZero) }
