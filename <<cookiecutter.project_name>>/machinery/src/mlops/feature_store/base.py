"""The protocol of a feature store, which the Databricks client and its local counterpart implement."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    import pandas as pd
    from pyspark.sql import DataFrame

    from ..config.features import FeatureSet
    from ..evaluation.metrics import ProblemType
    from ..features.uc_function import Definition

# The Spark type of a model's output: a number, or the probability of each class.
RESULT_TYPES: Mapping[ProblemType, str] = {
    "regression": "double",
    "classification": "array<double>",
    "multiclass": "array<double>",
}


def full_name(schema: str, table: str) -> str:
    """Return the three-level name of a feature table: it may lack the catalog, or the catalog and the schema."""
    return ".".join([*schema.split(".")[: 3 - len(table.split("."))], table])


@dataclass(frozen=True)
class TrainingSet:
    """The rows to train on, and the information that the store packages with a model trained on them.

    Attributes:
        rows: The spine with its features.
        package: Where the features come from, in the store's own format.
        types: The Spark types of the model's inputs, in order, before they are converted for the model.
        columns: The Spark types of all columns of the rows, as far as they are known without asking Spark again.
        size: The number of rows; None if it was not counted.
    """

    rows: DataFrame
    package: Any
    types: Mapping[str, str] = field(default_factory=dict)
    columns: Mapping[str, str] = field(default_factory=dict)
    size: int | None = None


@dataclass(frozen=True)
class Published:
    """What an online store has of a feature table.

    Attributes:
        online_name: The three-level name of the online table.
        synchronised_at: When the last synchronisation that succeeded ended; None if none has yet.
        complete: Whether the store has everything that the feature table has now.
        detail: The state in the store's own words, for messages.
        known: Whether the store tells its state at all; if not, it is neither synchronised nor complete.
    """

    online_name: str
    synchronised_at: datetime | None
    complete: bool
    detail: str = ""
    known: bool = True


class FeatureStore(Protocol):
    """Feature tables, on-demand features, training sets, and models that look up their features."""

    def write_table(self, name: str, frame: DataFrame, *, replace: bool = False) -> None:
        """Insert and update feature rows by keys and event time, or replace them all; create the table if needed.

        The frame's keys must be unique and not null.
        """

    def register(self, functions: Iterable[Definition]) -> list[str]:
        """Create the functions that do not exist yet; return the three-level names of all functions."""

    def training_set(
        self, spine: DataFrame, features: FeatureSet, functions: Mapping[str, Definition], label: str
    ) -> TrainingSet:
        """Return the spine with looked-up and computed features, null where nothing is found.

        No rows are added, and none are removed, except that rows without an event time may be left out.

        Raises:
            ProjectError: A feature table or function is missing.
        """

    def log_model(
        self,
        estimator: Any,  # noqa: ANN401 - a model of any library
        training_set: TrainingSet,
        example: pd.DataFrame,
        **save_arguments: Any,  # noqa: ANN401 - likewise
    ) -> str:
        """Log a model, packaged with the lookups of its training set, to the active run under the name `model`.

        Returns the URI of the logged model.

        Args:
            estimator: A scikit-learn model that takes the features.
            training_set: The training set that the model was trained on.
            example: Some rows with the columns of the request and the features.
            save_arguments: Arguments of `mlflow.sklearn.save_model`.
        """

    def score_batch(self, model_uri: str, frame: DataFrame, result_type: str) -> DataFrame:
        """Return the frame with the model's features and a column `prediction`, computed on Spark's workers.

        The frame has the columns of the request; the model's own lookups add the other features as of the event time.
        """

    def publish_table(self, name: str, online_store: str, capacity: str) -> str:
        """Publish a feature table to an online store, creating the store if needed; return the table's online name."""

    def publication(self, name: str, online_store: str) -> Published | None:
        """Return what an online store has of a feature table, or None if the table is not published there.

        Args:
            name: The feature table, as in project.yml: also one of another project.
            online_store: The online store.
        """
