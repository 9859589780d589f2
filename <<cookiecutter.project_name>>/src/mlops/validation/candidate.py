"""The model version that validate and deploy judge, and the rows that they judge it on."""

from __future__ import annotations

from typing import TypeVar

import pandas as pd
from pyspark.sql import functions as F

from ..config.load import ProjectConfig
from ..errors import ProjectError
from ..evaluation.metrics import Array
from ..parameters import Parameters
from ..platform.base import Platform
from ..project import Project
from ..registry import Registry, uri
from ..training import training_set
from .evidence import Evidence


class Candidate(Parameters):
    """Exactly one registered version, its training run, and the table with the rows held out from that run.

    An empty run is the one that the registry names for the version.
    """

    model_name: str
    model_uri: str
    model_version: str
    run_id: str = ""
    training_table: str

    def __str__(self) -> str:
        return f"version {self.model_version} of {self.model_name}"


C = TypeVar("C", bound=Candidate)


def resolved(told: C) -> C:
    """Return the candidate with its training run, which the registry names where nobody told it.

    Raises:
        ProjectError: No version was named, there is none of this number, or the URI is that of another version.
    """
    if not told.model_version:
        raise ProjectError(f"no version of {told.model_name} is named: give the job parameter model_version.")
    version = Registry(told.model_name).version(told.model_version)
    own = uri(told.model_name, told.model_version)
    if told.model_uri != own:
        raise ProjectError(
            f"model_uri is {told.model_uri}, but {told} is {own}: give the URI and the number of one version."
        )
    run_id = told.run_id or str(version.run_id)
    return told.model_copy(update={"run_id": run_id})


def evidence(candidate: Candidate, project: Project, platform: Platform) -> Evidence:
    """Return everything that the checks of the version look at.

    Raises:
        ProjectError: There is no such version, or there are no held-out rows.
    """
    rows = training_set.read(platform.tables, candidate.training_table, candidate.run_id, "holdout")
    return Evidence(
        settings=project.config,
        model_uri=candidate.model_uri,
        version=Registry(candidate.model_name).version(candidate.model_version),
        rows=rows,
        all_rows=platform.tables.read(candidate.training_table).where(F.col("run_id") == candidate.run_id),
        store=platform.feature_store(candidate.training_table.rpartition(".")[0], project.config.feature_tables),
        checks=project.checks,
    )


def holdout(candidate: Candidate, settings: ProjectConfig, platform: Platform) -> tuple[pd.DataFrame, Array]:
    """Return the features, shape (rows, features), and the label, shape (rows,), of the held-out rows.

    Raises:
        ProjectError: There are none.
    """
    rows = training_set.read(platform.tables, candidate.training_table, candidate.run_id, "holdout")
    return rows[list(settings.features)], rows[settings.label].to_numpy()
