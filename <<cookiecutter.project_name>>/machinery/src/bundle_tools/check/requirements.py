"""The wheel declares what it imports, and installing it on Databricks replaces nothing that the platform brings."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from mlops.errors import ProjectError

from .checked_project import CheckedProject
from .imported_packages import installed_by, names, undeclared_imports
from .machinery_source import machinery_source
from .tally import Tally

# On Databricks the platform provides it; locally it comes with the engine, under two names.
_SPARK = {"pyspark", "pyspark-client", "pyspark-connect", "databricks-connect"}
# On Databricks it comes with the runtime or with the environment of the jobs (resources/common.yml).
_OF_THE_PLATFORM = {"pyspark", "databricks-feature-engineering"}
_IN_THE_WHEEL = {"mlops"}
_BESIDE_THE_WHEEL = {"mlops-local", "bundle-tools"}
_ONLY_HERE = "is not in the wheel, so the jobs would fail on Databricks: import it in tests only"
_CONSTRAINTS = "constraints.txt"


def the_wheel_requires_every_package_that_you_import(project: CheckedProject, looked: Tally) -> Iterator[str]:
    """Every package that your code imports is one that the wheel requires."""
    declared = names(wheel_requirements(project, looked)) | _OF_THE_PLATFORM | _own(project)
    where = "the wheel does not require: add it to project.dependencies in pyproject.toml"
    yield from _undeclared_imports(project, looked, "src", declared, where)


def the_environment_has_every_package_that_your_tests_import(project: CheckedProject, looked: Tally) -> Iterator[str]:
    """Every package that your tests import is one that `make setup` installs."""
    required = [
        *wheel_requirements(project, looked),
        *machinery_source(project).requirements("local", "dev"),
        *_extra(project),
    ]
    beside = {str(canonicalize_name(path.stem)) for path in (project.root / "tests").iterdir()}
    declared = names(required) | _OF_THE_PLATFORM | _own(project) | _BESIDE_THE_WHEEL | beside
    where = "make setup does not install: add it to project.optional-dependencies in pyproject.toml"
    yield from _undeclared_imports(project, looked, "tests", declared, where)


def installing_the_wheel_replaces_nothing_that_the_platform_brings(
    project: CheckedProject, looked: Tally
) -> Iterator[str]:
    """Installing the wheel on Databricks replaces no package that the platform brings."""
    platform = brought(project, looked)
    for requirement, by in installed_by(wheel_requirements(project, looked), platform):
        looked.add("installed package", canonicalize_name(requirement.name))
        version = platform.get(canonicalize_name(requirement.name))
        if version and not requirement.specifier.contains(version, prereleases=True):
            yield f"pyproject.toml: project.dependencies: {requirement} is required{by}, and the platform has {version}"


def nothing_that_the_wheel_requires_installs_spark(project: CheckedProject, looked: Tally) -> Iterator[str]:
    """Nothing that the wheel requires installs Spark, which is the platform's own."""
    for requirement, by in installed_by(wheel_requirements(project, looked), brought(project, looked)):
        looked.add("installed package", canonicalize_name(requirement.name))
        if canonicalize_name(requirement.name) in _SPARK:
            yield f"pyproject.toml: project.dependencies: {requirement} is required{by}, and would break a cluster"


def _undeclared_imports(
    project: CheckedProject, looked: Tally, folder: str, declared: set[str], where: str
) -> Iterator[str]:
    files = sorted((project.root / folder).rglob("*.py"))
    looked.add("module", *files)
    try:
        for file, package in undeclared_imports(files, declared):
            problem = _ONLY_HERE if package in _BESIDE_THE_WHEEL else where
            yield f"{file.relative_to(project.root).as_posix()}: imports {package}, which {problem}"
    except SyntaxError as error:
        place = Path(str(error.filename)).relative_to(project.root).as_posix()
        yield f"{place}: line {error.lineno}: {error.msg}"


def _own(project: CheckedProject) -> set[str]:
    return {*_IN_THE_WHEEL, str(canonicalize_name(project.package))}


def wheel_requirements(project: CheckedProject, looked: Tally) -> list[str]:
    """Return what the wheel requires: the machinery's dependencies, and your own."""
    own = project.pyproject["project"].get("dependencies") or []
    required = [*machinery_source(project).requirements(), *own]
    for line in required:
        try:
            looked.add_around("requirement", str(Requirement(line)))
        except InvalidRequirement as error:
            reason = str(error).partition("\n")[0]
            raise ProjectError(
                f"pyproject.toml: project.dependencies: '{line}' is not a requirement: {reason}"
            ) from None
    return required


def _extra(project: CheckedProject) -> list[str]:
    """Return what your own extras and groups require."""
    table = project.pyproject
    extras = table["project"].get("optional-dependencies") or {}
    groups = table.get("dependency-groups") or {}
    return [line for lines in (*extras.values(), *groups.values()) for line in lines if isinstance(line, str)]


def brought(project: CheckedProject, looked: Tally) -> Mapping[str, str]:
    """Return the packages that the platform brings, with their versions."""
    file = project.root / _CONSTRAINTS
    if not file.is_file():
        raise ProjectError(f"{_CONSTRAINTS} is missing: restore it, because it lists what the platform brings")
    pins = {}
    for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), start=1):
        if not line or line.startswith("#"):
            continue
        try:
            pin = Requirement(line)
        except InvalidRequirement:
            raise ProjectError(f"{_CONSTRAINTS}: line {number}: '{line}' is not a requirement") from None
        pins[str(canonicalize_name(pin.name))] = str(pin.specifier).removeprefix("==")
    if not pins:
        raise ProjectError(f"{_CONSTRAINTS} has no package: restore it, because it lists what the platform brings")
    looked.add_around("platform package", *pins)
    return pins


CHECKS = (
    the_wheel_requires_every_package_that_you_import,
    the_environment_has_every_package_that_your_tests_import,
    installing_the_wheel_replaces_nothing_that_the_platform_brings,
    nothing_that_the_wheel_requires_installs_spark,
)
