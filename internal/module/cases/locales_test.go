package cases

import (
	"testing"

	"passerelle/internal/platform/i18n/i18ntest"
)

func TestLocales(t *testing.T) {
	i18ntest.Complete(t, Locales)
	i18ntest.UsedKeys(t, ".", Locales, "cases.deadline.because.", "cases.deadline.extra.", "cases.deadline.from.", "cases.deadline.title.", "cases.holiday.")
}
