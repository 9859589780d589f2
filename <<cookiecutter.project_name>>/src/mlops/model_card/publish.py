"""Builds the model card of a version from the registry and from its training run, and writes it to that run."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Mapping
from typing import Any

import mlflow
from mlflow.entities import Run
from mlflow.entities.model_registry import ModelVersion

from ..config.load import ProjectConfig
from ..errors import first_line
from ..evaluation.metrics import METRICS
from ..registry import STATUS_TAG, Registry
from ..training.training_set import SPLITS
from ..validation import report
from ..validation.check import Check
from .render import ModelCard, html, markdown

log = logging.getLogger(__name__)

MARKDOWN, HTML = "card/model_card.md", "card/model_card.html"
TAG, ERROR_TAG = "model_card", "model_card_error"
EXPLANATION_TAG = "explanation"
IMPORTANCE_FILE = "explain/importance.json"

_MEASURED = {"train": "train", "validation": "validation", "holdout": "holdout", "naive baseline": "baseline_holdout"}
_ATTEMPTS = 3


def refresh(settings: ProjectConfig, model_name: str, version: str) -> None:
    """Write the current card of a version to its run, and record its location in a tag of the version.

    This never raises, because no task should fail for lack of a card: an error is logged, and recorded in a tag of the
    version.
    """
    try:
        _refresh(settings, Registry(model_name), version)
    except Exception as error:  # noqa: BLE001 - see above
        said = first_line(error)
        log.warning("the model card of version %s of %s was not written: %s", version, model_name, said)
        with contextlib.suppress(Exception):
            Registry(model_name).tag(version, ERROR_TAG, said)


def collect(settings: ProjectConfig, registry: Registry, version: str) -> ModelCard:
    """Return the card of a version with everything that is known about it.

    Raises:
        ProjectError: There is no such version.
        MlflowException: The registry or the run cannot be read.
    """
    found = registry.version(version)
    run_id = str(found.run_id)
    run = registry.client.get_run(run_id)
    explained = [file.path for file in registry.client.list_artifacts(run_id, "explain")]
    checks = _checks(registry, run_id)
    importance = mlflow.artifacts.load_dict(f"runs:/{run_id}/{IMPORTANCE_FILE}") if IMPORTANCE_FILE in explained else {}
    return ModelCard(
        name=registry.name,
        version=version,
        run_id=run_id,
        **_from_run(settings, run),
        **_from_version(settings, found, run.data.tags),
        slices=tuple(check for check in checks if check.name.startswith("slice ")),
        checks=tuple(check for check in checks if not check.name.startswith("slice ")),
        importance=importance.get("importance", {}),
        importance_of=importance.get("unit", ""),
        plots=tuple(path for path in explained if path.endswith(".png")),
    )


def _refresh(settings: ProjectConfig, registry: Registry, version: str) -> None:
    """Write the card until it is up to date: another task may be overwriting it with an older card at the same time."""
    written = ""
    for _ in range(_ATTEMPTS):
        card = collect(settings, registry, version)
        text = markdown(card)
        if text == written:
            break
        registry.client.log_text(card.run_id, text, MARKDOWN)
        registry.client.log_text(card.run_id, html(card), HTML)
        written = text
    registry.tag(version, TAG, f"runs:/{card.run_id}/{HTML}")
    if ERROR_TAG in registry.version(version).tags:
        registry.client.delete_model_version_tag(registry.name, version, ERROR_TAG)


def _from_run(settings: ProjectConfig, run: Run) -> dict[str, Any]:
    params: Mapping[str, str] = run.data.params
    by_rows = {
        shown: {
            name: run.data.metrics[f"{logged}_{name}"]
            for name in METRICS[settings.problem_type]
            if f"{logged}_{name}" in run.data.metrics
        }
        for shown, logged in _MEASURED.items()
    }
    return {
        "algorithm": params.get("algorithm", ""),
        "hyperparameters": {name: params[name] for name in settings.search.space if name in params},
        "source_table": params.get("source_table", ""),
        "source_version": params.get("source_version", ""),
        "rows": {split: params[f"{split}_rows"] for split in SPLITS if f"{split}_rows" in params},
        "metrics": {shown: found for shown, found in by_rows.items() if found},
    }


def _from_version(settings: ProjectConfig, version: ModelVersion, run_tags: Mapping[str, str]) -> dict[str, Any]:
    tags: Mapping[str, str] = version.tags
    explanation = tags.get(EXPLANATION_TAG, "")
    return {
        "description": version.description or "",
        "problem_type": settings.problem_type,
        "label": settings.label,
        "limits": settings.limits,
        "status": tags.get(STATUS_TAG, ""),
        "reasons": tags.get("model_validation_reasons", ""),
        "decision": tags.get("deployment_decision", ""),
        "git_commit": tags.get("git_commit") or run_tags.get("git_commit", ""),
        "explanation": "" if explanation == "done" else explanation,
        **{name: tags.get(name, "") for name in ("owner", "data_from", "data_to", "comparison", "previous_champion")},
        "rolled_back": tags.get("rolled_back", ""),
    }


def _checks(registry: Registry, run_id: str) -> list[Check]:
    if not any(file.path == report.FILE for file in registry.client.list_artifacts(run_id, "validation")):
        return []
    found: Any = mlflow.artifacts.load_dict(f"runs:/{run_id}/{report.FILE}")
    fields = ("name", "passed", "reason", "value", "bound", "skipped")
    return [Check(**{name: one[name] for name in fields if name in one}) for one in found]
