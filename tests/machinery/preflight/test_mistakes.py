"""A list of mistakes in a project: each is found before any task runs, and told in one sentence."""

from __future__ import annotations

import importlib
import shutil
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from uuid import uuid4

import pytest
from pyspark.sql import SparkSession

from mlops.config.load import load
from mlops.errors import ProjectError
from mlops.preflight.check import problems
from mlops.project import Project

import example

YAML, FEATURES, FUNCTIONS, MODEL = "project.yml", "features.py", "functions.py", "model.py"
SPINE = "def spine(trips: DataFrame) -> DataFrame:"
PICKUP = "def pickup_features(trips: DataFrame) -> DataFrame:"

# What is mistaken: the file, what is replaced by what, and what the sentence says.
MISTAKES: dict[str, tuple[str, str, str, str]] = {
    # project.yml
    "a misspelt key": (
        YAML,
        "problem_type:",
        "problem_typ:",
        "unknown key 'problem_typ': did you mean 'problem_type'?",
    ),
    "another key": (YAML, "lookback_hours: 168\n", "lookback_days: 7\n", "unknown key 'lookups.0.lookback_days'"),
    "a monitored slice of no column": (
        YAML,
        "[pickup_borough] # SQL",
        "[pickup_brough] # SQL",
        "slices: 'pickup_brough' is not",
    ),
    "a metric that is no aggregate": (
        YAML,
        "  slices: [pickup",
        "  metrics: {bias: prediction - }\n  slices: [pickup",
        "monitoring.metrics.bias: 'prediction -' is not an SQL aggregate",
    ),
    "a metric that is a text": (
        YAML,
        "  slices: [pickup",
        "  metrics: {last: max(pickup_borough)}\n  slices: [pickup",
        "monitoring.metrics.last: 'max(pickup_borough)' is string, not a number",
    ),
    "a rule about no input": (
        YAML,
        "  slices: [pickup",
        "  rules: {number_drift: {columns: [trip_distanc]}}\n  slices: [pickup",
        "monitoring.rules.number_drift.columns names 'trip_distanc', which is no input: did you mean 'trip_distance'?",
    ),
    "a rule without a bound": (
        YAML,
        "  slices: [pickup",
        "  rules: {mine: {measure: nulls}}\n  slices: [pickup",
        "monitoring.rules.mine: give max or min",
    ),
    "an input with the name of a column of the log": (
        YAML,
        "output: distance_band",
        "output: latency_ms",
        "the input 'latency_ms' has the name of a column of the inference log: rename it",
    ),
    "a p-value of no test": (
        YAML,
        "  slices: [pickup",
        "  rules: {missing_values: {pvalue: 0.01}}\n  slices: [pickup",
        "monitoring.rules.missing_values: nulls has no p-value: remove pvalue",
    ),
    "a rule that could never fire": (
        YAML,
        "  slices: [pickup",
        "  rules: {quality: {windows: 3}}\n  slices: [pickup",
        "windows (3) is greater than of_last (2): it could never fire",
    ),
    "an unknown granularity": (
        YAML,
        "  as_of: newest_row",
        "  granularity: 1 weak\n  as_of: newest_row",
        "monitoring.granularity: '1 weak' is not a granularity: did you mean '1 week'?",
    ),
    "an unknown quality": (
        YAML,
        "  as_of: newest_row",
        "  quality: business\n  as_of: newest_row",
        "monitoring.quality: 'business' is not profiled for",
    ),
    "labels from no source": (
        YAML,
        "  as_of: newest_row",
        "  labels: {source: trip, key: trip_id, label: fare_amount}\n  as_of: newest_row",
        "monitoring.labels.source names 'trip', which is not in sources: did you mean 'trips'?",
    ),
    "labels from no column": (
        YAML,
        "  as_of: newest_row",
        "  labels: {source: trips, key: pickup_zip, label: fare}\n  as_of: newest_row",
        "monitoring.labels.label: the source trips has no column 'fare'",
    ),
    "text for a number": (
        YAML,
        "window_hours: 72",
        "window_hours: three days",
        "increment.window_hours: Input should be",
    ),
    "an unknown metric": (YAML, "{min: 0", "{mini: 0", "unknown key"),
    "an unknown type": (YAML, "pickup_zip: int", "pickup_zip: integer", "columns.pickup_zip: Input should be"),
    "an unknown rule": (YAML, "rule: nulls", "rule: null_values", "sources.trips.rules.0"),
    "a rule about no column": (YAML, "column: pickup_zip,", "column: pickup_zp,", "did you mean 'pickup_zip'?"),
    "a key of no column": (
        YAML,
        "keys: [tpep_pickup_datetime, pickup_zip, dropoff_zip, trip_distance] # identify",
        "keys: [pickup] # identify",
        "'pickup' is not among the columns",
    ),
    "an unknown source": (YAML, "  key: trip_id", "  sources: [trip]\n  key: trip_id", "spine.sources names 'trip'"),
    "a source time that is no column": (
        YAML,
        "source_time: tpep_dropoff_datetime",
        "source_time: dropoff",
        "has no column 'dropoff'",
    ),
    "a source time that is no time": (
        YAML,
        "source_time: tpep_dropoff_datetime",
        "source_time: pickup_zip",
        "pickup_zip of trips is int",
    ),
    "an increment without a time": (
        YAML,
        "    keys: [pickup_zip]\n    event_time: window_end\n",
        "    keys: [pickup_zip]\n",
        "increment needs event_time",
    ),
    "a lookup in no table": (
        YAML,
        "- table: pickup_features",
        "- table: pickup_feature",
        "did you mean 'pickup_features'?",
    ),
    "a lookup with two keys for one": (
        YAML,
        "    keys: [pickup_zip]\n    features:",
        "    keys: [pickup_zip, dropoff_zip]\n    features:",
        "must have one key for each key",
    ),
    "an input twice": (YAML, "output: pickup_weekend", "output: pickup_hour", "have the same name"),
    "the label as an input": (
        YAML,
        "inputs: [trip_distance, pickup_borough]",
        "inputs: [trip_distance, fare_amount, long_trip]",
        "is also an input of the model",
    ),
    "shares beyond half": (
        YAML,
        "validation: 0.15",
        "validation: 0.6",
        "split.validation: Input should be less than 0.5",
    ),
    "low above high": (YAML, "low: 0.02, high: 0.3", "low: 0.3, high: 0.02", "must be smaller than high"),
    "a slice that does not parse": (YAML, "pickup_hour < 6", "pickup_hour <", "cannot be evaluated"),
    "a slice that is no condition": (YAML, "where: pickup_hour < 6", "where: pickup_hour + 6", "is not true or false"),
    "a slice of no column": (YAML, "where: pickup_hour < 6", "where: pickup_hours < 6", "cannot be evaluated"),
    "a slice that compares text with a number": (
        YAML,
        "where: pickup_hour < 6",
        "where: pickup_borough < 6",
        "pickup_borough",
    ),
    "a check that does not exist": (YAML, "mean_error: {", "mean_eror: {", "checks.py has no function mean_eror"),
    "an accepted leak of no input": (YAML, "accepted: {}", "accepted: {trip_distanc: known}", "trip_distanc"),
    "an invalid policy": (YAML, "policy: better", "policy: best", "promotion.policy: Input should be"),
    "a confidence in percent": (YAML, "confidence: 0.95", "confidence: 95", "promotion.confidence: Input should be"),
    "a hyperparameter that the model lacks": (
        YAML,
        "max_leaf_nodes: {",
        "max_leaf_node: {",
        "did you mean 'max_leaf_nodes'?",
    ),
    "a hyperparameter out of its range": (
        YAML,
        "type: int, low: 8, high: 64",
        "type: int, low: 1, high: 64",
        "max_leaf_nodes",
    ),
    "a feature that the table lacks": (
        YAML,
        "features: [pickup_trips,",
        "features: [pickup_trip,",
        "no column 'pickup_trip'",
    ),
    "a table key that the function does not return": (
        YAML,
        "    keys: [dropoff_zip]\n    event_time",
        "    keys: [dropoff]\n    event_time",
        "returns has no column 'dropoff'",
    ),
    "an event time that the function does not return": (
        YAML,
        "event_time: window_end",
        "event_time: window_ends",
        "did you mean 'window_end'?",
    ),
    "an input that the spine lacks": (
        YAML,
        "inputs: [trip_distance, pickup_borough]",
        "inputs: [distance, pickup_borough]",
        "features.spine returns has no column 'distance'",
    ),
    "a key that the spine lacks": (YAML, "key: trip_id", "key: trip", "no column 'trip'"),
    "a label that the spine lacks": (YAML, "\nlabel: ", "\nlabel: my_", "no column 'my_"),
    "a function that does not exist": (
        YAML,
        "function: hour_of_day",
        "function: hour",
        "functions.py has no function hour",
    ),
    "a parameter that the function lacks": (
        YAML,
        "inputs: {moment: tpep_pickup_datetime}\n    output: pickup_hour",
        "inputs: {time: tpep_pickup_datetime}\n    output: pickup_hour",
        "hour_of_day takes moment",
    ),
    "an argument that does not exist": (
        YAML,
        "inputs: {miles: trip_distance}",
        "inputs: {miles: trip_miles}",
        "no column 'trip_miles'",
    ),
    "an argument of another type": (
        YAML,
        "inputs: {miles: trip_distance}",
        "inputs: {miles: pickup_zip}",
        "takes miles as double, but pickup_zip is int",
    ),
    # features.py
    "a table without a function": (
        FEATURES,
        PICKUP,
        "def pickup_feature(trips: DataFrame) -> DataFrame:",
        "features.py has no function pickup_features",
    ),
    "no spine": (FEATURES, SPINE, "def rows(trips: DataFrame) -> DataFrame:", "features.py does not define spine"),
    "a spine of two sources": (
        FEATURES,
        SPINE,
        "def spine(trips: DataFrame, zones: DataFrame) -> DataFrame:",
        "features.spine takes the parameters trips, zones",
    ),
    "a column that the source lacks": (
        FEATURES,
        'F.col("trip_distance") > 0)\n        .select(',
        'F.col("trip_distanc") > 0)\n        .select(',
        "features.spine uses the column 'trip_distanc', which the source trips does not have: did you mean",
    ),
    "a column that was aggregated away": (
        FEATURES,
        '.withColumn("window_end", F.col("window.end"))',
        '.withColumn("window_end", F.col("fare_amount"))',
        "fare_amount",
    ),
    "a table that returns nothing": (
        FEATURES,
        '    return _zone_features(trips, "pickup")',
        '    _zone_features(trips, "pickup")',
        "features.pickup_features returns NoneType",
    ),
    "a function that raises": (
        FEATURES,
        'return _zone_features(trips, "dropoff")',
        "return _zone_features(trips)",
        "features.dropoff_features fails on empty frames",
    ),
    "an event time that is a date": (
        FEATURES,
        'F.col("window.end"))',
        'F.to_date("window.end"))',
        "has the event time window_end as date",
    ),
    "a lookup key of another type": (
        FEATURES,
        '            "pickup_zip",\n            "dropoff_zip",',
        '            F.col("pickup_zip").cast("string").alias("pickup_zip"),\n            "dropoff_zip",',
        "pickup_zip is string, but the key pickup_zip of pickup_features is int",
    ),
    "an input that no model can get": (
        FEATURES,
        '            "trip_distance",\n            _borough',
        '            F.array("trip_distance").alias("trip_distance"),\n            _borough',
        "trip_distance",
    ),
    # functions.py, model.py, checks.py, business.py
    "a function without types": (
        FUNCTIONS,
        "def hour_of_day(moment: datetime | None)",
        "def hour_of_day(moment)",
        "hour_of_day must annotate the parameter moment",
    ),
    "a function that uses a name from outside": (
        FUNCTIONS,
        "float(moment.hour)",
        "float(LATEST.hour)",
        "uses LATEST from outside the function",
    ),
    "text that is not encoded": (
        MODEL,
        '[("columns", columns), ("model", estimator)]',
        '[("model", _ESTIMATORS[problem_type]())]',
        "besides numbers it gets text in pickup_borough",
    ),
    "a model without build": (MODEL, "def build(", "def make(", "model.py does not define build"),
    "a method that the estimator lacks": (
        MODEL,
        '"regression": "predict",\n    "classification": "predict_proba",',
        '"regression": "guess",\n    "classification": "guess",',
        "has no method guess",
    ),
    "a category that is no input": (
        MODEL,
        'CATEGORIES = ["pickup_borough"]',
        'CATEGORIES = ["borough"]',
        "the model cannot be fitted to made-up rows",
    ),
    "a value for all rows": (
        "business.py",
        "    if problem_type ==",
        "    return np.float64(1.0)\n    if problem_type ==",
        "business.value returns an array of shape ()",
    ),
    "a business value that fails": (
        "business.py",
        "    if problem_type ==",
        "    label.nothing\n    if problem_type ==",
        "business.value fails",
    ),
    "a metric with the wrong direction": (
        "checks.py",
        "def mean_error(",
        "from mlops.evaluation.own_metrics import metric\n\n\n@metric(greater_is_better=True)\n"
        "def cost(label, prediction):\n    return float(np.mean(np.abs(label - prediction)))\n\n\ndef mean_error(",
        "checks.py: the metric cost is 0 for perfect predictions and",
    ),
    "a check of another name": ("checks.py", "def mean_error(", "def error(", "checks.py has no function mean_error"),
}

Made = Callable[[str, str, str], Project]


@pytest.fixture
def made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Made:
    """Return the project of the example with one replacement in one file."""

    def project(file: str, old: str, new: str) -> Project:
        name = f"mistaken_{uuid4().hex[:8]}"
        folder = tmp_path / name
        shutil.copytree(Path(example.__file__).parent, folder)
        (folder / example.CONFIG.name).rename(folder / YAML)
        text = (folder / file).read_text(encoding="utf-8")
        assert old in text, f"{file} of the example has changed: it lacks {old!r}"
        (folder / file).write_text(text.replace(old, new), encoding="utf-8")
        (folder / "__init__.py").write_text("", encoding="utf-8")
        monkeypatch.syspath_prepend(str(tmp_path))
        modules: dict[str, ModuleType] = {
            part: importlib.import_module(f"{name}.{part}")
            for part in ("features", "functions", "model", "checks", "business")
        }
        return Project.of(load(folder / "project.yml", metrics=modules["checks"]), **modules)

    return project


def told(spark: SparkSession, made: Made, file: str, old: str, new: str) -> list[str]:
    """Return the sentences about a mistake."""
    try:
        return problems(made(file, old, new), spark)
    except ProjectError as error:
        return [str(error)]


def test_the_example_has_no_mistake(spark: SparkSession) -> None:
    assert problems(example.PROJECT, spark) == []


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_told_before_any_task_runs(spark: SparkSession, made: Made, mistake: str) -> None:
    *change, expected = MISTAKES[mistake]
    found = told(spark, made, *change)
    assert any(expected in sentence for sentence in found), found
    assert len(found) <= 2
    assert all("\n" not in sentence and len(sentence) < 600 for sentence in found), found
