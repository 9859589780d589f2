"""Add new predictions to the inference log, and the labels that are known by now."""

from __future__ import annotations

import logging

from pydantic import AwareDatetime

from ..features.sources import Sources
from ..monitoring.inference_log import InferenceLog
from ..monitoring.labels import known_labels
from ..platform.base import Platform
from ..project import Project
from . import task

log = logging.getLogger(__name__)


class Parameters(task.Parameters):
    """Where to read predictions and labels, which log to write, and when the run started."""

    source_tables: str
    predictions_table: str
    inference_log_table: str
    started_at: AwareDatetime


class Values(task.Values):
    """How many predictions were added, and how many rows got a label or another one."""

    rows_added: int
    labels_set: int


def run(parameters: Parameters, project: Project, platform: Platform) -> Values:
    """Add what is new to the log, and forget rows that are older than `monitoring.keep_days`.

    Raises:
        ProjectError: A source is missing, or the predictions table does not fit the project.
    """
    config = project.config
    inference_log = InferenceLog(platform.tables, parameters.inference_log_table, config)
    added = inference_log.add_predictions(parameters.predictions_table)
    sources = Sources.of(parameters.source_tables, config.sources, platform.tables)
    labels = known_labels(project, sources)
    labelled = 0 if labels is None else inference_log.set_labels(labels, parameters.started_at)
    if config.monitoring.as_of == "now":
        inference_log.forget(config.monitoring.keep_days, parameters.started_at)
    log.info("inference log: %d predictions added, %d labels set", added, labelled)
    return Values(rows_added=added, labels_set=labelled)
