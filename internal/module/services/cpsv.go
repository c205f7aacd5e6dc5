package services

import (
	"strconv"
	"strings"

	"passerelle/internal/module/services/pack"
	"passerelle/internal/platform/i18n"
)

// node is one resource of a JSON-LD document.
type node = map[string]any

// Describe returns a service as CPSV-AP 3.2 linked data: the public service,
// its authority, legal resources, evidence, output, cost and channel. base is
// the public address. The vocabulary cannot say how sure a figure is: a cost
// or processing time of which we are not sure is left out, and a legal
// resource of which we are not says so in a comment.
func Describe(set *pack.Set, p *pack.Package, base string) node {
	s := p.Service
	self := base + "/id/services/" + p.ID
	doc := node{
		"@context": node{
			"cpsv": "http://purl.org/vocab/cpsv#", "cv": "http://data.europa.eu/m8g/", "dct": "http://purl.org/dc/terms/",
			"eli": "http://data.europa.eu/eli/ontology#", "foaf": "http://xmlns.com/foaf/0.1/", "schema": "https://schema.org/",
			"xsd": "http://www.w3.org/2001/XMLSchema#", "skos": "http://www.w3.org/2004/02/skos/core#",
			"rdfs": "http://www.w3.org/2000/01/rdf-schema#",
		},
		"@id":                      self,
		"@type":                    "cpsv:PublicService",
		"dct:identifier":           p.ID,
		"dct:title":                inAll(func(l i18n.Lang) string { return p.T(l, "service.title") }),
		"dct:description":          inAll(func(l i18n.Lang) string { return p.T(l, "service.summary") }),
		"dct:language":             languages(),
		"dct:spatial":              node{"@id": "http://publications.europa.eu/resource/authority/country/LUX"},
		"foaf:page":                node{"@id": base + "/services/" + p.ID},
		"cv:hasCompetentAuthority": authority(set, s.Authority, base),
		"cv:hasLegalResource":      legalResources(p),
		"cpsv:hasInput":            evidences(p, self),
		"cpsv:produces":            outputs(p, self),
		"cv:hasChannel":            node{"@id": self + "#online", "@type": "cv:Channel", "cv:ownedBy": node{"@id": base + "/id/authorities/" + s.Authority}, "schema:url": node{"@id": base + "/services/" + p.ID + "/apply"}},
		"cv:isGroupedBy":           lifeEvents(set, s.LifeEvents, base),
	}
	if s.Fee != nil && sure(s.Fee.Status) {
		doc["cv:hasCost"] = node{"@id": self + "#cost", "@type": "cv:Cost", "cv:value": typed(s.Fee.Amount, "decimal"),
			"cv:currency": node{"@id": "http://publications.europa.eu/resource/authority/currency/" + s.Fee.Currency}}
	}
	if t := s.Time; t != nil && sure(t.Status) {
		doc["cv:processingTime"] = typed(ISODuration(t.Declared), "duration")
	}
	return doc
}

// sure reports whether a figure can be passed on without its status.
func sure(s pack.Status) bool { return s == pack.Verified || s == pack.Derived }

func inAll(text func(i18n.Lang) string) []node {
	var all []node
	for _, l := range i18n.Langs {
		all = append(all, node{"@language": string(l), "@value": text(l)})
	}
	return all
}

func typed(value, kind string) node { return node{"@type": "xsd:" + kind, "@value": value} }

// languages names those in which the service can be used, by the EU's
// authority table.
func languages() []node {
	var all []node
	for _, code := range []string{"FRA", "DEU", "LTZ", "ENG", "POR"} {
		all = append(all, node{"@id": "http://publications.europa.eu/resource/authority/language/" + code})
	}
	return all
}

func authority(set *pack.Set, id, base string) node {
	return node{"@id": base + "/id/authorities/" + id, "@type": "cv:PublicOrganisation", "dct:identifier": id,
		"skos:prefLabel": inAll(func(l i18n.Lang) string { return set.AuthorityName(l, id) }),
		"dct:spatial":    node{"@id": "http://publications.europa.eu/resource/authority/country/LUX"}}
}

func legalResources(p *pack.Package) []node {
	var all []node
	for _, r := range p.Service.Legal {
		n := node{"@type": "eli:LegalResource", "dct:identifier": r.ID}
		if r.URL != "" {
			n["@id"] = r.URL
		}
		var titles []node
		for lang, title := range r.Title {
			titles = append(titles, node{"@language": lang, "@value": title})
		}
		n["dct:title"] = titles
		if !r.Date.IsZero() {
			n["eli:date_document"] = typed(r.Date.Format("2006-01-02"), "date")
		}
		if !sure(r.Status) {
			n["rdfs:comment"] = node{"@language": "en", "@value": string(r.Status)}
		}
		all = append(all, n)
	}
	return all
}

func evidences(p *pack.Package, self string) []node {
	var all []node
	for _, e := range p.Service.Evidence {
		all = append(all, node{"@id": self + "#evidence-" + e.ID, "@type": "cv:Evidence", "dct:identifier": e.ID,
			"dct:title":       inAll(func(l i18n.Lang) string { return p.T(l, "evidence."+e.ID+".label") }),
			"dct:description": inAll(func(l i18n.Lang) string { return p.T(l, "evidence."+e.ID+".purpose") })})
	}
	return all
}

func outputs(p *pack.Package, self string) []node {
	var all []node
	for _, o := range p.Service.Outputs {
		all = append(all, node{"@id": self + "#output-" + o.ID, "@type": "cv:Output", "dct:identifier": o.ID,
			"dct:title": inAll(func(l i18n.Lang) string { return p.T(l, "outputs."+o.ID) })})
	}
	return all
}

func lifeEvents(set *pack.Set, ids []string, base string) []node {
	var all []node
	for _, id := range ids {
		e, ok := set.LifeEvent(id)
		if !ok {
			continue
		}
		all = append(all, node{"@id": base + "/id/life-events/" + id, "@type": "cv:LifeEvent", "dct:identifier": id,
			"dct:title": inAll(func(l i18n.Lang) string { return e.Name[l] })})
	}
	return all
}

// ISODuration writes a span as xsd:duration.
func ISODuration(s pack.Span) string {
	var b strings.Builder
	b.WriteByte('P')
	if s.Months > 0 {
		b.WriteString(strconv.Itoa(s.Months) + "M")
	}
	if s.Days > 0 || s.Months == 0 {
		b.WriteString(strconv.Itoa(s.Days) + "D")
	}
	return b.String()
}
