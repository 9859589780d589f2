"""Loads registered models and predicts with them, on one machine: a version's model takes features, not lookup keys."""

from __future__ import annotations

from pathlib import Path
from threading import Lock
from typing import Any

import mlflow
import pandas as pd
from mlflow.models import Model, ModelSignature
from mlflow.pyfunc import PyFuncModel
from mlflow.types import DataType

from .evaluation.metrics import Array, as_predictions

RAW_MODEL = "data/feature_store/raw_model"  # where a package of the feature-engineering client has the model itself


_downloaded: dict[str, Path] = {}
_downloading = Lock()


def forget_downloads() -> None:
    """Download models again: another task begins, and somebody may have changed them."""
    _downloaded.clear()


def download(model_uri: str) -> Path:
    """Return a local folder with the files of a registered version; a task downloads each version once."""
    with _downloading:
        if model_uri not in _downloaded:
            _downloaded[model_uri] = Path(mlflow.artifacts.download_artifacts(artifact_uri=model_uri))
        return _downloaded[model_uri]


def model_folder(model_uri: str) -> Path:
    """Return a local folder with the model that takes features. If it is packaged with lookups, unwrap the package."""
    folder = download(model_uri)
    packaged = folder / RAW_MODEL
    return packaged if packaged.exists() else folder


def signature_of(model_uri: str) -> ModelSignature | None:
    """Return the signature of a registered version, as it was registered; None if it has none."""
    signature: ModelSignature | None = Model.load(str(download(model_uri))).signature
    return signature


def load(model_uri: str) -> PyFuncModel:
    """Load the model of a registered version, without its lookups: it takes features."""
    model: PyFuncModel = mlflow.pyfunc.load_model(str(model_folder(model_uri)))
    return model


def predict(model_uri: str, frame: pd.DataFrame) -> Array:
    """Return the predictions, shape (rows,), of a registered version for rows of features."""
    return predict_with(load(model_uri), frame)


def predict_with(model: PyFuncModel, frame: pd.DataFrame) -> Array:
    """Return the predictions of a loaded model for rows of features, as the training table has them."""
    return as_predictions(model.predict(as_declared(frame, model.metadata.signature)))


def as_declared(frame: pd.DataFrame, signature: ModelSignature | None) -> pd.DataFrame:
    """Return rows of the training table in the types of a signature: its booleans are True, False or None.

    The training table holds them as doubles, which MLflow does not accept where a signature declares a boolean.
    """
    names = [name for name in booleans(signature) if name in frame.columns]
    return frame.assign(**{name: _as_booleans(frame[name]) for name in names}) if names else frame


def booleans(signature: ModelSignature | None) -> list[str]:
    """Return the inputs that a signature declares as boolean."""
    declared = signature.inputs if signature is not None and signature.inputs is not None else []
    return [str(column.name) for column in declared if column.type == DataType.boolean]


def _as_booleans(column: pd.Series[Any]) -> pd.Series[Any]:
    values = [None if null else bool(value) for value, null in zip(column, column.isna(), strict=True)]
    return pd.Series(values, column.index, dtype="object")
