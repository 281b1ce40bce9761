# Tiếp Nhận. Two commands are enough on a fresh machine with Python ≥ 3.11, make and git:
#   make demo   sets up and shows the whole way on one page
#   make test   sets up and runs every test

PYTHON ?= $(shell for p in python3.13 python3.12 python3.11 python3; do \
	$$p -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
BIN := .venv/bin
# Behind a proxy that opens TLS only the machine's own certificates are right; a bare machine has none, then uv's are used.
CERTS := $(if $(wildcard /etc/ssl/certs/ca-certificates.crt /etc/pki/tls/certs/ca-bundle.crt /etc/ssl/cert.pem),--system-certs)
UV := $(BIN)/uv $(CERTS)
ARGS ?=

.PHONY: help setup setup-dev browser mailserver demo test check lint bench lock clean

help:
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/ — /'

.venv/made:
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer with venv is needed: apt-get install python3 python3-venv"; exit 1; }
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r deploy/uv.lock
	@touch $@

.venv/runtime: .venv/made requirements.lock pyproject.toml
	$(UV) pip install --quiet --python $(BIN)/python --require-hashes --no-deps -r requirements.lock
	$(UV) pip install --quiet --python $(BIN)/python --no-deps --editable .
	@touch $@

.venv/dev: .venv/runtime requirements-dev.lock
	$(UV) pip install --quiet --python $(BIN)/python --require-hashes --no-deps -r requirements-dev.lock
	@touch $@

setup: .venv/runtime ## prepare .venv with what the program needs

setup-dev: .venv/dev ## and with what tests and checks need

browser: ## find a Chromium for the page tests, or install the system's
	@deploy/browser.sh

mailserver: ## find a Dovecot for the mailbox tests, or install the system's
	@deploy/dovecot.sh

demo: setup ## phones, staff page and case store on one page, offline
	$(BIN)/tiepnhan demo $(ARGS)

test: setup-dev browser mailserver ## every test
	$(BIN)/pytest -n auto $(ARGS)

lint: setup-dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

check: lint ## style, types (strict) and import contracts

bench: setup-dev ## load figures; beside other gateways when BENCH names the folder of the load tool
	$(BIN)/python benchmarks/run.py $(ARGS)

lock: .venv/made ## resolve the locks anew; they name no host
	$(UV) pip compile --quiet --universal --generate-hashes --no-header pyproject.toml -o requirements.lock
	$(UV) pip compile --quiet --universal --generate-hashes --no-header --group dev pyproject.toml -o requirements-dev.lock
	printf 'uv\n' | $(UV) pip compile --quiet --universal --generate-hashes --no-header - -o deploy/uv.lock
	! grep -nE 'https?://' requirements.lock requirements-dev.lock deploy/uv.lock

clean: ## remove the environment and the demo's data
	rm -rf .venv var build dist *.egg-info
