package pack

import (
	"embed"
	"io/fs"
	"strings"
	"time"

	"github.com/woodsbury/decimal128"

	"passerelle/engine/feel"
	"passerelle/internal/platform/i18n"
)

//go:embed locales/*.yaml
var locales embed.FS

// Locales returns the texts of this package itself (units, the appeal sentence),
// for the bundle that makes the locales given to Explain and Letter.
func Locales() fs.FS { return locales }

// plain writes a number without exponent.
func plain(d decimal128.Decimal) string {
	s := d.String()
	if !strings.Contains(s, "e") {
		return s
	}
	s = string(d.Append(nil, ".34f"))
	return strings.TrimRight(strings.TrimRight(s, "0"), ".")
}

// show writes a value in a format of formats; "" follows the kind of the value.
// Null is the empty text.
func show(loc *i18n.Locale, v feel.Value, format string) string {
	switch v.Kind() {
	case feel.KindNull:
		return ""
	case feel.KindNumber:
		d, _ := v.AsNumber()
		switch format {
		case "money":
			return loc.MoneyDecimal(plain(d))
		case "percent":
			return loc.Percent(plain(d))
		}
		return loc.Number(plain(d))
	case feel.KindBoolean:
		if b, _ := v.AsBool(); b {
			return loc.T("pack.yes")
		}
		return loc.T("pack.no")
	case feel.KindDate, feel.KindDateTime:
		t, _ := v.AsTime(time.UTC)
		if format == "month" {
			return loc.Month(t)
		}
		return loc.Date(t)
	case feel.KindList:
		items := make([]string, len(v.Items()))
		for i, item := range v.Items() {
			items[i] = show(loc, item, format)
		}
		return loc.List(items)
	}
	s, ok := v.AsString()
	if !ok {
		return v.String()
	}
	return showText(loc, s, format)
}

// showText writes what registers give as text.
func showText(loc *i18n.Locale, s, format string) string {
	switch format {
	case "money":
		return loc.MoneyDecimal(s)
	case "number":
		return loc.Number(s)
	case "percent":
		return loc.Percent(s)
	case "date":
		if t, err := time.Parse(time.DateOnly, s); err == nil {
			return loc.Date(t)
		}
	case "month":
		if t, err := time.Parse("2006-01", s); err == nil {
			return loc.Month(t)
		}
	}
	return s
}

// showUnit writes a value with the unit of a row.
func showUnit(loc *i18n.Locale, v feel.Value, unit string) string {
	if v.IsNull() {
		return loc.T("pack.noValue")
	}
	n, whole := v.AsInt()
	switch unit {
	case "EUR":
		return show(loc, v, "money")
	case "EUR/month":
		return loc.T("pack.perMonth", "amount", show(loc, v, "money"))
	case "EUR/year":
		return loc.T("pack.perYear", "amount", show(loc, v, "money"))
	case "EUR/kW":
		return loc.T("pack.perKilowatt", "amount", show(loc, v, "money"))
	case "kW":
		return loc.T("pack.kilowatts", "n", show(loc, v, "number"))
	case "percent":
		return show(loc, v, "percent")
	case "months", "days", "years":
		if whole {
			return loc.N("pack."+unit, int(n))
		}
		return loc.T("pack."+unit+"Part", "n", show(loc, v, "number"))
	case "date", "month":
		return show(loc, v, unit)
	}
	return show(loc, v, "")
}

// dayText is a date as files write it.
func dayText(t time.Time) string { return t.Format(time.DateOnly) }
