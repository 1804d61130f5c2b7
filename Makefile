# Wijkspil. `make` alone tells what there is.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
WORKERS ?= 2

.DEFAULT_GOAL := help
.PHONY: help setup demo serve test check fmt bench conformance docs lock frontend browser clean

help: ## Show this help
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sort | awk -F':.*## ' '{printf "  make %-12s %s\n", $$1, $$2}'

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Wijkspil needs Python 3.11 or newer; $(PYTHON) is $$($(PYTHON) --version). Try: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 1; }
	@$(PYTHON) -m venv $(VENV) || { echo "Python's venv module is missing. On Debian: apt-get install python3-venv"; exit 1; }

$(VENV)/installed-main: requirements/main.txt pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/main.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/installed-dev: requirements/dev.txt $(VENV)/installed-main
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.txt
	@touch $@

frontend: $(VENV)/installed-main ## Build the pages' styles and scripts
	@$(BIN)/python -m wijkspil.ui.build_frontend

setup: $(VENV)/installed-dev frontend ## Install everything for development
	@$(BIN)/python -m conformance.node

demo: $(VENV)/installed-main frontend ## Make a fictional region and serve it on http://localhost:8000/
	@$(BIN)/wijkspil demo

serve: $(VENV)/installed-main frontend ## Serve the site on the database of DATABASE_URL or the embedded one
	@$(BIN)/wijkspil serve

browser: ## Make sure Chromium is there for the browser tests
	@if command -v chromium >/dev/null 2>&1; then :; \
	elif [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then \
	  echo "Installing Chromium for the browser tests"; \
	  apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium >/dev/null; \
	else \
	  echo "The browser tests need Chromium at /usr/bin/chromium. Install Debian's package chromium (apt-get install chromium) and run again."; exit 1; \
	fi

check: setup ## Lint, types, import contracts, templates, migrations, translations, generated references
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy src tests benchmarks conformance
	$(BIN)/lint-imports
	$(BIN)/djade --check --target-version 5.2 $$(git ls-files '*.html')
	$(BIN)/openapi-spec-validator docs/reference/openapi.json
	$(BIN)/python -m pytest -q tests/architecture

test: check browser ## Everything: make check, all tests, journeys in a real browser
	$(BIN)/python -m pytest -q -n $(WORKERS) --dist loadgroup

fmt: setup ## Format code and templates
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	$(BIN)/djade --target-version 5.2 $$(git ls-files '*.html')

docs: setup ## Make the generated references anew
	$(BIN)/python -m wijkspil.config.references

# Peers that are compared with, apart: they ask other versions of what we use.
.venv-bench/installed: requirements/bench.txt | $(BIN)/python
	$(BIN)/python -m venv .venv-bench
	.venv-bench/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/bench.txt
	@touch $@

bench: setup .venv-bench/installed ## Run the benchmarks on DATABASE_URL, else on the embedded country (long)
	$(BIN)/python -m benchmarks

conformance: setup ## Let other people's tools judge the interfaces, and write the report (long)
	$(BIN)/python -m conformance

lock: $(VENV)/installed-dev ## Resolve the requirement locks anew
	for name in main dev bench; do \
	  $(BIN)/uv pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	    --custom-compile-command "make lock" requirements/$$name.in -o requirements/$$name.txt; \
	done

clean: ## Stop the embedded database and remove everything that was made here
	-@[ -x $(BIN)/wijkspil ] && $(BIN)/wijkspil db stop
	rm -rf $(VENV) .venv-bench .wijkspil node_modules conformance/node_modules src/wijkspil/ui/static/ui/build .mypy_cache .ruff_cache
