from datetime import UTC, datetime, timedelta

import pytest

from mlops.config.features import Increment
from mlops.features.incremental import Progress, Span, asked, settled_before, span, wider

NOON = datetime(2024, 1, 10, 12, tzinfo=UTC)
HOW = Increment(source_time="at", window_hours=72, late_hours=24)
LAST = Progress("dev.s.trips", "abc", NOON, 100)
DAY = timedelta(days=1)


def decide(increment: Increment | None = HOW, last: Progress | None = LAST, **changes: object) -> Span:
    now: dict[str, object] = {"source_table": "dev.s.trips", "definition": "abc", "settled_rows": 100} | changes
    return span(increment, last, **now)  # type: ignore[arg-type]


def test_what_is_new_begins_where_rows_may_have_come_late() -> None:
    found = decide()
    assert (found.since, found.replace) == (NOON - DAY, False)
    assert found.since == settled_before(HOW, NOON)
    assert found.source_since(HOW) == NOON - 4 * DAY


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"increment": None}, "computed whole each time"),
        ({"last": None}, "nothing is recorded"),
        ({"source_table": "dev.s.other"}, "the source was dev.s.trips before"),
        ({"definition": "xyz"}, "has changed"),
        ({"settled_rows": 99}, "has 99 rows before 2024-01-09 12:00 and had 100"),
        ({"settled_rows": 101}, "has 101 rows"),
    ],
)
def test_everything_is_computed_again_where_a_part_would_not_do(changes: dict[str, object], told: str) -> None:
    found = decide(**changes)  # type: ignore[arg-type]
    assert (found.since, found.replace) == (None, True)
    assert found.source_since(HOW) is None
    assert told in found.reason


def test_a_source_that_forgets_is_no_reason_to_forget_features_if_the_configuration_says_so() -> None:
    found = decide(HOW.model_copy(update={"past_changed": "warn"}), settled_rows=5)
    assert (found.since, found.replace) == (NOON - DAY, False)
    assert "not asked" in found.reason


def test_who_asks_for_more_gets_more_and_who_asks_for_less_misses_nothing() -> None:
    new, everything = decide(), Span(None, replace=True, reason="x")
    longer, shorter = asked("2024-01-01"), asked("2024-01-10T00:00")
    assert wider(new, None) == new
    assert wider(new, longer) == longer
    assert wider(new, shorter) == new
    assert wider(new, asked("all")) == asked("all")
    assert wider(everything, longer) == everything


@pytest.mark.parametrize(
    ("text", "since"),
    [("2024-01-10T12:00", NOON), ("2024-01-10T13:00+01:00", NOON), ("2024-01-10", NOON - timedelta(hours=12))],
)
def test_times_are_in_utc_unless_they_say_otherwise(text: str, since: datetime) -> None:
    found = asked(text)
    assert found is not None
    assert (found.since, found.replace) == (since, False)


def test_nothing_asked_is_nothing_and_nonsense_is_refused() -> None:
    assert asked("") is None
    with pytest.raises(ValueError, match="yesterday"):
        asked("yesterday")
