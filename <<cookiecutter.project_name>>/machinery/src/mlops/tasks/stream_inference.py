"""Score the rows that have come to the source since the last run, in micro-batches, using the champion."""

from __future__ import annotations

from datetime import UTC, datetime

from pydantic import Field

from ..errors import ProjectError
from ..inference.champion import Champion
from ..inference.checkpoint import open_checkpoint
from ..inference.quarantine import require_share
from ..inference.run_log import InferenceRuns
from ..inference.stream import MicroBatches
from ..platform.base import Platform
from ..platform.streaming import Streaming
from ..project import Project
from ..sources.sources import Sources
from . import task


class Parameters(task.Parameters):
    """Where to read rows and features, which model to use, and where to write predictions.

    Attributes:
        source_tables: The three-level name of the table of each source, as `name=table` separated by spaces.
        schema_name: Two-level name of the schema of the feature tables and of the record of runs.
        model_name: Three-level name of the registered model.
        predictions_table: Three-level name of the table of predictions.
        quarantine_table: Three-level name of the table of rows that cannot be scored.
        checkpoint: The folder in a volume that remembers what was read.
        hours: After how many hours a run with an interval ends; the next one goes on from the checkpoint.
        interval: How often new rows are looked for, such as `1 minute`; empty to stop after those that there are.
    """

    source_tables: str
    schema_name: str
    model_name: str
    predictions_table: str
    quarantine_table: str
    checkpoint: str = Field(pattern=r"^/Volumes/[^/]+/[^/]+/[^/]+/.+")
    hours: float = Field(default=23, gt=0)
    interval: str = Field(default="", pattern=r"^(\d+ (second|minute|hour)s?)?$")


class Values(task.Values):
    """How many rows the run has scored, and how many are in quarantine and why."""

    rows_scored: int
    rows_quarantined: int
    quarantine_reasons: str


def run(parameters: Parameters, project: Project, platform: Platform) -> Values:
    """Give each new row one prediction, or put it into quarantine with the reason.

    Each micro-batch is scored by the champion at its start.

    Raises:
        ProjectError: There is no champion, or it needs a column that the source lacks; the checkpoint belongs to
            another source, or a column has changed; or more rows than the configuration allows cannot be scored.
    """
    config, started = project.config, datetime.now(UTC)
    Champion.of(parameters.model_name)
    sources = Sources.of(parameters.source_tables, config.sources, platform.tables)
    streamed = _source_to_stream(project)
    table = sources.names[streamed]
    columns = dict(sources.frame(streamed).dtypes)
    belongs = open_checkpoint(platform.volume(parameters.checkpoint), parameters.checkpoint, table, columns)
    sink = MicroBatches(
        project=project,
        checkpoint=belongs,
        source=streamed,
        source_tables=parameters.source_tables,
        schema_name=parameters.schema_name,
        model_name=parameters.model_name,
        predictions_table=parameters.predictions_table,
        quarantine_table=parameters.quarantine_table,
    )
    files = f"{parameters.checkpoint.rstrip('/')}/stream"
    streaming = Streaming(files, config.inference.stream.options, parameters.interval or None, parameters.hours)
    platform.stream(table, sink, streaming)
    runs = InferenceRuns(platform.tables, parameters.schema_name, parameters.predictions_table)
    searched, scored, quarantined, reasons = runs.since(started, belongs.stream)
    at_most = config.inference.quarantine.at_most
    require_share(at_most, quarantined, searched, reasons, parameters.quarantine_table)
    return Values(rows_scored=scored, rows_quarantined=quarantined, quarantine_reasons=reasons)


def _source_to_stream(project: Project) -> str:
    """Return the source that is streamed.

    Raises:
        ProjectError: The configuration does not say which of several.
    """
    names = project.config.spine_sources
    if (chosen := project.config.inference.stream.source) is not None:
        return chosen
    if len(names) > 1:
        raise ProjectError(
            f"features.spine reads {', '.join(names)}: say in inference.stream.source of project.yml which is streamed."
        )
    return names[0]
