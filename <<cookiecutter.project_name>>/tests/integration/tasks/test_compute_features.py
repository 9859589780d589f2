import pytest
from pyspark.sql import functions as F  # noqa: N812 - the name every Spark user knows

from << cookiecutter.__package >> import config, features
from << cookiecutter.__package >>.errors import ProjectError
from << cookiecutter.__package >>.platform.local import LocalPlatform
from << cookiecutter.__package >>.tasks import compute_features

from conftest import Runner


def test_every_feature_table_is_written(trips: str, schema: str, run_task: Runner, platform: LocalPlatform) -> None:
    values = run_task(compute_features, source_table=trips, schema_name=schema)
    names = [f"{schema}.{name}" for name in config.load().feature_tables]
    assert values == {"feature_tables": ",".join(names)}
    assert all(platform.tables.read(name).count() > 0 for name in names)


def test_a_second_run_changes_nothing(trips: str, schema: str, run_task: Runner, platform: LocalPlatform) -> None:
    counts = []
    for _ in range(2):
        run_task(compute_features, source_table=trips, schema_name=schema)
        counts.append([platform.tables.read(f"{schema}.{name}").count() for name in config.load().feature_tables])
    assert counts[0] == counts[1]


def test_a_missing_column_stops_before_anything_is_written(
    trips: str, schema: str, run_task: Runner, platform: LocalPlatform
) -> None:
    platform.tables.overwrite(f"{schema}.bare", platform.tables.read(trips).drop("fare_amount"))
    with pytest.raises(ProjectError, match="has no column fare_amount"):
        run_task(compute_features, source_table=f"{schema}.bare", schema_name=schema)
    assert not platform.tables.exists(f"{schema}.pickup_features")


def test_a_feature_table_without_its_function_is_named(
    trips: str, schema: str, run_task: Runner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(features, "dropoff_features")
    with pytest.raises(ProjectError, match=r"features\.py has no function dropoff_features"):
        run_task(compute_features, source_table=trips, schema_name=schema)


def test_a_function_that_forgets_a_key_is_named(
    trips: str, schema: str, run_task: Runner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(features, "pickup_features", lambda source: source.select(F.lit(1).alias("pickup_zip")))
    with pytest.raises(ProjectError, match=r"features\.pickup_features has no column window_end"):
        run_task(compute_features, source_table=trips, schema_name=schema)
