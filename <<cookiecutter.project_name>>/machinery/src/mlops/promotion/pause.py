"""Pauses automatic promotion after a rollback, and remembers which versions were rolled back.

Without the pause, the next scheduled training could train the same model again under a new number and promote it.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from ..errors import ProjectError
from ..registry import Registry
from ..text_limits import REGISTRY_TAG, newest_that_fit

PAUSED = "promotion_paused"
RESUMED = "promotion_resumed"
ROLLED_BACK_VERSIONS = "rolled_back_versions"


def pause(registry: Registry, reason: str) -> None:
    """Let no version be promoted until somebody resumes promotion."""
    registry.tag_model(PAUSED, f"since {_now()}: {reason}")


def pause_reason(tags: Mapping[str, str]) -> str:
    """Return since when and why promotion is paused, by the tags of the model, or "" if it is not paused."""
    return tags.get(PAUSED, "")


def resume(registry: Registry, reason: str) -> None:
    """Allow promotions again, and record why.

    Raises:
        ProjectError: There is no reason, or promotion is not paused.
    """
    if not reason.strip():
        raise ProjectError("resuming promotion needs a reason, which is recorded: give the job parameter reason.")
    before = pause_reason(registry.model_tags())
    if not before:
        raise ProjectError(f"promotion of {registry.name} is not paused, so there is nothing to resume.")
    registry.tag_model(RESUMED, f"at {_now()}: {reason} (it was paused {before})")
    registry.drop_model_tag(PAUSED)


def note_rolled_back(registry: Registry, version: str) -> None:
    """Remember that a version was rolled back, so that the same model is not promoted under another number.

    The oldest rollbacks are forgotten when a tag cannot hold all: some two hundred fit.
    """
    versions = dict.fromkeys([*rolled_back_versions(registry.model_tags()), version])
    registry.tag_model(ROLLED_BACK_VERSIONS, newest_that_fit(versions, REGISTRY_TAG))


def rolled_back_versions(tags: Mapping[str, str]) -> list[str]:
    """Return the versions that were rolled back, by the tags of the model, in the order of the rollbacks."""
    return [version for version in tags.get(ROLLED_BACK_VERSIONS, "").split(",") if version]


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
