package load

import (
	"context"
	"fmt"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"

	"github.com/PuerkitoBio/goquery"
)

// names are searched for on the provider's page to find enough people.
var names = []string{"ma", "an", "el", "jo", "so", "le", "ri", "ca", "pe", "da", "mi", "al", "lu", "fr", "ro", "no"}

// SignIn signs n different people in, each through the provider's page, and
// returns their Cookie headers.
func (s *Server) SignIn(ctx context.Context, n int) ([]string, error) {
	subjects, err := s.subjects(ctx, n)
	if err != nil {
		return nil, err
	}
	cookies := make([]string, n)
	for i, subject := range subjects {
		if cookies[i], err = s.signIn(ctx, subject); err != nil {
			return nil, fmt.Errorf("sign-in %d: %w", i+1, err)
		}
	}
	return cookies, nil
}

// visitor is a browser with its cookies.
func (s *Server) visitor() (*http.Client, error) {
	jar, err := cookiejar.New(nil)
	return &http.Client{Jar: jar}, err
}

// choose goes to the provider's page on which one chooses whom to be.
func (s *Server) choose(ctx context.Context, c *http.Client) (*url.URL, *goquery.Document, error) {
	return open(ctx, c, http.MethodGet, s.URL+"/en/sign-in/demo", nil)
}

func open(ctx context.Context, c *http.Client, method, address string, form url.Values) (*url.URL, *goquery.Document, error) {
	req, err := http.NewRequestWithContext(ctx, method, address, strings.NewReader(form.Encode()))
	if err != nil {
		return nil, nil, err
	}
	req.Header.Set("Accept", "text/html")
	if form != nil {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	res, err := c.Do(req)
	if err != nil {
		return nil, nil, err
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return nil, nil, fmt.Errorf("%s: %s", res.Request.URL.Path, res.Status)
	}
	doc, err := goquery.NewDocumentFromReader(res.Body)
	return res.Request.URL, doc, err
}

// subjects collects n people from the provider's page and its search, those
// first who do not work for the administration.
func (s *Server) subjects(ctx context.Context, n int) ([]string, error) {
	c, err := s.visitor()
	if err != nil {
		return nil, err
	}
	at, _, err := s.choose(ctx, c)
	if err != nil {
		return nil, err
	}
	var all []string
	seen := map[string]bool{}
	for _, name := range names {
		q := at.Query()
		q.Set("q", name)
		page := *at
		page.RawQuery = q.Encode()
		_, doc, err := open(ctx, c, http.MethodGet, page.String(), nil)
		if err != nil {
			return nil, err
		}
		found := doc.Find(`input[name="subject"]`)
		for i := found.Length() - 1; i >= 0 && len(all) < n; i-- { // what was searched for stands last
			if v := found.Eq(i).AttrOr("value", ""); v != "" && !seen[v] {
				seen[v] = true
				all = append(all, v)
			}
		}
		if len(all) == n {
			return all, nil
		}
	}
	return nil, fmt.Errorf("only %d of %d people found on %s", len(all), n, at.Path)
}

func (s *Server) signIn(ctx context.Context, subject string) (string, error) {
	c, err := s.visitor()
	if err != nil {
		return "", err
	}
	at, _, err := s.choose(ctx, c)
	if err != nil {
		return "", err
	}
	if _, _, err := open(ctx, c, http.MethodPost, at.String(), url.Values{"subject": {subject}}); err != nil {
		return "", err
	}
	home, err := url.Parse(s.URL)
	if err != nil {
		return "", err
	}
	for _, k := range c.Jar.Cookies(home) {
		if k.Name == "passerelle" {
			return k.Name + "=" + k.Value, nil
		}
	}
	return "", fmt.Errorf("no session cookie after signing in")
}
