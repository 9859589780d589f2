"""Whether the held-out rows were unseen, on a few rows."""

from typing import Any, cast

import pytest
from pyspark.sql import SparkSession

from mlops.config.validation import Bound
from mlops.validation.check import Check
from mlops.validation.evidence import Evidence
from mlops.validation.performance import leakage, metrics

from example import PROJECT

SETTINGS = PROJECT.config
TRAIN = [("a", 1, "train"), ("b", 2, "validation")]
NOTHING = cast("Any", None)


def checks(spark: SparkSession, rows: list[tuple[str, int, str]]) -> dict[str, Check]:
    """Return the checks of rows with key, second of the event time, and split."""
    columns = f"{SETTINGS.spine.key} STRING, second BIGINT, split STRING"
    frame = spark.createDataFrame(rows, columns).selectExpr(
        "*", f"timestamp_seconds(second) AS {SETTINGS.spine.event_time}"
    )
    found = Evidence(SETTINGS, "", NOTHING, NOTHING, frame, NOTHING, NOTHING)
    return {check.name: check for check in leakage(found)}


@pytest.mark.parametrize(("second", "apart"), [(1, False), (2, False), (3, True)])
def test_held_out_rows_must_be_later_than_every_other_row(spark: SparkSession, second: int, *, apart: bool) -> None:
    check = checks(spark, [*TRAIN, ("c", second, "holdout"), ("d", 9, "holdout")])["times are held out"]
    verdict = "after" if apart else "before the end of"
    assert (check.passed, check.reason) == (apart, f"the held-out rows begin {verdict} the rows used in training")


@pytest.mark.parametrize(
    ("keys", "passed", "shared"), [(["c", "d"], True, 0), (["a", "d"], False, 1), (["a", "b"], False, 2)]
)
def test_held_out_keys_must_be_other_keys(spark: SparkSession, keys: list[str], *, passed: bool, shared: int) -> None:
    check = checks(spark, [*TRAIN, *((key, 9, "holdout") for key in keys)])["keys are held out"]
    assert (check.passed, check.value) == (passed, shared)
    assert check.reason == f"{shared} held-out keys were also used in training"


@pytest.mark.parametrize("rows", [TRAIN, [("c", 3, "holdout")]])
def test_without_rows_on_both_sides_the_times_are_not_held_out(
    spark: SparkSession, rows: list[tuple[str, int, str]]
) -> None:
    assert not checks(spark, rows)["times are held out"].passed


@pytest.mark.parametrize(("value", "passed"), [(0.5, True), (0.75, True), (0.25, False)])
def test_a_metric_at_its_bound_passes(value: float, *, passed: bool) -> None:
    validation = SETTINGS.validation.model_copy(update={"metrics": {SETTINGS.metric: Bound(min=0.5)}})
    settings = SETTINGS.model_copy(update={"validation": validation})
    found = Evidence(settings, "", NOTHING, NOTHING, NOTHING, NOTHING, NOTHING)
    found.__dict__["metrics"] = {SETTINGS.metric: value}
    (check,) = metrics(found)
    assert (check.passed, check.value) == (passed, value)
