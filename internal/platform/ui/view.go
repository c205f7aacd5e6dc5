package ui

import (
	"context"
	"strings"

	"passerelle/internal/platform/i18n"
)

// View is what the frame of every page needs to know about the request. The
// web platform puts it into the context once; pages only read it.
type View struct {
	Locale *i18n.Locale
	// Origin is the scheme and host of the site ("https://passerelle.lu"),
	// for addresses that must be absolute (hreflang). Empty: relative.
	Origin string
	// Path is the address without the language prefix, with the query.
	Path string
	// User is the display name of the signed-in person; "" is nobody.
	User string
	// Nav is the key of the current navigation item ("services", "cases",
	// "workbench", or the Key of one of Links).
	Nav string
	// Nonce is the Content-Security-Policy nonce of this response.
	Nonce string
	// Workbench says that the person works for an authority: the frame
	// offers the way to the workbench.
	Workbench bool
	// Links are further items of the navigation, after "Services".
	Links []NavLink
	// Menu are the items of the signed-in person's menu, before "Sign out".
	Menu []NavLink
	// FeedbackPath is the page that asks what is hard; "" hides the banner
	// that says these services are new.
	FeedbackPath string
	// Demo is the banner of the demonstration; nil in a real State.
	Demo *DemoBanner
}

// NavLink is an item of the main navigation.
type NavLink struct {
	Key  string // compared with View.Nav
	Text string
	Path string // without the language prefix
}

// DemoBanner tells people that nothing here is real, which moment the demo's
// clock shows, and where to change it.
type DemoBanner struct {
	Now       string // date and time as the person reads it; "" hides it
	ClockPath string // page that moves the clock; "" for those who may not
	MailPath  string // the demo's mailbox; "" hides it
}

type viewKey struct{}

// WithView returns a context whose components render for v.
func WithView(ctx context.Context, v View) context.Context {
	if v.Locale != nil {
		ctx = i18n.Into(ctx, v.Locale)
	}
	return context.WithValue(ctx, viewKey{}, v)
}

// ViewFrom returns the view of ctx. Without one it is the zero View with the
// context's locale.
func ViewFrom(ctx context.Context) View {
	v, _ := ctx.Value(viewKey{}).(View)
	if v.Locale == nil {
		v.Locale = i18n.FromContext(ctx)
	}
	return v
}

// Href returns the address of path ("/services") in the page's language.
func Href(ctx context.Context, path string) string {
	return HrefIn(ViewFrom(ctx).Locale.Lang(), path)
}

// HrefIn returns the address of path in another language.
func HrefIn(lang i18n.Lang, path string) string {
	if path == "/" {
		path = ""
	}
	return "/" + string(lang) + path
}

// t is the component's own word in the language of ctx.
func t(ctx context.Context, key string, args ...any) string {
	return i18n.FromContext(ctx).T("ui."+key, args...)
}

// lang is the language of ctx.
func lang(ctx context.Context) i18n.Lang { return i18n.FromContext(ctx).Lang() }

// pathOnly drops the query: hreflang names pages, not searches.
func pathOnly(path string) string {
	p, _, _ := strings.Cut(path, "?")
	return p
}
