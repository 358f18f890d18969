# The front door. `make` alone lists what there is.
SHELL := /bin/sh
.DEFAULT_GOAL := help

# The first Python at hand that is new enough; override with `make PYTHON=...`.
PYTHON ?= $(shell for p in python3.11 python3.12 python3.13 python3 python; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo $$p; break; }; done)

VENV := .venv
BIN := $(VENV)/bin
# A stamp per content of the two files: instant when nothing changed, redone when something did.
KEY := $(shell cat pyproject.toml constraints.txt | cksum | tr ' ' '-')
SETUP := $(VENV)/.setup-$(KEY)
PIP_INSTALL = $(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt

.PHONY: help
help:  ## List the targets
	@grep -hE '^[a-z-]+:.*## ' Makefile | sed -E 's/:.*## /\t/' | expand -t 16

.PHONY: setup
setup: $(SETUP)  ## Make .venv with everything but the train and spark extras

$(BIN)/python:
	@test -n "$(PYTHON)" || { echo "error: no Python 3.11 or later found. Install one, or run: make PYTHON=/path/to/python" >&2; exit 2; }
	$(PYTHON) -m venv $(VENV)

$(SETUP): | $(BIN)/python
	$(PIP_INSTALL) --editable '.[research,dev,docs]'
	@rm -f $(VENV)/.setup-* && touch $@
