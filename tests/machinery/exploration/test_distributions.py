from datetime import UTC, datetime, timedelta

import pandas as pd
import pytest
from pyspark.sql import DataFrame, SparkSession

from mlops.exploration import distributions
from mlops.exploration.distributions import Bins
from mlops.training.model_inputs import Kind

KINDS: dict[str, Kind] = {"steady": "number", "moves": "number", "word": "text"}


def counted(frame: DataFrame) -> tuple[pd.DataFrame, dict[str, Bins]]:
    cut = distributions.bins(frame.toPandas(), KINDS)
    return distributions.count(frame, cut, "t"), cut


@pytest.fixture
def frame(spark: SparkSession) -> DataFrame:
    """Eighty rows, the last ten held out: `moves` and `word` are different there, `steady` is not."""
    rows = [
        (
            datetime(2024, 1, 1, tzinfo=UTC) + timedelta(days=number),
            float(number % 5),
            float(number % 5) + (100 if number >= 70 else 0),
            None if number % 10 == 0 else "new" if number >= 70 else "old",
            "train" if number < 70 else "holdout",
        )
        for number in range(80)
    ]
    return spark.createDataFrame(rows, "t timestamp, steady double, moves double, word string, split string")


def test_every_row_is_in_one_bin_of_each_column(frame: DataFrame) -> None:
    rows, _ = counted(frame)
    assert rows.groupby("column")["rows"].sum().to_dict() == {"steady": 80, "moves": 80, "word": 80}
    assert rows[(rows["column"] == "word") & (rows["bin"] == "missing")]["rows"].sum() == 8


def test_shares_are_of_the_known_values_of_each_split(frame: DataFrame) -> None:
    rows, cut = counted(frame)
    word = distributions.shares(rows, cut)["word"]
    assert word["holdout"].to_dict() == {"old": 0.0, "new": 1.0, "other": 0.0}
    assert word["train"].to_dict() == {"old": 1.0, "new": 0.0, "other": 0.0}


def test_what_has_moved_drifts_and_what_has_not_does_not(frame: DataFrame) -> None:
    found = distributions.drift(counted(frame)[0])
    assert len(found) == distributions.PERIODS
    assert found["moves"].iloc[-1] == pytest.approx(1.0)
    assert found["steady"].max() < 0.01
    assert found.columns[-1] == "steady"


def test_a_column_that_goes_missing_drifts(spark: SparkSession) -> None:
    rows = [
        (
            datetime(2024, 1, 1, tzinfo=UTC) + timedelta(days=day),
            1.0 if day < 8 else None,
            "train" if day < 8 else "holdout",
        )
        for day in range(16)
    ]
    gone = spark.createDataFrame(rows, "t timestamp, x double, split string")
    cut = distributions.bins(gone.toPandas(), {"x": "number"})
    assert distributions.drift(distributions.count(gone, cut, "t"))["x"].iloc[-1] == pytest.approx(1.0)


def test_values_beyond_the_most_frequent_ones_count_as_other(spark: SparkSession) -> None:
    rows = [(datetime(2024, 1, 1, tzinfo=UTC), f"word {number}", "train") for number in range(30)]
    frame = spark.createDataFrame(rows, "t timestamp, word string, split string")
    cut = distributions.bins(frame.toPandas(), {"word": "text"})
    table = distributions.shares(distributions.count(frame, cut, "t"), cut)["word"]
    assert table.loc["other", "train"] == pytest.approx((30 - distributions.TEXTS) / 30)
