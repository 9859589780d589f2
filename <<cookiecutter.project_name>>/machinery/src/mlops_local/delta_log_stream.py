"""Micro-batches from the log of a Delta table, for engines that cannot stream.

A batch is planned before it is processed and marked as done afterwards, as Structured Streaming does, so that one that
was interrupted is repeated with the same rows. The log is described in the protocol of Delta
(https://github.com/delta-io/delta/blob/master/PROTOCOL.md).
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote

from pyspark.sql import DataFrame, SparkSession


@dataclass(frozen=True)
class DeltaLogStream:
    """The commits of a table that were not processed yet.

    Attributes:
        spark: A session of the engine.
        table: The folder of the table.
        checkpoint: The folder that remembers what was read.
    """

    spark: SparkSession
    table: Path
    checkpoint: Path

    def batches(self) -> Iterator[tuple[int, DataFrame]]:
        """Yield number and rows of each batch until there are no new rows; one is done when the next is asked for."""
        planned, done = (self.checkpoint / name for name in ("offsets", "commits"))
        for folder in (planned, done):
            folder.mkdir(parents=True, exist_ok=True)
        while True:
            batch = len(list(done.iterdir()))
            offset = planned / str(batch)
            if not offset.exists():
                newest, last = self._newest(), self._last(planned, batch)
                if newest <= last:
                    return
                _write(offset, json.dumps({"after": last, "until": newest}))
            plan = json.loads(offset.read_text(encoding="utf-8"))
            if files := self._files(plan["after"], plan["until"]):
                yield batch, self.spark.read.parquet(*files)
            _write(done / str(batch), "")

    def _newest(self) -> int:
        return max(int(commit.stem) for commit in (self.table / "_delta_log").glob("*.json"))

    @staticmethod
    def _last(planned: Path, batch: int) -> int:
        if batch == 0:
            return -1
        return int(json.loads((planned / str(batch - 1)).read_text(encoding="utf-8"))["until"])

    def _files(self, after: int, until: int) -> list[str]:
        """Return the files with rows that the commits have added and that a later one of them has not removed."""
        files: dict[str, None] = {}
        for version in range(after + 1, until + 1):
            text = (self.table / "_delta_log" / f"{version:020}.json").read_text(encoding="utf-8")
            for action in map(json.loads, text.splitlines()):
                if "add" in action and action["add"]["dataChange"]:
                    files[unquote(action["add"]["path"])] = None
                elif "remove" in action:
                    files.pop(unquote(action["remove"]["path"]), None)
        return [str(self.table / name) for name in files]


def _write(file: Path, text: str) -> None:
    """Write a file at once, so that it is never half-written."""
    staged = file.parent.with_name(f".{file.parent.name}-{file.name}")
    staged.write_text(text, encoding="utf-8")
    staged.rename(file)
