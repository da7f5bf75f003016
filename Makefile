# Everything here works on a fresh machine with Python 3.11+ and make.

PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11; do \
	command -v $$p >/dev/null 2>&1 && $$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
VENV ?= .venv
BIN := $(VENV)/bin
PYTHONS ?= 3.11 3.12 3.13
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check

# What an older Python made, or one that is gone by now, is of no use.
ifneq ($(filter-out help clean,$(MAKECMDGOALS)),)
ifneq ($(shell [ ! -e $(VENV)/pyvenv.cfg ] || $(BIN)/python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || echo stale),)
$(info $(VENV) was made by a Python that is gone, or is older than 3.11: it is made anew.)
$(shell rm -rf $(VENV))
endif
endif

.DEFAULT_GOAL := help
.PHONY: help install demo test test-all faults storm pictures licences check format bench soak lock clean

help: ## say what there is
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):[^#]*## /\1\t/' | awk -F'\t' '{printf "  make %-9s %s\n", $$1, $$2}'

install: $(VENV)/.installed ## fill .venv with what the bot needs

demo: $(VENV)/.installed ## see it work in a browser: make demo ARGS="--port 0 --no-browser"
	@exec $(BIN)/hero demo $(ARGS)

# Tests also wait, for pictures, processes and clocks: five workers for each two cores.
WORKERS = $(shell $(BIN)/python -c 'import os; print(min(8, (os.cpu_count() or 2) * 5 // 2))')

# Each worker has a stretch of the tests, so what a module sets up is set up once; who is done takes half of another's.
# What pytest makes of the tests' code is kept for the other workers and the next run, also where no bytecode is to be written.
test: $(VENV)/.installed-dev ## run every test; ARGS="-k claim" for some
	PYTHONDONTWRITEBYTECODE= $(BIN)/python -m pytest -n $(WORKERS) --dist worksteal $(ARGS)

test-all: ## the same on every Python the project declares: make test-all PYTHONS=3.13
	@for version in $(PYTHONS); do \
		python=$$(sh tests/find_python.sh $$version) || exit 1; \
		echo "== Python $$version"; \
		$(MAKE) --no-print-directory test VENV=.venv-$$version PYTHON=$$python || exit 1; \
	done

faults: $(VENV)/.installed-dev ## every fault test, and storms longer than those of make test
	$(BIN)/python -m pytest tests/faults tests/storage tests/delivery $(ARGS)
	$(BIN)/python -m tests.faults.storm --seeds 2 --kills 30

storm: $(VENV)/.installed-dev ## kill the bot in many storms, and look for what is lost or doubled: make storm ARGS="--seeds 20"
	$(BIN)/python -m tests.faults.storm $(ARGS)

pictures: $(VENV)/.installed-dev ## take the pictures in the README anew, from the practice chat
	$(BIN)/python -m tests.browser.pictures $(ARGS)

licences: $(VENV)/.installed-dev ## write docs/licences.md anew, after the lock has changed
	$(BIN)/python -m tests.ops.licences

check: $(VENV)/.installed-dev ## format, lint, types, import contracts
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(VENV)/.installed-dev ## put the code into its form
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: $(VENV)/.installed-dev ## measure, each figure beside its yardstick: make bench GOALS=1,5
	$(BIN)/python -m bench $(if $(GOALS),--goals $(GOALS)) $(ARGS)

soak: $(VENV)/.installed-dev ## a long steady load, and a picture of whether anything grows: make soak MINUTES=2
	$(BIN)/python -m bench.soak --minutes $(or $(MINUTES),30) $(ARGS)

lock: $(VENV)/.installed-dev ## take the latest stable versions into the lock files
	$(PIP) uv
	$(BIN)/uv pip compile pyproject.toml --group build --upgrade $(LOCKED) -o requirements.lock
	$(BIN)/uv pip compile pyproject.toml --group dev -c requirements.lock --upgrade $(LOCKED) -o requirements-dev.lock

LOCKED := --python-version 3.11 --universal --no-emit-index-url --generate-hashes --no-header --no-annotate --quiet

clean: ## remove what was installed and cached
	rm -rf .venv .venv-* .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

$(VENV)/bin/python:
	@test -n "$(PYTHON)" || { echo "Action Hero needs Python 3.11 or newer, and none was found. Install it, or say where it is: make PYTHON=/path/to/python3.11" >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { echo "Action Hero needs Python 3.11 or newer, and $(PYTHON) is $$($(PYTHON) --version 2>/dev/null || echo none). Nothing was made. Say where a newer one is: make PYTHON=/path/to/python3.11" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/.installed: requirements.lock pyproject.toml | $(VENV)/bin/python
	$(PIP) --require-hashes --no-deps -r requirements.lock
	$(PIP) --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/.installed-dev: requirements-dev.lock $(VENV)/.installed
	$(PIP) --require-hashes --no-deps -r requirements-dev.lock
	@touch $@
