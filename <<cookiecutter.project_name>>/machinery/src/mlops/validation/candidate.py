"""The model version that is validated, compared or promoted, and the held-out rows that it is evaluated on."""

from __future__ import annotations

from typing import TypeVar

import mlflow
import pandas as pd
from mlflow.entities import Run
from mlflow.entities.model_registry import ModelVersion
from pyspark.sql import functions as F

from ..config.load import ProjectConfig
from ..errors import ProjectError
from ..evaluation.metrics import Array
from ..parameters import Parameters
from ..platform.base import Platform
from ..project import Project
from ..registry import Registry, uri
from ..statistics.blocks import Times
from ..training import training_set
from ..training.rows_digest import split_digest
from ..training.run_record import HOLDOUT_DIGEST
from .evidence import Evidence
from .origin import origin


class Candidate(Parameters):
    """One exact registered version, its training run, and the table with the rows held out from that run.

    `resolve` checks the others against name and version. If `run_id` is empty, it is the run of the version.
    """

    model_name: str
    model_uri: str
    model_version: str
    run_id: str = ""
    training_table: str

    def __str__(self) -> str:
        return f"version {self.model_version} of {self.model_name}"


C = TypeVar("C", bound=Candidate)


def resolve(candidate: C) -> C:
    """Return the candidate as `resolve_version` does, without the version.

    Raises:
        ProjectError: As `resolve_version`.
    """
    return resolve_version(candidate)[0]


def resolve_version(candidate: C) -> tuple[C, ModelVersion, Run]:
    """Return the candidate with the training run that the registry records for its version, the version and the run.

    Name and version decide everything: the URI, the run and the table of the rows must be those of the version.

    Raises:
        ProjectError: No version is given, there is no such version, or one of the parameters belongs to another one.
    """
    if not candidate.model_version:
        raise ProjectError(f"no version of {candidate.model_name} is given: set the job parameter model_version.")
    version = Registry(candidate.model_name).version(candidate.model_version)
    if not version.run_id:
        raise ProjectError(f"{candidate} was registered without a training run: train a version with the training job.")
    run = mlflow.get_run(version.run_id)
    own = {
        "model_uri": uri(candidate.model_name, candidate.model_version),
        "run_id": str(version.run_id),
        "training_table": run.data.params.get("training_table", candidate.training_table),
    }
    for name, value in own.items():
        parameter = getattr(candidate, name)
        if parameter and parameter != value:
            raise ProjectError(
                f"{name} is {parameter}, but that of {candidate} is {value}: give the one of the same version."
            )
    return candidate.model_copy(update=own), version, run


def evidence(candidate: Candidate, version: ModelVersion, run: Run, project: Project, platform: Platform) -> Evidence:
    """Return the evidence for the checks of the candidate's version.

    Args:
        candidate: The candidate, as `resolve_version` returns it.
        version: Its version.
        run: Its training run.
        project: The project.
        platform: Where its rows and tables are.

    Raises:
        ProjectError: There are no held-out rows, or they are not those of the training.
    """
    recorded = run.data.params.get(HOLDOUT_DIGEST)
    if recorded is None:
        raise ProjectError(
            f"the training run of {candidate} records no digest of its held-out rows, because an earlier version of "
            "the machinery trained it: train again."
        )
    rows = training_set.read(platform.tables, candidate.training_table, candidate.run_id, "holdout")
    if split_digest(rows) != recorded:
        raise ProjectError(
            f"the held-out rows of {candidate} in {candidate.training_table} are not those of its training: somebody "
            "has changed the table since then, so train again."
        )
    return Evidence(
        settings=project.config,
        model_uri=candidate.model_uri,
        version=version,
        rows=rows,
        all_rows=platform.tables.read(candidate.training_table).where(F.col("run_id") == candidate.run_id),
        store=platform.feature_store(candidate.training_table.rpartition(".")[0], project.config.feature_tables),
        origin=origin(run, project, platform),
        checks=project.checks,
        packages=project.packages,
    )


def holdout(candidate: Candidate, settings: ProjectConfig, platform: Platform) -> tuple[pd.DataFrame, Array, Times]:
    """Return the features, shape (rows, features), labels and event times in UTC, shape (rows,), of the held-out rows.

    Raises:
        ProjectError: There are no held-out rows.
    """
    rows = training_set.read(platform.tables, candidate.training_table, candidate.run_id, "holdout")
    times = rows[settings.spine.event_time].to_numpy(dtype="datetime64[us]")
    return rows[list(settings.features)], rows[settings.label].to_numpy(), times
