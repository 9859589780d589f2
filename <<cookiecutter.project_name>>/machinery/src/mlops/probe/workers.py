"""Whether functions that Spark calls in other processes can import the wheel: for rows, and for a stream's batches."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import pandas as pd
from pyspark.sql import DataFrame

from ..errors import ProjectError
from ..machinery_version import version
from ..platform.streaming import Streaming
from .job import Job

_SCHEMA = "machinery string, process bigint"


def describe_process(frames: Iterable[pd.DataFrame]) -> Iterator[pd.DataFrame]:
    """Return the machinery's version as this process knows it, and the number of the process, for each row."""
    for frame in frames:
        yield pd.DataFrame({"machinery": [version()] * len(frame), "process": [os.getpid()] * len(frame)})


def rows(probed: Job) -> str:
    """Whether a pandas function that comes from the wheel runs in Spark's workers."""
    spark = probed.platform.tables.spark
    descriptions = spark.range(4).mapInPandas(describe_process, _SCHEMA).collect()
    return _same_machinery(descriptions, expected=4)


@dataclass(frozen=True)
class BatchSink:
    """Records the process of each batch of a stream; it is pickled.

    Attributes:
        table: Where it records it.
    """

    table: str

    def __call__(self, rows: DataFrame, batch: int, platform: Any) -> None:  # noqa: ANN401, ARG002 - as in Sink
        """Append a line for each row of the batch."""
        described = pd.concat(describe_process([rows.toPandas()]))
        lines = list(described.itertuples(index=False, name=None))
        platform.tables.append(self.table, platform.tables.spark.createDataFrame(lines, _SCHEMA))


def batches(probed: Job) -> str:
    """Whether a function for the batches of a stream, which comes from the wheel, is called and writes a table."""
    tables = probed.platform.tables
    source, sink = f"{probed.schema_name}.probe_stream", f"{probed.schema_name}.probe_batches"
    checkpoint = f"{probed.folder}/{probed.run_id}"
    for name in (source, sink):
        tables.drop(name)  # of an earlier probe that was killed
    try:
        tables.overwrite(source, tables.spark.range(3))
        tables.overwrite(sink, tables.spark.createDataFrame([], _SCHEMA))
        probed.platform.stream(source, BatchSink(sink), Streaming(checkpoint, {}, interval=None, hours=1))
        return _same_machinery(tables.read(sink).collect(), expected=3)
    finally:
        for name in (source, sink):
            tables.drop(name)
        shutil.rmtree(probed.platform.volume(probed.folder), ignore_errors=True)


def _same_machinery(descriptions: list[Any], expected: int) -> str:
    if len(descriptions) != expected:
        raise ProjectError(f"{len(descriptions)} rows came back instead of {expected}")
    versions = sorted({str(row["machinery"]) for row in descriptions})
    if versions != [version()]:
        raise ProjectError(f"the machinery is {version()} here, but {', '.join(versions)} there")
    processes = {int(row["process"]) for row in descriptions}
    where = "this process" if processes == {os.getpid()} else f"{len(processes)} other processes"
    return f"machinery {version()} in {where}"
