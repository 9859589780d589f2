"""What a stream's checkpoint belongs to: the source, its columns, and an id for the runs of its batches."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from uuid import uuid4

from ..errors import ProjectError

log = logging.getLogger(__name__)

# Renaming a file over another is not documented to work in a volume, and there are clients whose way to rename or copy
# fails there (https://github.com/delta-io/delta-rs/issues/2540). Appending and writing out of order are documented not
# to work (https://docs.databricks.com/volumes/volume-files). So each record is a new file with a higher number.
_NAME = re.compile(r"belongs_to(?:\.(\d+))?\.json")  # without a number in projects made before 1.1.0


@dataclass(frozen=True)
class Checkpoint:
    """The source of a checkpoint.

    Attributes:
        stream: Identifies the checkpoint.
        source_table: Three-level name of the table that is streamed.
        columns: The Spark type of each of its columns.
    """

    stream: str
    source_table: str
    columns: Mapping[str, str]

    def run(self, batch: int) -> str:
        """Identify the scoring of a batch; it is the same when the batch is repeated."""
        return f"{self.stream}-{batch}"


def open_checkpoint(folder: Path, shown: str, source_table: str, columns: Mapping[str, str]) -> Checkpoint:
    """Return what a checkpoint belongs to, after making sure that it fits the source; create it the first time.

    Args:
        folder: Where its files are.
        shown: The name of the folder in messages.
        source_table: The table that is to be streamed.
        columns: The columns of that table.

    Raises:
        ProjectError: It is the checkpoint of another source, or a column is gone or has another type.
    """
    records = _records(folder)
    written = _newest(folder, records, shown)
    if written is None:
        known = Checkpoint(uuid4().hex[:12], source_table, dict(columns))
    else:
        _require_same(written, shown, source_table, columns)
        known = Checkpoint(written.stream, source_table, dict(columns))
    if known != written:
        _write(folder, max(records, default=0) + 1, known)
        # Only now: whoever is killed before leaves the older record, and a half-written one that is passed over.
        for file in records.values():
            file.unlink()
    return known


def _records(folder: Path) -> dict[int, Path]:
    """Return the files of the records by their numbers, the newest first."""
    named = {path: match for path in folder.glob("belongs_to*.json") if (match := _NAME.fullmatch(path.name))}
    numbered = {int(match[1] or 0): path for path, match in named.items()}
    return dict(sorted(numbered.items(), reverse=True))


def _newest(folder: Path, records: Mapping[int, Path], shown: str) -> Checkpoint | None:
    """Return the newest record that was written to its end; None if there is none because no stream has run yet."""
    for file in records.values():
        try:
            return Checkpoint(**json.loads(file.read_text(encoding="utf-8")))
        except ValueError:  # a document that was cut off has no closing brace
            log.warning("passing over %s, which was not written to its end", file)
    if records and any(path.is_dir() for path in folder.iterdir()):  # the stream keeps its own files in folders
        raise ProjectError(
            f"no record of what the checkpoint {shown} belongs to can be read: name another folder in the variable "
            "stream_checkpoint; rows that were scored are not scored again."
        )
    return None


def _write(folder: Path, number: int, known: Checkpoint) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"belongs_to.{number}.json").write_text(json.dumps(asdict(known)), encoding="utf-8")


def _require_same(known: Checkpoint, shown: str, source_table: str, columns: Mapping[str, str]) -> None:
    if known.source_table != source_table:
        raise ProjectError(
            f"the checkpoint {shown} belongs to a stream of {known.source_table}, not of {source_table}: name "
            "another folder in the variable stream_checkpoint; rows that were scored are not scored again."
        )
    changed = [
        f"{name} was {kind} and is {f'{columns[name]} now' if name in columns else 'gone'}"
        for name, kind in known.columns.items()
        if columns.get(name) != kind
    ]
    if changed:
        raise ProjectError(
            f"{source_table} has changed since the checkpoint {shown} was made: {', '.join(changed)}. Restore the "
            "columns, or adapt project.yml and name another folder in the variable stream_checkpoint; rows that "
            "were scored are not scored again."
        )
