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
	"internal/module/cases/api": {
		"internal/module/cases":         "the interface offers to programs what the module does",
		"internal/module/services":      "the catalogue is part of the interface, and an application's evidence is gathered as for the form",
		"internal/module/services/pack": "services are described from their packages",
		"internal/module/exchange":      "gathered evidence is handed to the module of cases",
	},
	"internal/module/services": {
		"internal/module/services/pack": "the catalogue and the forms are made from service packages",
		"internal/module/exchange":      "forms are prefilled with evidence",
	},
	"internal/module/services/pack": {
		"internal/module/people": "form fields check identification numbers by the rule of the register of persons",
	},
}

