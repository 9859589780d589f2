"""The candidate of a real training, and what is read for it."""

from __future__ import annotations

import mlflow
import numpy as np
import pandas as pd
import pytest
from mlflow import MlflowClient
from pyspark.sql import functions as F

from mlops.errors import ProjectError
from mlops.training import training_set
from mlops.validation.candidate import Candidate, evidence, holdout, resolve, resolve_version
from mlops_local.platform import LocalPlatform

from example import PROJECT

SETTINGS = PROJECT.config


def test_what_is_not_given_is_found_by_name_and_version(trained: dict[str, str]) -> None:
    whole = Candidate(**trained)
    assert resolve(whole) == whole
    assert resolve(Candidate(**trained | {"run_id": "", "model_uri": "", "training_table": ""})) == whole


@pytest.mark.parametrize("name", ["model_uri", "run_id", "training_table"])
def test_what_belongs_to_another_version_is_refused(trained: dict[str, str], name: str) -> None:
    with pytest.raises(ProjectError, match=f"{name} is another, but that of version 1 of .* is {trained[name]}: give"):
        resolve(Candidate(**trained | {name: "another"}))


def test_a_version_is_needed_and_must_be_of_a_training(trained: dict[str, str]) -> None:
    with pytest.raises(ProjectError, match=r"no version of .* is given: set the job parameter model_version"):
        resolve(Candidate(**trained | {"model_version": ""}))
    MlflowClient().create_model_version(trained["model_name"], trained["model_uri"])
    with pytest.raises(ProjectError, match=r"version 2 of .* was registered without a training run"):
        resolve(Candidate(**trained | {"model_version": "2", "model_uri": ""}))


def test_the_evidence_is_of_the_rows_of_this_run_and_of_the_feature_tables_beside_them(
    trained: dict[str, str], platform: LocalPlatform
) -> None:
    table = trained["training_table"]
    own = platform.tables.read(table).where(F.col("run_id") == trained["run_id"])
    count = own.count()
    other = own.drop("run_id", "created_at").withColumn(SETTINGS.spine.key, F.lit("other"))
    training_set.write(platform.tables, table, other, "another run", keep_days=30)
    try:
        found = evidence(*resolve_version(Candidate(**trained)), PROJECT, platform)
        assert found.all_rows.count() == count
        assert found.all_rows.where(F.col(SETTINGS.spine.key) == "other").count() == 0
        assert found.all_rows.where(F.col("split") == "holdout").count() == len(found.rows)
        assert "other" not in set(found.rows[SETTINGS.spine.key])
    finally:
        platform.tables.delete(table, "run_id = 'another run'")
    schema = ".".join(table.split(".")[:2])
    assert found.store.publish_table("pickup_features", "store", "CU_1") == f"{schema}.pickup_features_online"
    assert str(found.version.version) == trained["model_version"]


def test_held_out_rows_that_changed_since_the_training_are_refused(
    trained: dict[str, str], platform: LocalPlatform
) -> None:
    table, key = trained["training_table"], SETTINGS.spine.key
    own = platform.tables.read(table).where((F.col("run_id") == trained["run_id"]) & (F.col("split") == "holdout"))
    forged = own.limit(1).drop("run_id", "created_at").withColumn(key, F.lit("forged"))
    training_set.write(platform.tables, table, forged, trained["run_id"], keep_days=30)
    try:
        with pytest.raises(
            ProjectError, match=rf"the held-out rows of version 1 of .* in {table} are not those of its"
        ):
            evidence(*resolve_version(Candidate(**trained)), PROJECT, platform)
    finally:
        platform.tables.delete(table, f"{key} = 'forged'")
    evidence(*resolve_version(Candidate(**trained)), PROJECT, platform)


def test_a_training_without_a_digest_of_its_held_out_rows_is_refused(
    trained: dict[str, str], platform: LocalPlatform, experiment_id: str
) -> None:
    with mlflow.start_run(experiment_id=experiment_id) as run:
        pass
    version = MlflowClient().create_model_version(trained["model_name"], trained["model_uri"], run_id=run.info.run_id)
    other = Candidate(
        model_name=trained["model_name"],
        model_uri="",
        model_version=str(version.version),
        training_table=trained["training_table"],
    )
    with pytest.raises(ProjectError, match=r"the training run of version 2 of .* records no digest .*: train again"):
        evidence(*resolve_version(other), PROJECT, platform)


def test_the_held_out_rows_are_features_labels_and_times_in_utc(
    trained: dict[str, str], platform: LocalPlatform
) -> None:
    features, label, times = holdout(Candidate(**trained), SETTINGS, platform)
    rows = evidence(*resolve_version(Candidate(**trained)), PROJECT, platform).rows
    assert list(features.columns) == list(SETTINGS.features)
    assert label.tolist() == rows[SETTINGS.label].tolist()
    assert times.dtype == np.dtype("datetime64[us]")
    micros = F.unix_micros(F.col(SETTINGS.spine.event_time))
    own = platform.tables.read(trained["training_table"]).where(
        (F.col("run_id") == trained["run_id"]) & (F.col("split") == "holdout")
    )
    assert times.astype(np.int64).tolist() == sorted(row[0] for row in own.select(micros).collect())
    assert pd.Series(times).is_monotonic_increasing
