package services

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"passerelle/internal/module/services/pack"
	packages "passerelle/services"
)

// What the linked data of the services passes on, and what it keeps to
// itself because nobody has verified it.
func TestDescribeSaysOnlyWhatIsSure(t *testing.T) {
	set, findings := pack.LoadSet(packages.Luxembourg())
	if len(findings) > 0 {
		t.Fatal(findings)
	}
	duration := func(v string) any { return node{"@type": "xsd:duration", "@value": v} }
	for id, want := range map[string]struct {
		cost, time any               // nil: left out
		legal      map[string]string // by id: the comment, "" without one
	}{
		"business-permit": {
			cost:  node{"@type": "xsd:decimal", "@value": "50.00"},
			time:  duration("P3M"),
			legal: map[string]string{"loi-2011": "", "casier": ""},
		},
		"certificate-of-residence": {
			time:  duration("P0D"),
			legal: map[string]string{"rnpp": "unverified"},
		},
		"cost-of-living-allowance": {
			legal: map[string]string{"avc-2025": "unverified", "avc-2018": "", "avc-limits": "unverified", "energy-premium": "unverified"},
		},
		"klimabonus-heat-pump": {
			legal: map[string]string{"loi-2016": "", "prolongation": "", "klimabonus-2022": "unverified"},
		},
	} {
		t.Run(id, func(t *testing.T) {
			p, ok := set.Version(id, "2025")
			if !ok {
				t.Fatal("not there")
			}
			doc := Describe(set, p, "https://services.example.lu")
			var cost any
			if c, ok := doc["cv:hasCost"].(node); ok {
				cost = c["cv:value"]
			}
			legal := map[string]string{}
			for _, r := range doc["cv:hasLegalResource"].([]node) {
				comment, _ := r["rdfs:comment"].(node)
				said, _ := comment["@value"].(string)
				legal[r["dct:identifier"].(string)] = said
			}
			for _, d := range []string{
				cmp.Diff(want.cost, cost), cmp.Diff(want.time, doc["cv:processingTime"]), cmp.Diff(want.legal, legal),
			} {
				if d != "" {
					t.Error(d)
				}
			}
			if doc["@id"] != "https://services.example.lu/id/services/"+id || doc["dct:identifier"] != id {
				t.Errorf("named %v, %v", doc["@id"], doc["dct:identifier"])
			}
			if titles := doc["dct:title"].([]node); len(titles) != 5 {
				t.Errorf("%d titles, want one in each language", len(titles))
			}
		})
	}
}
