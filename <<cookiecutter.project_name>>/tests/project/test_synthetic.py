from datetime import UTC, date, datetime

import numpy as np

from << cookiecutter.__package >> import synthetic
from << cookiecutter.__package >>.entry_points import PROJECT

ORDINARY = synthetic.example_data(rows=4000).to_pandas()


def test_synthetic_trips_have_the_columns_of_the_source() -> None:
    assert list(ORDINARY.columns) == list(PROJECT.config.sources["trips"].columns)


def test_the_same_arguments_give_the_same_trips() -> None:
    assert synthetic.example_data(rows=50).equals(synthetic.example_data(rows=50))


def test_trips_are_plausible() -> None:
    minutes = (ORDINARY["tpep_dropoff_datetime"] - ORDINARY["tpep_pickup_datetime"]).dt.total_seconds() / 60
    assert minutes.min() > 0
    assert ORDINARY["fare_amount"].min() >= 2.5
    assert ORDINARY["tpep_pickup_datetime"].is_monotonic_increasing
    assert 0.15 < (minutes > 15).mean() < 0.5


def test_the_fare_follows_distance_and_duration() -> None:
    minutes = (ORDINARY["tpep_dropoff_datetime"] - ORDINARY["tpep_pickup_datetime"]).dt.total_seconds() / 60
    expected = 2.5 + 2.3 * ORDINARY["trip_distance"] + 0.35 * minutes
    assert np.corrcoef(expected, ORDINARY["fare_amount"])[0, 1] > 0.99
    assert 0.5 < (ORDINARY["fare_amount"] - expected).std() < 1.5


def test_drift_starts_on_its_day_and_does_not_change_earlier_days() -> None:
    day = datetime(2016, 2, 1, tzinfo=UTC)
    drifted = synthetic.example_data(rows=4000, drift_from=date(2016, 2, 1)).to_pandas()
    before = ORDINARY["tpep_pickup_datetime"] < day
    assert drifted[before].equals(ORDINARY[before])
    ratio = drifted[~before]["trip_distance"].mean() / ORDINARY[~before]["trip_distance"].mean()
    assert 1.4 < ratio < 1.7
    assert drifted[~before]["fare_amount"].mean() > 1.5 * ORDINARY[~before]["fare_amount"].mean()
