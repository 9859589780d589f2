"""Sums what an endpoint has served during a rollout; only the sums leave Spark."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations_with_replacement

import numpy as np
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from ...config.load import ProjectConfig
from ...monitoring.log_columns import ENDPOINT, LOG_ID, ORIGIN, SCORED_AT
from ...monitoring.payload import REQUEST_ID
from ...statistics.confidence_sequence import Moments
from ...tables import Tables
from .look import NONE, Cell, Look
from .loss import loss
from .record import Rollout, Stage

_FIRST_ERROR = 400  # of the HTTP status codes
_CELL = ("share", "challenger")
_SUMS = ("_challenger", "_champion", "_assigned", "_weight")  # in the order of `confidence_sequence.Moments`


@dataclass(frozen=True)
class Served:
    """The tables with what the endpoint has served.

    Attributes:
        tables: Reads them.
        payload_table: The AI Gateway inference table.
        entities: The version of each served entity, as `Platform.served_entities` returns them.
        quarantine_table: Answered requests that cannot be read.
        inference_log_table: The predictions with their labels.
    """

    tables: Tables
    payload_table: str
    entities: DataFrame
    quarantine_table: str
    inference_log_table: str


def observe(rollout: Rollout, config: ProjectConfig, served: Served) -> Look:
    """Return what was seen in all stages of a rollout.

    Requests that the endpoint answered while it was changed from one share to another belong to no stage, because they
    were split by an unknown share.
    """
    if not rollout.stages or not served.tables.exists(served.payload_table):
        return Look(())
    requests = _requests(rollout, served)
    known = requests.where(F.col("challenger").isNotNull())
    cells = _counts(known)
    latency = {row["challenger"]: row["latency"] for row in _latencies(known).collect()}
    unknown = requests.where(F.col("version").isNull()).count()
    moments = NONE
    if served.tables.exists(served.inference_log_table):
        rows = _rows_with_label(rollout, config, served, known)
        cells += _with_labels(rows)
        moments = _moments(rows)
    pair = (_number(latency.get(False)), _number(latency.get(True)))
    return Look(tuple(cells), moments, pair, unknown)


def _requests(rollout: Rollout, served: Served) -> DataFrame:
    """Return the requests of all stages, once each: REQUEST_ID, share, version, challenger, failed, slow, latency.

    Requests that reached no version, such as those above a rate limit, say nothing about one.
    """
    payload = served.tables.read(served.payload_table).withColumn("share", _share(rollout.stages))
    requests = (
        payload.where(F.col("share").isNotNull() & F.col("served_entity_id").isNotNull())
        .select(
            F.col("databricks_request_id").alias(REQUEST_ID),
            "share",
            "served_entity_id",
            F.col("status_code").cast("int").alias("status"),
            F.col("execution_duration_ms").cast("double").alias("latency"),
        )
        .dropDuplicates([REQUEST_ID])
        .join(served.entities, "served_entity_id", "left")
    )
    refused = F.coalesce(F.col("status") >= _FIRST_ERROR, F.lit(True))  # noqa: FBT003 - a literal of Spark
    if served.tables.exists(served.quarantine_table):
        unreadable = served.tables.read(served.quarantine_table).select(REQUEST_ID).distinct()
        requests = requests.join(unreadable.withColumn("unreadable", F.lit(1)), REQUEST_ID, "left")
        refused |= F.col("unreadable").isNotNull()
    version = F.col("entity_version").cast("string")
    bound = rollout.settings.guardrails.max_latency_ms
    slow = F.coalesce(F.col("latency") > bound, F.lit(False)) if bound else F.lit(False)  # noqa: FBT003 - as above
    is_challenger = F.when(version == rollout.version, F.lit(True)).when(version == rollout.champion, F.lit(False))  # noqa: FBT003 - as above
    return requests.select(
        REQUEST_ID,
        "share",
        version.alias("version"),
        is_challenger.alias("challenger"),
        refused.cast("int").alias("failed"),
        slow.cast("int").alias("slow"),
        "latency",
    )


def _share(stages: Sequence[Stage]) -> Column:
    """Return the challenger's share of the traffic when a request came; null between the stages."""
    at = F.unix_micros(F.col("request_time").cast("timestamp")) / 1e6
    share = F.lit(None).cast("int")
    for stage in stages:
        within = at >= F.lit(stage.start) if stage.end is None else (at >= F.lit(stage.start)) & (at < F.lit(stage.end))
        share = F.when(within, F.lit(stage.share)).otherwise(share)
    return share


def _counts(requests: DataFrame) -> list[Cell]:
    rows = requests.groupBy(*map(F.col, _CELL)).agg(
        F.count("*").alias("requests"), F.sum("failed").alias("failed"), F.sum("slow").alias("slow")
    )
    return [Cell(**row.asDict()) for row in rows.collect()]


def _latencies(requests: DataFrame) -> DataFrame:
    return requests.groupBy(F.col("challenger")).agg(F.expr("percentile(latency, 0.95)").alias("latency"))


def _rows_with_label(rollout: Rollout, config: ProjectConfig, served: Served, requests: DataFrame) -> DataFrame:
    """Return the rows with a label: unit, share, challenger and loss."""
    unit = rollout.settings.unit
    log = served.tables.read(served.inference_log_table).where(F.col(ORIGIN) == ENDPOINT)
    log = log.where(F.unix_micros(SCORED_AT) >= round(rollout.opened * 1e6))
    key = F.col(REQUEST_ID) if unit is None else F.coalesce(F.col(f"`{unit}`").cast("string"), F.col(REQUEST_ID))
    rows = log.withColumns(
        {REQUEST_ID: F.regexp_extract(LOG_ID, rf"^{ENDPOINT}:(.*):\d+$", 1), "_loss": loss(config)}
    ).where(F.col("_loss").isNotNull())
    rows = rows.withColumn("_unit", key).select(REQUEST_ID, "_unit", "_loss")
    return rows.join(requests.select(REQUEST_ID, *_CELL), REQUEST_ID)


def _with_labels(rows: DataFrame) -> list[Cell]:
    labelled = rows.groupBy(*map(F.col, _CELL)).agg(F.countDistinct("_unit").alias("labelled"))
    return [Cell(**row.asDict()) for row in labelled.collect()]


def _moments(rows: DataFrame) -> Moments:
    """Return the sums over units of the terms of the estimate, and of their products."""
    share, assigned = F.col("share") / 100, F.col("challenger").cast("double")
    terms = (
        (1 - share) * assigned * F.col("_loss"),
        share * (1 - assigned) * F.col("_loss"),
        assigned - share,
        share * (1 - share),
    )
    sums = [F.sum(term).alias(name) for name, term in zip(_SUMS, terms, strict=True)]
    pairs = list(combinations_with_replacement(range(len(_SUMS)), 2))
    products = [F.sum(F.col(_SUMS[i]) * F.col(_SUMS[j])).alias(f"p{i}{j}") for i, j in pairs]
    row = rows.groupBy(F.col("_unit")).agg(*sums).agg(*[F.sum(name).alias(name) for name in _SUMS], *products).first()
    if row is None or row[_SUMS[0]] is None:
        return NONE
    table = np.zeros((len(_SUMS), len(_SUMS)))
    for i, j in pairs:
        table[i, j] = table[j, i] = row[f"p{i}{j}"]
    return Moments(np.array([row[name] for name in _SUMS]), table)


def _number(value: float | None) -> float | None:
    return None if value is None else float(value)
