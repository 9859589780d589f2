"""Seeded examples with and without target leakage: which are suspected, and who is named."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

from mlops.config.leakage import ARRIVAL, INPUT, MISSING, SCORE, Leakage
from mlops.config.load import ProjectConfig
from mlops.config.validation import Validation
from mlops.evaluation.metrics import ProblemType
from mlops.validation.check import Check
from mlops.validation.leakage_suspects import arrives_with_label, judge, missing_values
from mlops.validation.target_leakage import PREDICTED, checks_of_values

from example import PROJECT, synthetic

ROWS = 3000
REGRESSION, CLASSIFICATION = "regression", "classification"
LABELS = {REGRESSION: "fare_amount", CLASSIFICATION: "long_trip"}
HONEST = ("trip_distance", "hour", "pickup_zip", "noise")


def trips(rows: int = ROWS) -> pd.DataFrame:
    """The example's trips with what is known at pickup, what is known later (`minutes`), and both labels."""
    found = synthetic.example_data(rows=rows).to_pandas()
    minutes = (found["tpep_dropoff_datetime"] - found["tpep_pickup_datetime"]).dt.total_seconds() / 60
    return found.assign(
        hour=found["tpep_pickup_datetime"].dt.hour,
        minutes=minutes,
        long_trip=(minutes > 15).astype(float),
        noise=np.random.default_rng(1).normal(size=rows),
    )


def settings(problem_type: str, inputs: tuple[str, ...], **leakage: object) -> ProjectConfig:
    """The example's configuration with these inputs only."""
    spine = PROJECT.config.spine.model_copy(update={"inputs": inputs})
    validation = PROJECT.config.validation.model_copy(update={"leakage": Leakage.model_validate(leakage)})
    changes = {"problem_type": problem_type, "label": LABELS[problem_type], "spine": spine, "validation": validation}
    return PROJECT.config.model_copy(update={**changes, "lookups": (), "functions": ()})


def found(problem_type: str, rows: pd.DataFrame, *added: str, **leakage: object) -> dict[str, Check]:
    """Train a model on the older rows and check it on the newer ones."""
    inputs, label = (*HONEST, *added), LABELS[problem_type]
    cut = int(0.8 * len(rows))
    fitted, held_out = rows[:cut], rows[cut:]
    # scikit-learn 1.8 cannot fit to a column without values (HistGradientBoosting, in its binning).
    known = [name for name in inputs if fitted[name].notna().any()]
    if problem_type == REGRESSION:
        model = HistGradientBoostingRegressor(max_iter=60, random_state=0).fit(fitted[known], fitted[label])
        predict: Callable[[Any], Any] = model.predict
    else:
        classifier = HistGradientBoostingClassifier(max_iter=60, random_state=0).fit(fitted[known], fitted[label])
        predict = lambda frame: classifier.predict_proba(frame)[:, 1]  # noqa: E731 - as the model's method above
    both = [part.assign(**{PREDICTED: predict(part[known])}) for part in (fitted, held_out)]
    return {check.name: check for check in checks_of_values(settings(problem_type, inputs, **leakage), *both)}


def failed(checks: dict[str, Check]) -> set[str]:
    return {name for name, check in checks.items() if not check.passed}


def flipped(label: pd.Series[float], share: float) -> pd.Series[float]:
    return label.where(np.random.default_rng(2).random(len(label)) >= share, 1 - label)


def noised(label: pd.Series[float], share: float) -> pd.Series[float]:
    return label + np.random.default_rng(2).normal(0, share * label.std(), len(label))


LEAKS: dict[str, tuple[str, Callable[[pd.DataFrame], Any], set[str]]] = {
    "a copy of a fare": (REGRESSION, lambda t: t["fare_amount"], {SCORE, INPUT}),
    "a fare with 5 % noise": (REGRESSION, lambda t: noised(t["fare_amount"], 0.05), {SCORE, INPUT}),
    "a fare with 15 % noise": (REGRESSION, lambda t: noised(t["fare_amount"], 0.15), {SCORE}),
    "the logarithm of a fare": (REGRESSION, lambda t: -np.log(t["fare_amount"]), {SCORE, INPUT}),
    "the rank of a fare, as an ID": (
        REGRESSION,
        lambda t: 1e15 + t["fare_amount"].rank(method="first"),
        {SCORE, INPUT},
    ),
    "a fare that includes the tip": (REGRESSION, lambda t: 1.2 * t["fare_amount"] + 0.5 * t["noise"], {SCORE, INPUT}),
    "the minutes of a fare": (REGRESSION, lambda t: t["minutes"], {SCORE}),
    "a copy of a class": (CLASSIFICATION, lambda t: t["long_trip"], {SCORE, INPUT}),
    "a class with 1 % of errors": (CLASSIFICATION, lambda t: flipped(t["long_trip"], 0.01), {SCORE, INPUT}),
    "the minutes of a class": (CLASSIFICATION, lambda t: t["minutes"], {SCORE, INPUT}),
    "IDs in the order of a class": (CLASSIFICATION, lambda t: 1e9 * t["long_trip"] + t["noise"].rank(), {SCORE, INPUT}),
    "missing where the class is 1": (
        CLASSIFICATION,
        lambda t: t["noise"].where(t["long_trip"] == 0),
        {SCORE, INPUT, MISSING},
    ),
    "present in a tenth of class 1": (
        CLASSIFICATION,
        lambda t: t["noise"].where((t["long_trip"] == 1) & (t.index % 10 == 0)),
        {MISSING},
    ),
    "missing where a fare is high": (
        REGRESSION,
        lambda t: t["noise"].where(t["fare_amount"] < t["fare_amount"].median()),
        {MISSING},
    ),
}


@pytest.mark.parametrize("name", LEAKS)
def test_a_leak_is_suspected_and_named(name: str) -> None:
    problem_type, leak, expected = LEAKS[name]
    # The minutes are the hardest to tell from a sound input, and more rows bring more extreme fares.
    checks = found(problem_type, trips(10_000 if "minutes" in name else ROWS).assign(leaked=leak), "leaked")
    assert failed(checks) == expected, {check.name: check.reason for check in checks.values()}
    for one in expected:
        assert "leaked" in checks[one].reason
        assert checks[one].reason.endswith("or accept it in validation.leakage.accepted")


SOUND: dict[str, Callable[[pd.DataFrame], Any]] = {
    "a copy of the distance": lambda t: t["trip_distance"],
    "pure noise": lambda t: t["noise"] ** 2,
    "an unrelated ID": lambda t: t["noise"].rank(),
    "a constant": lambda t: 0 * t["noise"],
    "never there": lambda t: np.nan * t["noise"],
    "missing at random": lambda t: t["hour"].where(t["noise"] < 0.5),
    "missing more often in long trips": lambda t: t["hour"].where(t["noise"] > 0.8 * t["long_trip"]),
    "missing in a few long trips": lambda t: t["hour"].where((t["long_trip"] == 0) | (t.index % 100 > 0)),
}


@pytest.mark.parametrize("problem_type", [REGRESSION, CLASSIFICATION])
@pytest.mark.parametrize("name", SOUND)
def test_a_sound_input_is_not_suspected(problem_type: str, name: str) -> None:
    checks = found(problem_type, trips().assign(added=SOUND[name]), "added")
    assert failed(checks) == set(), [check.reason for check in checks.values()]


@pytest.mark.parametrize("problem_type", [REGRESSION, CLASSIFICATION])
@pytest.mark.parametrize("rows", [100, 10_000])
def test_the_trips_of_the_example_are_sound_with_few_and_with_many_rows(problem_type: str, rows: int) -> None:
    checks = found(problem_type, trips(rows))
    assert failed(checks) == set(), [check.reason for check in checks.values()]
    assert "trip_distance alone explains 0." in checks[INPUT].reason


@pytest.mark.parametrize("problem_type", [REGRESSION, CLASSIFICATION])
def test_a_copy_of_the_label_is_suspected_even_with_few_rows(problem_type: str) -> None:
    rows = trips(200)
    assert INPUT in failed(found(problem_type, rows.assign(leaked=rows[LABELS[problem_type]]), "leaked"))


def test_the_result_is_the_same_each_time() -> None:
    rows = trips(10_000).assign(leaked=lambda t: noised(t["fare_amount"], 0.1))
    assert found(REGRESSION, rows, "leaked") == found(REGRESSION, rows, "leaked")


def test_an_accepted_input_passes_with_its_reason() -> None:
    rows = trips().assign(leaked=lambda t: t["minutes"])
    checks = found(CLASSIFICATION, rows, "leaked", accepted={"leaked": "the timetable says it"})
    assert failed(checks) == set()
    assert checks[INPUT].accepted == checks[SCORE].accepted == ("leaked: the timetable says it",)
    assert checks[INPUT].reason.endswith("(accepted: leaked: the timetable says it)")
    assert checks[MISSING].accepted == ()


def test_a_check_is_accepted_by_its_name_and_no_further() -> None:
    rows = trips().assign(leaked=lambda t: t["minutes"])
    checks = found(CLASSIFICATION, rows, "leaked", accepted={SCORE: "an easy problem"})
    assert failed(checks) == {INPUT}
    assert checks[SCORE].accepted == ("near-perfect score: an easy problem",)


def test_another_leak_is_suspected_beside_an_accepted_one() -> None:
    rows = trips().assign(leaked=lambda t: t["minutes"], other=lambda t: t["long_trip"])
    checks = found(CLASSIFICATION, rows, "leaked", "other", accepted={"leaked": "the timetable says it"})
    assert failed(checks) == {INPUT}
    assert checks[INPUT].reason.startswith("other alone explains 1.0000")


def test_the_limit_can_be_set() -> None:
    assert failed(found(REGRESSION, trips(), explained_at_most=0.8)) == {SCORE, INPUT}
    assert failed(found(CLASSIFICATION, trips().assign(m=lambda t: flipped(t["long_trip"], 0.01)), "m")) == {
        SCORE,
        INPUT,
    }


def test_predictions_that_are_in_order_but_not_calibrated_do_not_hide_a_leak() -> None:
    rows = trips().assign(**{PREDICTED: lambda t: 0.4 + 0.2 * t["long_trip"]})
    checks = {
        check.name: check for check in checks_of_values(settings(CLASSIFICATION, HONEST), rows[:2400], rows[2400:])
    }
    assert failed(checks) == {SCORE}


def test_an_input_that_is_missing_where_the_label_is_missing_is_named() -> None:
    shares = {"trip_distance": (0.0, 0.0), "dropoff": (0.99, 0.02), "old": (0.0, 0.9), "sparse": (0.9, 0.6)}
    check = arrives_with_label(shares, 40, Leakage())
    assert (check.name, check.passed, check.value) == (ARRIVAL, False, 1)
    assert check.reason.startswith("dropoff is missing in 99% of the rows without a label, but in 2% of the others: ")
    assert arrives_with_label(shares, 40, Leakage(accepted={"dropoff": "a habit"})).passed
    assert arrives_with_label(shares, 19, Leakage()).reason == "19 rows have no label yet: too few to compare"


def test_every_finding_needs_to_be_accepted() -> None:
    findings = {"a leaks": ["x", "a"], "b leaks": ["x", "b"]}
    for accepted, passed in (({"a": "y"}, False), ({"a": "y", "b": "z"}, True), ({"x": "y"}, True), ({}, False)):
        assert judge("x", findings, Leakage(accepted=accepted), "sound", 1.0, "").passed is passed


def test_a_configuration_without_these_settings_has_limits_of_its_own() -> None:
    assert Validation.model_fields["leakage"].is_required() is False
    limits: dict[ProblemType, float] = {"regression": 0.975, "classification": 0.85}
    assert {kind: Leakage().limit(kind) for kind in limits} == limits


def test_an_input_that_is_missing_only_in_the_rarest_of_several_classes_is_suspected() -> None:
    label = np.eye(3)[np.repeat([0, 1, 2], [500, 470, 30])]
    gone = np.zeros(1000, dtype=bool)
    gone[-25:] = True
    check = missing_values({"leak": gone}, label, Leakage())
    assert not check.passed
    assert "leak is missing in 25 rows, and all have the rarest label" in check.reason
    assert missing_values({"sound": gone}, np.eye(3)[np.arange(1000) % 3], Leakage()).passed
