"""Marks the commit that a training records if the working tree differs from it."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from .scheduler import WheelTask

MARK = "+uncommitted"
_COMMIT = "git_commit"


def with_uncommitted_mark(call: WheelTask, root: Path) -> WheelTask:
    """Return `call`; if the folder has uncommitted changes, the parameter `git_commit` of a task says so.

    The CLI has no such mark, so a bundle deployed to Databricks from a changed working tree records the commit alone.
    """
    if not _has_changes(root):
        return call

    def marking(entry_point: str, parameters: Mapping[str, str]) -> Mapping[str, Any]:
        commit = parameters.get(_COMMIT)
        return call(entry_point, {**parameters, _COMMIT: f"{commit}{MARK}"} if commit else parameters)

    return marking


def _has_changes(root: Path) -> bool:
    git = shutil.which("git")
    if git is None:
        return False
    done = subprocess.run(  # noqa: S603 - a fixed command without user input
        [git, "-C", str(root), "status", "--porcelain", "--", "."], capture_output=True, text=True, check=False
    )
    return done.returncode == 0 and bool(done.stdout.strip())
