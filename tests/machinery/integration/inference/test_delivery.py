"""Each output gets each run at least once, in its own format, and one that fails stops no other."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow.dataset
import pytest
from databricks.sdk.errors import PermissionDenied
from pyspark.errors import AnalysisException

from mlops.errors import ProjectError
from mlops.inference.delivery import Deliveries
from mlops.inference.outputs import Destinations, messages
from mlops_local.feature_store.feature_store import LocalFeatureStore

from integration.inference.conftest import Taxi, crash, hour

PARQUET = {"archive": {"format": "parquet", "path": "archive"}}


def volume(taxi: Taxi) -> Path:
    return taxi.platform.volume(f"/Volumes/{taxi.schema.replace('.', '/')}/artifacts")


def archived(taxi: Taxi, name: str = "archive", **how: str) -> list[tuple[object, object]]:
    rows = pyarrow.dataset.dataset(volume(taxi) / name, exclude_invalid_files=True, **how).to_table().to_pylist()
    return sorted((row["trip_id"], row["prediction"]) for row in rows)


def deliveries(taxi: Taxi) -> list[tuple[object, ...]]:
    return taxi.read("deliveries", "output", "scoring_run", "rows")


def test_each_output_gets_each_run_once(taxi: Taxi) -> None:
    taxi.set(outputs=PARQUET | {"table": {"format": "csv", "path": "csv", "options": {"header": True}}})
    taxi.champion(2.0)
    taxi.score()
    assert taxi.deliver()["rows_delivered"] == "6"
    assert taxi.deliver()["rows_delivered"] == "0"
    taxi.source([("a", hour(0), 1.0), ("d", hour(3), 4.0)])
    taxi.score()
    assert taxi.deliver()["rows_delivered"] == "2"
    everything = [("a", 2.0), ("b", 4.0), ("c", 6.0), ("d", 8.0)]
    assert archived(taxi) == everything
    assert archived(taxi, "csv", format="csv") == everything
    assert deliveries(taxi) == [
        ("archive", "run1", 3),
        ("archive", "run2", 1),
        ("table", "run1", 3),
        ("table", "run2", 1),
    ]


def test_a_new_output_gets_the_earlier_runs_too(taxi: Taxi) -> None:
    taxi.champion(2.0)
    taxi.score()
    assert taxi.deliver()["rows_delivered"] == "0"
    taxi.set(outputs=PARQUET)
    assert taxi.deliver()["rows_delivered"] == "3"


def test_only_the_chosen_columns_are_delivered(taxi: Taxi) -> None:
    taxi.set(outputs={"archive": {"format": "parquet", "path": "archive", "columns": ["trip_id", "prediction"]}})
    taxi.champion(2.0)
    taxi.score()
    taxi.deliver()
    found = pyarrow.dataset.dataset(volume(taxi) / "archive", exclude_invalid_files=True)
    assert found.schema.names == ["trip_id", "prediction"]


@pytest.mark.parametrize(("owner", "method"), [(Destinations, "write"), (Deliveries, "record")])
def test_a_delivery_that_was_killed_is_made_again_without_doubling_files(taxi: Taxi, owner: type, method: str) -> None:
    taxi.set(outputs=PARQUET)
    taxi.champion(2.0)
    taxi.score()
    undo = crash(taxi.patch, owner, method)
    with pytest.raises(KeyboardInterrupt):
        taxi.deliver()
    undo()
    taxi.deliver()
    assert archived(taxi) == [("a", 2.0), ("b", 4.0), ("c", 6.0)]
    assert deliveries(taxi) == [("archive", "run1", 3)]


def test_an_output_that_fails_stops_no_other_and_keeps_its_place(taxi: Taxi, monkeypatch: pytest.MonkeyPatch) -> None:
    shop = {"format": "shop", "options": {"url": "there", "password": {"scope": "sales", "key": "shop-password"}}}
    taxi.set(outputs={"shop": shop} | PARQUET)
    taxi.champion(2.0)
    taxi.score()
    with pytest.raises(
        ProjectError, match=r"shop \(the secret shop-password of the scope sales is not set: .*SALES_SHOP"
    ):
        taxi.deliver()
    assert deliveries(taxi) == [("archive", "run1", 3)]
    monkeypatch.setenv("SECRET_SALES_SHOP_PASSWORD", "swordfish")
    with pytest.raises(ProjectError, match=r"failed: shop \(") as failed:
        taxi.deliver()
    assert "swordfish" not in str(failed.value)
    assert failed.value.__cause__ is None
    taxi.set(outputs={"shop": {"format": "parquet", "path": "shop"}} | PARQUET)
    taxi.score()
    assert taxi.deliver()["rows_delivered"] == "3"


def test_a_secret_in_the_error_of_a_writer_is_not_shown(taxi: Taxi, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_SALES_PATH", "sword_fish")
    taxi.set(outputs={"shop": {"format": "shop", "options": {"path": {"scope": "sales", "key": "path"}}}})
    taxi.champion(2.0)
    taxi.score()

    def refuse(*_: object) -> None:
        raise OSError("no such place: sword_fish")

    monkeypatch.setattr(Destinations, "_save", refuse)
    with pytest.raises(ProjectError, match=r"no such place: \[secret\]"):
        taxi.deliver()


def test_the_online_store_gets_a_feature_table_of_predictions(taxi: Taxi, caplog: pytest.LogCaptureFixture) -> None:
    taxi.set(outputs={"fares": {"format": "online_store", "columns": ["trip_id", "prediction"]}})
    taxi.champion(2.0)
    taxi.score()
    with pytest.raises(ProjectError, match=r"give the variable online_store in databricks\.yml a name"):
        taxi.deliver()
    caplog.set_level("INFO")
    taxi.deliver(online_store="shop")
    assert taxi.read("fares", "trip_id", "prediction") == [("a", 2.0), ("b", 4.0), ("c", 6.0)]
    assert f"{taxi.schema}.fares: version 0 is published to shop" in caplog.text


@pytest.mark.parametrize("method", ["write_table", "publish_table"])
def test_an_online_store_that_fails_stops_no_other_output(
    taxi: Taxi, monkeypatch: pytest.MonkeyPatch, method: str
) -> None:
    taxi.set(outputs={"fares": {"format": "online_store", "columns": ["trip_id", "prediction"]}} | PARQUET)
    taxi.champion(2.0)
    taxi.score()

    def refuse(*_: object, **__: object) -> None:
        # Spark Connect reports a missing privilege only when it writes; the SDK has errors of its own.
        raise AnalysisException("no MODIFY on the table") if method == "write_table" else PermissionDenied("no store")

    monkeypatch.setattr(LocalFeatureStore, method, refuse)
    with pytest.raises(ProjectError, match=r"failed: fares \((AnalysisException|PermissionDenied): no "):
        taxi.deliver(online_store="shop")
    assert deliveries(taxi) == [("archive", "run1", 3)]


def test_a_message_has_the_key_as_text_and_the_row_as_json(taxi: Taxi) -> None:
    rows = taxi.platform.spark.createDataFrame(
        [(7, "Zoë", None, hour(0))], "id BIGINT, name STRING, x DOUBLE, at TIMESTAMP"
    )
    (row,) = messages(rows, "id").collect()
    assert row["key"].encode() == b"7"
    value = json.loads(row["value"])
    # The embedded engine leaves nulls out, and writes six digits of a second where Apache Spark writes three.
    assert (value["id"], value["name"], value.get("x")) == (7, "Zoë", None)
    assert value["at"].startswith("2023-11-14T22:13:20.000")
    assert value["at"].endswith("Z")
