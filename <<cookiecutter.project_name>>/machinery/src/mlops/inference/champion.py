"""The model version that scores: the champion, found once, and what it needs of a row."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from mlflow.types import DataType

from ..errors import ProjectError
from ..loading import signature_of
from ..registry import CHAMPION, Registry, uri

_SPARK: Mapping[DataType, str] = {
    DataType.boolean: "boolean",
    DataType.integer: "int",
    DataType.long: "bigint",
    DataType.float: "float",
    DataType.double: "double",
    DataType.string: "string",
    DataType.datetime: "timestamp",
}
_NARROWER = {"smallint": "int", "tinyint": "int", "date": "timestamp"}  # described as the wider type by a signature


@dataclass(frozen=True)
class Champion:
    """A registered version.

    Attributes:
        name: Three-level name of the registered model.
        version: Its version.
    """

    name: str
    version: str

    @classmethod
    def of(cls, model_name: str) -> Champion:
        """Return the present champion.

        Raises:
            ProjectError: There is none.
        """
        version = Registry(model_name).champion()
        if version is None:
            raise ProjectError(
                f"model {model_name} has no version with the alias {CHAMPION}: run the training job first."
            )
        return cls(model_name, str(version.version))

    @property
    def uri(self) -> str:
        """The URI of this exact version."""
        return uri(self.name, self.version)

    def require_columns(self, types: Mapping[str, str]) -> None:
        """Make sure that rows with these Spark types have what the version needs.

        Raises:
            ProjectError: A column that the version needs is missing, or has another type.
        """
        signature: Any = signature_of(self.uri)
        for column in signature.inputs if signature is not None and signature.inputs is not None else ():
            wanted, there = _SPARK.get(column.type, ""), types.get(column.name)
            if there is None and column.required:
                problem = f"needs the column {column.name} ({wanted}), which features.spine no longer returns"
            elif there is not None and wanted and _NARROWER.get(there, there) != wanted:
                problem = f"takes {column.name} as {wanted}, but features.spine returns it as {there}"
            else:
                continue
            raise ProjectError(
                f"version {self.version} of {self.name}, the champion, {problem}: restore the column, or run the "
                "training job for a version that fits."
            )
