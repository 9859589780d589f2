"""Rows of a split are recognized, alone and together with those of other splits."""

import pandas as pd
import pytest

from mlops.training.rows_digest import split_digest

ROWS = pd.DataFrame(
    {
        "key": ["a", "b", "c"],
        "zip": pd.Series([1, 2, 3], dtype="int32"),
        "small": pd.Series([1.5, 2.5, 3.5], dtype="float32"),
        "airport": [True, False, True],
        "at": pd.to_datetime(["2026-01-01", "2026-01-02", "2026-01-03"]),
    }
)


def test_rows_that_lack_values_do_not_change_the_digest_of_others() -> None:
    more = ROWS.astype({"zip": "float64", "airport": object})
    assert split_digest(more) == split_digest(ROWS) == split_digest(ROWS[::-1])


def test_a_missing_boolean_is_no_false() -> None:
    missing = ROWS.assign(airport=[True, None, True])
    assert split_digest(missing) != split_digest(ROWS)


@pytest.mark.parametrize(
    ("column", "values"), [("airport", [True, True, True]), ("zip", [1, 2, 4]), ("key", ["a", "b", "d"])]
)
def test_a_changed_value_changes_the_digest(column: str, values: list[object]) -> None:
    assert split_digest(ROWS.assign(**{column: values})) != split_digest(ROWS)
