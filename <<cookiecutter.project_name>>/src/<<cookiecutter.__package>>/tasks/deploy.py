"""Compare the challenger with the champion and move the alias Champion if it is better."""

from __future__ import annotations

import logging

import mlflow
import numpy as np
import pandas as pd

from .. import config
from ..config import ProjectConfig
from ..errors import ProjectError
from ..evaluation import Array, evaluate
from ..gates import Decision, better
from ..platform import Platform
from ..registry import CHAMPION, STATUS_TAG, Registry, predict, uri
from . import task
from .candidate import Candidate, holdout

log = logging.getLogger(__name__)


class Values(task.Values):
    """Whether the version was promoted, and which version is champion now."""

    promoted: str
    champion_version: str


def run(parameters: Candidate, platform: Platform) -> Values:
    """Promote the version if it passed validation and beats the champion; otherwise leave the champion as it is.

    Raises:
        ProjectError: The version has not passed validation, or the comparison could not be made.
    """
    registry = Registry(parameters.model_name)
    status = registry.version(parameters.model_version).tags.get(STATUS_TAG)
    if status != "PASSED":
        raise ProjectError(
            f"{parameters} has the validation status {status}: "
            "only a version that passed can be deployed, so run the task validate first."
        )
    champion = registry.champion()
    incumbent = None if champion is None else str(champion.version)
    if incumbent == parameters.model_version:
        log.info("version %s is the champion already", incumbent)
        return Values(promoted="false", champion_version=incumbent)
    decision = _compare(config.load(), parameters, platform, incumbent)
    registry.tag(
        parameters.model_version, "deployment_decision", f"{'promoted' if decision.passed else 'kept'}: {decision}"
    )
    log.info("%s", decision)
    if decision.passed:
        registry.tag(parameters.model_version, "previous_champion", incumbent or "none")
        registry.set_alias(CHAMPION, parameters.model_version)
        return Values(promoted="true", champion_version=parameters.model_version)
    return Values(promoted="false", champion_version=incumbent or "none")


def _compare(settings: ProjectConfig, parameters: Candidate, platform: Platform, incumbent: str | None) -> Decision:
    """Judge the challenger and the incumbent on the same held-out rows."""
    features, label = holdout(parameters, settings, platform)
    named = "the naive baseline" if incumbent is None else f"champion version {incumbent}"
    challenger = evaluate(settings.problem_type, label, predict(parameters.model_uri, features))
    try:
        standing = evaluate(settings.problem_type, label, _incumbent_predictions(parameters, features, incumbent))
    except Exception as error:
        cause = str(error).partition("\n")[0][:300]  # MLflow prints the whole frame
        raise ProjectError(
            f"{named} of {parameters.model_name} could not be scored on the held-out rows, which is no win for the "
            f"challenger: repair or replace it ({type(error).__name__}: {cause})."
        ) from error
    with mlflow.start_run(run_id=parameters.run_id):
        mlflow.log_metrics({f"incumbent_{name}": value for name, value in standing.items()})
    return better(settings.metric, challenger, standing, settings.promotion, incumbent_is=named)


def _incumbent_predictions(parameters: Candidate, features: pd.DataFrame, incumbent: str | None) -> Array:
    """Predictions of the champion or, where there is none, of the constant that training recorded."""
    if incumbent is not None:
        return predict(uri(parameters.model_name, incumbent), features)
    constant = float(mlflow.get_run(parameters.run_id).data.params["naive_baseline"])
    return np.full(len(features), constant)


main = task.Task(run)
