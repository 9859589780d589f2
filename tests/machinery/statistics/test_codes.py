import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from mlops.statistics.codes import Codes, as_numbers, ranked_by_label

ROWS = pd.DataFrame(
    {
        "miles": [1.5, np.nan, 3.0],
        "carrier": pd.Series(["b", "a", None], dtype="object"),
        "at": pd.to_datetime(["2024-01-02", None, "2024-01-01"]),
    }
)


def test_values_are_coded_by_their_order() -> None:
    found = Codes.of(ROWS).encode(ROWS)
    assert (found.dtypes == "float64").all()
    assert found["miles"].tolist()[::2] == [1.5, 3.0]
    assert found["carrier"].tolist()[:2] == [1.0, 0.0]
    assert found["at"].tolist()[::2] == [1.0, 0.0]
    assert found.isna().sum().tolist() == [1, 1, 1]


@settings(deadline=None)  # on a busy machine the first example takes long
@given(order=st.permutations(range(3)))
def test_codes_stand_for_their_values(order: list[int]) -> None:
    rows = ROWS.iloc[order]
    codes = Codes.of(ROWS)
    pd.testing.assert_frame_equal(codes.decode(codes.encode(rows)), rows)


def test_a_value_without_a_code_is_missing() -> None:
    other = pd.DataFrame({"miles": [1.0], "carrier": ["z"], "at": pd.to_datetime(["2030-01-01"])})
    assert Codes.of(ROWS).encode(other).isna().sum().tolist() == [0, 1, 1]


def test_text_is_ranked_by_its_mean_label() -> None:
    column = pd.Series(["a", "b", "a", None, "c"], dtype="object")
    found, other = ranked_by_label(column, np.array([9.0, 1.0, 7.0, 0.0, 2.0]), pd.Series(["c", "new", None, "a"]))
    assert found.tolist()[:3] == [3.0, 1.0, 3.0]
    assert np.isnan(found[3])
    assert other[0] == 2.0
    assert np.isnan(other[1:3]).all()
    assert other[3] == 3.0


def test_times_are_microseconds() -> None:
    found = as_numbers(pd.Series(pd.to_datetime(["1970-01-01T00:00:01", None])))
    assert found[0] == 1e6
    assert np.isnan(found[1])
