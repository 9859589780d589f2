import importlib.util
from dataclasses import replace
from pathlib import Path

import mlflow
import pytest
import yaml
from mlflow import MlflowClient
from rich.console import Console

from bundle_tools.baseline import board, command
from mlops.config.search import Search
from mlops.model_search import families, leaderboard, source
from mlops.tasks import baseline, train
from mlops.training import search, training_set
from mlops.training.fitting import fit
from mlops.training.training_set import SPLITS
from mlops_local.platform import LocalPlatform

import example
from running import Runner, trips_of

CONFIG = example.PROJECT.config


@pytest.fixture(scope="module")
def tried(trips: str, features_schema: str, experiment_id: str, run_task: Runner) -> dict[str, str]:
    return run_task(
        baseline,
        source_tables=f"trips={trips}",
        schema_name=features_schema,
        experiment_id=experiment_id,
        budget_seconds=1,
    )


def logged(tried: dict[str, str]) -> list[leaderboard.Line]:
    return leaderboard.of_json(mlflow.artifacts.load_dict(f"runs:/{tried['baseline_run_id']}/{leaderboard.FILE}"))[1]


def test_the_leaderboard_has_every_family_your_model_and_the_naive_baseline(tried: dict[str, str]) -> None:
    lines = logged(tried)
    assert {line.model for line in lines} == {*families.FAMILIES, families.YOURS, leaderboard.NAIVE}
    assert lines[0].model == tried["best_model"]
    assert lines[-1].model == leaderboard.NAIVE
    assert sum(line.trials for line in lines) == int(tried["trials"])
    for line in lines:
        assert line.low is not None
        assert line.high is not None
        assert line.low <= line.holdout <= line.high
    console = Console(width=200, record=True)
    console.print(board.table(tried["baseline_run_id"]))
    shown = console.export_text()
    assert all(line.model in shown for line in lines)


def test_every_trial_is_logged_with_the_code_that_gives_the_same_model_again(
    tried: dict[str, str], platform: LocalPlatform, trips: str, features_schema: str
) -> None:
    runs = MlflowClient().search_runs(
        [mlflow.get_run(tried["baseline_run_id"]).info.experiment_id],
        f"tags.mlflow.parentRunId = '{tried['baseline_run_id']}'",
    )
    assert len(runs) == int(tried["trials"])
    store = platform.feature_store(features_schema, CONFIG.feature_tables)
    rows = training_set.build(example.PROJECT, trips_of(platform, trips), store).rows.toPandas()
    ordered = rows.sort_values([CONFIG.spine.event_time, CONFIG.spine.key], ignore_index=True)
    splits = {split: ordered[ordered["split"] == split].reset_index(drop=True) for split in SPLITS}
    one = next(run for run in runs if run.data.params["family"] == "gradient_boosting")
    module = source.load_text(mlflow.artifacts.load_text(f"runs:/{one.info.run_id}/model.py"), "trial")
    project = replace(example.PROJECT, build_model=lambda *_: module.MODEL, fit_model=None)
    again = search.measure(project, fit(project, splits, {}), splits["validation"])
    assert again[CONFIG.metric] == pytest.approx(one.data.metrics[f"validation_{CONFIG.metric}"], rel=1e-6)


def test_the_files_of_the_winner_work_in_the_place_of_your_own(
    tried: dict[str, str],
    tmp_path: Path,
    trips: str,
    features_schema: str,
    experiment_id: str,
    run_task: Runner,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    model, block = command.write(tried["baseline_run_id"], tmp_path)
    assert (model.name, block.name) == ("model.py", "search.yml")
    spec = importlib.util.spec_from_file_location("written_model", model)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    space = Search.model_validate(yaml.safe_load(block.read_text(encoding="utf-8"))["search"])
    example.change(
        monkeypatch,
        config=CONFIG.model_copy(update={"search": space}),
        build_model=module.build,
        predict_method=module.PREDICT_METHOD[CONFIG.problem_type],
    )
    values = run_task(
        train,
        source_tables=f"trips={trips}",
        schema_name=features_schema,
        model_name=f"{features_schema}.of_the_baseline",
        experiment_id=experiment_id,
        training_table=f"{features_schema}.rows_of_the_baseline",
        trials=1,
        owner="us",
    )
    assert values["model_version"] == "1"
