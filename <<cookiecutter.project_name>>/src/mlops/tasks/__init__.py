"""The tasks of the jobs. Each has a module with its parameters, its task values and `run`."""

from . import (
    approve,
    batch_inference,
    change_champion,
    compare,
    compute_features,
    deliver,
    deploy,
    explain,
    rollback,
    snapshot,
    stream_inference,
    train,
    validate,
)

__all__ = [
    "approve",
    "batch_inference",
    "change_champion",
    "compare",
    "compute_features",
    "deliver",
    "deploy",
    "explain",
    "rollback",
    "snapshot",
    "stream_inference",
    "train",
    "validate",
]
