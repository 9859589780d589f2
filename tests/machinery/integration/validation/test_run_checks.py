"""Each check notices its own fault: the tests change one thing at a time in the evidence."""

from __future__ import annotations

import importlib
import os
import subprocess
import sys
import time
import venv
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import mlflow
import numpy as np
import pandas as pd
import pytest
from mlflow.models import infer_signature
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from mlops.config.features import FeatureTable
from mlops.config.leakage import ARRIVAL, INPUT, LOOKUP, Leakage
from mlops.config.validation import Bound, Latency, Slice, SliceRows
from mlops.evaluation.metrics import Array
from mlops.evaluation.own_metrics import OwnMetric
from mlops.registry import NO_COMMIT
from mlops.validation import behaviour, lookup_leakage, performance, slices, structure, target_leakage
from mlops.validation import training_serving_skew as serving
from mlops.validation.candidate import Candidate, evidence, resolve_version
from mlops.validation.check import Check
from mlops.validation.evidence import Evidence
from mlops.validation.origin import origin
from mlops.validation.proof import gates_digest, rows_digest
from mlops.validation.run_checks import CHECKS, run_checks
from mlops_local.platform import LocalPlatform

from example import PROJECT, features

# Some models of these tests have no input example on purpose.
pytestmark = pytest.mark.filterwarnings("ignore:.*An input example was not provided:UserWarning")

SETTINGS = PROJECT.config
INPUTS = list(SETTINGS.features)


@pytest.fixture
def sound(trained: dict[str, str], platform: LocalPlatform) -> Evidence:
    return evidence(*resolve_version(Candidate(**trained)), PROJECT, platform)


def gated(found: Evidence, **changes: object) -> Evidence:
    """Return the evidence with other settings of the gates."""
    validation = found.settings.validation.model_copy(update=changes)
    return replace(found, settings=found.settings.model_copy(update={"validation": validation}))


def predicting(found: Evidence, predict: Callable[[pd.DataFrame], Any], **log: Any) -> Evidence:  # noqa: ANN401 - as MLflow
    """Return the evidence with another model, which makes these predictions."""

    class Other(mlflow.pyfunc.PythonModel):
        def predict(self, context: object, model_input: pd.DataFrame, params: object = None) -> Any:  # noqa: ANN401, ARG002
            return predict(model_input)

    info = mlflow.pyfunc.log_model(name="other", python_model=Other(), pip_requirements=["mlflow"], **log)
    return replace(found, model_uri=info.model_uri)


def by_name(checks: Any) -> dict[str, Check]:  # noqa: ANN401 - an iterator of checks
    return {check.name: check for check in checks}


def test_a_sound_version_passes_the_checks_that_do_not_depend_on_its_quality(sound: Evidence) -> None:
    for look in (
        *CHECKS[:7],
        *CHECKS[8:10],
        serving.same_as_in_training,
        performance.leakage,
        performance.logged_evaluation,
        target_leakage.too_good,
        target_leakage.known_before_the_label,
        lookup_leakage.lookups_before_the_label,
    ):
        for check in look(sound):
            assert check.passed, check.reason


def test_a_signature_that_lacks_a_feature_is_noticed(sound: Evidence) -> None:
    renamed = sound.features.rename(columns={INPUTS[0]: "renamed"}).head(3)
    other = predicting(sound, lambda rows: np.zeros(len(rows)), signature=infer_signature(renamed, np.zeros(3)))
    (check,) = structure.signature(other)
    assert not check.passed
    assert f"differs from the configured features in {', '.join(sorted([INPUTS[0], 'renamed']))}" in check.reason


def test_a_model_without_signature_and_example_is_noticed(sound: Evidence) -> None:
    bare = predicting(sound, lambda rows: np.zeros(len(rows)))
    assert [check.passed for check in structure.signature(bare)] == [False]
    assert [check.passed for check in structure.input_example(bare)] == [False]


def test_missing_metadata_and_documentation_are_named(sound: Evidence) -> None:
    found = by_name(structure.metadata(gated(sound, required_tags=("owner", "cost_center"))))
    assert found["tag owner"].passed
    assert not found["tag cost_center"].passed
    assert found["tag cost_center"].reason == "the version's tag cost_center is missing"
    (check,) = structure.documentation(gated(sound, documentation="card/none.md"))
    assert (check.passed, check.reason) == (False, "the run has no card/none.md")


def test_code_outside_version_control_is_no_commit(sound: Evidence) -> None:
    tags = {**sound.version.tags, "git_commit": NO_COMMIT}
    sound.version._tags = tags  # noqa: SLF001 - MLflow offers no other way to a version with other tags
    found = by_name(structure.metadata(gated(sound, required_tags=("git_commit",))))
    assert found["tag git_commit"].skipped
    assert found["tag git_commit"].reason == "the code of the version is not under version control"


def test_the_fresh_process_has_no_credentials(sound: Evidence, monkeypatch: pytest.MonkeyPatch) -> None:
    class Curious(mlflow.pyfunc.PythonModel):
        def predict(self, context: object, model_input: pd.DataFrame, params: object = None) -> Any:  # noqa: ANN401, ARG002
            found = {name for name in os.environ if name.startswith(("DATABRICKS", "MLFLOW_TRACKING_T", "AWS"))}
            if found or (Path.home() / ".databrickscfg").exists():
                raise RuntimeError(f"it sees {found}")
            return np.zeros(len(model_input))

    monkeypatch.setenv("DATABRICKS_TOKEN", "secret")
    monkeypatch.setenv("MLFLOW_TRACKING_TOKEN", "secret")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    info = mlflow.pyfunc.log_model(name="curious", python_model=Curious(), pip_requirements=["mlflow"])
    (check,) = structure.fresh_process(replace(sound, model_uri=info.model_uri))
    assert check.passed, check.reason


def test_the_fresh_process_sees_the_environment_where_the_interpreter_alone_does_not(
    sound: Evidence, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """As on the platform, which adds an environment to the module search path of the task."""
    venv.create(tmp_path / "bare")
    bare = str(tmp_path / "bare/bin/python")
    alone = subprocess.run([bare, "-c", "import mlflow"], env={}, capture_output=True, text=True, check=False)
    assert "No module named 'mlflow'" in alone.stderr
    monkeypatch.setattr(sys, "executable", bare)
    (check,) = structure.fresh_process(sound)
    assert check.passed, check.reason


def test_the_fresh_process_leaves_nothing_in_the_folder_of_the_task(
    sound: Evidence, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    (check,) = structure.fresh_process(sound)
    assert check.passed, check.reason
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("requirements", "reason"),
    [("no-such-package==1.0", "no-such-package==1.0, but nothing is installed"), ("numpy<1", "numpy<1, but")],
)
def test_requirements_that_are_not_installed_are_noticed(sound: Evidence, requirements: str, reason: str) -> None:
    class Fine(mlflow.pyfunc.PythonModel):
        def predict(self, context: object, model_input: pd.DataFrame, params: object = None) -> Any:  # noqa: ANN401, ARG002
            return np.zeros(len(model_input))

    info = mlflow.pyfunc.log_model(name="wanting", python_model=Fine(), pip_requirements=[requirements])
    (check,) = structure.fresh_process(replace(sound, model_uri=info.model_uri))
    assert not check.passed
    assert reason in check.reason


def test_code_of_the_project_that_is_not_in_the_model_is_noticed(sound: Evidence) -> None:
    class Leaning(mlflow.pyfunc.PythonModel):
        def predict(self, context: object, model_input: pd.DataFrame, params: object = None) -> Any:  # noqa: ANN401, ARG002
            importlib.import_module("mlops.errors")
            return np.zeros(len(model_input))

    info = mlflow.pyfunc.log_model(name="leaning", python_model=Leaning(), pip_requirements=["mlflow"])
    (check,) = structure.fresh_process(replace(sound, model_uri=info.model_uri))
    assert not check.passed
    assert "the model needs mlops, but neither contains nor requires it" in check.reason


def test_predictions_of_a_wrong_shape_are_noticed(sound: Evidence) -> None:
    (check,) = behaviour.shape(predicting(sound, lambda rows: np.zeros(len(rows) + 1)))
    assert not check.passed


def test_predictions_that_are_not_finite_are_counted(sound: Evidence) -> None:
    (check,) = behaviour.finite(predicting(sound, lambda rows: np.where(np.arange(len(rows)) < 3, np.nan, 1.0)))
    assert (check.passed, check.value) == (False, 3.0)


def test_predictions_out_of_range_are_noticed(sound: Evidence) -> None:
    wild = predicting(sound, lambda rows: np.linspace(-7, 900, len(rows)))
    found = by_name(behaviour.allowed_range(gated(wild, predictions=Bound(min=-5, max=500))))
    assert found["smallest prediction"].reason == "smallest prediction -7 is below -5"
    assert found["greatest prediction"].reason == "greatest prediction 900 is above 500"


def test_predictions_that_depend_on_the_order_are_noticed(sound: Evidence) -> None:
    (check,) = behaviour.repeatable(predicting(sound, lambda rows: np.arange(len(rows), dtype=float)))
    assert not check.passed


def test_a_model_that_cannot_predict_without_features_is_noticed(sound: Evidence) -> None:
    (check,) = behaviour.tolerates_missing(
        predicting(sound, lambda rows: rows.sum(axis=1, skipna=False, numeric_only=True))
    )
    assert not check.passed
    assert check.value


def test_calls_that_other_work_delays_do_not_count(sound: Evidence) -> None:
    calls = []

    def predict(rows: pd.DataFrame) -> Any:  # noqa: ANN401 - as MLflow
        calls.append(len(rows))
        if len(calls) % 5:
            time.sleep(0.05)
        return np.zeros(len(rows))

    busy = predicting(gated(sound, latency=Latency(row_ms=45, batch_ms=45)), predict)
    assert [check.passed for check in behaviour.latency(busy)] == [True, True], [
        check.reason for check in behaviour.latency(busy)
    ]


def test_a_slow_model_is_noticed(sound: Evidence) -> None:
    checks = list(behaviour.latency(gated(sound, latency=Latency(row_ms=0.0001, batch_ms=60_000))))
    assert [check.passed for check in checks] == [False, True]


def test_a_metric_outside_its_bound_is_noticed(sound: Evidence) -> None:
    (check,) = performance.metrics(gated(sound, metrics={SETTINGS.metric: Bound(min=1e6)}))
    assert not check.passed


@pytest.mark.parametrize(("otherwise", "passed"), [("skip", True), ("fail", False)])
def test_a_slice_with_too_few_rows_follows_the_policy(sound: Evidence, otherwise: str, *, passed: bool) -> None:
    rows = SliceRows.model_validate({"at_least": 10, "otherwise": otherwise})
    (check,) = slices.slices(gated(sound, slices={"far": Slice(where="trip_distance > 1e9")}, slice_rows=rows))
    assert (check.passed, check.skipped, check.value) == (passed, passed, 0.0)
    assert check.reason == "slice far has 0 rows, fewer than 10"


def test_a_slice_has_its_own_bounds_and_is_compared_with_all_rows(sound: Evidence) -> None:
    half = sound.rows["trip_distance"] > sound.rows["trip_distance"].median()
    where = f"trip_distance > {sound.rows['trip_distance'].median()}"
    one = Slice(where=where, metrics={SETTINGS.metric: Bound(min=1e6)}, worse_than_all=0.0)
    rows = SliceRows(at_least=10, otherwise="fail")
    # Correct everywhere except on the slice, where the rows are mixed up.
    exact = np.where(half, sound.label[::-1], sound.label)
    skewed = gated(sound, slices={"half": one}, slice_rows=rows)
    skewed.__dict__["prediction"] = exact
    found = by_name(slices.slices(skewed))
    assert not found[f"slice half {SETTINGS.metric}"].passed
    assert not found["slice half compared with all rows"].passed
    fair = gated(sound, slices={"half": Slice(where=where, worse_than_all=1e6)}, slice_rows=rows)
    assert by_name(slices.slices(fair))["slice half compared with all rows"].passed


def test_a_slice_with_one_class_is_named(sound: Evidence) -> None:
    if SETTINGS.problem_type == "regression":
        pytest.skip("only classes can be missing")
    rows = SliceRows(at_least=1, otherwise="fail")
    ones = Slice(where=f"{SETTINGS.label} == 1", worse_than_all=1.0)
    (check,) = slices.slices(gated(sound, slices={"ones": ones}, slice_rows=rows))
    assert not check.passed
    assert check.reason.startswith("slice ones with ")


def test_the_error_names_a_condition_that_cannot_be_evaluated(sound: Evidence) -> None:
    checks = run_only(slices.slices, gated(sound, slices={"odd": Slice(where="no_such_column > 1")}))
    assert "validation.slices.odd.where 'no_such_column > 1' cannot be evaluated" in checks[0].reason


def run_only(look: Any, found: Evidence) -> list[Check]:  # noqa: ANN401 - one of the checks
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("mlops.validation.run_checks.CHECKS", (look,))
        return run_checks(found)


def test_held_out_rows_that_were_trained_on_are_noticed(sound: Evidence) -> None:
    copied = sound.all_rows.where("split = 'holdout'").withColumn("split", F.lit("train"))
    found = by_name(performance.leakage(replace(sound, all_rows=sound.all_rows.unionByName(copied))))
    assert not found["keys are held out"].passed
    assert found["keys are held out"].value == len(sound.rows)
    assert not found["times are held out"].passed


def test_an_own_metric_with_the_wrong_direction_is_noticed(sound: Evidence) -> None:
    def loss(label: Array, prediction: Array) -> float:
        return float(np.mean((label - prediction) ** 2))

    for better in (False, True):
        settings = sound.settings.model_copy()
        settings._own_metrics = {"loss": OwnMetric(loss, greater_is_better=better)}  # noqa: SLF001 - as `parse` sets them
        (check,) = performance.own_metrics(replace(sound, settings=settings))
        assert check.passed is not better
    assert "the metric loss is 0 for perfect predictions and " in check.reason
    assert list(performance.own_metrics(sound)) == [], "there are none"


def test_what_an_own_check_changes_is_seen_by_no_other(sound: Evidence) -> None:
    def careless(found: Evidence) -> float:
        found.rows["error"] = found.prediction - found.label
        found.prediction[:] = 1e9
        found.label[:] = 1e9
        found.features.iloc[:, 0] = 0.0
        found.trained_on["error"] = 1.0
        found.version.tags["owner"] = "me"
        found.settings.validation.custom["careless"] = Bound(min=2)
        return 0.0

    def sums(found: Evidence) -> float:
        arrays = (found.prediction, found.label, found.features.select_dtypes("number").iloc[:, 0].fillna(0))
        return float(sum(np.sum(values) for values in arrays)) + found.rows.shape[1] + found.trained_on.shape[1]

    wide = Bound(min=-1e12, max=1e12)
    checks = {"before": sums, "careless": careless, "after": sums}
    own = replace(gated(sound, custom=dict.fromkeys(checks, wide)), checks=checks)
    assert own.trained_on.shape[0], "as an earlier check has read it"
    digest, gates = rows_digest(own.rows), gates_digest(own.settings, {})
    before, _, after = performance.custom(own)
    assert before.value == after.value
    assert own.prediction.max() < 1e9
    assert rows_digest(own.rows) == digest
    assert gates_digest(own.settings, {}) == gates
    assert own.version.tags["owner"] == "given"


def test_an_own_check_computes_nothing_anew(sound: Evidence) -> None:
    expected = sound.prediction
    own = sound.copy()
    assert own.model is sound.model
    assert vars(own)["prediction"].tolist() == expected.tolist()


def test_every_own_check_needs_a_bound_and_every_bound_a_check(sound: Evidence) -> None:
    name = next(iter(SETTINGS.validation.custom))
    (check,) = performance.custom(gated(sound, custom={name: Bound(min=1e6)}))
    assert not check.passed
    (check,) = run_only(performance.custom, gated(sound, custom={}))
    assert f"the check {name} has no bound" in check.reason
    (check,) = run_only(performance.custom, gated(sound, custom={f"{name}s": Bound(max=1)}))
    assert f"checks.py has no such check: did you mean '{name}'" in check.reason


def test_a_check_that_raises_an_error_fails_with_that_error_as_its_reason(sound: Evidence) -> None:
    (check,) = run_only(behaviour.finite, replace(sound, rows=sound.rows.head(0)))
    assert not check.passed
    assert check.reason == "finite could not be checked: ProjectError: there are no held-out rows"


def test_a_version_that_cannot_be_loaded_fails_every_check_that_needs_it(sound: Evidence) -> None:
    lost = replace(sound, model_uri="models:/no.such.model/1")
    failed = [check.name for check in run_checks(lost) if not check.passed]
    assert {"signature", "finite", "metrics"} <= set(failed)


def test_a_version_that_is_served_with_other_features_is_noticed(sound: Evidence) -> None:
    name = sound.settings.lookups[0].outputs[0]
    moved = sound.all_rows.withColumn(name, F.col(name) + 1)
    (check,) = serving.same_as_in_training(replace(sound, all_rows=moved))
    assert not check.passed
    assert check.value == len(sound.rows.dropna(subset=[name]))
    assert check.reason.endswith(f"rows get other features or predictions in serving than in training, in {name}")


def test_a_copy_of_the_label_among_the_inputs_is_named(sound: Evidence) -> None:
    name, label = INPUTS[0], SETTINGS.label
    rows, all_rows = sound.rows.assign(**{name: sound.label}), sound.all_rows.withColumn(name, F.col(label))
    check = by_name(target_leakage.too_good(replace(sound, rows=rows, all_rows=all_rows)))[INPUT]
    assert not check.passed
    assert check.reason.startswith(f"{name} alone explains ")


def test_an_input_that_arrives_with_the_label_is_named(sound: Evidence) -> None:
    name, late = INPUTS[0], F.pmod(F.xxhash64(SETTINGS.spine.key), F.lit(4)) == 0
    spine = sound.origin.spine().withColumns({one: F.when(~late, F.col(one)) for one in (name, SETTINGS.label)})
    arriving = replace(sound, origin=replace(sound.origin, spine=lambda: spine))
    (check,) = target_leakage.known_before_the_label(arriving)
    assert (check.name, check.passed) == (ARRIVAL, False)
    assert f"{name} is missing in 100% of the rows without a label, but in 0% of the others" in check.reason
    (check,) = target_leakage.known_before_the_label(gated(arriving, leakage=Leakage(accepted={name: "it is fine"})))
    assert (check.passed, check.accepted) == (True, (f"{name}: it is fine",))


def computed(found: Evidence, name: str, compute: Callable[[DataFrame], DataFrame]) -> Check:
    """Check the lookups, with another function for one of the feature tables."""
    tables = {**found.origin.feature_tables, name: compute}
    (check,) = lookup_leakage.lookups_before_the_label(
        replace(found, origin=replace(found.origin, feature_tables=tables))
    )
    return check


def at_the_start_of_its_window(trips: DataFrame) -> DataFrame:
    rows = features.pickup_features(trips)
    return rows.withColumn("window_end", F.col("window_end") - F.expr(f"INTERVAL {features.WINDOW}"))


def at_the_time_of_its_own_trip(trips: DataFrame) -> DataFrame:
    zone, fare = F.col("pickup_zip"), F.max("fare_amount").alias("pickup_fare_per_mile")
    rows = trips.groupBy(zone, F.col("tpep_pickup_datetime").alias("window_end")).agg(fare)
    return rows.withColumns({"pickup_trips": F.lit(1.0), "pickup_minutes_per_mile": F.lit(1.0)})


@pytest.mark.parametrize("compute", [at_the_start_of_its_window, at_the_time_of_its_own_trip])
def test_feature_rows_that_contain_what_is_not_before_the_label_are_named(
    sound: Evidence, compute: Callable[[DataFrame], DataFrame]
) -> None:
    check = computed(sound, "pickup_features", compute)
    assert (check.name, check.passed) == (LOOKUP, False)
    assert "pickup_fare_per_mile of pickup_features differs in " in check.reason
    assert "dropoff_features" not in check.reason
    accepting = gated(sound, leakage=Leakage(accepted={"pickup_features": "the fare is fixed at pickup"}))
    accepted = computed(accepting, "pickup_features", compute)
    assert (accepted.passed, accepted.accepted) == (True, ("pickup_features: the fare is fixed at pickup",))


def test_a_feature_table_without_times_must_not_change_with_later_events(sound: Evidence) -> None:
    def of_zone(value: Column) -> Callable[[DataFrame], DataFrame]:
        names = ("pickup_trips", "pickup_fare_per_mile", "pickup_minutes_per_mile")
        return lambda trips: trips.groupBy("pickup_zip").agg(*[value.alias(name) for name in names])

    tables = {**SETTINGS.feature_tables, "pickup_features": FeatureTable(keys=("pickup_zip",))}
    static = replace(sound, settings=SETTINGS.model_copy(update={"feature_tables": tables}))
    assert computed(static, "pickup_features", of_zone(F.max("pickup_zip") / 2)).passed
    check = computed(static, "pickup_features", of_zone(F.avg("fare_amount")))
    assert "pickup_trips of pickup_features differs in " in check.reason
    lookup = SETTINGS.lookups[0].model_copy(update={"keys": (SETTINGS.spine.key,)})
    own = replace(static, settings=static.settings.model_copy(update={"lookups": (lookup,)}))
    check = computed(own, "pickup_features", of_zone(F.max("pickup_zip") / 2))
    assert check.reason.startswith(
        "pickup_features has no event_time, but is looked up by trip_id, the key of what is "
    )


def test_a_lookup_that_cannot_be_checked_by_time_is_not_said_to_be_checked(sound: Evidence) -> None:
    source = SETTINGS.sources["trips"].model_copy(update={"columns": {"tpep_dropoff_datetime": "timestamp"}})
    tables = {**SETTINGS.feature_tables, "pickup_features": FeatureTable(keys=("pickup_zip",), event_time="window_end")}
    blind = replace(
        sound, settings=SETTINGS.model_copy(update={"sources": {"trips": source}, "feature_tables": tables})
    )
    (check,) = lookup_leakage.lookups_before_the_label(blind)
    assert check.reason == (
        "1 of 2 looked-up tables are the same without later events; "
        "nothing says when the rows of pickup_features were known"
    )


def test_a_version_whose_source_is_not_recorded_fails_with_one_sentence(
    sound: Evidence, platform: LocalPlatform
) -> None:
    with mlflow.start_run() as run:
        pass
    lost = replace(sound, origin=origin(run, PROJECT, platform))
    for look in (target_leakage.known_before_the_label, lookup_leakage.lookups_before_the_label):
        (check,) = run_only(look, lost)
        assert not check.passed
        assert (
            "does not record its source_tables and their versions: train the version with the training job."
            in check.reason
        )


def test_the_source_is_read_in_the_version_that_was_trained_on(
    platform: LocalPlatform, schema: str, trips: str, experiment_id: str
) -> None:
    table = f"{schema}.trips"
    platform.tables.overwrite(table, platform.tables.read(trips).limit(200))
    with mlflow.start_run(experiment_id=experiment_id) as run:
        mlflow.log_params({"source_tables": f"trips={table}", "source_version": platform.tables.version(table)})
    found = origin(mlflow.get_run(run.info.run_id), PROJECT, platform)
    platform.tables.append(table, platform.tables.read(trips).limit(7))
    assert platform.tables.read(table).count() == 207
    assert found.sources().frame("trips").count() == 200
    assert found.spine().count() == 200
