import mlflow
import pytest
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException

from mlops.errors import ProjectError
from mlops.promotion import comparison
from mlops.registry import CHALLENGER, CHAMPION, Registry
from mlops.tasks import compare

from example import PROJECT
from running import Runner

SETTINGS = PROJECT.config


@pytest.fixture
def parameters(trained: dict[str, str]) -> dict[str, str]:
    """Parameters that compare the first version of a model with another model, which has no champion yet."""
    return {
        "model_name": trained["model_name"],
        "model_version": trained["model_version"],
        "training_table": trained["training_table"],
        "champion_model_name": f"prod.{trained['model_name'].split('.', maxsplit=1)[1]}",
    }


@pytest.fixture
def champion(parameters: dict[str, str], trained: dict[str, str]) -> str:
    """The champion of the other model: the same artifact, so it is exactly as good."""
    client = MlflowClient()
    client.create_registered_model(parameters["champion_model_name"])
    for _ in range(2):
        made = client.create_model_version(parameters["champion_model_name"], trained["model_uri"])
    Registry(parameters["champion_model_name"]).set_alias(CHAMPION, str(made.version))
    return str(made.version)


def test_the_comparison_says_that_a_version_is_not_better_than_the_other_champion(
    parameters: dict[str, str], champion: str, run_task: Runner
) -> None:
    values = run_task(compare, **parameters)
    assert (values["better"], values["champion_version"]) == ("false", champion)
    assert f"does not beat champion version {champion}" in values["comparison"]
    assert parameters["champion_model_name"] in values["comparison"]


def test_a_better_version_gets_no_alias_but_keeps_the_comparison(
    parameters: dict[str, str],
    champion: str,
    run_task: Runner,
    monkeypatch: pytest.MonkeyPatch,
    trained: dict[str, str],
) -> None:
    real = comparison.predict

    def predict(model_uri: str, rows: object) -> object:
        found = real(model_uri, rows)  # type: ignore[arg-type]
        return found[::-1] if model_uri.startswith("models:/prod.") else found

    monkeypatch.setattr(comparison, "predict", predict)
    values = run_task(compare, **parameters)
    assert values["better"] == "true"
    assert Registry(parameters["champion_model_name"]).champion().version == int(champion)
    version = MlflowClient().get_model_version(parameters["model_name"], parameters["model_version"])
    assert version.tags["comparison"] == values["comparison"]
    assert version.aliases == []
    metrics = mlflow.get_run(trained["run_id"]).data.metrics
    assert f"compared_{SETTINGS.metric}" in metrics


def test_a_version_can_be_given_by_its_alias(parameters: dict[str, str], run_task: Runner) -> None:
    by_alias = parameters | {"model_version": CHALLENGER}
    with pytest.raises(ProjectError, match=r"no version with the alias Challenger: run the training job first"):
        run_task(compare, **by_alias)
    Registry(parameters["model_name"]).set_alias(CHALLENGER, parameters["model_version"])
    assert run_task(compare, **by_alias) == run_task(compare, **parameters)


def test_the_naive_baseline_replaces_a_missing_champion(parameters: dict[str, str], run_task: Runner) -> None:
    values = run_task(compare, **parameters)
    assert (values["better"], values["champion_version"]) == ("true", "none")
    assert "beats the naive baseline" in values["comparison"]


def test_the_error_for_an_unreadable_champion_says_which_privileges_to_ask_for(
    parameters: dict[str, str], run_task: Runner, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise MlflowException("no", error_code=7)  # PERMISSION_DENIED of MLflow's databricks.proto

    monkeypatch.setattr(Registry, "champion", refuse)
    with pytest.raises(
        ProjectError, match=r"champion of prod\..* cannot be read \(\w+\): ask for USE CATALOG, USE SCH"
    ):
        run_task(compare, **parameters)
