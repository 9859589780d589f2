"""Compares the local feature store with the vendor's own client on the same tables and rows."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import mlflow
import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, Phase, event, given, settings
from mlflow.models import ModelSignature, infer_signature
from pyspark.sql import DataFrame, SparkSession
from sklearn.compose import make_column_selector, make_column_transformer
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder

from mlops.feature_store.base import FeatureStore
from mlops.feature_store.databricks import DatabricksFeatureStore
from mlops.loading import load
from mlops.tables import Tables
from mlops.training import model_inputs
from mlops.training.model_code import pack_by_value
from mlops.training.model_inputs import ModelInputs, TypedModel, convert, kinds_of
from mlops_local.feature_store.feature_store import LocalFeatureStore
from mlops_local.platform import LocalPlatform

from parity.examples import COLUMNS, FIXED, FUNCTIONS, SCHEMA, SPINE, TABLES, Example, examples
from parity.unity_catalog import FakeUnityCatalog

THOROUGH = "PARITY_EXAMPLES" in os.environ
TRIED = settings(
    max_examples=int(os.environ.get("PARITY_EXAMPLES", "2")),
    deadline=None,
    derandomize=not THOROUGH,
    phases=tuple(Phase) if THOROUGH else (Phase.generate,),  # each shrinking step takes seconds
    suppress_health_check=list(HealthCheck),
)
TYPES = {
    "miles": "double",
    "vehicle": "string",
    "shared": "boolean",
    "trips": "double",
    "dropoff_trips": "double",
    "share": "double",
    "weight": "double",
    "paved": "boolean",
    "surface": "string",
    "opened": "date",
    "lanes": "int",
    "hour": "double",
    "band": "double",
    "twice": "double",
    "whole": "double",
    "sign": "string",
    "day": "date",
    "far": "boolean",
}
MODEL_INPUTS = tuple(TYPES)


@pytest.fixture(autouse=True)
def _only_known_requests(workspace: FakeUnityCatalog) -> Iterator[None]:
    yield
    assert workspace.unknown == []


@pytest.fixture(scope="module")
def twin(platform: LocalPlatform) -> LocalFeatureStore:
    platform.spark.sql(f"CREATE SCHEMA IF NOT EXISTS {SCHEMA}").collect()
    store = LocalFeatureStore(platform.tables, SCHEMA, TABLES, platform.folder)
    store.register(FUNCTIONS.values())
    return store


@pytest.fixture(scope="module")
def real(databricks: SparkSession) -> DatabricksFeatureStore:
    store = DatabricksFeatureStore(Tables(databricks, locate=None, version_of=lambda _: "0"), SCHEMA, TABLES)
    store.register(FUNCTIONS.values())
    return store


Fill = Callable[[Example], tuple[DataFrame, DataFrame]]


@pytest.fixture(scope="module")
def fill(twin: LocalFeatureStore, real: DatabricksFeatureStore, workspace: FakeUnityCatalog) -> Fill:
    """Write the tables of an example to both stores; return the spine for each."""

    def both(example: Example) -> tuple[DataFrame, DataFrame]:
        spines = []
        for store in (twin, real):
            spark = store.tables.spark
            for name, rows in example.tables.items():
                frame = spark.createDataFrame(list(rows), COLUMNS[name])
                if store is twin:
                    twin.write_table(name, frame, replace=True)
                else:
                    frame.write.mode("overwrite").saveAsTable(f"{SCHEMA}.{name}")
                    workspace.tables[f"{SCHEMA}.{name}"] = (list(TABLES[name].keys), TABLES[name].event_time)
            spines.append(spark.createDataFrame(list(example.spine), SPINE))
        return spines[0], spines[1]

    return both


def values(frame: DataFrame) -> pd.DataFrame:
    """Return the rows in the order of the spine, with times as microseconds."""
    times = [name for name, kind in frame.dtypes if kind == "timestamp"]
    plain = frame.selectExpr(
        *[f"unix_micros(`{name}`) AS `{name}`" if name in times else f"`{name}`" for name in frame.columns]
    )
    return plain.toPandas().sort_values("row", ignore_index=True, kind="stable")


def looked_up(store: FeatureStore, spine: DataFrame, example: Example) -> pd.DataFrame:
    return values(store.training_set(spine, example.features, FUNCTIONS, "label").rows)


@TRIED
@given(example=examples)
def test_training_sets_have_the_same_values_and_leak_nothing(
    twin: LocalFeatureStore, real: DatabricksFeatureStore, fill: Fill, example: Example
) -> None:
    ours, theirs = fill(example)
    found, expected = looked_up(twin, ours, example), looked_up(real, theirs, example)
    event(f"rows: {len(expected) // 20 * 20}+, lookbacks: {sum(map(bool, example.lookbacks))}")
    assert set(found.columns) == set(expected.columns)
    require_equal(found, expected[list(found.columns)])
    require_no_leak(expected, example)


def require_equal(found: pd.DataFrame, expected: pd.DataFrame) -> None:
    """Make sure that all values are equal, doubles to their sixteenth digit.

    If a column has a single value in a file, the embedded engine (pysail 0.7) reads it from Delta's statistics, which
    are decimal text.
    """
    pd.testing.assert_frame_equal(found, expected, check_dtype=False, rtol=1e-15, atol=0)


def require_no_leak(rows: pd.DataFrame, example: Example) -> None:
    """Make sure that no looked-up value is later than the row's time or older than the lookback."""
    zones, pairs = example.lookbacks
    for column, lookback in {"seen": zones, "dropoff_seen": zones, "seen_pair": pairs}.items():
        age = (rows["time"] - rows[column]).dropna()
        assert (age >= 0).all()
        assert lookback is None or (age <= timedelta(hours=lookback) / timedelta(microseconds=1)).all()


def made_up() -> pd.DataFrame:
    """Return rows of each type of input, converted as for a model."""
    random = np.random.default_rng(7)
    values = {
        "double": lambda: random.normal(size=200) * 10,
        "int": lambda: random.integers(-9, 9, 200),
        "boolean": lambda: random.integers(0, 2, 200),
        "string": lambda: random.choice(["gravel", "plus", "minus", "van"], 200),
        "date": lambda: pd.Timestamp("2020-01-01") + pd.to_timedelta(random.integers(0, 2000, 200), unit="D"),
    }
    return convert(pd.DataFrame({name: values[kind]() for name, kind in TYPES.items()}), kinds_of(TYPES))


def fitted(rows: pd.DataFrame) -> Pipeline:
    """Return a model whose predictions depend on every input, its type and whether it is null."""
    texts = make_column_transformer(
        (
            OneHotEncoder(handle_unknown="ignore", sparse_output=False),
            make_column_selector(dtype_include=object),
        ),
        (FunctionTransformer(_as_days), make_column_selector(dtype_include="datetime64[ns]")),
        remainder="passthrough",
    )
    label = rows.select_dtypes("number").sum(axis=1) + rows["opened"].dt.dayofyear + 9 * (rows["sign"] == "plus")
    return Pipeline([("texts", texts), ("model", HistGradientBoostingRegressor(max_iter=20))]).fit(rows, label)


def _as_days(times: pd.DataFrame) -> Any:  # noqa: ANN401 - an array of doubles
    return times.apply(lambda column: (column - pd.Timestamp("2000-01-01")).dt.days).to_numpy()


@pytest.fixture(scope="module")
def versions(twin: LocalFeatureStore, real: DatabricksFeatureStore, fill: Fill) -> dict[str, str]:
    """The URIs of the same model, packaged by each store."""
    spines = fill(FIXED)
    features = FIXED.features.model_copy(update={"lookups": tuple(without_times(FIXED))})
    assert features.features == MODEL_INPUTS
    rows = made_up()
    estimator = TypedModel(ModelInputs().fit(rows), fitted(rows))
    outputs = infer_signature(rows[["miles"]], estimator.predict(rows)).outputs
    how = {
        "signature": ModelSignature(model_inputs.signature(TYPES), outputs),
        "pip_requirements": ["scikit-learn"],
        "serialization_format": "cloudpickle",
    }
    uris = {}
    for store, spine in zip((twin, real), spines, strict=True):
        built = store.training_set(spine, features, FUNCTIONS, "label")
        shown = built.rows.limit(3).toPandas()
        with mlflow.start_run(), pack_by_value(model_inputs):
            uris[type(store).__name__] = store.log_model(estimator, built, shown, **how)
    return uris


def without_times(example: Example) -> Iterator[Any]:
    """Yield the lookups without the columns that are not inputs of the model."""
    for lookup in example.features.lookups:
        kept = tuple(name for name in lookup.features if name not in {"calls", "seen", "seen_pair"})
        renamed = {old: new for old, new in lookup.rename.items() if old in kept}
        yield lookup.model_copy(update={"features": kept, "rename": renamed})


@settings(TRIED, max_examples=max(3, TRIED.max_examples // 3))
@given(example=examples)
def test_batches_get_the_same_predictions_from_keys_and_time_alone(
    twin: LocalFeatureStore,
    real: DatabricksFeatureStore,
    fill: Fill,
    versions: dict[str, str],
    example: Example,
) -> None:
    scored = {}
    for store, spine in zip((twin, real), fill(example), strict=True):
        name = type(store).__name__
        scored[name] = values(store.score_batch(versions[name], spine.drop("label"), "double"))
    found, expected = scored.values()
    assert list(found.columns) == list(expected.columns)
    require_equal(found, expected)


def test_both_packages_hold_the_same_model(versions: dict[str, str]) -> None:
    rows = made_up().head(1)
    rows[["shared", "paved", "far"]] = rows[["shared", "paved", "far"]].astype(bool)
    one, other = (load(uri) for uri in versions.values())
    assert one.metadata.signature.inputs == other.metadata.signature.inputs
    assert one.predict(rows) == other.predict(rows)
    assert list(one.input_example.columns) == list(other.input_example.columns) == list(MODEL_INPUTS)


def test_both_packages_require_the_same_columns(versions: dict[str, str]) -> None:
    asked = []
    for uri in versions.values():
        inputs = mlflow.models.get_model_info(uri).signature.inputs
        asked.append((set(inputs.required_input_names()) - {"time"}, set(inputs.optional_input_names())))
    assert asked[0] == asked[1]


def test_served_features_equal_those_in_training(
    twin: LocalFeatureStore, real: DatabricksFeatureStore, fill: Fill, versions: dict[str, str]
) -> None:
    example = FIXED
    for store, spine in zip((twin, real), fill(example), strict=True):
        name = type(store).__name__
        served = values(store.score_batch(versions[name], spine.drop("label"), "double"))
        features = FIXED.features.model_copy(update={"lookups": tuple(without_times(example))})
        trained = values(store.training_set(spine, features, FUNCTIONS, "label").rows)
        pd.testing.assert_frame_equal(served[list(MODEL_INPUTS)], trained[list(MODEL_INPUTS)], check_exact=True)
        assert Path(mlflow.artifacts.download_artifacts(versions[name])).joinpath("data/feature_store").is_dir()


def test_both_stores_name_a_function_that_was_not_created(
    twin: LocalFeatureStore, real: DatabricksFeatureStore, fill: Fill
) -> None:
    example = FIXED
    other = {name: one for name, one in FUNCTIONS.items() if name != "doubled"}
    other["doubled"] = FUNCTIONS["doubled"].__class__(**{**vars(FUNCTIONS["doubled"]), "body": "return value"})
    for store, spine in zip((twin, real), fill(example), strict=True):
        with pytest.raises(Exception, match=r"function dev\.taxi\.doubled_\w+ does not exist: run the features job"):
            store.training_set(spine, example.features, other, "label")
