"""A candidate beside what stands now, on the same held-out rows."""

from __future__ import annotations

import mlflow
import numpy as np
import pandas as pd
from mlflow.entities.model_registry import ModelVersion

from ..config import ProjectConfig
from ..errors import ProjectError
from ..evaluation import Array, evaluate
from ..gates import Decision, better
from ..platform import Platform
from ..registry import predict, uri
from .candidate import Candidate, holdout


def compare(
    settings: ProjectConfig, candidate: Candidate, platform: Platform, champion: ModelVersion | None, log_as: str
) -> Decision:
    """Judge the candidate and the champion or, where there is none, the naive baseline of the candidate's training.

    Args:
        settings: The configuration: metric and policy of promotion.
        candidate: The version to judge, with its held-out rows.
        platform: Where the rows are read.
        champion: The version that stands, of this or of another model.
        log_as: What the names of the standing metrics start with, on the candidate's training run.

    Raises:
        ProjectError: The champion could not be scored on those rows.
    """
    features, label = holdout(candidate, settings, platform)
    challenger = evaluate(settings.problem_type, label, predict(candidate.model_uri, features))
    named = f"champion version {champion.version}" if champion else "the naive baseline"
    try:
        standing = evaluate(settings.problem_type, label, _predictions(candidate, features, champion))
    except Exception as error:
        cause = str(error).partition("\n")[0][:300]  # MLflow prints the whole frame
        raise ProjectError(
            f"{named} of {champion.name if champion else candidate.model_name} could not be scored on the held-out "
            f"rows, which is no win for the challenger: repair or replace it ({type(error).__name__}: {cause})."
        ) from error
    with mlflow.start_run(run_id=candidate.run_id):
        mlflow.log_metrics({f"{log_as}_{name}": value for name, value in standing.items()})
    return better(settings.metric, challenger, standing, settings.promotion, incumbent_is=named)


def _predictions(candidate: Candidate, features: pd.DataFrame, champion: ModelVersion | None) -> Array:
    """Predictions of the champion or, where there is none, of the constant that training recorded."""
    if champion is not None:
        return predict(uri(champion.name, str(champion.version)), features)
    constant = float(mlflow.get_run(candidate.run_id).data.params["naive_baseline"])
    return np.full(len(features), constant)
