"""A model that is asked from keys alone answers as batch scoring does, if the features are current."""

from __future__ import annotations

import json
from datetime import timedelta

import mlflow
import numpy as np
import pandas as pd
import pytest
from pyspark.sql import functions as F

from mlops.feature_store.base import RESULT_TYPES
from mlops.serving.query import as_split
from mlops.sources.times import from_micros
from mlops.training import training_set
from mlops_local.platform import LocalPlatform

import example
from running import trips_of

SETTINGS = example.PROJECT.config


def current_rows(platform: LocalPlatform, schema: str, trips: str) -> pd.DataFrame:
    """Return requests at the time of the newest features: keys whose features are current, and an unknown one."""
    request = training_set.spine(example.PROJECT, trips_of(platform, trips)).select(*SETTINGS.request).toPandas()
    newest = {}
    for lookup in SETTINGS.lookups:
        (key,) = lookup.keys
        table = SETTINGS.feature_tables[lookup.table]
        times = platform.tables.read(f"{schema}.{lookup.table}").groupBy(*table.keys)
        found = times.agg(F.max(F.unix_micros(str(table.event_time)))).collect()
        newest[key] = {row[0]: from_micros(row[1]) for row in found}
    now = max(time for times in newest.values() for time in times.values())
    oldest = now - timedelta(hours=min(lookup.lookback_hours or 0 for lookup in SETTINGS.lookups))
    fresh = [{key for key, time in newest[name].items() if time >= oldest} for name in newest]
    kept = request[np.logical_and.reduce([request[name].isin(keys) for name, keys in zip(newest, fresh, strict=True)])]
    unknown = kept.head(1).assign(**{SETTINGS.spine.key: "unknown", **dict.fromkeys(newest, 1)})
    rows = pd.concat([kept.head(50), unknown], ignore_index=True)
    return rows.assign(**{SETTINGS.spine.event_time: now.replace(tzinfo=None)})


def test_answers_from_keys_alone_are_those_of_batch_scoring(
    platform: LocalPlatform,
    features_schema: str,
    trips: str,
    training_run: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    store = platform.feature_store(features_schema, SETTINGS.feature_tables)
    for name in SETTINGS.own_tables:
        store.publish_table(name, "store", "CU_1")
    rows = current_rows(platform, features_schema, trips)
    assert len(rows) > 10
    spark_rows = platform.spark.createDataFrame(rows)
    types = dict(training_set.spine(example.PROJECT, trips_of(platform, trips)).dtypes)
    spark_rows = spark_rows.select(*[F.col(name).cast(types[name]).alias(name) for name in rows.columns])
    result = RESULT_TYPES[SETTINGS.problem_type]
    scored = store.score_batch(training_run["model_uri"], spark_rows, result).toPandas()
    assert scored[list(SETTINGS.features)].isna().any(axis=None)
    monkeypatch.setenv("MLFLOW_PYFUNC_INFERENCE_CONFIG", json.dumps({"tables": str(platform.folder)}))
    body = json.dumps({"dataframe_split": as_split(rows)})
    answers = mlflow.models.validate_serving_input(training_run["model_uri"], body)
    by_key = scored.set_index(SETTINGS.spine.key).loc[rows[SETTINGS.spine.key]]
    assert np.array_equal(np.asarray(answers), np.stack(by_key["prediction"].to_list()))
