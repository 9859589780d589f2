"""Run all checks of a model version, including its performance on the rows held out from its training."""

from __future__ import annotations

import logging
from datetime import UTC, datetime

import mlflow
from mlflow.entities.model_registry import ModelVersion

from ..errors import ProjectError
from ..platform.base import Platform
from ..project import Project
from ..promotion.decision import Decision
from ..registry import CHALLENGER, FAILED, PASSED, PENDING, STATUS_ERROR_TAG, STATUS_TAG, Registry
from ..training.rows_digest import rows_digest
from ..validation import proof, report
from ..validation.candidate import Candidate, evidence, resolve_version
from ..validation.check import Check
from ..validation.evidence import Evidence
from ..validation.run_checks import run_checks
from . import task

log = logging.getLogger(__name__)

ACCEPTED_TAG = "accepted_leakage"


class Values(task.Values):
    """The version that passed."""

    model_version: str


def run(parameters: Candidate, project: Project, platform: Platform) -> Values:
    """Set the version's status to PENDING, then to PASSED or FAILED; log the report to its run.

    A version that has passed before keeps its status until there is another verdict. If its validation ends in an
    error, or stops, the version keeps PASSED, with the error in the tag `model_validation_error`.

    Raises:
        ProjectError: The version failed validation; the reasons are in the message and on the version.
    """
    parameters, version, training = resolve_version(parameters)
    registry = Registry(parameters.model_name)
    if version.tags.get(STATUS_TAG) not in {PENDING, PASSED}:
        registry.set_status(parameters.model_version, PENDING)
    try:
        seen = evidence(parameters, version, training, project, platform)
        checks = _verdict(registry, seen, project)
        passed = Decision.of(checks).passed
        registry.set_status(parameters.model_version, PASSED if passed else FAILED, report.summary(checks))
    except BaseException as error:  # also what ends the process: every ending has a status
        _record_error(registry, version, error)
        raise
    if STATUS_ERROR_TAG in version.tags:
        registry.drop_tag(parameters.model_version, STATUS_ERROR_TAG)
    if not passed:
        raise ProjectError(_failure_message(registry, parameters, checks))
    registry.set_alias(CHALLENGER, parameters.model_version)
    log.info("version %s passed validation: %s", parameters.model_version, report.summary(checks))
    return Values(model_version=parameters.model_version)


def _verdict(registry: Registry, seen: Evidence, project: Project) -> list[Check]:
    """Return the checks of a version, after recording them, what they accepted and, if all passed, the proof.

    Raises:
        ProjectError: The version has passed before, and nothing but errors speaks against it now.
    """
    version, rows = seen.version, rows_digest(seen.rows)
    with mlflow.start_run(run_id=str(version.run_id)):
        checks = run_checks(seen)
        if version.tags.get(STATUS_TAG) == PASSED:
            _require_verdict(checks)
        mlflow.log_dict(report.as_json(checks), report.FILE)  # type: ignore[arg-type] # any JSON
        mlflow.log_text(report.table(checks), report.TABLE)
    _record_acceptances(registry, version, checks)
    if Decision.of(checks).passed:
        proof.record(registry, version, project, rows)
    return checks


def _require_verdict(checks: list[Check]) -> None:
    """Raise ProjectError if checks ended in errors and all others passed."""
    errors = [check.reason for check in checks if check.error]
    if errors and all(check.passed or check.error for check in checks):
        raise ProjectError(
            f"{'; '.join(errors)}. All other checks passed, and the version keeps the status PASSED of its last "
            "validation: repair the cause and validate it again."
        )


def _record_error(registry: Registry, version: ModelVersion, error: BaseException) -> None:
    """Record why there is no verdict: as FAILED or, on a version that has passed, beside its status."""
    number, reason = str(version.version), f"{type(error).__name__}: {error}".rstrip(": ")
    if version.tags.get(STATUS_TAG) == PASSED:
        registry.tag(number, STATUS_ERROR_TAG, f"at {datetime.now(UTC).isoformat(timespec='seconds')}: {reason}")
    else:
        registry.set_status(number, FAILED, reason)


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
