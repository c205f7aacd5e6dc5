package feel

import (
	"math/big"
	"strconv"
	"strings"

	"github.com/woodsbury/decimal128"
)

// parseNumber reads FEEL's numeric literal, with an optional sign.
func parseNumber(s string) (Value, bool) {
	t := s
	neg := false
	if t != "" && (t[0] == '-' || t[0] == '+') {
		neg = t[0] == '-'
		t = t[1:]
	}
	mantissa, exponent, hasExp := t, "", false
	if i := strings.IndexAny(t, "eE"); i >= 0 {
		mantissa, exponent, hasExp = t[:i], t[i+1:], true
	}
	whole, frac, dot := strings.Cut(mantissa, ".")
	if whole == "" && frac == "" || dot && frac == "" || !allDigits(whole) || !allDigits(frac) {
		return Value{}, false
	}
	exp := 0
	if hasExp {
		e := strings.TrimPrefix(exponent, "+")
		if e == "" || !allDigits(strings.TrimPrefix(e, "-")) || e == "-" {
			return Value{}, false
		}
		n, err := strconv.Atoi(e)
		if err != nil || n > 1<<20 || n < -1<<20 {
			return Value{}, false
		}
		exp = n
	}
	exp -= len(frac)
	all := strings.TrimLeft(whole+frac, "0")
	if len(all) <= 18 {
		var c int64
		for i := range len(all) {
			c = c*10 + int64(all[i]-'0')
		}
		if neg {
			c = -c
		}
		return finiteNumber(decimal128.New(c, exp))
	}
	sticky := false
	if len(all) > 60 { // 60 digits and "there is more" round as all of them
		for _, d := range all[60:] {
			sticky = sticky || d != '0'
		}
		exp += len(all) - 60
		all = all[:60]
	}
	c, _ := new(big.Int).SetString(all, 10)
	return finiteNumber(roundBig(neg, c, exp, sticky))
}

func finiteNumber(d decimal128.Decimal) (Value, bool) {
	if !finite(d) {
		return Value{}, false
	}
	return number(d), true
}

func allDigits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return true
}

// formatNumber writes a number without exponent, without needless zeros; very
// large and very small ones with an exponent.
func formatNumber(d decimal128.Decimal) string {
	if d.IsZero() {
		return "0"
	}
	neg, hi, lo, exp := unpack(d)
	if hi == 0 && exp == 0 {
		s := strconv.FormatUint(lo, 10)
		if neg {
			return "-" + s
		}
		return s
	}
	if far(d) {
		return strings.Replace(decimal128.Format(d, 'e', -1), "e+", "e", 1)
	}
	s := decimal128.Format(d, 'f', -1)
	if strings.ContainsRune(s, '.') {
		s = strings.TrimRight(strings.TrimRight(s, "0"), ".")
	}
	return s
}

// far reports whether a number is so large or small that it is written with an
// exponent. The value decides, not the zeros that it carries along: equal
// numbers have one text.
func far(d decimal128.Decimal) bool {
	_, hi, lo, exp := unpack(d)
	if exp > -140 && exp+maxDigits <= 100 {
		return false
	}
	c := new(big.Int).SetUint64(hi)
	c.Lsh(c, 64).Or(c, new(big.Int).SetUint64(lo))
	first := exp + digits(c) - 1 // the place of the first digit
	return first > 100 || first < -140
}
