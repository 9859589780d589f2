"""The life of a model with more than two classes, whose labels are texts: train, validate, deploy, explain, score."""

from dataclasses import replace
from types import ModuleType
from typing import Any

import mlflow
import numpy as np
import pytest
import yaml
from mlflow import MlflowClient
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from mlops.config.load import ProjectConfig, parse
from mlops.errors import ProjectError
from mlops.evaluation.metrics import METRICS, Array
from mlops.evaluation.own_metrics import metric
from mlops.tasks import batch_inference, explain, promote, train, validate
from mlops.training.class_numbers import with_class_numbers
from mlops_local.platform import LocalPlatform

import example
from running import Runner

CLASSES = ["short", "a medium trip", "long"]


@metric(greater_is_better=True, low=0.0, high=1.0)
def second_best(label: Array, prediction: Array) -> float:
    """Return the share of the rows whose class is one of the two most probable."""
    return float(np.mean((np.argsort(prediction, axis=1)[:, -2:] == label[:, None]).any(axis=1)))


def settings(**changes: object) -> ProjectConfig:
    metrics = ModuleType("metrics")
    metrics.second_best = second_best  # type: ignore[attr-defined]
    found = yaml.safe_load(example.CONFIG.read_text(encoding="utf-8"))
    found["validation"] |= {
        "metrics": {"log_loss": {"max": 1.0}, "roc_auc": {"min": 0.6}, "second_best": {"min": 0.5}},
        "slices": {"not_long": {"where": "band != 'long'", "worse_than_all": 9.0}},
        "predictions": {"min": 0.0, "max": 1.0},
        "latency": {"row_ms": 60_000, "batch_ms": 60_000},
        "custom": {},
    }
    found |= {"problem_type": "multiclass", "classes": CLASSES, "label": "band", "metric": "log_loss"}
    return parse(yaml.safe_dump(found | {"training": {"weights": "balanced"}} | changes), metrics=metrics)


def spine(trips: DataFrame) -> DataFrame:
    miles = F.col("trip_distance")
    band = F.when(miles < 1.5, CLASSES[0]).when(miles < 3, CLASSES[1]).when(miles > 0, CLASSES[2])
    noise = F.pmod(F.xxhash64("trip_id"), F.lit(5)) == 0
    return example_spine(trips).withColumn("band", F.when(noise, F.lit(CLASSES[1])).otherwise(band))


example_spine = example.PROJECT.spine


@pytest.fixture
def multiclass(monkeypatch: pytest.MonkeyPatch) -> ProjectConfig:
    """Let the tasks run a project whose label has three classes."""
    found = settings()
    fields: dict[str, Any] = {"config": found, "spine": spine, "checks": {}, "predict_method": "predict_proba"}
    example.change(monkeypatch, **fields)
    return found


def trained(trips: str, schema: str, experiment_id: str, run_task: Runner) -> dict[str, str]:
    where = {"source_tables": f"trips={trips}", "schema_name": schema, "experiment_id": experiment_id}
    model = f"{schema}.of_three_classes"
    found = run_task(
        train, **where, model_name=model, training_table=f"{schema}.three_rows", trials=1, owner="us", git_commit="abc"
    )
    return {"model_name": model, **found}


@pytest.mark.thorough
def test_a_model_of_three_classes_lives_its_whole_life(
    multiclass: ProjectConfig,
    trips: str,
    features_schema: str,
    experiment_id: str,
    run_task: Runner,
    platform: LocalPlatform,
) -> None:
    version = trained(trips, features_schema, experiment_id, run_task)
    run = mlflow.get_run(version["run_id"])
    for name in (*METRICS["multiclass"], "second_best"):
        assert f"holdout_{name}" in run.data.metrics
        assert f"baseline_holdout_{name}" in run.data.metrics
    assert len(yaml.safe_load(run.data.params["naive_baseline"])) == 3

    assert run_task(validate, **version) == {"model_version": version["model_version"]}
    assert run_task(promote, **version)["promoted"] == "true"
    assert run_task(explain, **version) == {"explained": "true"}
    files = {file.path for file in MlflowClient().list_artifacts(version["run_id"], "explain")}
    assert {"explain/confusion.png", "explain/calibration.png", "explain/importance.png"} <= files
    card = mlflow.artifacts.load_text(f"runs:/{version['run_id']}/card/model_card.md")
    assert "band (multiclass of short, a medium trip, long)" in card
    assert "second_best" in card
    assert "slice not_long" in card

    predictions = f"{features_schema}.three_predictions"
    where = {"source_tables": f"trips={trips}", "schema_name": features_schema, "predictions_table": predictions}
    where |= {"quarantine_table": f"{features_schema}.three_quarantined", "scoring_run": "1"}
    run_task(batch_inference, **where, model_name=version["model_name"])
    scored = platform.tables.read(predictions).toPandas()
    assert len(scored) > 100
    for row in scored.head(20).itertuples():
        probabilities = dict(row.probabilities)
        assert set(probabilities) == set(CLASSES)
        assert sum(probabilities.values()) == pytest.approx(1.0)
        assert row.prediction == max(probabilities, key=lambda name: probabilities[name])
    assert set(multiclass.classes) >= set(scored["prediction"])


def test_a_label_that_is_not_among_the_classes_is_named(
    monkeypatch: pytest.MonkeyPatch, trips: str, features_schema: str, experiment_id: str, run_task: Runner
) -> None:
    config = settings(classes=["short", "a medium trip", "longer"])
    example.change(monkeypatch, config=config, spine=spine, predict_method="predict_proba")
    with pytest.raises(ProjectError, match=r"not among the classes short, a medium trip, longer: long \(\d+ rows\)"):
        trained(trips, features_schema, experiment_id, run_task)


def test_a_class_without_train_rows_is_named(
    monkeypatch: pytest.MonkeyPatch, trips: str, features_schema: str, experiment_id: str, run_task: Runner
) -> None:
    config = settings(classes=[*CLASSES, "endless"])
    example.change(monkeypatch, config=config, spine=spine, predict_method="predict_proba")
    with pytest.raises(ProjectError, match="no train row has band = 'endless'"):
        trained(trips, features_schema, experiment_id, run_task)


@pytest.mark.parametrize(
    ("kind", "values", "classes"),
    [("STRING", ["b", "a", None], ["a", "b", "c"]), ("DOUBLE", [7.0, 5.0, float("nan")], [5, 7, 9])],
)
def test_labels_become_the_numbers_of_their_classes(
    platform: LocalPlatform, kind: str, values: list[object], classes: list[object]
) -> None:
    rows = platform.spark.createDataFrame(
        [(str(place), one) for place, one in enumerate(values)], f"k STRING, band {kind}"
    )
    found = with_class_numbers(settings(classes=classes), rows).orderBy("k").collect()
    assert [row["band"] for row in found] == [1.0, 0.0, None]


def test_other_problem_types_keep_their_labels(platform: LocalPlatform) -> None:
    rows = platform.spark.createDataFrame([(3.5,)], "fare_amount DOUBLE")
    assert with_class_numbers(example.PROJECT.config, rows) is rows


def test_the_business_value_gets_a_probability_for_each_class(multiclass: ProjectConfig) -> None:
    project = replace(example.PROJECT, config=multiclass)
    value = project.business_value("multiclass", np.array([0.0, 2.0]), np.array([[0.8, 0.1, 0.1], [0.8, 0.1, 0.1]]))
    assert value.shape == (2,)
    assert value[0] > value[1]
