"""A model packaged with its lookups, in the same folder layout as the Databricks feature-engineering client uses.

`data/feature_store/raw_model` is the model itself, which takes features; next to it is the spec of its lookups. MLflow
calls `_load_pyfunc` when the whole package is loaded.
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import mlflow
import pandas as pd
from mlflow.models import ModelSignature
from mlflow.models.model import ModelInfo
from mlflow.pyfunc import PyFuncModel
from mlflow.types import ColSpec, DataType, Schema, TensorSpec

from mlops.errors import ProjectError
from mlops.loading import RAW_MODEL

from .feature_spec import FeatureSpec
from .function_files import FunctionFiles
from .online_features import OnlineFeatures
from .online_store import OnlineStore

SPEC = "data/feature_store/feature_spec.json"
TABLES = "tables"  # in the configuration of a loaded package: the folder of the local tables

_INTEGERS = (DataType.integer, DataType.long)
_TYPES = {
    "smallint": DataType.integer,
    "int": DataType.integer,
    "bigint": DataType.long,
    "float": DataType.float,
    "double": DataType.double,
    "boolean": DataType.boolean,
    "date": DataType.datetime,
    "timestamp": DataType.datetime,
    "string": DataType.string,
}


def log(
    estimator: Any,  # noqa: ANN401 - a model of any library
    spec: FeatureSpec,
    takes: ModelSignature,
    example: pd.DataFrame,
    **save_arguments: Any,  # noqa: ANN401 - as MLflow takes them
) -> ModelInfo:
    """Log a scikit-learn model with its lookups to the active run.

    Args:
        estimator: The model, which takes a frame of the features.
        spec: How a row gets its features.
        takes: The signature of the package.
        example: Some rows with the columns of the request and the features.
        save_arguments: Arguments of `mlflow.sklearn.save_model`.
    """
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "feature_store"
        data.mkdir()
        features = example[list(spec.features)]
        mlflow.sklearn.save_model(estimator, str(data / "raw_model"), input_example=features, **save_arguments)
        (data / "feature_spec.json").write_text(spec.model_dump_json(indent=2), encoding="utf-8")
        info: ModelInfo = mlflow.pyfunc.log_model(
            name="model",
            loader_module=__name__,
            data_path=str(data),
            signature=takes,
            model_config={TABLES: ""},
            input_example=_typed_example(takes, example),
            pip_requirements=save_arguments["pip_requirements"],
        )
    return info


def _typed_example(takes: ModelSignature, example: pd.DataFrame) -> pd.DataFrame | None:
    """Return the example rows that have all required values and all integers, with the types of the signature.

    The rows come from the training table, where numbers are doubles.
    """
    integers = [column.name for column in takes.inputs if column.type in _INTEGERS]
    whole = example.dropna(subset=[*takes.inputs.required_input_names(), *integers])
    types = {
        column.name: column.type.to_pandas() for column in takes.inputs if column.type in {*_INTEGERS, DataType.float}
    }
    return None if whole.empty else whole[takes.inputs.input_names()].astype(types)


def read_spec(folder: Path) -> FeatureSpec:
    """Return how the packaged model in a folder gets its features.

    Raises:
        ProjectError: The model was logged without its lookups.
    """
    file = folder / SPEC
    if not file.exists():
        raise ProjectError("the model has no feature_spec: log it with the feature store's log_model, then retry.")
    return FeatureSpec.model_validate_json(file.read_text(encoding="utf-8"))


def signature(spec: FeatureSpec, types: Mapping[str, str], label: str) -> ModelSignature:
    """Return the signature of a package: request columns are required, looked-up or computed features are optional.

    Args:
        spec: How a row gets its features.
        types: The Spark types of the request columns, the features and the label.
        label: The name of the label.
    """
    optional = [name for name in spec.features if name not in spec.request]
    columns: list[ColSpec | TensorSpec] = [ColSpec(_TYPES[types[name]], name, required=True) for name in spec.request]
    columns += [ColSpec(_TYPES[types[name]], name, required=False) for name in optional]
    return ModelSignature(inputs=Schema(columns), outputs=Schema([ColSpec(_TYPES[types[label]], label)]))


class _Packaged:
    """The model of a package.

    With a folder of local tables, it looks up the features of its rows there. Without one, the rows must have them.
    """

    def __init__(self, folder: Path, tables: str) -> None:
        self.spec = read_spec(folder)
        self.model: PyFuncModel = mlflow.pyfunc.load_model(str(folder / RAW_MODEL))
        self.online = _online(self.spec, self.model, Path(tables)) if tables else None

    def predict(self, frame: pd.DataFrame) -> Any:  # noqa: ANN401 - as the model does
        if self.online is not None:
            return self.model.predict(self.online.added_to(frame))
        missing = [name for name in self.spec.features if name not in frame.columns]
        if missing:
            raise ProjectError(f"the rows lack {', '.join(missing)}: use score_batch of the feature store to add them.")
        return self.model.predict(frame[list(self.spec.features)])


def _online(spec: FeatureSpec, model: PyFuncModel, tables: Path) -> OnlineFeatures:
    metadata: Any = model.metadata
    types = {name: column.type for name, column in metadata.get_input_schema().input_dict().items()}
    return OnlineFeatures(spec, types, OnlineStore(tables), FunctionFiles(tables))


def _load_pyfunc(path: str, model_config: Mapping[str, str] | None = None) -> _Packaged:
    return _Packaged(Path(path).parents[1], (model_config or {}).get(TABLES, ""))
