"""Rows become JSON without a change of their values."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime

import numpy as np
import pandas as pd

from mlops.serving.query import as_split


def test_numbers_are_exact() -> None:
    values = np.random.default_rng(0).uniform(0, 40, 1000)
    sent = json.loads(json.dumps(as_split(pd.DataFrame({"x": values}))))
    assert [row[0] for row in sent["data"]] == values.tolist()


def test_times_are_in_utc_without_a_zone_and_what_is_missing_is_null() -> None:
    at = datetime(2024, 1, 1, 5, 30, tzinfo=UTC)
    rows = pd.DataFrame(
        {
            "naive": [pd.Timestamp("2024-01-01T05:30:00.000001"), None],
            "zoned": pd.to_datetime([at, None], utc=True).tz_convert("Europe/Berlin"),
            "day": [date(2024, 1, 1), None],
            "text": ["a", None],
            "number": [1.5, float("inf")],
            "flag": [True, None],
            "whole": [1, 2],
        }
    )
    split = json.loads(json.dumps(as_split(rows)))
    assert split["columns"] == list(rows.columns)
    assert split["data"] == [
        ["2024-01-01T05:30:00.000001", "2024-01-01T05:30:00", "2024-01-01", "a", 1.5, True, 1],
        [None, None, None, None, None, None, 2],
    ]
