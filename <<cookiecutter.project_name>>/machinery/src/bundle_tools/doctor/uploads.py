"""Files that git does not track and a deployment would upload, or build into the wheel."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator

from ..bundle.load import Bundle
from .finding import Finding, fine, missing, unseen

_SHOWN = 3
# The wheel is built from here, although the files themselves may be excluded from the upload.
_SOURCES = ("src", "machinery/src")


def check(bundle: Bundle) -> Iterator[Finding]:
    """Yield whether a deployment from this folder would take more than the repository has.

    In development mode that is as it should be, so it is only said.
    """
    is_development = bundle.mode == "development"
    listed = _untracked(bundle)
    if listed is None:
        why = "this folder is in no git repository" if shutil.which("git") else "git is not on the PATH"
        sentence = f"{why}, so a deployment takes whatever lies here"
        yield fine(sentence) if is_development else unseen(f"which files are untracked: {sentence}")
        return
    if not listed:
        yield fine("a deployment takes no file that git does not track")
        return
    names = ", ".join(listed[:_SHOWN]) + (", ..." if len(listed) > _SHOWN else "")
    sentence = f"a deployment would take {len(listed)} files that git does not track ({names})"
    if is_development:
        yield fine(sentence)
    else:
        yield missing(f"{sentence}: commit them, delete them, or put them in .gitignore")


def _untracked(bundle: Bundle) -> list[str] | None:
    """Return the untracked files, or None outside a repository.

    The patterns of `sync.exclude` are git's own, so git applies them.
    """
    sync = bundle.config.get("sync") or {}
    uploaded = _listed(bundle, *(f"--exclude={pattern}" for pattern in sync.get("exclude") or []))
    if uploaded is None:
        return None
    built = _listed(bundle, "--", *_SOURCES) or []
    return sorted({*uploaded, *built})


def _listed(bundle: Bundle, *words: str) -> list[str] | None:
    git = shutil.which("git")
    if git is None:
        return None
    done = subprocess.run(  # noqa: S603 - no shell
        [git, "-C", str(bundle.root), "ls-files", "--others", "--exclude-standard", "-z", *words],
        capture_output=True,
        text=True,
        check=False,
    )
    return None if done.returncode else [name for name in done.stdout.split("\0") if name]
