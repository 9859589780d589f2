"""Add new predictions of batches and of an endpoint to the inference log, and the labels that are known by now."""

from __future__ import annotations

import logging

from ..monitoring.endpoint import Endpoint
from ..monitoring.history import History, Measured
from ..monitoring.inference_log import InferenceLog
from ..monitoring.labels import known_labels
from ..parameters import UtcDatetime
from ..platform.base import Platform
from ..project import Project
from ..sources.sources import Sources
from . import task

log = logging.getLogger(__name__)


class Parameters(task.Parameters):
    """Where to read predictions and labels, which log to write, and when the run started.

    Attributes:
        source_tables: The three-level name of the table of each source.
        predictions_table: The predictions of batch and streaming inference.
        payload_table: What an endpoint has served: its AI Gateway inference table; empty for none.
        served_entities_table: The system table with the versions that the endpoint serves.
        quarantine_table: Where requests go that cannot be read.
        inference_log_table: The log.
        history_table: Where the numbers about this run go.
        model_name: The registered model.
        check_id: Identifies the run.
        started_at: When the run started.
    """

    source_tables: str
    predictions_table: str
    payload_table: str = ""
    served_entities_table: str
    quarantine_table: str
    inference_log_table: str
    history_table: str
    model_name: str
    check_id: str
    started_at: UtcDatetime


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
    sources = Sources.of(parameters.source_tables, config.sources, platform.tables)
    added = inference_log.add_predictions(parameters.predictions_table)
    measured = [Measured("rows_logged", float(added))]
    if parameters.payload_table and not platform.tables.exists(parameters.payload_table):
        log.info("table %s does not exist yet, so no endpoint has logged a request", parameters.payload_table)
    elif parameters.payload_table:
        entities = platform.served_entities(parameters.served_entities_table)
        endpoint = Endpoint(parameters.payload_table, entities, parameters.quarantine_table)
        served, of_endpoint = endpoint.add_to(inference_log, project, sources, parameters.model_name)
        added += served
        measured += of_endpoint
    labels = known_labels(project, sources)
    labelled = 0 if labels is None else inference_log.set_labels(labels, parameters.started_at)
    if config.monitoring.as_of == "now":
        inference_log.forget(config.monitoring.keep_days, parameters.started_at)
    history = History(platform.tables, parameters.history_table)
    history.measure(parameters.check_id, parameters.started_at, measured)
    log.info("inference log: %d predictions added, %d labels set", added, labelled)
    return Values(rows_added=added, labels_set=labelled)
