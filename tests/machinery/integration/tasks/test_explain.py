from types import SimpleNamespace

import mlflow
import pandas as pd
import pytest
from mlflow import MlflowClient

from mlops.errors import ProjectError
from mlops.tasks import explain

from example import PROJECT
from running import Runner

SETTINGS = PROJECT.config
PLOTS = {
    "regression": {"predicted_and_actual", "residuals", "importance", "shap_values"},
    "classification": {"calibration", "scores", "importance", "shap_values"},
}


def tags(trained: dict[str, str]) -> dict[str, str]:
    found: dict[str, str] = MlflowClient().get_model_version(trained["model_name"], trained["model_version"]).tags
    return found


def test_the_run_has_importances_and_plots_and_the_version_is_tagged(trained: dict[str, str], run_task: Runner) -> None:
    assert run_task(explain, **trained) == {"explained": "true"}
    run_id = trained["run_id"]
    files = {file.path for file in MlflowClient().list_artifacts(run_id, "explain")}
    assert {f"explain/{name}.png" for name in PLOTS[SETTINGS.problem_type]} | {"explain/importance.json"} <= files
    found = mlflow.artifacts.load_dict(f"runs:/{run_id}/explain/importance.json")
    assert set(found["importance"]) == set(SETTINGS.features)
    assert list(found["importance"].values()) == sorted(found["importance"].values(), reverse=True)
    assert max(found["importance"].values()) > 0
    assert SETTINGS.label in found["unit"]
    assert tags(trained)["explanation"] == "done"


def test_explaining_a_version_again_gives_the_same_result(trained: dict[str, str], run_task: Runner) -> None:
    found = []
    for _ in range(2):
        run_task(explain, **trained)
        found.append(mlflow.artifacts.load_dict(f"runs:/{trained['run_id']}/explain/importance.json"))
    assert found[0] == found[1]


def test_the_card_is_refreshed_with_the_importances(trained: dict[str, str], run_task: Runner) -> None:
    run_task(explain, **trained)
    card = mlflow.artifacts.load_text(tags(trained)["model_card"])
    assert trained["model_name"] in card
    assert card.count("data:image/png;base64,") == len(PLOTS[SETTINGS.problem_type])
    assert len(card) < 1_000_000
    assert all(name in card.split("What moves the prediction")[1] for name in SETTINGS.features)


def test_an_explainer_that_fails_does_not_fail_the_job(
    trained: dict[str, str], run_task: Runner, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("no explanation today\nand more")

    monkeypatch.setattr(explain, "importance", fail)
    assert run_task(explain, **trained) == {"explained": "false"}
    assert tags(trained)["explanation"] == "skipped: RuntimeError: no explanation today"
    assert "model_card" in tags(trained)


def test_a_model_that_cannot_predict_does_not_fail_the_job(
    trained: dict[str, str], run_task: Runner, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Broken:
        metadata = SimpleNamespace(signature=None)

        def predict(self, _: pd.DataFrame) -> None:
            raise ValueError("broken")

    monkeypatch.setattr(mlflow.pyfunc, "load_model", lambda _: Broken())
    assert run_task(explain, **trained) == {"explained": "false"}
    assert tags(trained)["explanation"] == "skipped: ValueError: broken"


@pytest.mark.parametrize(
    ("wrong", "expected"),
    [
        ({"model_version": "9"}, "has no version 9"),
        ({"run_id": "nobody"}, "run_id is nobody, but that of version 1"),
        ({"training_table": "dev.none.rows"}, "training_table is dev.none.rows, but that of version 1"),
    ],
)
def test_a_wrong_parameter_is_an_error(
    trained: dict[str, str], run_task: Runner, wrong: dict[str, str], expected: str
) -> None:
    with pytest.raises(ProjectError, match=expected):
        run_task(explain, **(trained | wrong))
    assert "explanation" not in tags(trained)


def test_a_model_uri_of_another_version_is_an_error(trained: dict[str, str], run_task: Runner) -> None:
    with pytest.raises(ProjectError, match=r"model_uri is models:/.*/9, but that of version 1 of .* is models:/.*/1"):
        run_task(explain, **(trained | {"model_uri": f"models:/{trained['model_name']}/9"}))
