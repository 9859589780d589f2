# A newcomer needs only `make demo` and `make test`.
# Python 3.12, which Databricks runs, is used where it is installed, also by pyenv; otherwise any that works.
PYTHON ?= $(shell for python in python3.12 "$${PYENV_ROOT:-$$HOME/.pyenv}"/versions/3.12.*/bin/python python3 python3.13 python3.11; do \
  "$$python" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 14))' 2> /dev/null && echo "$$python" && break; done)
SOURCE ?=
BIN := .venv/bin
DEMO := build/demo/nyc-taxi
BESIDE := --numprocesses auto --maxprocesses 4 --dist loadgroup --no-loadscope-reorder

# The load generator has an environment of its own, as in a project.
export LOCUST := $(CURDIR)/.venv-load/bin/locust

# Containers often turn bytecode off; every command would then compile all that it imports.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help demo test test-quick test-mutation test-parity test-versions parity lint bench bench-monitoring bench-rollout compare-release \
  release-notes clean tools

help: ## Show this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-16s %s\n", $$1, $$2}'

demo: .venv/.generator ## Generate build/demo with the default answers and run its full lifecycle [SOURCE=trips.parquet]
	@test -z "$(SOURCE)" || test -f "$(SOURCE)" || { echo "error: source file $(SOURCE) does not exist: give the path of a parquet or CSV file." >&2; exit 1; }
	@mkdir -p build/demo
	@test -d $(DEMO) || $(BIN)/cookiecutter --no-input --output-dir build/demo . > build/demo/generate.log || { cat build/demo/generate.log >&2; exit 1; }
	@$(MAKE) --no-print-directory -C $(DEMO) setup PYTHON="$(PYTHON)"
	@$(MAKE) --no-print-directory -C $(DEMO) lifecycle $(if $(SOURCE),SOURCE="$$(realpath "$(SOURCE)")")
	@echo "your project is in $(DEMO): change to that folder and read README.md"

test: .venv/.tests parity ## Run every test, including the full lifecycle of generated projects
	$(BIN)/python -m pytest -m "not mutation and not thorough and not versions" $(BESIDE) --durations 10

test-mutation: .venv/.tests ## Break modules and operators of a generated project and check that its tests fail; stop its jobs at every step; 40 minutes
	$(BIN)/python -m pytest -m mutation $(BESIDE)

test-parity: .venv/.tests parity ## Compare the local feature store with the oldest and newest Databricks client; needs Java 17
	PARITY_EXAMPLES=30 $(BIN)/python -m pytest -m parity --durations 10

test-versions: .venv/.tests ## Run a generated project on each installed Python with the platform's, the lowest and the newest package versions; half an hour
	$(BIN)/python -m pytest -m versions --durations 0

test-quick: .venv/.tests ## Test questions, hooks, generated files and updates, and run the unit tests of a generated project; two minutes
	$(BIN)/python -m pytest -m "not slow"

lint: .venv/.tests ## Check style and types of hooks and tests
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

bench: .venv/.tests ## Measure generation, unit tests, full lifecycle and scoring against baselines [SOURCE=trips.parquet]
	$(BIN)/python tests/bench.py $(SOURCE)

compare-release: .venv/.tests ## Compare what is generated with the last release; docs/changed-files.txt lists what may differ
	$(BIN)/python tests/release.py compare

release-notes: ## Print the changes of a release: make release-notes TAG=v1.2.0
	@"$(PYTHON)" tests/release.py notes "$${TAG}"

# The simulations need no generated project: what they run is the same in every project.
SIMULATE = PYTHONPYCACHEPREFIX=build/pycache PYTHONPATH="<<cookiecutter.project_name>>/src:<<cookiecutter.project_name>>/tests" $(BIN)/python -m
LIVES ?= 10
SCALE ?=
ROLLOUTS ?= 200

bench-monitoring: .venv/.tests ## Simulate monitoring: false alarms in 100 healthy weeks and delays to detection [LIVES=10] [SCALE="1 4 16"]
	$(SIMULATE) monitoring_simulation $(LIVES)
	$(if $(SCALE),$(SIMULATE) monitoring_simulation.scale $(SCALE))

bench-rollout: .venv/.tests ## Simulate rollouts of better, equal, worse and broken challengers: verdicts and requests [ROLLOUTS=200]
	$(SIMULATE) rollout_simulation $(ROLLOUTS)

clean: ## Remove what demo, tests and builds create, including the virtual environments
	rm -rf build .venv .venv-parity .venv-load .pytest_cache .ruff_cache .mypy_cache

# uv installs in a third of the time that pip takes. It does not read pip's settings, so it is told pip's index.
INSTALL = index="$${UV_DEFAULT_INDEX:-$${PIP_INDEX_URL:-$$($(BIN)/python -m pip config get global.index-url 2> /dev/null || true)}}" && \
  $${index:+env "UV_DEFAULT_INDEX=$$index"} $(BIN)/python -m uv pip install --quiet --python

tools:
	@command -v git > /dev/null || { echo "error: git is not installed: install it, then run make again." >&2; exit 1; }
	@command -v "$(PYTHON)" > /dev/null || { echo "error: Python 3.11, 3.12 or 3.13 is needed: install it, or run make PYTHON=/path/to/python." >&2; exit 1; }
	@"$(PYTHON)" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 14))' || { \
	  echo "error: Python 3.11, 3.12 or 3.13 is needed, but $(PYTHON) is $$("$(PYTHON)" --version): run make PYTHON=/path/to/python." >&2; exit 1; }
	@"$(PYTHON)" -c 'import ensurepip, venv' 2> /dev/null || { \
	  echo "error: $(PYTHON) cannot create virtual environments: install its venv module (Debian, Ubuntu: python3-venv)." >&2; exit 1; }

.venv/.created: | tools
	@"$(PYTHON)" -m venv .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check "$$(grep -o '^uv[^ ]*' requirements-test.txt)"
	@touch $@

.venv/.generator: .venv/.created requirements-test.txt
	@$(INSTALL) $(BIN)/python "$$(grep -o '^cookiecutter[^ ]*' requirements-test.txt)"
	@touch $@

# Installs what a generated project needs from its own pyproject.toml, with the versions of its own constraints.txt.
.venv/.tests: .venv/.generator requirements-test.txt cookiecutter.json <<cookiecutter.project_name>>/pyproject.toml templates/constraints/*
	@echo "installing what the tests need into .venv: this takes half a minute the first time"
	@rm -rf build/dependencies && mkdir -p build/dependencies
	@$(BIN)/cookiecutter --no-input --output-dir build/dependencies . > /dev/null
	@$(INSTALL) $(BIN)/python --constraint build/dependencies/nyc-taxi/constraints.txt \
	  --requirement requirements-test.txt "./build/dependencies/nyc-taxi[local,dev]"
	@$(BIN)/python -m uv pip uninstall --quiet --python $(BIN)/python nyc-taxi
	@"$(PYTHON)" -m venv .venv-load
	@$(INSTALL) .venv-load/bin/python --group build/dependencies/nyc-taxi/pyproject.toml:load
	@touch $@

# Apache Spark has the same import package as the Spark Connect client in .venv, so it needs its own environment.
parity: .venv/.tests
	@command -v java > /dev/null || { echo "Java 17 is not installed, so the tests that compare with the Databricks client will be skipped"; exit 0; }; \
	  $(MAKE) --no-print-directory .venv-parity/.ready

.venv-parity/.ready: .venv/.tests
	@echo "installing Apache Spark and the Databricks client into .venv-parity: this takes a minute the first time"
	@"$(PYTHON)" -m venv .venv-parity
	@$(INSTALL) .venv-parity/bin/python "./build/dependencies/nyc-taxi[spark,parity,dev]"
	@$(BIN)/python -m uv pip uninstall --quiet --python .venv-parity/bin/python nyc-taxi
	@# That version imports pkg_resources, which setuptools 82 no longer has.
	@$(INSTALL) .venv-parity/bin/python --no-deps --target .venv-parity/oldest databricks-feature-engineering==0.13.0.1 "setuptools<82"
	@touch $@
