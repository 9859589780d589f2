"""The tasks of the jobs. Each has a module with its parameters, its task values and `run`."""

from . import (
    approve,
    batch_inference,
    change_champion,
    check_metrics,
    compare,
    compute_features,
    deliver,
    deploy,
    explain,
    refresh_metrics,
    rollback,
    snapshot,
    stream_inference,
    train,
    update_inference_log,
    validate,
)

__all__ = [
    "approve",
    "batch_inference",
    "change_champion",
    "check_metrics",
    "compare",
    "compute_features",
    "deliver",
    "deploy",
    "explain",
    "refresh_metrics",
    "rollback",
    "snapshot",
    "stream_inference",
    "train",
    "update_inference_log",
    "validate",
]
