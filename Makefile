# A newcomer needs only `make demo` and `make test`.
#
# Values that are given to targets are text: neither make nor the shell evaluates them. Make would expand them when it
# exports them, so each becomes a simple variable at once, and recipes let the shell read it ("$$SOURCE"). What only
# this file sets is `override`.
override SETTABLE := LIVES PYTHON ROLLOUTS SCALE SOURCE TAG
override GIVEN := $(foreach name,$(.VARIABLES),$(if $(findstring command line,$(origin $(name))),$(name)))
override GIVEN += $(foreach name,$(SETTABLE),$(if $(filter environment,$(origin $(name))),$(name)))
$(foreach name,$(GIVEN),$(eval override $(name) := $$(value $(name)))$(eval export $(name)))
override SHELL := /bin/sh
override .SHELLFLAGS := -c

# Python 3.12, which Databricks runs, is used where it is installed, also by pyenv; otherwise any that works.
override PYTHON_FOUND := python="$${PYTHON:-$$(for python in python3.12 "$${PYENV_ROOT:-$$HOME/.pyenv}"/versions/3.12.*/bin/python python3 python3.13 python3.11; do \
  "$$python" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 14))' 2> /dev/null && echo "$$python" && break; done)}"; \
  "$$python" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 14))' > /dev/null 2>&1 || { \
  echo "error: Python 3.11, 3.12 or 3.13 is needed: install it, or give its path (make PYTHON=/path/to/python)." >&2; exit 1; }; \
  "$$python" -c 'import ensurepip, venv' 2> /dev/null || { \
  echo "error: this Python cannot create virtual environments: install its venv module (Debian, Ubuntu: python3-venv)." >&2; exit 1; }
override BIN := .venv/bin
override DEMO := build/demo/nyc-taxi
override MACHINERY := <<cookiecutter.project_name>>/machinery
# A make of its own for a project: it gets variables from the environment, and none from this make's command line.
override MAKE_DEMO := MAKEFLAGS= make --no-print-directory -C $(DEMO)

# The load generator has an environment of its own, as in a project.
override LOCUST := $(shell pwd)/.venv-load/bin/locust
export LOCUST

# Containers often turn bytecode off; every command would then compile all that it imports.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help demo test test-quick test-thorough test-mutation test-parity test-versions parity lint bench bench-monitoring bench-rollout compare-release \
  release-notes clean tools

help: ## Show this list
	@grep -hE '^[a-z-]+:.*## ' Makefile | awk -F ':.*## ' '{printf "  make %-16s %s\n", $$1, $$2}'

demo: .venv/.generator ## Generate build/demo with the default answers and run its full lifecycle [SOURCE=trips.parquet]
	@test -z "$$SOURCE" || test -f "$$SOURCE" || { echo "error: there is no such source file: give the path of a parquet or CSV file." >&2; exit 1; }
	@mkdir -p build/demo
	@test -d $(DEMO) || $(BIN)/cookiecutter --no-input --output-dir build/demo . > build/demo/generate.log || { cat build/demo/generate.log >&2; exit 1; }
	@$(MAKE_DEMO) setup
	@$(if $(SOURCE),SOURCE="$$(realpath -- "$$SOURCE")") $(MAKE_DEMO) lifecycle
	@echo "your project is in $(DEMO): change to that folder and read README.md"

# The machinery's tests need no generated project, and those of a file share what is costly; lives and combinations of
# answers are spread one by one, longest first.
override CHOSEN := -m "not mutation and not thorough and not versions"
# Three processes keep two cores busy while one of them waits for a process that it has started.
override PYTEST := $(BIN)/python -m pytest --numprocesses 3
override MACHINERY_TESTS := tests/machinery --ignore=tests/machinery/parity
# What the example predicts matters to these; they run for the other problem type too, in make test-thorough.
override OF_THE_EXAMPLE := tests/machinery/training $(addprefix tests/machinery/integration/,tasks training validation) \
  $(addprefix --ignore=tests/machinery/integration/tasks/test_,serving.py rollout.py)

# Apache Spark, which is downloaded for a minute or two, is needed by the last part only.
test: .venv/.tests ## Test the machinery, the template, and the full lifecycle of generated projects
	@failed=0; $(MAKE) --no-print-directory parity & parity=$$!; \
	$(PYTEST) --dist loadfile --no-loadscope-reorder $(MACHINERY_TESTS) $(CHOSEN) --durations 10 || failed=1; \
	EXAMPLE=classification $(PYTEST) --dist loadfile tests/machinery/training tests/machinery/integration/training || failed=1; \
	wait $$parity || failed=1; \
	$(PYTEST) --dist loadgroup --no-loadscope-reorder tests/template tests/projects $(CHOSEN) --durations 10 || failed=1; \
	exit $$failed

test-quick: .venv/.tests ## Run the unit tests of the machinery, and test questions, hooks, generated files and updates; two minutes
	$(PYTEST) --dist loadfile $(MACHINERY_TESTS) --ignore=tests/machinery/integration --ignore-glob=*_simulation
	$(PYTEST) --dist loadgroup --no-loadscope-reorder tests/template -m "not slow"

test-thorough: .venv/.tests parity ## Run what make test leaves out because it takes minutes: the other problem type, more lives, types, make bench
	EXAMPLE=classification $(PYTEST) --dist loadfile $(OF_THE_EXAMPLE)
	$(PYTEST) --dist loadgroup --no-loadscope-reorder $(MACHINERY_TESTS) tests/template tests/projects -m "thorough and not parity"

test-mutation: .venv/.tests ## Break modules and operators of the machinery and check that its tests fail; stop its jobs at every step; 40 minutes
	$(PYTEST) --dist loadgroup --no-loadscope-reorder tests -m mutation

test-parity: .venv/.tests parity ## Compare the local feature store with the oldest and newest Databricks client; needs Java 17
	PARITY_EXAMPLES=30 $(BIN)/python -m pytest tests/template -m parity --durations 10

test-versions: .venv/.tests ## Run a generated project on each installed Python with the platform's, the lowest and the newest package versions; half an hour
	$(BIN)/python -m pytest tests/template -m versions --durations 0

lint: .venv/.tests ## Check style and types of the machinery, hooks and tests
	$(BIN)/ruff check . "$(MACHINERY)"
	$(BIN)/ruff format --check . "$(MACHINERY)"
	$(BIN)/mypy
	$(BIN)/mypy --config-file "$(MACHINERY)/pyproject.toml" "$(MACHINERY)/src"

bench: .venv/.tests ## Measure generation, unit tests, full lifecycle and scoring against baselines [SOURCE=trips.parquet]
	$(BIN)/python tests/template/bench.py $(if $(SOURCE),-- "$$SOURCE")

compare-release: .venv/.tests ## Compare what is generated with the last release; docs/changed-files.txt lists what may differ
	$(BIN)/python tests/template/release.py compare

release-notes: ## Print the changes of a release: make release-notes TAG=v1.2.0
	@$(PYTHON_FOUND); "$$python" tests/template/release.py notes "$$TAG"

# The simulations need no generated project: what they run is the same in every project.
override SIMULATE := PYTHONPYCACHEPREFIX=build/pycache PYTHONPATH="$(MACHINERY)/src:tests/machinery" $(BIN)/python -m

bench-monitoring: .venv/.tests ## Simulate monitoring: false alarms in 100 healthy weeks and delays to detection [LIVES=10] [SCALE="1 4 16"]
	$(SIMULATE) monitoring_simulation "$${LIVES:-10}"
	@case "$$SCALE" in *[!0-9\ ]*) echo "error: SCALE is not a list of whole numbers: write it as SCALE=\"1 4 16\"." >&2; exit 1; esac; \
	  test -z "$$SCALE" || $(SIMULATE) monitoring_simulation.scale $$SCALE

bench-rollout: .venv/.tests ## Simulate rollouts of better, equal, worse and broken challengers: verdicts and requests [ROLLOUTS=200]
	$(SIMULATE) rollout_simulation "$${ROLLOUTS:-200}"

clean: ## Remove what demo, tests and builds create, including the virtual environments
	rm -rf build .venv .venv-parity .venv-load .pytest_cache .ruff_cache .mypy_cache

# uv installs in a third of the time that pip takes. It does not read pip's settings, so it is told pip's index.
override INSTALL := index="$${UV_DEFAULT_INDEX:-$${PIP_INDEX_URL:-$$($(BIN)/python -m pip config get global.index-url 2> /dev/null || true)}}" && \
  $${index:+env "UV_DEFAULT_INDEX=$$index"} $(BIN)/python -m uv pip install --quiet --python

tools:
	@command -v git > /dev/null || { echo "error: git is not installed: install it, then run make again." >&2; exit 1; }
	@$(PYTHON_FOUND)

.venv/.created: | tools
	@$(PYTHON_FOUND); "$$python" -m venv .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check "$$(grep -o '^uv[^ ]*' requirements-test.txt)"
	@touch $@

.venv/.generator: .venv/.created requirements-test.txt
	@$(INSTALL) $(BIN)/python "$$(grep -o '^cookiecutter[^ ]*' requirements-test.txt)"
	@touch $@

# Installs what a generated project installs, with the versions of serverless compute. uv also reads the pyproject.toml of
# the folder above, which is a template there, so it gets a copy.
.venv/.tests: .venv/.generator requirements-test.txt $(MACHINERY)/pyproject.toml templates/constraints/serverless-v5.txt
	@echo "installing what the tests need into .venv: this takes half a minute the first time"
	@mkdir -p build/dependencies && cp "$(MACHINERY)/pyproject.toml" build/dependencies
	@$(INSTALL) $(BIN)/python --constraint templates/constraints/serverless-v5.txt --requirement requirements-test.txt \
	  --requirement build/dependencies/pyproject.toml --extra local --extra dev
	@$(BIN)/python -m venv .venv-load
	@$(INSTALL) .venv-load/bin/python "$$(sed -n 's/^ *"\(locust[^"]*\)".*/\1/p' "$(MACHINERY)/../pyproject.toml")"
	@touch $@

# Apache Spark has the same import package as the Spark Connect client in .venv, so it needs its own environment.
parity: .venv/.tests $(if $(shell command -v java),.venv-parity/.ready)
	@command -v java > /dev/null || echo "Java 17 is not installed, so the tests that compare with the Databricks client will be skipped"

.venv-parity/.ready: .venv/.tests
	@echo "installing Apache Spark and the Databricks client into .venv-parity: this takes a minute the first time"
	@$(BIN)/python -m venv .venv-parity
	@$(INSTALL) .venv-parity/bin/python --requirement requirements-test.txt \
	  --requirement build/dependencies/pyproject.toml --extra spark --extra parity --extra dev
	@# That version imports pkg_resources, which setuptools 82 no longer has.
	@$(INSTALL) .venv-parity/bin/python --no-deps --target .venv-parity/oldest databricks-feature-engineering==0.13.0.1 "setuptools<82"
	@touch $@
