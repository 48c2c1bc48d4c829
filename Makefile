# Everything sets up .venv by itself, from a bare Debian with python3, python3-venv and make, and is quick when it is there.

VENV := .venv
READY := $(VENV)/.ready
BIN := $(VENV)/bin
# hledger and ledger, which only the tests need.
TOOLS := .tools
PROOF_READY := $(TOOLS)/.ready
N ?= 10000
PYTEST_WORKERS ?= 2
SCENARIO ?= swarm
SEEDS ?= 1..50
JOBS ?= 2

.DEFAULT_GOAL := help
.PHONY: help setup demo test lint check format docs bench simulate bugs clean

help: ## show this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' Makefile

setup: $(READY) ## set up .venv (the other targets do it by themselves)

$(READY): pyproject.toml tools/setup_venv.sh
	@tools/setup_venv.sh $(VENV)
	@touch $@

$(PROOF_READY): tools/setup_proof.sh
	@tools/setup_proof.sh $(TOOLS)
	@touch $@

demo: $(READY) ## three copies part, clash and meet again, as real processes on this machine
	@$(BIN)/khata demo

test: $(READY) $(PROOF_READY) ## run all tests
	@$(BIN)/python -m pytest -q -n $(PYTEST_WORKERS) --dist worksteal

lint: $(READY) ## format, lint, types, import contracts
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

check: lint ## the same, house rules, docs up to date: what is quick before a commit
	@$(BIN)/python -m pytest -q tests/test_tidy.py tests/test_docs.py

format: $(READY) ## rewrite the sources in the house format
	@$(BIN)/ruff check --fix --quiet .
	@$(BIN)/ruff format .

docs: $(READY) ## rewrite what the docs take from the sources
	@$(BIN)/python -m tools.file_table
	@$(BIN)/python -m tools.command_page
	@$(BIN)/python -m tools.scenario_tables
	@$(BIN)/python -m tools.planted_table

bench: $(READY) ## measure; N=100000 for more vouchers
	@$(BIN)/python -m benchmarks --vouchers $(N)

simulate: $(READY) ## many branches on a network that fails on purpose; SEEDS=1..500, SCENARIO=swizzle
	@$(BIN)/khata simulate $(SCENARIO) --seeds $(SEEDS) --jobs $(JOBS)

bugs: $(READY) ## plant bugs one at a time and show that the simulation sees each
	@$(BIN)/python -m tests.simulations.planting

clean: ## remove .venv and everything the tools cached
	rm -rf $(VENV) $(TOOLS) .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis build dist
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
