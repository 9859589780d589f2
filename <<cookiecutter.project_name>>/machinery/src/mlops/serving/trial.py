"""Tries a served version before it gets requests: its answers must be those of the registered model."""

from __future__ import annotations

import logging
from collections.abc import Callable

import numpy as np
import pandas as pd
from mlflow.models import ModelSignature
from mlflow.types import DataType

from ..config.load import ProjectConfig
from ..errors import ProjectError
from ..evaluation.metrics import Array
from ..loading import predict, signature_of

log = logging.getLogger(__name__)

Ask = Callable[[pd.DataFrame], Array]

_ROWS = 5
_TOLERANCE = 1e-6  # relative; the same model on another processor may differ in the last bits
_WHOLE = (DataType.integer, DataType.long)


def require_same_answers(model_uri: str, rows: pd.DataFrame, config: ProjectConfig, ask: Ask) -> None:
    """Ask a served version about some rows, with all features and with keys alone.

    With all features the answers must be those of the registered model, loaded here. With the columns of a request
    alone, the endpoint looks the features up: every row must get a finite prediction.

    Args:
        model_uri: The registered version.
        rows: Held-out rows of the version's training run: the columns of a request, and the features.
        config: The project's configuration.
        ask: Returns the predictions of the served version.

    Raises:
        ProjectError: It does not answer, or not as it should.
    """
    signature = signature_of(model_uri)
    request = list(config.feature_set.request)
    requests = _sendable(rows, signature, request)
    if requests.empty:
        raise ProjectError(f"no held-out row of {model_uri} has all columns of a request, so it cannot be tried.")
    # The endpoint looks up what is null in a request, so only rows with all features must get the same prediction.
    complete = _sendable(rows, signature, [*request, *config.features])
    if complete.empty:
        log.warning("no held-out row of %s has all features: its predictions are not compared", model_uri)
    else:
        _compare(model_uri, ask(complete), predict(model_uri, rows.loc[complete.index, list(config.features)]))
    if not np.isfinite(ask(requests)).all():
        raise ProjectError(
            f"{model_uri} answers requests without features with values that are not finite: see whether the online "
            "store has the feature tables."
        )


def _compare(model_uri: str, answers: Array, expected: Array) -> None:
    if answers.shape != expected.shape or not np.allclose(answers, expected, rtol=_TOLERANCE, atol=_TOLERANCE):
        differs = f"{np.ravel(answers)[0]:g} instead of {np.ravel(expected)[0]:g}" if answers.size else "nothing"
        raise ProjectError(f"{model_uri} answers {differs} on the endpoint: it does not predict as it does here.")


def _sendable(rows: pd.DataFrame, signature: ModelSignature | None, columns: list[str]) -> pd.DataFrame:
    """Return a few rows with values in all of these columns, in the types of the signature.

    The training table holds whole numbers and booleans as doubles, which MLflow does not accept in their place.
    """
    declared = signature.inputs.inputs if signature is not None and signature.inputs is not None else []
    types = {str(column.name): column.type for column in declared}
    known = [name for name in dict.fromkeys(columns) if name in rows.columns and (not types or name in types)]
    whole = {name: "int64" for name in known if types.get(name) in _WHOLE}
    booleans = {name: "bool" for name in known if types.get(name) == DataType.boolean}
    return rows[known].dropna().head(_ROWS).astype(whole | booleans)
