package config

import (
	"errors"
	"fmt"
	"net"
	"net/mail"
	"net/netip"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strings"
	"time"
)

// Validate returns every problem of c, one per line, or nil.
func (c Config) Validate() error {
	var errs []error
	for _, p := range c.problems() {
		errs = append(errs, fmt.Errorf("%s: %s", p.field, p.text))
	}
	return errors.Join(errs...)
}

type problem struct{ field, text string }

var short = regexp.MustCompile(`^[a-z][a-z0-9-]*$`)

func (c Config) problems() (ps []problem) {
	must := func(ok bool, field, format string, args ...any) {
		if !ok {
			ps = append(ps, problem{field, fmt.Sprintf(format, args...)})
		}
	}
	readable := func(path, field string) {
		if path != "" {
			f, err := os.Open(secretPath(path))
			must(err == nil, field, "cannot be read: %v", err)
			if err == nil {
				f.Close()
			}
		}
	}

	_, port, err := net.SplitHostPort(c.Server.Listen)
	must(err == nil && port != "", "server.listen", "%q is not host:port", c.Server.Listen)
	u, err := url.Parse(c.Server.PublicURL)
	must(err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Host != "" && strings.Trim(u.Path, "/") == "" && u.RawQuery == "",
		"server.public_url", "%q is not http(s)://host without a path", c.Server.PublicURL)
	must(c.Server.DataDir != "", "server.data_dir", "is empty")
	for i, p := range c.Server.TrustedProxies {
		_, err := Network(p)
		must(err == nil, fmt.Sprintf("server.trusted_proxies.%d", i), "%q is neither an address nor a network", p)
	}
	must(c.Server.RequestTimeout >= Duration(time.Second), "server.request_timeout", "must be 1s or more")
	must(c.Server.StopTimeout >= Duration(time.Second), "server.stop_timeout", "must be 1s or more")

	must(c.Database.URL == "" || strings.HasPrefix(c.Database.URL, "sqlite:") || strings.HasPrefix(c.Database.URL, "postgres://") || strings.HasPrefix(c.Database.URL, "postgresql://"),
		"database.url", "must begin with sqlite: or postgres://")
	must(c.Database.URL == "" || c.Database.URLFile == "", "database.url_file", "and database.url are both set; keep one")
	readable(c.Database.URLFile, "database.url_file")

	must(c.Session.Lifetime >= Duration(time.Minute), "session.lifetime", "must be 1m or more")
	must(c.Session.Idle >= Duration(time.Minute) && c.Session.Idle <= c.Session.Lifetime, "session.idle", "must be between 1m and the lifetime (%s)", c.Session.Lifetime)

	seen := map[string]bool{}
	for i, issuer := range c.SignIn.Issuers {
		at := func(field string) string { return fmt.Sprintf("sign_in.issuers.%d.%s", i, field) }
		must(short.MatchString(issuer.ID), at("id"), "%q is not a short name (a-z, 0-9, -)", issuer.ID)
		must(!seen[issuer.ID], at("id"), "%q stands twice", issuer.ID)
		seen[issuer.ID] = true
		u, err := url.Parse(issuer.Issuer)
		must(err == nil && u.Host != "" && (u.Scheme == "https" || u.Scheme == "http" && loopback(u.Hostname())),
			at("issuer"), "%q is not an https URL", issuer.Issuer)
		must(issuer.ClientID != "", at("client_id"), "is empty")
		must(issuer.SecretFile != "", at("secret_file"), "is empty")
		readable(issuer.SecretFile, at("secret_file"))
		must(issuer.Label != "", at("label"), "is empty")
		for j, r := range issuer.Roles {
			at := func(field string) string { return fmt.Sprintf("sign_in.issuers.%d.roles.%d.%s", i, j, field) }
			must(r.Claim != "", at("claim"), "is empty")
			must(r.Value != "", at("value"), "is empty")
			must(slices.Contains([]string{"case-worker", "head-of-unit", "designer", "operator"}, r.Role), at("role"), "%q is not case-worker, head-of-unit, designer or operator", r.Role)
			must(r.Authority != "" || r.Role == "operator" || r.Role == "designer", at("authority"), "is empty")
		}
	}
	must(len(c.SignIn.Issuers) == 0 || !c.Demo.On, "demo.on", "the demonstration has its own sign-in; remove sign_in.issuers or turn it off")

	if c.Mail.Host != "" {
		must(c.Mail.Port > 0 && c.Mail.Port < 65536, "mail.port", "%d is not a port", c.Mail.Port)
		_, err := mail.ParseAddress(c.Mail.From)
		must(err == nil, "mail.from", "%q is not an e-mail address", c.Mail.From)
		must(c.Mail.User == "" || c.Mail.PasswordFile != "", "mail.password_file", "is empty, but mail.user is set")
		readable(c.Mail.PasswordFile, "mail.password_file")
	}

	must(c.Limits.Body >= 1<<10, "limits.body", "must be 1KB or more")
	must(c.Limits.Upload >= c.Limits.Body, "limits.upload", "must not be less than limits.body (%s)", c.Limits.Body)
	must(c.Limits.RequestsPerMin >= 0, "limits.requests_per_minute", "must not be negative")
	must(c.Limits.RequestsPerMin == 0 || c.Limits.Burst > 0, "limits.burst", "must be 1 or more")
	must(c.Limits.AccountPerMin >= 0, "limits.account_per_minute", "must not be negative")
	must(c.Limits.AccountPerMin == 0 || c.Limits.AccountBurst > 0, "limits.account_burst", "must be 1 or more")
	must(c.Limits.ClientsTracked >= 100, "limits.clients_tracked", "must be 100 or more")

	if c.Services.Dir != "" {
		info, err := os.Stat(c.Services.Dir)
		must(err == nil && info.IsDir(), "services.dir", "%q is not a folder", c.Services.Dir)
	}
	must(slices.Contains([]string{"debug", "info", "warn", "error"}, c.Log.Level), "log.level", "%q is not debug, info, warn or error", c.Log.Level)
	must(c.Log.Format == "json" || c.Log.Format == "text", "log.format", "%q is not json or text", c.Log.Format)
	for i, p := range c.Metrics.Allow {
		_, err := Network(p)
		must(err == nil, fmt.Sprintf("metrics.allow.%d", i), "%q is neither an address nor a network", p)
	}
	return ps
}

func loopback(host string) bool {
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && ip.IsLoopback()
}

// Network reads "10.0.0.0/8" or a single address, which is a network of one.
func Network(s string) (netip.Prefix, error) {
	if a, err := netip.ParseAddr(s); err == nil {
		a = a.Unmap()
		return netip.PrefixFrom(a, a.BitLen()), nil
	}
	p, err := netip.ParsePrefix(s)
	return p.Masked(), err
}
