"""What a stream's checkpoint belongs to: the source, its columns, and an id for the runs of its batches."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from uuid import uuid4

from ..errors import ProjectError

_FILE = "belongs_to.json"


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
    file = folder / _FILE
    if not file.exists():
        known = Checkpoint(uuid4().hex[:12], source_table, dict(columns))
    else:
        known = Checkpoint(**json.loads(file.read_text(encoding="utf-8")))
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
        known = Checkpoint(known.stream, source_table, dict(columns))
    folder.mkdir(parents=True, exist_ok=True)
    staged = file.with_suffix(".new")
    staged.write_text(json.dumps(asdict(known)), encoding="utf-8")
    staged.rename(file)
    return known
