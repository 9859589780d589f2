"""Moving the alias on a real registry."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from mlflow import MlflowClient

from mlops.errors import ProjectError
from mlops.promotion.champion import SINCE, move_champion_alias
from mlops.registry import CHAMPION, Registry


@pytest.fixture
def registry(trained: dict[str, str]) -> Registry:
    """A model with three versions, of which the first is champion."""
    for _ in range(2):
        MlflowClient().create_model_version(trained["model_name"], trained["model_uri"], run_id=trained["run_id"])
    registry = Registry(trained["model_name"])
    registry.set_alias(CHAMPION, "1")
    return registry


def champion(registry: Registry) -> str:
    found = registry.champion()
    return str(found.version) if found else "none"


def test_a_promotion_records_the_previous_champion_and_nothing_on_the_model(registry: Registry) -> None:
    before = registry.model_tags()
    assert move_champion_alias(registry, "2", "1")
    assert champion(registry) == "2"
    tags = registry.version("2").tags
    assert tags["previous_champion"] == "1"
    assert datetime.now(UTC) - datetime.fromisoformat(tags[SINCE]) < timedelta(hours=1)
    assert registry.model_tags() == before


def test_promoting_a_version_again_changes_nothing(registry: Registry) -> None:
    move_champion_alias(registry, "2", "1")
    assert not move_champion_alias(registry, "2", "1")
    assert registry.version("2").tags["previous_champion"] == "1"


@pytest.mark.parametrize("expected", ["3", None])
def test_a_champion_other_than_the_compared_one_is_kept(registry: Registry, expected: str | None) -> None:
    with pytest.raises(ProjectError, match="changed to version 1 while version 2 was compared with"):
        move_champion_alias(registry, "2", expected)
    assert champion(registry) == "1"


def test_a_write_of_somebody_else_right_after_the_promotion_is_reported(
    registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = Registry.set_alias

    def overwritten(self: Registry, alias: str, version: str) -> None:
        real(self, alias, version)
        real(self, alias, "3")

    monkeypatch.setattr(Registry, "set_alias", overwritten)
    with pytest.raises(ProjectError, match="now the champion is version 3: something other than the job promotion"):
        move_champion_alias(registry, "2", "1")
