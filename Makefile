# Thin names for real commands; each of them stands in the README too.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
BUNDLES := $(VENV)/.bundles
# Stories wait for their products more than they work: one test process more than there are cores.
TESTERS := $(shell expr $$(getconf _NPROCESSORS_ONLN) + 1)

# Whatever this shell says: the product and the tests start many processes, and each would compile all anew.
export PYTHONDONTWRITEBYTECODE =

.PHONY: run test check bench chaos e2e clean help

help:
	@echo "make run    set everything up and start the product with the demo world"
	@echo "make test   set everything up and run every check and test"
	@echo "make check  floors, manifests, types, style (part of make test)"
	@echo "make bench  measure, beside stock SpiffWorkflow in the same run"
	@echo "make e2e    the stories through whole products and a real browser (part of make test)"
	@echo "make chaos  kill, crash and restart the product under load; make chaos ARGS=A1 for one test"

run: $(STAMP) $(BUNDLES)
	@$(BIN)/callwright up $(ARGS)

test: check
	$(BIN)/python -m pytest --numprocesses $(TESTERS) --dist loadfile --no-loadscope-reorder $(ARGS)

check: $(STAMP) $(BUNDLES)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/callwright check

bench: $(STAMP)
	$(BIN)/python -m benchmarks

e2e: $(STAMP) $(BUNDLES)
	$(BIN)/python -m pytest tests/stories tests/browser $(ARGS)

chaos: $(STAMP) $(BUNDLES)
	$(BIN)/python -m tests.chaos $(ARGS)

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "Callwright needs Python 3.11 or newer; name one: make PYTHON=python3.11 $(MAKECMDGOALS)"; exit 1; }
	@$(PYTHON) -m venv $(VENV) \
	  || { echo "Python cannot make a virtual environment here. On Debian and Ubuntu: apt install python3-venv"; exit 1; }

$(STAMP): $(VENV)/bin/python pyproject.toml constraints.txt hatch_build.py
	$(BIN)/pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[test]'
	@touch $@

# Front-end bundles and catalogues: only when their sources changed.
$(BUNDLES): $(STAMP) $(shell find admin/assets -type f -not -path '*/node_modules/*' 2>/dev/null) $(shell find . -name '*.po' -not -path './.venv/*' 2>/dev/null)
	$(BIN)/python hatch_build.py
	@touch $@

clean:
	rm -rf $(VENV) admin/static/bundles admin/assets/node_modules
