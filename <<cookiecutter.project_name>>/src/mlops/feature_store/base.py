"""The protocol of a feature store: the client of Databricks, and its local twin, keep it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    import pandas as pd
    from pyspark.sql import DataFrame

    from ..config.features import FeatureSet
    from ..evaluation.metrics import ProblemType
    from ..features.uc_function import Definition

# Spark's type of what a model answers: a number, or the probability of each class.
RESULT_TYPES: Mapping[ProblemType, str] = {"regression": "double", "classification": "array<double>"}


@dataclass(frozen=True)
class TrainingSet:
    """The rows to train on, and what the store packages with a model that is trained on them.

    Attributes:
        rows: The spine with its features.
        package: The store's own account of where the features come from.
    """

    rows: DataFrame
    package: Any


class FeatureStore(Protocol):
    """Feature tables, features computed on demand, training sets, and models that look their features up."""

    def write_table(self, name: str, frame: DataFrame, *, replace: bool = False) -> None:
        """Insert and update feature rows by keys and event time, or replace them all; create the table if needed.

        The frame's keys are unique and not null.
        """

    def register(self, functions: Iterable[Definition]) -> list[str]:
        """Create the functions that are not there yet; return the three-level names of all."""

    def training_set(
        self, spine: DataFrame, features: FeatureSet, functions: Mapping[str, Definition], label: str
    ) -> TrainingSet:
        """Return the spine with looked-up and computed features, null where nothing is found.

        No row is more or less, but that those without an event time may be left out.

        Raises:
            ProjectError: A feature table or function is missing.
        """

    def log_model(
        self,
        estimator: Any,  # noqa: ANN401 - any library's
        training_set: TrainingSet,
        example: pd.DataFrame,
        **how: Any,  # noqa: ANN401 - likewise
    ) -> str:
        """Log a model, packaged with the lookups of its training set, to the active run under the name `model`.

        Returns the URI of the logged model.

        Args:
            estimator: A scikit-learn model that takes the features.
            training_set: What it was trained on.
            example: Some rows with the columns of the request and the features.
            how: Arguments of `mlflow.sklearn.save_model`.
        """

    def score_batch(self, model_uri: str, frame: DataFrame, result_type: str) -> DataFrame:
        """Return the frame with the model's features and a column `prediction`, computed on Spark's workers.

        The frame holds the columns of the request; the model's own lookups get the rest, as of the event time.
        """

    def publish_table(self, name: str, online_store: str, capacity: str) -> str:
        """Publish a feature table to an online store, which is created if there is none; return its online name."""
