import pandas as pd
import pytest
from pyspark.sql import functions as F

from mlops.errors import ProjectError
from mlops.loading import predict
from mlops.registry import CHAMPION, Registry
from mlops.tasks import batch_inference
from mlops.training import training_set
from mlops_local.platform import LocalPlatform

from example import PROJECT
from running import Runner, trips_of

SETTINGS = PROJECT.config


@pytest.fixture
def parameters(trained: dict[str, str], trips: str, features_schema: str, schema: str) -> dict[str, str]:
    """The parameters of a batch inference with a champion, into a table that does not exist yet."""
    Registry(trained["model_name"]).set_alias(CHAMPION, trained["model_version"])
    return {
        "source_tables": f"trips={trips}",
        "schema_name": features_schema,
        "model_name": trained["model_name"],
        "predictions_table": f"{schema}.predictions",
        "quarantine_table": f"{schema}.quarantine",
        "scoring_run": "1",
    }


def test_every_row_is_scored_once_however_often_the_job_runs(
    parameters: dict[str, str], trips: str, run_task: Runner, platform: LocalPlatform
) -> None:
    first = run_task(batch_inference, **parameters)
    second = run_task(batch_inference, **(parameters | {"scoring_run": "2"}))
    predictions = platform.tables.read(parameters["predictions_table"])
    rows = training_set.spine(PROJECT, trips_of(platform, trips)).count()
    assert (first["rows_scored"], second["rows_scored"]) == (str(rows), "0")
    assert predictions.count() == rows == predictions.select(SETTINGS.spine.key).distinct().count()


def test_only_new_rows_are_scored(
    parameters: dict[str, str], trips: str, schema: str, run_task: Runner, platform: LocalPlatform
) -> None:
    source = platform.tables.read(trips)
    early = f"{schema}.early"
    platform.tables.overwrite(early, source.where("tpep_pickup_datetime < '2016-02-01'"))
    before = int(run_task(batch_inference, **(parameters | {"source_tables": f"trips={early}"}))["rows_scored"])
    after = int(run_task(batch_inference, **(parameters | {"scoring_run": "2"}))["rows_scored"])
    assert 0 < before < before + after == training_set.spine(PROJECT, trips_of(platform, trips)).count()


def test_predictions_say_which_version_and_run_made_them_and_when(
    parameters: dict[str, str], trained: dict[str, str], run_task: Runner, platform: LocalPlatform
) -> None:
    run_task(batch_inference, **parameters)
    row = platform.tables.read(parameters["predictions_table"]).first()
    assert (row.model_name, row.model_version) == (trained["model_name"], trained["model_version"])
    assert row.scoring_run == "1"
    assert row.scored_at is not None


def test_predictions_are_those_of_the_model_on_the_same_features(
    parameters: dict[str, str], trained: dict[str, str], run_task: Runner, platform: LocalPlatform
) -> None:
    run_task(batch_inference, **parameters)
    scored = platform.tables.read(parameters["predictions_table"]).toPandas()
    expected = predict(trained["model_uri"], scored[list(SETTINGS.features)])
    assert scored["prediction"].tolist() == pytest.approx(expected.tolist())


def test_features_are_the_same_as_in_training(
    parameters: dict[str, str], trained: dict[str, str], run_task: Runner, platform: LocalPlatform
) -> None:
    run_task(batch_inference, **parameters)
    columns = [SETTINGS.spine.key, *SETTINGS.features]
    trained_on = platform.tables.read(trained["training_table"]).where(F.col("run_id") == trained["run_id"])
    known = trained_on.select(columns).toPandas().set_index(SETTINGS.spine.key).sort_index()
    scored = platform.tables.read(parameters["predictions_table"]).select(columns).toPandas()
    assert len(known) > 0
    # If a column has a single value in a file, pysail 0.7 reads it from Delta's statistics, which are decimal text.
    pd.testing.assert_frame_equal(scored.set_index(SETTINGS.spine.key).loc[known.index], known, rtol=1e-15, atol=0)


def test_without_a_champion_nothing_is_scored(
    trained: dict[str, str], trips: str, features_schema: str, schema: str, run_task: Runner, platform: LocalPlatform
) -> None:
    with pytest.raises(ProjectError, match="no version with the alias Champion: run the training job first"):
        run_task(
            batch_inference,
            source_tables=f"trips={trips}",
            schema_name=features_schema,
            model_name=trained["model_name"],
            predictions_table=f"{schema}.predictions",
            quarantine_table=f"{schema}.quarantine",
            scoring_run="1",
        )
    assert not platform.tables.exists(f"{schema}.predictions")


@pytest.mark.parametrize(
    ("known", "told"), [("id STRING", "has no column trip_id"), ("trip_id BIGINT", "has the key trip_id as bigint")]
)
def test_predictions_with_another_key_are_told_and_kept(
    parameters: dict[str, str], run_task: Runner, platform: LocalPlatform, known: str, told: str
) -> None:
    table = parameters["predictions_table"]
    platform.tables.overwrite(table, platform.spark.createDataFrame([], known))
    with pytest.raises(ProjectError, match=rf"{table} {told}.*identifies rows by trip_id \(string\).*another name"):
        run_task(batch_inference, **parameters)
    assert platform.tables.read(table).columns == [known.split(maxsplit=1)[0]]
