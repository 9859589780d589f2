"""The functions of a local run, stored as files next to the tables."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from mlops.errors import ProjectError
from mlops.features.uc_function import Definition


@dataclass(frozen=True)
class FunctionFiles:
    """The functions of all schemas.

    Attributes:
        folder: The folder of the functions: `folder/catalog/schema/functions/name.json`.
    """

    folder: Path

    def create(self, schema: str, definition: Definition) -> str:
        """Store a version of a function if it does not exist yet; return its three-level name."""
        name = f"{schema}.{definition.name}"
        file = self._file(name)
        file.parent.mkdir(parents=True, exist_ok=True)
        if not file.exists():
            file.write_text(definition.to_json(), encoding="utf-8")
        return name

    def definition(self, name: str) -> Definition:
        """Return the definition of a function, given its three-level name.

        Raises:
            ProjectError: There is no such function.
        """
        file = self._file(name)
        if not file.exists():
            raise ProjectError(
                f"function {name} does not exist: run the features job, which creates the functions of functions.py."
            )
        return Definition.from_json(file.read_text(encoding="utf-8"))

    def _file(self, name: str) -> Path:
        catalog, schema, function = name.split(".")
        return self.folder / catalog / schema / "functions" / f"{function}.json"
