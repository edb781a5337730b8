# Each target with a `## ` line shows in `make help`; the work is in scripts/ and in the `skillsync` command.
# Variables given on the command line (make up PORT=9000) reach `skillsync` in its environment; absent ones stay absent.

.DEFAULT_GOAL := help
.PHONY: help bootstrap packages webapp webapp-if-possible up test check bench prove format clean
PYTHON := .venv/bin/python
# Where scripts/bootstrap.sh puts uv when the machine has none.
export PATH := $(PATH):$(CURDIR)/.uv/bin:$(HOME)/.local/bin

help: ## Show this help
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
	@echo
	@echo '  make up takes  PORT=8080  DATABASE=mysql://user:password@host:port  CACHE=redis://host:port/0'
	@echo '                 AWS_ENDPOINT_URL=http://host:port  WORKERS=separate'
	@echo '  make test takes  ARGS="-k transaction -x"  (pytest arguments)'
	@echo '  make prove takes  SEED=1  ARGS="-k ring"  PROOF_FILE=docs/proof.md  (written by a whole run, unless told otherwise)'

up: bootstrap webapp-if-possible ## Bring the whole system up on this machine; Ctrl-C drains it
	@exec .venv/bin/skillsync up

test: bootstrap packages webapp ## Run every suite, on SQLite and on MariaDB, on both caches
	@exec .venv/bin/pytest -n 3 --dist loadscope $(ARGS)

check: bootstrap packages webapp ## What must pass before a push: format, types, contracts, templates, locks, installs, tests
	@exec $(PYTHON) scripts/check.py

bench: bootstrap packages ## Measure the transactions service under load, against three other ways to write it
	@exec $(PYTHON) -m bench $(ARGS)

# Part of the proofs would be a poor record of all of them, so ARGS write no file unless one is named.
prove: PROOF_FILE ?= $(if $(ARGS),,docs/proof.md)
prove: bootstrap packages webapp ## Hold every promise against its full figure, and write what was seen; takes long
	@exec env PROOF_FILE=$(PROOF_FILE) .venv/bin/pytest -m prove -s --timeout=0 $(ARGS)

format: bootstrap ## Format the code and apply safe fixes
	@.venv/bin/ruff check --quiet --fix-only .
	@.venv/bin/ruff format .

clean: ## Delete environments, caches and local state (databases and the local cloud with them)
	@rm -rf .venv cloud/.venv infra/checkov/.venv .skillsync .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache dist build web/dist web/node_modules
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

# The locked environments: .venv and cloud/.venv. Quick when they are there.
bootstrap:
	@scripts/bootstrap.sh

# web/dist, when its sources changed. The system runs without it, too.
webapp:
	@scripts/web.sh

webapp-if-possible:
	@scripts/web.sh --if-possible

# The servers and the browser that the tests start for themselves.
packages:
	@scripts/install_packages.sh
