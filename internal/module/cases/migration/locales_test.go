package migration

import (
	"testing"

	"passerelle/internal/platform/i18n/i18ntest"
)

func TestTextsAreComplete(t *testing.T) {
	i18ntest.Complete(t, Locales)
	i18ntest.UsedKeys(t, ".", Locales, "migration.case.", "migration.outcome.", "migration.problem.", "migration.short.", "migration.show.",
		"migration.sum.timer.", "migration.timer.")
}
