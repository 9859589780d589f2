"""Adds what an endpoint has served to the inference log."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from ..project import Project
from ..sources.sources import Sources
from ..training import training_set
from .history import Measured
from .inference_log import InferenceLog
from .infrastructure import of_payload
from .payload import REQUEST_ID, unpack

_LATE_HOURS = 2  # Databricks delivers requests within an hour, best effort


@dataclass(frozen=True)
class Endpoint:
    """The tables of an endpoint.

    Attributes:
        payload_table: The AI Gateway inference table.
        entities: The version of each served entity, as `Platform.served_entities` returns them.
        quarantine_table: Where requests go that cannot be read.
    """

    payload_table: str
    entities: DataFrame
    quarantine_table: str

    def add_to(
        self, log: InferenceLog, project: Project, sources: Sources, model_name: str
    ) -> tuple[int, Sequence[Measured]]:
        """Add the requests since the last one in the log; return the number of rows, and how the endpoint runs.

        Raises:
            ProjectError: The payload table does not exist.
        """
        tables = log.tables
        payload = tables.read(self.payload_table)
        if (newest := log.newest_request_time()) is not None:
            payload = payload.where(F.unix_micros("request_time") >= newest - _LATE_HOURS * 3_600_000_000)
        types = dict(training_set.spine(project, sources).dtypes)
        types |= dict(tables.read(log.name).dtypes) if tables.exists(log.name) else {}
        unpacked = unpack(project.config, payload, self.entities, model_name, types)
        added = log.add(unpacked.rows)
        bad = unpacked.quarantined.dropDuplicates([REQUEST_ID])
        count = bad.count()
        if count:
            tables.merge(self.quarantine_table, bad, [REQUEST_ID], update=False)
        return added, list(of_payload(payload, count, project.config.monitoring.infrastructure))
