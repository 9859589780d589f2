"""Collects what is known about a version, from the registry and from its training run."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from itertools import zip_longest
from typing import Any

from mlflow.entities import Run
from mlflow.entities.model_registry import ModelVersion, RegisteredModel

from ..config.load import ProjectConfig
from ..errors import first_line
from ..registry import (
    CHAMPION,
    MACHINERY_TAG,
    STATUS_ERROR_TAG,
    STATUS_REASONS_TAG,
    STATUS_TAG,
    STATUS_TIME_TAG,
    Registry,
)
from ..run_files import RunFiles
from ..training import inputs
from ..training.training_set import SPLITS
from ..validation import report
from .card import ModelCard

log = logging.getLogger(__name__)

EXPLANATION_TAG = "explanation"
IMPORTANCE_FILE = "explain/importance.json"

_MEASURED = {"train": "train", "validation": "validation", "holdout": "holdout", "baseline": "baseline_holdout"}
_PICTURE_BYTES = 700_000  # of all pictures together, which is less than 1 MB in a page
_PNG = b"\x89PNG"


def collect(settings: ProjectConfig, registry: Registry, model_version: ModelVersion) -> ModelCard:
    """Return everything that is known about a version.

    Raises:
        MlflowException: The registry or the run cannot be read.
    """
    run = registry.client.get_run(str(model_version.run_id))
    files = RunFiles.of(run)
    model = registry.client.get_registered_model(registry.name)
    importance = files.json(IMPORTANCE_FILE) or {}
    explained = files.paths("explain")
    return ModelCard(
        name=registry.name,
        version=str(model_version.version),
        run_id=run.info.run_id,
        **_from_settings(settings),
        **_from_run(settings, run),
        **_from_version(model_version, run.data.tags),
        **_from_model(model, model_version),
        inputs=tuple(inputs.of_json(files.json(inputs.FILE) or [])),
        checks=tuple(report.of_json(files.json(report.FILE) or [])),
        importance=importance.get("importance", {}),
        importance_of=importance.get("unit", ""),
        plots=tuple(path for path in explained if path.endswith(".png")),
    )


def pictures(files: RunFiles, paths: Sequence[str]) -> dict[str, bytes]:
    """Return the plots that fit into a page, by their paths. One that cannot be read is left out."""
    contents: dict[str, bytes] = {}
    left = _PICTURE_BYTES
    for path in paths:
        try:
            content = files.content(path)
        except Exception as error:  # noqa: BLE001 - the card has a link in its place
            log.warning("%s of %s is not on the model card: %s", path, files.uri, first_line(error))
            continue
        if content.startswith(_PNG) and len(content) <= left:
            contents[path] = content
            left -= len(content)
    return contents


def _from_settings(settings: ProjectConfig) -> dict[str, Any]:
    names = ("problem_type", "label", "metric", "limits")
    classes = f" of {', '.join(str(label) for label in settings.classes)}" if settings.classes else ""
    return {name: getattr(settings, name) for name in names} | {"problem_type": f"{settings.problem_type}{classes}"}


def _from_run(settings: ProjectConfig, run: Run) -> dict[str, Any]:
    params: Mapping[str, str] = run.data.params
    by_rows = {
        rows: {
            name: run.data.metrics[f"{logged}_{name}"]
            for name in settings.measures.names
            if f"{logged}_{name}" in run.data.metrics
        }
        for rows, logged in _MEASURED.items()
    }
    spans = {split: (params.get(f"{split}_from", ""), params.get(f"{split}_to", "")) for split in SPLITS}
    return {
        "algorithm": params.get("algorithm", ""),
        "hyperparameters": {name: params[name] for name in settings.search.space if name in params},
        "sources": _sources(params),
        "rows": {split: f"{int(params[f'{split}_rows']):,}" for split in SPLITS if f"{split}_rows" in params},
        "spans": {split: span for split, span in spans.items() if all(span)},
        "metrics": {rows: values for rows, values in by_rows.items() if values},
    }


def _sources(params: Mapping[str, str]) -> dict[str, str]:
    """Return the version of each source table."""
    tables = (part.partition("=")[2] for part in params.get("source_tables", "").split())
    return dict(zip_longest(tables, params.get("source_version", "").split(), fillvalue=""))


def _from_version(version: ModelVersion, run_tags: Mapping[str, str]) -> dict[str, Any]:
    tags: Mapping[str, str] = version.tags
    explanation = tags.get(EXPLANATION_TAG, "")
    same = ("owner", "data_from", "data_to", "comparison", "previous_champion", "challenged_by", "rolled_back")
    created = version.creation_timestamp
    return {
        "description": version.description or "",
        "registered": datetime.fromtimestamp(created / 1000, UTC).isoformat() if created else "",
        "status": tags.get(STATUS_TAG, ""),
        "status_time": tags.get(STATUS_TIME_TAG, ""),
        "reasons": tags.get(STATUS_REASONS_TAG, ""),
        "validation_error": tags.get(STATUS_ERROR_TAG, ""),
        "decision": tags.get("deployment_decision", ""),
        "champion_since": tags.get("champion_since", ""),
        "git_commit": tags.get("git_commit") or run_tags.get("git_commit", ""),
        "machinery": tags.get(MACHINERY_TAG, ""),
        "explanation": "" if explanation == "done" else explanation,
        **{name: tags.get(name, "") for name in same},
    }


def _from_model(model: RegisteredModel, version: ModelVersion) -> dict[str, Any]:
    """Return what the version or its model says, and which version is champion."""
    tags = {**model.tags, **version.tags}
    both = {name: tags.get(name, "") for name in ("accepted_leakage", "promotion_paused")}
    return {"champion": str(model.aliases.get(CHAMPION, "")), **both}
