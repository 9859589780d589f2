"""Deliver new predictions to the outputs of the configuration."""

from __future__ import annotations

from ..inference.delivery import Deliveries, deliver
from ..inference.outputs import Destinations
from ..inference.predictions import Predictions
from ..inference.run_log import InferenceRuns
from ..platform.base import Platform
from ..project import Project
from . import task


class Parameters(task.Parameters):
    """Where predictions and the record of runs are, and what the outputs need.

    Attributes:
        schema_name: Two-level name of the schema.
        predictions_table: Three-level name of the table of predictions.
        volume: Path of the project's volume, in which outputs write files.
        online_store: The online store that outputs of that format publish to; empty for none.
        online_store_capacity: Its size, used if it has to be created.
    """

    schema_name: str
    predictions_table: str
    volume: str
    online_store: str = ""
    online_store_capacity: str = "CU_1"


class Values(task.Values):
    """How many rows were delivered, over all outputs."""

    rows_delivered: int


def run(parameters: Parameters, project: Project, platform: Platform) -> Values:
    """Deliver to each output the predictions that it has not got yet.

    Raises:
        ProjectError: An output failed; the others were delivered.
    """
    spine, tables = project.config.spine, platform.tables
    predictions = Predictions(tables, parameters.predictions_table, spine.key, spine.event_time)
    runs = InferenceRuns(tables, parameters.schema_name, parameters.predictions_table)
    destinations = Destinations(
        platform,
        parameters.schema_name,
        parameters.volume,
        spine.key,
        parameters.online_store,
        parameters.online_store_capacity,
    )
    deliveries = Deliveries(tables, parameters.schema_name, runs, predictions)
    return Values(rows_delivered=sum(deliver(project.config.inference.outputs, deliveries, destinations).values()))
