from mlops.markdown_text import escaped, table


def test_names_and_plain_words_stay_readable_in_markdown() -> None:
    for text in ("pickup_fare_per_mile", "dev.s-1.m", "2016-01-01 00:00:00", "0.5 (50 %) - 2."):
        assert escaped(text) == text


def test_a_table_without_rows_is_empty_text() -> None:
    assert table(["a"], []) == ""
    assert table(["a", "b"], [("x", None), ("y", 0.123456)]) == "| a | b |\n| --- | --- |\n| x |  |\n| y | 0.1235 |"
