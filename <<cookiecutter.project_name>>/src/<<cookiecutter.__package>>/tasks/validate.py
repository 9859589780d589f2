"""Judge one model version on the rows held out from its training."""

from __future__ import annotations

import logging

import mlflow

from .. import config
from ..config import ProjectConfig
from ..errors import ProjectError
from ..evaluation import evaluate
from ..gates import Decision, within_bounds
from ..platform import Platform
from ..registry import CHALLENGER, Registry, predict
from . import task
from .candidate import Candidate, holdout

log = logging.getLogger(__name__)


class Values(task.Values):
    """The version that passed."""

    model_version: str


def run(parameters: Candidate, platform: Platform) -> Values:
    """Set the version's status to PENDING, then to PASSED or FAILED.

    Raises:
        ProjectError: The version failed; the reasons are in the message and on the version.
    """
    registry = Registry(parameters.model_name)
    registry.set_status(parameters.model_version, "PENDING")
    try:
        decision = _decide(config.load(), parameters, platform)
    except Exception as error:
        registry.set_status(parameters.model_version, "FAILED", [f"{type(error).__name__}: {error}"])
        raise
    registry.set_status(parameters.model_version, "PASSED" if decision.passed else "FAILED", decision.reasons)
    if not decision.passed:
        raise ProjectError(f"{parameters} failed: {decision}.")
    registry.set_alias(CHALLENGER, parameters.model_version)
    log.info("version %s passed: %s", parameters.model_version, decision)
    return Values(model_version=parameters.model_version)


def _decide(settings: ProjectConfig, parameters: Candidate, platform: Platform) -> Decision:
    features, label = holdout(parameters, settings, platform)
    metrics = evaluate(settings.problem_type, label, predict(parameters.model_uri, features))
    with mlflow.start_run(run_id=parameters.run_id):
        mlflow.log_metrics({f"validate_{name}": value for name, value in metrics.items()})
    return within_bounds(metrics, settings.validation)


main = task.Task(run)
