import itertools
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from mlops.config import granularity
from mlops.profiling.windows import starts
from mlops.sources.times import from_micros, to_micros

AT = datetime(2016, 2, 24, 13, 47, 5, tzinfo=UTC)  # a Wednesday


@pytest.mark.parametrize(
    ("name", "start", "after"),
    [
        ("5 minutes", datetime(2016, 2, 24, 13, 45, tzinfo=UTC), datetime(2016, 2, 24, 13, 50, tzinfo=UTC)),
        ("1 hour", datetime(2016, 2, 24, 13, tzinfo=UTC), datetime(2016, 2, 24, 14, tzinfo=UTC)),
        ("1 day", datetime(2016, 2, 24, tzinfo=UTC), datetime(2016, 2, 25, tzinfo=UTC)),
        ("1 week", datetime(2016, 2, 22, tzinfo=UTC), datetime(2016, 2, 29, tzinfo=UTC)),
        ("1 month", datetime(2016, 2, 1, tzinfo=UTC), datetime(2016, 3, 1, tzinfo=UTC)),
        ("1 year", datetime(2016, 1, 1, tzinfo=UTC), datetime(2017, 1, 1, tzinfo=UTC)),
    ],
)
def test_a_window_starts_on_a_round_time_and_ends_where_the_next_one_starts(
    name: str, start: datetime, after: datetime
) -> None:
    found = from_micros(int(starts(np.array([to_micros(AT)]), name)[0]))
    assert (found, granularity.end(found, name)) == (start, after)
    assert granularity.end(after, name, -1) == start
    last = to_micros(after) - 1
    assert starts(np.array([last, last + 1]), name).tolist() == [to_micros(start), to_micros(after)]


def test_weeks_of_several_are_all_of_the_same_length() -> None:
    times = np.array([to_micros(AT + timedelta(days=day)) for day in range(60)])
    found = [from_micros(int(one)) for one in np.unique(starts(times, "2 weeks"))]
    assert {later - earlier for earlier, later in itertools.pairwise(found)} == {timedelta(days=14)}
    assert {one.weekday() for one in found} == {0}


def test_times_before_1970_have_windows_too() -> None:
    assert from_micros(int(starts(np.array([-1]), "1 day")[0])) == datetime(1969, 12, 31, tzinfo=UTC)


def test_windows_of_a_year_go_on_after_december() -> None:
    assert granularity.end(datetime(2016, 11, 1, tzinfo=UTC), "1 month", 3) == datetime(2017, 2, 1, tzinfo=UTC)
    assert granularity.parts("1 week") == granularity.parts("1 weeks")
