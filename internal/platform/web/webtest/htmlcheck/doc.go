// Package htmlcheck asserts what a page contains, by CSS selector:
//
//	htmlcheck.In("main h1", htmlcheck.Text("Your cases"))
package htmlcheck
