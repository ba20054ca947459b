# One machine, nothing installed beforehand but Python 3.11 and make. `make` alone lists what there is.

PYTHON ?= python3
VENV := .venv
PY := $(VENV)/bin/python
READY := $(VENV)/.ready
ARGS ?=
OUT ?= .local/sbom.json

# For every platform; a package that somebody changed at the index is refused at installation.
PIN = UV_CUSTOM_COMPILE_COMMAND="make requirements" $(VENV)/bin/uv pip compile --quiet --universal \
	--python-version 3.11 --generate-hashes --no-annotate $(ARGS)

# Settings as production has them, for checks that look at nothing else. The keys live for one run.
AS_IN_PRODUCTION = env -u DEBUG -u SANDBOX_URL ENV_FILE=/dev/null \
	DATABASE_URL=postgresql://nobody@localhost/none REDIS_URL=redis://localhost/0 \
	BASE_URL=https://connector.example.com ALLOWED_HOSTS=connector.example.com \
	$$($(PY) -m config.keys)

# Compiled once, not by each of the many processes of a run.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help demo test crash soak lint check-demo browser screenshots bench manage requirements audit-deps sbom clean

help: ## show this list
	@sed -n 's/^\([a-z][a-z-]*\):.*## \(.*\)/  make \1|\2/p' Makefile | column -t -s '|' 2>/dev/null \
		|| sed -n 's/^\([a-z][a-z-]*\):.*## \(.*\)/  make \1: \2/p' Makefile

demo: $(READY) ## run the whole service with example companies, until Ctrl-C
	@exec $(PY) -m config.up demo

test: $(READY) ## run the tests against a PostgreSQL and a Redis of their own; ARGS="tests/unit -x"
	@$(PY) -m pytest -q --durations=15 -n auto --dist loadgroup $(ARGS)

crash: $(READY) ## kill and pause real workers at every boundary of both flows
	@$(PY) -m pytest -q -n 2 --dist loadgroup -m crash $(ARGS)

soak: $(READY) ## sync whole companies while calls and processes fail at random; ARGS="--seed 7 --minutes 3"
	@$(PY) -m pytest -q -n 2 -m soak
	@$(PY) -m tests.e2e.soak $(ARGS)

lint: $(READY) ## check style, types, import contracts, missing migrations and deployment settings
	@$(VENV)/bin/ruff check .
	@$(VENV)/bin/ruff format --check .
	@$(VENV)/bin/lint-imports
	@$(PY) -m config.up exec $(VENV)/bin/mypy
	@$(PY) -m config.up exec $(PY) manage.py makemigrations --check --dry-run
	@$(AS_IN_PRODUCTION) $(PY) manage.py check --deploy --fail-level WARNING

check-demo: $(READY) ## start everything, run the companies through it, compare the books to the cent
	@$(PY) -m tests.e2e.check_demo $(ARGS)

browser: $(READY) ## walk a newcomer's way in Chromium: sign up, connect, see the fit, go live
	@$(PY) -m tests.browser.run $(ARGS)

screenshots: $(READY) ## take the pictures of docs/images anew, from a demo in Chromium
	@$(PY) -m tests.browser.screenshots

bench: $(READY) ## measure reading into the ledger, webhooks during a backfill, and pages of a large workspace
	@$(PY) -m benchmarks.ledger
	@$(PY) -m benchmarks.webhooks $(ARGS)
	@$(PY) -m benchmarks.pages

manage: $(READY) ## run a management command beside the running demo; ARGS="shell"
	@$(PY) -m config.up exec $(PY) manage.py $(ARGS)

requirements: $(READY) ## pin what requirements*.in ask for, with the hashes of every file
	@$(PIN) requirements.in --output-file requirements.txt
	@$(PIN) requirements-dev.in --output-file requirements-dev.txt

audit-deps: $(READY) ## ask whether a pinned package has a known vulnerability; needs the network
	@$(PY) -m config.audit_deps requirements.txt requirements-dev.txt

sbom: $(READY) ## write what production runs on as CycloneDX; OUT="sbom.json"
	@mkdir -p $(dir $(OUT))
	@$(VENV)/bin/cyclonedx-py requirements requirements.txt --output-reproducible --output-file $(OUT)
	@echo "Written to $(OUT)."

clean: ## delete the virtual environment and the demo's data
	rm -rf $(VENV) .local

# The stamp is newer than both lists exactly when everything in them is installed.
$(READY): requirements.txt requirements-dev.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "Python 3.11 or newer is needed: make PYTHON=/path/to/python3.11 ..."; exit 1; }
	@echo "Installing the pinned packages into $(VENV) ..."
	@$(PYTHON) -m venv $(VENV)
	@$(PY) -m pip install --quiet --disable-pip-version-check --require-hashes \
		-r requirements.txt -r requirements-dev.txt
	@touch $(READY)
