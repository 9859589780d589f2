import pytest

from mlops.markdown_text import escape, number, percent, table


def test_names_and_plain_words_stay_readable_in_markdown() -> None:
    for text in ("pickup_fare_per_mile", "dev.s-1.m", "2016-01-01 00:00:00", "0.5 (50 %) - 2."):
        assert escape(text) == text


def test_a_table_without_rows_is_empty_text() -> None:
    assert table(["a"], []) == ""
    assert table(["a", "b"], [("x", None), ("y", 0.123456)]) == "| a | b |\n| --- | --- |\n| x |  |\n| y | 0.1235 |"


@pytest.mark.parametrize(
    ("value", "shown"),
    [(0.0, "0"), (0.02190045, "0.0219"), (-0.00013054, "-0.0001305"), (999.96, "1000"), (12345.6, "12,346")],
)
def test_a_number_has_four_significant_digits_or_all_before_the_decimal_point(value: float, shown: str) -> None:
    assert number(value) == shown


@pytest.mark.parametrize(
    ("share", "shown"), [(0.0, "0 %"), (0.0098, "0.98 %"), (0.054, "5.4 %"), (0.366, "37 %"), (1.627, "163 %")]
)
def test_a_share_is_shown_in_percent(share: float, shown: str) -> None:
    assert percent(share) == shown
