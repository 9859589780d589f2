"""Where the rows of a version come from: its source tables, and the functions of features.py that read it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from mlflow import MlflowClient
from pyspark.sql import DataFrame

from ..config.load import ProjectConfig
from ..errors import ProjectError
from ..platform.base import Platform
from ..project import Project
from ..sources.sources import Sources
from ..training import training_set

SOURCE_TABLES = "source_tables"  # the parameter of a training run that records its sources


@dataclass(frozen=True)
class Origin:
    """The sources of a version's rows, read only when a check needs them.

    Attributes:
        sources: Returns the source tables.
        spine: Returns the rows to predict, with or without a label.
        feature_tables: The functions that compute feature tables from their sources, by name.
    """

    sources: Callable[[], Sources]
    spine: Callable[[], DataFrame]
    feature_tables: Mapping[str, Callable[..., DataFrame]]


class HasOrigin(Protocol):
    """What the checks of the origin need: the evidence about a version, or the data before there is one."""

    @property
    def settings(self) -> ProjectConfig:
        """The configuration."""

    @property
    def origin(self) -> Origin:
        """Where the rows come from."""

    @property
    def held_out_since(self) -> int:
        """The event time of the first held-out row, in microseconds since 1970."""


def origin(run_id: str, project: Project, platform: Platform) -> Origin:
    """Return the origin of the rows of a training run. A missing run, table or column is an error once it is read."""

    def sources() -> Sources:
        recorded = MlflowClient().get_run(run_id).data.params.get(SOURCE_TABLES)
        if not recorded:
            raise ProjectError(
                f"run {run_id} does not record its {SOURCE_TABLES}: train the version with the training job."
            )
        return Sources.of(recorded, project.config.sources, platform.tables)

    def spine() -> DataFrame:
        return training_set.spine(project, sources())

    return Origin(sources, spine, project.feature_tables)
