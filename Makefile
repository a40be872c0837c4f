# Two commands for a newcomer: `make demo` and `make test`. What CONTRIBUTING.md lists has to be there; what is
# installed for the first comes from uv.lock, and for the second from apt as well (services, below).
PYTHON ?= python3
UV := .uv/bin/uv
VENV := .venv
BIN := $(VENV)/bin
export UV_PROJECT_ENVIRONMENT := $(VENV)
export UV_PYTHON := $(PYTHON)
export UV_PYTHON_DOWNLOADS := never
# Modules are compiled once, not at every start of the program, whatever the surroundings say.
export PYTHONDONTWRITEBYTECODE :=

# The chip reader's library is built from source against the card service's headers; where those are missing
# everything else is installed and its tests say that they are skipped.
CHIP := $(if $(and $(wildcard /usr/include/PCSC/winscard.h),$(shell command -v swig),$(shell command -v cc)),--extra chip)
EXTRAS := --extra assessment --extra custody --extra spark

.PHONY: demo test services everything lint types compiled unit wheel bench fuzz clean reference
.DEFAULT_GOAL := demo

$(UV): requirements-uv.txt
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
	  echo "This Python has no venv module. On Debian: apt-get install -y python3-venv"; exit 2; }
	@$(PYTHON) -m venv .uv
	@.uv/bin/python -m pip install --quiet --disable-pip-version-check --only-binary :all: \
	  --require-hashes -r requirements-uv.txt
	@touch $@

# The environment from the lock file, with the built wheel (not the tree) installed in it.
$(VENV)/.installed: uv.lock pyproject.toml $(shell find src -type f -not -name '*.pyc' 2>/dev/null) | $(UV)
	@$(UV) sync --quiet --frozen --no-install-project --inexact --no-dev
	@rm -rf dist && $(UV) build --quiet --wheel --out-dir dist
	@$(UV) pip install --quiet --python $(BIN)/python --no-deps --reinstall dist/*.whl
	@touch $@

wheel: $(VENV)/.installed

demo: $(VENV)/.installed
	@$(BIN)/dongui demo $(DEMO)

# Services that some scenarios run for real: a card service with a virtual reader, a software HSM, PostgreSQL,
# Java for Spark. Installed where this is Debian and we may; elsewhere those scenarios say that they are skipped.
SERVICES := libpcsclite-dev openjdk-17-jre-headless pcscd postgresql softhsm2 swig vsmartcard-vpcd
services:
	@if command -v apt-get >/dev/null && ! dpkg -s $(SERVICES) >/dev/null 2>&1; then \
	  if [ "$$(id -u)" = 0 ]; then \
	    apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
	      $(SERVICES) >/dev/null || echo "services: not all could be installed; some scenarios will be skipped"; \
	  else echo "services: for every scenario run: sudo apt-get install $(SERVICES)"; fi; \
	fi

# Everything optional as well, for the checks. A second make, so that what was just installed is seen.
test: services
	@$(MAKE) --no-print-directory lint
	@$(MAKE) --no-print-directory -j 2 types compiled
	@$(MAKE) --no-print-directory unit

everything: $(VENV)/.installed
	@$(UV) sync --quiet --frozen --no-install-project --inexact $(EXTRAS) $(CHIP)

lint: everything
	@$(BIN)/ruff check src tests benchmarks
	@$(BIN)/ruff format --check src tests benchmarks

types: everything
	@$(BIN)/mypy src tests benchmarks

# What each of the two workers would compile for itself, before its first test, while the types are checked. What is
# wrong with a test is told by the tests.
compiled: everything
	@$(BIN)/pytest --collect-only -q -p no:xdist >/dev/null 2>&1 || true

unit: everything
	@$(BIN)/pytest -n 2 --dist worksteal

bench: | $(UV)
	@mkdir -p .benchmarks
	@$(UV) sync --quiet --frozen --no-install-project --inexact $(EXTRAS) --group bench
	@rm -rf dist && $(UV) build --quiet --wheel --out-dir dist
	@$(UV) pip install --quiet --python $(BIN)/python --no-deps --reinstall dist/*.whl
	@PYTHONPATH=tests $(BIN)/pytest benchmarks --benchmark-only -q -p no:xdist \
	  --benchmark-json=.benchmarks/bench.json; ended=$$?; \
	  $(BIN)/python benchmarks/report.py .benchmarks/bench.json --write && exit $$ended

# Each harness of tests/fuzz for FUZZ_SECONDS. Inputs worth keeping stay in .fuzz/NAME; a finding is written beside
# them, named, and ends this with its harness's exit code.
FUZZ_SECONDS ?= 60
fuzz: | $(UV)
	@$(UV) sync --quiet --frozen --no-install-project --inexact $(EXTRAS) --group fuzz
	@rm -rf dist && $(UV) build --quiet --wheel --out-dir dist
	@$(UV) pip install --quiet --python $(BIN)/python --no-deps --reinstall dist/*.whl
	@for harness in tests/fuzz/fuzz_*.py; do \
	  name=$$(basename $$harness .py) && mkdir -p .fuzz/$$name && echo "$$name: $(FUZZ_SECONDS) s" && \
	  PYTHONPATH=tests $(BIN)/python $$harness .fuzz/$$name -artifact_prefix=.fuzz/$$name- \
	    -max_total_time=$(FUZZ_SECONDS) -max_len=4096 -verbosity=0 -print_final_stats=1 || exit $$?; \
	done

# The pages of docs/reference, made from the program; a test keeps them equal.
reference: $(VENV)/.installed
	@$(BIN)/python -m dongui.cli.reference docs/reference

clean:
	@rm -rf $(VENV) .uv dist build .mypy_cache .ruff_cache .pytest_cache demo-story
