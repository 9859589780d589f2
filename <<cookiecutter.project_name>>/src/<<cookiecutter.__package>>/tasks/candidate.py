"""The model version that validate and deploy judge, and the rows that they judge it on."""

from __future__ import annotations

import pandas as pd

from .. import training_set
from ..config import ProjectConfig
from ..evaluation import Array
from ..platform import Platform
from . import task


class Candidate(task.Parameters):
    """Exactly one registered version, its training run, and the table with the rows held out from that run."""

    model_name: str
    model_uri: str
    model_version: str
    run_id: str
    training_table: str

    def __str__(self) -> str:
        return f"version {self.model_version} of {self.model_name}"


def holdout(candidate: Candidate, settings: ProjectConfig, platform: Platform) -> tuple[pd.DataFrame, Array]:
    """Return the features, shape (rows, features), and the label, shape (rows,), of the held-out rows.

    Raises:
        ProjectError: There are none.
    """
    rows = training_set.read(platform.tables, candidate.training_table, candidate.run_id, "holdout")
    return rows[list(settings.features)], rows[settings.label].to_numpy()
