# Two commands: `make demo` and `make test`. Each sets up what it needs, from nothing, without root.
PYTHON ?= python3
BIN := .venv/bin
.DEFAULT_GOAL := help
# Compiled files are kept, whatever the machine says: without them each test process compiles all tests again.
export PYTHONDONTWRITEBYTECODE :=
# Names are of any script, whatever the machine's own.
export PYTHONUTF8 := 1

.PHONY: help
help:
	@echo "make demo     set up, run the whole job once on this machine, show the links (ONCE=1: run through and stop)"
	@echo "make tour     a clinic with forty clients at every stage, a clock to move and their mailbox to play (ONCE=1: fill it, look, stop)"
	@echo "make start    set up, start web and worker, print the address at which your clinic is set up in the browser"
	@echo "make test     set up, run every test, on both kinds of database where it is about the database"
	@echo "make test-all  every test on both kinds of database, and more examples of each property"
	@echo "make check    formatting, types, import rule, dependencies, tests"
	@echo "make content  what is wrong in content/, with file and line; needs no settings (CONTENT=/path/to/folder)"
	@echo "make figures  draw every exercise into build/figures"
	@echo "make docs     the documentation as a site, in build/site; a broken link ends it"
	@echo "make screenshots  take the pictures of the documentation again (needs Chromium)"
	@echo "make lighthouse  Lighthouse on the pages of the tour, as on a phone (needs npm and Chromium; ONLY=\"plan form\")"
	@echo "make schema   write the JSON Schema of our own webhook body into docs/schedulers"
	@echo "make random   a million random intakes, a hundred thousand courses of check-ins (ARGS='--minutes 60')"
	@echo "make lives    N=1000 random lives of each scheduler (DATABASE=sqlite or postgresql: on one kind)"
	@echo "make crash    ROUNDS=30 kills and other faults (DATABASE=sqlite or postgresql: on one kind)"
	@echo "make bench    measure speed (see bench/README.md)"
	@echo "make install  one small server: account, folder, systemd units (as root)"
	@echo "make upgrade  a new version, or back to where it was (as root; VERSION=v0.2.0)"
	@echo "make fresh    the README's first steps on an empty Debian (as root, with mmdebstrap; RELEASE=trixie)"
	@echo "make container  the Dockerfile's steps on an empty Debian, until the health check says yes (as root, with mmdebstrap)"
	@echo "make sbom     the bill of materials (CycloneDX) into build/; make licences: every licence with its text"
	@echo "make advisories  look every library up in the list of known holes (FILE=all.zip: in a downloaded one)"
	@echo "make lock     renew the lock files from pyproject.toml (needs uv)"

# An environment that was half made (no venv package, a full disk, Ctrl-C), or whose folder or Python has moved since, is made again.
PACKAGES := apt install git make python3 python3-venv   (macOS: xcode-select --install, and Python from python.org or Homebrew)
works = $(BIN)/pip --version >/dev/null 2>&1
ifneq ($(wildcard .venv/*.stamp),)
STALE := $(shell $(works) || rm -rf .venv)
endif
define environment
command -v $(PYTHON) >/dev/null || { echo "$(PYTHON) is missing: $(PACKAGES)"; exit 1; }; \
$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Aftercare needs Python 3.11 or newer: make PYTHON=python3.12")' || exit 1; \
$(works) || { rm -rf .venv; $(PYTHON) -m venv .venv >.venv.log 2>&1 || { \
  rm -rf .venv; tail -1 .venv.log; rm -f .venv.log; echo "Python cannot make an environment: $(PACKAGES)"; exit 1; }; rm -f .venv.log; }
endef
define installed
@$(environment)
@echo "Installing what $(1) (once) ..."
@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $< || { \
  echo "Not everything could be installed. Is this machine on the network, is there room on the disk? Then give the same command again."; exit 1; }
endef

.venv/app.stamp: requirements/app.lock
	$(call installed,Aftercare needs)
	@touch $@

.venv/demo.stamp: requirements/demo.lock
	$(call installed,the demonstration needs)
	@touch $@ .venv/app.stamp

.venv/dev.stamp: requirements/dev.lock
	$(call installed,the tests need)
	@touch $@ .venv/demo.stamp .venv/app.stamp

.venv/docs.stamp: requirements/docs.lock
	$(call installed,the documentation needs)
	@touch $@ .venv/app.stamp

.PHONY: docs
docs: .venv/docs.stamp
	@$(BIN)/python -m deploy.docs && echo "The documentation is in build/site."

.PHONY: screenshots
screenshots: .venv/dev.stamp
	@$(BIN)/python -m demo.screenshots

.PHONY: lighthouse
lighthouse: .venv/dev.stamp
	@$(BIN)/python -m demo.lighthouse $(ONLY)

.PHONY: demo
demo: .venv/demo.stamp
	@$(BIN)/python -m demo $(if $(ONCE),--once)

.PHONY: tour
tour: .venv/demo.stamp
	@$(BIN)/python -m demo.tour $(if $(ONCE),--once)

.PHONY: start
start: .venv/app.stamp
	@$(BIN)/python -m deploy.start --port $(or $(PORT),8000) --address "$(ADDRESS)"

.PHONY: env
env: .venv/app.stamp
	@test ! -e .env || { echo ".env is there already; nothing changed."; exit 1; }
	@umask 077 && { grep -v -e "^FIELD_KEYS=" -e "^SECRET_KEY=" .env.example; $(BIN)/python -m settings; } > .env || { rm -f .env; exit 1; }
	@echo "Wrote .env with new keys. Fill in the rest, then: .venv/bin/flask --app app check"

.PHONY: install
install:
	@sh deploy/install.sh

.PHONY: upgrade
upgrade:
	@sh deploy/upgrade.sh

.PHONY: fresh
fresh:
	@sh deploy/fresh.sh $(RELEASE)

.PHONY: container
container:
	@sh deploy/container.sh

.PHONY: test
test: .venv/dev.stamp
	@$(BIN)/pytest -n 3 --dist worksteal

.PHONY: test-all
test-all: .venv/dev.stamp
	@HYPOTHESIS_PROFILE=thorough $(BIN)/pytest -n 3 --dist worksteal --everything

# Long random words are looked for in code; keys of well-known services, and private keys, in tests and documents too.
SECRETS := $(BIN)/detect-secrets-hook --disable-plugin KeywordDetector --disable-plugin BasicAuthDetector
NO_ENTROPY := --disable-plugin Base64HighEntropyString --disable-plugin HexHighEntropyString
WORDS := content docs tests integrations/samples *.lock *.png *.toml

.PHONY: lint
lint: .venv/dev.stamp
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy .
	$(BIN)/lint-imports
	$(BIN)/deptry .
	$(BIN)/bandit -q -ll -c pyproject.toml -r app.py clinical deploy handlers integrations library render schemas settings store web
	@git ls-files -z -- . $(WORDS:%=':!%') | xargs -0 -n 150 -P 2 $(SECRETS)
	@git ls-files -z 'tests/*.py' 'docs/*.md' | xargs -0 -n 150 -P 2 $(SECRETS) $(NO_ENTROPY)

.PHONY: check
check: lint test

.PHONY: lives
lives: .venv/dev.stamp
	LIVES=$(or $(N),1000) $(BIN)/pytest -n 2 --dist worksteal --everything tests/lives $(if $(DATABASE),--database $(DATABASE))

.PHONY: crash
crash: .venv/dev.stamp
	ROUNDS=$(or $(ROUNDS),30) $(BIN)/pytest -n 2 --dist worksteal --everything tests/crash $(if $(DATABASE),--database $(DATABASE))

.PHONY: random
random: .venv/dev.stamp
	$(BIN)/python -m tests.helpers.random_clients $(ARGS)

.PHONY: nightly
nightly: random
	HYPOTHESIS_PROFILE=nightly $(BIN)/pytest -n 2 --everything

.PHONY: sbom licences advisories
sbom licences: .venv/dev.stamp
	@$(BIN)/python -m deploy.supply $@ build/$(if $(filter sbom,$@),sbom.cdx.json,licences.txt) && \
	  echo "Wrote build/$(if $(filter sbom,$@),sbom.cdx.json,licences.txt)"

advisories: .venv/dev.stamp
	@$(BIN)/python -m deploy.supply advisories $(if $(FILE),--file $(FILE))

.PHONY: schema
schema: .venv/app.stamp
	@$(BIN)/python -c 'from integrations.schedulers.standard.shape import printed; print(printed(), end="")' > docs/schedulers/standard.schema.json

.PHONY: content
content: .venv/app.stamp
	@$(BIN)/python -m deploy.content

.PHONY: figures
figures: .venv/app.stamp
	@$(BIN)/python -m demo.figures build/figures

.PHONY: bench
bench: .venv/dev.stamp
	@for part in bench bench.choosing bench.pdf bench.ingest bench.silent bench.console; do \
		echo "== $$part"; $(BIN)/python -m $$part || exit 1; done

.PHONY: lock
COMPILE := uv pip compile -q --universal --generate-hashes --no-emit-index-url --no-header --python-version 3.11 pyproject.toml
lock:
	$(COMPILE) -o requirements/app.lock
	$(COMPILE) --group demo -c requirements/app.lock -o requirements/demo.lock
	$(COMPILE) --group docs -c requirements/app.lock -o requirements/docs.lock
	$(COMPILE) --group dev -c requirements/app.lock -o requirements/dev.lock
