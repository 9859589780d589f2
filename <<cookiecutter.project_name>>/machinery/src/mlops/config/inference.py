"""Settings of inference: how new rows are found, what happens to rows that cannot be scored, who gets the results."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Literal, Self

from pydantic import Field, model_validator

from .features import SourceTimes, Spine
from .source import Source
from .sources import read_by, require_times
from .strict import Settings

ONLINE_STORE = "online_store"

# The columns that scoring adds to a row and its features.
ADDED = ("prediction", "probabilities", "model_name", "model_version", "scored_at", "scoring_run")


class NewRows(SourceTimes):
    """How inference finds new rows without reading the whole source.

    Attributes:
        source_time: The column of the source with the time at which a row came into being, or arrived.
        window_hours: How far back from its own time a row of `features.spine` looks into the source.
        late_hours: How long after that time a row may still appear in the source.
    """

    window_hours: float = Field(default=0, ge=0)


class Quarantine(Settings):
    """What happens to rows that cannot be scored.

    Attributes:
        at_most: The share of the rows of a run that may be in quarantine; with more, the run fails.
        retry_hours: For how long after its event time a row is looked for again, to see whether it has changed.
    """

    at_most: float = Field(default=0.05, ge=0, le=1)
    retry_hours: float = Field(default=168, ge=0)


class Secret(Settings):
    """A secret of the workspace, read when it is needed and never logged."""

    scope: str = Field(min_length=1)
    key: str = Field(min_length=1)


class Output(Settings):
    """Where predictions are delivered to, besides their table.

    Attributes:
        format: The name of a Spark writer, such as parquet, csv, jdbc or kafka; or `online_store`, which publishes the
            newest prediction of each row for lookups in real time.
        path: For files: the folder. It is inside the project's volume unless it starts with `/`.
        options: The writer's own options. A value can be a secret: `{scope: ..., key: ...}`.
        columns: The columns to deliver; empty for all.
    """

    format: str = Field(min_length=1)
    path: str | None = None
    options: dict[str, str | bool | int | float | Secret] = Field(default_factory=dict)
    columns: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _destination_is_known(self) -> Self:
        if self.format in _FILES and not self.path:
            raise ValueError(f"format {self.format} writes files: give the path of a folder")
        if self.format not in _FILES and self.path:
            raise ValueError(f"path is for files ({', '.join(_FILES)}): remove it, or change the format")
        if self.path and ".." in self.path.split("/"):
            raise ValueError("path must not contain ..: give the whole path, or one inside the volume")
        missing = [name for name in _REQUIRED.get(self.format, ()) if name not in self.options]
        if missing:
            raise ValueError(f"format {self.format} needs the options {', '.join(missing)}")
        if self.format == ONLINE_STORE and self.options:
            raise ValueError("the online store has no options here: set the variable online_store in databricks.yml")
        return self


_FILES = ("parquet", "csv", "json", "orc", "avro")
_REQUIRED: Mapping[str, tuple[str, ...]] = {"jdbc": ("url", "dbtable"), "kafka": ("kafka.bootstrap.servers", "topic")}


class Stream(Settings):
    """How the streaming job reads its source.

    Attributes:
        source: The source that is streamed; the others are read as they are. May be left out if there is only one.
        options: Options of Spark's stream reader for Delta tables. By default rows of files that were rewritten come
            again, so that changed rows are seen; rows that were scored are not scored again.
    """

    source: str | None = None
    options: dict[str, str] = Field(default_factory=lambda: {"ignoreChanges": "true"})


class Inference(Settings):
    """How rows are scored.

    Attributes:
        new_rows: How new rows are found; None to compare the whole source with the predictions in every run.
        new_champion: What a run with the parameter `rescore` does with the predictions of earlier versions: `replace`
            them, or add the new ones `beside` them.
        quarantine: What happens to rows that cannot be scored.
        stream: How the streaming job reads its source.
        outputs: Where predictions are delivered to, by a name of your choice.
    """

    new_rows: NewRows | None = None
    new_champion: Literal["replace", "beside"] = "replace"
    quarantine: Quarantine = Quarantine()
    stream: Stream = Stream()
    outputs: dict[str, Output] = Field(default_factory=dict)


def require_inference(
    inference: Inference, spine: Spine, sources: Mapping[str, Source], columns: Iterable[str]
) -> None:
    """Make sure that the settings name sources and columns that exist.

    Args:
        inference: The settings.
        spine: The rows to predict.
        sources: The sources of the project.
        columns: The columns of a row that is scored, and its features.

    Raises:
        ValueError: A time column is unknown or no time, or a column has the name of one that inference adds.
    """
    if inference.new_rows is not None:
        require_times("inference.new_rows", inference.new_rows, read_by(spine, sources), sources)
    if (streamed := inference.stream.source) is not None and streamed not in read_by(spine, sources):
        raise ValueError(f"inference.stream.source: features.spine does not read {streamed!r}")
    scored = set(columns)
    if taken := sorted(scored.intersection(ADDED)):
        raise ValueError(f"inference adds columns named {', '.join(ADDED)}: rename {', '.join(taken)}")
    for name, output in inference.outputs.items():
        for column in output.columns:
            if column not in {*scored, *ADDED}:
                raise ValueError(f"inference.outputs.{name}.columns: there is no column {column!r}")
