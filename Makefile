# `make demo` asks a real worm a question; `make test` runs the quick tests. Either is all the
# set-up that a machine with Python 3.11 or newer needs: they make .venv and install into it what
# constraints.txt pins. Once installed, they install nothing more.
#
#     PYTHON=...       the Python to make .venv with (otherwise the first one found that fits)
#     TORCH_INDEX=...  a package index to take torch alone from, such as that of its CPU builds
#     BENCHMARKS=...   options of `make benchmarks`, such as BENCHMARKS="--sizes worm,flywire"
#     ATTAINMENT=...   options of `make attainment`

VENV := .venv
BIN := $(VENV)/bin
PYTHONS := $(or $(PYTHON),python3 python3.14 python3.13 python3.12 python3.11 python)
PIP := $(BIN)/python -m pip --disable-pip-version-check

# Stamps: what is installed. PINS: constraints.txt, changed to keep a torch that was there already.
RUNTIME := $(VENV)/.installed
DEV := $(VENV)/.installed-dev
PINS := $(VENV)/constraints.txt

.DEFAULT_GOAL := help
.PHONY: help demo test slow parity coverage lint benchmarks attainment clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-11s%s\n", $$1, $$2 }' Makefile

demo: $(RUNTIME) ## which sensory neurons switch on the worm's command neurons? Writes a report
	@$(BIN)/wiregrad demo

test: $(DEV) ## the quick tests (a few minutes)
	@$(BIN)/python -m pytest

# pytest ends with 5 where no test is marked slow; a test that cannot be collected ends with 2.
slow: $(DEV) ## the tests that take longer
	@$(BIN)/python -m pytest -m 'slow and not parity' || { status=$$?; \
	  test $$status -eq 5 && echo "No test is marked slow."; }

# The installer ends with 75 where the package registry cannot be reached, having said so.
parity: $(DEV) ## compare with the reference package, which is installed into .reference
	@$(BIN)/python tests/parity/install_reference.py || { status=$$?; \
	  test $$status -eq 75 && exit 0; exit $$status; }; \
	$(BIN)/python -m pytest -m parity tests/parity

# Kernels are counted too: the second run does without compiling them, on the small problems.
COVER := --cov=wiregrad --cov-branch --cov-config=pyproject.toml --cov-report=
coverage: $(DEV) ## lines and branches that the quick tests run, kernels included
	@$(BIN)/python -m pytest -q $(COVER)
	@NUMBA_DISABLE_JIT=1 $(BIN)/python -m pytest -q $(COVER) --cov-append -m 'kernel and not compiled' \
	  tests/product tests/network
	@$(BIN)/python -m coverage report --skip-covered --sort=miss

lint: $(DEV) ## ruff and mypy
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy

benchmarks: $(RUNTIME) ## time wiregrad beside the reference (hours); writes docs/benchmarks.md
	@$(BIN)/python -m benchmarks.engine $(BENCHMARKS)

attainment: $(RUNTIME) ## see what a search attains beside the reference (hours); docs/attainment.md
	@$(BIN)/python -m benchmarks.attainment $(ATTAINMENT)

clean: ## remove .venv, .reference and what tools and tests leave behind
	rm -rf $(VENV) .reference .reference-* dist .coverage .hypothesis .mypy_cache .pytest_cache .ruff_cache
	rm -f wiregrad-demo.html
	find src tests -name __pycache__ -type d -prune -exec rm -rf {} +

$(BIN)/python:
	@for python in $(PYTHONS); do \
	  "$$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || continue; \
	  echo "Making $(VENV) with $$("$$python" --version)."; \
	  "$$python" -m venv $(VENV) && exit 0; \
	  rm -f $@; \
	  echo "This Python cannot make virtual environments (on Debian: apt install python3-venv)."; \
	  exit 1; \
	done; \
	echo "wiregrad needs Python 3.11 or newer, and found none of: $(PYTHONS)."; \
	echo "Install one, or name it: make PYTHON=/path/to/python3 ..."; \
	exit 1

$(RUNTIME): pyproject.toml constraints.txt | $(BIN)/python
	@$(PIP) --version >/dev/null 2>&1 || $(BIN)/python -m ensurepip
	@$(PIP) install --quiet --constraint constraints.txt pip
	@if torch=$$($(BIN)/python -c \
	    'from importlib.metadata import version; print(version("torch"))' 2>/dev/null); then \
	  echo "Keeping torch $$torch, which is in $(VENV)."; \
	  { sed '/^# PyTorch/,/^$$/d' constraints.txt; echo "torch==$$torch"; } > $(PINS); \
	else \
	  echo "Installing wiregrad into $(VENV). This downloads PyTorch, which is large: with pip's"; \
	  echo "default build for Linux about 3 GB (it brings CUDA), elsewhere about 200 MB. For the CPU"; \
	  echo "build (200 MB), stop now (Ctrl-C), look up pip's --index-url for it under 'Get started'"; \
	  echo "on PyTorch's site, and run make again with TORCH_INDEX=that address. A torch that you"; \
	  echo "install into $(VENV) yourself is kept."; \
	  cp constraints.txt $(PINS); \
	  if [ -n "$(TORCH_INDEX)" ]; then \
	    $(PIP) install --constraint $(PINS) --no-deps --index-url "$(TORCH_INDEX)" torch; \
	  fi; \
	fi
	@$(PIP) install --constraint $(PINS) --build-constraint $(PINS) --editable '.[plot]'
	@touch $@

$(DEV): $(RUNTIME)
	@$(PIP) install --constraint $(PINS) --group dev
	@touch $@
