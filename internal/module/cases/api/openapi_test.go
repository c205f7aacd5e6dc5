package api_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"go.yaml.in/yaml/v3"

	"passerelle/internal/platform/web/webtest"
	"passerelle/internal/platform/web/webtest/htmlcheck"
)

var update = flag.Bool("update", false, "rewrite testdata/openapi.json")

const golden = "testdata/openapi.json"

// The document is a promise to programs: whoever changes it sees it here.
func TestTheDocumentIsTheGoldenOne(t *testing.T) {
	got := newSite(t, sqlite(t)).as("").get("/api/v1/openapi.json").want(200).body
	if *update {
		must(t, os.WriteFile(golden, got, 0o644))
	}
	want, err := os.ReadFile(golden)
	must(t, err)
	if !bytes.Equal(got, want) {
		t.Errorf("the document differs from %s; if that is meant, run the test with -update and look at the difference", golden)
	}
}

func TestBothFormatsSayTheSame(t *testing.T) {
	p := newSite(t, sqlite(t)).as("")
	var fromJSON, fromYAML any
	p.get("/api/v1/openapi.json").want(200).into(&fromJSON)
	must(t, yaml.Unmarshal(p.get("/api/v1/openapi.yaml").want(200).body, &fromYAML))
	a, err := json.Marshal(fromJSON)
	must(t, err)
	b, err := json.Marshal(fromYAML)
	must(t, err)
	if !bytes.Equal(a, b) {
		t.Error("openapi.yaml differs from openapi.json")
	}
}

func TestTheDocumentIsSound(t *testing.T) {
	body, err := os.ReadFile(golden)
	must(t, err)
	var doc map[string]any
	must(t, json.Unmarshal(body, &doc))
	if v, _ := doc["openapi"].(string); !strings.HasPrefix(v, "3.1") {
		t.Errorf("openapi %s", v)
	}
	walk("#", doc, func(at string, node map[string]any) {
		if ref, ok := node["$ref"].(string); ok && resolve(doc, ref) == nil {
			t.Errorf("%s: %s leads nowhere", at, ref)
		}
	})
	schemas := doc["components"].(map[string]any)["schemas"].(map[string]any)
	for name := range schemas {
		if err := compile(body, "#/components/schemas/"+name); err != nil {
			t.Errorf("schema %s: %v", name, err)
		}
	}
	seen := map[string]bool{}
	operations := 0
	for path, item := range doc["paths"].(map[string]any) {
		for method, x := range item.(map[string]any) {
			operations++
			op := x.(map[string]any)
			at := method + " " + path
			id, _ := op["operationId"].(string)
			if id == "" || seen[id] || op["summary"] == nil || op["tags"] == nil {
				t.Errorf("%s: id %q, summary %v, tags %v", at, id, op["summary"], op["tags"])
			}
			seen[id] = true
			checkParameters(t, at, path, op)
			checkResponses(t, at, op)
		}
	}
	if operations != 18 {
		t.Errorf("%d operations", operations)
	}
}

func checkParameters(t *testing.T, at, path string, op map[string]any) {
	t.Helper()
	declared := map[string]bool{}
	params, _ := op["parameters"].([]any)
	for _, x := range params {
		p := x.(map[string]any)
		if p["in"] == "path" {
			declared[p["name"].(string)] = true
		}
		if p["description"] == nil {
			t.Errorf("%s: parameter %s has no description", at, p["name"])
		}
	}
	for _, m := range regexp.MustCompile(`\{(\w+)\}`).FindAllStringSubmatch(path, -1) {
		if !declared[m[1]] {
			t.Errorf("%s: {%s} is not declared", at, m[1])
		}
	}
}

func checkResponses(t *testing.T, at string, op map[string]any) {
	t.Helper()
	good, bad := false, false
	for status, x := range op["responses"].(map[string]any) {
		content, _ := x.(map[string]any)["content"].(map[string]any)
		switch {
		case strings.HasPrefix(status, "2"):
			good = len(content) > 0
		case content["application/problem+json"] == nil:
			t.Errorf("%s: %s is no problem document", at, status)
		default:
			bad = true
		}
	}
	if !good || !bad {
		t.Errorf("%s: answers described: success %v, failure %v", at, good, bad)
	}
}

func walk(at string, v any, visit func(string, map[string]any)) {
	switch x := v.(type) {
	case map[string]any:
		visit(at, x)
		for k, sub := range x {
			walk(at+"/"+k, sub, visit)
		}
	case []any:
		for i, sub := range x {
			walk(fmt.Sprintf("%s/%d", at, i), sub, visit)
		}
	}
}

func resolve(doc map[string]any, ref string) any {
	path, ok := strings.CutPrefix(ref, "#/")
	if !ok {
		return nil
	}
	var v any = doc
	for part := range strings.SplitSeq(path, "/") {
		m, _ := v.(map[string]any)
		v = m[part]
	}
	return v
}

// compile checks that the part of a document is a JSON Schema 2020-12.
func compile(doc []byte, at string) error {
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader(doc))
	if err != nil {
		return err
	}
	c := jsonschema.NewCompiler()
	c.DefaultDraft(jsonschema.Draft2020)
	if err := c.AddResource("urn:document", v); err != nil {
		return err
	}
	_, err = c.Compile("urn:document" + at)
	return err
}

func compileSchema(t *testing.T, schema []byte) {
	t.Helper()
	var v map[string]any
	must(t, json.Unmarshal(schema, &v))
	if v["$schema"] != "https://json-schema.org/draft/2020-12/schema" {
		t.Errorf("$schema %v", v["$schema"])
	}
	delete(v, "$id")
	b, err := json.Marshal(v)
	must(t, err)
	must(t, compile(b, ""))
}

func TestThePageListsTheOperations(t *testing.T) {
	c := webtest.New(t, newSite(t, sqlite(t)).server)
	c.Get("/de/api").WantStatus(200).
		Want(htmlcheck.In("main h1", htmlcheck.Text("Schnittstelle für Programme"))).
		Want(htmlcheck.In("main tbody tr", htmlcheck.Count(18)))
}
