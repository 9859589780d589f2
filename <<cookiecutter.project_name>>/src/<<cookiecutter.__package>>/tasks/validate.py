"""Judge one model version on the rows held out from its training."""

from __future__ import annotations

import logging

import mlflow

from .. import config, training_set
from ..config import ProjectConfig
from ..errors import ProjectError
from ..evaluation import evaluate
from ..gates import Decision, within_bounds
from ..platform import Platform
from ..registry import CHALLENGER, Registry, predict
from . import task

log = logging.getLogger(__name__)


class Parameters(task.Parameters):
    """Exactly the version to judge, and where its held-out rows are."""

    model_name: str
    model_uri: str
    model_version: str
    run_id: str
    training_table: str


class Values(task.Values):
    """The version that passed."""

    model_version: str


def run(parameters: Parameters, platform: Platform) -> Values:
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
        raise ProjectError(f"version {parameters.model_version} of {parameters.model_name} failed: {decision}.")
    registry.set_alias(CHALLENGER, parameters.model_version)
    log.info("version %s passed: %s", parameters.model_version, decision)
    return Values(model_version=parameters.model_version)


def _decide(settings: ProjectConfig, parameters: Parameters, platform: Platform) -> Decision:
    rows = training_set.read(platform.tables, parameters.training_table, parameters.run_id, "holdout")
    predictions = predict(parameters.model_uri, rows[list(settings.features)])
    metrics = evaluate(settings.problem_type, rows[settings.label].to_numpy(), predictions)
    with mlflow.start_run(run_id=parameters.run_id):
        mlflow.log_metrics({f"validate_{name}": value for name, value in metrics.items()})
    return within_bounds(metrics, settings.validation)


main = task.Task(run)
