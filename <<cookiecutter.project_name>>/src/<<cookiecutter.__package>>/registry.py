"""Model versions, their tags and aliases, in the MLflow registry: Unity Catalog on Databricks, SQLite locally."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import mlflow
import pandas as pd
from mlflow import MlflowClient
from mlflow.entities.model_registry import ModelVersion
from mlflow.exceptions import MlflowException

from .errors import ProjectError
from .evaluation import Array, one_column

CHAMPION = "Champion"
CHALLENGER = "Challenger"
STATUS_TAG = "model_validation_status"


def uri(name: str, version: str) -> str:
    """Return the URI of exactly this version."""
    return f"models:/{name}/{version}"


def predict(model_uri: str, frame: pd.DataFrame) -> Array:
    """Load a registered model as any consumer would and return its predictions, shape (rows,)."""
    return one_column(mlflow.pyfunc.load_model(model_uri).predict(frame))


@dataclass(frozen=True)
class Registry:
    """The versions of one registered model.

    Attributes:
        name: Three-level name of the registered model.
    """

    name: str
    client: MlflowClient = field(default_factory=MlflowClient)

    def version(self, version: str) -> ModelVersion:
        """Return a version.

        Raises:
            ProjectError: There is no such version.
        """
        try:
            return self.client.get_model_version(self.name, version)
        except MlflowException as error:
            if error.error_code != "RESOURCE_DOES_NOT_EXIST":
                raise
            raise ProjectError(f"model {self.name} has no version {version}: give one that training made.") from None

    def find(self, version_or_alias: str) -> ModelVersion:
        """Return the version of this number, or the one behind this alias.

        Raises:
            ProjectError: There is none.
        """
        if version_or_alias.isdigit():
            return self.version(version_or_alias)
        found = self.alias(version_or_alias)
        if found is None:
            raise ProjectError(
                f"model {self.name} has no version with the alias {version_or_alias}: run the training job first, "
                "or give a version number."
            )
        return found

    def champion(self) -> ModelVersion | None:
        """Return the version behind the alias Champion, or None if no version holds it.

        Raises:
            MlflowException: As `alias`.
        """
        return self.alias(CHAMPION)

    def alias(self, alias: str) -> ModelVersion | None:
        """Return the version behind an alias, or None if no version holds it.

        Raises:
            MlflowException: The registry could not answer; that is not the same as having no such version.
        """
        try:
            return self.client.get_model_version_by_alias(self.name, alias)
        except MlflowException as error:
            if error.error_code == "RESOURCE_DOES_NOT_EXIST" or _says_no_alias(error):
                return None
            raise

    def set_status(self, version: str, status: str, reasons: Sequence[str] = ()) -> None:
        """Record PENDING, PASSED or FAILED on a version, its reasons first."""
        self.tag(version, "model_validation_reasons", "; ".join(reasons))
        self.tag(version, STATUS_TAG, status)

    def tag(self, version: str, key: str, value: str) -> None:
        """Set a tag of a version."""
        self.client.set_model_version_tag(self.name, version, key, value)

    def set_alias(self, alias: str, version: str) -> None:
        """Move an alias to a version, in one step."""
        self.client.set_registered_model_alias(self.name, alias, version)


def _says_no_alias(error: MlflowException) -> bool:
    """The SQLite registry reports a missing alias as an invalid parameter."""
    return bool(error.error_code == "INVALID_PARAMETER_VALUE" and "alias" in str(error).lower())
