# One entry point per chore, the same here as in CI. `make help` lists them.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

PYTHON ?= python3
SERVE ?= yes
PORT ?= 8000
NAME ?= land
BIN := .venv/bin

.PHONY: help demo test setup setup-test check lint types contracts compose bench lock clean

help: ## list the chores
	@grep -hE '^[a-z-]+:.*## ' Makefile | sed -E 's/^([a-z-]+):.*## /  make \1\t/' | expand -t 20

demo: setup ## make a synthetic municipality, run the chain, serve the map (SERVE=no stops before; PORT=8000)
	@$(BIN)/geoplan demo demo $(if $(filter no,$(SERVE)),--no-serve,--serve) --port $(PORT)

test: setup-test ## run the whole test suite against a real PostGIS and a real browser
	@$(BIN)/pytest --numprocesses auto --dist loadfile $(PYTEST)

setup: system .venv/.run ## install what geoplan needs

setup-test: system-test .venv/.dev ## install what the tests need as well

.PHONY: system system-test
system:
	@scripts/system-packages

system-test:
	@scripts/system-packages test

.venv/.made:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "geoplan needs Python 3.11 or newer; name one with make PYTHON=...")'
	@$(PYTHON) -m venv .venv
	@touch $@

# Packages come from the lock files alone, checked by hash; our own code is linked, not copied.
define install
	@echo "Installing Python packages from $(1)"
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r $(1)
	@$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --no-index -e .
endef

.venv/.run: .venv/.made requirements/run.txt pyproject.toml
	$(call install,requirements/run.txt)
	@touch $@

.venv/.dev: .venv/.made requirements/dev.txt pyproject.toml
	$(call install,requirements/dev.txt)
	@touch $@ .venv/.run

.venv/.bench: .venv/.dev requirements/bench.txt
	$(call install,requirements/bench.txt)
	@touch $@

check: lint types contracts ## all static checks

lint: .venv/.dev ## ruff: style and common faults
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .

types: .venv/.dev ## mypy, strict
	@$(BIN)/mypy

contracts: .venv/.dev ## import contracts: who may know whom
	@$(BIN)/lint-imports

compose: ## check docker-compose.yml where a Docker client is installed
	@scripts/check-compose

bench: system .venv/.bench ## measure against others: NAME=land, whatif, reach, subdivision, draws (BENCH="--json FILE")
	@$(BIN)/python -m benchmarks.$(NAME) $(BENCH)

lock: .venv/.dev ## renew the lock files from pyproject.toml
	@$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate --no-header \
	  --extra build --extra dev pyproject.toml -o requirements/dev.txt
	@$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate --no-header \
	  --extra build -c requirements/dev.txt pyproject.toml -o requirements/run.txt
	@$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate --no-header \
	  --extra build --extra bench -c requirements/dev.txt pyproject.toml -o requirements/bench.txt

clean: ## remove all that make made, the demo and its database included
	@if [ -x $(BIN)/geoplan ] && [ -e demo/geoplan.toml ]; then $(BIN)/geoplan db stop --remove -w demo; fi
	@rm -rf demo .venv *.egg-info .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis build dist
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
