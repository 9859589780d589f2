"""Reads files of a training run where MLflow stores them: its own functions ask for the run again for each file."""

from __future__ import annotations

import json
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from mlflow import MlflowClient
from mlflow.entities import Run
from mlflow.store.artifact.artifact_repository_registry import get_artifact_repository


@dataclass(frozen=True)
class RunFiles:
    """The files of a run.

    Attributes:
        uri: Where they are.
    """

    uri: str

    @classmethod
    def of(cls, run: Run) -> Self:
        """Return the files of a run that has been read."""
        return cls(str(run.info.artifact_uri))

    @classmethod
    def of_id(cls, run_id: str) -> Self:
        """Return the files of a run.

        Raises:
            MlflowException: There is no such run.
        """
        return cls.of(MlflowClient().get_run(run_id))

    def paths(self, folder: str) -> list[str]:
        """Return the paths of the files in a folder; none if there is no such folder."""
        return [file.path for file in get_artifact_repository(self.uri).list_artifacts(folder or None)]

    def content(self, path: str) -> bytes:
        """Return the content of a file.

        Raises:
            Exception: It cannot be read; what is raised depends on where the files are.
        """
        with tempfile.TemporaryDirectory() as folder:
            stored: Any = get_artifact_repository(self.uri)  # its types are incomplete
            return Path(stored.download_artifacts(path, dst_path=folder)).read_bytes()

    def json(self, path: str) -> Any:  # noqa: ANN401 - any JSON
        """Return the content of a JSON file, or None if there is no such file."""
        if path not in self.paths(path.rpartition("/")[0]):
            return None
        return json.loads(self.content(path))
