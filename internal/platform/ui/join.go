package ui

import (
	"context"
	"io"
	"strings"

	"github.com/a-h/templ"

	"passerelle/internal/platform/i18n"
)

// join renders one component after another.
func join(list ...templ.Component) templ.Component {
	return templ.ComponentFunc(func(ctx context.Context, w io.Writer) error {
		for _, c := range list {
			if err := c.Render(ctx, w); err != nil {
				return err
			}
		}
		return nil
	})
}

// scriptTexts adds to a the words that govuk-frontend's scripts write into
// the page. They speak English by themselves, so English needs none. Keys are
// the scripts' own; {count} of our locales becomes their %{count}.
func scriptTexts(ctx context.Context, a Attributes, keys ...string) {
	if lang(ctx) == i18n.EN {
		return
	}
	for _, k := range keys {
		key := "script." + strings.ReplaceAll(k, ".", "-") // "x.one" is no plural of ours
		a["data-i18n."+k] = t(ctx, key, "count", "%{count}")
	}
}
