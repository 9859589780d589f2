"""Writes texts to the active run of MLflow, none of them longer than every backend takes."""

from __future__ import annotations

from collections.abc import Mapping

import mlflow

from .text_limits import RUN_PARAMETER, RUN_TAG, cut


def log_params(params: Mapping[str, object]) -> None:
    """Log parameters to the active run; values are cut to the length that every backend takes."""
    mlflow.log_params({name: cut(str(value), RUN_PARAMETER) for name, value in params.items()})


def set_tag(key: str, value: str) -> None:
    """Set a tag of the active run; the value is cut to the length that every backend takes."""
    mlflow.set_tag(key, cut(value, RUN_TAG))
