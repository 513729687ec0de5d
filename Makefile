# Milepost: `make` lists the targets. Set-up happens by itself, once, and again only when what it depends on has changed.

PYTHON ?= $(shell for p in python3.11 python3.12 python3.13 python3.14 python3; do \
	command -v $$p >/dev/null 2>&1 && $$p -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null \
	&& { command -v $$p; break; }; done)
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed
PARSED := $(VENV)/.parsed
DBT_FILES := $(shell find dbt_project -type f \( -name '*.sql' -o -name '*.yml' -o -name '*.csv' -o -name '*.md' \) \
	-not -path '*/target/*' 2>/dev/null)
SIZE ?= small
COUNT ?= 10000
SEED ?= 1

.DEFAULT_GOAL := help
.PHONY: help setup demo test lint bench fuzz ui docs clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-7s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(INSTALLED) $(PARSED) ## set up only: environment, bytecode, dbt parsed

demo: setup ## make the sample company's exports and run everything (SIZE=small, medium or large)
	@$(BIN)/milepost demo --size $(SIZE)

test: setup ## run every test
	@$(BIN)/python -m pytest -n auto --dist loadfile

lint: setup ## check style, types, bans between rooms, SQL
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports
	$(BIN)/mypy
	$(BIN)/sqlfluff lint dbt_project/models --processes 0 --disable-progress-bar

bench: setup ## measure, and print the ratios
	@$(BIN)/python tests/bench/__main__.py

fuzz: setup ## damage real exports by the thousand and take them in, nightly (COUNT=10000 SEED=1)
	@MILEPOST_TESTS=random $(BIN)/python -m pytest -n auto --dist loadfile tests/properties
	@$(BIN)/python -m tests.fuzz --count $(COUNT) --seed $(SEED) --summary docs/fuzz.md

ui: setup ## start the Dagster UI with its sensors and schedules on
	@$(BIN)/milepost ui

docs: setup ## write the documentation site of the marts (docs/site)
	@$(BIN)/python -m orchestration.docs docs/site

clean: ## remove the environment and every cache; the home (var/) stays
	rm -rf $(VENV) build dist *.egg-info dbt_project/target dbt_project/logs docs/site logs \
		.pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -not -path './var/*' -prune -exec rm -rf {} +

$(INSTALLED): requirements.lock pyproject.toml
	@test -n "$(PYTHON)" || { echo "Milepost needs Python 3.11 or newer with venv and pip; none was found." \
		"Install it (Debian: apt-get install python3 python3-venv), or name one: make PYTHON=/path/to/python3"; exit 1; }
	@echo "Setting up with $(PYTHON): environment, packages, bytecode (a few minutes, once)"
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install -qq --disable-pip-version-check --no-compile --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install -qq --disable-pip-version-check --no-build-isolation --no-deps -e .
	@# some packages ship files that are not meant for this Python: they stay uncompiled, and nothing is lost
	@$(BIN)/python -m compileall -q -j 0 $(VENV)/lib >/dev/null 2>&1 || true
	@$(BIN)/python -m compileall -q ingestion expectations publishing orchestration
	@touch $@

$(PARSED): $(INSTALLED) $(DBT_FILES)
	@$(BIN)/python -m orchestration.prepare
	@touch $@
