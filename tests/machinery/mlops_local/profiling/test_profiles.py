"""The metric tables of the local profiler, checked against pandas and scipy on the collected rows."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from mlops.errors import ProjectError
from mlops.profiling.base import ProfileSpec
from mlops_local.platform import LocalPlatform
from mlops_local.profiling import profiles
from mlops_local.profiling.profiles import LocalProfiler, batches

MONDAY = datetime(2016, 1, 4, tzinfo=UTC)
COLUMNS = "log_id string, at timestamp, miles double, borough string, prediction double, fare double, version string"


def rows(count: int, *, shift: float = 0.0, start: datetime = MONDAY, version: str = "1") -> pd.DataFrame:
    """Return rows, one an hour; every seventh has no label, every fifth no borough."""
    random = np.random.default_rng(count)
    miles = random.gamma(2.0, 2.0, count) + shift
    frame = pd.DataFrame(
        {
            "log_id": [f"{version}:{start:%j}:{number}" for number in range(count)],
            "at": [start + timedelta(hours=number) for number in range(count)],
            "miles": miles,
            "borough": random.choice(["Queens", "Bronx"], count),
            "prediction": 3 * miles,
            "fare": 3 * miles + random.normal(0, 1, count),
            "version": version,
        }
    )
    frame.loc[frame.index % 7 == 0, "fare"] = None
    frame.loc[frame.index % 5 == 0, "borough"] = None
    return frame


def spec(schema: str, **changes: Any) -> ProfileSpec:  # noqa: ANN401 - any field
    given: dict[str, Any] = {
        "table": f"{schema}.inference_log",
        "reference": f"{schema}.baseline",
        "problem_type": "regression",
        "key": "log_id",
        "timestamp": "at",
        "prediction": "prediction",
        "probabilities": None,
        "label": "fare",
        "model_version": "version",
        "columns": ("miles", "borough", "prediction", "fare"),
        "granularities": ("1 week",),
    }
    return ProfileSpec(**given | changes)


def write(platform: LocalPlatform, name: str, frame: pd.DataFrame, columns: str = COLUMNS) -> None:
    clean = frame.astype(object).where(frame.notna(), None)
    platform.tables.overwrite(
        name, platform.spark.createDataFrame(list(clean.itertuples(index=False, name=None)), columns)
    )


def profiled(platform: LocalPlatform, chosen: ProfileSpec) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Refresh, and return both metric tables with the start of the window in a column `start`."""
    assert LocalProfiler(platform.tables).refresh(chosen).state == "done"
    frames = [platform.tables.read(name).toPandas() for name in (chosen.profile_table, chosen.drift_table)]
    for frame in frames:
        frame["start"] = [None if window is None else window["start"] for window in frame["window"]]
    return frames[0], frames[1]


def one(frame: pd.DataFrame, **fields: object) -> pd.Series[Any]:
    """Return the only row with these values; None is null."""
    for name, value in fields.items():
        frame = frame[frame[name].isna() if value is None else frame[name] == value]
    assert len(frame) == 1, frame
    return frame.iloc[0]


@pytest.fixture(scope="module")
def log() -> pd.DataFrame:
    """Two weeks of version 1, then one in which version 2 predicts and trips are longer."""
    return pd.concat([rows(336), rows(168, shift=3.0, start=MONDAY + timedelta(weeks=2), version="2")])


@pytest.fixture(scope="module")
def baseline() -> pd.DataFrame:
    return rows(500)


@pytest.fixture
def metrics(
    platform: LocalPlatform, schema: str, log: pd.DataFrame, baseline: pd.DataFrame
) -> tuple[pd.DataFrame, pd.DataFrame]:
    write(platform, f"{schema}.inference_log", log)
    write(platform, f"{schema}.baseline", baseline)
    return profiled(
        platform,
        spec(schema, slices=("borough", "miles > 4"), metrics={"mean_error": "avg(prediction - fare)"}),
    )


def test_each_window_has_the_profile_that_pandas_computes(
    metrics: tuple[pd.DataFrame, pd.DataFrame], log: pd.DataFrame
) -> None:
    profile, _ = metrics
    for week in range(3):
        start = MONDAY + timedelta(weeks=week)
        there = log[(log["at"] >= start) & (log["at"] < start + timedelta(weeks=1))]
        at = {"start": start.replace(tzinfo=None), "slice_key": None, "version": "*", "log_type": "INPUT"}
        found = one(profile, column_name="miles", **at)
        miles = there["miles"]
        assert (found["count"], found["num_nulls"]) == (168, 0)
        expected = (miles.mean(), miles.std(), miles.min(), miles.max())
        assert (found["avg"], found["stddev"], found["min"], found["max"]) == pytest.approx(expected)
        assert found["median"] == pytest.approx(miles.median(), abs=0.35)
        assert found["distinct_count"] == miles.nunique()
        borough = one(profile, column_name="borough", **at)
        assert borough["percent_null"] == pytest.approx(100 * there["borough"].isna().mean())
        items = {item["item"]: item["count"] for item in borough["frequent_items"]}
        assert items == there["borough"].value_counts().to_dict()
        table, known = one(profile, column_name=":table", **at), there.dropna(subset="fare")
        error = known["prediction"] - known["fare"]
        assert table["count"] == 168
        assert table["root_mean_squared_error"] == pytest.approx(float(np.sqrt((error**2).mean())))
        assert table["mean_error"] == pytest.approx(error.mean())


def test_the_differences_from_the_baseline_and_the_week_before_are_those_of_scipy(
    metrics: tuple[pd.DataFrame, pd.DataFrame], log: pd.DataFrame, baseline: pd.DataFrame
) -> None:
    _, drift = metrics
    last, before = log["miles"].iloc[336:], log["miles"].iloc[168:336]
    at = {"start": (MONDAY + timedelta(weeks=2)).replace(tzinfo=None), "slice_key": None, "version": "*"}
    for drift_type, reference in (("BASELINE", baseline["miles"]), ("CONSECUTIVE", before)):
        found = one(drift, column_name="miles", drift_type=drift_type, **at)
        expected = stats.ks_2samp(last, reference)
        assert found["ks_test"]["statistic"] == pytest.approx(expected.statistic, abs=0.03)
        assert found["ks_test"]["pvalue"] < 1e-6
        assert found["wasserstein_distance"] == pytest.approx(stats.wasserstein_distance(last, reference), rel=0.05)
        assert found["avg_delta"] == pytest.approx(last.mean() - reference.mean())
        assert found["population_stability_index"] > 0.5
        assert found["js_distance"] is None or np.isnan(found["js_distance"])
    first = drift[drift["start"] == MONDAY.replace(tzinfo=None)]
    assert set(first["drift_type"]) == {"BASELINE"}
    assert one(drift, column_name="borough", drift_type="BASELINE", **at)["js_distance"] < 0.1


def test_slices_and_versions_are_profiled_for_themselves(
    metrics: tuple[pd.DataFrame, pd.DataFrame], log: pd.DataFrame
) -> None:
    profile, drift = metrics
    tables = profile[(profile["column_name"] == ":table") & (profile["log_type"] == "INPUT")]
    all_rows = tables[tables["slice_key"].isna()]
    assert dict(all_rows[all_rows["version"] != "*"].groupby("version")["count"].sum()) == {"1": 336, "2": 168}
    of_boroughs = tables[(tables["slice_key"] == "borough") & (tables["version"] == "*")]
    assert dict(of_boroughs.groupby("slice_value")["count"].sum()) == log["borough"].value_counts().to_dict()
    assert set(tables[tables["slice_key"] == "miles > 4"]["slice_value"]) == {"true", "false"}
    assert {"Queens", "Bronx", "true", "false"} == set(drift["slice_value"].dropna())
    sliced = of_boroughs[of_boroughs["slice_value"] == "Queens"].sort_values("start")
    part = log[(log["borough"] == "Queens") & (log["at"] < MONDAY + timedelta(weeks=1))]
    assert sliced["mean_error"].iloc[0] == pytest.approx((part["prediction"] - part["fare"]).mean())


def test_without_a_baseline_windows_are_still_compared_with_each_other(
    platform: LocalPlatform, schema: str, log: pd.DataFrame
) -> None:
    write(platform, f"{schema}.inference_log", log)
    profile, drift = profiled(platform, spec(schema, granularities=("1 week", "1 day")))
    assert set(drift["drift_type"]) == {"CONSECUTIVE"}
    assert set(profile["granularity"]) == {"1 week", "1 day"}
    assert set(profile["log_type"]) == {"INPUT"}


def test_an_empty_log_has_no_metrics(platform: LocalPlatform, schema: str, baseline: pd.DataFrame) -> None:
    write(platform, f"{schema}.inference_log", rows(0))
    write(platform, f"{schema}.baseline", baseline)
    profile, drift = profiled(platform, spec(schema))
    assert set(profile["log_type"]) == {"BASELINE"}
    assert drift.empty


def test_columns_without_values_and_huge_values_give_null_or_finite_metrics(
    platform: LocalPlatform, schema: str
) -> None:
    frame = rows(200).assign(borough=None, fare=None)
    frame["miles"] = [1e300, -1e300] * 100
    write(platform, f"{schema}.inference_log", frame)
    write(platform, f"{schema}.baseline", rows(300).assign(miles=1.0))
    profile, drift = profiled(platform, spec(schema))
    at = {"start": MONDAY.replace(tzinfo=None), "version": "*"}
    assert one(profile, column_name="borough", **at)["percent_null"] == 100
    assert one(profile, column_name="miles", **at)["stddev"] == pytest.approx(1e300 * np.sqrt(168 / 167))
    assert np.isnan(one(profile, column_name=":table", **at)["root_mean_squared_error"])
    assert one(drift, column_name="miles", drift_type="BASELINE", **at)["ks_test"]["statistic"] == pytest.approx(0.5)
    assert np.isnan(one(drift, column_name="borough", drift_type="BASELINE", **at)["js_distance"])


def test_predictions_of_classes_have_their_own_metrics(platform: LocalPlatform, schema: str) -> None:
    frame = rows(100)
    frame["prediction"], frame["fare"] = ["0", "1"] * 50, ["0", "1", "1", None] * 25
    frame["probabilities"] = [{"0": 0.9, "1": 0.1}, {"0": 0.2, "1": 0.8}] * 50
    columns = COLUMNS.replace("prediction double, fare double", "prediction string, fare string")
    write(platform, f"{schema}.inference_log", frame, f"{columns}, probabilities map<string, double>")
    chosen = spec(schema, problem_type="classification", probabilities="probabilities", reference=None)
    profile, _ = profiled(platform, chosen)
    table = one(profile, column_name=":table", version="*")
    assert table["accuracy_score"] == pytest.approx(2 / 3)
    assert table["f1_score"]["one_vs_all"]["1"] == pytest.approx(2 * 25 / (25 + 50))
    expected = -(np.log(0.9) + np.log(0.8) + np.log(0.1)) / 3
    assert table["log_loss"] == pytest.approx(expected)


def test_a_metric_that_is_no_aggregate_of_the_log_is_told_in_one_sentence(platform: LocalPlatform, schema: str) -> None:
    write(platform, f"{schema}.inference_log", rows(10))
    with pytest.raises(ProjectError, match=r"monitoring\.metrics cannot be computed on table .*inference_log"):
        LocalProfiler(platform.tables).refresh(spec(schema, metrics={"bad": "avg(nonsense)"}))


def test_a_log_without_a_column_that_is_profiled_is_refused(platform: LocalPlatform, schema: str) -> None:
    write(platform, f"{schema}.inference_log", rows(10))
    with pytest.raises(ProjectError, match="has no column speed, which monitoring reads"):
        LocalProfiler(platform.tables).refresh(spec(schema, columns=("speed",)))


def test_rows_that_do_not_fit_into_one_message_are_the_same_in_several(
    platform: LocalPlatform,
    schema: str,
    log: pd.DataFrame,
    baseline: pd.DataFrame,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    write(platform, f"{schema}.inference_log", log)
    write(platform, f"{schema}.baseline", baseline)
    chosen = spec(schema, slices=("borough",), metrics={"mean_error": "avg(prediction - fare)"})
    whole = profiled(platform, chosen)
    monkeypatch.setattr(profiles, "_MESSAGE", 50_000)
    monkeypatch.setattr(profiles, "_SKETCHES", 3)
    parts = profiled(platform, chosen)
    for one_message, several in zip(whole, parts, strict=True):
        texts = [sorted(frame.astype(str).agg("|".join, axis=1)) for frame in (one_message, several)]
        assert texts[0] == texts[1]
    assert not platform.tables.exists(f"{chosen.profile_table}_staged")


def test_a_message_has_at_least_a_row_and_no_more_than_fit() -> None:
    small, large = {"count": 1}, {"quantiles": [0.0] * 10_000_000}
    found = list(batches([small, small, large, small]))
    assert [len(batch) for batch in found] == [2, 1, 1]
    assert list(batches([])) == []


@pytest.mark.thorough  # a minute
def test_a_thousand_columns_are_profiled(platform: LocalPlatform, schema: str) -> None:
    names = [f"x{number}" for number in range(1000)]
    random = np.random.default_rng(0)
    days = 12
    frame = pd.DataFrame(random.normal(size=(days * 20, len(names))), columns=names)
    frame["log_id"] = [str(number) for number in range(len(frame))]
    frame["at"] = [MONDAY + timedelta(days=number % days) for number in range(len(frame))]
    frame["prediction"], frame["version"] = frame["x0"], "1"
    frame["fare"] = frame["x0"] + 1
    for table in ("inference_log", "baseline"):
        platform.tables.overwrite(f"{schema}.{table}", platform.spark.createDataFrame(frame))
    chosen = spec(schema, columns=(*names, "prediction", "fare"), granularities=("1 day",))
    assert LocalProfiler(platform.tables).refresh(chosen).state == "done"
    per_window = days * 2 * (len(names) + 3)
    of_reference = len(names) + 3
    assert platform.tables.read(chosen.profile_table).count() == per_window + of_reference
