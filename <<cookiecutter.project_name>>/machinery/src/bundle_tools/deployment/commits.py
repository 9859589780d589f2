"""Commits of the repository that the bundle is in."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mlops.errors import ProjectError

from ..bundle.load import Bundle


@contextmanager
def checked_out(bundle: Bundle, commit: str) -> Iterator[Path]:
    """Yield the bundle's folder in a temporary clone, on the branch that the target requires."""
    root = bundle.root
    top = Path(_git(root, "rev-parse", "--show-toplevel"))
    branch = str(bundle.config["bundle"]["git"].get("branch") or "main")
    with tempfile.TemporaryDirectory() as folder:
        _git(root, "clone", "--quiet", "--shared", "--no-checkout", str(top), folder)
        _git(Path(folder), "checkout", "--quiet", "-B", branch, commit)
        yield Path(folder) / root.resolve().relative_to(top.resolve())


def earlier(root: Path, commit: str) -> str:
    """Return the full hash of an earlier commit of this branch, or an empty string for none and for HEAD itself.

    Raises:
        ProjectError: There is no such commit, or it is not part of this branch.
    """
    if not commit:
        return ""
    try:
        full = _git(root, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{commit}^{{commit}}")
        _git(root, "merge-base", "--is-ancestor", full, "HEAD")
    except ProjectError:
        raise ProjectError(f"commit {commit} is not in the history of this branch: give one of `git log`") from None
    return "" if full == _git(root, "rev-parse", "HEAD") else full


def _git(folder: Path, *words: str) -> str:
    git = shutil.which("git")
    if git is None:
        raise ProjectError("git is not on the PATH: install it")
    done = subprocess.run(  # noqa: S603 - no shell
        [git, "-C", str(folder), *words], capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise ProjectError(f"`git {words[0]}` failed: {done.stderr.strip() or 'no reason given'}")
    return done.stdout.strip()
