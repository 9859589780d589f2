"""Passes the project to the machinery. An entry point such as `train` is made of its task and the project when asked for.

The tasks are listed in `mlops.ENTRY_POINTS`, and `resources/*.job.yml` names them; the wheel declares each of them.
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
