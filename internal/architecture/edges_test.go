package architecture

// edges are the imports allowed between packages of the same floor (modules,
// and the parts of the demonstration), each with its reason. The test fails on
// an import that is not here and on an entry that nobody uses any more.
var edges = map[string]map[string]string{
	"internal/module/cases": {
		"internal/module/services":      "a case runs the service version it was submitted to, and gathers its evidence",
		"internal/module/services/pack": "a case is decided and explained by its service package",
		"internal/module/exchange":      "evidence is fetched for a case",
	},
	"internal/module/cases/grounds": {
		"internal/module/cases":         "tells what a case's decision rests on",
		"internal/module/services":      "answers are shown in the words of the form",
		"internal/module/services/pack": "the rules give the account of what they computed",
		"internal/module/exchange":      "evidence is shown by its type",
	},
	"internal/module/cases/migration": {
		"internal/module/cases":         "what designers do with running cases",
		"internal/module/services/pack": "versions are named and compared",
	},
	"internal/module/cases/mycases": {
		"internal/module/cases/grounds": "applicants see everything their decision rests on",
		"internal/module/cases":         "what applicants see of their cases",
		"internal/module/services":      "answers are shown in the words of the form",
		"internal/module/services/pack": "decisions are explained by the service package",
	},
	"internal/module/cases/workbench": {
		"internal/module/cases/grounds": "officials see the same document as the applicant",
		"internal/module/cases":         "what officials see and do",
		"internal/module/services":      "answers are shown in the words of the form",
		"internal/module/services/pack": "decisions are explained by the service package",
	},
	"internal/module/cases/api": {
		"internal/module/cases":         "everything a page can do with a case, programs can",
		"internal/module/services":      "the catalogue for programs",
		"internal/module/services/pack": "services are described from their packages",
		"internal/module/exchange":      "evidence carries its source",
	},
	"internal/module/services": {
		"internal/module/services/pack": "the catalogue and the forms are made from service packages",
		"internal/module/exchange":      "forms are prefilled with evidence",
	},
	"internal/module/services/versions": {
		"internal/module/services/pack":       "versions are told and compared",
		"internal/module/services/simulation": "the same designers; changed values are tried there",
	},
	"internal/module/services/simulation": {
		"internal/module/services":      "evidence is gathered as for an application",
		"internal/module/services/pack": "versions of a package are compared",
		"internal/module/exchange":      "registers say who the people are",
	},
	"internal/module/services/pack": {
		"internal/module/people": "form fields check identification numbers by the rule of the register of persons",
	},
}
