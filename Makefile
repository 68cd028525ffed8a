# `make demo` and `make test` do all their set-up by themselves; `make help` lists the rest.

.DEFAULT_GOAL := help
SHELL := /bin/bash

# The compiler of rust-toolchain.toml, where rustup has it under another name.
TOOLCHAIN := $(shell deploy/local/toolchain.sh)
ifneq ($(TOOLCHAIN),)
export RUSTUP_TOOLCHAIN := $(TOOLCHAIN)
endif

WEB := services/dashboard/web
WEB_SOURCES := $(shell find $(WEB)/src $(WEB)/public -type f 2>/dev/null) \
	$(WEB)/index.html $(WEB)/package.json $(WEB)/package-lock.json services/dashboard/openapi.json

.PHONY: help
help: ## This list
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

.PHONY: demo
demo: setup web ## Everything on this machine, with virtual patients (DEMO_SECONDS=60 ends it by itself)
	@echo "building in release mode …"
	@cargo build --release --locked -p mimamori -p mimamori-dev
	@exec target/release/mimamori-dev demo

.PHONY: demo-reset
demo-reset: ## Forgets the demo's data
	@rm -rf .local/demo .local/demo.json
	@echo "the demo's data are gone"

.PHONY: test
test: setup-tests web ## Unit, property, snapshot, page, black-box and browser tests
	@cd $(WEB) && npm run --silent check
	@cd tests/browser && npm run --silent pages
	@# With the features that tests need, so that nothing is built twice.
	@cargo build --locked --workspace --tests --bin mimamori --bin mimamori-dev
	@# The same examples of properties for the same commit; `make properties` finds new ones.
	@PROPTEST_RNG_SEED=$${PROPTEST_RNG_SEED:-1} cargo test --locked --workspace

.PHONY: properties
properties: setup-tests web ## Every property with examples that nobody has tried yet (PROPERTIES_ROUNDS=5)
	@for round in $$(seq $${PROPERTIES_ROUNDS:-5}); do \
		env -u PROPTEST_RNG_SEED cargo test --locked --workspace --lib --test all || exit 1; done

.PHONY: pages
pages: setup-tests web ## Walks every page in a browser with invented patients, in both languages (SCREENSHOT_DIR=… keeps pictures)
	@cd tests/browser && npm run --silent pages

.PHONY: torture
torture: setup web ## Every fault under load, about 10 minutes (TORTURE_SECONDS=600; TORTURE_SEED repeats a run)
	@cargo build --locked -p mimamori -p mimamori-dev
	@TORTURE_SECONDS=$${TORTURE_SECONDS:-600} cargo test --locked -p tests --test torture

.PHONY: fuzz
fuzz: fuzz-engine ## Ten minutes of bad inputs against the decoders and parsers, guided by coverage (FUZZ_SEED, FUZZ_SECONDS)
	@cargo run --quiet --locked -p fuzz

.PHONY: fuzz-verify
fuzz-verify: fuzz-engine ## Makes sure that the fuzz engine is guided: it must find a planted fault
	@cargo run --quiet --locked -p fuzz -- --verify

# Instrumented with the stable compiler. Dependencies are those of every other build.
.PHONY: fuzz-engine
fuzz-engine: setup web
	@CARGO_PROFILE_DEV_OPT_LEVEL=1 RUSTC_WORKSPACE_WRAPPER=$(CURDIR)/fuzz/instrumented-rustc.sh \
		cargo build --quiet --locked -p fuzz --features engine --bin fuzz-engine

.PHONY: check
check: setup-check web ## Format, lints, generated files, dependency rules, what the documents name, alarms, licences
	@cargo fmt --all --check
	@cargo clippy --locked --workspace --all-targets -- -D warnings
	@bash deploy/check/generated.sh
	@python3 deploy/check/dependencies.py
	@python3 deploy/check/supply_chain.py
	@python3 deploy/check/documents.py
	@python3 deploy/check/names.py
	@python3 deploy/check/lengths.py
	@python3 deploy/check/modules.py
	@python3 deploy/check/alarms.py
	@python3 tests/mutations/run.py --verify

.PHONY: generate
generate: ## Makes what follows from the declarations of record kinds (schemas/kinds)
	@cargo run --quiet --locked -p generator -- .

.PHONY: mutations
mutations: setup-tests web ## Makes known faults in a copy, one at a time; each must be noticed by its test
	@python3 tests/mutations/run.py

.PHONY: metrics-peer
metrics-peer: ## Compares metrics of glucose with another implementation (MIMAMORI_CGM_FILE: real recordings, a document a line)
	@test -x .local/metrics-peer/bin/pip || python3 -m venv .local/metrics-peer
	@.local/metrics-peer/bin/pip install --quiet -r tests/peers/requirements.txt
	@.local/metrics-peer/bin/python tests/peers/glucose.py

.PHONY: bench
bench: setup web ## Measures against limits and peers in the same run; prints ratios
	@cargo build --release --locked -p mimamori -p mimamori-dev
	@cargo run --release --locked -p load-tests

.PHONY: burden
burden: setup ## Alerts of 1,000 virtual patients in 90 days; fails where a clinic could not bear them, or misses a planted event
	@cargo run --quiet --release --locked -p simulator --bin burden -- --into docs/clinical-rules.md

.PHONY: setup
setup: ## Fetches what the build and the local stack need
	@deploy/local/setup.sh

.PHONY: setup-check
setup-check:
	@deploy/local/setup.sh --with-promtool

.PHONY: setup-tests
setup-tests:
	@deploy/local/setup.sh --with-browser
	@test -d tests/browser/node_modules || (cd tests/browser && npm ci --silent --no-audit --no-fund)

.PHONY: web
web: $(WEB)/dist/.built ## Builds the pages

$(WEB)/node_modules/.package-lock.json: $(WEB)/package-lock.json $(WEB)/package.json
	@echo "fetching the pages' packages …"
	@cd $(WEB) && npm ci --silent --no-audit --no-fund
	@touch $@

$(WEB)/dist/.built: $(WEB)/node_modules/.package-lock.json $(WEB_SOURCES)
	@echo "building the pages …"
	@cd $(WEB) && npm run --silent build
	@touch $@
