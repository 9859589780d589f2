"""Each package of the machinery imports only what machinery/pyproject.toml declares for it."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

import mlops
from bundle_tools.check.imported_packages import names, undeclared_imports

MACHINERY = Path(mlops.__file__).parents[2]
TABLE = tomllib.loads((MACHINERY / "pyproject.toml").read_text(encoding="utf-8"))
# On Databricks it comes with the runtime or with the environment of the jobs.
OF_THE_PLATFORM = {"pyspark", "databricks-feature-engineering", "ipython"}
OF_THE_MACHINERY = {"mlops", "mlops-local", "bundle-tools"}
# Comes with the ML runtime; without it, the search over model families leaves that one out.
OPTIONAL = {"lightgbm": "lightgbm.py"}
# Runs in an environment of its own, which the project's dependency group `load` declares.
IN_ANOTHER_ENVIRONMENT = {"locust": "locustfile.py"}
# Imported when they are chosen: the engines, and what only developers have.
CHOSEN = {"databricks-connect", "pysail", "pyspark-client"}


def found(package: str, extras: list[str], chosen: set[str]) -> list[str]:
    """The imports of a package that neither the dependencies nor these extras declare."""
    project = TABLE["project"]
    lines = [*project["dependencies"], *(line for extra in extras for line in project["optional-dependencies"][extra])]
    files = sorted((MACHINERY / "src" / package).rglob("*.py"))
    assert files
    declared = names(lines) | OF_THE_PLATFORM | OF_THE_MACHINERY | chosen
    return [
        f"{file.relative_to(MACHINERY)} imports {name}"
        for file, name in undeclared_imports(files, declared)
        if (OPTIONAL | IN_ANOTHER_ENVIRONMENT).get(name) != file.name
    ]


def test_what_runs_on_databricks_imports_only_what_the_wheel_requires() -> None:
    assert found("mlops", [], set()) == []


@pytest.mark.parametrize("engine", ["local", "spark"])
def test_the_stand_ins_import_only_what_a_local_run_installs(engine: str) -> None:
    assert found("mlops_local", [engine], CHOSEN) == []


@pytest.mark.parametrize("engine", ["local", "spark"])
def test_the_tools_import_only_what_a_local_run_and_developers_install(engine: str) -> None:
    assert found("bundle_tools", [engine, "dev"], CHOSEN) == []


def test_what_runs_in_an_environment_of_its_own_is_declared_by_the_project() -> None:
    text = (MACHINERY.parent / "pyproject.toml").read_text(encoding="utf-8")
    load = text[text.index("\nload = [") :].partition("]")[0]
    assert all(f'"{name}>=' in load for name in IN_ANOTHER_ENVIRONMENT)


def test_an_undeclared_import_is_found(tmp_path: Path) -> None:
    file = tmp_path / "module.py"
    file.write_text("import os\nimport numpy as np\nfrom polars import DataFrame\nimport databricks.sdk\n")
    assert list(undeclared_imports([file], {"numpy"})) == [(file, "databricks-sdk"), (file, "polars")]
