package form

import (
	"encoding/json"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// ParseNumber reads a number as people of several languages write it: "1817",
// "1 817,00", "1.817,00", "1,817.00", "1'817", "-3,5". decimals says how many
// decimals can be meant: a single separator before exactly three digits groups
// thousands unless at least three decimals are possible (-1: any number).
//
// The result is a plain decimal number without superfluous zeros in front.
func ParseNumber(text string, decimals int) (string, bool) {
	s := strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) || unicode.Is(unicode.Cf, r) || r == '\'' || r == '’' || r == '€' {
			return -1
		}
		if r == '−' {
			return '-'
		}
		return r
	}, text)
	s = strings.TrimSuffix(strings.TrimPrefix(s, "EUR"), "EUR")
	sign := ""
	if strings.HasPrefix(s, "-") {
		sign = "-"
	}
	s = strings.TrimPrefix(strings.TrimPrefix(s, "-"), "+")
	if s == "" || len(s) > 34 || strings.Trim(s, "0123456789.,") != "" {
		return "", false
	}
	whole, fraction, ok := splitNumber(s, decimals)
	if !ok || whole == "" && fraction == "" || len(whole)+len(fraction) > 30 {
		return "", false
	}
	whole = strings.TrimLeft(whole, "0")
	if whole == "" {
		whole = "0"
	}
	n := whole
	if fraction != "" {
		n += "." + fraction
	}
	if strings.Trim(n, "0.") == "" {
		sign = ""
	}
	return sign + n, true
}

// splitNumber finds the decimal separator among the dots and commas of s.
func splitNumber(s string, decimals int) (whole, fraction string, ok bool) {
	last := strings.LastIndexAny(s, ".,")
	if last < 0 {
		return s, "", true
	}
	sep, other := s[last:last+1], ","
	if sep == "," {
		other = "."
	}
	before, after := s[:last], s[last+1:]
	switch {
	case strings.Contains(before, other): // 1.817,00: the last separator is the decimal one
		whole, ok = ungroup(before, other)
		return whole, after, ok && !strings.Contains(before, sep)
	case strings.Contains(before, sep): // 1.234.567
		whole, ok = ungroup(s, sep)
		return whole, "", ok
	case len(after) == 3 && decimals >= 0 && decimals < 3 && len(before) >= 1 && len(before) <= 3 && before[0] != '0': // 1.817
		return before + after, "", true
	}
	return before, after, true
}

// ungroup joins groups of three digits.
func ungroup(s, sep string) (string, bool) {
	groups := strings.Split(s, sep)
	for i, g := range groups {
		if i == 0 && (len(g) < 1 || len(g) > 3) || i > 0 && len(g) != 3 || strings.ContainsAny(g, ".,") {
			return "", false
		}
	}
	return strings.Join(groups, ""), true
}

// withDecimals returns a plain number with exactly or at most n decimals: zeros
// are added (exactly) or dropped. ok is false when digits would be lost.
func withDecimals(number string, n int, exactly bool) (string, bool) {
	whole, fraction, _ := strings.Cut(number, ".")
	kept := strings.TrimRight(fraction, "0")
	if n >= 0 && len(kept) > n {
		return "", false
	}
	if exactly {
		kept += strings.Repeat("0", n-len(kept))
	} else if n < 0 || len(fraction) <= n {
		kept = fraction
	}
	if kept == "" {
		return whole, true
	}
	return whole + "." + kept, true
}

var dateParts = regexp.MustCompile(`^(?:([0-9]{4})[-/.]([0-9]{1,2})[-/.]([0-9]{1,2})|([0-9]{1,2})(?:[-/. ]|\. )([0-9]{1,2})(?:[-/. ]|\. )([0-9]{4}))$`)

// ParseDate reads a date written as 2025-03-09, 9/3/2025, 9.3.2025, 09-03-2025
// or 9 3 2025: the day comes first, as all five languages write it. The result
// is the ISO date.
func ParseDate(text string) (string, bool) {
	m := dateParts.FindStringSubmatch(strings.Join(strings.Fields(text), " "))
	if m == nil {
		return "", false
	}
	if m[1] != "" {
		return isoDate(m[1], m[2], m[3])
	}
	return isoDate(m[6], m[5], m[4])
}

func isoDate(year, month, day string) (string, bool) {
	y, err1 := strconv.Atoi(strings.TrimSpace(year))
	m, err2 := strconv.Atoi(strings.TrimSpace(month))
	d, err3 := strconv.Atoi(strings.TrimSpace(day))
	if err1 != nil || err2 != nil || err3 != nil || y < 1000 || y > 9999 {
		return "", false
	}
	t := time.Date(y, time.Month(m), d, 0, 0, 0, 0, time.UTC)
	if t.Year() != y || int(t.Month()) != m || t.Day() != d {
		return "", false
	}
	return t.Format(time.DateOnly), true
}

// DateParts splits the answer of a date field for three boxes, also one that is
// no date: what was typed into each box comes back into it. A text that never
// was in three boxes is returned as the day.
func DateParts(answer any) (year, month, day string) {
	s, _ := answer.(string)
	p := strings.Split(s, "-")
	if len(p) != 3 {
		return "", "", s
	}
	if iso, ok := ParseDate(s); ok && iso == s {
		return p[0], strings.TrimPrefix(p[1], "0"), strings.TrimPrefix(p[2], "0")
	}
	return p[0], p[1], p[2]
}

var monthParts = regexp.MustCompile(`^(?:([0-9]{4})[-/. ]([0-9]{1,2})|([0-9]{1,2})[-/. ]([0-9]{4}))$`)

// ParseMonth reads a month written as 2025-09, 09/2025, 9.2025 or 9 2025.
func ParseMonth(text string) (string, bool) {
	m := monthParts.FindStringSubmatch(strings.Join(strings.Fields(text), " "))
	if m == nil {
		return "", false
	}
	y, mo := m[1], m[2]
	if y == "" {
		y, mo = m[4], m[3]
	}
	iso, ok := isoDate(y, mo, "1")
	if !ok {
		return "", false
	}
	return iso[:7], true
}

// clean removes what nobody types on purpose: broken bytes, control characters,
// spaces around. Line ends become \n.
func clean(s string, lines bool) string {
	if !utf8.ValidString(s) {
		s = strings.ToValidUTF8(s, "")
	}
	s = strings.ReplaceAll(strings.ReplaceAll(s, "\r\n", "\n"), "\r", "\n")
	s = strings.Map(func(r rune) rune {
		switch {
		case r == '\n' && lines, r == '\t' && lines:
			return r
		case r == '\n', r == '\t':
			return ' '
		case unicode.IsControl(r), r == '\ufeff', r == '\u200b':
			return -1
		}
		return r
	}, s)
	return strings.TrimSpace(s)
}

var (
	emailRE = regexp.MustCompile(`^[^\s@<>(),;:"\\\[\]]+@(?:[\p{L}\p{N}](?:[\p{L}\p{N}-]*[\p{L}\p{N}])?\.)+[\p{L}]{2,}$`)
	phoneRE = regexp.MustCompile(`^\+?[0-9]{4,15}$`)
)

// scalar reads one text as the field's type: the canonical answer, or the code
// of what is wrong with it.
func (f *Form) scalar(fd *Field, text string) (any, string) {
	s := clean(text, fd.Type == Textarea)
	if v := f.types[fd.Type]; v != nil {
		if c, ok := v(s); ok {
			return c, ""
		}
		return nil, string(fd.Type)
	}
	switch fd.Type {
	case Number, Integer, Money:
		n, ok := ParseNumber(s, fd.Decimals)
		if !ok {
			return nil, string(fd.Type)
		}
		n, ok = withDecimals(n, fd.Decimals, fd.Type == Money)
		if !ok {
			if fd.Type == Integer {
				return nil, "integer"
			}
			return nil, "decimals"
		}
		return json.Number(n), ""
	case Date:
		if d, ok := ParseDate(s); ok {
			return d, ""
		}
		return nil, "date"
	case Month:
		if m, ok := ParseMonth(s); ok {
			return m, ""
		}
		return nil, "month"
	case YesNo, Declaration:
		switch strings.ToLower(s) {
		case "yes", "true", "on", "1":
			return true, ""
		case "no", "false", "0":
			return false, ""
		}
		return nil, "yesNo"
	case Email:
		if emailRE.MatchString(s) && len(s) <= 254 {
			at := strings.LastIndexByte(s, '@')
			return s[:at] + strings.ToLower(s[at:]), ""
		}
		return nil, "email"
	case Phone:
		n := strings.Map(func(r rune) rune {
			if unicode.IsSpace(r) || strings.ContainsRune("-./()", r) {
				return -1
			}
			return r
		}, s)
		if strings.HasPrefix(n, "00") {
			n = "+" + n[2:]
		}
		if phoneRE.MatchString(n) {
			return n, ""
		}
		return nil, "phone"
	case IBAN:
		if c, ok := ParseIBAN(s); ok {
			return c, ""
		}
		return nil, "iban"
	case Country:
		if c := strings.ToUpper(s); IsCountry(c) {
			return c, ""
		}
		return nil, "country"
	case NationalID, BusinessNumber:
		return strings.Join(strings.Fields(s), ""), ""
	case Choice, Select:
		for _, o := range fd.Options {
			if o == s {
				return s, ""
			}
		}
		return nil, "option"
	}
	return s, ""
}
