from collections.abc import Callable

import mlflow
import pytest
from mlflow import MlflowClient

from mlops.errors import ProjectError
from mlops.promotion import pause
from mlops.registry import CHAMPION, ROLLED_BACK, STATUS_TAG, Registry
from mlops.tasks import rollback
from mlops.validation import proof
from mlops_local.platform import LocalPlatform

from integration.conftest import prove
from running import Runner


@pytest.fixture
def registry(trained: dict[str, str], platform: LocalPlatform) -> Registry:
    """A model with three versions that passed; the third is champion, and the previous champion is the first."""
    for _ in range(2):
        MlflowClient().create_model_version(trained["model_name"], trained["model_uri"], run_id=trained["run_id"])
    registry = Registry(trained["model_name"])
    for version in ("1", "2", "3"):
        prove(trained | {"model_version": version}, platform)
    registry.tag("3", "previous_champion", "1")
    registry.set_alias(CHAMPION, "3")
    return registry


def rolled_back(run_task: Runner, **parameters: str) -> dict[str, str]:
    schema = parameters["model_name"].rpartition(".")[0]
    return run_task(rollback, rolled_back_table=f"{schema}.rolled_back_versions", **parameters)


def champion(registry: Registry) -> str:
    found = registry.champion()
    return str(found.version) if found else "none"


def test_a_rollback_restores_the_previous_champion_and_marks_the_bad_version(
    registry: Registry, run_task: Runner
) -> None:
    values = rolled_back(run_task, model_name=registry.name, reason="fares went wild")
    assert values == {"champion_version": "1", "rolled_back_version": "3"}
    assert champion(registry) == "1"
    assert registry.version("3").tags[ROLLED_BACK] == "fares went wild"


def test_a_reason_longer_than_a_tag_of_unity_catalog_does_not_stop_a_rollback(
    registry: Registry, run_task: Runner, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("set_model_version_tag", "set_registered_model_tag"):
        real = getattr(MlflowClient, name)

        def refuse(client: MlflowClient, *args: str, real: Callable[..., None] = real) -> None:
            # Values have at most 1000 characters: https://docs.databricks.com/database-objects/tags
            assert len(args[-1]) <= 1000, "Unity Catalog refuses it"
            real(client, *args)

        monkeypatch.setattr(MlflowClient, name, refuse)
    versions = [str(1_000_000 + number) for number in range(200)]
    monkeypatch.setattr(pause, "rolled_back_versions", lambda _: versions)
    values = rolled_back(run_task, model_name=registry.name, reason="fares went wild " * 100)
    assert values == {"champion_version": "1", "rolled_back_version": "3"}
    assert champion(registry) == "1"
    tags = registry.model_tags()
    assert "fares went wild" in tags[pause.PAUSED]
    assert tags[pause.ROLLED_BACK_VERSIONS].split(",")[-2:] == ["1000199", "3"], "the newest are kept"
    assert set(tags[pause.ROLLED_BACK_VERSIONS].split(",")) <= {*versions, "3"}, "only whole numbers"


def test_the_version_to_go_back_to_can_be_given(registry: Registry, run_task: Runner) -> None:
    rolled_back(run_task, model_name=registry.name, reason="so", to_version="2")
    assert champion(registry) == "2"


def test_a_second_rollback_does_not_restore_the_bad_version(registry: Registry, run_task: Runner) -> None:
    rolled_back(run_task, model_name=registry.name, reason="so")
    with pytest.raises(ProjectError, match=r"version 1 of .* has no previous champion: give the version"):
        rolled_back(run_task, model_name=registry.name, reason="so")
    with pytest.raises(ProjectError, match=r"version 3 of .* was rolled back itself"):
        rolled_back(run_task, model_name=registry.name, reason="so", to_version="3")
    assert champion(registry) == "1"


@pytest.mark.parametrize(
    ("status", "because"),
    [
        ("FAILED", r"failed its last validation \(rmse is above 8\): give another version"),
        ("PENDING", "has not finished its validation: give another version"),
        (None, "was never validated: give another version"),
    ],
)
def test_a_version_that_has_not_passed_cannot_become_champion(
    registry: Registry, run_task: Runner, status: str | None, because: str
) -> None:
    if status is None:
        registry.drop_tag("1", STATUS_TAG)
    else:
        registry.set_status("1", status, "rmse is above 8" if status == "FAILED" else "")
    with pytest.raises(ProjectError, match=f"version 1 of .* {because}"):
        rolled_back(run_task, model_name=registry.name, reason="so")
    assert champion(registry) == "3"
    assert ROLLED_BACK not in registry.version("3").tags


def test_a_version_that_cannot_predict_cannot_become_champion(
    registry: Registry, run_task: Runner, monkeypatch: pytest.MonkeyPatch
) -> None:
    def lost(_: str) -> None:
        raise RuntimeError("artifact lost")

    monkeypatch.setattr(mlflow.pyfunc, "load_model", lost)
    with pytest.raises(ProjectError, match=r"version 1 of .* cannot become champion: .* artifact lost"):
        rolled_back(run_task, model_name=registry.name, reason="so")
    assert champion(registry) == "3"


def test_a_rollback_needs_a_reason_and_a_champion(
    registry: Registry, trained: dict[str, str], run_task: Runner
) -> None:
    with pytest.raises(ProjectError, match="the action rollback needs the parameter reason: give it a value"):
        rolled_back(run_task, model_name=registry.name, reason=" ")
    MlflowClient().delete_registered_model_alias(trained["model_name"], CHAMPION)
    with pytest.raises(ProjectError, match="has no champion, so there is nothing to roll back"):
        rolled_back(run_task, model_name=registry.name, reason="so")


def test_a_rollback_pauses_promotion_and_remembers_the_version(registry: Registry, run_task: Runner) -> None:
    rolled_back(run_task, model_name=registry.name, reason="fares went wild")
    assert pause.pause_reason(registry.model_tags()).endswith("version 3 was rolled back (fares went wild)")
    assert pause.rolled_back_versions(registry.model_tags()) == ["3"]


def test_a_rollback_can_leave_promotion_running(registry: Registry, run_task: Runner) -> None:
    rolled_back(run_task, model_name=registry.name, reason="so", pause="false")
    assert pause.pause_reason(registry.model_tags()) == ""


def test_the_versions_that_were_rolled_back_are_in_a_table_once(
    registry: Registry, run_task: Runner, platform: LocalPlatform
) -> None:
    rolled_back(run_task, model_name=registry.name, reason="fares went wild", to_version="2")
    registry.set_alias(CHAMPION, "3")
    rolled_back(run_task, model_name=registry.name, reason="again", to_version="2")
    table = platform.tables.read(f"{registry.name.rpartition('.')[0]}.rolled_back_versions")
    rows = [row for row in table.collect() if row.model_name == registry.name]
    assert [(row.model_version, row.reason) for row in rows] == [("3", "fares went wild")]
    assert rows[0].rolled_back_at is not None


def test_a_version_whose_files_changed_cannot_become_champion(registry: Registry, run_task: Runner) -> None:
    registry.tag("1", proof.TAG, '{"model": "another"}')
    with pytest.raises(ProjectError, match=r"version 1 of .* passed validation, but its model changed since then"):
        rolled_back(run_task, model_name=registry.name, reason="so")
    registry.client.delete_model_version_tag(registry.name, "1", proof.TAG)
    with pytest.raises(ProjectError, match=r"version 1 of .* has no proof of its validation"):
        rolled_back(run_task, model_name=registry.name, reason="so")
    assert champion(registry) == "3"


def test_a_rollback_that_stops_before_the_alias_moves_has_listed_the_version(
    registry: Registry, run_task: Runner, platform: LocalPlatform, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stopped(*_: object, **__: object) -> None:
        raise RuntimeError("killed")

    monkeypatch.setattr(rollback, "move_champion_alias", stopped)
    with pytest.raises(RuntimeError, match="killed"):
        rolled_back(run_task, model_name=registry.name, reason="so")
    table = platform.tables.read(f"{registry.name.rpartition('.')[0]}.rolled_back_versions")
    assert [row.model_version for row in table.collect() if row.model_name == registry.name] == ["3"]
    assert champion(registry) == "3"
