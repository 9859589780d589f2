"""Streaming inference: scores the micro-batches of a source with the same function as batch inference."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import UTC, datetime

from pyspark.sql import DataFrame

from ..features.incremental import Span
from ..platform.base import Platform
from ..project import Project
from ..sources.sources import Sources
from ..training import training_set
from .checkpoint import Checkpoint
from .rows import Scorer
from .run_log import InferenceRuns, Scored, Seen

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class MicroBatches:
    """Scores micro-batches; it is pickled, so it holds nothing that belongs to a session.

    Attributes:
        project: The project.
        checkpoint: What the stream belongs to.
        source: The source that is streamed.
        source_tables: The three-level name of the table of each source, as text.
        schema_name: Two-level name of the schema.
        model_name: Three-level name of the registered model.
        predictions_table: Three-level name of the table of predictions.
        quarantine_table: Three-level name of the table of rows that cannot be scored.
    """

    project: Project
    checkpoint: Checkpoint
    source: str
    source_tables: str
    schema_name: str
    model_name: str
    predictions_table: str
    quarantine_table: str

    def __call__(self, rows: DataFrame, batch: int, platform: Platform) -> None:
        """Score the rows of a batch with the present champion, and record it.

        Raises:
            ProjectError: There is no champion, or it needs a column that the source lacks.
        """
        config, started = self.project.config, datetime.now(UTC)
        sources = Sources.of(self.source_tables, config.sources, platform.tables)
        frames = {name: rows if name == self.source else sources.frame(name) for name in config.spine_sources}
        scorer = Scorer.of(config, platform, self, self.checkpoint.run(batch))
        requested = training_set.rows_to_predict(self.project, frames, sources.names)
        # Rows of a file that was rewritten since the last batch come as often as it was.
        requested = requested.select(*config.request).dropDuplicates()
        scorer.quarantine.forget(requested, config.spine.key)
        counts = scorer.process(requested)
        scored = 0 if counts.between is None else scorer.count_predictions(counts.between)
        quarantined, reasons = scorer.quarantine.of_run(scorer.run)
        span = Span(None, replace=False, reason=f"batch {batch} of the stream")
        done = Scored(
            scorer.run, scorer.champion, span, counts.rows, scored, quarantined, reasons, counts.between, started
        )
        runs = InferenceRuns(platform.tables, self.schema_name, self.predictions_table)
        runs.record(done, {self.checkpoint.source_table: Seen("", None)})
        log.info("batch %d: version %s scored %d rows", batch, scorer.champion.version, scored)
