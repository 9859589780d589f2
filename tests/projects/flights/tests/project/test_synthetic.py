from datetime import date

import pandas as pd

from flight_delays.entry_points import PROJECT
from flight_delays.synthetic import example_data

TABLES = example_data(3000)
FLIGHTS, WEATHER = TABLES["flights"].to_pandas(), TABLES["weather"].to_pandas()


def late(flights: pd.DataFrame) -> "pd.Series[bool]":
    return flights["departed_at"] - flights["scheduled_departure"] > pd.Timedelta(minutes=15)


def test_every_source_has_its_columns() -> None:
    for name, source in PROJECT.config.sources.items():
        assert TABLES[name].column_names == list(source.columns)


def test_carrier_and_weather_matter() -> None:
    share = late(FLIGHTS).groupby(FLIGHTS["carrier"]).mean()
    assert share["B6"] > share["DL"] + 0.2
    hours = WEATHER.assign(hour=WEATHER["observed_at"].dt.floor("h")).set_index(["airport", "hour"])["wind"]
    keys = pd.MultiIndex.from_arrays([FLIGHTS["origin"], FLIGHTS["scheduled_departure"].dt.floor("h")])
    wind = hours.reindex(keys).to_numpy()
    assert late(FLIGHTS)[wind > 18].mean() > late(FLIGHTS)[wind < 8].mean() + 0.2


def test_storms_are_stronger_from_the_day_of_drift_on() -> None:
    drifted = example_data(3000, drift_from=date(2024, 2, 1))["flights"].to_pandas()
    early = FLIGHTS["departed_at"] < "2024-02-01"
    assert drifted[early].equals(FLIGHTS[early])
    assert drifted["departed_at"].notna().sum() <= FLIGHTS["departed_at"].notna().sum()
    assert not drifted[~early].equals(FLIGHTS[~early])
