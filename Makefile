# Two commands for a newcomer: `make demo` and `make test`. Everything they need is installed from uv.lock.
PYTHON ?= python3
UV_VERSION := 0.13.9
UV := .uv/bin/uv
VENV := .venv
BIN := $(VENV)/bin
export UV_PROJECT_ENVIRONMENT := $(VENV)
export UV_PYTHON := $(PYTHON)
export UV_PYTHON_DOWNLOADS := never

.PHONY: demo test check lint types unit wheel bench fuzz clean reference
.DEFAULT_GOAL := demo

$(UV):
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
	  echo "This Python has no venv module. On Debian: apt-get install -y python3-venv"; exit 2; }
	@$(PYTHON) -m venv .uv
	@.uv/bin/python -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)

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

# The pages of docs/reference, made from the program; a test keeps them equal.
reference: $(VENV)/.installed
	@$(BIN)/python -m dongui.cli.reference docs/reference

clean:
	@rm -rf $(VENV) .uv dist build .mypy_cache .ruff_cache .pytest_cache demo-story
