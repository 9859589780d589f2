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


def log_trial(number: int, hyperparameters: dict[str, Any], metrics: dict[str, float]) -> None:
    """Log a trial of the search as a child of the active run."""
    # Without an experiment ID, MLflow puts a nested run into the default experiment, not into its parent's.
    parent = mlflow.active_run()
    experiment_id = None if parent is None else parent.info.experiment_id
    with mlflow.start_run(experiment_id=experiment_id, run_name=f"trial-{number}", nested=True):
        tracking.log_params(hyperparameters)
        mlflow.log_metrics({f"validation_{name}": value for name, value in metrics.items()})


def log_rows(settings: ProjectConfig, rows: dict[str, pd.DataFrame]) -> None:
    """Log how many rows each split has and which time it spans, and which inputs the training rows have."""
    for split, frame in rows.items():
        times = frame[settings.spine.event_time]
        span = {f"{split}_from": str(times.min()), f"{split}_to": str(times.max())}
        tracking.log_params({f"{split}_rows": len(frame), **span})
    seen = inputs.describe(rows["train"][list(settings.features)])
    mlflow.log_dict(inputs.as_json(seen), inputs.FILE)  # type: ignore[arg-type] # any JSON


def log_results(settings: ProjectConfig, trained: search.Trained, rows: dict[str, pd.DataFrame]) -> None:
    """Log the best model's hyperparameters and metrics, and the metrics of the naive baseline."""
    tracking.log_params({"algorithm": type(fitting.last_step(trained.estimator)[1]).__name__})
    tracking.log_params(trained.hyperparameters)
    constant = settings.measures.naive_baseline(rows["train"][settings.label].to_numpy(dtype=np.float64))
    held_out = rows["holdout"][settings.label].to_numpy(dtype=np.float64)
    baseline = settings.measures.evaluate(held_out, np.broadcast_to(constant, settings.measures.shape(len(held_out))))
    tracking.log_params({"naive_baseline": json.dumps(constant.tolist())})
    by_split = {**trained.metrics, "baseline_holdout": baseline}
    mlflow.log_metrics(
        {f"{split}_{name}": value for split, metrics in by_split.items() for name, value in metrics.items()}
    )
