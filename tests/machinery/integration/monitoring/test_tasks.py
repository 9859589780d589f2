"""The three tasks of monitoring one after the other, with a real champion and its training rows."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from html import unescape
from typing import Any

import mlflow
import numpy as np
import pytest
from pyspark.sql import functions as F

from bundle_tools.bundle import load as bundles
from bundle_tools.report import metrics
from bundle_tools.report.page import page
from mlops.config.monitoring import Monitoring
from mlops.errors import ProjectError
from mlops.monitoring import reference
from mlops.profiling.base import Refresh
from mlops.registry import CHAMPION, Registry
from mlops.tasks import check_metrics, refresh_metrics, update_inference_log
from mlops.training import training_set
from mlops_local.platform import LocalPlatform

import example
from generated import generated_project
from running import Runner, trips_of

CONFIG = example.PROJECT.config
LABEL, REGRESSION = CONFIG.label, CONFIG.problem_type == "regression"
GOOD = "fare_amount + 0.5" if REGRESSION else "IF(long_trip = 1, 0.9, 0.1)"
BAD = "prediction + 20" if REGRESSION else "1 - prediction"
ROOT = generated_project()
START = "2016-02-29T06:00:00Z"
Monitor = Callable[..., dict[str, str]]


@pytest.fixture
def champion(trained: dict[str, str]) -> dict[str, str]:
    Registry(trained["model_name"]).set_alias(CHAMPION, trained["model_version"])
    return trained


@pytest.fixture
def predictions(platform: LocalPlatform, trips: str, schema: str, champion: dict[str, str]) -> str:
    """The table of predictions of every trip, which are right but for half a dollar."""
    name = f"{schema}.predictions"
    spine = training_set.spine(example.PROJECT, trips_of(platform, trips)).where(f"{LABEL} IS NOT NULL")
    rows = spine.withColumns(
        {
            "prediction": F.expr(GOOD),
            "model_name": F.lit(champion["model_name"]),
            "model_version": F.lit(champion["model_version"]),
            "scored_at": F.lit(datetime(2016, 3, 1, tzinfo=UTC)),
        }
    )
    platform.tables.overwrite(name, rows.drop("fare_amount", "long_trip"))
    return name


@pytest.fixture
def monitor(run_task: Runner, trips: str, schema: str, champion: dict[str, str], predictions: str) -> Monitor:
    """Run the three tasks, and return all their values."""
    log, history = f"{schema}.inference_log", f"{schema}.monitoring_history"

    def run(check_id: str = "1", payload_table: str = "", **changes: Any) -> dict[str, str]:  # noqa: ANN401 - any parameter
        model = {"model_name": champion["model_name"], "inference_log_table": log}
        of_run = {"history_table": history, "check_id": check_id, "started_at": START}
        first = run_task(
            update_inference_log,
            source_tables=f"trips={trips}",
            predictions_table=predictions,
            payload_table=payload_table,
            served_entities_table="system.serving.served_entities",
            quarantine_table=f"{schema}.quarantine",
            **model,
            **of_run,
        )
        second = run_task(
            refresh_metrics, **model, training_table=champion["training_table"], baseline_table=f"{schema}.baseline"
        )
        given = {**model, **of_run, **second, **changes}
        return first | second | run_task(check_metrics, **given)

    return run


def history(platform: LocalPlatform, schema: str, kind: str) -> list[dict[str, Any]]:
    rows = platform.tables.read(f"{schema}.monitoring_history").where(F.col("kind") == kind)
    return [row.asDict() for row in rows.orderBy("check_id").collect()]


def shift(platform: LocalPlatform, predictions: str, sql: str, column: str = "prediction") -> None:
    """Change a column of the trips from the last four weeks on."""
    rows = platform.tables.read(predictions)
    late = F.unix_micros("tpep_pickup_datetime") > int(datetime(2016, 2, 8, tzinfo=UTC).timestamp()) * 1_000_000
    platform.tables.overwrite(predictions, rows.withColumn(column, F.when(late, F.expr(sql)).otherwise(F.col(column))))


def settings(patch: pytest.MonkeyPatch, **changes: object) -> None:
    """Let the project monitor with these settings; windows of the small example have about a hundred rows."""
    given = {"as_of": "newest_row", **changes}
    rules = {"number_drift": {"at_least": 50, "max": 0.3}, "text_drift": {"at_least": 50}}
    rules |= {name: {"at_least": 50} for name in ("missing_values", "quality")}
    chosen = Monitoring.model_validate({"rules": rules, **given})
    example.change(patch, config=CONFIG.model_copy(update={"monitoring": chosen}))


def test_a_healthy_model_is_healthy_and_a_second_run_changes_nothing(
    monitor: Monitor, platform: LocalPlatform, schema: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings(monkeypatch)
    first = monitor()
    assert (first["verdict"], first["retrain"], first["reason"]) == ("healthy", "false", "")
    assert first["refresh_state"] == "done"
    assert int(first["rows_added"]) == int(first["labels_set"]) > 800
    again = monitor()
    assert (again["rows_added"], again["labels_set"], again["verdict"]) == ("0", "0", "healthy")
    assert [row["status"] for row in history(platform, schema, "verdict")] == ["healthy"]


def test_worse_predictions_start_a_training_once_until_the_cool_down_is_over(
    monitor: Monitor, platform: LocalPlatform, schema: str, predictions: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings(monkeypatch)
    shift(platform, predictions, BAD)
    first = monitor("1")
    assert (first["verdict"], first["retrain"]) == ("retrain", "true")
    assert first["reason"].startswith("quality is ")
    assert monitor("1")["verdict"] == "retrain"  # the same run, repeated
    assert monitor("2")["verdict"] == "cooling_down"
    later = datetime.fromisoformat(START) + timedelta(hours=49)
    assert monitor("3", as_of=later.isoformat())["verdict"] == "retrain"
    assert [row["retrain"] for row in history(platform, schema, "verdict")][:2] == [True, False]
    of_rules = [row for row in history(platform, schema, "rule") if row["check_id"] == "1" and not row["slice_key"]]
    (quality,) = [row for row in of_rules if row["rule"] == "quality"]
    assert (quality["status"], quality["bound"], quality["model_version"]) == ("breach", 0.25, "1")


def test_a_check_for_an_earlier_time_sees_what_was_there_then(
    monitor: Monitor, platform: LocalPlatform, predictions: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings(monkeypatch)
    shift(platform, predictions, BAD)  # from 8 February on
    assert monitor("1", as_of="2016-02-08T06:00:00+00:00")["verdict"] == "healthy"
    assert monitor("2", as_of="2016-02-15T06:00:00+00:00")["verdict"] == "healthy"  # one week may be chance
    assert monitor("3", as_of="2016-02-22T06:00:00+00:00")["verdict"] == "retrain"


def test_longer_trips_only_warn_as_long_as_predictions_are_right(
    monitor: Monitor, platform: LocalPlatform, predictions: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings(monkeypatch)
    shift(platform, predictions, "trip_distance + 5", "trip_distance")
    found = monitor()
    assert (found["verdict"], found["retrain"]) == ("warn", "false")
    assert "ks_test of trip_distance" in found["reason"]


def test_how_jobs_run_is_recorded_with_the_verdict(
    monitor: Monitor, platform: LocalPlatform, schema: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings(monkeypatch, infrastructure={"job_minutes": 30})
    platform.minutes.update({"t": 31.0, "f": 2.0})
    monitor(jobs="training=t features=f other=o")
    measured = {row["rule"]: (row["value"], row["status"]) for row in history(platform, schema, "infrastructure")}
    assert measured["job_minutes of training"] == (31.0, "breach")
    assert measured["job_minutes of features"] == (2.0, "quiet")


def test_what_an_endpoint_has_served_is_logged_and_measured(
    monitor: Monitor, platform: LocalPlatform, schema: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings(monkeypatch)
    prediction = 9.5 if REGRESSION else [0.4, 0.6]
    request, response = '{"dataframe_records": [{"trip_distance": 2.0}]}', json.dumps({"predictions": [prediction]})
    at = datetime(2016, 2, 28, 8, tzinfo=UTC)
    rows = [
        ("r1", at, 200, 20, request, response, "e1"),
        ("r2", at, 200, 40, "{", response, "e1"),
        ("r3", at, 500, 60, request, None, "e1"),
    ]
    columns = (
        "databricks_request_id string, request_time timestamp, status_code int, execution_duration_ms bigint, "
        "request string, response string, served_entity_id string"
    )
    platform.tables.overwrite(f"{schema}.payload", platform.spark.createDataFrame(rows, columns))
    monitor("1", payload_table=f"{schema}.payload")
    again = monitor("2", payload_table=f"{schema}.payload")
    assert again["rows_added"] == "0"
    served = platform.tables.read(f"{schema}.inference_log").where("scored_by = 'endpoint'").collect()
    assert [(one["log_id"], one["model_version"]) for one in served] == [("endpoint:r1:0", "unknown")]
    assert platform.tables.read(f"{schema}.quarantine").count() == 1
    measured = {row["rule"]: (row["value"], row["status"]) for row in history(platform, schema, "infrastructure")}
    assert measured["endpoint_requests"] == (3.0, "quiet")
    assert measured["endpoint_error_share"] == (pytest.approx(1 / 3), "breach")
    assert measured["quarantined_share"] == (pytest.approx(1 / 3), "breach")
    assert measured["endpoint_latency_ms_p95"][1] == "quiet"


def queries(schema: str) -> dict[str, str]:
    """Return the queries of the dashboard and the alerts, on the tables of the test."""
    bundle = bundles.load(ROOT, "dev", environ={})
    dashboard = json.loads((ROOT / "dashboards" / "monitoring.lvdash.json").read_text(encoding="utf-8"))
    found = {one["name"]: "".join(one["queryLines"]) for one in dashboard["datasets"]}
    found |= {key: alert["query_text"] for key, alert in bundle.config["resources"]["alerts"].items()}
    return {key: re.sub(r"FROM (?:\S+\.)?(\w+)", rf"FROM {schema}.\1", sql) for key, sql in found.items()}


def test_the_queries_of_the_dashboard_and_the_alerts_run_on_the_tables_of_monitoring(
    monitor: Monitor, platform: LocalPlatform, schema: str, predictions: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings(monkeypatch)
    shift(platform, predictions, BAD)
    monitor(as_of=(datetime.now(UTC) - timedelta(hours=1)).isoformat())
    found = {key: platform.spark.sql(sql).toPandas() for key, sql in queries(schema).items()}
    assert {key for key, rows in found.items() if rows.empty} == set()
    dashboard = json.loads((ROOT / "dashboards" / "monitoring.lvdash.json").read_text(encoding="utf-8"))
    widgets = [item["widget"] for page in dashboard["pages"] for item in page["layout"]]
    for query in [one["query"] for widget in widgets for one in widget["queries"]]:
        fields = {field["name"] for field in query["fields"]}
        assert fields <= set(found[query["datasetName"]].columns), query
    assert {one["query"]["datasetName"] for widget in widgets for one in widget["queries"]} == found.keys() - {
        "monitoring_verdict",
        "monitoring_drift",
    }
    assert found["monitoring_verdict"]["findings"].iloc[0] == 1
    assert np.isnan(found["monitoring_drift"]["drift"].iloc[0])  # the trips are of 2016
    assert len(found["drift"]["column_name"].unique()) > 5


def test_the_report_shows_the_verdict_and_its_reasons(
    monitor: Monitor, platform: LocalPlatform, schema: str, predictions: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings(monkeypatch)
    shift(platform, predictions, BAD)
    reason = monitor()["reason"].split(";")[0]
    config = example.PROJECT.config
    found = metrics.read(platform.tables, config, f"{schema}.inference_log", f"{schema}.monitoring_history")
    assert len(found.volume) >= 8
    assert {"trip_distance", "pickup_borough", "prediction"} <= set(found.drift.columns)
    shown = page("A title", config, found)
    assert "The model has become worse: a training was started" in shown
    assert reason in unescape(shown)
    assert shown.count("<img ") == 3
    assert "http" not in shown.replace("http-equiv", "")
    with pytest.raises(ProjectError, match="run make lifecycle, or the job monitoring, first"):
        metrics.read(platform.tables, config, f"{schema}.inference_log", f"{schema}.nothing")


def test_a_check_long_after_the_last_prediction_finds_no_traffic(
    monitor: Monitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings(monkeypatch)
    assert monitor(as_of="2016-04-20T00:00:00+00:00")["verdict"] == "no_traffic"


def test_a_refresh_that_fails_is_recorded_before_the_task_fails(
    monitor: Monitor, platform: LocalPlatform, schema: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings(monkeypatch)
    with pytest.raises(ProjectError, match="the refresh of the metrics failed: out of memory: look into"):
        monitor(refresh_state="failed", refresh_message="out of memory")
    assert [row["status"] for row in history(platform, schema, "verdict")] == ["refresh_failed"]


def test_a_profiler_that_refuses_does_not_fail_the_refresh_task(
    monitor: Monitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings(monkeypatch)
    refusing = type("Refusing", (), {"refresh": lambda *_: Refresh("refused", "no permission")})
    monkeypatch.setattr(LocalPlatform, "profiler", lambda *_: refusing())
    with pytest.raises(ProjectError, match="was refused: no permission"):
        monitor()


def test_the_baseline_has_the_champions_held_out_rows_with_honest_predictions(
    monitor: Monitor, platform: LocalPlatform, schema: str, champion: dict[str, str]
) -> None:
    monitor()
    rows = platform.tables.read(f"{schema}.baseline").toPandas()
    held_out = platform.tables.read(champion["training_table"]).where("split IN ('validation', 'holdout')")
    assert len(rows) == held_out.where(F.col("run_id") == champion["run_id"]).count()
    assert set(rows["model_version"]) == {champion["model_version"]}
    newest = rows[rows["tpep_pickup_datetime"] >= rows["tpep_pickup_datetime"].quantile(0.5)]
    recorded = mlflow.get_run(champion["run_id"]).data.metrics
    if REGRESSION:
        rmse = np.sqrt(((newest["prediction"] - newest["fare_amount"]) ** 2).mean())
        assert rmse == pytest.approx(recorded["holdout_rmse"], rel=0.25)
    else:
        accuracy = (newest["prediction"] == newest["long_trip"]).mean()
        assert accuracy == pytest.approx(recorded["holdout_accuracy"], abs=0.06)


def test_the_baseline_follows_the_champion_and_is_empty_without_its_rows(
    monitor: Monitor, platform: LocalPlatform, schema: str, champion: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    settings(monkeypatch)
    monitor()
    registry, name = Registry(champion["model_name"]), f"{schema}.baseline"
    before = platform.tables.version(name)
    config, table = example.PROJECT.config, champion["training_table"]
    reference.write_reference(config, platform.tables, registry, table, name)
    assert platform.tables.version(name) == before
    source = f"runs:/{champion['run_id']}/model"
    other = registry.client.create_model_version(registry.name, source, run_id="0" * 32)
    registry.set_alias(CHAMPION, str(other.version))
    reference.write_reference(config, platform.tables, registry, table, name)
    assert platform.tables.read(name).count() == 0


def test_without_a_champion_there_is_nothing_to_compare_with(
    platform: LocalPlatform, schema: str, trained: dict[str, str]
) -> None:
    with pytest.raises(ProjectError, match="has no champion yet: run the training job first"):
        reference.write_reference(
            example.PROJECT.config, platform.tables, Registry(trained["model_name"]), "x.y.z", f"{schema}.b"
        )


def test_a_time_without_a_zone_is_refused(run_task: Runner) -> None:
    given = {"model_name": "m", "inference_log_table": "l", "history_table": "h", "refresh_state": "done"}
    with pytest.raises(ProjectError, match="'as_of' is '2016-03-10': give the time zone too"):
        run_task(check_metrics, **given, check_id="1", started_at=START, as_of="2016-03-10")
