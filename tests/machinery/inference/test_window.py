from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlops.config.inference import NewRows
from mlops.inference.run_log import FORGOTTEN, Seen
from mlops.inference.window import Part, parts, until, window
from mlops.sources.times import EPOCH

NEW = NewRows(source_time="at", late_hours=24)
NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)
LAST = {"main.s.trips": Seen("abc", NOON)}
NOW = {"main.s.trips": "abc"}


def test_rows_are_searched_from_the_newest_time_on_less_the_lateness() -> None:
    assert window(NEW, LAST, NOW, None).since == NOON - timedelta(hours=24)


def test_of_several_sources_the_one_furthest_behind_decides() -> None:
    behind = {**LAST, "main.s.other": Seen("abc", NOON - timedelta(days=3)), "main.s.zones": Seen("abc", None)}
    assert window(NEW, behind, dict.fromkeys(behind, "abc"), None).since == NOON - timedelta(days=4)


def test_older_rows_in_quarantine_widen_the_search_and_newer_ones_do_not() -> None:
    assert window(NEW, LAST, NOW, NOON - timedelta(days=3)).since == NOON - timedelta(days=3)
    assert window(NEW, LAST, NOW, NOON).since == NOON - timedelta(hours=24)


@pytest.mark.parametrize(
    ("new_rows", "last", "now", "reason"),
    [
        (None, LAST, NOW, "new_rows is not set"),
        (NEW, {}, NOW, "no earlier run"),
        (NEW, LAST, {"main.s.trips": "changed"}, "configuration has changed"),
        (NEW, LAST, {"main.s.moved": "abc"}, "was main.s.trips"),
        (NEW, {"main.s.trips": Seen("abc", None)}, NOW, "had a time"),
        (NEW, {"main.s.trips": Seen(FORGOTTEN, NOON)}, NOW, "other rows than in earlier runs"),
    ],
)
def test_everything_is_searched_when_the_last_run_does_not_tell_what_is_new(
    new_rows: NewRows | None, last: dict[str, Seen], now: dict[str, str], reason: str
) -> None:
    found = window(new_rows, last, now, NOON)
    assert found.since is None
    assert reason in found.reason


@given(st.dictionaries(st.integers(0, 30_000), st.integers(1, 100), max_size=40), st.integers(1, 300))
def test_parts_follow_one_another_and_none_has_too_many_rows_unless_it_is_one_day(
    rows: dict[int, int], most: int
) -> None:
    found = parts(rows, most)
    assert found[0].first is None
    assert found[-1].before is None
    assert [one.before for one in found[:-1]] == [one.first for one in found[1:]]
    for one in found:
        inside = [day for day in rows if _holds(one, day)]
        assert sum(rows[day] for day in inside) <= most or len(inside) == 1
    assert sum(rows[day] for one in found for day in rows if _holds(one, day)) == sum(rows.values())


def _holds(part: Part, day: int) -> bool:
    time = EPOCH + timedelta(days=day)
    return (part.first is None or part.first <= time) and (part.before is None or time < part.before)


def test_a_time_in_the_future_counts_as_now() -> None:
    assert until(NOON + timedelta(days=9999), NOON) == NOON
    assert until(NOON - timedelta(days=1), NOON) == NOON - timedelta(days=1)
    assert until(None, NOON) is None
