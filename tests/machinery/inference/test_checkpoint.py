"""What a checkpoint belongs to is written as a volume allows, and survives being killed at any point."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from mlops.errors import ProjectError
from mlops.inference.checkpoint import Checkpoint, open_checkpoint

SHOWN, TABLE = "/Volumes/dev/s/artifacts/streams/1", "dev.s.trips"
OLD, NEW = {"tip": "int"}, {"tip": "int", "tolls": "double"}


class KilledError(Exception):
    """Stands for the end of the process."""


def opened(folder: Path, columns: dict[str, str]) -> Checkpoint:
    return open_checkpoint(folder, SHOWN, TABLE, columns)


def records(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.fixture(autouse=True)
def _as_a_volume(monkeypatch: pytest.MonkeyPatch) -> None:
    """Refuse what is not documented to work in a volume: renaming, linking, appending and replacing a file's content.

    Clients that rename or link fail there with `Function not implemented`
    (https://github.com/delta-io/delta-rs/issues/2540, https://github.com/developmentseed/obstore/issues/748).
    """

    def refuse(*_: object, **__: object) -> None:
        raise OSError(38, "Function not implemented")

    for name in ("rename", "replace", "link", "truncate"):
        monkeypatch.setattr(os, name, refuse)
    really = Path.open

    def opening(self: Path, mode: str = "r", *rest: Any, **others: Any) -> Any:  # noqa: ANN401 - of pathlib
        if "a" in mode or "+" in mode or ("w" in mode and self.exists()):
            refuse()
        return really(self, mode, *rest, **others)

    monkeypatch.setattr(Path, "open", opening)


def test_a_checkpoint_is_the_same_whenever_it_is_opened_and_written_once(tmp_path: Path) -> None:
    first = opened(tmp_path / "new", OLD)
    assert opened(tmp_path / "new", OLD) == first
    assert records(tmp_path / "new") == ["belongs_to.1.json"]


def test_new_columns_are_a_new_record_which_replaces_the_old_one(tmp_path: Path) -> None:
    first = opened(tmp_path, OLD)
    second = opened(tmp_path, NEW)
    assert (second.stream, second.columns) == (first.stream, NEW)
    assert records(tmp_path) == ["belongs_to.2.json"]


def test_the_record_of_an_earlier_version_is_read_and_replaced_only_when_it_changes(tmp_path: Path) -> None:
    earlier = Checkpoint("0123456789ab", TABLE, OLD)
    (tmp_path / "belongs_to.json").write_text(json.dumps(asdict(earlier)))
    assert opened(tmp_path, OLD) == earlier
    assert records(tmp_path) == ["belongs_to.json"]
    assert opened(tmp_path, NEW).stream == earlier.stream
    assert records(tmp_path) == ["belongs_to.1.json"]


def _half_written(self: Path, text: str, **_: object) -> None:
    self.write_bytes(text[: len(text) // 2].encode())
    raise KilledError


def _not_begun(*_: object, **__: object) -> None:
    raise KilledError


def _empty(self: Path, text: str, **_: object) -> None:  # noqa: ARG001 - of pathlib
    self.write_bytes(b"")
    raise KilledError


@pytest.mark.parametrize("killed", [_not_begun, _empty, _half_written])
def test_whoever_is_killed_while_writing_leaves_the_older_record(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, killed: Callable[..., None]
) -> None:
    first = opened(tmp_path, OLD)
    with monkeypatch.context() as patch:
        patch.setattr(Path, "write_text", killed)
        with pytest.raises(KilledError):
            opened(tmp_path, NEW)
    again = opened(tmp_path, OLD)
    assert (again, opened(tmp_path, NEW).stream) == (first, first.stream)


@pytest.mark.parametrize("killed", [_empty, _half_written])
def test_whoever_is_killed_before_the_first_record_is_complete_starts_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, killed: Callable[..., None]
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(Path, "write_text", killed)
        with pytest.raises(KilledError):
            opened(tmp_path, OLD)
    begun = opened(tmp_path, OLD)
    assert opened(tmp_path, OLD) == begun


def test_whoever_is_killed_before_the_older_record_is_removed_leaves_the_newer_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = opened(tmp_path, OLD)

    def killed(_: Path) -> None:
        raise KilledError

    with monkeypatch.context() as patch:
        patch.setattr(Path, "unlink", killed)
        with pytest.raises(KilledError):
            opened(tmp_path, NEW)
    assert opened(tmp_path, NEW).stream == first.stream


@pytest.mark.parametrize("name", ["belongs_to.json", "belongs_to.2.json"])
def test_a_stream_that_has_run_does_not_begin_anew_if_no_record_can_be_read(tmp_path: Path, name: str) -> None:
    """A stream that goes on under another id would record its batches a second time."""
    (tmp_path / name).write_text("{")
    (tmp_path / "stream").mkdir()
    with pytest.raises(ProjectError, match=r"no record of what the checkpoint .* belongs to can be read: name another"):
        opened(tmp_path, OLD)
