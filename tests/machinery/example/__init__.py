"""An example project for the tests. EXAMPLE=classification makes it predict the other label.

It is a copy of the example of the template, so that a fork may give its projects another one.
"""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

from mlops.config.load import load
from mlops.project import Project

from . import business, checks, features, functions, model, synthetic

CONFIG = Path(__file__).with_name(f"{os.environ.get('EXAMPLE', 'regression')}.yml")
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
