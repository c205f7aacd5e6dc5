package feel

import (
	"fmt"
	"math/big"
	"testing"

	"github.com/woodsbury/decimal128"
	"pgregory.net/rapid"
)

// The code reads the library's words directly; this holds it to the layout.
func TestDecimalLayout(t *testing.T) {
	for _, s := range []string{"1", "-1", "0.001", "1e-30", "12345678901234567890123456789012.34", "-9999999999999999999999999999999999", "9.999e6140"} {
		d := decimal128.MustParse(s)
		neg, hi, lo, exp := unpack(d)
		c := new(big.Int).SetUint64(hi)
		c.Lsh(c, 64).Or(c, new(big.Int).SetUint64(lo))
		form, wantNeg, sig, wantExp := d.Decompose(nil)
		if form != 0 || neg != wantNeg || exp != int(wantExp) || c.Cmp(new(big.Int).SetBytes(sig)) != 0 {
			t.Errorf("%s: unpack gives %v %v e%d, Decompose %v %x e%d", s, neg, c, exp, wantNeg, sig, wantExp)
		}
	}
}

// number34 draws a decimal of up to 34 digits.
func number34(t *rapid.T, label string) decimal128.Decimal {
	n := rapid.IntRange(1, 34).Draw(t, label+" digits")
	digits := make([]byte, n)
	for i := range digits {
		digits[i] = byte('0' + rapid.IntRange(0, 9).Draw(t, label))
	}
	exp := rapid.IntRange(-40, 40).Draw(t, label+" exponent")
	sign := ""
	if rapid.Bool().Draw(t, label+" negative") {
		sign = "-"
	}
	return MustNumber(fmt.Sprintf("%s%se%d", sign, digits, exp)).num()
}

// rounded rounds an exact fraction half-even to 34 digits, the plain way.
func rounded(r *big.Rat) decimal128.Decimal { return quoBig(r.Num(), r.Denom()) }

func TestArithmeticIsExactThenRoundedOnce(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		x, y := number34(t, "x"), number34(t, "y")
		rx, ry := x.Rat(nil), y.Rat(nil)
		if got, want := decAdd(x, y), rounded(new(big.Rat).Add(rx, ry)); !got.Equal(want) {
			t.Errorf("%v + %v = %v, want %v", x, y, got, want)
		}
		if got, want := decSub(x, y), rounded(new(big.Rat).Sub(rx, ry)); !got.Equal(want) {
			t.Errorf("%v - %v = %v, want %v", x, y, got, want)
		}
		if got, want := decMul(x, y), rounded(new(big.Rat).Mul(rx, ry)); !got.Equal(want) {
			t.Errorf("%v * %v = %v, want %v", x, y, got, want)
		}
		if !y.IsZero() {
			if got, want := decQuo(x, y), rounded(new(big.Rat).Quo(rx, ry)); !got.Equal(want) {
				t.Errorf("%v / %v = %v, want %v", x, y, got, want)
			}
		}
		if got, want := decCompare(x, y), rx.Cmp(ry); got != want {
			t.Errorf("compare %v with %v = %d, want %d", x, y, got, want)
		}
	})
}

// Reference for quoBig itself: the remainder is at most half a unit, and half
// only when the last digit is even.
func TestQuoBigRoundsHalfEven(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.Int64().Draw(t, "n")
		d := rapid.Int64Range(1, 1<<62).Draw(t, "d")
		q := quoBig(big.NewInt(n), big.NewInt(d))
		if n == 0 {
			return
		}
		_, hi, lo, exp := unpack(q)
		c := new(big.Int).SetUint64(hi)
		c.Lsh(c, 64).Or(c, new(big.Int).SetUint64(lo))
		if digits(c) > maxDigits {
			t.Fatalf("%d/%d has %d digits", n, d, digits(c))
		}
		exact := new(big.Rat).SetFrac(big.NewInt(n), big.NewInt(d))
		diff := new(big.Rat).Sub(exact, q.Rat(nil))
		half := new(big.Rat).SetFrac(big.NewInt(1), big.NewInt(2))
		if exp < 0 {
			half.Quo(half, new(big.Rat).SetInt(pow10(-exp)))
		}
		if cmp := diff.Abs(diff).Cmp(half); cmp > 0 || cmp == 0 && c.Bit(0) == 1 {
			t.Fatalf("%d/%d = %v is off by %v", n, d, q, diff)
		}
	})
}

func TestSquareRootIsNearest(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		x := decimal128.Abs(number34(t, "x"))
		if x.IsZero() {
			return
		}
		root := sqrt34(x)
		_, _, _, exp := unpack(root)
		unit := new(big.Rat).SetInt64(1)
		if exp < 0 {
			unit.SetFrac(big.NewInt(1), pow10(-exp))
		} else {
			unit.SetInt(pow10(exp))
		}
		half := unit.Quo(unit, big.NewRat(2, 1))
		r := root.Rat(nil)
		low, high := new(big.Rat).Sub(r, half), new(big.Rat).Add(r, half)
		rx := x.Rat(nil)
		if low.Mul(low, low).Cmp(rx) > 0 || high.Mul(high, high).Cmp(rx) < 0 {
			t.Fatalf("sqrt(%v) = %v", x, root)
		}
	})
}

func TestNumbersAsText(t *testing.T) {
	for text, want := range map[string]string{
		"1817.00": "1817", "0.10": "0.1", "1e3": "1000", "1.5e-7": "0.00000015", "-0": "0", "00012.50": "12.5",
		"1e200": "1e200", "12345678901234567890123456789012345": "12345678901234567890123456789012340",
		"12345678901234567890123456789012355": "12345678901234567890123456789012360",
	} {
		v, ok := parseNumber(text)
		if !ok || v.Text() != want {
			t.Errorf("%s is written %s, want %s", text, v.Text(), want)
		}
	}
	for _, text := range []string{"", ".", "1.", "e5", "1e", "--1", "1 000", "0x10", "1e9999999"} {
		if v, ok := parseNumber(text); ok {
			t.Errorf("%q is read as %s", text, v)
		}
	}
}
