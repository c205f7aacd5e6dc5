// Package i18ntest lets a module's test hold its texts complete: every
// language, key, placeholder and plural form is there, and every key is used.
package i18ntest
