package ui

import (
	"embed"
	"strings"

	"github.com/a-h/templ"

	"passerelle/web"
)

// Locales holds the words of the components, for i18n.Bundle.Add.
//
//go:embed locales/*.yaml
var Locales embed.FS

// Attributes are further HTML attributes of an element. Values are strings,
// or booleans for attributes such as "hidden".
type Attributes = templ.Attributes

// Asset returns the address of a built file by its plain name ("main.css").
// An unknown name yields the plain address, which the server answers with
// 404; the web package's test checks the names that pages use.
func Asset(name string) string {
	m, err := web.Manifest()
	if err == nil && m[name] != "" {
		return "/assets/" + m[name]
	}
	return "/assets/" + name
}

// cls joins class names, leaving out the empty ones.
func cls(names ...string) string {
	var kept []string
	for _, n := range names {
		if n = strings.TrimSpace(n); n != "" {
			kept = append(kept, n)
		}
	}
	return strings.Join(kept, " ")
}

// when returns s if cond holds, else "".
func when(cond bool, s string) string {
	if cond {
		return s
	}
	return ""
}

// or returns the first string that is not empty.
func or(ss ...string) string {
	for _, s := range ss {
		if s != "" {
			return s
		}
	}
	return ""
}

// ids joins the ids of aria-describedby, leaving out the empty ones.
func ids(list ...string) string { return cls(list...) }
