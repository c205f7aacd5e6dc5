# Passerelle. `make run` opens the demonstration; `make test` runs every test.
# Go and Node are needed; what else the tests use, scripts/test-setup installs
# where it can.

GO    ?= go
TEMPL := $(GO) run github.com/a-h/templ/cmd/templ
ADDR  ?= localhost:8080
DATA  ?= data/demo

.PHONY: run build assets generate check test crash faults bench bench-decisions bench-processes clean help

help: ## what there is
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/' | sort

run: build ## open the demonstration State on http://localhost:8080
	bin/passerelle demo --addr $(ADDR) --data $(DATA)

build: assets ## build bin/passerelle
	$(GO) build -trimpath -o bin/passerelle ./cmd/passerelle

assets: web/dist/manifest.json ## build styles, fonts and scripts

web/node_modules/.package-lock.json: web/package.json web/package-lock.json
	cd web && npm ci --no-audit --no-fund
	@touch $@

web/dist/manifest.json: engine/bpmn/diagram.css web/node_modules/.package-lock.json $(shell find web -path web/node_modules -prune -o -path web/dist -prune -o -type f -print)
	cd web && npm run build
	@touch $@

generate: ## regenerate what is generated (templ pages)
	$(TEMPL) generate

check: assets ## format, lint, architecture, generated files, vulnerabilities
	scripts/check

test: assets ## every test; installs Chromium and PostgreSQL where it can
	scripts/test

KILLS ?= 200

crash: assets ## kill the real binary KILLS times under load, and PostgreSQL a quarter as often
	KILLS=$(KILLS) $(GO) test ./internal/app -run TestCrash -count=1 -timeout 80m -v

FAULTS ?= 40

faults: assets ## fsync fails FAULTS times under load, and the disk is full as often; PostgreSQL half as often
	FAULTS=$(FAULTS) $(GO) test ./internal/app -run TestFaults -count=1 -timeout 60m -v

bench: assets ## load programs, results as JSON
	$(GO) run ./bench/submit --json
	$(GO) run ./bench/pages --json

bench-decisions: ## this decision engine beside its peers, which are installed into bench/peers
	$(GO) run ./bench/decisions --json

bench-processes: ## this process engine beside its peers, which are installed into bench/peers
	$(GO) run ./bench/processes --json

clean: ## remove what was built
	rm -rf bin web/dist/* web/node_modules data
