"""Run all checks of a model version, including its performance on the rows held out from its training."""

from __future__ import annotations

import logging

import mlflow

from ..errors import ProjectError
from ..platform.base import Platform
from ..project import Project
from ..promotion.decision import Decision
from ..registry import CHALLENGER, Registry
from ..validation import report
from ..validation.candidate import Candidate, evidence, resolved
from ..validation.check import Check
from ..validation.run_checks import run_checks
from . import task

log = logging.getLogger(__name__)


class Values(task.Values):
    """The version that passed."""

    model_version: str


def run(parameters: Candidate, project: Project, platform: Platform) -> Values:
    """Set the version's status to PENDING, then to PASSED or FAILED; log the report to its run.

    Raises:
        ProjectError: The version failed validation; the reasons are in the message and on the version.
    """
    parameters = resolved(parameters)
    registry = Registry(parameters.model_name)
    registry.set_status(parameters.model_version, "PENDING")
    try:
        found = evidence(parameters, project, platform)
        with mlflow.start_run(run_id=parameters.run_id):
            checks = run_checks(found)
            mlflow.log_dict(report.as_json(checks), report.FILE)  # type: ignore[arg-type] # any JSON
            mlflow.log_text(report.table(checks), report.TABLE)
    except Exception as error:
        registry.set_status(parameters.model_version, "FAILED", f"{type(error).__name__}: {error}")
        raise
    passed = Decision.of(checks).passed
    registry.set_status(parameters.model_version, "PASSED" if passed else "FAILED", report.summary(checks))
    if passed:
        registry.set_alias(CHALLENGER, parameters.model_version)
    if not passed:
        raise ProjectError(f"{parameters} failed validation: {_failures(checks)}.")
    log.info("version %s passed validation: %s", parameters.model_version, report.summary(checks))
    return Values(model_version=parameters.model_version)


def _failures(checks: list[Check]) -> str:
    return "; ".join(f"{check.name} ({check.reason})" for check in checks if not check.passed)
