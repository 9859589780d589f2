"""Tries a served version before it gets requests: its answers must be those of the registered model."""

from __future__ import annotations

from collections.abc import Callable

import mlflow
import numpy as np
import pandas as pd
from mlflow.models import ModelSignature
from mlflow.types import DataType

from ..config.load import ProjectConfig
from ..errors import ProjectError
from ..evaluation.metrics import Array
from ..registry import predict

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
    signature = mlflow.models.get_model_info(model_uri).signature
    sample = _request(rows, signature, [*config.feature_set.request, *config.features]).head(_ROWS)
    if sample.empty:
        raise ProjectError(f"no held-out row of {model_uri} has all columns of a request, so it cannot be tried.")
    expected = predict(model_uri, rows.loc[sample.index, list(config.features)])
    found = ask(sample)
    if found.shape != expected.shape or not np.allclose(found, expected, rtol=_TOLERANCE, atol=_TOLERANCE):
        differs = f"{np.ravel(found)[0]:g} instead of {np.ravel(expected)[0]:g}" if found.size else "nothing"
        raise ProjectError(f"{model_uri} answers {differs} on the endpoint: it does not predict as it does here.")
    looked_up = ask(sample[list(config.feature_set.request)])
    if not np.isfinite(looked_up).all():
        raise ProjectError(
            f"{model_uri} answers requests without features with values that are not finite: see whether the online "
            "store has the feature tables."
        )


def _request(rows: pd.DataFrame, signature: ModelSignature | None, columns: list[str]) -> pd.DataFrame:
    """Return the rows that can be sent, in the types of the signature; the training table holds numbers as doubles."""
    names = list(dict.fromkeys(name for name in columns if name in rows.columns))
    declared = signature.inputs.inputs if signature is not None and signature.inputs is not None else []
    types = {str(one.name): one.type for one in declared}
    known = [name for name in names if not types or name in types]
    whole = [name for name in known if types.get(name) in _WHOLE]
    required = [str(one.name) for one in declared if getattr(one, "required", True) and one.name in known]
    kept = rows[known].dropna(subset=[*required, *whole])
    booleans = [name for name in known if types.get(name) == DataType.boolean]
    return kept.astype(dict.fromkeys(whole, "int64") | {name: "bool" for name in booleans if name in required})
