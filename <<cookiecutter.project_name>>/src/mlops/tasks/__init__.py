"""The tasks of the jobs. Each has a module with its parameters, its task values and `run`."""

from . import (
    approve,
    batch_inference,
    change_champion,
    compare,
    compute_features,
    deploy,
    explain,
    rollback,
    snapshot,
    train,
    validate,
)

__all__ = [
    "approve",
    "batch_inference",
    "change_champion",
    "compare",
    "compute_features",
    "deploy",
    "explain",
    "rollback",
    "snapshot",
    "train",
    "validate",
]
