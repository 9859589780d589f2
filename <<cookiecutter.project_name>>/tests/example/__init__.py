"""An example project for the tests, so that the tests of the machinery do not depend on your code."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from mlops.config.load import load
from mlops.project import Project

from . import business, checks, features, functions, model, synthetic

CONFIG = Path(__file__).with_name("project.yml")
PROJECT = Project.of(
    load(CONFIG),
    features=features,
    functions=functions,
    model=model,
    checks=checks,
    business=business,
    example_data=synthetic.trips,
)


def change(patch: pytest.MonkeyPatch, **fields: object) -> None:
    """Make `run_task` use a project with these fields changed, until the patch is undone."""
    patch.setattr(f"{__name__}.PROJECT", replace(PROJECT, **fields))
