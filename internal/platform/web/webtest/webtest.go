package webtest

import (
	"bytes"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/PuerkitoBio/goquery"

	"passerelle/internal/platform/web/webtest/htmlcheck"
)

// Values are what a person enters: field → value, []string for several, or a
// File. nil leaves a field out that the form has filled.
type Values map[string]any

// File is a file to upload.
type File struct {
	Name    string
	Content []byte
}

// Client is one visitor. Not for concurrent use.
type Client struct {
	t      testing.TB
	base   string
	http   *http.Client
	Header http.Header // sent with every request, for example Accept-Language
	Page   *Page       // the last one seen
}

// New starts a server for h on loopback, until the test ends, and returns a
// first visitor.
func New(t testing.TB, h http.Handler) *Client {
	t.Helper()
	srv := httptest.NewServer(h)
	t.Cleanup(srv.Close)
	return At(t, srv.URL)
}

// At returns a visitor of the server at base ("http://127.0.0.1:8080").
func At(t testing.TB, base string) *Client {
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	transport := http.DefaultTransport.(*http.Transport).Clone()
	t.Cleanup(transport.CloseIdleConnections)
	return &Client{t: t, base: base, http: &http.Client{Jar: jar, Transport: transport}, Header: http.Header{"Accept": {"text/html"}}}
}

// Another returns a further visitor of the same server, without cookies.
func (c *Client) Another() *Client { return At(c.t, c.base) }

// Page is an answer, after redirects.
type Page struct {
	t      testing.TB
	Status int
	Header http.Header
	URL    *url.URL
	Body   string
	Doc    *goquery.Document
}

// Get opens an address, absolute or a path on the site.
func (c *Client) Get(address string) *Page {
	c.t.Helper()
	return c.Do(c.request(http.MethodGet, address, nil))
}

// Post sends a form that was not shown: for tests of what must be refused.
func (c *Client) Post(address string, form url.Values) *Page {
	c.t.Helper()
	req := c.request(http.MethodPost, address, strings.NewReader(form.Encode()))
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return c.Do(req)
}

// Click follows the first link that matches selector on the present page.
func (c *Client) Click(selector string) *Page {
	c.t.Helper()
	href, ok := c.find(selector).Attr("href")
	if !ok {
		c.t.Fatalf("%s: %s is no link", c.Page.URL, selector)
	}
	return c.Get(c.resolve(href))
}

// Submit fills in and sends the first form that matches selector on the
// present page. A field the form does not have fails the test, and so does a
// radio button or option that is not offered. To press a button that has a
// name, give its value: Values{"action": "save"}.
func (c *Client) Submit(selector string, values Values) *Page {
	c.t.Helper()
	form := c.find(selector)
	if !form.Is("form") {
		c.t.Fatalf("%s: %s is no form", c.Page.URL, selector)
	}
	fields := c.fill(form, values)
	action := c.Page.URL.String()
	if a := form.AttrOr("action", ""); a != "" {
		action = c.resolve(a)
	}
	if !strings.EqualFold(form.AttrOr("method", "get"), "post") {
		q := url.Values{}
		for name, vs := range fields {
			for _, v := range vs {
				if text, ok := v.(string); ok {
					q.Add(name, text)
				}
			}
		}
		action, _, _ = strings.Cut(action, "?")
		return c.Get(action + "?" + q.Encode())
	}
	body, kind := encode(c.t, fields, form.AttrOr("enctype", ""))
	req := c.request(http.MethodPost, action, body)
	req.Header.Set("Content-Type", kind)
	req.Header.Set("Origin", c.base)
	req.Header.Set("Sec-Fetch-Site", "same-origin")
	return c.Do(req)
}

func (c *Client) find(selector string) *goquery.Selection {
	c.t.Helper()
	if c.Page == nil {
		c.t.Fatal("no page is open")
	}
	found := c.Page.Doc.Find(selector).First()
	if found.Length() == 0 {
		c.t.Fatalf("%s (%d): no %s in\n%s", c.Page.URL, c.Page.Status, selector, htmlcheck.Plain(c.Page.Doc.Find("main")))
	}
	return found
}

func (c *Client) resolve(ref string) string {
	c.t.Helper()
	u, err := c.Page.URL.Parse(ref)
	if err != nil {
		c.t.Fatal(err)
	}
	return u.String()
}

func (c *Client) request(method, address string, body io.Reader) *http.Request {
	c.t.Helper()
	if strings.HasPrefix(address, "/") {
		address = c.base + address
	}
	req, err := http.NewRequestWithContext(c.t.Context(), method, address, body)
	if err != nil {
		c.t.Fatal(err)
	}
	for name, vs := range c.Header {
		req.Header[name] = vs
	}
	return req
}

// Do sends any request with the visitor's cookies and opens the answer.
func (c *Client) Do(req *http.Request) *Page {
	c.t.Helper()
	res, err := c.http.Do(req)
	if err != nil {
		c.t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		c.t.Fatal(err)
	}
	doc, err := goquery.NewDocumentFromReader(bytes.NewReader(body))
	if err != nil {
		c.t.Fatal(err)
	}
	c.Page = &Page{t: c.t, Status: res.StatusCode, Header: res.Header, URL: res.Request.URL, Body: string(body), Doc: doc}
	return c.Page
}

// Cookies returns the visitor's cookies for the site, by name.
func (c *Client) Cookies() map[string]string {
	u, err := url.Parse(c.base)
	if err != nil {
		c.t.Fatal(err)
	}
	cookies := map[string]string{}
	for _, k := range c.http.Jar.Cookies(u) {
		cookies[k.Name] = k.Value
	}
	return cookies
}

// SetCookie gives the visitor a cookie, as kept from an earlier visit.
func (c *Client) SetCookie(name, value string) {
	u, err := url.Parse(c.base)
	if err != nil {
		c.t.Fatal(err)
	}
	c.http.Jar.SetCookies(u, []*http.Cookie{{Name: name, Value: value, Path: "/"}})
}

// Want fails the test for each check that does not hold, and returns the page.
func (p *Page) Want(checks ...htmlcheck.Check) *Page {
	p.t.Helper()
	for _, check := range checks {
		if err := check(p.Doc.Selection); err != nil {
			p.t.Errorf("%s (%d): %v", p.URL, p.Status, err)
		}
	}
	return p
}

// WantStatus fails the test unless the answer has this status.
func (p *Page) WantStatus(status int) *Page {
	p.t.Helper()
	if p.Status != status {
		p.t.Errorf("%s: status %d, want %d: %.200s", p.URL, p.Status, status, htmlcheck.Plain(p.Doc.Find("body")))
	}
	return p
}

// encode writes fields as the form's enctype says, and returns the media type.
func encode(t testing.TB, fields map[string][]any, enctype string) (io.Reader, string) {
	t.Helper()
	if enctype != "multipart/form-data" {
		q := url.Values{}
		for name, vs := range fields {
			for _, v := range vs {
				text, ok := v.(string)
				if !ok {
					t.Fatalf("field %s: a file in a form without enctype", name)
				}
				q.Add(name, text)
			}
		}
		return strings.NewReader(q.Encode()), "application/x-www-form-urlencoded"
	}
	var b bytes.Buffer
	m := multipart.NewWriter(&b)
	for name, vs := range fields {
		for _, v := range vs {
			var part io.Writer
			var err error
			var content []byte
			if f, ok := v.(File); ok {
				part, err = m.CreateFormFile(name, f.Name)
				content = f.Content
			} else {
				part, err = m.CreateFormField(name)
				content = []byte(v.(string))
			}
			if err != nil {
				t.Fatal(err)
			}
			_, _ = part.Write(content) // memory
		}
	}
	_ = m.Close()
	return &b, m.FormDataContentType()
}
