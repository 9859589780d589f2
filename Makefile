# A newcomer needs only `make demo` and `make test`.
PYTHON ?= python3
SOURCE ?=
BIN := .venv/bin
DEMO := build/demo/nyc-taxi
BESIDE := --numprocesses auto --maxprocesses 4 --dist worksteal

.DEFAULT_GOAL := help
.PHONY: help demo test test-quick test-mutation test-parity parity lint bench clean tools

help: ## Show this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-12s %s\n", $$1, $$2}'

demo: .venv/.generator ## Generate build/demo with the default answers and run its full lifecycle [SOURCE=trips.parquet]
	@test -z "$(SOURCE)" || test -f "$(SOURCE)" || { echo "error: source file $(SOURCE) does not exist: give the path of a parquet or CSV file." >&2; exit 1; }
	@mkdir -p build/demo
	@test -d $(DEMO) || $(BIN)/cookiecutter --no-input --output-dir build/demo . > build/demo/generate.log || { cat build/demo/generate.log >&2; exit 1; }
	@$(MAKE) --no-print-directory -C $(DEMO) setup PYTHON="$(PYTHON)"
	@$(MAKE) --no-print-directory -C $(DEMO) lifecycle $(if $(SOURCE),SOURCE="$$(realpath "$(SOURCE)")")
	@echo "your project is in $(DEMO): change to that folder and read README.md"

test: .venv/.tests parity ## Run every test, including the full lifecycle of generated projects
	$(BIN)/python -m pytest -m "not slow"
	$(BIN)/python -m pytest -m "slow and not mutation and not thorough" $(BESIDE) --durations 10

test-mutation: .venv/.tests ## Break each module of a generated project in turn and check that its tests fail; 15 minutes
	$(BIN)/python -m pytest -m mutation $(BESIDE)

test-parity: .venv/.tests parity ## Compare the local feature store with the oldest and newest Databricks client; needs Java 17
	PARITY_EXAMPLES=30 $(BIN)/python -m pytest -m parity --durations 10

test-quick: .venv/.tests ## Test questions, hooks, generated files and updates, in seconds
	$(BIN)/python -m pytest -m "not slow"

lint: .venv/.tests ## Check style and types of hooks and tests
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

bench: .venv/.tests ## Measure generation, unit tests, full lifecycle and scoring against baselines [SOURCE=trips.parquet]
	$(BIN)/python tests/bench.py $(SOURCE)

clean: ## Remove what demo, tests and builds create, including the virtual environments
	rm -rf build .venv .venv-parity .pytest_cache .ruff_cache .mypy_cache

tools:
	@command -v git > /dev/null || { echo "error: git is not installed: install it, then run make again." >&2; exit 1; }
	@command -v $(PYTHON) > /dev/null || { echo "error: Python 3.11, 3.12 or 3.13 is needed: install it, or run make PYTHON=/path/to/python." >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 14))' || { \
	  echo "error: Python 3.11, 3.12 or 3.13 is needed, but $(PYTHON) is $$($(PYTHON) --version): run make PYTHON=/path/to/python." >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2> /dev/null || { \
	  echo "error: $(PYTHON) cannot create virtual environments: install its venv module (Debian, Ubuntu: python3-venv)." >&2; exit 1; }

.venv/.created: | tools
	@$(PYTHON) -m venv .venv
	@touch $@

.venv/.generator: .venv/.created requirements-test.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check "$$(grep -o '^cookiecutter[^ ]*' requirements-test.txt)"
	@touch $@

# Installs the dependencies of the generated project from its own pyproject.toml.
.venv/.tests: .venv/.generator requirements-test.txt <<cookiecutter.project_name>>/pyproject.toml
	@echo "installing what the tests need into .venv: this takes one to two minutes the first time"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --requirement requirements-test.txt
	@rm -rf build/dependencies && mkdir -p build/dependencies
	@$(BIN)/cookiecutter --no-input --output-dir build/dependencies . > /dev/null
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check "./build/dependencies/nyc-taxi[local,dev]"
	@$(BIN)/python -m pip uninstall --quiet --yes nyc-taxi
	@touch $@

# This environment adds Apache Spark and the Databricks client to the packages of .venv: half the time and disk space.
parity: .venv/.tests
	@command -v java > /dev/null || { echo "Java 17 is not installed, so the tests that compare with the Databricks client will be skipped"; exit 0; }; \
	  $(MAKE) --no-print-directory .venv-parity/.ready

.venv-parity/.ready: .venv/.tests
	@echo "installing Apache Spark and the Databricks client into .venv-parity: this takes one to two minutes the first time"
	@$(PYTHON) -m venv .venv-parity
	@$(BIN)/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))' > "$$(.venv-parity/bin/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')/shared.pth"
	@.venv-parity/bin/python -m pip install --quiet --disable-pip-version-check "./build/dependencies/nyc-taxi[spark,parity]"
	@.venv-parity/bin/python -m pip uninstall --quiet --yes nyc-taxi
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --target .venv-parity/oldest databricks-feature-engineering==0.13.0.1
	@touch $@
