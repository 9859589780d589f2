"""Copies of a generated project that a test may break; the machinery is a link to that of the template."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from bundle_tools.check.outcome import Outcome
from bundle_tools.check.run_checks import CHECKS, run_checks

from generated import generated_project

Check = Callable[[str], Outcome]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    project = generated_project()
    ignored = shutil.ignore_patterns("__pycache__", "machinery")
    copy = Path(shutil.copytree(project, tmp_path / "project", ignore=ignored))
    (copy / "machinery").symlink_to(project / "machinery")
    return copy


@pytest.fixture
def check(root: Path) -> Check:
    """Make one check of the project in `root`."""

    def make(name: str) -> Outcome:
        assert name in CHECKS
        (outcome,) = run_checks(root, only=name)
        return outcome

    return make


@pytest.fixture
def edit(root: Path) -> Callable[[str, str, str], None]:
    """Replace a text in a file of the project, which must contain it."""

    def replace(name: str, old: str, new: str) -> None:
        file = root / name
        text = file.read_text(encoding="utf-8")
        assert old in text
        file.write_text(text.replace(old, new, 1), encoding="utf-8")

    return replace
