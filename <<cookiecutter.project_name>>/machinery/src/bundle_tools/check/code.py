"""Configuration, functions and model of the project fit each other."""

from __future__ import annotations

import os
from collections.abc import Iterator

from mlops.preflight.check import problems

from ..run import entry_points
from ..workspace import engine
from .checked_project import CheckedProject
from .tally import Tally


def every_entry_point_can_be_imported(project: CheckedProject, looked: Tally) -> Iterator[str]:
    """pyproject.toml and project.yml can be read, and every entry point can be imported."""
    if isinstance(project.read_pyproject, str):
        yield project.read_pyproject
    elif isinstance(project.loaded_tasks, str):
        yield project.loaded_tasks
    else:
        looked.add("entry point", *project.loaded_tasks)


def the_code_fits_its_configuration(project: CheckedProject, looked: Tally) -> Iterator[str]:
    """Your functions and your model fit project.yml, tried on empty frames and made-up rows."""
    yours = entry_points.project(project.tasks)
    looked.add("feature table", *yours.config.feature_tables)
    looked.add("function", *(function.function for function in yours.config.functions))
    looked.add("input", *yours.config.features)
    with engine.start(os.environ.get("ENGINE") or "sail", ["dev", "samples"]) as spark:
        yield from problems(yours, spark)


CHECKS = (every_entry_point_can_be_imported, the_code_fits_its_configuration)
