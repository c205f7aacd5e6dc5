package config

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// Config is everything an operator may choose. Zero values are not usable:
// start from Defaults or Demo.
type Config struct {
	Server   Server   `yaml:"server"`
	Database Database `yaml:"database"`
	Session  Session  `yaml:"session"`
	SignIn   SignIn   `yaml:"sign_in"`
	Mail     Mail     `yaml:"mail"`
	Limits   Limits   `yaml:"limits"`
	Services Services `yaml:"services"`
	Log      Log      `yaml:"log"`
	Metrics  Metrics  `yaml:"metrics"`
	Demo     DemoMode `yaml:"demo"`
}

// Server is how the service is reached.
type Server struct {
	Listen         string   `yaml:"listen" doc:"Address to listen on, host:port. Without a host: all interfaces."`
	PublicURL      string   `yaml:"public_url" doc:"Address under which people reach the service. With https, cookies are Secure and HSTS is sent."`
	DataDir        string   `yaml:"data_dir" doc:"Folder for the database file, uploads and keys. Back it up as a whole."`
	TrustedProxies []string `yaml:"trusted_proxies" doc:"Addresses or networks (CIDR) of reverse proxies whose X-Forwarded-For is believed. Empty: none."`
	RequestTimeout Duration `yaml:"request_timeout" doc:"Longest time a page may take; then the person sees that the service is busy."`
	StopTimeout    Duration `yaml:"stop_timeout" doc:"At a stop, how long requests in flight may take to finish."`
}

// Database is where the data is.
type Database struct {
	URL     string `yaml:"url" doc:"sqlite:/path/file.db or postgres://user@host/name. Empty: passerelle.db in the data folder."`
	URLFile string `yaml:"url_file" doc:"File with the URL instead, when the URL holds a password."`
}

// Session is how long a sign-in lasts.
type Session struct {
	Lifetime Duration `yaml:"lifetime" doc:"A sign-in ends after this time, whatever happens."`
	Idle     Duration `yaml:"idle" doc:"A sign-in ends after this time without a page being asked for."`
}

// SignIn lists who may vouch for people.
type SignIn struct {
	Issuers []Issuer `yaml:"issuers" doc:"OpenID Connect providers, in the order in which they are offered."`
}

// Issuer is one OpenID Connect provider.
type Issuer struct {
	ID         string        `yaml:"id" doc:"Short name, part of the callback address: /sign-in/{id}/callback."`
	Issuer     string        `yaml:"issuer" doc:"The provider's issuer URL; its discovery document is read from there."`
	ClientID   string        `yaml:"client_id" doc:"Client identifier agreed with the provider."`
	SecretFile string        `yaml:"secret_file" doc:"File with the client secret."`
	Label      string        `yaml:"label" doc:"Name shown on the button, for example LuxTrust."`
	Roles      []RoleMapping `yaml:"roles" doc:"Which claim gives which role in which authority."`
}

// RoleMapping gives a role to whoever has a value in a claim.
type RoleMapping struct {
	Claim     string `yaml:"claim" doc:"Name of the claim, for example groups."`
	Value     string `yaml:"value" doc:"Value the claim must be or contain."`
	Authority string `yaml:"authority" doc:"Authority in which the role holds, for example fns."`
	Role      string `yaml:"role" doc:"case-worker, head-of-unit, designer or operator."`
}

// Mail is how notices leave.
type Mail struct {
	Host         string `yaml:"host" doc:"SMTP server. Empty: no e-mail is sent; notices stay in the inbox of the site."`
	Port         int    `yaml:"port" doc:"SMTP port: 587 with STARTTLS, 465 with TLS."`
	User         string `yaml:"user" doc:"SMTP user. Empty: no authentication."`
	PasswordFile string `yaml:"password_file" doc:"File with the SMTP password."`
	From         string `yaml:"from" doc:"Sender of all notices."`
}

// Limits protect the service from too much.
type Limits struct {
	Body           Size `yaml:"body" doc:"Largest form without files."`
	Upload         Size `yaml:"upload" doc:"Largest request with files, all files together."`
	RequestsPerMin int  `yaml:"requests_per_minute" doc:"Steady requests per minute of one network address. 0: no limit."`
	Burst          int  `yaml:"burst" doc:"Requests one network address may make at once before the steady rate counts."`
	AccountPerMin  int  `yaml:"account_per_minute" doc:"Steady requests per minute of one signed-in account, wherever it comes from. 0: no limit."`
	AccountBurst   int  `yaml:"account_burst" doc:"Requests one account may make at once."`
	ClientsTracked int  `yaml:"clients_tracked" doc:"How many addresses and accounts are remembered; about 100 bytes each."`
}

// Services is where the service packages are.
type Services struct {
	Dir string `yaml:"dir" doc:"Folder with the service packages. Empty: those compiled in."`
}

// Log is what the operator reads.
type Log struct {
	Level  string `yaml:"level" doc:"debug, info, warn or error."`
	Format string `yaml:"format" doc:"json for machines, text for people."`
}

// Metrics is who may read the figures.
type Metrics struct {
	Allow []string `yaml:"allow" doc:"Addresses or networks (CIDR) that may read /metrics. Others get 404."`
}

// DemoMode turns the demonstration State on.
type DemoMode struct {
	On bool `yaml:"on" doc:"Synthetic people, their own sign-in, a clock that can be moved. Never with real data."`
}

// Defaults returns the configuration of an installation that has none yet:
// this machine only, SQLite, no e-mail.
func Defaults() Config {
	return Config{
		Server: Server{
			Listen: "127.0.0.1:8080", PublicURL: "http://localhost:8080", DataDir: "data",
			TrustedProxies: []string{}, RequestTimeout: Duration(30 * time.Second), StopTimeout: Duration(20 * time.Second),
		},
		Session: Session{Lifetime: Duration(12 * time.Hour), Idle: Duration(time.Hour)},
		Mail:    Mail{Port: 587},
		Limits: Limits{
			Body: 1 << 20, Upload: 50 << 20,
			RequestsPerMin: 600, Burst: 120, AccountPerMin: 600, AccountBurst: 120, ClientsTracked: 50_000,
		},
		Log:     Log{Level: "info", Format: "json"},
		Metrics: Metrics{Allow: []string{"127.0.0.1", "::1"}},
	}
}

// Demo returns the configuration of the demonstration State, its data in dir,
// listening on addr (host:port).
func Demo(dir, addr string) Config {
	c := Defaults()
	c.Server.DataDir = dir
	c.Server.Listen = addr
	c.Server.PublicURL = "http://" + reachable(addr)
	c.Log.Format = "text"
	c.Log.Level = "warn"
	// One machine plays all the visitors.
	c.Limits.RequestsPerMin, c.Limits.Burst = 12_000, 2_000
	c.Limits.AccountPerMin, c.Limits.AccountBurst = 12_000, 2_000
	c.Demo.On = true
	return c
}

// reachable replaces "all interfaces" by a name a browser on this machine can use.
func reachable(addr string) string {
	host, port, ok := strings.Cut(addr, ":")
	if ok && (host == "" || host == "0.0.0.0" || host == "127.0.0.1") {
		return "localhost:" + port
	}
	return addr
}

// DatabaseURL returns the database's URL: the one given, the one in the file,
// or that of the SQLite file in the data folder.
func (c Config) DatabaseURL() (string, error) {
	if c.Database.URLFile != "" {
		return Secret(c.Database.URLFile)
	}
	if c.Database.URL != "" {
		return c.Database.URL, nil
	}
	path, err := filepath.Abs(filepath.Join(c.Server.DataDir, "passerelle.db"))
	if err != nil {
		return "", err
	}
	return "sqlite:" + path, nil
}

// HTTPS tells whether people reach the service by https.
func (c Config) HTTPS() bool { return strings.HasPrefix(c.Server.PublicURL, "https://") }

// Secret returns the content of a secret's file without surrounding white space.
func Secret(path string) (string, error) {
	data, err := os.ReadFile(secretPath(path))
	if err != nil {
		return "", fmt.Errorf("secret: %w", err)
	}
	secret := strings.TrimSpace(string(data))
	if secret == "" {
		return "", fmt.Errorf("secret: %s is empty", path)
	}
	return secret, nil
}

func secretPath(path string) string {
	if dir := os.Getenv("CREDENTIALS_DIRECTORY"); dir != "" && !filepath.IsAbs(path) {
		return filepath.Join(dir, path)
	}
	return path
}

// Duration is a time.Duration written as 90s, 12h or 1h30m.
type Duration time.Duration

// UnmarshalText reads the written form.
func (d *Duration) UnmarshalText(text []byte) error {
	v, err := time.ParseDuration(string(text))
	if err != nil {
		return fmt.Errorf("%q is not a duration like 90s, 12h or 1h30m", text)
	}
	*d = Duration(v)
	return nil
}

// String returns the shortest written form.
func (d Duration) String() string {
	s := time.Duration(d).String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}

// Size is a number of bytes written as 512KB, 20MB or 1GB (powers of 1024).
type Size int64

var sizeUnits = []struct {
	suffix string
	bytes  Size
}{{"GB", 1 << 30}, {"MB", 1 << 20}, {"KB", 1 << 10}}

// UnmarshalText reads the written form.
func (s *Size) UnmarshalText(text []byte) error {
	digits, unit := string(text), Size(1)
	for _, u := range sizeUnits {
		if rest, ok := strings.CutSuffix(digits, u.suffix); ok {
			digits, unit = strings.TrimSpace(rest), u.bytes
			break
		}
	}
	n, err := strconv.ParseInt(digits, 10, 32)
	if err != nil {
		return fmt.Errorf("%q is not a size like 512KB, 20MB or 1GB", text)
	}
	*s = Size(n) * unit
	return nil
}

// String returns the written form in the largest unit that fits without rest.
func (s Size) String() string {
	for _, u := range sizeUnits {
		if s >= u.bytes && s%u.bytes == 0 {
			return strconv.FormatInt(int64(s/u.bytes), 10) + u.suffix
		}
	}
	return strconv.FormatInt(int64(s), 10)
}
