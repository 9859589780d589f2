"""What training records on its MLflow run, which is the active run."""

from __future__ import annotations

import json
from typing import Any

import mlflow
import numpy as np
import pandas as pd

from .. import tracking
from ..config.load import ProjectConfig
from . import fitting, inputs, search
from .rows_digest import split_digest

HOLDOUT_DIGEST = "holdout_digest"  # the parameter of a run with the digest of its held-out rows


def log_trial(number: int, hyperparameters: dict[str, Any], metrics: dict[str, float]) -> None:
    """Log a trial of the search as a child of the active run."""
    # Without an experiment ID, MLflow puts a nested run into the default experiment, not into its parent's.
    parent = mlflow.active_run()
    experiment_id = None if parent is None else parent.info.experiment_id
    with mlflow.start_run(experiment_id=experiment_id, run_name=f"trial-{number}", nested=True):
        tracking.log(hyperparameters, {f"validation_{name}": value for name, value in metrics.items()})


def log_rows(settings: ProjectConfig, rows: dict[str, pd.DataFrame]) -> None:
    """Log how many rows each split has and which time it spans, which inputs the training rows have, and a digest.

    Validation compares the digest with that of the held-out rows which it reads.
    """
    spans: dict[str, object] = {}
    for split, frame in rows.items():
        times = frame[settings.spine.event_time]
        spans |= {f"{split}_rows": len(frame), f"{split}_from": str(times.min()), f"{split}_to": str(times.max())}
    tracking.log({**spans, HOLDOUT_DIGEST: split_digest(rows["holdout"])})
    seen = inputs.describe(rows["train"][list(settings.features)])
    mlflow.log_dict(inputs.as_json(seen), inputs.FILE)  # type: ignore[arg-type] # any JSON


def log_results(
    settings: ProjectConfig, trained: search.Trained, rows: dict[str, pd.DataFrame], model_uri: str
) -> None:
    """Log the best model's hyperparameters and metrics, and the metrics of the naive baseline.

    The model has been logged: MLflow would otherwise read the history of each metric to copy it to the model.
    """
    constant = settings.measures.naive_baseline(rows["train"][settings.label].to_numpy(dtype=np.float64))
    held_out = rows["holdout"][settings.label].to_numpy(dtype=np.float64)
    baseline = settings.measures.evaluate(held_out, np.broadcast_to(constant, settings.measures.shape(len(held_out))))
    by_split = {**trained.metrics, "baseline_holdout": baseline}
    tracking.log(
        {
            "algorithm": type(fitting.last_step(trained.estimator)[1]).__name__,
            **trained.hyperparameters,
            "naive_baseline": json.dumps(constant.tolist()),
        },
        {f"{split}_{name}": value for split, metrics in by_split.items() for name, value in metrics.items()},
        model_uri=model_uri,
    )
