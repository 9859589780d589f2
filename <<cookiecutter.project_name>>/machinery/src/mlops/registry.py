"""Model versions, their tags and aliases, in the MLflow registry: Unity Catalog on Databricks, SQLite locally."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import UTC, datetime

import mlflow
from mlflow import MlflowClient
from mlflow.entities.model_registry import ModelVersion
from mlflow.exceptions import MlflowException

from .errors import ProjectError
from .text_limits import DESCRIPTION, REGISTRY_TAG, cut

CHALLENGED_BY = "challenged_by"  # tag of the champion: the version that was last compared with it, and the decision
CHAMPION = "Champion"
CHALLENGER = "Challenger"
PENDING, PASSED, FAILED = "PENDING", "PASSED", "FAILED"
STATUS_TAG = "model_validation_status"
STATUS_TIME_TAG = "model_validation_time"
STATUS_REASONS_TAG = "model_validation_reasons"
STATUS_ERROR_TAG = "model_validation_error"  # why a version that had passed could not be validated again
ROLLED_BACK = "rolled_back"
MACHINERY_TAG = "mlops_version"  # the version of the machinery that trained a version
NO_COMMIT = "not under version control"  # the value of the tag git_commit outside a git repository


def uri(name: str, version: str) -> str:
    """Return the URI of this exact version."""
    return f"models:/{name}/{version}"


class RegistryClient(MlflowClient):
    """MLflow's client, which does not ask before each change whether the model is a prompt: a request each time."""

    def _raise_if_prompt(self, name: str) -> None:
        """Do nothing: what this project registers are models."""


_changed: ContextVar[set[tuple[str, str]] | None] = ContextVar("changed_versions", default=None)


@contextmanager
def changed_versions() -> Iterator[set[tuple[str, str]]]:
    """Collect the model name and version number of each version that is changed inside the `with` block."""
    changed: set[tuple[str, str]] = set()
    token = _changed.set(changed)
    try:
        yield changed
    finally:
        _changed.reset(token)


@dataclass(frozen=True)
class Registry:
    """The versions of one registered model.

    Attributes:
        name: Three-level name of the registered model.
        client: The MLflow client.
    """

    name: str
    client: MlflowClient = field(default_factory=RegistryClient)

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
            raise ProjectError(f"model {self.name} has no version {version}: give a registered version.") from None

    def find(self, version_or_alias: str) -> ModelVersion:
        """Return the version with this number or alias.

        Raises:
            ProjectError: There is no such version.
        """
        if version_or_alias.isdigit():
            return self.version(version_or_alias)
        version = self.alias(version_or_alias)
        if version is None:
            raise ProjectError(
                f"model {self.name} has no version with the alias {version_or_alias}: run the training job first, "
                "or give a version number."
            )
        return version

    def champion(self) -> ModelVersion | None:
        """Return the version with the alias Champion, or None if no version has it.

        Raises:
            MlflowException: As `alias`.
        """
        return self.alias(CHAMPION)

    def alias(self, alias: str) -> ModelVersion | None:
        """Return the version with an alias, or None if no version has it.

        Raises:
            ProjectError: The alias points to a version that no longer exists, which differs from a missing alias.
            MlflowException: The registry request failed.
        """
        try:
            return self.client.get_model_version_by_alias(self.name, alias)
        except MlflowException as error:
            if _says_no_alias(error):
                return None
            if error.error_code != "RESOURCE_DOES_NOT_EXIST":
                raise
        self._require_no_alias(alias)
        return None

    def _require_no_alias(self, alias: str) -> None:
        """Raise ProjectError if the alias exists."""
        try:
            aliases = self.client.get_registered_model(self.name).aliases
        except MlflowException as error:
            if error.error_code != "RESOURCE_DOES_NOT_EXIST":
                raise
            return
        if alias in aliases:
            raise ProjectError(
                f"the alias {alias} of {self.name} points to version {aliases[alias]}, which does not exist: set the "
                "alias to an existing version, or delete it."
            )

    def register(self, logged_model_uri: str, tags: Mapping[str, str]) -> str:
        """Register a logged model with these tags; return the version that this call created.

        Its validation is PENDING from the beginning.
        """
        given = {key: cut(value, REGISTRY_TAG) for key, value in tags.items()} | {STATUS_TAG: PENDING}
        version = str(mlflow.register_model(logged_model_uri, self.name, tags=given).version)
        self._note(version)
        return version

    def set_status(self, version: str, status: str, reason: str = "") -> None:
        """Record PENDING, PASSED or FAILED on a version; the reason and the time are written before the status."""
        self.tag(version, STATUS_REASONS_TAG, reason)
        self.tag(version, STATUS_TIME_TAG, datetime.now(UTC).isoformat(timespec="seconds"))
        self.tag(version, STATUS_TAG, status)

    def tag(self, version: str, key: str, value: str) -> None:
        """Set a tag of a version; the value is cut to the length that Unity Catalog allows."""
        self._note(version)
        self.client.set_model_version_tag(self.name, version, key, cut(value, REGISTRY_TAG))

    def drop_tag(self, version: str, key: str) -> None:
        """Delete a tag of a version, which must exist."""
        self._note(version)
        self.client.delete_model_version_tag(self.name, version, key)

    def model_tags(self) -> dict[str, str]:
        """Return the tags of the registered model itself."""
        tags: dict[str, str] = self.client.get_registered_model(self.name).tags
        return tags

    def tag_model(self, key: str, value: str) -> None:
        """Set a tag of the registered model itself; the value is cut as in `tag`."""
        self.client.set_registered_model_tag(self.name, key, cut(value, REGISTRY_TAG))

    def drop_model_tag(self, key: str) -> None:
        """Delete a tag of the registered model itself, if it exists."""
        if key in self.model_tags():
            self.client.delete_registered_model_tag(self.name, key)

    def describe(self, version: str, description: str) -> None:
        """Set the description of a version; it is cut to the length that MLflow's own registry takes."""
        self._note(version)
        self.client.update_model_version(self.name, version, cut(description, DESCRIPTION))

    def set_alias(self, alias: str, version: str) -> None:
        """Move an alias to a version, in one step."""
        self._note(version)
        self.client.set_registered_model_alias(self.name, alias, version)

    def _note(self, version: str) -> None:
        changed = _changed.get()
        if changed is not None:
            changed.add((self.name, version))


def _says_no_alias(error: MlflowException) -> bool:
    """The SQLite registry reports a missing alias as an invalid parameter."""
    return bool(error.error_code == "INVALID_PARAMETER_VALUE" and "alias" in str(error).lower())
