package idp

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"

	"github.com/go-jose/go-jose/v4"

	"passerelle/internal/demo/population"
	"passerelle/internal/platform/clock"
)

// Path is where the protocol is mounted, below the public address; the issuer
// is the public address with it.
const Path = "/demo/idp"

// keyFile is the signing key's name in the data folder.
const keyFile = "demo-idp-key.pem"

// Options are what a provider needs to know.
type Options struct {
	People    *population.Population
	PublicURL string      // "https://host" under which browsers reach the server, without a slash at the end
	DataDir   string      // folder for the signing key; it must exist
	ClientID  string      // the one relying party
	Redirects []string    // its exact callback addresses
	SignedOut []string    // exact addresses to which end_session may lead
	Clock     clock.Clock // the machine's time, also when the demonstration's clock is moved: tokens are checked against it
}

// Provider is the OpenID provider. It is safe for concurrent use.
type Provider struct {
	Options
	key    *ecdsa.PrivateKey
	keyID  string
	signer jose.Signer
	grants grants
	bySub  map[string]person
	mux    *http.ServeMux
}

// person is somebody who can sign in: a number in the population, or an
// official, who has none.
type person struct {
	number  int
	persona *population.Persona // nil for the many
}

// New returns the provider; it reads its signing key, or makes it at the first
// start.
func New(o Options) (*Provider, error) {
	o.PublicURL = strings.TrimSuffix(o.PublicURL, "/")
	key, err := loadKey(filepath.Join(o.DataDir, keyFile))
	if err != nil {
		return nil, fmt.Errorf("demo identity provider: %w", err)
	}
	p := &Provider{Options: o, key: key, grants: newGrants(o.Clock), bySub: make(map[string]person, o.People.Len())}
	public := jose.JSONWebKey{Key: key.Public()}
	thumb, err := public.Thumbprint(sha256Hash)
	if err != nil {
		return nil, fmt.Errorf("demo identity provider: %w", err)
	}
	p.keyID = base64.RawURLEncoding.EncodeToString(thumb)
	p.signer, err = jose.NewSigner(
		jose.SigningKey{Algorithm: jose.ES256, Key: jose.JSONWebKey{Key: key, KeyID: p.keyID}},
		(&jose.SignerOptions{}).WithType("JWT"))
	if err != nil {
		return nil, fmt.Errorf("demo identity provider: %w", err)
	}
	for i := range o.People.Len() {
		p.bySub[p.subject(i)] = person{number: i}
	}
	for _, persona := range o.People.Personas() {
		p.bySub[p.subjectOf(persona)] = person{number: persona.Person, persona: &persona}
	}
	p.mux = http.NewServeMux()
	p.mux.HandleFunc("GET "+Path+"/.well-known/openid-configuration", p.discovery)
	p.mux.HandleFunc("GET "+Path+"/jwks", p.jwks)
	p.mux.HandleFunc("GET "+Path+"/authorize", p.authorize)
	p.mux.HandleFunc("POST "+Path+"/token", p.token)
	p.mux.HandleFunc("GET "+Path+"/userinfo", p.userinfo)
	p.mux.HandleFunc("GET "+Path+"/end-session", p.endSession)
	return p, nil
}

// Issuer is the provider's issuer identifier.
func (p *Provider) Issuer() string { return p.PublicURL + Path }

// Handler answers the protocol's addresses, all below Path.
func (p *Provider) Handler() http.Handler { return p.mux }

// subject is the stable, opaque name of a person of the population: nobody
// learns the identification number from it.
func (p *Provider) subject(i int) string {
	sum := sha256.Sum256([]byte("passerelle demo subject " + p.People.ID(i)))
	return "person-" + hex.EncodeToString(sum[:8])
}

func (p *Provider) subjectOf(persona population.Persona) string {
	if persona.Person < 0 {
		return "official-" + persona.Key
	}
	return p.subject(persona.Person)
}

// Subject returns the subject of a persona, for programs that sign in by
// themselves (seeding, load tests, browser tests).
func (p *Provider) Subject(personaKey string) (string, bool) {
	persona, ok := p.People.Persona(personaKey)
	if !ok {
		return "", false
	}
	return p.subjectOf(persona), true
}

// SubjectOfPerson returns the subject of a person by their number in the
// population.
func (p *Provider) SubjectOfPerson(number int) string { return p.subject(number) }

// claims says about a subject what the platform asks for.
func (p *Provider) claims(subject string) (map[string]any, bool) {
	who, ok := p.bySub[subject]
	if !ok {
		return nil, false
	}
	c := map[string]any{"sub": subject}
	if who.number >= 0 {
		r := p.People.Person(who.number)
		c["name"], c["given_name"], c["family_name"] = r.GivenName+" "+r.FamilyName, r.GivenName, r.FamilyName
		c["locale"], c["national_id"], c["birthdate"] = r.Language, r.ID, r.BirthDate
		if r.Email != "" {
			c["email"] = r.Email
		}
	}
	if who.persona != nil {
		c["name"], c["email"], c["locale"] = who.persona.Name, who.persona.Email, who.persona.Lang
		if len(who.persona.Roles) > 0 {
			c["passerelle_roles"] = who.persona.Roles
		}
	}
	return c, true
}

// loadKey reads the signing key, or makes it. Two processes that start at once
// agree on the one that was linked first.
func loadKey(path string) (*ecdsa.PrivateKey, error) {
	data, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		if err := makeKey(path); err != nil {
			return nil, err
		}
		data, err = os.ReadFile(path)
	}
	if err != nil {
		return nil, err
	}
	block, _ := pem.Decode(data)
	if block == nil {
		return nil, fmt.Errorf("%s is not a PEM file", path)
	}
	parsed, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	key, ok := parsed.(*ecdsa.PrivateKey)
	if !ok || key.Curve != elliptic.P256() {
		return nil, fmt.Errorf("%s is not a P-256 key", path)
	}
	return key, nil
}

func makeKey(path string) error {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(path), keyFile+".*") // created with mode 0600
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(f.Name()) }()
	err = pem.Encode(f, &pem.Block{Type: "PRIVATE KEY", Bytes: der})
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	if err := os.Link(f.Name(), path); err != nil && !errors.Is(err, os.ErrExist) {
		return err
	}
	return nil
}
