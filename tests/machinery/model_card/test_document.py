import pytest

from mlops.model_card.document import day, moment


@pytest.mark.parametrize(
    ("text", "minute", "date"),
    [
        ("2016-01-01 00:06:56", "2016-01-01 00:06", "2016-01-01"),
        ("2016-01-01 00:06:56.123456", "2016-01-01 00:06", "2016-01-01"),
        ("2016-01-01T00:06:56Z", "2016-01-01 00:06 UTC", "2016-01-01"),
        ("2016-01-01T00:06:56+02:00", "2015-12-31 22:06 UTC", "2015-12-31"),
        ("lately", "lately", "lately"),
        ("", "", ""),
    ],
)
def test_a_time_is_shown_to_the_minute_and_in_utc_if_it_has_a_zone(text: str, minute: str, date: str) -> None:
    assert (moment(text), day(text)) == (minute, date)
