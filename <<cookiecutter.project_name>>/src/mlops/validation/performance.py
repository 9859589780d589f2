"""Checks of performance: is the version good enough on all held-out rows and on each slice, and were they unseen?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import mlflow
import numpy as np
import pandas as pd
from pyspark.sql import functions as F

from ..config.validation import Slice
from ..errors import ProjectError
from ..evaluation.metrics import GREATER_IS_BETTER, evaluate
from .check import Check, within
from .evidence import Evidence

_MODEL_TYPES = {"regression": "regressor", "classification": "classifier"}


def metrics(evidence: Evidence) -> Iterator[Check]:
    """Every metric with a bound lies within it on all held-out rows."""
    for name, bound in evidence.settings.validation.metrics.items():
        yield within(name, evidence.metrics.get(name), bound)


def slices(evidence: Evidence) -> Iterator[Check]:
    """The metrics of each slice lie within its own bounds, and the deciding one is not much worse than on all rows."""
    policy = evidence.settings.validation.slice_rows
    for name, one in evidence.settings.validation.slices.items():
        try:
            inside = np.asarray(evidence.rows.eval(one.where), dtype=bool)
        except Exception as error:
            raise ProjectError(f"validation.slices.{name}.where {one.where!r} cannot be evaluated: {error}") from error
        count = int(inside.sum())
        if count < policy.at_least:
            skipped = policy.otherwise == "skip"
            reason = f"slice {name} has {count} rows, fewer than {policy.at_least}"
            yield Check(f"slice {name}", skipped, reason, float(count), f"at least {policy.at_least}", skipped)
            continue
        try:
            found = evaluate(evidence.settings.problem_type, evidence.label[inside], evidence.prediction[inside])
        except ValueError as error:
            yield Check(f"slice {name}", passed=False, reason=f"slice {name} with {count} rows has no metrics: {error}")
            continue
        yield from _of_slice(name, one, found, evidence.metrics, evidence.settings.metric)


def _of_slice(
    name: str, one: Slice, found: Mapping[str, float], whole: Mapping[str, float], metric: str
) -> Iterator[Check]:
    for bounded, bound in one.metrics.items():
        yield within(f"slice {name} {bounded}", found.get(bounded), bound)
    if one.worse_than_all is None:
        return
    loss = (whole[metric] - found[metric]) * (1 if GREATER_IS_BETTER[metric] else -1)
    allowed = one.worse_than_all * abs(whole[metric])
    yield Check(
        f"slice {name} compared with all rows",
        loss <= allowed,
        f"slice {name} {metric} {found[metric]:.4g} is worse than {whole[metric]:.4g} on all rows by {loss:.4g}; "
        f"at most {allowed:.4g} is allowed",
        loss,
        f"at most {allowed:.4g}",
    )


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
    times = evidence.all_rows.select(
        F.max(F.when(~held_out, micros)).alias("last"), F.min(F.when(held_out, micros)).alias("first")
    ).first()
    apart = times is not None and None not in (times["last"], times["first"]) and times["last"] < times["first"]
    verdict = "after" if apart else "before the end of"
    yield Check("times are held out", apart, f"the held-out rows begin {verdict} the rows used in training")


def logged_evaluation(evidence: Evidence) -> Iterator[Check]:
    """MLflow's own evaluation of the held-out rows is logged to the run: metrics, and plots for a classifier."""
    data = pd.DataFrame({"label": evidence.label, "prediction": evidence.prediction})
    if evidence.settings.problem_type == "classification":
        data["label"], data["prediction"] = data["label"].astype(int), (data["prediction"] >= 0.5).astype(int)  # noqa: PLR2004
    found = mlflow.models.evaluate(  # type: ignore[no-untyped-call] # MLflow's own decorator hides its types
        data=data,
        targets="label",
        predictions="prediction",
        model_type=_MODEL_TYPES[evidence.settings.problem_type],
        evaluators="default",
        evaluator_config={"log_model_explainability": False, "metric_prefix": "evaluation_"},
    )
    count = float(found.metrics["evaluation_example_count"])
    reason = f"MLflow evaluated {count:.0f} of {len(data)} held-out rows"
    yield Check("evaluation is logged", count == len(data), reason, count, f"{len(data)} rows")
