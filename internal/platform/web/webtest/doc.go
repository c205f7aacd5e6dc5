// Package webtest drives a site as a browser without JavaScript does: it keeps
// cookies, follows redirects and links, and submits the forms it is shown.
//
//	c := webtest.New(t, server)
//	c.Get("/en/services").Want(htmlcheck.In("main h1", htmlcheck.Text("Services")))
//	c.Click("main a[href$='/apply']")
//	c.Submit("main form", webtest.Values{"name": "Weber"})
package webtest
