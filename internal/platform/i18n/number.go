package i18n

import (
	"strconv"
	"strings"
)

const (
	noBreak = "\u00a0"
	narrow  = "\u202f" // narrow no-break space: French and Portuguese digit groups
	minus   = "\u2212"
)

// figures is how a language writes numbers (CLDR 46; European Portuguese with
// grouping from four digits, as in the other languages).
type figures struct {
	group, point       string
	moneyBefore, after string
	percent            string
}

var figuresOf = map[Lang]figures{
	FR: {narrow, ",", "", narrow + "€", narrow + "%"},
	DE: {".", ",", "", noBreak + "€", noBreak + "%"},
	LB: {".", ",", "", noBreak + "€", noBreak + "%"},
	EN: {",", ".", "€", "", "%"},
	PT: {narrow, ",", "", narrow + "€", "%"},
}

// Int returns n with its digits grouped.
func (l *Locale) Int(n int) string { return l.Number(strconv.Itoa(n)) }

// Number returns a decimal text ("-1234.50") in the language's form; all its
// decimals are kept. A text that is no decimal comes back as it is.
func (l *Locale) Number(decimal string) string {
	sign, whole, fraction, ok := split(decimal)
	if !ok {
		return decimal
	}
	return sign + figuresOf[l.lang].write(whole, fraction)
}

// Percent returns a percentage ("12.5" is twelve and a half per cent) with its sign.
func (l *Locale) Percent(decimal string) string {
	if _, _, _, ok := split(decimal); !ok {
		return decimal
	}
	return l.Number(decimal) + figuresOf[l.lang].percent
}

// Money returns an amount of euro cents: €1,817.00.
func (l *Locale) Money(cents int64) string {
	// The sign is cut from the text so that the smallest int64 has no special case.
	digits, negative := strings.CutPrefix(strconv.FormatInt(cents, 10), "-")
	if len(digits) < 3 {
		digits = strings.Repeat("0", 3-len(digits)) + digits
	}
	sign := ""
	if negative {
		sign = minus
	}
	cut := len(digits) - 2
	return figuresOf[l.lang].money(sign, digits[:cut], digits[cut:])
}

// MoneyDecimal returns an amount in euros given as a decimal text ("2680.04"),
// with at least two decimals and none lost. A text that is no decimal comes
// back as it is.
func (l *Locale) MoneyDecimal(euros string) string {
	sign, whole, fraction, ok := split(euros)
	if !ok {
		return euros
	}
	for len(fraction) < 2 {
		fraction += "0"
	}
	return figuresOf[l.lang].money(sign, whole, fraction)
}

func (f figures) money(sign, whole, fraction string) string {
	return sign + f.moneyBefore + f.write(whole, fraction) + f.after
}

func (f figures) write(whole, fraction string) string {
	var b strings.Builder
	for i := range len(whole) {
		if i > 0 && (len(whole)-i)%3 == 0 {
			b.WriteString(f.group)
		}
		b.WriteByte(whole[i])
	}
	if fraction != "" {
		b.WriteString(f.point)
		b.WriteString(fraction)
	}
	return b.String()
}

// split takes a decimal text apart. Leading zeros go, decimals stay.
func split(s string) (sign, whole, fraction string, ok bool) {
	s, negative := strings.CutPrefix(s, "-")
	if negative {
		sign = minus
	}
	whole, fraction, point := strings.Cut(s, ".")
	if whole == "" || point && fraction == "" || !isDigits(whole) || !isDigits(fraction) {
		return "", "", "", false
	}
	whole = strings.TrimLeft(whole, "0")
	if whole == "" {
		whole = "0"
		if strings.Trim(fraction, "0") == "" {
			sign = "" // there is no minus zero for people
		}
	}
	return sign, whole, fraction, true
}

func isDigits(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return true
}
