"""Run all checks of a model version, including its performance on the rows held out from its training."""

from __future__ import annotations

import logging

import mlflow
from mlflow.entities.model_registry import ModelVersion

from ..errors import ProjectError
from ..platform.base import Platform
from ..project import Project
from ..promotion.decision import Decision
from ..registry import CHALLENGER, PENDING, STATUS_TAG, Registry
from ..validation import proof, report
from ..validation.candidate import Candidate, evidence, resolve_version
from ..validation.check import Check
from ..validation.run_checks import run_checks
from . import task

log = logging.getLogger(__name__)

ACCEPTED_TAG = "accepted_leakage"


class Values(task.Values):
    """The version that passed."""

    model_version: str


def run(parameters: Candidate, project: Project, platform: Platform) -> Values:
    """Set the version's status to PENDING, then to PASSED or FAILED; log the report to its run.

    Raises:
        ProjectError: The version failed validation; the reasons are in the message and on the version.
    """
    parameters, version = resolve_version(parameters)
    registry = Registry(parameters.model_name)
    if version.tags.get(STATUS_TAG) != PENDING:
        registry.set_status(parameters.model_version, PENDING)
    try:
        seen = evidence(parameters, version, project, platform)
        with mlflow.start_run(run_id=parameters.run_id):
            checks = run_checks(seen)
            mlflow.log_dict(report.as_json(checks), report.FILE)  # type: ignore[arg-type] # any JSON
            mlflow.log_text(report.table(checks), report.TABLE)
    except Exception as error:
        registry.set_status(parameters.model_version, "FAILED", f"{type(error).__name__}: {error}")
        raise
    _record_acceptances(registry, version, checks)
    passed = Decision.of(checks).passed
    if passed:
        proof.record(registry, version, project, seen.rows)
    registry.set_status(parameters.model_version, "PASSED" if passed else "FAILED", report.summary(checks))
    if passed:
        registry.set_alias(CHALLENGER, parameters.model_version)
    if not passed:
        raise ProjectError(_failure_message(registry, parameters, checks))
    log.info("version %s passed validation: %s", parameters.model_version, report.summary(checks))
    return Values(model_version=parameters.model_version)


def _failure_message(registry: Registry, parameters: Candidate, checks: list[Check]) -> str:
    """Return what failed, and what to do about it."""
    reasons = "; ".join(f"{check.name} ({check.reason})" for check in checks if not check.passed)
    champion = registry.champion()
    serving = ""
    if champion is not None and str(champion.version) == parameters.model_version:
        serving = " It is the champion and stays the champion until you promote another version or roll it back."
    return (
        f"{parameters} failed validation: {reasons}.{serving} If you change only thresholds, run the job deployment "
        f"with model_version={parameters.model_version}: it validates and promotes this version without a new training."
    )


def _record_acceptances(registry: Registry, version: ModelVersion, checks: list[Check]) -> None:
    """Record on the version which suspects of target leakage passed because a person accepted them, and why."""
    accepted = "; ".join(dict.fromkeys(reason for check in checks for reason in check.accepted))
    if accepted or ACCEPTED_TAG in version.tags:
        registry.tag(str(version.version), ACCEPTED_TAG, accepted or "none")
