import re
import time

import pytest
from databricks.sdk.errors import TemporarilyUnavailable, TooManyRequests

from bundle_tools.doctor.failures import message_of, reason
from bundle_tools.doctor.patience import Patience, within


def too_late(cause: BaseException | None) -> TimeoutError:
    error = TimeoutError("Timed out after 0:00:10")
    error.__cause__ = cause
    return error


@pytest.mark.parametrize(
    ("cause", "words"),
    [
        (None, "timed out: check the address, .* run this again$"),
        (OSError("Connection refused"), r"timed out: check the address, .* run this again \(Connection refused\)$"),
        (TooManyRequests("slow down"), r"asking for fewer requests \(429\): wait a minute"),
        (TemporarilyUnavailable("down"), r"is not available at the moment: try again later \(down\)"),
    ],
)
def test_a_time_out_is_explained_by_its_cause(cause: BaseException | None, words: str) -> None:
    assert re.search(words, reason(too_late(cause), "nothing"))


def test_an_error_message_omits_the_settings_of_the_sdk() -> None:
    assert message_of(ValueError("no way.\n Config: host=x, token=***. Env: DATABRICKS_TOKEN")) == "no way"
    assert message_of(ValueError("")) == "ValueError"
    assert len(message_of(ValueError("x" * 5000))) < 310


def test_an_answer_in_time_is_returned_and_an_error_is_raised() -> None:
    assert within(1, lambda: 5) == 5
    with pytest.raises(ZeroDivisionError):
        within(1, lambda: 1 / 0)


def test_a_missing_answer_times_out() -> None:
    with pytest.raises(TimeoutError):
        within(0.01, lambda: time.sleep(0.2))


def test_the_excess_of_a_long_pause_takes_no_time() -> None:
    clock = Patience(pause=0.01).settings()["clock"]
    started = time.monotonic()
    assert abs(clock.time() - time.time()) < 10
    clock.sleep(3600)
    assert time.monotonic() - started < 60
    assert 3590 < clock.time() - time.time() < 3610


def test_a_dead_workspace_takes_half_a_minute_at_most() -> None:
    usual = Patience()
    assert 2 * usual.question <= 30
    assert usual.request < usual.question
    assert isinstance(usual.retries, int)
