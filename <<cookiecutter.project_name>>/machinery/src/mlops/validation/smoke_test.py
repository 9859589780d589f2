"""Checks whether a registered version can predict at all, before it gets any traffic, however good its metrics are."""

from __future__ import annotations

import numpy as np
import pandas as pd
from mlflow.pyfunc import PyFuncModel

from ..errors import first_line
from ..evaluation.metrics import as_predictions
from ..loading import load
from .check import Check


def smoke(model_uri: str) -> list[Check]:
    """Load a version by its URI, as a consumer would, and predict its own input example.

    Returns:
        The checks `signature`, `input example` and `predicts`, or the failed check `loads`. A check that raises an
        error fails, with the error as its reason.
    """
    try:
        model = load(model_uri)
    except Exception as error:  # noqa: BLE001 - any error that a consumer would get is the result
        return [Check("loads", passed=False, reason=f"{model_uri} cannot be loaded: {first_line(error)}")]
    return [_signature(model), *_example(model)]


def _signature(model: PyFuncModel) -> Check:
    signature = model.metadata.signature
    if signature is None or signature.inputs is None or signature.outputs is None:
        return Check("signature", passed=False, reason="the signature lacks inputs or outputs")
    return Check("signature", passed=True, reason=f"the signature names {len(signature.inputs.inputs)} inputs")


def _example(model: PyFuncModel) -> list[Check]:
    example = model.input_example
    if not isinstance(example, pd.DataFrame) or example.empty:
        return [Check("input example", passed=False, reason="the model has no input example with rows")]
    there = Check("input example", passed=True, reason=f"the input example has {len(example)} rows")
    try:
        predicted = as_predictions(model.predict(example))
    except Exception as error:  # noqa: BLE001 - any error that a consumer would get is the result
        return [there, Check("predicts", passed=False, reason=f"predicting the example fails: {first_line(error)}")]
    passed = len(predicted) == len(example) and bool(np.isfinite(predicted).all())
    verdict = "are finite for each row" if passed else "are not finite for each row"
    return [there, Check("predicts", passed, f"predictions of the example {verdict}")]
