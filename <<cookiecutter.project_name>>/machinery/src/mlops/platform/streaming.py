"""How a table is streamed, whatever the platform."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from pyspark.sql import DataFrame


@dataclass(frozen=True)
class Streaming:
    """How a stream runs.

    Attributes:
        checkpoint: The folder in a volume that remembers what was read.
        options: Options of the reader.
        interval: How often new rows are looked for, such as `1 minute`; None to stop after those that there are.
        hours: After how many hours a stream with an interval is stopped.
    """

    checkpoint: str
    options: Mapping[str, str]
    interval: str | None
    hours: float


class Sink(Protocol):
    """Processes the micro-batches of a stream; it is pickled, because the platform may call it in another process."""

    def __call__(self, rows: DataFrame, batch: int, platform: Any) -> None:  # noqa: ANN401 - a Platform, which knows this
        """Process the rows of the batch with this number, on the platform of the process that it is called in."""
