import re

import pandas as pd
import pytest
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from mlops.config.features import FeatureTable
from mlops.errors import ProjectError
from mlops.tasks import compute_features
from mlops_local.platform import LocalPlatform

import example
from example import features
from running import Runner


def test_every_feature_table_is_written(trips: str, schema: str, run_task: Runner, platform: LocalPlatform) -> None:
    values = run_task(compute_features, source_tables=f"trips={trips}", schema_name=schema)
    names = [f"{schema}.{name}" for name in example.PROJECT.config.feature_tables]
    assert values["feature_tables"] == ",".join(names)
    created = {name.rsplit("_", 1)[0] for name in values["functions"].split(",")}
    assert created == {f"{schema}.{one.function}" for one in example.PROJECT.config.functions}
    assert all(platform.tables.read(name).count() > 0 for name in names)


def test_windows_that_have_not_ended_are_left_out(
    trips: str, schema: str, run_task: Runner, platform: LocalPlatform
) -> None:
    """So an online store does not have a window of few rows as the newest one."""
    run_task(compute_features, source_tables=f"trips={trips}", schema_name=schema)
    newest = platform.tables.read(trips).agg(F.max("tpep_dropoff_datetime")).collect()[0][0]
    for name in example.PROJECT.config.feature_tables:
        ends = platform.tables.read(f"{schema}.{name}").agg(F.max("window_end")).collect()[0][0]
        assert newest - pd.Timedelta(features.SLIDE) < ends <= newest


def test_a_second_run_changes_nothing(trips: str, schema: str, run_task: Runner, platform: LocalPlatform) -> None:
    counts = []
    for _ in range(2):
        run_task(compute_features, source_tables=f"trips={trips}", schema_name=schema)
        counts.append(
            [platform.tables.read(f"{schema}.{name}").count() for name in example.PROJECT.config.feature_tables]
        )
    assert counts[0] == counts[1]


def test_a_missing_column_stops_before_anything_is_written(
    trips: str, schema: str, run_task: Runner, platform: LocalPlatform
) -> None:
    platform.tables.overwrite(f"{schema}.bare", platform.tables.read(trips).drop("fare_amount"))
    with pytest.raises(ProjectError, match="fare_amount must be double, but is missing"):
        run_task(compute_features, source_tables=f"trips={schema}.bare", schema_name=schema)
    assert not platform.tables.exists(f"{schema}.pickup_features")


def test_the_error_names_a_feature_table_without_a_function(
    trips: str, schema: str, run_task: Runner, monkeypatch: pytest.MonkeyPatch
) -> None:
    example.change(monkeypatch, feature_tables={"pickup_features": features.pickup_features})
    with pytest.raises(ProjectError, match=r"features\.py has no function dropoff_features"):
        run_task(compute_features, source_tables=f"trips={trips}", schema_name=schema)


def test_the_error_names_a_function_that_does_not_return_a_key(
    trips: str, schema: str, run_task: Runner, monkeypatch: pytest.MonkeyPatch
) -> None:
    forgetful = {"pickup_features": lambda source: source.select(F.lit(1).alias("pickup_zip"))}
    example.change(monkeypatch, feature_tables=example.PROJECT.feature_tables | forgetful)
    with pytest.raises(ProjectError, match=r"features\.pickup_features returns has no column 'window_end'"):
        run_task(compute_features, source_tables=f"trips={trips}", schema_name=schema)


def rows_of(platform: LocalPlatform, table: str) -> pd.DataFrame:
    """Return the rows of a feature table, sorted by its keys."""
    settings = example.PROJECT.config.feature_tables[table.rsplit(".", 1)[1]]
    rows = platform.tables.read(table).toPandas()
    return rows.sort_values(list(settings.primary_keys), ignore_index=True)[sorted(rows.columns)]


def assert_same(platform: LocalPlatform, schema: str, other: str) -> None:
    for name in example.PROJECT.config.feature_tables:
        found, expected = rows_of(platform, f"{schema}.{name}"), rows_of(platform, f"{other}.{name}")
        # Sums of doubles differ in their last digits if the order differs.
        pd.testing.assert_frame_equal(found, expected, rtol=1e-9)


def reasons(platform: LocalPlatform, schema: str) -> list[str]:
    runs = platform.tables.read(f"{schema}.feature_runs").where("feature_table = 'pickup_features'")
    return [row.reason for row in runs.orderBy("finished_at").collect()]


def fill(platform: LocalPlatform, schema: str, rows: DataFrame) -> str:
    platform.tables.overwrite(f"{schema}.source", rows)
    return f"{schema}.source"


def test_incremental_runs_with_late_rows_give_the_same_tables_as_one_full_run(
    trips: str, schema: str, features_schema: str, run_task: Runner, platform: LocalPlatform
) -> None:
    every = platform.tables.read(trips)
    time = F.unix_micros("tpep_dropoff_datetime")
    first, last = every.select(F.min(time), F.max(time)).first()
    days = (last - first) // 86_400_000_000 + 1
    for day in range(0, days, 5):  # a run every five days; about a third of the trips arrive 20 hours late
        late = F.pmod(F.xxhash64(*every.columns), F.lit(3)) == 0
        known = first + (day + 5) * 86_400_000_000
        there = time < F.lit(known) - F.when(late, F.lit(20 * 3_600_000_000)).otherwise(F.lit(0))
        source = fill(platform, schema, every if day + 5 >= days else every.where(there))
        run_task(compute_features, source_tables=f"trips={source}", schema_name=schema)
    assert_same(platform, schema, features_schema)
    assert reasons(platform, schema)[0].startswith("no earlier run is recorded")
    assert set(reasons(platform, schema)[1:]) == {"new and late rows"}
    assert len(reasons(platform, schema)) > 4


def test_rows_that_arrive_later_than_expected_are_included(
    trips: str, schema: str, features_schema: str, run_task: Runner, platform: LocalPlatform
) -> None:
    every = platform.tables.read(trips)
    for rows in (every.where("pickup_zip % 2 = 0"), every):
        run_task(compute_features, source_tables=f"trips={fill(platform, schema, rows)}", schema_name=schema)
    assert_same(platform, schema, features_schema)
    assert re.search(r"source has \d+ rows before \S+ \S+, but had \d+", reasons(platform, schema)[1])


def test_another_source_replaces_the_rows_of_the_previous_source(
    trips: str, schema: str, features_schema: str, run_task: Runner, platform: LocalPlatform
) -> None:
    early = fill(platform, schema, platform.tables.read(trips).where("tpep_pickup_datetime < '2016-02-01'"))
    run_task(compute_features, source_tables=f"trips={early}", schema_name=schema)
    run_task(compute_features, source_tables=f"trips={trips}", schema_name=schema)
    assert_same(platform, schema, features_schema)


def test_a_part_is_recomputed_on_request(
    trips: str, schema: str, features_schema: str, run_task: Runner, platform: LocalPlatform
) -> None:
    run_task(compute_features, source_tables=f"trips={trips}", schema_name=schema)
    table = f"{schema}.pickup_features"
    rows = platform.tables.read(table).withColumn("pickup_trips", F.lit(-1.0))
    platform.tables.overwrite(f"{schema}.spoilt", rows)
    platform.tables.overwrite(table, platform.tables.read(f"{schema}.spoilt"))
    run_task(compute_features, source_tables=f"trips={trips}", schema_name=schema, since="2016-02-10T00:00")
    repaired = platform.tables.read(table).where("pickup_trips >= 0")
    assert repaired.select(F.min("window_end").cast("string")).first()[0] == "2016-02-10 00:00:00"
    run_task(compute_features, source_tables=f"trips={trips}", schema_name=schema, since="all")
    assert_same(platform, schema, features_schema)


def test_a_changed_function_recomputes_everything(
    trips: str, schema: str, run_task: Runner, platform: LocalPlatform, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_task(compute_features, source_tables=f"trips={trips}", schema_name=schema)
    other = {"pickup_features": lambda source: features.pickup_features(source).where("pickup_trips > 0")}
    example.change(monkeypatch, feature_tables=example.PROJECT.feature_tables | other)
    run_task(compute_features, source_tables=f"trips={trips}", schema_name=schema)
    assert "the function of the table or its configuration has changed" in reasons(platform, schema)


def test_a_broken_contract_leaves_the_tables_unchanged(
    trips: str, schema: str, features_schema: str, run_task: Runner, platform: LocalPlatform
) -> None:
    good = platform.tables.read(trips)
    run_task(compute_features, source_tables=f"trips={trips}", schema_name=schema)
    bad = fill(platform, schema, good.withColumn("trip_distance", F.lit(-1.0)))
    with pytest.raises(ProjectError, match=r"trip_distance must be at least 0.*900 of 900 rows"):
        run_task(compute_features, source_tables=f"trips={bad}", schema_name=schema)
    assert_same(platform, schema, features_schema)


def test_a_failed_write_leaves_the_table_unchanged_and_the_next_run_catches_up(
    trips: str,
    schema: str,
    features_schema: str,
    run_task: Runner,
    platform: LocalPlatform,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    half = fill(platform, schema, platform.tables.read(trips).where("tpep_dropoff_datetime < '2016-02-01'"))
    run_task(compute_features, source_tables=f"trips={half}", schema_name=schema)
    before = rows_of(platform, f"{schema}.dropoff_features")
    source = fill(platform, schema, platform.tables.read(trips))
    original = features.dropoff_features
    with monkeypatch.context() as patch:
        twice = {"dropoff_features": lambda rows: original(rows).unionAll(original(rows))}
        example.change(patch, feature_tables=example.PROJECT.feature_tables | twice)
        with pytest.raises(
            ProjectError, match=r"dropoff_features must have unique, non-null keys \(dropoff_zip, window_end"
        ):
            run_task(compute_features, source_tables=f"trips={source}", schema_name=schema)
    pd.testing.assert_frame_equal(rows_of(platform, f"{schema}.dropoff_features"), before)
    run_task(compute_features, source_tables=f"trips={source}", schema_name=schema)
    assert_same(platform, schema, features_schema)


def test_a_new_feature_table_needs_one_function_and_some_lines_of_configuration(
    trips: str, schema: str, run_task: Runner, platform: LocalPlatform, monkeypatch: pytest.MonkeyPatch
) -> None:
    def zones(source: DataFrame) -> DataFrame:
        return source.groupBy("pickup_zip").agg(F.count("*").cast("double").alias("ever"))

    settings = example.PROJECT.config
    tables = settings.feature_tables | {"zones": FeatureTable(keys=("pickup_zip",))}
    changed = settings.model_copy(update={"feature_tables": tables})
    example.change(monkeypatch, config=changed, feature_tables=example.PROJECT.feature_tables | {"zones": zones})
    for _ in range(2):
        values = run_task(compute_features, source_tables=f"trips={trips}", schema_name=schema)
    assert f"{schema}.zones" in values["feature_tables"].split(",")
    assert platform.tables.read(f"{schema}.zones").agg(F.sum("ever")).first()[0] == 900


def test_an_online_store_gets_every_table(
    trips: str, schema: str, run_task: Runner, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level("INFO"):
        run_task(compute_features, source_tables=f"trips={trips}", schema_name=schema, online_store="shop")
    for name in example.PROJECT.config.feature_tables:
        assert f"{schema}.{name}: version 0 is published to shop" in caplog.text


@pytest.mark.parametrize("since", ["yesterday", "2016-13-01"])
def test_an_invalid_time_is_refused(trips: str, schema: str, run_task: Runner, since: str) -> None:
    with pytest.raises(ProjectError, match=f"'since' is '{since}': give an ISO 8601 time"):
        run_task(compute_features, source_tables=f"trips={trips}", schema_name=schema, since=since)


def test_an_empty_source_writes_nothing_and_records_nothing(
    trips: str, schema: str, run_task: Runner, platform: LocalPlatform
) -> None:
    empty = fill(platform, schema, platform.tables.read(trips).limit(0))
    run_task(compute_features, source_tables=f"trips={empty}", schema_name=schema)
    assert platform.tables.read(f"{schema}.pickup_features").count() == 0
    assert not platform.tables.exists(f"{schema}.feature_runs")
