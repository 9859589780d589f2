"""Writes to the active run of MLflow, in one request, and no text longer than every backend takes."""

from __future__ import annotations

import time
from collections.abc import Mapping

import mlflow
from mlflow import MlflowClient
from mlflow.entities import Metric, Param, RunTag

from .text_limits import RUN_PARAMETER, RUN_TAG, cut


def log(
    params: Mapping[str, object] | None = None,
    metrics: Mapping[str, float] | None = None,
    tags: Mapping[str, str] | None = None,
    run_id: str = "",
    model_uri: str = "",
) -> None:
    """Log to a run; texts are cut to the length that every backend takes.

    Args:
        params: Parameters.
        metrics: Metrics.
        tags: Tags.
        run_id: The run; the active one if empty.
        model_uri: The logged model that the metrics are about too, if it is of the form `models:/m-...`.

    Raises:
        MlflowException: There is no such run, or the server refuses the values.
    """
    active = mlflow.active_run()
    now, model = int(time.time() * 1000), model_uri.removeprefix("models:/")
    model_id = model if model.startswith("m-") else None
    MlflowClient().log_batch(
        run_id or (active.info.run_id if active else ""),
        metrics=[Metric(name, value, now, 0, model_id=model_id) for name, value in (metrics or {}).items()],
        params=[Param(name, cut(str(value), RUN_PARAMETER)) for name, value in (params or {}).items()],  # type: ignore[no-untyped-call]
        tags=[RunTag(name, cut(value, RUN_TAG)) for name, value in (tags or {}).items()],  # type: ignore[no-untyped-call]
    )
