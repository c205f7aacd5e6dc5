package config

import (
	"flag"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "rewrite testdata/passerelle.yaml")

func file(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "passerelle.yaml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestDefaultsAndDemoAreValid(t *testing.T) {
	if err := Defaults().Validate(); err != nil {
		t.Error(err)
	}
	d := Demo("/tmp/demo", "0.0.0.0:9000")
	if err := d.Validate(); err != nil {
		t.Error(err)
	}
	if d.Server.PublicURL != "http://localhost:9000" || !d.Demo.On {
		t.Errorf("%+v", d.Server)
	}
}

func TestFileOverDefaultsAndEnvironmentOverFile(t *testing.T) {
	path := file(t, `
server:
  listen: ":9000"
  public_url: https://passerelle.example.lu
  trusted_proxies: [10.0.0.0/8]
session: {lifetime: 8h, idle: 30m}
limits: {upload: 20MB}
`)
	t.Setenv("PASSERELLE_SERVER_LISTEN", "127.0.0.1:9001")
	t.Setenv("PASSERELLE_METRICS_ALLOW", "10.1.0.0/16, ::1")
	t.Setenv("PASSERELLE_LIMITS_REQUESTS_PER_MINUTE", "60")
	t.Setenv("PASSERELLE_DEMO_ON", "true")
	c, err := Load(path)
	if err != nil {
		t.Fatal(err)
	}
	want := Defaults()
	want.Server.Listen = "127.0.0.1:9001"
	want.Server.PublicURL = "https://passerelle.example.lu"
	want.Server.TrustedProxies = []string{"10.0.0.0/8"}
	want.Session = Session{Lifetime: Duration(8 * time.Hour), Idle: Duration(30 * time.Minute)}
	want.Limits.Upload = 20 << 20
	want.Limits.RequestsPerMin = 60
	want.Metrics.Allow = []string{"10.1.0.0/16", "::1"}
	want.Demo.On = true
	if diff := cmp.Diff(want, c); diff != "" {
		t.Error(diff)
	}
	if !c.HTTPS() {
		t.Error("https not seen")
	}
}

func TestRefusesWithFileAndLine(t *testing.T) {
	for name, c := range map[string]struct {
		text string
		want []string
	}{
		"unknown field":   {"server:\n  listn: x\n  public: y\n", []string{`:2: unknown field "listn"`, `:3: unknown field "public"`}},
		"unknown section": {"sever: {}\n", []string{`:1: unknown field "sever"`}},
		"wrong type":      {"mail:\n  port: smtp\n", []string{":2: cannot unmarshal"}},
		"duration":        {"session:\n  idle: 3 days\n", []string{`"3 days" is not a duration`}},
		"size":            {"limits:\n  body: 1TB\n", []string{`"1TB" is not a size`}},
		"syntax":          {"server: [\n", []string{"passerelle.yaml:"}},
		"two documents":   {"log: {level: info}\n---\nlog: {}\n", []string{"more than one"}},
		"all at once": {
			"server:\n  listen: nowhere\n  public_url: ftp://x\nlog:\n  level: loud\nsession:\n  lifetime: 1h\n  idle: 2h\n" +
				"sign_in:\n  issuers:\n  - id: EID\n    issuer: http://far.example\n    client_id: p\n    label: eID\n    roles:\n    - {claim: groups, value: x, role: king}\n",
			[]string{":2: server.listen", ":3: server.public_url", ":5: log.level", ":8: session.idle", ":11: sign_in.issuers.0.id", ":12: sign_in.issuers.0.issuer",
				"sign_in.issuers.0.secret_file: is empty", `:16: sign_in.issuers.0.roles.0.role: "king"`, ".authority: is empty"},
		},
	} {
		_, err := Load(file(t, c.text))
		if err == nil {
			t.Errorf("%s: accepted", name)
			continue
		}
		for _, want := range c.want {
			if !strings.Contains(err.Error(), want) {
				t.Errorf("%s: missing %q in\n%v", name, want, err)
			}
		}
	}
}

func TestEnvironmentProblemsNameTheVariable(t *testing.T) {
	t.Setenv("PASSERELLE_MAIL_PORT", "many")
	t.Setenv("PASSERELLE_LOG_LEVEL", "loud")
	t.Setenv("PASSERELLE_SIGN_IN_ISSUERS", "x")
	_, err := Load("")
	for _, want := range []string{"PASSERELLE_MAIL_PORT:", "PASSERELLE_LOG_LEVEL: \"loud\"", "PASSERELLE_SIGN_IN_ISSUERS: can only"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("missing %q in\n%v", want, err)
		}
	}
}

func TestSecretsComeFromFiles(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "db"), []byte("postgres://u:p@h/n\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("CREDENTIALS_DIRECTORY", dir)
	c := Defaults()
	c.Database.URLFile = "db"
	if err := c.Validate(); err != nil {
		t.Error(err)
	}
	if url, err := c.DatabaseURL(); err != nil || url != "postgres://u:p@h/n" {
		t.Errorf("%q, %v", url, err)
	}
	c.Database.URLFile = "elsewhere"
	if err := c.Validate(); err == nil || !strings.Contains(err.Error(), "database.url_file: cannot be read") {
		t.Errorf("missing file: %v", err)
	}
	c.Database.URLFile = ""
	c.Server.DataDir = "/var/lib/passerelle"
	if url, err := c.DatabaseURL(); err != nil || url != "sqlite:/var/lib/passerelle/passerelle.db" {
		t.Errorf("%q, %v", url, err)
	}
}

// The example is documentation (docs include the golden file) and must load,
// commented out and with everything uncommented.
func TestExample(t *testing.T) {
	const golden = "testdata/passerelle.yaml"
	text := Example()
	if *update {
		if err := os.WriteFile(golden, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), text); diff != "" {
		t.Errorf("run go test -update:\n%s", diff)
	}
	if c, err := Load(golden); err != nil || !reflect.DeepEqual(c, Defaults()) {
		t.Errorf("as it is: %v", err)
	}

	uncommented := regexp.MustCompile(`(?m)^(  )# (\s*(?:- )?[a-z_]+:(?: |$))`).ReplaceAllString(text, "$1$2")
	dir := t.TempDir()
	t.Setenv("CREDENTIALS_DIRECTORY", dir)
	if err := os.WriteFile(filepath.Join(dir, "eid-secret"), []byte("s"), 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := Load(file(t, uncommented))
	if err != nil {
		t.Fatal(err)
	}
	want2 := Defaults()
	want2.SignIn.Issuers = c.SignIn.Issuers
	if diff := cmp.Diff(want2, c); diff != "" || len(c.SignIn.Issuers) != 1 || len(c.SignIn.Issuers[0].Roles) != 1 {
		t.Errorf("uncommented: %d issuers\n%s", len(c.SignIn.Issuers), diff)
	}
}

func TestEveryFieldIsDocumented(t *testing.T) {
	c := Defaults()
	each(reflect.ValueOf(&c).Elem(), func(s, f reflect.StructField, _ reflect.Value) {
		if f.Tag.Get("doc") == "" || f.Tag.Get("yaml") == "" {
			t.Errorf("%s.%s has no doc or yaml tag", s.Name, f.Name)
		}
	})
}
