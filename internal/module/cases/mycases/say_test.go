package mycases

import (
	"testing"
	"time"

	"passerelle/internal/module/cases"
	"passerelle/internal/module/services/pack"
	"passerelle/internal/platform/i18n"
	"passerelle/internal/platform/i18n/i18ntest"
)

// The deadline always comes with what it means when it passes.
func TestTheClockIsToldWithItsConsequence(t *testing.T) {
	l := i18ntest.Locale(t, i18n.EN, Locales)
	start := time.Date(2026, time.November, 23, 9, 0, 0, 0, time.UTC)
	running := func(silence string) cases.LegalClock {
		return cases.LegalClock{Limit: pack.Span{Months: 3}, Silence: silence}.Start(start)
	}
	for name, test := range map[string]struct {
		clock cases.LegalClock
		want  string
	}{
		"silence grants":  {running("grant"), "If nobody answers by 23 February 2027, it is granted."},
		"silence refuses": {running("refusal"), "If nobody answers by 23 February 2027, this counts as a refusal, and you can appeal."},
		"silence is mute": {running("none"), "We answer by 23 February 2027."},
		"a pause of ten days, and Saturday 6 March": {running("grant").Pause(start).Resume(start.AddDate(0, 0, 11)), "If nobody answers by 8 March 2027, it is granted."},
		"stands still":  {running("grant").Pause(start), "Our time stands still."},
		"has ended":     {running("grant").Stop(start, cases.EndDecided), ""},
		"never started": {cases.LegalClock{Limit: pack.Span{Months: 3}}, ""},
	} {
		if got := clockSentence(l, test.clock); got != test.want {
			t.Errorf("%s: %q, want %q", name, got, test.want)
		}
	}
}

func TestAnAccountIsShownWithoutItsMiddle(t *testing.T) {
	for iban, want := range map[string]string{"LU28 0019 4006 4475 0000": "LU28\u00a0…\u00a00000", "LU280019400644750000": "LU28\u00a0…\u00a00000", "": ""} {
		if got := maskIBAN(iban); got != want {
			t.Errorf("%q: %q, want %q", iban, got, want)
		}
	}
}

func TestAFileNameIsSafeToSaveUnder(t *testing.T) {
	for name, want := range map[string]string{
		"extrait.pdf": "extrait.pdf", "../../etc/passwd": "passwd", `C:\Documents\photo.jpg`: "photo.jpg", "a\nb\".pdf": "a_b_.pdf", "": "file", "..": "file",
	} {
		if got := safeName(name); got != want {
			t.Errorf("%q: %q, want %q", name, got, want)
		}
	}
}
