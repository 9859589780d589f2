from collections.abc import Mapping
from dataclasses import FrozenInstanceError
from datetime import UTC, datetime, timedelta

import pytest

from mlops.config.features import Increment
from mlops.features.incremental import Progress, Span, parse_since, settled_before, span, wider

NOON = datetime(2024, 1, 10, 12, tzinfo=UTC)
HOW = Increment(source_time="at", window_hours=72, late_hours=24)
LAST = {"dev.s.trips": Progress("abc", NOON, 100)}
OTHER = "dev.s.zones"
DAY = timedelta(days=1)


def decide(
    increment: Increment | None = HOW,
    last: Mapping[str, Progress] = LAST,
    source: str = "dev.s.trips",
    settled: int | None = 100,
    definition: str = "abc",
) -> Span:
    return span(increment, last, {source: settled}, definition)


def test_new_rows_begin_at_the_time_since_which_rows_may_arrive_late() -> None:
    found = decide()
    assert (found.since, found.replace) == (NOON - DAY, False)
    assert found.since == settled_before(HOW, NOON)
    assert found.source_since(HOW) == NOON - 4 * DAY


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"increment": None}, "recomputed in every run"),
        ({"last": {}}, "no earlier run is recorded"),
        ({"source": "dev.s.other", "settled": None}, "the source of the last run was dev.s.trips"),
        ({"definition": "xyz"}, "has changed"),
        ({"settled": 99}, "dev.s.trips has 99 rows before 2024-01-09 12:00, but had 100"),
        ({"settled": 101}, "has 101 rows"),
    ],
)
def test_everything_is_recomputed_if_an_increment_is_not_enough(changes: dict[str, object], told: str) -> None:
    found = decide(**changes)  # type: ignore[arg-type]
    assert (found.since, found.replace) == (None, True)
    assert found.source_since(HOW) is None
    assert told in found.reason


def test_features_of_removed_source_rows_are_kept_if_past_changed_is_warn() -> None:
    found = decide(HOW.model_copy(update={"past_changed": "warn"}), settled=5)
    assert (found.since, found.replace) == (NOON - DAY, False)
    assert "past_changed is warn, so they are not recomputed" in found.reason


def test_with_several_sources_rows_are_new_since_the_earliest_time_of_any() -> None:
    earlier = {OTHER: Progress("abc", NOON - 3 * DAY, 7)}
    found = span(HOW, {**LAST, **earlier}, {"dev.s.trips": 100, OTHER: 7}, "abc")
    assert (found.since, found.replace) == (NOON - 4 * DAY, False)


def test_a_changed_row_of_any_source_recomputes_everything() -> None:
    last = {**LAST, OTHER: Progress("abc", NOON, 7)}
    assert span(HOW, last, {"dev.s.trips": 100, OTHER: 8}, "abc").replace
    assert span(HOW, last, {"dev.s.trips": 100}, "abc").replace


def test_a_source_without_a_time_recomputes_everything_when_its_rows_change() -> None:
    last = {**LAST, OTHER: Progress("abc", None, 123)}
    assert span(HOW, last, {"dev.s.trips": 100, OTHER: 123}, "abc").since == NOON - DAY
    changed = span(HOW, last, {"dev.s.trips": 100, OTHER: 124}, "abc")
    assert (changed.since, changed.replace) == (None, True)
    assert f"{OTHER}, which has no time in the increment, has changed" in changed.reason


def test_a_request_can_widen_what_is_computed_but_not_narrow_it() -> None:
    new, everything = decide(), Span(None, replace=True, reason="x")
    longer, shorter = parse_since("2024-01-01"), parse_since("2024-01-10T00:00")
    assert wider(new, None) == new
    assert wider(new, longer) == longer
    assert wider(new, shorter) == new
    assert wider(new, parse_since("2024-01-09T12:00")) == new
    assert wider(new, parse_since("all")) == parse_since("all")
    assert wider(everything, longer) == everything
    assert wider(everything, parse_since("all")) == everything


def test_a_request_for_everything_replaces_the_rows_of_the_table() -> None:
    found = parse_since("all")
    assert found is not None
    assert (found.since, found.replace) == (None, True)
    assert found.source_since(HOW) is None


def test_what_was_decided_and_what_is_recorded_cannot_be_changed() -> None:
    with pytest.raises(FrozenInstanceError):
        decide().replace = True  # type: ignore[misc] # on purpose
    with pytest.raises(FrozenInstanceError):
        LAST["dev.s.trips"].settled = 0  # type: ignore[misc] # on purpose


@pytest.mark.parametrize(
    ("text", "since"),
    [("2024-01-10T12:00", NOON), ("2024-01-10T13:00+01:00", NOON), ("2024-01-10", NOON - timedelta(hours=12))],
)
def test_times_are_in_utc_unless_they_say_otherwise(text: str, since: datetime) -> None:
    found = parse_since(text)
    assert found is not None
    assert (found.since, found.replace) == (since, False)


def test_an_empty_request_is_none_and_an_invalid_one_is_refused() -> None:
    assert parse_since("") is None
    with pytest.raises(ValueError, match="yesterday"):
        parse_since("yesterday")
