"""The files of the bundle are consistent: known keys, included files, used variables, references that resolve."""

from __future__ import annotations

import re
from collections.abc import Iterator

from mlops.errors import did_you_mean

from ..bundle.bundle_files import ROOT_FILE
from .checked_project import CheckedProject
from .in_every_target import with_targets
from .known_keys import unknown_keys
from .tally import Tally

_LEVELS = ["CAN_MANAGE", "CAN_RUN", "CAN_VIEW"]
_PRINCIPALS = ("group_name", "service_principal_name", "user_name")


def every_reference_resolves(project: CheckedProject, looked: Tally) -> Iterator[str]:
    """Every reference and variable resolves in every target."""
    looked.add_around("file", *project.bundle_files)
    if isinstance(project.read_sources, str):
        yield project.read_sources
        return
    bundles, reasons = project.resolved
    looked.add("target", *bundles, *reasons)
    targets: dict[str, list[str]] = {}
    for target, reason in reasons.items():
        targets.setdefault(reason, []).append(target)
    yield from with_targets(targets, len(bundles) + len(reasons))
    for target, bundle in bundles.items():
        if not bundle.jobs:
            yield f"{ROOT_FILE}: targets.{target}: the bundle has no jobs: include the files in resources"


def every_key_is_known(project: CheckedProject, looked: Tally) -> Iterator[str]:
    """Every key outside `resources` is one that the Databricks CLI knows."""
    for name, content in project.trees.items():
        looked.add("file", name)
        for path, hint in unknown_keys(content):
            yield f"{name}: {path}: unknown key{hint}"


def permissions_name_a_level_and_one_principal(project: CheckedProject, looked: Tally) -> Iterator[str]:
    """Every permission has a known level and one principal."""
    for target, bundle in project.bundles.items():
        looked.add_around("target", target)
        for index, permission in enumerate(bundle.config.get("permissions") or []):
            looked.add("permission", (target, index))
            place = f"{ROOT_FILE}: targets.{target}.permissions[{index}]"
            level = permission.get("level")
            if level not in _LEVELS:
                yield f"{place}.level: {level} is none of {', '.join(_LEVELS)}{did_you_mean(str(level), _LEVELS)}"
            if len([key for key in permission if key in _PRINCIPALS]) != 1:
                yield f"{place}: name one group, user or service principal"


def every_file_of_resources_is_included(project: CheckedProject, looked: Tally) -> Iterator[str]:
    """Every file in `resources` is included in the bundle."""
    included = set(project.sources.content.get("include") or [])
    for path in sorted((project.root / "resources").rglob("*")):
        if path.is_file():
            name = path.relative_to(project.root)
            looked.add("file", name)
            if not any(name.match(pattern) for pattern in included):
                yield f"{name.as_posix()}: no include of {ROOT_FILE} matches it, so it is not deployed"


def every_file_that_a_resource_names_exists(project: CheckedProject, looked: Tally) -> Iterator[str]:
    """Every file that a resource names is there."""
    for name, scalars in project.scalars.items():
        looked.add_around("bundle file", name)
        for path, value in scalars.items():
            if path.endswith(".file_path") and path.startswith("resources."):
                looked.add("named file", (name, path))
                if not (project.root / name).parent.joinpath(str(value)).is_file():
                    yield f"{name}: {path}: there is no file '{value}'"


def every_variable_is_used(project: CheckedProject, looked: Tally) -> Iterator[str]:
    """Every variable is used by a resource or a setting."""
    texts = [str(value) for scalars in project.scalars.values() for value in scalars.values()]
    used = {name for text in texts for name in re.findall(r"\$\{var\.([\w-]+)", text)}
    for name, tree in project.trees.items():
        for variable in tree.get("variables") or {}:
            looked.add("variable", variable)
            if variable not in used:
                yield f"{name}: variables.{variable}: no resource or setting uses this variable"


def every_variable_says_what_it_is_for(project: CheckedProject, looked: Tally) -> Iterator[str]:
    """Every variable has a description."""
    for name, tree in project.trees.items():
        for variable, definition in (tree.get("variables") or {}).items():
            looked.add("variable", variable)
            if not (definition or {}).get("description"):
                yield f"{name}: variables.{variable}: no description: say what it is for"


CHECKS = (
    every_reference_resolves,
    every_key_is_known,
    permissions_name_a_level_and_one_principal,
    every_file_of_resources_is_included,
    every_file_that_a_resource_names_exists,
    every_variable_is_used,
    every_variable_says_what_it_is_for,
)
