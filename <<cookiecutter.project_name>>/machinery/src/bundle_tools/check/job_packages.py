"""What the jobs install beside the wheel is exact, and replaces only what is written down with a reason."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from packaging.utils import canonicalize_name

from ..bundle.load import Bundle
from .checked_project import CheckedProject
from .imported_packages import installed_by
from .in_every_target import in_every_target
from .requirements import brought, wheel_requirements
from .tally import Tally

_EXACT = re.compile(r"[\w.-]+(\[[\w,.-]+\])?==[\w.!+-]+")


def the_jobs_install_exact_versions_and_replace_only_what_has_a_reason(
    project: CheckedProject, looked: Tally
) -> Iterator[str]:
    """The jobs install exact versions, which fit together and replace only what is listed with its reason.

    The wheel and what is listed beside it are resolved together against `constraints.txt`, offline: with the
    requirements of those packages that are installed here in the same version.
    """
    platform = brought(project, looked)
    wheel = wheel_requirements(project, looked)
    texts = {name: (project.root / name).read_text("utf-8") for name in project.bundle_files}
    reasons = {line for text in texts.values() for line in _with_reason(text)}

    @cache  # most jobs of all targets install the same
    def faults_of(lines: tuple[str, ...]) -> list[str]:
        exact = [line for line in lines if _EXACT.fullmatch(line)]
        pins = {str(canonicalize_name(re.split(r"\[|==", line)[0])): line.rpartition("==")[2] for line in exact}
        of_lines = (fault for line in lines for fault in _faults_of(line, platform, reasons))
        return [*of_lines, *_conflicts([*wheel, *exact], platform, pins)]

    def faults(bundle: Bundle) -> Iterator[str]:
        for job_place, lines in _package_lists(bundle):
            # Jobs share a variable: its file is where a person mends it, once.
            place = next((name for name in texts if lines and lines[0] in texts[name]), job_place)
            looked.add("line", *lines)
            yield from (f"{place}: {fault}" for fault in faults_of(lines))

    yield from in_every_target(project, looked, faults)


def _package_lists(bundle: Bundle) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield the place and the lines of each list of packages, of environments and of libraries, without wheels."""
    for key, job in bundle.jobs.items():
        for environment in job.get("environments") or []:
            lines = [str(line) for line in environment["spec"].get("dependencies") or []]
            yield bundle.place(f"resources.jobs.{key}.environments"), _without_wheels(lines)
        for task in job.get("tasks") or []:
            libraries: list[Mapping[str, Any]] = task.get("libraries") or []
            if libraries:
                lines = [str(library["pypi"]["package"]) for library in libraries if "pypi" in library]
                yield bundle.place(f"resources.jobs.{key}.tasks[{task['task_key']}].libraries"), _without_wheels(lines)


def _without_wheels(lines: list[str]) -> tuple[str, ...]:
    return tuple(line for line in lines if not line.endswith(".whl"))


def _with_reason(text: str) -> Iterator[str]:
    """Yield each requirement in a list that has a comment in its line."""
    for match in re.finditer(r"^ *(?:-|package:) +[\"']?([^\s\"'#]+)[\"']? +# *\S", text, re.MULTILINE):
        yield match[1]


def _faults_of(line: str, platform: Mapping[str, str], reasons: set[str]) -> Iterator[str]:
    if not _EXACT.fullmatch(line):
        yield f"'{line}' is not an exact version, so two runs may install different ones: write name==version"
        return
    name, _, chosen = line.partition("==")
    there = platform.get(canonicalize_name(name.partition("[")[0]))
    if there is not None and there != chosen and line not in reasons:
        yield f"'{line}' replaces {there} of the platform without a reason: add it as a comment, or remove the line"


def _conflicts(required: list[str], platform: Mapping[str, str], pins: Mapping[str, str]) -> Iterator[str]:
    """Yield what the pins and the platform do not fulfil of the requirements, and of what these install."""
    unchanged = [name for name in platform if name not in pins]
    for requirement, by in installed_by(required, unchanged):
        name, parent = canonicalize_name(requirement.name), by.removeprefix(" by ")
        if parent in pins and pins[parent] != _local_version(parent):
            continue  # another version may require something else
        chosen = pins.get(name) or platform.get(name)
        who, wanted = by.strip() or "by the wheel", f"{name}{requirement.specifier}"
        if chosen is None:
            yield f"{wanted} is installed {who} in any version: add {name}=={_local_version(name)}"
        elif not requirement.specifier.contains(chosen, prereleases=True):
            yield f"{wanted} is required {who}, and the jobs have {name} {chosen}: choose versions that fit"


def _local_version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "<version>"


CHECKS = (the_jobs_install_exact_versions_and_replace_only_what_has_a_reason,)
