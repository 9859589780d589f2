"""Makes the checks of a project."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType

from mlops.errors import ProjectError, did_you_mean, first_line

from ..bundle.bundle_files import ROOT_FILE
from . import (
    ci,
    code,
    databricks_cli,
    development,
    files,
    job_packages,
    jobs,
    literals,
    machinery,
    requirements,
    resources,
    schedules,
    targets,
    tasks,
    wheel,
)
from .checked_project import CheckedProject
from .outcome import Caution, NotMadeError, Outcome, Status, as_fault
from .own_code import importable
from .tally import Tally

Check = Callable[[CheckedProject, Tally], Iterator[str]]

# What a check may stumble over if the bundle has a form that other checks report.
_MALFORMED = (AttributeError, LookupError, TypeError, ValueError)

THEMES: tuple[ModuleType, ...] = (
    files,
    resources,
    jobs,
    tasks,
    schedules,
    targets,
    literals,
    code,
    requirements,
    job_packages,
    wheel,
    machinery,
    ci,
    development,
    databricks_cli,
)
# A check is a function; its name is the check's, and the first line of its docstring is the promise.
CHECKS: dict[str, Check] = {check.__name__: check for theme in THEMES for check in theme.CHECKS}


def run_checks(root: Path, *, only: str = "") -> list[Outcome]:
    """Make the checks of the project in a folder, and return what each found.

    Args:
        root: The folder; nothing is remembered between calls.
        only: Part of the theme or of the name of the checks to make; by default all.

    Raises:
        ProjectError: The folder has no bundle, or no check has that in its name.
    """
    return list(iterate_checks(root, only=only))


def iterate_checks(root: Path, *, only: str = "") -> Iterator[Outcome]:
    """Make the checks one after the other, as `run_checks` does, and yield what each found."""
    if not (root / ROOT_FILE).is_file():
        raise ProjectError(f"There is no {ROOT_FILE} in {root}: run this command in the project's folder")
    chosen = [check for name, check in CHECKS.items() if only in f"{_theme(check)}.{name}"]
    if not chosen:
        raise ProjectError(f"there is no check '{only}'{did_you_mean(only, [*CHECKS, *map(_theme, CHECKS.values())])}")
    project = CheckedProject(root)
    try:
        package = project.package
    except NotMadeError:
        package = "no package"  # a check reports the error
    with importable(root, package):
        for check in chosen:
            yield _outcome(check, project)


def _outcome(check: Check, project: CheckedProject) -> Outcome:
    looked, faults, reason, status = Tally(), list[str](), "", Status.PASSED
    try:
        faults = list(dict.fromkeys(check(project, looked)))
    except ProjectError as error:
        faults = [as_fault(error)]
    except NotMadeError as error:
        status, reason = error.status, str(error)
    except OSError as error:
        status, reason = Status.NOT_CHECKED, f"{_relative(error, project.root)} cannot be read: {error.strerror}"
    except _MALFORMED as error:
        status, reason = Status.NOT_CHECKED, f"the project has an unexpected form ({first_line(error)})"
    if faults:
        status = Status.WARNED if all(isinstance(fault, Caution) for fault in faults) else Status.FAILED
    elif status is Status.PASSED and looked.is_empty:
        status, reason = Status.NOT_CHECKED, "there was nothing to look at"
    sentence = str(check.__doc__).partition("\n")[0].rstrip(".")
    return Outcome(_theme(check), check.__name__, sentence, status, str(looked), tuple(faults), reason)


def _relative(error: OSError, root: Path) -> str:
    path = Path(str(error.filename))
    return path.relative_to(root).as_posix() if path.is_relative_to(root) else path.name


def _theme(check: Check) -> str:
    return check.__module__.rpartition(".")[2]
