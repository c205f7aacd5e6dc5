package api

import (
	"embed"
	"encoding/json"
	"net/http"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"passerelle/internal/module/cases"
	"passerelle/internal/module/services"
	"passerelle/internal/platform/blob"
	"passerelle/internal/platform/web"
)

// Locales holds the package's texts, for i18n.Bundle.Add.
//
//go:embed locales/*.yaml
var Locales embed.FS

// Version is the version of the interface; what would break a program that
// uses it gets a new number and a new path.
const Version = "1.0.0"

const base = "/api/v1"

// Options are what the interface stands on; every field is needed.
type Options struct {
	Cases    *cases.Service
	Services *services.Service
	Blobs    *blob.Store
	URL      string // public address, without a slash at the end
}

// API is the REST interface.
type API struct {
	Options
	doc  *huma.OpenAPI
	json []byte // the document as it is served
	yaml []byte
}

// New returns the interface.
func New(o Options) *API {
	o.URL = strings.TrimSuffix(o.URL, "/")
	return &API{Options: o}
}

// Routes registers all operations, the document that describes them, and the
// page that lists them.
func (a *API) Routes(rt *web.Router) {
	h := a.describe(rt)
	a.catalogueOperations(h)
	a.submitOperation(h, rt)
	a.caseOperations(h)
	a.decisionOperations(h)
	a.partyOperations(h)
	a.doc = h.OpenAPI()
	a.publish(rt)
}

// describe returns the huma API whose operations become routes of rt.
func (a *API) describe(rt *web.Router) huma.API {
	c := huma.DefaultConfig("Passerelle", Version)
	c.Info.Description = "Public services of the State: find one, apply, follow the case, read the decision. " +
		"The session cookie signs in, as on the pages; sign in there first. " +
		"Texts follow Accept-Language (fr, de, lb, en, pt). " +
		"Every failure is a problem document (RFC 9457) whose member `kind` is stable. " +
		"Times are RFC 3339 in UTC; amounts are decimal strings in euro."
	c.Info.License = &huma.License{Name: "EUPL-1.2", Identifier: "EUPL-1.2"}
	c.Servers = []*huma.Server{{URL: a.URL}}
	c.Tags = []*huma.Tag{
		{Name: tagCatalogue, Description: "Services that can be applied for"},
		{Name: tagCases, Description: "Applications, their state and their decisions"},
		{Name: tagParties, Description: "The parts of others whom an application names"},
		{Name: tagVerification, Description: "Documents that anybody can verify"},
	}
	c.Components.SecuritySchemes = map[string]*huma.SecurityScheme{
		sessionScheme: {Type: "apiKey", In: "cookie", Name: cookieName(a.URL), Description: "The session of a person who signed in on the pages."},
	}
	// The document and the schemas are served by publish; answers carry no links
	// to schemas.
	c.OpenAPIPath, c.DocsPath, c.SchemasPath, c.CreateHooks = "", "", "", nil
	c.RejectUnknownQueryParameters = true
	return huma.NewAPI(c, adapter{rt})
}

const (
	tagCatalogue    = "catalogue"
	tagCases        = "cases"
	tagParties      = "parties"
	tagVerification = "verification"

	sessionScheme = "session"
)

// cookieName is the session cookie's, as internal/platform/web sets it.
func cookieName(url string) string {
	if strings.HasPrefix(url, "https://") {
		return "__Host-passerelle"
	}
	return "passerelle"
}

// signedIn is the security of an operation that needs a person.
var signedIn = []map[string][]string{{sessionScheme: {}}}

// adapter makes routes of the platform's router out of huma's operations.
type adapter struct{ rt *web.Router }

func (a adapter) Handle(op *huma.Operation, handler func(huma.Context)) {
	a.rt.Raw(op.Method+" "+op.Path, func(w http.ResponseWriter, r *http.Request) error {
		c := &call{humaContext: humago.NewContext(op, r, w)}
		handler(c)
		return c.err
	})
}

// ServeHTTP belongs to huma's interface; requests come through the router.
func (adapter) ServeHTTP(w http.ResponseWriter, r *http.Request) { http.NotFound(w, r) }

// publish serves the document in both formats and the page.
func (a *API) publish(rt *web.Router) {
	var err error
	if a.json, err = json.MarshalIndent(a.doc, "", "  "); err != nil {
		panic(err) // a document made of our own types
	}
	a.json = append(a.json, '\n')
	if a.yaml, err = a.doc.YAML(); err != nil {
		panic(err)
	}
	rt.Raw("GET "+base+"/openapi.json", a.serve("application/vnd.oai.openapi+json;version=3.1", a.json))
	rt.Raw("GET "+base+"/openapi.yaml", a.serve("application/vnd.oai.openapi;version=3.1", a.yaml))
	rt.Page("GET /api", a.page)
}

func (a *API) serve(kind string, body []byte) web.Handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		w.Header().Set("Content-Type", kind)
		w.Header().Set("Cache-Control", "public, max-age=300")
		w.Header().Set("Access-Control-Allow-Origin", "*") // public, and read by tools of other sites
		_, err := w.Write(body)
		return err
	}
}
