"""Commits of the repository that the bundle is in."""

from __future__ import annotations

import logging
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mlops.errors import ProjectError

from ..bundle.load import Bundle

log = logging.getLogger(__name__)


_FETCH_SECONDS = 60


def is_repository(root: Path) -> bool:
    """Return whether the folder belongs to a repository with a commit."""
    try:
        head(root)
    except ProjectError:
        return False
    return True


def head(root: Path) -> str:
    """Return the full hash of the checked-out commit.

    Raises:
        ProjectError: There is no repository, or no commit in it.
    """
    return _git(root, "rev-parse", "--verify", "--quiet", "HEAD")


def uncommitted(root: Path) -> list[str]:
    """Return the files of this folder that are not as in HEAD; ignored files do not count."""
    lines = _git(root, "status", "--porcelain", "--untracked-files=all", "--", ".").splitlines()
    return [line.strip().partition(" ")[2].strip() for line in lines]


def remotes(root: Path) -> list[str]:
    """Return the names of the remotes, `origin` first."""
    return sorted(_git(root, "remote").split(), key=lambda name: (name != "origin", name))


def is_in_remote_branch(root: Path, remote: str, branch: str) -> bool:
    """Return whether HEAD is a commit of a remote's branch.

    The remote is asked. A checkout of CI may have no credentials left for that; it fetched the branch moments ago.
    """
    reference = f"refs/remotes/{remote}/{branch}"
    try:
        _git(root, "fetch", "--quiet", "--no-tags", remote, f"+refs/heads/{branch}:{reference}", seconds=_FETCH_SECONDS)
    except ProjectError as error:
        log.info("%s is not asked for its branch %s again: %s", remote, branch, error)
    try:
        _git(root, "merge-base", "--is-ancestor", "HEAD", reference)
    except ProjectError:
        return False
    return True


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


@contextmanager
def files_of(bundle: Bundle, commit: str) -> Iterator[Path]:
    """Yield the folder with the bundle's files of a commit; without one, the bundle's own folder."""
    if commit:
        with checked_out(bundle, commit) as folder:
            yield folder
    else:
        yield bundle.root


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


def _git(folder: Path, *words: str, seconds: float | None = None) -> str:
    git = shutil.which("git")
    if git is None:
        raise ProjectError("git is not on the PATH: install it")
    try:
        done = subprocess.run(  # noqa: S603 - no shell
            [git, "-C", str(folder), *words],
            env={**os.environ, "GIT_TERMINAL_PROMPT": "0"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=seconds,
        )
    except subprocess.TimeoutExpired:
        raise ProjectError(f"`git {words[0]}` took longer than {seconds:.0f} seconds") from None
    if done.returncode:
        raise ProjectError(f"`git {words[0]}` failed: {done.stderr.strip() or 'no reason given'}")
    return done.stdout.strip()
