// Package browser tests the whole demonstration State the way people meet it:
// in a real browser (headless Chromium), as citizens, case workers and an
// operator, with and without JavaScript, on a phone's and a desktop's width.
//
// It holds tests only. One installation with a seeded past serves all of them;
// the test that moves the demonstration's clock has one of its own. Every page
// that a visitor opens must be free of console errors, so a violation of the
// content security policy fails the test that met it.
//
// go test ./internal/browser -run Screenshots -screenshots writes the pictures
// of docs/guide.
//
// With BROWSER_FAILURES=DIR a picture of the page at which a test failed is
// written there.
//
// Without Chromium all tests are skipped, and say so.
package browser
