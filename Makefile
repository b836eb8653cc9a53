# What can be done with this project; `make` lists it.

PYTHON ?= python3
VENV := .venv
BIN := $(CURDIR)/$(VENV)/bin
PIP := $(BIN)/python -m pip --quiet --disable-pip-version-check --no-input
TESTS ?=
FUZZ_SECONDS ?= 600
LAYERS ?= 1000-2000
TORCH := build/torch
TORCH_INDEX ?= https://download.pytorch.org/whl/cpu
INTO_TORCH := python -m pip --quiet --disable-pip-version-check --no-input --retries 0 install --extra-index-url $(TORCH_INDEX)
PYTHON_WITH_TORCH ?= python3

.DEFAULT_GOAL := help
.PHONY: help dev demo probe-demo torch test test-live lint format check fuzz engine-fuzz policies pins bench gpu-check fixtures snapshots readme clean

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-11s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "layerscope needs Python 3.11 or later: make PYTHON=python3.12" >&2; exit 1; }
	@$(PYTHON) -m venv $(VENV) || { echo "python3 cannot make virtual environments; on Debian: apt-get install python3-venv" >&2; exit 1; }

$(VENV)/.runtime: pyproject.toml | $(VENV)/bin/python
	@echo "installing layerscope into $(VENV)" >&2
	@$(PIP) install --editable .
	@touch $@

$(VENV)/.dev: pyproject.toml | $(VENV)/bin/python
	@echo "installing layerscope and what its development needs into $(VENV)" >&2
	@$(PIP) install --editable '.[dev]'
	@touch $@ $(VENV)/.runtime

$(VENV)/.fuzz: $(VENV)/.dev
	@$(PIP) install --editable '.[dev,fuzz]'
	@touch $@

dev: $(VENV)/.dev ## Set up .venv with all that development needs

demo: $(VENV)/.runtime ## Build a bundled image from its text recipe and audit it
	@work=$$(mktemp -d) && trap 'rm -rf "$$work"' EXIT && \
	PYTHONPATH=tests $(BIN)/python -m support.images fixtures/images/demo "$$work/demo" >/dev/null && \
	cd "$$work" && echo '$$ layerscope audit oci-dir:demo' && \
	{ $(BIN)/layerscope audit oci-dir:demo --cache-dir "$$work/cache" || test $$? -eq 1; }

$(TORCH)/.installed: | $(VENV)/bin/python
	@echo "installing PyTorch for the CPU into $(TORCH)" >&2
	@$(BIN)/python -m venv $(TORCH)
	@$(TORCH)/bin/$(INTO_TORCH) torch==2.13.0 transformers
	@touch $@

torch: $(TORCH)/.installed ## Make a Python in build/torch for the tests that load models
	@$(TORCH)/bin/$(INTO_TORCH) onnxruntime jax

probe-demo: $(VENV)/.runtime $(TORCH)/.installed ## Build an image with a real PyTorch and make it generate, without an engine
	@work=$$(mktemp -d -p $(CURDIR)/build) && trap 'rm -rf "$$work"' EXIT && \
	site=$$($(TORCH)/bin/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))') && \
	PYTHONPATH=tests $(BIN)/python -m support.torch_image "$$site" "$$work/torch" && \
	cd "$$work" && echo '$$ layerscope probe --runtime bundle oci-dir:torch' && \
	$(BIN)/layerscope probe --runtime bundle oci-dir:torch --cache-dir cache

test: $(VENV)/.dev ## Run all tests; those that need a container engine start one where they can
	@$(BIN)/pytest -n 2 --dist worksteal $(TESTS)

test-live: $(VENV)/.dev ## Run the tests that need a container engine, and fail where there is none
	@LAYERSCOPE_REQUIRE_ENGINE=1 $(BIN)/pytest -n 2 --dist worksteal -m engine $(TESTS)

lint: $(VENV)/.dev ## Check style, types and the direction of imports
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check
	@$(BIN)/mypy
	@$(BIN)/lint-imports

format: $(VENV)/.dev ## Format the code and mend what can be mended
	@$(BIN)/ruff check --fix --exit-zero --quiet
	@$(BIN)/ruff format

check: lint test ## Run everything that a change must pass

fuzz: $(VENV)/.fuzz ## Fuzz every reader of file formats for FUZZ_SECONDS in all; FUZZ=elf for some alone
	@PYTHONPATH=tests $(BIN)/python -m fuzz.run --seconds $(FUZZ_SECONDS) $(FUZZ)

engine-fuzz: $(VENV)/.dev ## Compare with engines what is said of random layers, LAYERS=FIRST-STOP
	@LAYERSCOPE_REQUIRE_ENGINE=1 LAYERSCOPE_LAYER_SEEDS=$(LAYERS) $(BIN)/pytest -n 2 tests/live/test_random_layers.py

policies: $(VENV)/.dev ## Refresh the tables of outside knowledge from what package registries say
	@$(BIN)/python -m layerscope.policies.refresh

pins: $(VENV)/.dev ## Pin by hash what action.yml installs
	@$(PIP) install uv
	@echo 'hatchling>=1.24' | $(BIN)/uv pip compile --quiet --upgrade --universal --python-version 3.12 --generate-hashes \
		--no-annotate --custom-compile-command 'make pins' pyproject.toml - --output-file .github/action-requirements.txt

bench: $(VENV)/.dev ## Measure against other tools; BENCH=--large adds an image of 6 GB
	@$(PIP) install --editable '.[dev,bench]'
	@$(BIN)/python -m benchmarks.run $(BENCH)

gpu-check: ## Probe this host's GPU; needs no network and no engine, PYTHON_WITH_TORCH names a Python
	@PYTHONPATH=src $(if $(wildcard $(BIN)/python),$(BIN)/python,$(PYTHON)) -m benchmarks.gpu_check --python "$(PYTHON_WITH_TORCH)"

fixtures: $(VENV)/.dev ## Build every fixture image as an OCI layout into build/fixtures
	@rm -rf build/fixtures
	@PYTHONPATH=tests $(BIN)/python -m support.images fixtures/images build/fixtures

snapshots: $(VENV)/.dev ## Rewrite the outputs that tests compare with; read the diff
	@LAYERSCOPE_SNAPSHOTS=write $(BIN)/pytest -q tests/report tests/cli tests/e2e

readme: $(VENV)/.dev ## Rewrite what README.md quotes from the program
	@PYTHONPATH=tests $(BIN)/python -m support.readme

clean: ## Delete the virtual environment and all that was built
	@rm -rf $(VENV) build dist .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis
