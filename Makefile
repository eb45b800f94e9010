# `make help` lists the targets. Each sets up what it needs; the second time there is nothing to set up.
PYTHON ?= python3
BIN := .venv/bin
READY := .venv/.ready

.DEFAULT_GOAL := help
.PHONY: help setup readouts test test-slow bench truth lint format lab lock clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(READY) ## make .venv from the hash-pinned lock and nothing else

$(READY): requirements.lock pyproject.toml
	@PYTHON="$(PYTHON)" sh .ci/setup
	@touch $@

readouts: $(READY) ## publish the readouts; the last line says where
	@$(BIN)/insights run params/demo --readout scorecard --readout what_changed --readout what_drives --readout what_next >/dev/null
	@$(BIN)/insights run params/eu_dsa

test: $(READY) lint ## lint, types, import floors, unit tests, notebooks and pages
	$(BIN)/pytest -q -n auto
	$(BIN)/pytest -q --doctest-modules lib/insights
	$(BIN)/pytest -q -o addopts= --nbval-lax --nbval-current-env notebooks

test-slow: $(READY) ## the tests that take minutes
	$(BIN)/pytest -q -m slow

bench: $(READY) ## the benchmarks, each with its table (tests/benchmarks/README.md keeps the last)
	for b in tests/benchmarks/bench_*.py; do $(BIN)/python $$b || exit 1; done

truth: $(READY) ## what every method finds of the simulated operation, misses included
	$(BIN)/python -m tests.truth --pack params/demo

lint: $(READY) ## format, lint, types, import floors and stripped notebooks, checked
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/nbstripout --verify --keep-id --keep-count notebooks/*.ipynb

format: $(READY) ## put code and notebooks in shape
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .
	$(BIN)/nbstripout --keep-id --keep-count notebooks/*.ipynb

lab: $(READY) ## JupyterLab at notebooks/
	$(BIN)/jupyter lab --notebook-dir=notebooks

lock: ## pin every dependency again, by hash and without an index address
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header \
	  --extra test --extra lock pyproject.toml -o requirements.lock

clean: ## remove the environment and everything in outputs/ that git does not track
	rm -rf .venv
	git clean -fdxq outputs
