"""Unpacks the payload table of an endpoint (Databricks' AI Gateway inference table) into rows of the inference log.

Its columns are request_time, databricks_request_id, status_code, execution_duration_ms, request, response,
served_entity_id and logging_error_codes, among others.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from ..config.load import ProjectConfig
from . import payload_rows
from .log_columns import (
    ENDPOINT,
    LATENCY,
    LOG_ID,
    MODEL_NAME,
    MODEL_VERSION,
    ORIGIN,
    SCORED_AT,
    SCORING_RUN,
    STATUS,
    from_shares,
    inputs,
)

REQUEST_ID, REASON = "request_id", "reason"
UNKNOWN_VERSION = "unknown"
_OK = 200


@dataclass(frozen=True)
class Unpacked:
    """The payload table as rows of the log, and what cannot be one.

    Attributes:
        rows: Rows of the inference log, without labels.
        quarantined: Requests that were answered but cannot be read, each with REQUEST_ID, REASON and their bodies.
    """

    rows: DataFrame
    quarantined: DataFrame


def unpack(
    config: ProjectConfig, payload: DataFrame, versions: DataFrame, model_name: str, types: Mapping[str, str]
) -> Unpacked:
    """Return the rows of the answered requests. Requests that the endpoint refused have no prediction, so no row.

    Args:
        config: The project's configuration.
        payload: Rows of the payload table.
        versions: The columns `served_entity_id` and `entity_version`, one row for each entity.
        model_name: The registered model.
        types: The Spark types of the key, the event time and the inputs.
    """
    key, event_time = config.spine.key, config.spine.event_time
    wanted = {name: types[name] for name in [key, event_time, *inputs(config)] if name in types}
    classes = {"regression": 0, "classification": 2}.get(config.problem_type, len(config.classes))
    schema = [
        f"{REQUEST_ID} string, number int, {REASON} string, _shares array<double>",
        *(f"`{name}` {kind}" for name, kind in wanted.items()),
    ]

    def work(parts: Iterable[pd.DataFrame]) -> Iterator[pd.DataFrame]:
        for part in parts:
            yield _read(part, wanted, classes)

    answered = payload.where(F.col("status_code") == _OK)
    read = answered.select(F.col("databricks_request_id").alias(REQUEST_ID), "request", "response").mapInPandas(
        work, ", ".join(schema)
    )
    known = answered.select(
        F.col("databricks_request_id").alias(REQUEST_ID),
        "served_entity_id",
        "status_code",
        "request_time",
        "execution_duration_ms",
        "request",
        "response",
    )
    read = read.join(known, REQUEST_ID)
    bad = read.where(F.col(REASON).isNotNull())
    good = read.where(F.col(REASON).isNull()).join(versions, "served_entity_id", "left")
    identity = F.concat_ws(":", F.lit(ENDPOINT), REQUEST_ID, F.col("number").cast("string"))
    rows = from_shares(config, good, "_shares").withColumns(
        {
            LOG_ID: identity,
            MODEL_NAME: F.lit(model_name),
            MODEL_VERSION: F.coalesce(F.col("entity_version").cast("string"), F.lit(UNKNOWN_VERSION)),
            SCORED_AT: F.col("request_time"),
            SCORING_RUN: F.lit(None).cast("string"),
            ORIGIN: F.lit(ENDPOINT),
            STATUS: F.col("status_code").cast("int"),
            LATENCY: F.col("execution_duration_ms").cast("double"),
            event_time: F.coalesce(event_time, "request_time"),
        }
    )
    if wanted.get(key) == "string":
        rows = rows.withColumn(key, F.coalesce(F.col(key), F.col(LOG_ID)))
    extra = ("served_entity_id", "status_code", "request_time", "execution_duration_ms", "request", "response")
    rows = rows.drop(REQUEST_ID, "number", REASON, "_shares", "entity_version", *(n for n in extra if n != STATUS))
    return Unpacked(rows, bad.select(REQUEST_ID, "request_time", REASON, "request", "response"))


def _read(part: pd.DataFrame, types: Mapping[str, str], classes: int) -> pd.DataFrame:
    records: list[dict[str, Any]] = []
    for request_id, request, response in part[[REQUEST_ID, "request", "response"]].itertuples(index=False):
        try:
            served = payload_rows.read(request, response, types, classes)
        except payload_rows.MalformedError as error:
            records.append({REQUEST_ID: request_id, REASON: str(error)})
            continue
        records += [
            {REQUEST_ID: request_id, "number": number, "_shares": list(answered.prediction), **answered.values}
            for number, answered in enumerate(served)
        ]
    names = [REQUEST_ID, "number", REASON, "_shares", *types]
    return pd.DataFrame([[row.get(name) for name in names] for row in records], columns=names, dtype=object)
