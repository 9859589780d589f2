"""The columns of the metric tables: the names and types of those that Databricks' data profiling writes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

_WINDOW = "struct<start: timestamp, end: timestamp>"
_TEST = "struct<statistic: double, pvalue: double>"
_OF_CLASSES = "struct<one_vs_all: map<string, double>, macro: double, weighted: double>"

PROFILE: Mapping[str, str] = {
    "window": _WINDOW,
    "log_type": "string",
    "granularity": "string",
    "slice_key": "string",
    "slice_value": "string",
    "column_name": "string",
    "data_type": "string",
    "count": "bigint",
    "num_nulls": "bigint",
    "avg": "double",
    "quantiles": "array<double>",
    "min": "double",
    "max": "double",
    "stddev": "double",
    "num_zeros": "bigint",
    "median": "double",
    "distinct_count": "bigint",
    "frequent_items": "array<struct<item: string, count: bigint>>",
    "percent_null": "double",
    "percent_zeros": "double",
    "percent_distinct": "double",
}
REGRESSION: Mapping[str, str] = dict.fromkeys(
    (
        "mean_squared_error",
        "root_mean_squared_error",
        "mean_average_error",
        "mean_absolute_percentage_error",
        "r2_score",
    ),
    "double",
)
CLASSES: Mapping[str, str] = {
    "accuracy_score": "double",
    "confusion_matrix": "array<struct<prediction: string, label: string, count: bigint>>",
    "precision": _OF_CLASSES,
    "recall": _OF_CLASSES,
    "f1_score": _OF_CLASSES,
    "log_loss": "double",
}
DRIFT: Mapping[str, str] = {
    "window": _WINDOW,
    "window_cmp": _WINDOW,
    "drift_type": "string",
    "granularity": "string",
    "slice_key": "string",
    "slice_value": "string",
    "column_name": "string",
    "data_type": "string",
    "count_delta": "bigint",
    "avg_delta": "double",
    "percent_null_delta": "double",
    "percent_distinct_delta": "double",
    "ks_test": _TEST,
    "wasserstein_distance": "double",
    "population_stability_index": "double",
    "js_distance": "double",
    "tv_distance": "double",
    "l_infinity_distance": "double",
    "chi_squared_test": _TEST,
}


def profile_columns(model_version: str, metrics: Iterable[str], *, regression: bool) -> dict[str, str]:
    """Return the columns of the profile table with their types; the model's version has the log's own column name."""
    quality = REGRESSION if regression else CLASSES
    return {**PROFILE, model_version: "string", **quality, **dict.fromkeys(metrics, "double")}


def drift_columns(model_version: str) -> dict[str, str]:
    """Return the columns of the drift table with their types."""
    return {**DRIFT, model_version: "string"}
