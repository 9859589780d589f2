from datetime import UTC, datetime, timedelta
from uuid import uuid4

import numpy as np
import pandas as pd
import pytest
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException
from mlflow.models import ModelSignature
from mlflow.models.utils import _enforce_schema
from mlflow.protos import databricks_pb2
from mlflow.types import ColSpec, DataType, Schema

from mlops.errors import ProjectError
from mlops.loading import as_declared, predict
from mlops.registry import CHAMPION, STATUS_TAG, STATUS_TIME_TAG, Registry, uri

from example import PROJECT


@pytest.fixture
def registry(experiment_id: str) -> Registry:
    """A registered model with two empty versions."""
    name = f"dev.s.m{uuid4().hex[:8]}"
    client = MlflowClient()
    client.create_registered_model(name)
    for _ in range(2):
        run = client.create_run(experiment_id)
        client.create_model_version(name, source=run.info.artifact_uri, run_id=run.info.run_id)
    return Registry(name)


def test_no_version_is_champion_at_first(registry: Registry) -> None:
    assert registry.champion() is None


def test_a_model_that_does_not_exist_has_no_champion(registry: Registry) -> None:
    assert Registry(f"{registry.name}_other").champion() is None


def test_the_alias_says_who_is_champion(registry: Registry) -> None:
    for version in ("1", "2", "1"):
        registry.set_alias(CHAMPION, version)
        champion = registry.champion()
        assert champion is not None
        assert str(champion.version) == version


def test_a_registry_that_does_not_answer_is_not_treated_as_a_missing_champion(
    registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise MlflowException("the registry is down")

    monkeypatch.setattr(MlflowClient, "get_model_version_by_alias", fail)
    with pytest.raises(MlflowException, match="down"):
        registry.champion()


def test_status_time_and_reasons_are_tags_of_the_version(registry: Registry) -> None:
    registry.set_status("2", "FAILED", "rmse is missing; r2 is missing")
    found = dict(registry.version("2").tags)
    time = datetime.fromisoformat(found.pop(STATUS_TIME_TAG))
    assert timedelta(0) <= datetime.now(UTC) - time < timedelta(minutes=1)
    assert found == {STATUS_TAG: "FAILED", "model_validation_reasons": "rmse is missing; r2 is missing"}
    assert registry.version("1").tags == {}


def test_the_error_names_a_version_that_does_not_exist(registry: Registry) -> None:
    with pytest.raises(ProjectError, match="has no version 9"):
        registry.version("9")


def test_a_model_is_loaded_by_its_uri_as_a_consumer_would(training_run: dict[str, str]) -> None:
    features = list(PROJECT.config.features)
    frame = pd.DataFrame([[1.0] * len(features), [float("nan")] * len(features)], columns=features)
    frame["pickup_borough"] = ["Queens", None]
    found = predict(uri(training_run["model_name"], training_run["model_version"]), frame)
    assert found.shape == (2,)
    assert np.isfinite(found).all()


def test_an_alias_of_a_deleted_version_is_not_treated_as_a_missing_alias(
    registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert registry.alias("Nobody") is None
    registry.set_alias(CHAMPION, "1")
    gone = MlflowException("no such version", error_code=databricks_pb2.ErrorCode.Value("RESOURCE_DOES_NOT_EXIST"))

    def missing(*_: object) -> None:
        raise gone

    monkeypatch.setattr(MlflowClient, "get_model_version_by_alias", missing)
    with pytest.raises(
        ProjectError, match=r"the alias Champion of .* points to version 1, which does not exist: set the alias"
    ):
        registry.champion()


def test_a_version_is_found_by_its_number_and_by_its_alias(registry: Registry) -> None:
    registry.set_alias(CHAMPION, "1")
    assert registry.find("1").version == registry.find(CHAMPION).version
    with pytest.raises(ProjectError, match=r"no version with the alias Challenger: run the training job first"):
        registry.find("Challenger")


def test_tags_of_the_model_itself_can_be_set_and_deleted(registry: Registry) -> None:
    registry.tag_model("claim", "1")
    assert registry.model_tags()["claim"] == "1"
    registry.drop_model_tag("claim")
    registry.drop_model_tag("claim")
    assert "claim" not in registry.model_tags()


def test_a_value_that_is_too_long_for_unity_catalog_is_cut(registry: Registry) -> None:
    registry.tag("1", "long", "x" * 5000)
    assert registry.version("1").tags["long"] == "x" * 999 + "…"
    registry.tag_model("long", "x" * 1001)
    assert registry.model_tags()["long"] == "x" * 999 + "…"
    registry.tag_model("long", "x" * 1000)
    assert registry.model_tags()["long"] == "x" * 1000
    registry.describe("1", "x" * 5001)
    assert registry.version("1").description == "x" * 4999 + "…"


@pytest.mark.parametrize("values", [[1.0, 0.0], [1.0, None], [None, None], [True, None]])
def test_mlflow_accepts_booleans_of_the_training_table(values: list[object]) -> None:
    schema = Schema([ColSpec(DataType.boolean, "snow", required=False), ColSpec(DataType.double, "wind")])
    rows = pd.DataFrame({"snow": values, "wind": [1.0, 0.0]})
    found = as_declared(rows, ModelSignature(schema))
    assert found["snow"].tolist() == [None if value is None else bool(value) for value in values]
    assert _enforce_schema(found, schema)["wind"].tolist() == [1.0, 0.0]


def test_rows_are_unchanged_where_nothing_is_boolean() -> None:
    rows = pd.DataFrame({"wind": [1.0]})
    assert as_declared(rows, None) is rows
