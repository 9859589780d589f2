"""An example project for the tests, so that the tests of the machinery pass whatever you change in your own files."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from mlops.config.load import load
from mlops.project import Project

from . import business, checks, features, functions, model, synthetic

CONFIG = Path(__file__).with_name("project.yml")
PROJECT = Project.of(
    load(CONFIG, metrics=checks),
    features=features,
    functions=functions,
    model=model,
    checks=checks,
    business=business,
    example_data=synthetic.example_data,
)


def change(patch: pytest.MonkeyPatch, **fields: object) -> None:
    """Change these fields of the project that `run_task` uses, until the patch is undone."""
    patch.setattr(f"{__name__}.PROJECT", replace(PROJECT, **fields))
