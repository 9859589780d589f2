import numpy as np
import pytest
from pyspark.sql import SparkSession
from sklearn import metrics

from mlops.config.load import ProjectConfig
from mlops.serving.rollout.loss import loss, loss_name

import example


def config(problem_type: str, metric: str) -> ProjectConfig:
    return example.PROJECT.config.model_copy(update={"problem_type": problem_type, "metric": metric, "label": "y"})


@pytest.mark.parametrize(
    ("problem_type", "metric", "name"),
    [
        ("regression", "rmse", "squared error"),
        ("regression", "r2", "squared error"),
        ("regression", "mae", "absolute error"),
        ("regression", "mine", "squared error"),
        ("classification", "accuracy", "wrong class"),
        ("classification", "roc_auc", "log loss"),
        ("multiclass", "log_loss", "log loss"),
        ("multiclass", "f1_macro", "log loss"),
    ],
)
def test_the_loss_is_what_the_metric_is_a_mean_of(problem_type: str, metric: str, name: str) -> None:
    assert loss_name(config(problem_type, metric)) == name


@pytest.mark.parametrize(
    ("metric", "expected"), [("rmse", metrics.mean_squared_error), ("mae", metrics.mean_absolute_error)]
)
def test_the_mean_loss_of_numbers_is_the_metric(spark: SparkSession, metric: str, expected: object) -> None:
    assert callable(expected)
    rows = [(1.5, 1.0), (2.0, 4.0), (9.0, 8.5), (1.0, None)]
    found = spark.createDataFrame(rows, "prediction double, y double").select(loss(config("regression", metric)))
    losses = [row[0] for row in found.collect()]
    assert losses[3] is None
    assert np.mean(losses[:3]) == pytest.approx(expected([1.0, 4.0, 8.5], [1.5, 2.0, 9.0]))


def test_the_mean_loss_of_classes_is_the_metric(spark: SparkSession) -> None:
    chances = [[0.7, 0.2, 0.1], [0.1, 0.8, 0.1], [0.3, 0.4, 0.3], [0.0, 0.0, 1.0]]
    labels = ["a", "b", "c", None]
    rows = [
        ("abc"[int(np.argmax(one))], dict(zip("abc", one, strict=True)), label)
        for one, label in zip(chances, labels, strict=True)
    ]
    frame = spark.createDataFrame(rows, "prediction string, probabilities map<string, double>, y string")
    of_log, of_hits = (
        [row[0] for row in frame.select(loss(config("multiclass", metric))).collect()]
        for metric in ("log_loss", "accuracy")
    )
    assert (of_log[3], of_hits[3]) == (None, None)
    assert np.mean(of_log[:3]) == pytest.approx(metrics.log_loss(labels[:3], chances[:3]))
    assert of_hits[:3] == [0, 0, 1]


def test_a_class_that_was_held_to_be_impossible_costs_much_but_not_infinitely_much(spark: SparkSession) -> None:
    rows = [("0", {"0": 1.0, "1": 0.0}, "1"), ("0", {"0": 1.0}, "1")]
    frame = spark.createDataFrame(rows, "prediction string, probabilities map<string, double>, y string")
    found = [row[0] for row in frame.select(loss(config("classification", "log_loss"))).collect()]
    assert found == [pytest.approx(36.04, abs=0.01)] * 2
