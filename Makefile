# The front door. `make` alone lists what there is. Every target makes the environment it needs.
SHELL := /bin/sh
.DEFAULT_GOAL := help

# The first Python at hand that is new enough; choose another with `make PYTHON=...`.
PYTHON ?= $(shell for p in python3.11 python3.12 python3.13 python3 python; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo $$p; break; }; done)

# One environment for everyday work, one more for each heavy extra.
VENV ?= .venv
BIN := $(VENV)/bin
TRAIN_BIN := $(VENV)-train/bin
SPARK_BIN := $(VENV)-spark/bin

# The stamp carries the checksum of what it was made from: instant until that changes.
KEY := $(shell cat pyproject.toml constraints.txt | cksum | cut -d' ' -f1)
SETUP := $(VENV)/.setup-$(KEY)
SETUP_TRAIN := $(VENV)-train/.setup-$(KEY)
SETUP_SPARK := $(VENV)-spark/.setup-$(KEY)

# $(call environment,folder,extras,pip options): a virtual environment with Oarlock, editable, and
# these extras.
comma := ,
space := $() $()
define environment
@test -n "$(PYTHON)" || { echo "error: no Python 3.11 or later found; install one, or: make PYTHON=/path/to/python" >&2; exit 2; }
@echo "Installing Oarlock with all that it needs ($(2)) into $(1); the first time takes some minutes."
@test -x $(1)/bin/python || $(PYTHON) -m venv $(1)
@$(1)/bin/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt $(3) --editable '.[$(subst $(space),$(comma),$(2))]'
@rm -f $(1)/.setup-* && touch $@
@echo "$(1) is ready. To use it: source $(1)/bin/activate"
endef

.PHONY: help
help:  ## List the targets
	@grep -hE '^[a-z-]+:.*## ' Makefile | sed -E 's/:.*## /\t/' | expand -t 16

.PHONY: setup
setup: $(SETUP)  ## Make .venv, with everything but torch and Spark
$(SETUP):
	$(call environment,$(VENV),research community dev docs)

.PHONY: setup-train
setup-train: $(SETUP_TRAIN)  ## Make .venv-train, with torch
$(SETUP_TRAIN):
	$(call environment,$(VENV)-train,train test,--no-compile)

.PHONY: setup-spark
setup-spark: $(SETUP_SPARK)  ## Make .venv-spark, with Spark
$(SETUP_SPARK):
	$(call environment,$(VENV)-spark,spark test,--no-compile)

.PHONY: demo
demo: $(SETUP)  ## Open a living community of made-up people
	$(BIN)/oarlock demo

.PHONY: test
test: $(SETUP)  ## Run the tests that need neither torch nor Spark
	$(BIN)/python -m pytest -n auto --dist loadfile -m "not train and not spark" $(ARGS)

.PHONY: test-postgres
test-postgres: $(SETUP)  ## Run the tests of the community on a private PostgreSQL
	$(BIN)/python tests/postgres.py $(BIN)/python -m pytest -n auto --dist loadfile tests/unit/community $(ARGS)

.PHONY: test-train
test-train: $(SETUP_TRAIN)  ## Run the tests of training
	$(TRAIN_BIN)/python -m pytest -m train $(ARGS)

.PHONY: test-spark
test-spark: $(SETUP_SPARK)  ## Run the tests of coding on Spark
	$(SPARK_BIN)/python -m pytest -m spark $(ARGS)

# What someone gets who installs no extra: no torch, the weights inside, a reply coded.
define CORE_SCRIPT
import importlib.util
from oarlock.coder import Coder
assert importlib.util.find_spec("torch") is None
for tier in ("standard", "fast"):
    coder = Coder.load(tier=tier)
    print(coder.model_version, coder.code("what would help you tonight?").sentences[0].code)
endef
export CORE_SCRIPT

.PHONY: test-core
test-core:  ## Install the plain package from a wheel and code a reply
	rm -rf $(VENV)-core && $(PYTHON) -m venv $(VENV)-core
	$(VENV)-core/bin/python -m pip wheel --quiet --disable-pip-version-check --no-deps --wheel-dir $(VENV)-core/wheel .
	$(VENV)-core/bin/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt $(VENV)-core/wheel/*.whl
	cd $(VENV)-core && bin/oarlock --version && bin/python -W error -c "$$CORE_SCRIPT"

.PHONY: check
check: $(SETUP)  ## Check style, types and the direction of imports
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo

.PHONY: format
format: $(SETUP)  ## Put the code in the house style
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

.PHONY: bench
bench: $(SETUP) $(SETUP_TRAIN)  ## Measure speed and memory against a named peer (an hour and more)
	@for script in benchmarks/[a-z]*.py; do echo "$$script"; \
		case "$$script" in *coder_speed.py) python=$(TRAIN_BIN)/python ;; *) python=$(BIN)/python ;; esac; \
		"$$python" "$$script" || exit 1; done

.PHONY: docs
docs: $(SETUP)  ## Build the documentation into site/
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet
	@echo "site/index.html is ready; to search in it: $(BIN)/mkdocs serve"

.PHONY: hooks
hooks: $(SETUP)  ## Run the checks before every commit
	$(BIN)/pre-commit install

.PHONY: constraints
constraints:  ## Pin the newest versions of everything, in a fresh environment
	@test -n "$(PYTHON)" || { echo "error: no Python 3.11 or later found" >&2; exit 2; }
	rm -rf $(VENV)-pins && $(PYTHON) -m venv $(VENV)-pins
	$(VENV)-pins/bin/python -m pip install --quiet --disable-pip-version-check --editable '.[research,community,train,spark,docs,dev]'
	$(VENV)-pins/bin/python -m pip freeze --all --exclude-editable --exclude pip > $(VENV)-pins/freeze.txt
	{ echo '# Pinned versions of everything that Oarlock and its extras install. Made by: make constraints'; \
	  sed -E 's/ @ .*//; s/\+[a-z0-9.]+$$//' $(VENV)-pins/freeze.txt | grep '==' | grep -v '^nvidia' | tr 'A-Z_' 'a-z-' | LC_ALL=C sort; } > constraints.txt
	rm -rf $(VENV)-pins
