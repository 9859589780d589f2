import pytest

from mlops.errors import ProjectError
from mlops.tasks import snapshot
from mlops.training import training_set
from mlops_local.platform import LocalPlatform

from example import PROJECT
from running import Runner, trips_of

SETTINGS = PROJECT.config
KEY = SETTINGS.spine.key


@pytest.fixture
def parameters(trips: str, schema: str, platform: LocalPlatform) -> dict[str, str]:
    """Parameters for a snapshot of the trips and of one prediction for each of them."""
    keys = training_set.spine(PROJECT, trips_of(platform, trips)).select(KEY)
    platform.tables.overwrite(f"{schema}.predictions", keys.selectExpr("*", "1.0 AS prediction"))
    return {
        "source_tables": f"trips={trips}",
        "predictions_table": f"{schema}.predictions",
        "snapshot_schema": f"{schema}_snapshot",
        "rows": "50",
    }


def test_a_snapshot_has_the_given_number_of_rows_and_their_predictions(
    parameters: dict[str, str], run_task: Runner, platform: LocalPlatform
) -> None:
    values = run_task(snapshot, **parameters)
    copy = f"{parameters['snapshot_schema']}.trips"
    source = platform.tables.read(copy)
    predictions = platform.tables.read(f"{parameters['snapshot_schema']}.predictions")
    assert values["source_tables"] == f"trips={copy}"
    assert values["source_rows"] == "50" == str(source.count())
    kept = {row[KEY] for row in training_set.spine(PROJECT, trips_of(platform, copy)).select(KEY).collect()}
    assert {row[KEY] for row in predictions.collect()} == kept
    assert values["prediction_rows"] == str(len(kept))


def test_a_snapshot_covers_the_whole_source_and_is_repeatable(
    parameters: dict[str, str], trips: str, run_task: Runner, platform: LocalPlatform
) -> None:
    name = f"{parameters['snapshot_schema']}.trips"
    found = []
    for _ in range(2):
        run_task(snapshot, **parameters)
        found.append(platform.tables.read(name).toPandas().sort_values("tpep_pickup_datetime", ignore_index=True))
    assert found[0].equals(found[1])
    whole = platform.tables.read(trips).toPandas()["tpep_pickup_datetime"]
    assert found[0]["tpep_pickup_datetime"].min() < whole.quantile(0.2)
    assert found[0]["tpep_pickup_datetime"].max() > whole.quantile(0.8)


def test_a_small_source_is_copied_in_full_and_predictions_may_be_missing(
    parameters: dict[str, str], trips: str, run_task: Runner, platform: LocalPlatform
) -> None:
    absent = parameters | {"rows": "100000", "predictions_table": f"{parameters['snapshot_schema']}.none"}
    values = run_task(snapshot, **absent | {"snapshot_schema": f"{parameters['snapshot_schema']}_2"})
    assert values["source_rows"] == str(platform.tables.read(trips).count())
    assert values["prediction_rows"] == "0"


def test_a_snapshot_never_overwrites_a_table_that_it_copies(
    parameters: dict[str, str], trips: str, run_task: Runner, platform: LocalPlatform
) -> None:
    before = platform.tables.read(trips).count()
    with pytest.raises(
        ProjectError, match="but it copies one of them, or two of them are the same table: give another"
    ):
        run_task(snapshot, **parameters | {"snapshot_schema": trips.rsplit(".", maxsplit=1)[0]})
    assert platform.tables.read(trips).count() == before
