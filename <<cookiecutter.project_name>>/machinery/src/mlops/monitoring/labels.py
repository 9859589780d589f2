"""Where the labels of predictions come from."""

from __future__ import annotations

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from ..project import Project
from ..sources.sources import Sources
from ..training import training_set
from .log_columns import LABELLED_AT


def known_labels(project: Project, sources: Sources) -> DataFrame | None:
    """Return the labels that are known by now, as `InferenceLog.set_labels` takes them; None if nothing has any.

    They come from the source that `monitoring.labels` names, or else from the label column of the spine.

    Raises:
        ProjectError: A source is missing or lacks a column.
    """
    config = project.config
    labels, key, event_time = config.monitoring.labels, config.spine.key, config.spine.event_time
    if labels is None:
        spine = training_set.spine(project, sources)
        return spine.select(key, config.label) if config.label in spine.columns else None
    rows = sources.frame(labels.source)
    where = f"source table {sources.names[labels.source]}"
    training_set.require_columns(rows.columns, config.sources[labels.source].columns, where)
    chosen = [F.col(labels.key).alias(key), F.col(labels.label).alias(config.label)]
    if labels.event_time is not None:
        chosen.append(F.col(labels.event_time).alias(event_time))
    if labels.known_at is not None:
        chosen.append(F.col(labels.known_at).cast("timestamp").alias(LABELLED_AT))
    return rows.select(*chosen).where(F.col(key).isNotNull())
