"""The job promotion changes the alias and the endpoint together, with the vendor's client and a fake endpoint."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pandas as pd
import pytest
from databricks.sdk import WorkspaceClient
from mlflow import MlflowClient

from mlops.config.serving import Serving
from mlops.errors import ProjectError
from mlops.loading import predict
from mlops.parameters import parse
from mlops.promotion import comparison
from mlops.promotion.decision import Decision
from mlops.registry import CHAMPION, Registry, uri
from mlops.serving.rollout.record import is_open
from mlops.tasks import change_champion
from mlops_local.platform import LocalPlatform

import example
from fake_endpoints import FakeEndpoints
from fake_workspace import FakeWorkspace
from integration.conftest import prove

SETTINGS = example.PROJECT.config


class Shop:
    """A model whose champion is served by a fake endpoint."""

    def __init__(self, fake: FakeEndpoints, platform: LocalPlatform, parameters: dict[str, str]) -> None:
        self.fake, self.platform, self.parameters = fake, platform, parameters
        self.registry = Registry(parameters["model_name"])
        for version in ("1", "2", "3"):
            fake.models[version] = lambda rows, version=version: self.answer(rows, version)
        schema = parameters["model_name"].rpartition(".")[0]
        store = platform.feature_store(schema, SETTINGS.feature_tables)
        for table in SETTINGS.own_tables:
            store.publish_table(table, "shop", "CU_1")

    def answer(self, rows: list[dict[str, Any]], version: str) -> list[float]:
        """Answer as the version does; without features, as for a row of which nothing is known."""
        frame = pd.DataFrame(rows)
        if set(SETTINGS.features) <= set(frame.columns):
            return list(predict(uri(self.registry.name, version), frame[list(SETTINGS.features)]))
        return [0.0] * len(frame)

    def another_version(self) -> str:
        """Register the same artifact again, which has passed validation too; return the version."""
        model_uri = uri(self.registry.name, "1")
        made = MlflowClient().create_model_version(self.registry.name, model_uri, run_id=self.parameters["run_id"])
        version = str(made.version)
        self.registry.describe(version, "A test.")
        for tag in SETTINGS.validation.required_tags:
            self.registry.tag(version, tag, "given")
        given = self.parameters | {"model_version": version, "model_uri": uri(self.registry.name, version)}
        prove(given, self.platform)
        return version

    def change(self, action: str, version: str = "", **more: str) -> dict[str, str]:
        """Run the task of the job promotion."""
        given = {
            "action": action,
            "model_name": self.registry.name,
            "model_version": version,
            "training_table": self.parameters["training_table"],
            "rolled_back_table": f"{self.registry.name.rpartition('.')[0]}.rolled_back",
            "endpoint_name": "shop",
            "endpoint_minutes": "1",
            "online_store": "shop",
        }
        argv = [f"--{name}={value}" for name, value in (given | more).items()]
        parameters: change_champion.Parameters = parse(change_champion.Parameters, argv)
        return change_champion.run(parameters, example.PROJECT, self.platform).model_dump()

    @property
    def state(self) -> tuple[dict[str, int], str | None]:
        """What the endpoint serves, and the champion."""
        champion = self.registry.champion()
        return self.fake.shares(), str(champion.version) if champion else None


@pytest.fixture
def shop(trained: dict[str, str], platform: LocalPlatform) -> Iterator[Shop]:
    prove(trained, platform)
    with FakeWorkspace() as workspace:
        client = WorkspaceClient(host=workspace.url, token="token", config_file="/dev/null")  # noqa: S106 - of a fake

        class Gateway:
            def client(self) -> WorkspaceClient:
                return client

            def served_entities(self) -> list[tuple[str, str]]:
                return []

        yield Shop(FakeEndpoints(workspace, "shop", polls=1), replace(platform, gateway=Gateway()), trained)


@pytest.fixture
def every_version_wins(monkeypatch: pytest.MonkeyPatch) -> None:
    """The versions of these tests are the same artifact, so none is better than the other."""
    won = Decision(passed=True, reasons=("it is better",))
    monkeypatch.setattr("mlops.tasks.promote.compare", lambda *_, **__: won)
    monkeypatch.setattr(comparison, "compare", lambda *_, **__: won)


@pytest.mark.usefixtures("every_version_wins")
def test_promotion_and_rollback_move_alias_and_endpoint_together(shop: Shop) -> None:
    shop.change("promote", "1")
    assert shop.state == ({"1": 100}, "1")

    second = shop.another_version()
    assert shop.change("promote", second)["promoted"] == "true"
    assert shop.state == ({second: 100}, second)

    shop.change("rollback", reason="it sells nothing", online_store="stale")  # a rollback does not wait for features
    assert shop.state == ({"1": 100}, "1")


def test_a_version_that_loses_changes_nothing_and_the_endpoint_serves_the_champion_again(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop.change("promote", "1")
    second = shop.another_version()
    monkeypatch.setattr("mlops.tasks.promote.compare", lambda *_, **__: Decision(passed=False, reasons=("worse",)))
    shop.fake.serve_by_hand(v9=100)

    assert shop.change("promote", second) == {
        "champion_version": "1",
        "promoted": "false",
        "rolled_back_version": "none",
    }
    assert shop.state == ({"1": 100}, "1")


@pytest.mark.usefixtures("every_version_wins")
def test_a_version_that_answers_otherwise_on_the_endpoint_does_not_become_champion(shop: Shop) -> None:
    shop.change("promote", "1")
    second = shop.another_version()
    shop.fake.models[second] = lambda rows: [-1.0] * len(rows)

    with pytest.raises(ProjectError, match=r"answers -1 instead of .* on the endpoint"):
        shop.change("promote", second)
    assert shop.state == ({"1": 100}, "1")


def test_a_champion_of_a_project_that_begins_to_serve_gets_its_endpoint(shop: Shop) -> None:
    shop.registry.set_alias(CHAMPION, "1")

    shop.change("promote", "1")
    assert shop.state == ({"1": 100}, "1")


@pytest.mark.usefixtures("every_version_wins")
def test_features_that_are_not_in_the_online_store_are_told_before_anything_changes(shop: Shop) -> None:
    with pytest.raises(ProjectError, match="is not published to the online store other"):
        shop.change("promote", "1", online_store="other")
    assert shop.state == ({}, None)


@pytest.mark.usefixtures("every_version_wins")
def test_with_a_canary_the_version_gets_a_share_and_the_champion_stays(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    example.change(monkeypatch, config=SETTINGS.model_copy(update={"serving": Serving(rollout="canary")}))
    shop.change("promote", "1")
    second = shop.another_version()

    assert shop.change("promote", second)["promoted"] == "false"
    assert shop.state == ({"1": 95, second: 5}, "1")
    assert is_open(shop.registry) == second

    third = shop.another_version()
    assert shop.change("promote", third)["promoted"] == "false"
    decision = shop.registry.version(third).tags["deployment_decision"]
    assert f"the rollout of version {second} is open" in decision
    assert shop.state == ({"1": 95, second: 5}, "1")
