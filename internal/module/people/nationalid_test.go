package people

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestPublishedIdentificationNumbers(t *testing.T) {
	for number, valid := range map[string]bool{
		"1893120105732":  true, // the three published vectors
		"1990010112385":  true,
		"1980022900150":  true,
		"1893120105733":  false, // a wrong Verhoeff digit
		"1990010112386":  false,
		"1990010112375":  false, // a wrong Luhn digit
		"1981022900150":  false, // no 29 February in 1981
		"1980133100150":  false, // no thirteenth month
		"198002290015":   false, // too short
		"19800229001500": false,
		"1980 022900150": false,
		"198002290015x":  false,
		"":               false,
	} {
		if got := ValidNationalID(number); got != valid {
			t.Errorf("%q: valid %v, want %v", number, got, valid)
		}
	}
}

func TestUnknownMonthAndDayAreZero(t *testing.T) {
	for eleven, valid := range map[string]bool{"19800200123": true, "19800000123": true, "19800015123": false} {
		luhn, verhoeff := checkDigits(eleven)
		if got := ValidNationalID(eleven + string([]byte{luhn, verhoeff})); got != valid {
			t.Errorf("%s: valid %v, want %v", eleven, got, valid)
		}
	}
}

func TestEveryMadeNumberIsValidAndEveryWrongDigitIsNoticed(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		birth := time.Date(1900, 1, 1+rapid.IntRange(0, 50000).Draw(t, "day"), 0, 0, 0, 0, time.UTC)
		id, err := NewNationalID(birth, rapid.IntRange(0, 999).Draw(t, "sequence"))
		if err != nil {
			t.Fatal(err)
		}
		if !ValidNationalID(string(id)) {
			t.Fatalf("%s is not valid", id)
		}
		wrong := []byte(id)
		i := rapid.IntRange(0, 12).Draw(t, "position")
		wrong[i] = '0' + (wrong[i]-'0'+byte(rapid.IntRange(1, 9).Draw(t, "error")))%10
		if ValidNationalID(string(wrong)) {
			t.Fatalf("%s passes for %s", wrong, id)
		}
	})
}

func TestNoNumberOutsideTheSequence(t *testing.T) {
	if id, err := NewNationalID(time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC), 1000); err == nil {
		t.Fatalf("got %s", id)
	}
}

func TestBusinessNumbersCheckModulusEleven(t *testing.T) {
	// 5*1+4*9+3*8+2*7 + 7*2+6*4+5*0+4*1+3*2+2*3 = 133, remainder 1: not issued.
	if n, ok := NewBusinessNumber("1987240123"); ok {
		t.Errorf("1987240123 was issued as %s", n)
	}
	// The same with the sequence 0124: 135, remainder 3, check digit 8.
	n, ok := NewBusinessNumber("1987240124")
	if !ok || n != "19872401248" || !ValidBusinessNumber(n) {
		t.Errorf("1987240124: got %s, %v", n, ok)
	}
	for _, wrong := range []string{"19872401249", "1987240124", "1987240124x", "00000000000", ""} {
		if ValidBusinessNumber(wrong) {
			t.Errorf("%q passes", wrong)
		}
	}
}
