package mycases

import (
	"testing"

	"passerelle/internal/platform/i18n/i18ntest"
)

func TestTextsAreComplete(t *testing.T) { i18ntest.Complete(t, Locales) }

func TestEveryTextIsUsed(t *testing.T) {
	i18ntest.UsedKeys(t, ".", Locales,
		"mycases.head.", "mycases.head.appeal.", "mycases.status.", "mycases.next.", "mycases.state.", "mycases.mark.", "mycases.mark.step.",
		"mycases.why.silence.", "mycases.done.", "mycases.papers.", "mycases.appealProcess.", "mycases.message.",
		"mycases.verify.is.", "mycases.verify.state.")
}
