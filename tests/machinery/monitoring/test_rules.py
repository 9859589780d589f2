from __future__ import annotations

import math
from typing import Any

import pytest

from mlops.config.monitoring_rules import Rule
from mlops.monitoring.readings import ALL_ROWS
from mlops.monitoring.rules import Finding, apply
from mlops.monitoring.scope import Scope

from metric_worlds import METRIC, QUEENS, World, ks


def rule(measure: str = "ks_test", **fields: Any) -> Rule:  # noqa: ANN401 - any field
    return Rule.model_validate({"measure": measure, "max": 0.1, **fields})


def found(given: Rule, scope: Scope) -> dict[str, Finding]:
    """Return the findings about all rows by column."""
    return {one.column: one for one in apply("a_rule", given, scope) if one.slice == ALL_ROWS}


def test_numbers_and_texts_have_their_own_measures() -> None:
    scope = World().scope()
    assert set(found(rule(), scope)) == {"miles", "prediction"}
    assert set(found(rule("js_distance"), scope)) == {"borough"}
    assert set(found(rule("nulls"), scope)) == {"miles", "borough", "prediction"}
    assert set(found(rule("quality"), scope)) == {""}
    assert set(found(rule(columns=["miles"]), scope)) == {"miles"}


def test_a_rule_fires_when_enough_of_the_last_windows_breach_its_bound() -> None:
    one_week = World().set([2], "miles", drift=ks(0.3)).scope()
    assert found(rule(), one_week)["miles"].status == "quiet"
    assert found(rule(windows=1), one_week)["miles"].status == "breach"
    both = found(rule(), World().set([1, 2], "miles", drift=ks(0.3)).scope())["miles"]
    assert (both.status, both.value, both.bound, both.breaches) == ("breach", 0.3, 0.1, 2)
    assert str(both) == "ks_test of miles is 0.3, bound 0.1, in 2 windows (a_rule)"
    earlier = World(4).set([1, 3], "miles", drift=ks(0.3))
    assert found(rule(windows=2, of_last=2), earlier.scope(3))["miles"].status == "quiet"
    assert found(rule(windows=2, of_last=3), earlier.scope(3))["miles"].status == "breach"


def test_a_value_equal_to_the_bound_is_no_breach() -> None:
    world = World().set([1, 2], "miles", drift=ks(0.1))
    assert found(rule(), world.scope())["miles"].status == "quiet"
    assert found(rule("rows", max=None, min=1000), world.scope())[""].status == "quiet"
    assert found(rule("rows", max=None, min=1001), world.scope())[""].status == "breach"


def test_a_difference_that_chance_can_explain_is_no_breach() -> None:
    by_chance = {"ks_test": {"statistic": 0.3, "pvalue": 0.01}}
    world = World().set([1, 2], "miles", drift=by_chance)
    assert found(rule(), world.scope())["miles"].status == "breach"
    assert found(rule(pvalue=0.001), world.scope())["miles"].status == "quiet"
    assert found(rule(pvalue=0.01), world.scope())["miles"].status == "breach"
    texts = World().set(
        [1, 2], "borough", drift={"js_distance": 0.3, "chi_squared_test": {"statistic": 9, "pvalue": 0.01}}
    )
    assert found(rule("js_distance", pvalue=0.001), texts.scope())["borough"].status == "quiet"


def test_small_windows_decide_nothing() -> None:
    world = World().set([1, 2], "miles", drift=ks(0.3)).set([2], count=99)
    assert found(rule(windows=1), world.scope())["miles"].status == "breach"
    assert found(rule(), world.scope())["miles"].status == "too_few_rows"
    assert found(rule(at_least=99), world.scope())["miles"].status == "breach"


def test_one_good_window_is_enough_if_both_must_be_bad() -> None:
    world = World().without(2)
    assert found(rule(), world.scope())["miles"].status == "quiet"
    assert found(rule(windows=1), world.scope())["miles"].status == "no_window"
    world.set([1], "miles", drift=ks(0.3))
    assert found(rule(), world.scope())["miles"].status == "no_window"


def test_windows_without_rows_decide_nothing_and_are_told_apart() -> None:
    scope = World().without(1).without(2).scope()
    assert {one.status for one in found(rule(columns=["miles"]), scope).values()} == {"no_window"}
    assert found(rule("rows", max=None, min=1), scope)[""].status == "breach"


@pytest.mark.parametrize("nothing", [None, {}, {"ks_test": None}, {"ks_test": {"statistic": math.nan}}])
def test_a_metric_that_is_null_is_no_pass(nothing: dict[str, Any] | None) -> None:
    world = World().set([1, 2], "miles", drift=nothing or {})
    assert found(rule(), world.scope())["miles"].status == "no_value"


def test_a_new_column_has_no_baseline() -> None:
    world = World().set([1, 2], "miles", drift={})
    world.set([-1], "miles", versions=["*"], count=0)
    assert found(rule(), world.scope())["miles"].status == "no_baseline"


def test_missing_values_count_beyond_those_of_the_baseline() -> None:
    world = World().set([1, 2], "borough", count=700, num_nulls=300).set([-1], "borough", num_nulls=250)
    assert found(rule("nulls"), world.scope())["borough"].status == "quiet"
    assert found(rule("nulls", max=0.04), world.scope())["borough"].value == pytest.approx(0.05)
    assert found(rule("nulls", max=0.04), world.scope())["borough"].status == "breach"


def test_quality_is_compared_with_the_champions_held_out_rows() -> None:
    worse = World().set([1, 2], **{METRIC: 2.6})
    status = found(rule("quality", max=0.25, severity="retrain"), worse.scope())[""]
    assert (status.status, status.severity, status.value) == ("breach", "retrain", pytest.approx(0.3))
    assert found(rule("quality", max=0.35), worse.scope())[""].status == "quiet"
    higher_is_better = worse.scope(greater_is_better=True)
    assert found(rule("quality", max=0.01), higher_is_better)[""].value == pytest.approx(-0.3)


def test_quality_of_a_slice_is_compared_with_the_same_slice() -> None:
    def of_queens(world: World) -> Finding:
        of_slices = rule("quality", max=0.25, slices=True)
        return next(one for one in apply("a_rule", of_slices, world.scope()) if one.slice == QUEENS)

    harder = World().set([-1], part=QUEENS, **{METRIC: 4.0}).set([1, 2], part=QUEENS, **{METRIC: 4.1})
    assert (of_queens(harder).status, of_queens(harder).value) == ("quiet", pytest.approx(0.025))
    assert of_queens(harder.set([1, 2], part=QUEENS, **{METRIC: 5.2})).status == "breach"
    assert of_queens(harder.set([-1], part=QUEENS, **{METRIC: None})).status == "no_baseline"


def test_quality_is_that_of_the_champion_alone() -> None:
    world = World().set([1, 2], versions=["*"], **{METRIC: 9.0})
    assert found(rule("quality"), world.scope())[""].status == "quiet"
    assert found(rule("quality"), world.scope(champion="2"))[""].status == "too_few_rows"


def test_labels_that_are_late_are_no_pass() -> None:
    late = World().set([1, 2], "fare", count=0, num_nulls=1000).set([1, 2], **{METRIC: None})
    assert found(rule("quality"), late.scope())[""].status == "no_labels"
    some = World().set([1, 2], "fare", count=50, num_nulls=950).set([1, 2], **{METRIC: 9.0})
    assert found(rule("quality"), some.scope())[""].status == "too_few_rows"
    assert found(rule("quality", at_least=50), some.scope())[""].status == "breach"


def test_without_a_reference_quality_cannot_be_judged() -> None:
    assert found(rule("quality"), World().scope(reference=None))[""].status == "no_baseline"


def test_a_slice_alone_only_warns() -> None:
    world = World().set([1, 2], "miles", part=QUEENS, drift=ks(0.3))
    of_all = rule(severity="retrain")
    assert {one.slice for one in apply("a_rule", of_all, world.scope())} == {ALL_ROWS}
    fired = [
        one for one in apply("a_rule", rule(severity="retrain", slices=True), world.scope()) if one.status == "breach"
    ]
    assert [(one.slice, one.severity) for one in fired] == [(QUEENS, "warn")]
    assert str(fired[0]).startswith("ks_test of miles where borough = Queens is 0.3")


def test_one_window_is_enough_as_long_as_there_is_no_second() -> None:
    world = World(1)
    assert found(rule(), world.scope())["miles"].status == "quiet"
    world.set([0], "miles", drift=ks(0.3))
    assert found(rule(), world.scope())["miles"].status == "quiet"
    assert found(rule(windows=1), world.scope())["miles"].status == "breach"
