"""Writes the model card of a version to its training run."""

from __future__ import annotations

import contextlib
import logging

from mlflow.entities.model_registry import ModelVersion

from ..config.load import ProjectConfig
from ..errors import first_line
from ..registry import Registry
from ..run_files import RunFiles
from .collect import collect, pictures
from .sections import document
from .to_html import html
from .to_markdown import markdown

log = logging.getLogger(__name__)

MARKDOWN, HTML = "card/model_card.md", "card/model_card.html"
TAG, ERROR_TAG = "model_card", "model_card_error"

_ATTEMPTS = 3


def location(run_id: str) -> str:
    """Return where the card of the version that a run has trained is."""
    return f"runs:/{run_id}/{HTML}"


def refresh(settings: ProjectConfig, model_name: str, version: str) -> None:
    """Write the current card of a version to its run, and record its location in a tag of the version.

    This never raises, because no task should fail for lack of a card: an error is logged, and recorded in a tag of the
    version.
    """
    try:
        _refresh(settings, Registry(model_name), version)
    except Exception as error:  # noqa: BLE001 - see above
        reason = first_line(error)
        log.warning("the model card of version %s of %s was not written: %s", version, model_name, reason)
        with contextlib.suppress(Exception):
            Registry(model_name).tag(version, ERROR_TAG, reason)


def _refresh(settings: ProjectConfig, registry: Registry, version: str) -> None:
    """Write the card until it is up to date: another task may be overwriting it with an older card at the same time.

    Whatever a task learns of a version, it notes on the version.
    """
    known = registry.version(version)
    for _ in range(_ATTEMPTS):
        card = collect(settings, registry, known)
        parts = document(card)
        registry.client.log_text(card.run_id, markdown(parts), MARKDOWN)
        shown = pictures(RunFiles.of_id(card.run_id), card.plots) if card.plots else {}
        registry.client.log_text(card.run_id, html(parts, shown), HTML)
        before, known = known, registry.version(version)
        if _notes(known) == _notes(before):
            break
    if known.tags.get(TAG) != location(card.run_id):
        registry.tag(version, TAG, location(card.run_id))
    if ERROR_TAG in known.tags:
        registry.client.delete_model_version_tag(registry.name, version, ERROR_TAG)


def _notes(version: ModelVersion) -> tuple[dict[str, str], list[str], str | None]:
    return version.tags, version.aliases, version.description
