"""Where the rows of a version come from: its source tables, and the functions of features.py that read it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Protocol

from mlflow.entities import Run
from pyspark.sql import DataFrame

from ..config.load import ProjectConfig
from ..config.sources import parse_tables
from ..errors import ProjectError
from ..platform.base import Platform
from ..project import Project
from ..sources.sources import Sources
from ..training import training_set

# The parameters of a training run that record its sources, and the version of the table of each of them.
SOURCE_TABLES, SOURCE_VERSION = "source_tables", "source_version"


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


def origin(run: Run, project: Project, platform: Platform) -> Origin:
    """Return the origin of the rows of a training run: its sources, in the versions that the training recorded.

    A missing record, table, version or column is an error once it is read.
    """

    def sources() -> Sources:
        recorded, versions = (run.data.params.get(name) for name in (SOURCE_TABLES, SOURCE_VERSION))
        if not recorded or not versions:
            raise ProjectError(
                f"run {run.info.run_id} does not record its {SOURCE_TABLES} and their versions: train the version "
                "with the training job."
            )
        of_sources = dict(zip(parse_tables(recorded), versions.split(), strict=True))
        return replace(Sources.of(recorded, project.config.sources, platform.tables), versions=of_sources)

    def spine() -> DataFrame:
        return training_set.spine(project, sources())

    return Origin(sources, spine, project.feature_tables)
