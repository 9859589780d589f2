"""What is said about slices: the tests replace the model's predictions and the metrics on all rows."""

from typing import Any, cast

import numpy as np
import pandas as pd
import pytest

from mlops.config.validation import Bound, Slice, SliceRows
from mlops.validation.check import Check
from mlops.validation.evidence import Evidence
from mlops.validation.slices import slices

from example import PROJECT

ROWS = pd.DataFrame({"a": np.arange(100.0), "y": np.arange(100.0)})
OFF = np.where(ROWS["a"] < 20, 3.0, 1.0)  # the errors of the predictions


def of(one: Slice, metric: str = "rmse", off: Any = OFF) -> list[Check]:  # noqa: ANN401 - an array or a number
    """Return the checks of one slice of a regression."""
    least = SliceRows(at_least=5, otherwise="skip")
    validation = PROJECT.config.validation.model_copy(update={"slices": {"low": one}, "slice_rows": least})
    changes = {"problem_type": "regression", "metric": metric, "label": "y", "validation": validation}
    nothing = cast("Any", None)
    settings = PROJECT.config.model_copy(update=changes)
    found = Evidence(settings, "", nothing, ROWS, nothing, nothing, nothing)
    found.__dict__["prediction"] = ROWS["y"].to_numpy() + off
    return list(slices(found))


def test_a_slice_that_is_worse_than_all_rows_says_by_how_much_and_of_how_many_rows() -> None:
    (check,) = of(Slice(where="a < 20", worse_than_all=0.5))
    assert (
        check.reason == "slice low rmse 3 (20 rows) is 86 % worse than 1.612 on all rows; at most 50 % worse is allowed"
    )
    assert (check.passed, check.value, check.bound) == (False, 3.0, "at most 2.419, 50 % worse than on all rows")


def test_a_slice_that_is_better_than_all_rows_says_so() -> None:
    (check,) = of(Slice(where="a >= 20", worse_than_all=0.5))
    assert "rmse 1 (80 rows) is 38 % better than 1.612 on all rows; at most 50 % worse" in check.reason
    assert check.passed
    assert check.margin == pytest.approx(1 - 1 / 2.4187, abs=1e-4)


def test_a_slice_that_is_as_good_as_all_rows_says_so() -> None:
    (check,) = of(Slice(where="a >= 0", worse_than_all=0.0))
    assert "is the same as 1.612 on all rows" in check.reason
    assert check.passed


def test_of_a_metric_that_should_be_great_a_smaller_value_is_worse() -> None:
    (check,) = of(Slice(where="a < 20", worse_than_all=0.1), metric="r2")
    assert check.on_slice is not None
    assert check.on_slice.worse == pytest.approx((0.99688 - 0.72932) / 0.99688, abs=1e-4)
    assert (check.passed, check.bound) == (False, "at least 0.8972, 10 % worse than on all rows")


def test_of_a_negative_metric_a_share_is_of_its_size() -> None:
    (check,) = of(Slice(where="a >= 0", worse_than_all=0.5), metric="r2", off=40.0)
    assert (check.passed, check.bound) == (True, "at least -1.38, 50 % worse than on all rows")
    (check,) = of(Slice(where="a < 50", worse_than_all=0.5), metric="r2", off=40.0)
    assert not check.passed
    assert check.on_slice is not None
    # 1 - 1600 / 833.25 on all rows, and 1 - 1600 / 208.25 on the slice.
    assert check.on_slice.worse == pytest.approx((6.683 - 0.9202) / 0.9202, abs=1e-3)


@pytest.mark.parametrize(("allowed", "passed"), [(0.5, True), (0.49, False)])
def test_a_slice_may_be_worse_by_exactly_what_is_allowed(allowed: float, *, passed: bool) -> None:
    off = np.where(ROWS["a"] < 50, 3.0, 1.0)  # a mean absolute error of 2 on all rows
    (check,) = of(Slice(where="a < 50", worse_than_all=allowed), metric="mae", off=off)
    assert check.passed == passed


def test_a_slice_with_its_own_bound_is_compared_with_all_rows_too() -> None:
    (check,) = of(Slice(where="a < 20", metrics={"rmse": Bound(max=4)}))
    assert check.reason == "slice low rmse 3 is within its bounds (20 rows)"
    assert check.margin == 0.25
    assert check.on_slice is not None
    assert (check.on_slice.name, check.on_slice.where, check.on_slice.rows) == ("low", "a < 20", 20)
    assert check.on_slice.worse == pytest.approx(0.8605, abs=1e-4)


def test_a_slice_with_too_few_rows_has_its_count_and_no_comparison() -> None:
    (check,) = of(Slice(where="a < 3", worse_than_all=0.5))
    assert check.skipped
    assert check.on_slice is not None
    assert (check.on_slice.rows, check.on_slice.metric, check.on_slice.worse) == (3, "", None)


def test_a_perfect_model_has_no_share_to_be_worse_by() -> None:
    (check,) = of(Slice(where="a < 20", worse_than_all=0.5), off=0.0)
    assert check.passed
    assert check.on_slice is not None
    assert check.on_slice.worse is None
