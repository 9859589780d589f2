"""A few weeks of `monitoring_simulation` with the default settings."""

from __future__ import annotations

import pytest

from monitoring_simulation.measures import CHANGE, delay, false_alarms
from monitoring_simulation.worlds import KINDS


def test_healthy_weeks_raise_no_alarm_whatever_the_season() -> None:
    assert set(false_alarms(1, 8, seasonal=True)) <= {"healthy"}


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_of_change_is_found_within_two_weeks(kind: str) -> None:
    found = delay(1, kind, weeks=CHANGE + 2)
    assert found is not None
    assert found <= 2
