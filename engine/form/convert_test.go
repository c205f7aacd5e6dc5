package form

import "testing"

func TestNumbersInFiveLanguages(t *testing.T) {
	for _, c := range []struct {
		text     string
		decimals int
		want     string
		ok       bool
	}{
		{"1817", 2, "1817", true},
		{"1 817,00", 2, "1817.00", true},
		{"1\u202f817,00", 2, "1817.00", true},
		{"1.817,00", 2, "1817.00", true},
		{"1,817.00", 2, "1817.00", true},
		{"1'817.5", 2, "1817.5", true},
		{"1.817", 2, "1817", true}, // in money three digits can only be thousands
		{"1,817", 0, "1817", true},
		{"1.817", 3, "1.817", true},
		{"1.817", -1, "1.817", true},
		{"0,500", 2, "0.500", true}, // no group begins with a zero
		{"1.234.567", 2, "1234567", true},
		{"1.234.567,8", 2, "1234567.8", true},
		{"€ 12,50", 2, "12.50", true},
		{"12,50 EUR", 2, "12.50", true},
		{"-3,5", 2, "-3.5", true},
		{"−3,5", 2, "-3.5", true},
		{"-0", 2, "0", true},
		{"007", 2, "7", true},
		{",5", 2, "0.5", true},
		{"", 2, "", false},
		{"-", 2, "", false},
		{".", 2, "", false},
		{"1,2,3", 2, "", false},
		{"1.23.456", 2, "", false},
		{"1,817.00,5", 2, "", false},
		{"12e3", 2, "", false},
		{"twelve", 2, "", false},
		{"1234567890123456789012345678901234567890", 2, "", false},
	} {
		got, ok := ParseNumber(c.text, c.decimals)
		if got != c.want || ok != c.ok {
			t.Errorf("ParseNumber(%q, %d) = %q, %v; want %q, %v", c.text, c.decimals, got, ok, c.want, c.ok)
		}
	}
}

func TestDatesAsPeopleWriteThem(t *testing.T) {
	for text, want := range map[string]string{
		"2025-03-09": "2025-03-09", "9/3/2025": "2025-03-09", "9.3.2025": "2025-03-09", "09-03-2025": "2025-03-09",
		"9. 3. 2025": "2025-03-09", " 9 3 2025 ": "2025-03-09", "2024-02-29": "2024-02-29",
		"2025-02-29": "", "31/4/2025": "", "3/2025": "", "9/3/25": "", "13/13/2025": "", "": "", "yesterday": "",
	} {
		got, ok := ParseDate(text)
		if got != want || ok != (want != "") {
			t.Errorf("ParseDate(%q) = %q, %v", text, got, ok)
		}
	}
	for text, want := range map[string]string{"2025-09": "2025-09", "09/2025": "2025-09", "9.2025": "2025-09", "13/2025": "", "2025": ""} {
		got, ok := ParseMonth(text)
		if got != want || ok != (want != "") {
			t.Errorf("ParseMonth(%q) = %q, %v", text, got, ok)
		}
	}
}

func TestDatePartsComeBackIntoTheirBoxes(t *testing.T) {
	for answer, want := range map[any][3]string{
		"2025-03-09": {"2025", "3", "9"}, "2025-13-9": {"2025", "13", "9"}, "--9": {"", "", "9"}, "9 March": {"", "", "9 March"}, nil: {"", "", ""},
	} {
		y, m, d := DateParts(answer)
		if [3]string{y, m, d} != want {
			t.Errorf("%v: %q %q %q", answer, y, m, d)
		}
	}
}

func TestBankAccountNumbers(t *testing.T) {
	for text, want := range map[string]bool{
		"LU28 0019 4006 4475 0000":    true,
		"lu280019400644750000":        true,
		"DE89 3704 0044 0532 0130 00": true,
		"LU29 0019 4006 4475 0000":    false, // check digits
		"LU28 0019 4006 4475":         false, // too short
		"XX28 0019 4006 4475 0000":    false,
		"LU28 0019 4006 4475 00é0":    false,
		"":                            false,
	} {
		if _, ok := ParseIBAN(text); ok != want {
			t.Errorf("ParseIBAN(%q) = %v", text, ok)
		}
	}
}

func TestTextsOfEachType(t *testing.T) {
	f := &Form{}
	for _, c := range []struct {
		typ       Type
		text      string
		want      any
		wantFault string
	}{
		{Email, " Ada.Muster@Example.LU ", "Ada.Muster@example.lu", ""},
		{Email, "ada@muster", nil, "email"},
		{Email, "ada muster@example.lu", nil, "email"},
		{Phone, "00352 621 12 34 56", "+352621123456", ""},
		{Phone, "621/12-34-56", "621123456", ""},
		{Phone, "call me", nil, "phone"},
		{Country, "lu", "LU", ""},
		{Country, "UK", nil, "country"},
		{YesNo, "no", false, ""},
		{YesNo, "perhaps", nil, "yesNo"},
		{Text, "a\u0000b\r\nc", "ab c", ""},
		{Textarea, " a\r\nb ", "a\nb", ""},
		{NationalID, "1980 01 01 000 01", "1980010100001", ""},
	} {
		got, fault := f.scalar(&Field{Type: c.typ}, c.text)
		if got != c.want || fault != c.wantFault {
			t.Errorf("%s %q: %v %q", c.typ, c.text, got, fault)
		}
	}
}
