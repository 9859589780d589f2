"""Score the rows that have no prediction yet, using the champion."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Literal

from pydantic import Field, field_validator

from ..features import incremental
from ..features.incremental import Span
from ..inference.batch import Batch
from ..inference.rows import Scorer
from ..inference.run_log import InferenceRuns
from ..inference.search import Search
from ..platform.base import Platform
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
        since: Also search rows from this ISO 8601 time, or all rows (`all`); empty for only the new ones.
        rescore: Whether rows that an earlier version has scored are scored again (`true`). `inference.new_champion` of
            project.yml decides what happens to the earlier predictions.
        most_rows: About how many source rows are scored in one go: more need more memory.
        scoring_run: Identifies the run in the tables.
    """

    source_tables: str
    schema_name: str
    model_name: str
    predictions_table: str
    quarantine_table: str
    since: str = ""
    rescore: Literal["true", "false"] = "false"
    most_rows: int = Field(default=1_000_000, ge=1)
    scoring_run: str = Field(min_length=1, pattern=r"^[\w.:-]+$")

    @field_validator("since")
    @classmethod
    def _since_is_a_time(cls, text: str) -> str:
        return incremental.require_since(text)


class Values(task.Values):
    """Which version scored, how many rows it scored, and how many rows are in quarantine and why."""

    model_version: str
    scoring_run: str
    rows_scored: int
    rows_quarantined: int
    quarantine_reasons: str


def run(parameters: Parameters, project: Project, platform: Platform) -> Values:
    """Give each row one prediction, or put it into quarantine with the reason.

    The champion is found once, so a new one affects the next run. A run that was interrupted can be run again.

    Raises:
        ProjectError: There is no champion, or it needs a column that the source lacks; a source or a feature table is
            missing; or more rows than the configuration allows cannot be scored.
    """
    settings, tables = project.config, platform.tables
    rescore = parameters.rescore == "true"
    policy = settings.inference.new_champion if rescore else "new"
    scorer = Scorer.of(settings, platform, parameters, parameters.scoring_run, policy)
    sources = Sources.of(parameters.source_tables, settings.sources, tables)
    runs = InferenceRuns(tables, parameters.schema_name, parameters.predictions_table)
    batch = Batch(Search(project, sources, datetime.now(UTC)), scorer, runs)
    wanted = incremental.parse_since(parameters.since)
    if rescore and wanted is None:
        wanted = Span(None, replace=False, reason="all rows are scored with the champion")
    done = batch.run(wanted, parameters.most_rows)
    return Values(
        model_version=scorer.champion.version,
        scoring_run=done.run,
        rows_scored=done.scored,
        rows_quarantined=done.quarantined,
        quarantine_reasons=done.reasons,
    )
