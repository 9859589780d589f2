"""Pausing promotion on a real registry."""

from __future__ import annotations

from uuid import uuid4

import pytest
from mlflow import MlflowClient

from mlops.errors import ProjectError
from mlops.promotion import pause
from mlops.registry import Registry


@pytest.fixture
def registry(experiment_id: str) -> Registry:
    """A model without versions, in the registry that the experiment belongs to."""
    assert experiment_id
    name = f"dev.s.m{uuid4().hex[:8]}"
    MlflowClient().create_registered_model(name)
    return Registry(name)


def test_a_pause_holds_until_somebody_resumes_with_a_reason_and_both_are_recorded(registry: Registry) -> None:
    assert pause.pause_reason(registry.model_tags()) == ""
    pause.pause(registry, "version 7 was rolled back")
    since = pause.pause_reason(registry.model_tags())
    assert since.startswith("since 2")
    assert since.endswith(": version 7 was rolled back")
    with pytest.raises(ProjectError, match="resuming promotion needs a reason"):
        pause.resume(registry, " ")
    assert pause.pause_reason(registry.model_tags()) == since
    pause.resume(registry, "the source is repaired")
    assert pause.pause_reason(registry.model_tags()) == ""
    assert registry.model_tags()[pause.RESUMED].endswith(f": the source is repaired (it was paused {since})")


def test_what_is_not_paused_cannot_be_resumed(registry: Registry) -> None:
    with pytest.raises(ProjectError, match="is not paused, so there is nothing to resume"):
        pause.resume(registry, "the source is repaired")
    assert pause.RESUMED not in registry.model_tags()


def test_versions_are_remembered_once_in_the_order_of_their_rollbacks(registry: Registry) -> None:
    assert pause.rolled_back_versions(registry.model_tags()) == []
    for version in ("7", "12", "7"):
        pause.note_rolled_back(registry, version)
    assert pause.rolled_back_versions(registry.model_tags()) == ["7", "12"]
