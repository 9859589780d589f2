from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from mlops.config.granularity import end
from mlops.config.monitoring import Monitoring, Retraining
from mlops.monitoring.readings import Readings
from mlops.monitoring.scope import Scope
from mlops.monitoring.verdict import Limits, Verdict, complete_windows, decide
from mlops.profiling.base import Refresh, State

from metric_worlds import METRIC, MONDAY, QUEENS, WEEK, World, ks

NOW = MONDAY + 3 * WEEK + timedelta(hours=6)
DAY = timedelta(days=1)


def verdict(
    scope: Scope, *, starts: list[datetime] | None = None, refresh: Refresh | None = None, now: datetime = NOW
) -> Verdict:
    settings = Monitoring()
    return decide(settings.rules, scope, refresh or Refresh("done"), Limits(settings.retraining, starts or [], now))


def test_a_healthy_week_is_healthy() -> None:
    found = verdict(World().scope())
    assert (found.kind, found.retrain, found.reason) == ("healthy", False, "")
    assert len({finding.rule for finding in found.findings}) == 4


def test_drift_without_loss_of_quality_only_warns() -> None:
    found = verdict(World().set([1, 2], "miles", drift=ks(0.3)).scope())
    assert (found.kind, found.retrain) == ("warn", False)
    assert found.reason.startswith("ks_test of miles is 0.3")


def test_loss_of_quality_trains_again_with_or_without_drift() -> None:
    worse = World().set([1, 2], **{METRIC: 3.0})
    found = verdict(worse.scope())
    assert (found.kind, found.retrain) == ("retrain", True)
    assert found.reason == "quality is 0.5, bound 0.25, in 2 windows (quality)"
    both = verdict(worse.set([1, 2], "miles", drift=ks(0.3)).scope())
    assert both.retrain
    assert "ks_test of miles" in both.reason


@pytest.mark.parametrize(
    ("state", "told"), [("failed", "failed: out of memory"), ("slow", "did not finish in time"), ("refused", "refused")]
)
def test_metrics_that_are_not_up_to_date_decide_nothing(state: State, told: str) -> None:
    worse = World().set([1, 2], **{METRIC: 3.0}).scope()
    found = verdict(worse, refresh=Refresh(state, "out of memory"))
    assert (found.kind, found.retrain, found.findings) == ("refresh_failed", False, ())
    assert told in found.reason


def test_empty_tables_and_a_log_without_a_complete_window_are_verdicts_of_their_own() -> None:
    assert verdict(World().scope(readings=Readings(), windows=[])).kind == "no_data"
    assert verdict(World().scope(windows=[])).kind == "waiting"


def test_a_week_without_predictions_is_no_pass() -> None:
    found = verdict(World().without(2).scope())
    assert found.kind == "no_traffic"
    assert "2026-01-19" in found.reason


def test_a_rule_that_cannot_decide_is_no_pass() -> None:
    late = World().set([1, 2], "fare", count=0, num_nulls=1000)
    found = verdict(late.scope())
    assert (found.kind, found.reason) == ("undecided", "quality could not decide: no labels")


def test_a_new_column_warns() -> None:
    world = World().set([1, 2], "miles", drift={}).set([-1], "miles", versions=["*"], count=0)
    found = verdict(world.scope())
    assert found.kind == "warn"
    assert "ks_test of miles: no baseline" in found.reason


def test_a_slice_alone_warns_and_never_trains() -> None:
    found = verdict(World().set([1, 2], part=QUEENS, **{METRIC: 9.0}).scope())
    assert (found.kind, found.retrain) == ("warn", False)
    assert "where borough = Queens" in found.reason


def test_the_cool_down_and_the_maximum_per_week_hold_a_training_back() -> None:
    worse = World().set([1, 2], **{METRIC: 3.0}).scope()
    assert verdict(worse, starts=[NOW - 3 * DAY]).kind == "retrain"
    assert verdict(worse, starts=[NOW - 1 * DAY]).kind == "cooling_down"
    assert "cooling down: the last training was started at" in verdict(worse, starts=[NOW - 1 * DAY]).reason
    twice = [NOW - 6 * DAY, NOW - 4 * DAY]
    assert verdict(worse, starts=twice).kind == "cooling_down"
    assert "2 trainings were started in the last seven days" in verdict(worse, starts=twice).reason
    assert verdict(worse, starts=[NOW - 8 * DAY, NOW - 4 * DAY]).kind == "retrain"
    none = decide(Monitoring().rules, worse, Refresh("done"), Limits(Retraining(per_week=0), [], NOW))
    assert (none.kind, none.retrain) == ("cooling_down", False)


def test_of_many_reasons_the_first_are_told() -> None:
    found = Verdict("warn", tuple(f"reason {number}" for number in range(8)))
    assert found.reason.endswith("reason 4; and 3 more")


def test_windows_are_complete_once_their_end_has_passed() -> None:
    readings = World().scope().readings
    friday = MONDAY + 2 * WEEK + 4 * DAY
    assert complete_windows(readings, "1 week", friday, 9) == [MONDAY, MONDAY + WEEK]
    assert complete_windows(readings, "1 week", MONDAY + 3 * WEEK, 2) == [MONDAY + WEEK, MONDAY + 2 * WEEK]
    assert complete_windows(readings, "1 week", None, 9) == [MONDAY, MONDAY + WEEK]
    assert complete_windows(Readings(), "1 week", friday, 9) == []


def test_weeks_without_rows_are_among_the_windows() -> None:
    readings = World().without(1).scope().readings
    assert complete_windows(readings, "1 week", MONDAY + 5 * WEEK, 9) == [MONDAY + week * WEEK for week in range(5)]


def test_months_are_windows_too() -> None:
    january = datetime(2026, 1, 1, tzinfo=MONDAY.tzinfo)
    assert end(january, "1 month") == datetime(2026, 2, 1, tzinfo=MONDAY.tzinfo)
