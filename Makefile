# Everything a newcomer needs: `make demo` and `make test`.
SHELL := /bin/bash
.DEFAULT_GOAL := help
PYTHON ?= python3
BIN := .venv/bin
ROOMS := tests/unit tests/contract tests/integration tests/e2e
LOCK = $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-annotate --custom-compile-command "make lock"

.PHONY: help install check format unit test demo bench clean generate lock cluster images

help:  ## Show what can be made
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

# --no-deps: the lock is whole, and fal and mypy disagree about a package that neither use here needs.
install: .venv/installed  ## Make .venv with everything pinned by requirements/dev.txt

.venv/installed: requirements/dev.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "falapp needs Python 3.11 or newer: set PYTHON=")'
	@$(PYTHON) -c 'import ensurepip' 2>/dev/null || { \
		echo "$(PYTHON) cannot make a virtual environment: install python3-venv (Debian), or set PYTHON="; exit 1; }
	$(PYTHON) -m venv --clear .venv || { rm -rf .venv; exit 1; }
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --require-hashes --requirement requirements/dev.txt
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

check: install  ## Lint, types, layers, and that generated files are current
	@test ! -e operator/__init__.py || { echo "operator/__init__.py shadows the standard library: remove it"; exit 1; }
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m falapp_operator.api.crds --check

format: install  ## Format the code
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

unit: install  ## Tests without network, and of generated files
	$(BIN)/pytest tests/unit tests/contract

# What failed is asked once more by itself: two cores have three nodes and two processes to run.
test: check  ## Every test, those on the real cluster included
	$(BIN)/python -m tests.cluster up --servers
	$(BIN)/pytest -n 2 $(ROOMS) || $(BIN)/pytest --last-failed --last-failed-no-failures=none $(ROOMS)

demo: install  ## A cluster, the operator and a running app, from nothing
	$(BIN)/python -m tests.demo

bench: install  ## Measure; raw figures go to bench/results
	$(BIN)/python -m tests.cluster up
	$(BIN)/pytest tests/bench

images: install  ## Build falapp's images and push them to REGISTRY=registry.example/falapp
	@test -n "$(REGISTRY)" || { echo "say where to push: make images REGISTRY=registry.example/falapp"; exit 1; }
	@$(BIN)/python -m tests.cluster.publish $(if $(TAG),--tag $(TAG)) $(REGISTRY) $(BASES)

cluster: install  ## Only the test cluster
	$(BIN)/python -m tests.cluster up

clean:  ## Remove everything that the targets above made, and only that
	@python=$(BIN)/python; $$python -c '' 2>/dev/null || python=$(PYTHON); $$python -m tests.cluster down --caches
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

generate: install  ## Rewrite every generated file
	$(BIN)/python -m falapp_operator.api.crds

lock: install  ## Resolve the lock files anew
	$(LOCK) --extra operator pyproject.toml -o requirements/operator.txt
	$(LOCK) --extra builder pyproject.toml -o requirements/builder.txt
	$(LOCK) --extra servers pyproject.toml -o requirements/servers.txt
	$(LOCK) --extra runtime --override requirements/runtime-overrides.txt pyproject.toml -o requirements/runtime.txt
	$(LOCK) --extra dev --override requirements/dev-overrides.txt pyproject.toml -o requirements/dev.txt
