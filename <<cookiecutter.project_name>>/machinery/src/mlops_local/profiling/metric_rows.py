"""The rows of the metric tables, from the summaries; columns and meanings are those of Databricks' data profiling."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mlops.config.granularity import end
from mlops.profiling.base import TABLE, ProfileSpec
from mlops.sources.times import from_micros, to_micros
from mlops.statistics import distances, distinct
from mlops.statistics.sketches import NumberSketch, Sketch, TextSketch

from .accumulate import Group, Key, Summaries

ALL_MODELS = "*"
QUANTILES = 1000
_FREQUENT = 100

Row = dict[str, Any]
Edges = Mapping[str, NDArray[np.float64]]


def with_all_models(summaries: Summaries) -> Summaries:
    """Return the summaries, and those of the rows of all model versions together."""
    total: Summaries = {}
    for key, sketch in summaries.items():
        together = Key(key.group._replace(model=ALL_MODELS), key.column)
        there: Any = total.get(together)
        total[together] = sketch if there is None else there + sketch
    return {**summaries, **total}


def profile(spec: ProfileSpec, summaries: Summaries, edges: Edges, log_type: str) -> Iterator[Row]:
    """Yield a row for each column of each group, and one for the whole table."""
    for key, sketch in summaries.items():
        shared = {**_of_group(spec, key.group), "log_type": log_type, "column_name": key.column}
        if isinstance(sketch, NumberSketch):
            yield {**shared, "data_type": "double", **_numbers(sketch, edges[key.column])}
        elif isinstance(sketch, TextSketch):
            yield {**shared, "data_type": "string", **_texts(sketch)}
        else:
            yield {**shared, "count": sketch.rows, **sketch.metrics()}


def drift(spec: ProfileSpec, summaries: Summaries, reference: Summaries, edges: Edges) -> Iterator[Row]:
    """Yield a row for each column of each window that has a window before it, and one if there is a reference."""
    for key, sketch in summaries.items():
        group = key.group
        if key.column == TABLE or group.start is None or group.granularity is None:
            continue
        before = to_micros(end(from_micros(group.start), group.granularity, -1))
        others = {
            "CONSECUTIVE": group._replace(start=before),
            "BASELINE": group._replace(granularity=None, start=None, model=ALL_MODELS),
        }
        for drift_type, other in others.items():
            compared: Any = (summaries if drift_type == "CONSECUTIVE" else reference).get(Key(other, key.column))
            if compared is not None:
                yield {
                    **_of_group(spec, group),
                    "window_cmp": _window(other),
                    "column_name": key.column,
                    "drift_type": drift_type,
                    **_differences(sketch, compared, edges.get(key.column)),
                }


def size(row: Row) -> int:
    """Return about how many bytes a row has as a part of a message, rather too many."""
    texts = [str(part["item"]) for part in row.get("frequent_items") or ()]
    texts += [f"{part['prediction']}{part['label']}" for part in row.get("confusion_matrix") or ()]
    return 8 * len(row.get("quantiles") or ()) + sum(16 + 4 * len(text) for text in texts) + 1024


def _of_group(spec: ProfileSpec, group: Group) -> Row:
    return {
        "window": _window(group),
        "granularity": group.granularity,
        "slice_key": group.slice_key,
        "slice_value": group.slice_value,
        spec.model_version: group.model,
    }


def _window(group: Group) -> Row | None:
    if group.start is None or group.granularity is None:
        return None
    start = from_micros(group.start)
    return {"start": start, "end": end(start, group.granularity)}


def _counts(sketch: Sketch) -> Row:
    rows = sketch.count + sketch.nulls
    different = distinct.estimate(sketch.hashes)
    return {
        "count": sketch.count,
        "num_nulls": sketch.nulls,
        "percent_null": 100.0 * sketch.nulls / rows if rows else None,
        "distinct_count": different,
        "percent_distinct": 100.0 * min(1.0, different / sketch.count) if sketch.count else None,
    }


def _numbers(sketch: NumberSketch, edges: NDArray[np.float64]) -> Row:
    metrics = _counts(sketch) | {"num_zeros": sketch.zeros}
    if not sketch.count:
        return metrics
    at = quantiles(sketch, edges, np.linspace(0, 1, QUANTILES))
    return metrics | {
        "percent_zeros": 100.0 * sketch.zeros / sketch.count,
        "avg": _finite(sketch.average),
        "stddev": _finite(sketch.deviation),
        "min": sketch.low,
        "max": sketch.high,
        "median": float(quantiles(sketch, edges, np.array([0.5]))[0]),
        "quantiles": at.tolist(),
    }


def _texts(sketch: TextSketch) -> Row:
    ordered = sorted(sketch.items.items(), key=lambda item: (-item[1], item[0]))[:_FREQUENT]
    return _counts(sketch) | {"frequent_items": [{"item": name, "count": times} for name, times in ordered]}


def quantiles(sketch: NumberSketch, edges: NDArray[np.float64], shares: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return for each share the smallest edge that at least this share of the values does not exceed.

    So the rank of a quantile is wrong by at most the share of the values in a bin.
    """
    up_to = np.cumsum(sketch.bins)[:-1]
    places = np.searchsorted(up_to, shares * sketch.count - 1e-9)
    return np.clip(np.append(edges, sketch.high)[places], sketch.low, sketch.high)


def _differences(sketch: Any, other: Any, edges: NDArray[np.float64] | None) -> Row:  # noqa: ANN401 - sketches of one kind
    shares, references = _counts(sketch), _counts(other)
    differences: Row = {
        "data_type": "double" if isinstance(sketch, NumberSketch) else "string",
        "count_delta": sketch.count - other.count,
        "percent_null_delta": _minus(shares["percent_null"], references["percent_null"]),
        "percent_distinct_delta": _minus(shares["percent_distinct"], references["percent_distinct"]),
    }
    if edges is not None:
        return differences | {
            "avg_delta": _finite(sketch.average - other.average) if sketch.count and other.count else None,
            "ks_test": _test(distances.ks_test(sketch, other)),
            "wasserstein_distance": distances.wasserstein_distance(sketch, other, edges),
            "population_stability_index": distances.population_stability_index(sketch, other),
        }
    return differences | {
        "js_distance": distances.js_distance(sketch, other),
        "tv_distance": distances.tv_distance(sketch, other),
        "l_infinity_distance": distances.l_infinity_distance(sketch, other),
        "chi_squared_test": _test(distances.chi_squared_test(sketch, other)),
    }


def _test(test: distances.Test | None) -> Row | None:
    return None if test is None else {"statistic": test.statistic, "pvalue": test.pvalue}


def _minus(value: float | None, other: float | None) -> float | None:
    return None if value is None or other is None else value - other


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
