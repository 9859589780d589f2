from pathlib import Path

import mlflow
import pytest
from mlflow import MlflowClient

from mlops.errors import ProjectError
from mlops.loading import load
from mlops.machinery_version import version as machinery_version
from mlops.registry import uri
from mlops.tasks import train
from mlops.training import inputs, memory, training_set
from mlops.training.requirements import model_requirements
from mlops_local.platform import LocalPlatform

from example import PROJECT
from running import Runner

SETTINGS = PROJECT.config


def test_the_task_values_identify_the_exact_version_and_its_held_out_rows(
    training_run: dict[str, str], platform: LocalPlatform
) -> None:
    version = MlflowClient().get_model_version(training_run["model_name"], training_run["model_version"])
    assert version.run_id == training_run["run_id"]
    assert training_run["model_uri"] == uri(training_run["model_name"], training_run["model_version"])
    rows = training_set.read(platform.tables, training_run["training_table"], training_run["run_id"], "holdout")
    assert len(rows) > 50


def test_the_run_records_what_was_trained_on_which_data(training_run: dict[str, str], trips: str) -> None:
    run = mlflow.get_run(training_run["run_id"])
    for split in (*training_set.SPLITS, "baseline_holdout"):
        assert f"{split}_{SETTINGS.metric}" in run.data.metrics
    assert {"source_tables": f"trips={trips}", "source_version": "0"}.items() <= run.data.params.items()
    assert set(SETTINGS.search.space) <= set(run.data.params)
    assert run.data.tags["git_commit"] == "abc123"
    trained_on = [one for one in run.inputs.dataset_inputs if "training" in [tag.value for tag in one.tags]]
    assert [found.dataset.name for found in trained_on] == [trips]


def test_the_run_records_the_rows_and_the_time_span_of_each_split(
    training_run: dict[str, str], platform: LocalPlatform
) -> None:
    params = mlflow.get_run(training_run["run_id"]).data.params
    table, run_id = training_run["training_table"], training_run["run_id"]
    for split in training_set.SPLITS:
        times = training_set.read(platform.tables, table, run_id, split)[SETTINGS.spine.event_time]
        assert int(params[f"{split}_rows"]) == len(times)
        assert (params[f"{split}_from"], params[f"{split}_to"]) == (str(times.min()), str(times.max()))
    assert params["train_to"] < params["validation_from"] < params["validation_to"] < params["holdout_from"]


def test_the_run_records_how_the_training_rows_cover_each_input(
    training_run: dict[str, str], platform: LocalPlatform
) -> None:
    found = inputs.of_json(mlflow.artifacts.load_dict(f"runs:/{training_run['run_id']}/{inputs.FILE}"))
    rows = training_set.read(platform.tables, training_run["training_table"], training_run["run_id"], "train")
    assert found == inputs.describe(rows[list(SETTINGS.features)])


def test_a_training_set_that_does_not_fit_into_memory_is_refused_before_it_is_written_or_read(
    trips: str,
    features_schema: str,
    experiment_id: str,
    run_task: Runner,
    platform: LocalPlatform,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(memory, "available_bytes", lambda: 10_000.0)
    with pytest.raises(ProjectError, match=r"the training set has [\d,]+ rows of \d+ columns, which need about .* GB"):
        run_task(
            train,
            source_tables=f"trips={trips}",
            schema_name=features_schema,
            model_name=f"{features_schema}.too_large",
            experiment_id=experiment_id,
            training_table=f"{features_schema}.too_many_rows",
            trials=1,
            owner="us",
        )
    assert not platform.tables.exists(f"{features_schema}.too_many_rows")


def test_every_trial_is_a_child_run(training_run: dict[str, str], experiment_id: str) -> None:
    children = mlflow.search_runs(
        [experiment_id], f"tags.`mlflow.parentRunId` = '{training_run['run_id']}'", output_format="list"
    )
    assert len(children) == 1
    assert set(SETTINGS.search.space) == set(children[0].data.params)


def test_the_model_has_a_signature_an_example_and_pinned_requirements(training_run: dict[str, str]) -> None:
    model = load(training_run["model_uri"])
    assert model.metadata.get_input_schema().input_names() == list(SETTINGS.features)
    assert list(model.input_example.columns) == list(SETTINGS.features)
    requirements = Path(mlflow.pyfunc.get_model_dependencies(training_run["model_uri"])).read_text(encoding="utf-8")
    assert requirements.split() == model_requirements()


def test_the_package_takes_the_request_and_may_be_given_features(training_run: dict[str, str]) -> None:
    inputs = mlflow.models.get_model_info(training_run["model_uri"]).signature.inputs
    assert set(inputs.required_input_names()) == set(SETTINGS.feature_set.request)
    assert set(inputs.optional_input_names()) == set(SETTINGS.features) - set(SETTINGS.feature_set.request)


def test_the_version_records_its_description_owner_and_origin(training_run: dict[str, str], trips: str) -> None:
    version = MlflowClient().get_model_version(training_run["model_name"], training_run["model_version"])
    assert version.description == SETTINGS.description
    assert version.tags["owner"] == "us"
    assert version.tags["data_version"] == f"{trips} 0"
    assert version.tags["data_from"] < version.tags["data_to"]
    assert version.tags["git_commit"] == "abc123"
    assert version.tags["mlops_version"] == machinery_version()


def test_a_run_that_fails_registers_nothing(
    trips: str, schema: str, experiment_id: str, run_task: Runner, platform: LocalPlatform
) -> None:
    platform.tables.overwrite(f"{schema}.bare", platform.tables.read(trips).drop("trip_distance"))
    with pytest.raises(ProjectError, match="has no column trip_distance"):
        run_task(
            train,
            source_tables=f"trips={schema}.bare",
            schema_name=schema,
            model_name=f"{schema}.none",
            experiment_id=experiment_id,
            training_table=f"{schema}.rows",
            trials=1,
            owner="us",
        )
    assert not MlflowClient().search_registered_models(f"name = '{schema}.none'")
    assert mlflow.search_runs([experiment_id], max_results=1, output_format="list")[0].info.status == "FAILED"
