# `make demo` and `make test` do all their own set-up: they need Python 3.11 or newer with pip and venv, and make.

VENV ?= .venv
# The first Python here that is new enough; PYTHON=/path/to/python chooses another.
PYTHON ?= $(shell for name in python3 python3.14 python3.13 python3.12 python3.11 python; do \
	"$$name" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1 \
	&& echo "$$name" && break; done)
BIN := $(VENV)/bin
READY := $(VENV)/.sonify-ready

.PHONY: help demo test lint format docs clean
.DEFAULT_GOAL := help

help:  ## what there is to make
	@sed -n 's/^\([a-z]*\):.*## /make \1\t/p' $(MAKEFILE_LIST) | expand -t 14

demo: $(READY)  ## draw the sample film, score it, and say where the result is
	$(BIN)/sonify demo -o demo --force

test: lint  ## everything that must hold: style, types, tests
	$(BIN)/mypy
	$(BIN)/pytest

lint: $(READY)  ## style only
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

format: $(READY)  ## put the style right
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

docs: $(READY)  ## fill in what is generated in docs/
	$(BIN)/python -m sonify.cli.reference docs/cli.md

clean:  ## remove what was made here, the environment too
	rm -rf $(VENV) demo build dist .pytest_cache .mypy_cache .ruff_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(READY): pyproject.toml
	@test -n "$(PYTHON)" || { echo "make: no Python 3.11 or newer with venv and pip found;" \
		"install one (Debian and Ubuntu: python3, python3-venv), or give make PYTHON=/path/to/python" >&2; exit 1; }
	@echo "making $(VENV): torch and what it brings are several gigabytes, so the first time takes minutes"
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --disable-pip-version-check --editable ".[dev]"
	touch $@
