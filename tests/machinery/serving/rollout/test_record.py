from datetime import UTC, datetime, timedelta

import pytest

from mlops.config.serving import AB, Canary, Serving
from mlops.errors import ProjectError
from mlops.serving.rollout.record import Rollout, Stage

T = datetime(2026, 1, 5, 8, tzinfo=UTC)
CANARY = Serving(rollout="canary")


def test_a_record_is_read_as_it_was_written() -> None:
    settings = Serving(rollout="ab", ab=AB(share=30), alpha=0.01, unit="user")
    rollout = Rollout("12", "11", T.timestamp(), settings).before_step(30, T).after_step(T + timedelta(minutes=5))
    assert Rollout.from_json(rollout.to_json()) == rollout
    ended = rollout.with_ending("abort", "so", T + timedelta(hours=3))
    assert Rollout.from_json(ended.to_json()) == ended


def test_requests_during_a_change_belong_to_no_stage() -> None:
    rollout = Rollout("2", "1", T.timestamp(), CANARY).before_step(5, T).after_step(T + timedelta(minutes=10))
    rollout = rollout.before_step(25, T + timedelta(hours=1))
    assert rollout.before_step(25, T + timedelta(hours=2)).stages == rollout.stages  # repeated after a kill
    start = T.timestamp()
    assert rollout.after_step(T + timedelta(hours=2)).stages == (
        Stage(5, start + 600, start + 3600),
        Stage(25, start + 7200),
    )
    assert rollout.after_step(T + timedelta(hours=2)).share == 25


def test_the_longest_record_fits_into_a_tag() -> None:
    settings = Serving(
        rollout="canary",
        canary=Canary(steps=(10, 20, 30, 40, 50, 60), step_hours=12.5, margin=0.025),
        alpha=0.025,
        min_requests=12_345,
        max_hours=1234.5,
        unit="a_rather_long_name_of_a_column_with_users",
    )
    rollout, now = Rollout("12345", "12344", T.timestamp(), settings), T
    for share in settings.steps:
        now += timedelta(seconds=86_399.5)
        rollout = rollout.before_step(share, now).after_step(now + timedelta(seconds=601.123456))
    assert len(rollout.with_ending("finish", "x" * 2000, now + timedelta(days=1)).to_json()) <= 1000


@pytest.mark.parametrize("text", ["", "7", "{}", '{"version": "7"}', "[1]"])
def test_a_tag_that_was_changed_by_hand_is_refused(text: str) -> None:
    with pytest.raises(ProjectError, match="is not the record of a rollout"):
        Rollout.from_json(text)


def test_a_rollout_expires_after_its_hours_whatever_happened_to_it() -> None:
    rollout = Rollout("2", "1", T.timestamp(), CANARY)
    assert rollout.expires == T + timedelta(days=14)
