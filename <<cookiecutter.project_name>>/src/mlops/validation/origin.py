"""Where the rows of a version come from: its source table, and the functions of features.py that read it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from mlflow import MlflowClient
from pyspark.sql import DataFrame

from ..errors import ProjectError
from ..platform.base import Platform
from ..project import Project
from ..training import training_set

_SOURCE = "source_table"


@dataclass(frozen=True)
class Origin:
    """The source of a version's rows, read only when a check needs it.

    Attributes:
        source: Returns the source table.
        spine: Returns the rows to predict, with or without a label.
        feature_tables: The functions that compute feature tables from the source, by name.
    """

    source: Callable[[], DataFrame]
    spine: Callable[[], DataFrame]
    feature_tables: Mapping[str, Callable[[DataFrame], DataFrame]]


def origin(run_id: str, project: Project, platform: Platform) -> Origin:
    """Return the origin of the rows of a training run. A missing run, table or column is an error once it is read."""

    def named() -> str:
        found = MlflowClient().get_run(run_id).data.params.get(_SOURCE)
        if not found:
            raise ProjectError(f"run {run_id} does not record its {_SOURCE}: train the version with the training job.")
        return str(found)

    def source() -> DataFrame:
        return platform.tables.read(named())

    def spine() -> DataFrame:
        return training_set.spine(project, source(), named())

    return Origin(source, spine, project.feature_tables)
