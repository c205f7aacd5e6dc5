package form

import (
	"strings"
)

// countries are the officially assigned codes of ISO 3166-1 alpha-2, and XK,
// which is in use for Kosovo.
const countries = "AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW BY BZ " +
	"CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO FR " +
	"GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP " +
	"KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ " +
	"NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY QA RE RO RS RU RW " +
	"SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW TZ " +
	"UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM ZW XK"

// Countries returns the codes of all countries, in no order people would expect:
// a shell sorts them by their names.
func Countries() []string { return strings.Fields(countries) }

// IsCountry reports whether code is the code of a country.
func IsCountry(code string) bool {
	return len(code) == 2 && code != "  " && strings.Contains(" "+countries+" ", " "+code+" ")
}

// ibanLength is the length of an IBAN by country, for the countries of SEPA; the
// numbers of others are only checked by their digits.
var ibanLength = map[string]int{
	"AD": 24, "AT": 20, "BE": 16, "BG": 22, "CH": 21, "CY": 28, "CZ": 24, "DE": 22, "DK": 18, "EE": 20, "ES": 24, "FI": 18,
	"FR": 27, "GB": 22, "GI": 23, "GR": 27, "HR": 21, "HU": 28, "IE": 22, "IS": 26, "IT": 27, "LI": 21, "LT": 20, "LU": 20,
	"LV": 21, "MC": 27, "MT": 31, "NL": 18, "NO": 15, "PL": 28, "PT": 25, "RO": 24, "SE": 24, "SI": 19, "SK": 24, "SM": 27, "VA": 22,
}

// ParseIBAN reads an international bank account number (ISO 13616): spaces are
// dropped, letters become capitals, and the remainder modulo 97 must be 1.
func ParseIBAN(text string) (string, bool) {
	s := strings.ToUpper(strings.Join(strings.Fields(text), ""))
	s = strings.ReplaceAll(s, "-", "")
	if len(s) < 15 || len(s) > 34 || !IsCountry(s[:2]) {
		return "", false
	}
	if n, ok := ibanLength[s[:2]]; ok && n != len(s) {
		return "", false
	}
	rest := 0
	for i := range len(s) {
		c := s[(i+4)%len(s)]
		switch {
		case c >= '0' && c <= '9':
			rest = (rest*10 + int(c-'0')) % 97
		case c >= 'A' && c <= 'Z':
			rest = (rest*100 + int(c-'A') + 10) % 97
		default:
			return "", false
		}
	}
	return s, rest == 1
}
