# The project's commands. Each sets itself up: it needs make, git and Python 3.11 or later.
.DEFAULT_GOAL := help
SHELL := bash
PYTHON ?= python3
BIN := .venv/bin
RUN := PYTHONPATH=src:. $(BIN)/python
export SAM_CLI_TELEMETRY := 0

.PHONY: help setup lock check audit licences sbom test test-all test-rest test-pythons judges demo up build deploy invoke invoke-all bench figures adopt clean

help: ## Lists the commands
	@sed -nE 's/^([a-z-]+):.*## (.*)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 20

setup: .venv/.ready ## Makes the virtual environment from the hashed lock files

.venv/.ready: requirements/bootstrap.txt requirements/dev.txt
	@command -v $(PYTHON) >/dev/null || \
	  { echo "There is no $(PYTHON) here. Name a Python of 3.11 or later: make $(MAKECMDGOALS) PYTHON=..." >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "This project needs Python 3.11 or later, and $(PYTHON) is $$($(PYTHON) --version)." \
	    "Name another: make $(MAKECMDGOALS) PYTHON=python3.13" >&2; exit 1; }
	@echo "Setting up .venv (once)"
	@$(PYTHON) -m venv --clear .venv
	@$(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes -r requirements/bootstrap.txt
	@VIRTUAL_ENV=.venv $(BIN)/uv pip install -q --require-hashes -r requirements/dev.txt
	@printf '#!/bin/sh\nPYTHONPATH="%s/src:%s" exec "%s/.venv/bin/python" -m ops.guardctl "$$@"\n' \
	  "$(CURDIR)" "$(CURDIR)" "$(CURDIR)" > $(BIN)/guardctl
	@chmod +x $(BIN)/guardctl
	@touch $@

# The template's public rules have an environment of their own: their pins and those of the SAM CLI rule each other out.
.venv/checkov/.ready: .venv/.ready requirements/checkov.txt
	@echo "Setting up .venv/checkov (once)"
	@$(BIN)/uv venv -q --clear --python $(BIN)/python .venv/checkov
	@VIRTUAL_ENV=.venv/checkov $(BIN)/uv pip install -q --require-hashes -r requirements/checkov.txt
	@touch $@

# The judges that are not our own have an environment of their own as well; few tests run them, each as a program.
.venv/judges/.ready: .venv/.ready requirements/judges.txt
	@echo "Setting up .venv/judges (once)"
	@$(BIN)/uv venv -q --clear --python $(BIN)/python .venv/judges
	@VIRTUAL_ENV=.venv/judges $(BIN)/uv pip install -q --require-hashes -r requirements/judges.txt
	@touch $@

lock: .venv/.ready ## Locks the dependencies afresh, with hashes
	$(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-header requirements/bootstrap.in -o requirements/bootstrap.txt
	$(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-header requirements/src.in -c requirements/dev.txt -o src/requirements.txt
	$(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-header requirements/dev.in -o requirements/dev.txt
	$(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-header requirements/checkov.in -o requirements/checkov.txt
	$(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-header requirements/judges.in -o requirements/judges.txt
	@echo "Now: make licences audit"

check: setup .venv/checkov/.ready ## Lint, types, import rules, template rules, secrets, known vulnerabilities
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	PYTHONPATH=src:. $(BIN)/lint-imports
	$(BIN)/cfn-lint template.yaml
	AWS_DEFAULT_REGION=us-east-1 $(BIN)/sam validate --lint
	CKV_SKIP_PACKAGE_UPDATE_CHECK=true .venv/checkov/bin/checkov # .checkov.yaml; the variable keeps it off the network
	@$(RUN) -m tools.supply.secret_scan
	@$(RUN) -m tools.supply.audit

audit: setup ## Known vulnerabilities in what is locked; REQUIRED=1 fails where the database cannot be reached
	@$(RUN) -m tools.supply.audit $(if $(REQUIRED),--required)

licences: setup .venv/checkov/.ready .venv/judges/.ready ## Writes docs/licences.md from what is locked and installed
	@$(RUN) -m tools.supply.licences

sbom: setup ## The bill of materials of what is deployed (CycloneDX): build/sbom/photodna-guard.cdx.json
	@$(RUN) -m tools.supply.sbom

# What `make test` and `make test-rest` leave behind: the permissions that were used, and a summary of each run.
PERMISSIONS := $(CURDIR)/build/permissions
SUMMARIES := build/tests
PYTEST := $(BIN)/python -m pytest -q

ifdef T
test: setup .venv/checkov/.ready ## The quick tests with coverage, under 4 minutes on 2 cores; T=tests/unit/test_x.py runs a part
	$(PYTEST) $(T)
else
test: export PERMISSIONS_DIR := $(PERMISSIONS)
test: setup .venv/checkov/.ready
	@rm -rf $(PERMISSIONS) $(SUMMARIES) build/faults
	$(PYTEST) --ignore tests/faults -m "not slow and not alone and not last and not judge" -n 2 --dist loadfile \
	  --cov --cov-report=term:skip-covered --junitxml=$(SUMMARIES)/quick.xml
endif

test-all: ## All tests: make test, then make test-rest
	@$(MAKE) test
	@$(MAKE) test-rest

test-rest: export PERMISSIONS_DIR := $(PERMISSIONS)
test-rest: setup .venv/checkov/.ready ## What make test leaves out: faults, schedules, timing, containers, permissions used
	@test -f $(SUMMARIES)/quick.xml || \
	  { echo "make test-rest judges what make test recorded. Run make test before it, or make test-all." >&2; exit 1; }
	$(PYTEST) --ignore tests/faults -m "slow and not alone and not last" -n 2 --dist loadfile --junitxml=$(SUMMARIES)/slow.xml
	$(PYTEST) tests/faults -n 2 --dist worksteal --junitxml=$(SUMMARIES)/faults.xml
	$(PYTEST) -m "alone or last" --junitxml=$(SUMMARIES)/alone.xml
	@$(RUN) -m tools.test_summary $(SUMMARIES)

test-pythons: setup ## The functions' own tests on the other Pythons that the sources keep to (PYTHONS="3.12 3.13")
	@$(BIN)/python -m tools.pythons $(or $(PYTHONS),3.12 3.13)

judges: setup ## Holds the adapters, policies and handlers against implementations that are not ours (JUDGES=required)
	@$(MAKE) --no-print-directory .venv/judges/.ready || echo "judges: requirements/judges.txt could not be installed here" >&2
	@$(RUN) -m tools.supply.npm_packages
	$(PYTEST) $(or $(T),tests/judges) -m judge --junitxml=$(SUMMARIES)/judges.xml

demo: setup ## Checks 121 drawn uploads, or PICTURES=DIR, with an embedded cloud; writes build/demo/report.html
	$(RUN) -m local.demo $(if $(PICTURES),"$(PICTURES)")

up: setup ## Keeps the embedded cloud running until Ctrl-C (PORT=4680, MODE=observe and every other parameter, RATE=5, CONCURRENCY=10, PARAMETERS="Workers=3", MATCH_ENDPOINT=URL, TEST_LIST=DIR, LAMBDA=sam)
	@$(RUN) -m local.up --makeflags="$$MAKEFLAGS"

build: setup ## sam build, and the size of what is deployed (ARCHITECTURE=arm64)
	@$(RUN) -m local.invoke.build

deploy: setup ## Builds, then sam deploy: ENV=staging or prod (samconfig.toml), or guided without
	@$(RUN) -m local.invoke.deploy

invoke: setup ## Runs EVENT=events/s3-put.json, or an event of your own, in a container against the embedded cloud (FUNCTION=)
	@# The shell's variable and not make's own: a file's name may have spaces.
	@$(RUN) -m local.invoke $${EVENT:+"$$EVENT"} $${FUNCTION:+--function="$$FUNCTION"}

invoke-all: setup ## The same for every sample event, each outcome checked
	@$(RUN) -m local.invoke --all

bench: setup ## All benchmarks (25 minutes), BENCH=cold_start or rate alone, QUICK=1 less of them; build/bench/*.json
	$(RUN) -m tools.bench $(BENCH) $(if $(QUICK),--quick)

figures: setup ## Sizes, comments, docstrings, words and stack depth of the code and its documents, with their targets
	@$(RUN) -m tools.house_figures

adopt: setup ## Files to import what an earlier stack left: STACK=NEW-NAME FROM=ARN-OF-THE-DELETED-STACK (docs/stacks.md)
	@$(RUN) -m ops.adopt --stack="$$STACK" $${FROM:+--from="$$FROM"} $(NAMES)

clean: ## Removes what was built, and the virtual environment
	rm -rf .venv build .aws-sam
