"""The evidence that the checks of a version use."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from copy import deepcopy
from dataclasses import dataclass, field, replace
from functools import cached_property

import pandas as pd
from mlflow.entities.model_registry import ModelVersion
from mlflow.pyfunc import PyFuncModel
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from ..config.load import ProjectConfig
from ..errors import ProjectError
from ..evaluation.metrics import Array
from ..feature_store.base import FeatureStore
from ..loading import load, predict_with
from .origin import Origin

_SAMPLE_ROWS = 3000
_COMPUTED = {"prediction", "metrics", "trained_on", "held_out_since"}  # what takes time


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
        origin: The source table, and the functions that compute the spine and the feature tables from it.
        checks: The project's own checks, by name.
        packages: The top-level packages of the project itself.
    """

    settings: ProjectConfig
    model_uri: str
    version: ModelVersion
    rows: pd.DataFrame
    all_rows: DataFrame
    store: FeatureStore
    origin: Origin
    checks: Mapping[str, Callable[[Evidence], float]] = field(default_factory=dict)
    packages: frozenset[str] = frozenset()

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
        """The labels of the held-out rows, shape (rows,); those of a multiclass problem are the numbers of classes."""
        return self.rows[self.settings.label].to_numpy(dtype="float64")

    @cached_property
    def prediction(self) -> Array:
        """The predictions of the version for the held-out rows, shape (rows,), or (rows, classes) for multiclass."""
        return self.predict(self.features)

    @cached_property
    def metrics(self) -> Mapping[str, float]:
        """The metrics on all held-out rows."""
        return self.settings.measures.evaluate(self.label, self.prediction)

    @cached_property
    def trained_on(self) -> pd.DataFrame:
        """A repeatable sample of at most 3000 of the rows that the version was trained and tuned on."""
        key = self.settings.spine.key
        used = self.all_rows.where(F.col("split") != "holdout").orderBy(F.xxhash64(key), key).limit(_SAMPLE_ROWS)
        return used.select(key, *self.settings.features, self.settings.label).toPandas()

    @cached_property
    def held_out_since(self) -> int:
        """The event time of the first held-out row, in microseconds since 1970."""
        micros = F.unix_micros(F.col(self.settings.spine.event_time))
        earliest = self.all_rows.where(F.col("split") == "holdout").agg(F.min(micros)).collect()[0][0]
        if earliest is None:
            raise ProjectError("there are no held-out rows")
        return int(earliest)

    def copy(self) -> Evidence:
        """Return evidence for a check that may change it: all but the model is a copy, and nothing is computed anew."""
        computed = {name: deepcopy(vars(self)[name]) for name in _COMPUTED & set(vars(self))}
        computed |= {"model": self.model} if "model" in vars(self) else {}
        other = replace(self, rows=self.rows.copy(), version=deepcopy(self.version), settings=deepcopy(self.settings))
        vars(other).update(computed)
        return other

    def predict(self, frame: pd.DataFrame) -> Array:
        """Return the predictions, shape (rows,) or (rows, classes), for any rows of features."""
        return predict_with(self.model, frame)
