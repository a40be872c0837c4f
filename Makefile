# Two commands for a newcomer: `make demo` and `make test`. Everything they need is installed from uv.lock.
PYTHON ?= python3
UV := .uv/bin/uv
VENV := .venv
BIN := $(VENV)/bin
export UV_PROJECT_ENVIRONMENT := $(VENV)
export UV_PYTHON := $(PYTHON)
export UV_PYTHON_DOWNLOADS := never

.PHONY: demo test lint types unit wheel bench fuzz clean reference
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
	@$(UV) sync --quiet --frozen --no-install-project
	@rm -rf dist && $(UV) build --quiet --wheel --out-dir dist
	@$(UV) pip install --quiet --python $(BIN)/python --no-deps --reinstall dist/*.whl
	@touch $@

wheel: $(VENV)/.installed

demo: $(VENV)/.installed
	@$(BIN)/dongui demo $(DEMO)

test: lint types unit

lint: $(VENV)/.installed
	@$(BIN)/ruff check src tests benchmarks
	@$(BIN)/ruff format --check src tests benchmarks

types: $(VENV)/.installed
	@$(BIN)/mypy src tests benchmarks

unit: $(VENV)/.installed
	@$(BIN)/pytest -n 2 --dist worksteal

bench: | $(UV)
	@mkdir -p .benchmarks
	@$(UV) sync --quiet --frozen --no-install-project --group bench
	@rm -rf dist && $(UV) build --quiet --wheel --out-dir dist
	@$(UV) pip install --quiet --python $(BIN)/python --no-deps --reinstall dist/*.whl
	@PYTHONPATH=tests $(BIN)/pytest benchmarks --benchmark-only -q -p no:xdist \
	  --benchmark-json=.benchmarks/bench.json; ended=$$?; \
	  $(BIN)/python benchmarks/report.py .benchmarks/bench.json --write && exit $$ended

# Each harness of tests/fuzz for FUZZ_SECONDS. Inputs worth keeping stay in .fuzz/NAME; a finding is written beside
# them, named, and ends this with its harness's exit code.
FUZZ_SECONDS ?= 60
fuzz: | $(UV)
	@$(UV) sync --quiet --frozen --no-install-project --group fuzz
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
