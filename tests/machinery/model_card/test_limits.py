from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from mlops.config.validation import Bound
from mlops.model_card.card import ModelCard
from mlops.model_card.limits import limits, rarely_seen
from mlops.training.inputs import describe
from mlops.validation.check import Check, SliceResult, within


def on(name: str, worse: float, value: float = 3.0) -> Check:
    """Return a check of a slice, which passes up to 8."""
    found = SliceResult(name, f"{name} > 1", rows=200, metric="rmse", worse=worse)
    return replace(within(f"slice {name} rmse", value, Bound(max=8)), on_slice=found)


def test_the_limits_name_weak_slices_rare_inputs_and_the_time_that_is_known(full: ModelCard) -> None:
    assert limits(full) == [
        "It is weaker where trip_distance >= 5 (far, 1,117 held-out rows): rmse 5, 163 % worse than on all rows.",
        "How good it is where pickup_hour < 6 (night, 3 held-out rows) is not known: these are too few rows.",
        "Few training rows had trip_distance above 990 (1 %) or below 10 (0.9 %); none had it above 1,000 or below 1.",
        "It learned from rows of dev.raw.trips from 2016-01-01 to 2016-02-12, and was tested on rows until 2016-02-29.",
    ]


def test_the_limits_that_the_project_states_come_first(full: ModelCard) -> None:
    found = limits(replace(full, limits="Not for airports."))
    assert found[0] == "Not for airports."
    assert found[1:] == limits(full)


def test_nothing_is_claimed_of_a_version_about_which_nothing_is_known(empty: ModelCard) -> None:
    assert limits(empty) == []


def test_a_version_without_weak_slices_says_so(empty: ModelCard) -> None:
    found = limits(replace(empty, checks=(on("a", 0.05), on("b", -0.3))))
    assert found == ["It is not more than 10 % worse on any of the 2 slices than on all held-out rows."]


def test_a_slice_that_failed_is_weak_even_if_it_is_better_than_all_rows(empty: ModelCard) -> None:
    (found,) = limits(replace(empty, checks=(on("a", -0.3, value=9.0),)))
    assert found == "It is weaker where a > 1 (a, 200 held-out rows): rmse 9 (at most 8 is allowed)."


def test_a_weak_slice_is_named_once_and_only_the_weakest_are(empty: ModelCard) -> None:
    checks = [on(f"s{number}", number / 5) for number in range(8)]
    found = limits(replace(empty, checks=(*checks, *checks)))
    assert [line.partition(" (")[2].partition(",")[0] for line in found[:-1]] == ["s7", "s6", "s5", "s4", "s3"]
    assert found[-1] == "It is weak on 2 other slices too: see the table of slices."


def test_a_slice_of_an_older_report_is_a_limit_if_it_failed(empty: ModelCard) -> None:
    older = Check("slice night", passed=False, reason="slice night is worse")
    assert limits(replace(empty, checks=(older,))) == ["slice night is worse: do not rely on it there."]


def test_only_the_inputs_that_matter_most_are_described(full: ModelCard) -> None:
    names = ["a", "b", "c", "d", "e"]
    inputs = tuple(describe(pd.DataFrame({name: np.arange(1000.0) for name in names})))
    ranked = replace(full, checks=(), spans={}, inputs=inputs, importance={"e": 4, "d": 3, "b": 2, "a": 1, "c": 0})
    assert [line.split()[4] for line in limits(ranked)[:-1]] == ["e", "d", "b"]
    unranked = replace(ranked, importance={})
    assert [line.split()[4] for line in limits(unranked)[:-1]] == ["a", "b", "c"]
    assert "c" not in [line.split()[4] for line in limits(replace(ranked, importance={"e": 1, "c": 0}))[:-1]]


@pytest.mark.parametrize(
    ("values", "said"),
    [
        (
            np.arange(1000.0),
            "Few training rows had x above 989 (1 %) or below 9 (0.9 %); none had it above 999 or below 0.",
        ),
        (
            np.r_[np.zeros(500), np.arange(500.0)],
            "Few training rows had x above 489 (1 %); none had it above 499 or below 0.",
        ),
        (np.repeat(np.arange(31.0), 20), "No training row had x above 30 or below 0."),
        ([1.0] * 500 + [2.0] * 500, ""),
        ([1.0] * 991 + [2.0] * 9, "Few training rows had x 2 (under 1 %)."),
        ([0.0] * 985 + [1.0, 2.0] * 5 + [3.0] * 5, "Few training rows had x 1, 2 or 3 (each under 1 %)."),
        ([7.0] * 9, "Every training row had x 7."),
        ([np.nan] * 9, "No training row had a value of x."),
        ([1.0, 2.0] * 40 + [np.nan] * 20, "x was missing in 20 % of the training rows."),
        ([3.0] * 80 + [np.nan] * 20, "Every training row had x 3. x was missing in 20 % of the training rows."),
        ([1.0, 2.0] * 98 + [np.nan] * 4, ""),
    ],
)
def test_what_is_rare_in_the_training_rows_is_said(values: object, said: str) -> None:
    assert rarely_seen(describe(pd.DataFrame({"x": values}))[0]) == said


def test_only_the_first_of_many_rare_values_are_named() -> None:
    rows = [0.0] * 2000 + [float(number) for number in range(1, 21)]
    found = rarely_seen(describe(pd.DataFrame({"x": rows}))[0])
    assert found == "Few training rows had x 1, 2, 3, 4, 5, 6 or 14 other values (each under 1 %)."


def test_held_out_days_are_not_claimed_as_training_days(full: ModelCard) -> None:
    older = replace(full, checks=(), inputs=(), spans={})
    assert limits(older) == ["Its training and held-out rows of dev.raw.trips are from 2016-01-01 to 2016-02-29."]
