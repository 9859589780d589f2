"""Checks of performance: is the version good enough on the held-out rows, by metrics and the project's own checks?"""

from __future__ import annotations

from collections.abc import Iterator

import mlflow
import pandas as pd
from pyspark.sql import functions as F

from ..errors import ProjectError, did_you_mean
from ..evaluation.metrics import DECISION_THRESHOLD
from .check import Check, within
from .evidence import Evidence

_MODEL_TYPES = {"regression": "regressor", "classification": "classifier", "multiclass": "classifier"}


def metrics(evidence: Evidence) -> Iterator[Check]:
    """Every metric with a bound lies within it on all held-out rows."""
    for name, bound in evidence.settings.validation.metrics.items():
        yield within(name, evidence.metrics.get(name), bound)


def own_metrics(evidence: Evidence) -> Iterator[Check]:
    """No metric of the project's own is worse for perfect predictions than for the naive baseline."""
    measures = evidence.settings.measures
    if measures.own:
        wrong = list(measures.misdirected(evidence.label).values())
        reason = "; ".join(wrong) or f"perfect predictions are at least as good as the baseline by {len(measures.own)}"
        reason += "" if wrong else " metrics of your own"
        yield Check("own metrics", not wrong, reason, float(len(wrong)), "at most 0")


def leakage(evidence: Evidence) -> Iterator[Check]:
    """No held-out row was used in training: their keys are not among the other rows, and their times are later."""
    key, event_time = evidence.settings.spine.key, evidence.settings.spine.event_time
    held_out = F.col("split") == "holdout"
    shared = (
        evidence.all_rows.where(held_out)
        .select(key)
        .join(evidence.all_rows.where(~held_out).select(key), key, "left_semi")
        .count()
    )
    reason = f"{shared} held-out keys were also used in training"
    yield Check("keys are held out", shared == 0, reason, float(shared), "at most 0")
    micros = F.unix_micros(F.col(event_time))
    ((last, first),) = evidence.all_rows.select(
        F.max(F.when(~held_out, micros)), F.min(F.when(held_out, micros))
    ).collect()
    apart = None not in (last, first) and last < first
    verdict = "after" if apart else "before the end of"
    yield Check("times are held out", apart, f"the held-out rows begin {verdict} the rows used in training")


def logged_evaluation(evidence: Evidence) -> Iterator[Check]:
    """MLflow's own evaluation of the held-out rows is logged to the run: metrics, and plots for a classifier."""
    data = _labels_and_decisions(evidence)
    evaluation = mlflow.models.evaluate(  # type: ignore[no-untyped-call] # MLflow's own decorator hides its types
        data=data,
        targets="label",
        predictions="prediction",
        model_type=_MODEL_TYPES[evidence.settings.problem_type],
        evaluators="default",
        evaluator_config={"log_model_explainability": False, "metric_prefix": "evaluation_"},
    )
    count = float(evaluation.metrics["evaluation_example_count"])
    reason = f"MLflow evaluated {count:.0f} of {len(data)} held-out rows"
    yield Check("evaluation is logged", count == len(data), reason, count, f"{len(data)} rows")


def _labels_and_decisions(evidence: Evidence) -> pd.DataFrame:
    """Return labels and predictions; of a classifier the numbers of classes, which have a confusion matrix."""
    label, prediction = evidence.label, evidence.prediction
    if evidence.settings.problem_type == "regression":
        return pd.DataFrame({"label": label, "prediction": prediction})
    chosen = prediction >= DECISION_THRESHOLD if prediction.ndim == 1 else prediction.argmax(axis=1)
    return pd.DataFrame({"label": label.astype(int), "prediction": chosen.astype(int)})


def custom(evidence: Evidence) -> Iterator[Check]:
    """The number of each of the project's own checks lies within its bound, and each of these checks has a bound.

    Each gets a copy of the evidence, so that what it changes, such as a column that it adds, is seen by no other check.

    Raises:
        ProjectError: A bound has no function, or a function has no bound.
    """
    bounds, measures = evidence.settings.validation.custom, evidence.checks
    for name in bounds:
        if name not in measures:
            raise ProjectError(f"validation.custom.{name}: checks.py has no such check{did_you_mean(name, measures)}")
    for name, measure in measures.items():
        if name not in bounds:
            raise ProjectError(f"the check {name} has no bound: give it one in validation.custom of project.yml")
        yield within(name, float(measure(evidence.copy())), bounds[name])
