# Needs Python 3.11 or newer, git and make. Everything else goes into .venv.
PYTHON ?= python3
PORT ?= 8000
INTAKE_PUBLIC_URL ?= http://127.0.0.1:$(PORT)
BIN := .venv/bin
export PORT INTAKE_PUBLIC_URL
# What is already here and pinned is not looked up again.
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes

.PHONY: run demo test check bench clean

run: .venv/.ready  ## Serve on 127.0.0.1:$PORT with SQLite, own keys and mail as files.
	@$(DEVELOPMENT) $(BIN)/flask --app app intake init
	@exec $(SERVE)

demo: .venv/.ready  ## As run, with fictional requests and people.
	@$(DEVELOPMENT) $(BIN)/flask --app app intake demo
	@printf '\n  The form    %s/callback\n  The panel   %s/admin/\n\n' "$(INTAKE_PUBLIC_URL)" "$(INTAKE_PUBLIC_URL)"
	@exec $(SERVE)

test: .venv/.ready-for-tests  ## Every test, on SQLite and, where it is installed, on PostgreSQL and in Chromium.
	$(BIN)/python -m pytest --numprocesses auto --dist worksteal

check: .venv/.ready-for-tests  ## Lint, format, types and the direction of imports.
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: .venv/.ready-for-tests  ## What it costs, as ratios against a bare Flask app.
	$(BIN)/python -m bench

clean:  ## Take the environment and caches away; instance/ with keys and data stays.
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

INTAKE_EMBEDDED_WORKER ?= 1
DEVELOPMENT := INTAKE_ENV=development INTAKE_EMBEDDED_WORKER=$(INTAKE_EMBEDDED_WORKER)
SERVE := env $(DEVELOPMENT) $(BIN)/gunicorn --config gunicorn.conf.py "app:create_app()"

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed")'
	$(PYTHON) -m venv .venv

.venv/.ready: requirements.txt | .venv/bin/python
	$(PIP) -r requirements.txt
	@touch $@

.venv/.ready-for-tests: requirements-dev.txt | .venv/bin/python
	$(PIP) -r requirements-dev.txt
	@touch $@ .venv/.ready
