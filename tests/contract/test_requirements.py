"""The wheel declares what it imports, and installing it on Databricks replaces nothing that the platform brings."""

from __future__ import annotations

import ast
import sys
import tomllib
from collections.abc import Callable, Iterable, Iterator
from importlib.metadata import PackageNotFoundError, requires
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

NoneOf = Callable[[Iterable[str]], None]

TESTS = Path(__file__).parents[1]

# Import names that differ from the name of their package; the others are the same, with - for _ and for the dot.
PACKAGES = {"grpc": "grpcio", "mlflow": "mlflow-skinny", "sklearn": "scikit-learn", "yaml": "pyyaml"}
# Namespaces that several packages share.
NAMESPACES = ("databricks", "google")
# On Databricks the platform provides it; locally it is in `local` and `spark`, under two names.
SPARK = {"pyspark", "pyspark-client", "pyspark-connect", "databricks-connect"}
# On Databricks it comes with the runtime or with the environment of the jobs (resources/common.yml).
OF_THE_PLATFORM = {"pyspark", "databricks-feature-engineering"}
# Comes with the ML runtime; without it, a baseline leaves that family out.
OPTIONAL = {"lightgbm": "mlops/model_search/models/lightgbm.py"}
# Where the wheel is installed.
PLATFORM = {
    "implementation_name": "cpython",
    "os_name": "posix",
    "platform_machine": "x86_64",
    "platform_python_implementation": "CPython",
    "platform_system": "Linux",
    "python_full_version": "3.12.3",
    "python_version": "3.12",
    "sys_platform": "linux",
}


@pytest.fixture(scope="module")
def project(root: Path) -> dict[str, list[str]]:
    """The requirements of the project by extra; those of the wheel itself are under the empty name."""
    table = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return {"": table["dependencies"], **table["optional-dependencies"]}


@pytest.fixture(scope="module")
def groups(root: Path) -> dict[str, list[str]]:
    """What is installed into environments of its own, by group."""
    table = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))
    return dict(table["dependency-groups"])


@pytest.fixture(scope="module")
def package(root: Path) -> str:
    """The package that is yours."""
    return next(path.parent.name for path in (root / "src").glob("*/entry_points.py"))


@pytest.fixture(scope="module")
def brought(root: Path) -> dict[str, str]:
    """The packages that the platform brings, with their versions."""
    lines = (root / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pins = [Requirement(line) for line in lines if line and not line.startswith("#")]
    return {canonicalize_name(pin.name): str(pin.specifier).removeprefix("==") for pin in pins}


def names(requirements: Iterable[str]) -> set[str]:
    return {canonicalize_name(Requirement(line).name) for line in requirements}


def imported(*folders: Path) -> dict[str, str]:
    """The packages that modules import, the standard library aside, each with one of the modules."""
    found = {}
    for folder in folders:
        for file in sorted(folder.rglob("*.py")):
            for module in modules(ast.parse(file.read_text(encoding="utf-8"))):
                top, _, rest = module.partition(".")
                name = f"{top}-{rest.partition('.')[0]}" if top in NAMESPACES else PACKAGES.get(top, top)
                if top not in sys.stdlib_module_names:
                    found[canonicalize_name(name)] = file.relative_to(folder.parent).as_posix()
    return found


def modules(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module


def undeclared(found: dict[str, str], declared: set[str]) -> Iterator[str]:
    yield from (f"{module} imports {name}" for name, module in sorted(found.items()) if name not in declared)


def test_the_wheel_declares_every_package_that_it_imports(
    root: Path, package: str, project: dict[str, list[str]], none_of: NoneOf
) -> None:
    machinery = imported(root / "src" / "mlops")
    found = imported(root / "src" / package) | {
        name: file for name, file in machinery.items() if OPTIONAL.get(name) != file
    }
    none_of(undeclared(found, names(project[""]) | OF_THE_PLATFORM | {"mlops", canonicalize_name(package)}))


@pytest.mark.parametrize("extra", ["local", "spark"])
def test_the_tools_import_only_what_a_local_run_installs(
    root: Path, project: dict[str, list[str]], groups: dict[str, list[str]], extra: str, none_of: NoneOf
) -> None:
    declared = names([*project[""], *project[extra], *groups["load"]]) | OF_THE_PLATFORM | {"mlops", "bundle-tools"}
    # Each engine is imported only when it is chosen.
    engines = {"local": {"databricks-connect"}, "spark": {"pysail", "databricks-connect"}}
    none_of(undeclared(imported(root / "src" / "bundle_tools"), declared | engines[extra]))


def test_the_tests_import_only_what_the_development_environment_has(
    package: str, project: dict[str, list[str]], none_of: NoneOf
) -> None:
    of_the_repository = {"mlops", "bundle-tools", canonicalize_name(package)}
    beside_the_tests = {canonicalize_name(path.stem) for path in TESTS.iterdir()}
    declared = names([*project[""], *project["local"], *project["dev"]]) | OF_THE_PLATFORM
    found = {name: file for name, file in imported(TESTS).items() if not file.startswith("tests/parity/")}
    none_of(undeclared(found, declared | of_the_repository | beside_the_tests))


def test_installing_the_wheel_replaces_nothing_that_the_platform_brings(
    project: dict[str, list[str]], brought: dict[str, str], none_of: NoneOf
) -> None:
    assert len(brought) > 100
    none_of(replaced(project[""], brought))


def test_a_requirement_that_the_platform_does_not_meet_is_found(brought: dict[str, str]) -> None:
    faults = list(replaced(["numpy>=2.2", "great-expectations", "pandas>=2"], brought))
    assert faults == [f"numpy>=2.2 is required, and the platform has {brought['numpy']}"]


def replaced(requirements: list[str], brought: dict[str, str]) -> Iterator[str]:
    """The requirements, also those of packages that are not on the platform, which its own versions do not meet."""
    for requirement, of in everything(requirements, brought):
        version = brought.get(canonicalize_name(requirement.name))
        if version and not requirement.specifier.contains(version, prereleases=True):
            yield f"{requirement} is required{of}, and the platform has {version}"


def test_nothing_that_the_wheel_requires_installs_spark(
    project: dict[str, list[str]], brought: dict[str, str], none_of: NoneOf
) -> None:
    required = everything(project[""], brought)
    none_of(f"{line} is required{of}" for line, of in required if canonicalize_name(line.name) in SPARK)


def everything(requirements: list[str], brought: dict[str, str]) -> Iterator[tuple[Requirement, str]]:
    """Requirements and those of what they install, each with who requires it; what is brought, installs nothing."""
    waiting = [(Requirement(line), "") for line in requirements]
    seen = set()
    while waiting:
        requirement, of = waiting.pop()
        yield requirement, of
        name = canonicalize_name(requirement.name)
        if name in seen or name in brought:
            continue
        seen.add(name)
        for line in requires_of(name):
            inner = Requirement(line)
            extras = requirement.extras or {""}
            if inner.marker is None or any(inner.marker.evaluate(PLATFORM | {"extra": extra}) for extra in extras):
                waiting.append((inner, f" by {name}"))


def requires_of(name: str) -> list[str]:
    try:
        return requires(name) or []
    except PackageNotFoundError:  # for other systems only
        return []
