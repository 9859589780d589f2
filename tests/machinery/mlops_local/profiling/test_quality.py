"""The quality of predictions agrees with scikit-learn, however rows are split among workers."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics

from mlops_local.profiling.columns import power_of_two
from mlops_local.profiling.predictions import of_classes, of_numbers
from mlops_local.profiling.quality import ClassSums, RegressionSums

NUMBER = st.one_of(st.floats(-1000, 1000, width=32), st.sampled_from([math.nan, math.inf, 0.0, 1e200]))
CLASS = st.sampled_from(["0", "1", "2", None])


def regression(rows: list[tuple[float, float]], scale: float = 1.0) -> RegressionSums:
    frame = pd.DataFrame(rows, columns=["_label", "_prediction"], dtype=np.float64)
    (found,) = of_numbers(frame, np.zeros(len(frame), np.int64), 1, scale)
    return found


def classes(rows: list[tuple[str | None, str | None, float | None]]) -> ClassSums:
    frame = pd.DataFrame(rows, columns=["_label", "_prediction", "_probability"])
    (found,) = of_classes(frame, np.zeros(len(frame), np.int64), 1)
    return found


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(NUMBER, NUMBER), max_size=30), st.integers(0, 30))
def test_regression_metrics_are_those_of_scikit_learn(rows: list[tuple[float, float]], cut: int) -> None:
    known = np.array([row for row in rows if np.isfinite(row).all()])
    scale = power_of_two(known)
    found = (regression(rows[:cut], scale) + regression(rows[cut:], scale)).metrics()
    if not len(known):
        assert found == {}
        return
    label, prediction = known[:, 0] / scale, known[:, 1] / scale
    close = {"rel": 1e-6, "abs": 1e-9 * scale}
    assert found["mean_average_error"] == pytest.approx(metrics.mean_absolute_error(label, prediction) * scale, **close)
    expected = metrics.root_mean_squared_error(label, prediction) * scale
    assert found["root_mean_squared_error"] == pytest.approx(expected, **close)
    if len(known) > 1 and label.std() > 1e-6:
        assert found["r2_score"] == pytest.approx(metrics.r2_score(label, prediction), rel=1e-6, abs=1e-6)


def test_the_percentage_error_leaves_out_labels_of_zero() -> None:
    found = regression([(0.0, 1.0), (2.0, 1.0), (4.0, 5.0)]).metrics()
    assert found["mean_absolute_percentage_error"] == pytest.approx(
        metrics.mean_absolute_percentage_error([2, 4], [1, 5])
    )


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(CLASS, CLASS, st.floats(0.01, 1)), max_size=30), st.integers(0, 30))
def test_class_metrics_are_those_of_scikit_learn(rows: list[tuple[str | None, str | None, float]], cut: int) -> None:
    found = (classes(rows[:cut]) + classes(rows[cut:])).metrics()
    known = [row for row in rows if row[0] is not None and row[1] is not None]
    if not known:
        assert found == {}
        return
    label, prediction = [row[0] for row in known], [row[1] for row in known]
    assert found["accuracy_score"] == pytest.approx(metrics.accuracy_score(label, prediction))
    assert found["log_loss"] == pytest.approx(-np.mean([math.log(row[2]) for row in known]))
    shared = {"zero_division": 0}
    for name, expected in (
        ("precision", metrics.precision_score),
        ("recall", metrics.recall_score),
        ("f1_score", metrics.f1_score),
    ):
        assert found[name]["macro"] == pytest.approx(expected(label, prediction, average="macro", **shared))
        assert found[name]["weighted"] == pytest.approx(expected(label, prediction, average="weighted", **shared))
        of_each = expected(label, prediction, average=None, **shared)
        assert list(found[name]["one_vs_all"].values()) == pytest.approx(of_each.tolist())
    cells = {(one["label"], one["prediction"]): one["count"] for one in found["confusion_matrix"]}
    names = sorted({*label, *prediction})
    matrix = metrics.confusion_matrix(label, prediction, labels=[*names, "none"])
    assert all(cells.get((a, b), 0) == matrix[i, j] for i, a in enumerate(names) for j, b in enumerate(names))


def test_rows_without_a_probability_have_no_log_loss() -> None:
    assert "log_loss" not in classes([("1", "1", None)]).metrics()
