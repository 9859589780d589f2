"""Passes the project to the machinery, and makes an entry point of each task, such as `train`.

`mlops.ENTRY_POINTS` lists the tasks; the wheel declares an entry point for each, which `resources/*.job.yml` name.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from mlops import ENTRY_POINTS, Project, entry_point, load_config

from . import business, checks, features, functions, model, synthetic

PROJECT = Project.of(
    load_config(Path(__file__).with_name("project.yml"), metrics=checks),
    features=features,
    functions=functions,
    model=model,
    checks=checks,
    business=business,
    example_data=synthetic.example_data,
)


def __getattr__(name: str) -> Callable[[], None]:
    """Return the entry point of a task."""
    if name not in ENTRY_POINTS:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return entry_point(name, PROJECT)
