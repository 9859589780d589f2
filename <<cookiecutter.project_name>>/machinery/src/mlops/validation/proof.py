"""Binds the result of a validation to what was validated: the model, the gates, the held-out rows and the report.

The tag `model_validation_status` alone proves nothing: somebody may have set it by hand, or the thresholds may have
changed since. So `validate` records a digest of each of these, and whoever promotes a version computes them again.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from typing import Any

import pandas as pd
from mlflow.entities.model_registry import ModelVersion

from ..config.load import ProjectConfig
from ..errors import ProjectError, first_line
from ..features.definition import source_digest
from ..loading import download
from ..project import Project
from ..registry import PASSED, STATUS_TAG, Registry, uri
from ..run_files import RunFiles
from ..training.rows_digest import rows_digest
from . import report

TAG = "validation_proof"

_LENGTH = 16
# MLflow writes it while it downloads a version, and it names the version, not the model.
_LEFT_OUT = {"registered_model_meta"}


def record(registry: Registry, version: ModelVersion, project: Project, rows: str) -> None:
    """Record on a version the digests of what its validation was about; its run must already have the report.

    Args:
        registry: The registered model.
        version: The version that passed.
        project: The project.
        rows: The digest of the held-out rows, as they were before any check saw them.
    """
    digests = _digests(registry, version, project, rows, _report(str(version.run_id)))
    registry.tag(str(version.version), TAG, json.dumps(digests))


def require(registry: Registry, version: ModelVersion, project: Project, rows: pd.DataFrame) -> None:
    """Make sure that a version passed validation as it is now, by the gates as they are now.

    Args:
        registry: The registered model.
        version: The version to promote.
        project: The project with its present settings and checks.
        rows: The held-out rows of its training run.

    Raises:
        ProjectError: It did not pass, or its proof is missing or about something else; the message says what differs.
    """
    named = f"version {version.version} of {registry.name}"
    status, text = version.tags.get(STATUS_TAG), version.tags.get(TAG)
    if status != PASSED:
        raise ProjectError(
            f"{named} has the validation status {status}: "
            "only a version that passed validation can be promoted, so run the task validate first."
        )
    checks = _report(str(version.run_id))
    if text is None or checks is None:
        raise ProjectError(f"{named} has the status PASSED, but no proof of its validation: validate it again.")
    now = _digests(registry, version, project, rows_digest(rows), checks)
    _compare(named, _parse(text), now)
    if not all(check.get("passed") is True for check in checks):
        raise ProjectError(f"{named} has the status PASSED, but its report has failed checks: validate it again.")


def require_same_model(registry: Registry, version: ModelVersion) -> None:
    """Make sure that the model of a version is the one that passed validation, whatever the gates are now.

    This is for a rollback, which must be possible after the gates have changed and the held-out rows have expired.

    Raises:
        ProjectError: The proof is missing, or about another model.
    """
    named = f"version {version.version} of {registry.name}"
    text = version.tags.get(TAG)
    if text is None:
        raise ProjectError(f"{named} has no proof of its validation: validate it, or give another version.")
    model = model_digest(uri(registry.name, str(version.version)))
    _compare(named, {"model": _parse(text).get("model", "")}, {"model": model})


def model_digest(model_uri: str) -> str:
    """Return the digest of the files of a registered version."""
    folder = download(model_uri)
    digest = hashlib.sha256()
    for path in sorted(path for path in folder.rglob("*") if path.is_file() and path.name not in _LEFT_OUT):
        content = path.read_bytes()
        digest.update(f"{path.relative_to(folder).as_posix()}\0{len(content)}\0".encode() + content)
    return digest.hexdigest()[:_LENGTH]


def gates_digest(settings: ProjectConfig, checks: Mapping[str, Callable[..., Any]]) -> str:
    """Return the digest of the settings of the validation and of your own checks and metrics with the code they use."""
    chosen = settings.model_dump(mode="json", include={"problem_type", "classes", "label", "metric", "validation"})
    own = {name: source_digest(check) for name, check in sorted(checks.items())}
    own |= {name: source_digest(metric.function) for name, metric in sorted(settings.measures.own.items())}
    return _digest([chosen | {"features": settings.features}, own])


def _digests(registry: Registry, version: ModelVersion, project: Project, rows: str, checks: object) -> dict[str, str]:
    return {
        "model": model_digest(uri(registry.name, str(version.version))),
        "gates": gates_digest(project.config, project.checks),
        "rows": rows,
        "report": _digest(checks),
    }


def _compare(named: str, then: Mapping[str, str], now: Mapping[str, str]) -> None:
    names = {"model": "model", "gates": "gates", "rows": "held-out rows", "report": "report"}
    different = [names[part] for part, digest in now.items() if then.get(part) != digest]
    if different:
        raise ProjectError(
            f"{named} passed validation, but its {' and its '.join(different)} changed since then: validate it again."
        )


def _parse(text: str) -> dict[str, str]:
    try:
        digests = json.loads(text)
    except json.JSONDecodeError as error:
        raise ProjectError(f"the tag {TAG} is not valid ({first_line(error)}): validate the version again.") from None
    return {str(key): str(value) for key, value in digests.items()} if isinstance(digests, dict) else {}


def _report(run_id: str) -> list[dict[str, Any]] | None:
    checks = RunFiles.of_id(run_id).json(report.FILE)
    return checks if isinstance(checks, list) else None


def _digest(content: object) -> str:
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:_LENGTH]
