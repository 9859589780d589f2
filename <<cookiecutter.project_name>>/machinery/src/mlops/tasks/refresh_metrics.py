"""Refresh the metrics of the inference log, compared with the champion's reference rows."""

from __future__ import annotations

import logging

from ..monitoring import log_columns
from ..monitoring.reference import like_log, write_reference
from ..platform.base import Platform
from ..project import Project
from ..registry import Registry
from . import task

log = logging.getLogger(__name__)


class Parameters(task.Parameters):
    """The log, the champion's training rows, and the table of reference rows that is written from them."""

    model_name: str
    training_table: str
    inference_log_table: str
    baseline_table: str


class Values(task.Values):
    """How the refresh ended: done, failed, slow or refused, and why."""

    refresh_state: str
    refresh_message: str


def run(parameters: Parameters, project: Project, platform: Platform) -> Values:
    """Write the reference if the champion has changed, and refresh the metric tables.

    A refresh that fails, takes too long or is refused does not fail this task: the check says so, and records it.

    Raises:
        ProjectError: There is no champion, or the log does not exist or does not fit the project.
    """
    config, tables = project.config, platform.tables
    rows = tables.read(parameters.inference_log_table)
    registry = Registry(parameters.model_name)
    reference = parameters.baseline_table
    write_reference(config, tables, registry, parameters.training_table, reference)
    known = reference if tables.exists(reference) else None
    if known and dict(tables.read(known).dtypes) != dict(like_log(tables.read(known), rows).dtypes):
        tables.overwrite(known, like_log(tables.read(known), rows))
    spec = log_columns.spec(config, parameters.inference_log_table, known, rows.columns)
    refresh = platform.profiler(config.monitoring.refresh_minutes).refresh(spec)
    log.info("refresh of the metrics of %s: %s %s", spec.table, refresh.state, refresh.message)
    return Values(refresh_state=refresh.state, refresh_message=refresh.message)
