package i18n

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
)

//go:embed locales/*.yaml
var own embed.FS

// Bundle holds the texts of all modules. Add fills it at start; from then on
// it is only read. Make it with New.
type Bundle struct {
	locales map[Lang]*Locale
	missing atomic.Int64
	logged  sync.Map // lang+key → struct{}: each gap is logged once
}

// New returns a bundle that knows this package's own texts (months, units).
func New() *Bundle {
	b := &Bundle{locales: map[Lang]*Locale{}}
	for _, lang := range Langs {
		b.locales[lang] = &Locale{lang: lang, bundle: b, texts: map[string]*message{}}
	}
	if err := b.Add(own); err != nil {
		panic(err) // the files are compiled in and tested
	}
	for _, l := range b.locales {
		l.calendar()
	}
	return b
}

var bare = sync.OnceValue(New)

// Add reads locales/{lang}.yaml (or {lang}.yaml at the root) of fsys. It
// fails, and adds nothing, when a file cannot be parsed, when a key is already
// there, or when there is no file at all. What is merely incomplete is let
// through: see Check. Not for use once the bundle is being read.
func (b *Bundle) Add(fsys fs.FS) error {
	files, problems := read(fsys)
	var errs []error
	for _, p := range problems {
		errs = append(errs, errors.New(p.String()))
	}
	if len(files) == 0 && len(errs) == 0 {
		errs = append(errs, errors.New("i18n: no locales/{fr,de,lb,en,pt}.yaml"))
	}
	for _, lang := range Langs {
		f := files[lang]
		for _, key := range slices.Sorted(maps.Keys(f.texts)) {
			m := f.texts[key]
			if _, twice := b.locales[lang].texts[key]; twice {
				errs = append(errs, fmt.Errorf("%s:%d: key %s exists in another module", f.name, m.line, key))
			}
		}
	}
	if len(errs) > 0 {
		return errors.Join(errs...)
	}
	for lang, f := range files {
		maps.Copy(b.locales[lang].texts, f.texts)
	}
	return nil
}

// For returns the locale of lang; of FR when lang is none of ours.
func (b *Bundle) For(lang Lang) *Locale {
	if l, ok := b.locales[lang]; ok {
		return l
	}
	return b.locales[FR]
}

// Missing returns how many times a text was asked for that its language does
// not have: a figure for /metrics, and 0 where tests are kept.
func (b *Bundle) Missing() int64 { return b.missing.Load() }

func (b *Bundle) gap(lang Lang, key string) {
	b.missing.Add(1)
	if _, seen := b.logged.LoadOrStore(string(lang)+" "+key, struct{}{}); !seen {
		slog.Warn("text missing", "lang", string(lang), "key", key)
	}
}

// Locale speaks one language. Safe for concurrent use.
type Locale struct {
	lang     Lang
	bundle   *Bundle
	texts    map[string]*message
	months   [13]string // by time.Month; [0] unused
	weekdays [7]string  // by time.Weekday
}

// Lang returns the locale's language.
func (l *Locale) Lang() Lang { return l.lang }

// Bundle returns the bundle the locale belongs to, to reach its siblings.
func (l *Locale) Bundle() *Bundle { return l.bundle }

// Has tells whether the language has a text for key.
func (l *Locale) Has(key string) bool { return l.texts[key] != nil }

// T returns the text of key. args fill the placeholders: pairs of name and
// value, or a map[string]any. A time.Time becomes a date; a number is shown
// without grouping (it may be a year): format amounts before.
// A missing text is the English one, else "[key]".
func (l *Locale) T(key string, args ...any) string {
	if m := l.find(key); m != nil {
		return m.plain().render(l, args)
	}
	return "[" + key + "]"
}

// N is T for a text that depends on the whole number n; {n} is n, grouped.
func (l *Locale) N(key string, n int, args ...any) string {
	m := l.find(key)
	if m == nil {
		return "[" + key + "]"
	}
	t := m.form(l.lang, n)
	if len(t) == 1 {
		return t[0]
	}
	return t.render(l, append(args[:len(args):len(args)], "n", l.Int(n)))
}

func (l *Locale) find(key string) *message {
	if m := l.texts[key]; m != nil {
		return m
	}
	l.bundle.gap(l.lang, key)
	return l.bundle.locales[EN].texts[key]
}
