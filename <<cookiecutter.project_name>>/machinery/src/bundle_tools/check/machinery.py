"""The machinery is the one that was delivered."""

from __future__ import annotations

import base64
import hashlib
import importlib.metadata
from collections.abc import Iterator
from pathlib import Path

from mlops.errors import ProjectError

from .checked_project import CheckedProject
from .machinery_source import MachineryDistribution, machinery_source
from .outcome import Caution
from .tally import Tally

_DIGESTS = "digests"
_FORK_OF_DISTRIBUTION = "changes belong into a fork of the template, because the next installation replaces this file"
_FORK = "changes belong into a fork of the template, because an update replaces this folder whole"


def the_machinery_is_as_delivered(project: CheckedProject, looked: Tally) -> Iterator[str]:
    """The machinery is as delivered, so that an update can replace it."""
    source = machinery_source(project)
    if isinstance(source, MachineryDistribution):
        yield from _edited_files(source, looked)
        return
    delivered = _digests(source.path, source.name)
    present = _files(source.path)
    looked.add("file", *delivered, *present)
    for name in sorted({*delivered, *present}):
        place = f"{source.name}/{name}"
        if name not in present:
            yield Caution(f"{place}: is missing: restore it, or make the change in a fork of the template")
        elif name not in delivered:
            yield Caution(f"{place}: is not part of the machinery: {_FORK}")
        elif hashlib.sha256(present[name].read_bytes()).hexdigest() != delivered[name]:
            yield Caution(f"{place}: differs from what was delivered: {_FORK}")


def _edited_files(source: MachineryDistribution, looked: Tally) -> Iterator[str]:
    """Yield the installed files that differ from the digests with which they were installed."""
    for file in importlib.metadata.files(source.requirement.name) or []:
        if file.hash is None or file.suffix != ".py":
            continue
        looked.add(f"installed file of {source.requirement.name} {source.version}", str(file))
        path = Path(str(file.locate()))
        if path.is_file() and _digest_in_record(path, file.hash.mode) != file.hash.value:
            yield Caution(f"{file}: differs from what was installed: {_FORK_OF_DISTRIBUTION}")


def _digest_in_record(path: Path, algorithm: str) -> str:
    """Return the digest of a file as a distribution's RECORD has it."""
    digest = hashlib.new(algorithm, path.read_bytes()).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def _digests(folder: Path, name: str) -> dict[str, str]:
    """Return the SHA-256 digest of each delivered file; the file has the format of `sha256sum`.

    Raises:
        ProjectError: The file is missing or has another format.
    """
    file = folder / _DIGESTS
    restore = "restore it from the version control, or update the project from the template"
    if not file.is_file():
        raise ProjectError(f"{name}/{_DIGESTS}: is missing, so that edits of the machinery go unnoticed: {restore}")
    digests = {}
    for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), start=1):
        digest, _, path = line.partition("  ")
        if len(digest) != hashlib.sha256().digest_size * 2 or not path:
            raise ProjectError(f"{name}/{_DIGESTS}: line {number} is not a digest and a path: {restore}")
        digests[path] = digest
    return digests


def _files(folder: Path) -> dict[str, Path]:
    """Return the files of the machinery, without its digests and what tools have left."""
    paths = {path.relative_to(folder): path for path in folder.rglob("*") if path.is_file()}
    return {
        name.as_posix(): path
        for name, path in paths.items()
        if name.as_posix() != _DIGESTS and not any(_is_left_by_a_tool(part) for part in name.parts)
    }


def _is_left_by_a_tool(name: str) -> bool:
    return name == "__pycache__" or name.endswith((".egg-info", "_cache", ".pyc")) or name in {".DS_Store", "build"}


CHECKS = (the_machinery_is_as_delivered,)
