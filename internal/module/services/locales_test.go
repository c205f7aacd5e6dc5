package services

import (
	"testing"

	"passerelle/internal/platform/i18n/i18ntest"
)

func TestLocales(t *testing.T) {
	i18ntest.Complete(t, Locales)
	i18ntest.UsedKeys(t, ".", Locales, "services.page.silence.", "services.status.", "services.form.error.", "services.register.")
}
