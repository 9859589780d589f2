from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from mlops.config.search import Training
from mlops.errors import ProjectError
from mlops.project import Project
from mlops.sources.sources import Sources
from mlops.training import training_set
from mlops_local.platform import LocalPlatform

from example import PROJECT
from running import new_schema, trips_of

SETTINGS = PROJECT.config


@pytest.fixture
def source(platform: LocalPlatform, trips: str) -> DataFrame:
    return platform.tables.read(trips)


def written(platform: LocalPlatform, frame: DataFrame) -> Sources:
    """Return the sources of the example with these rows."""
    table = f"{new_schema(platform.spark)}.trips"
    platform.tables.overwrite(table, frame)
    return trips_of(platform, table)


def build(platform: LocalPlatform, source: DataFrame, schema: str, project: Project = PROJECT) -> DataFrame:
    store = platform.feature_store(schema, SETTINGS.feature_tables)
    return training_set.build(project, written(platform, source), store).rows


def test_the_oldest_rows_train_and_the_newest_are_held_out(
    platform: LocalPlatform, source: DataFrame, features_schema: str
) -> None:
    rows = build(platform, source, features_schema).toPandas()
    times = rows.groupby("split")[SETTINGS.spine.event_time].agg(["min", "max"])
    assert times["max"]["train"] < times["min"]["validation"]
    assert times["max"]["validation"] < times["min"]["holdout"]
    shares = rows["split"].value_counts(normalize=True)
    assert shares["holdout"] == pytest.approx(SETTINGS.split.holdout, abs=0.02)
    assert shares["validation"] == pytest.approx(SETTINGS.split.validation, abs=0.02)


def test_the_rows_are_counted_while_they_are_split(
    platform: LocalPlatform, source: DataFrame, features_schema: str
) -> None:
    store = platform.feature_store(features_schema, SETTINGS.feature_tables)
    built = training_set.build(PROJECT, written(platform, source), store)
    assert built.size == built.rows.count()
    assert built.columns == dict(built.rows.dtypes)


def test_every_labelled_row_is_there_once_with_its_features(
    platform: LocalPlatform, source: DataFrame, features_schema: str
) -> None:
    rows = build(platform, source, features_schema)
    labelled = training_set.spine(PROJECT, written(platform, source)).where(F.col(SETTINGS.label).isNotNull()).count()
    assert rows.count() == labelled == rows.select(SETTINGS.spine.key).distinct().count()
    assert {*SETTINGS.request, *SETTINGS.features, SETTINGS.label, "split"} == set(rows.columns)
    for lookup in SETTINGS.lookups:
        assert rows.where(F.col(lookup.outputs[0]).isNotNull()).count() > labelled / 2


def test_the_weights_come_with_the_rows_and_are_no_input_of_the_model(
    platform: LocalPlatform, source: DataFrame, features_schema: str
) -> None:
    weights = next(name for name in ("fare_amount", "long_trip") if name != SETTINGS.label)
    config = SETTINGS.model_copy(update={"training": Training(weights=weights)})
    store = platform.feature_store(features_schema, SETTINGS.feature_tables)
    built = training_set.build(replace(PROJECT, config=config), written(platform, source), store)
    assert built.rows.where(F.col(weights).isNotNull()).count() > 0
    spec = built.package[0]
    assert weights not in {*spec.request, *spec.features}
    unknown = SETTINGS.model_copy(update={"training": Training(weights="wieght")})
    with pytest.raises(ProjectError, match=r"features.spine returns has no column wieght"):
        training_set.build(replace(PROJECT, config=unknown), written(platform, source), store)


def test_a_row_whose_label_is_nan_is_left_out_and_counted(
    platform: LocalPlatform, source: DataFrame, features_schema: str, caplog: pytest.LogCaptureFixture
) -> None:
    def spine(trips: DataFrame) -> DataFrame:
        key = F.col(SETTINGS.spine.key)
        label = F.when(F.pmod(F.xxhash64(key), F.lit(10)) == 0, F.lit(float("nan"))).otherwise(F.col(SETTINGS.label))
        return PROJECT.spine(trips).withColumn(SETTINGS.label, label)

    rows = build(platform, source, features_schema, replace(PROJECT, spine=spine))
    whole = build(platform, source, features_schema).count()
    assert 0 < rows.count() < whole
    assert rows.where(F.isnan(SETTINGS.label)).count() == 0
    assert f"{whole - rows.count()} of {whole} rows have no label (null or NaN)" in caplog.text


def test_nothing_is_said_about_labels_if_every_row_has_one(
    platform: LocalPlatform, caplog: pytest.LogCaptureFixture
) -> None:
    seconds(platform, *range(21))
    assert "have no label" not in caplog.text


def seconds(platform: LocalPlatform, *event_times: int) -> list[tuple[int, str]]:
    """Split rows with these event times, which all have a label; return each time with its split, in order of time."""
    columns = "trip_id STRING, second BIGINT, trip_distance DOUBLE, label DOUBLE"
    rows = platform.spark.createDataFrame(
        [(f"trip {number}", second, 1.0, float(number % 2)) for number, second in enumerate(event_times)], columns
    ).selectExpr("*", f"timestamp_seconds(second) AS {SETTINGS.spine.event_time}", f"label AS {SETTINGS.label}")
    source = SETTINGS.sources["trips"].model_copy(update={"columns": {"second": "bigint"}})
    spine = SETTINGS.spine.model_copy(update={"inputs": ("trip_distance",)})
    alone = SETTINGS.model_copy(update={"lookups": (), "functions": (), "sources": {"trips": source}, "spine": spine})
    project = replace(PROJECT, spine=lambda given: given, config=alone)
    built = training_set.build(project, written(platform, rows), platform.feature_store("dev.s", {})).rows
    found = built.select(F.unix_seconds(F.col(SETTINGS.spine.event_time)), "split").collect()
    return sorted((row[0], row[1]) for row in found)


def test_rows_at_the_time_of_a_cut_belong_to_the_later_split(platform: LocalPlatform) -> None:
    # Of 21 rows, the cuts at shares of 0.7 and 0.85 are the times of the rows with the places 14 and 17 (from 0).
    found = seconds(platform, *range(21))
    assert found == [(at, "train" if at < 14 else "validation" if at < 17 else "holdout") for at in range(21)]
    # Rows with one time are never apart.
    tied = seconds(platform, *range(13), 13, 13, 13, 14, 17, 17, 17, 18)
    assert [split for at, split in tied if at == 13] == ["validation"] * 3
    assert [split for at, split in tied if at == 17] == ["holdout"] * 3


@pytest.mark.parametrize("times", [[0] * 16 + [1, 2, 3, 4, 5], [*range(11), *[20] * 10], [0] * 21])
def test_too_few_different_times_to_split_are_reported(platform: LocalPlatform, times: list[int]) -> None:
    with pytest.raises(ProjectError, match="the spine has 21 labelled rows, which are too few, or have too few diff"):
        seconds(platform, *times)


def test_a_label_that_is_null_everywhere_is_reported(
    platform: LocalPlatform, source: DataFrame, features_schema: str
) -> None:
    unpaid = source.withColumns({"fare_amount": F.lit(0.0), "tpep_dropoff_datetime": F.col("tpep_pickup_datetime")})
    with pytest.raises(ProjectError, match=f"label {SETTINGS.label} is null in every row of the spine"):
        build(platform, unpaid, features_schema)


def test_too_few_rows_to_split_are_reported(platform: LocalPlatform, source: DataFrame, features_schema: str) -> None:
    with pytest.raises(ProjectError, match="too few"):
        build(platform, source.limit(1), features_schema)


def test_a_missing_column_is_reported(platform: LocalPlatform, source: DataFrame, features_schema: str) -> None:
    with pytest.raises(ProjectError, match="has no column trip_distance"):
        build(platform, source.drop("trip_distance"), features_schema)


def test_rows_are_read_back_by_run_and_split(platform: LocalPlatform, schema: str) -> None:
    table = f"{schema}.training_rows"
    values = [("b", 2, "train"), ("a", 1, "train"), ("c", 3, "holdout")]
    rows = platform.spark.createDataFrame(values, "k STRING, t INT, split STRING")
    for run_id in ("one", "two"):
        training_set.write(platform.tables, table, rows, run_id, keep_days=30)
    assert training_set.read(platform.tables, table, "one", "train")["k"].tolist() == ["a", "b"]
    with pytest.raises(ProjectError, match="no holdout rows of run three"):
        training_set.read(platform.tables, table, "three", "holdout")


def test_rows_are_read_oldest_first_and_by_key_at_the_same_time(platform: LocalPlatform, schema: str) -> None:
    values = [("b", 2, 1.0), ("c", 1, 3.0), ("a", 2, 2.0), ("d", 1, 0.0)]
    rows = platform.spark.createDataFrame(values, "k STRING, t INT, x DOUBLE").withColumn("split", F.lit("train"))
    training_set.write(platform.tables, f"{schema}.training_rows", rows, "one", keep_days=30)
    found = training_set.read(platform.tables, f"{schema}.training_rows", "one", "train")
    assert found["k"].tolist() == ["c", "d", "a", "b"]
    assert found.index.tolist() == [0, 1, 2, 3]


def test_rows_of_old_runs_are_deleted(platform: LocalPlatform, schema: str) -> None:
    table = f"{schema}.training_rows"
    rows = platform.spark.createDataFrame([("a", 1, "train")], "k STRING, t INT, split STRING")
    long_ago = datetime.now(UTC) - timedelta(days=31)
    platform.tables.append(table, rows.withColumns({"run_id": F.lit("old"), "created_at": F.lit(long_ago)}))
    training_set.write(platform.tables, table, rows, "new", keep_days=30)
    assert [row.run_id for row in platform.tables.read(table).collect()] == ["new"]
