"""The evidence that the checks of a version use."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

import pandas as pd
from mlflow.entities.model_registry import ModelVersion
from mlflow.pyfunc import PyFuncModel
from pyspark.sql import DataFrame

from ..config.load import ProjectConfig
from ..errors import ProjectError
from ..evaluation.metrics import Array, evaluate, one_column
from ..feature_store.base import FeatureStore
from ..registry import load


@dataclass(frozen=True)
class Evidence:
    """A version, loaded as a consumer loads it, and the rows that were held out from its training.

    Attributes:
        settings: The configuration.
        model_uri: The URI of the exact version in the registry.
        version: Its entry in the registry.
        rows: The held-out rows: key, event time, features and label.
        all_rows: All rows of the training run, with their `split`, as a Spark frame.
        store: The feature store in which its features are looked up.
        checks: The project's own checks, by name.
    """

    settings: ProjectConfig
    model_uri: str
    version: ModelVersion
    rows: pd.DataFrame
    all_rows: DataFrame
    store: FeatureStore
    checks: Mapping[str, Callable[[Evidence], float]] = field(default_factory=dict)

    @cached_property
    def model(self) -> PyFuncModel:
        """The version, loaded from the registry by its URI."""
        return load(self.model_uri)

    @cached_property
    def features(self) -> pd.DataFrame:
        """The model's inputs of the held-out rows.

        Raises:
            ProjectError: There are no held-out rows.
        """
        if self.rows.empty:
            raise ProjectError("there are no held-out rows")
        return self.rows[list(self.settings.features)]

    @cached_property
    def label(self) -> Array:
        """The labels of the held-out rows, shape (rows,)."""
        return self.rows[self.settings.label].to_numpy(dtype="float64")

    @cached_property
    def prediction(self) -> Array:
        """The predictions of the version for the held-out rows, shape (rows,)."""
        return self.predict(self.features)

    @cached_property
    def metrics(self) -> Mapping[str, float]:
        """The metrics on all held-out rows."""
        return evaluate(self.settings.problem_type, self.label, self.prediction)

    def predict(self, frame: pd.DataFrame) -> Array:
        """Return the predictions, shape (rows,), for any rows of features."""
        return one_column(self.model.predict(frame))
