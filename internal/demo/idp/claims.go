package idp

import (
	"strings"

	"passerelle/internal/module/people"
	"passerelle/internal/platform/i18n"
	"passerelle/internal/platform/web"
)

// Claims returns what a sign-in as the subject would give the platform, so that
// a program can prepare the account (people.Service.SignIn) before anybody has
// signed in. It reports false for an unknown subject.
func (p *Provider) Claims(subject string) (people.Claims, bool) {
	c, ok := p.claims(subject)
	if !ok {
		return people.Claims{}, false
	}
	text := func(name string) string { s, _ := c[name].(string); return s }
	out := people.Claims{
		Issuer: p.Issuer(), Subject: subject, Person: people.NationalID(text("national_id")),
		Name: text("name"), Email: text("email"), Lang: i18n.Lang(text("locale")),
		GivenName: text("given_name"), FamilyName: text("family_name"), BirthDate: text("birthdate"),
	}
	roles, _ := c["passerelle_roles"].([]string)
	for _, r := range roles {
		name, authority, _ := strings.Cut(r, "@")
		out.Roles = append(out.Roles, web.Role{Authority: authority, Name: name})
	}
	return out, true
}
