package people

import (
	"fmt"
	"time"
)

// NationalID is a Luxembourg identification number of a natural person: 13
// digits, birth date (YYYYMMDD, unknown month or day 00), a sequence of three,
// a Luhn check digit and a Verhoeff check digit (règlement grand-ducal of
// 28.11.2013, art. 1).
type NationalID string

// ValidNationalID reports whether s is an identification number without
// spaces: 13 digits, a possible date, both check digits right. It says nothing
// about whether the number has been issued.
func ValidNationalID(s string) bool {
	if len(s) != 13 || !allDigits(s) || !possibleDate(s[:8]) {
		return false
	}
	luhn, verhoeff := checkDigits(s[:11])
	return s[11] == luhn && s[12] == verhoeff
}

// NewNationalID makes the number of the person born on the day of birth with
// the given sequence (0 to 999).
func NewNationalID(birth time.Time, sequence int) (NationalID, error) {
	if sequence < 0 || sequence > 999 || birth.Year() < 1 || birth.Year() > 9999 {
		return "", fmt.Errorf("people: no identification number for %s, sequence %d", birth.Format(time.DateOnly), sequence)
	}
	s := fmt.Sprintf("%04d%02d%02d%03d", birth.Year(), birth.Month(), birth.Day(), sequence)
	luhn, verhoeff := checkDigits(s)
	return NationalID(s + string([]byte{luhn, verhoeff})), nil
}

// checkDigits computes both check digits over the first eleven digits: each
// over those eleven alone, neither over the other.
func checkDigits(eleven string) (luhn, verhoeff byte) {
	sum, c := 0, byte(0)
	for i := range eleven {
		d := eleven[len(eleven)-1-i] - '0'
		c = verhoeffTimes[c][verhoeffPermute[(i+1)%8][d]]
		if i%2 == 0 { // every second digit, beginning beside the check digit
			if d *= 2; d > 9 {
				d -= 9
			}
		}
		sum += int(d)
	}
	return byte('0' + (10-sum%10)%10), '0' + verhoeffInverse[c]
}

// The Verhoeff scheme: the multiplication of the dihedral group D5, the powers
// of its position permutation, and the inverses.
var (
	verhoeffTimes = [10][10]byte{
		{0, 1, 2, 3, 4, 5, 6, 7, 8, 9},
		{1, 2, 3, 4, 0, 6, 7, 8, 9, 5},
		{2, 3, 4, 0, 1, 7, 8, 9, 5, 6},
		{3, 4, 0, 1, 2, 8, 9, 5, 6, 7},
		{4, 0, 1, 2, 3, 9, 5, 6, 7, 8},
		{5, 9, 8, 7, 6, 0, 4, 3, 2, 1},
		{6, 5, 9, 8, 7, 1, 0, 4, 3, 2},
		{7, 6, 5, 9, 8, 2, 1, 0, 4, 3},
		{8, 7, 6, 5, 9, 3, 2, 1, 0, 4},
		{9, 8, 7, 6, 5, 4, 3, 2, 1, 0},
	}
	verhoeffPermute = [8][10]byte{
		{0, 1, 2, 3, 4, 5, 6, 7, 8, 9},
		{1, 5, 7, 6, 2, 8, 3, 0, 9, 4},
		{5, 8, 0, 3, 7, 9, 6, 1, 4, 2},
		{8, 9, 1, 6, 0, 4, 3, 5, 2, 7},
		{9, 4, 5, 3, 1, 2, 6, 8, 7, 0},
		{4, 2, 8, 6, 5, 7, 3, 9, 0, 1},
		{2, 7, 9, 3, 8, 0, 6, 4, 1, 5},
		{7, 0, 4, 6, 9, 1, 3, 2, 5, 8},
	}
	verhoeffInverse = [10]byte{0, 4, 3, 2, 1, 5, 6, 7, 8, 9}
)

// possibleDate reports whether eight digits are a date of the calendar, where
// an unknown month or day is 00 (an unknown month has an unknown day).
func possibleDate(s string) bool {
	year, month, day := number(s[:4]), number(s[4:6]), number(s[6:8])
	switch {
	case year == 0 || month > 12:
		return false
	case month == 0 || day == 0:
		return day == 0
	}
	return time.Date(year, time.Month(month), day, 0, 0, 0, 0, time.UTC).Day() == day
}

// ValidBusinessNumber reports whether s is the identification number of a
// legal person: 11 digits, the last a modulus 11 check over the others with the
// weights 5,4,3,2,7,6,5,4,3,2; numbers whose remainder is 1 are not issued.
func ValidBusinessNumber(s string) bool {
	if len(s) != 11 || !allDigits(s) || number(s[:4]) == 0 {
		return false
	}
	check, ok := businessCheck(s[:10])
	return ok && s[10] == check
}

// NewBusinessNumber adds the check digit to ten digits. It reports false when
// ten is not ten digits or when such a number is not issued.
func NewBusinessNumber(ten string) (string, bool) {
	if len(ten) != 10 || !allDigits(ten) {
		return "", false
	}
	check, ok := businessCheck(ten)
	return ten + string(check), ok
}

func businessCheck(ten string) (byte, bool) {
	sum := 0
	for i, weight := range [10]int{5, 4, 3, 2, 7, 6, 5, 4, 3, 2} {
		sum += weight * int(ten[i]-'0')
	}
	switch r := sum % 11; r {
	case 0:
		return '0', true
	case 1:
		return 0, false
	default:
		return byte('0' + 11 - r), true
	}
}

func allDigits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return true
}

// number reads digits that have been checked.
func number(s string) int {
	n := 0
	for i := range len(s) {
		n = 10*n + int(s[i]-'0')
	}
	return n
}
